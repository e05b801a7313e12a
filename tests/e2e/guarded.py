"""A gateway that asks who you are, in front of the same studio; and people with every kind of credential."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt

from .conftest import Studio

SECRET = "the tests' secret that is long enough for HS256"
READ_KEY, ADMIN_KEY = "pf_" + "r" * 43, "pf_" + "a" * 43


def token(user: str, *, age: int = 0, **claims: Any) -> str:
    """An access token of an hour, made `age` seconds ago."""
    now = int(time.time()) - age
    told = {"iss": "photofun", "aud": "photofun", "sub": user, "type": "access", "iat": now, "exp": now + 3600, **claims}
    return jwt.encode(told, SECRET, "HS256")


@dataclass(frozen=True)
class Guarded:
    """The gateway's address.  Every call comes from an address of its own, so that failed sign-ins do not add up."""

    url: str
    http: httpx.Client

    def ask(self, method: str, path: str, *, bearer: str | None = None, **more: Any) -> httpx.Response:
        tick = time.monotonic_ns()
        headers = {
            b"X-Forwarded-For": f"10.{tick % 250}.{tick // 250 % 250}.{tick // 62500 % 250}".encode(),
            **({b"Authorization": f"Bearer {bearer}".encode()} if bearer else {}),
        }
        own = {name.encode(): value.encode() for name, value in more.pop("headers", {}).items()}
        return self.http.request(method, path, headers={**headers, **own}, **more)


@contextmanager
def guarded_gateway(studio: Studio, folder: Path) -> Iterator[Guarded]:
    """Start the gateway with AUTH_MODE=required before the studio's services."""
    keys = folder / "keys.jsonl"
    rows = [("read", "rita", ["read"], READ_KEY), ("admin", "adam", ["admin"], ADMIN_KEY)]
    keys.write_text(
        "".join(
            json.dumps({"name": n, "user": u, "scopes": s, "hash": hashlib.sha256(k.encode()).hexdigest()}) + "\n" for n, u, s, k in rows
        )
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environ = {
        **os.environ,
        **studio.environ,
        **studio.processes["gateway"]["env"],
        "PORT": str(port),
        "AUTH_MODE": "required",
        "JWT_SECRET": SECRET,
        "API_KEYS_FILE": str(keys),
        "RATE_LIMIT": "100000/minute",
        "RATE_LIMIT_GENERATE": "100000/minute",
        "TRUSTED_PROXIES": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen([sys.executable, "-m", "gateway_svc"], env=environ, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, timeout=40, trust_env=False) as http:
            _wait(http)
            yield Guarded(url, http)
    finally:
        process.terminate()
        process.wait(20)


def _wait(http: httpx.Client) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if http.get("/livez").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError("the gateway did not start")
