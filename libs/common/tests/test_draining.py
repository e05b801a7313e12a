"""A leaving replica serves on and keeps no connection."""

import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection

import pytest

SERVICE = """
from contextlib import asynccontextmanager
from photofun_common.service import create_service, serve
from photofun_common.settings import CommonSettings

@asynccontextmanager
async def opened(app):
    yield object()

def factory():
    app = create_service("prompt-svc", CommonSettings(), opened, title="t", description="d")
    app.get("/hello")(lambda: {"hello": "world"})
    return app

serve(factory, host="127.0.0.1", port=PORT)
"""


@pytest.fixture
def served(request):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, "DRAIN_SECONDS": str(request.param), "LOG_LEVEL": "WARNING"}
    process = subprocess.Popen([sys.executable, "-c", SERVICE.replace("PORT", str(port))], env=env)
    end = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            break
        except OSError:
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.05)
    yield process, port
    process.kill()
    process.wait()


def ask(line, path):
    line.request("GET", path)
    answer = line.getresponse()
    answer.read()
    return answer


@pytest.mark.parametrize("served", [1.5], indirect=True)
def test_it_answers_while_it_drains_and_says_that_connections_end(served):
    process, port = served
    kept = HTTPConnection("127.0.0.1", port, timeout=5)
    assert ask(kept, "/hello").headers.get("connection") is None
    assert ask(kept, "/readyz").status == 200
    asked = time.monotonic()

    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    last = ask(kept, "/hello")
    fresh = ask(HTTPConnection("127.0.0.1", port, timeout=5), "/readyz")
    process.wait(10)

    assert (last.status, last.headers["connection"]) == (200, "close")
    assert fresh.status == 503
    assert time.monotonic() - asked >= 1.5
    assert process.returncode in (0, -signal.SIGTERM)


@pytest.mark.parametrize("served", [30], indirect=True)
def test_a_second_signal_ends_it_at_once(served):
    process, _ = served

    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)

    process.wait(10)


@pytest.mark.parametrize("served", [0], indirect=True)
def test_without_a_drain_it_ends_at_once(served):
    process, _ = served

    process.send_signal(signal.SIGTERM)

    process.wait(10)
