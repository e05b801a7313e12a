"""How is a whole studio run on one machine?  `python -m photofun_tools.studio run|up|down|status`."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

from . import launch, manager
from .plan import PlanError, Process, Studio, plan_studio

__all__ = ["down", "main", "run", "status", "up"]

ROOT = Path(__file__).resolve().parents[3]
READY_SECONDS = 90.0
_STOP_SECONDS = 30.0


class RunError(Exception):
    """The studio cannot be started or stopped; the message says what to do."""


def main() -> int:
    """The command line: one verb."""
    verbs = {"run": run, "up": up, "down": down, "status": status}
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        sys.stderr.write(f"usage: python -m photofun_tools.studio {{{','.join(verbs)}}}\n")
        return 2
    try:
        return verbs[sys.argv[1]](_studio())
    except (PlanError, RunError) as error:
        sys.stderr.write(f"PhotoFun Studio: {error}\n")
        return 1


def run(studio: Studio) -> int:
    """Start everything, stay in the foreground, stop everything on SIGINT or SIGTERM."""
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask_to_stop)
    if manager.is_running(studio):
        raise RunError(f"already running in {studio.data_dir} at {studio.url}; stop it with `make down`")
    with _starting(studio):
        child = _start_manager(studio, is_foreground=True)
        _say(f"Starting {len(studio.processes)} processes; their logs are in {_near(studio.logs)}/")
    try:
        if _wait_ready(studio, child, stop):
            _say(f"PhotoFun Studio is ready: {studio.url}")
        while not stop.wait(0.5):
            if child.poll() is not None:
                raise RunError(f"the process manager ended by itself; see {_near(studio.logs / 'supervisord.log')}")
        _say("Stopping.")
    finally:
        _stop(studio, child.pid, child)
    return 0


def up(studio: Studio) -> int:
    """Start everything in the background and return once it is ready; already up is fine."""
    with _starting(studio):
        if manager.is_running(studio):
            _wait_ready(studio, None, threading.Event())
            _say(f"PhotoFun Studio is already running: {studio.url}")
            return 0
        child = _start_manager(studio, is_foreground=False)
        try:
            _wait_ready(studio, child, threading.Event())
        except BaseException:
            _stop(studio, child.pid, child)
            raise
    _say(f"PhotoFun Studio is ready: {studio.url}")
    return 0


def down(studio: Studio) -> int:
    """Stop everything and wait until it is gone; nothing running is fine."""
    if not manager.is_running(studio):
        _end_stragglers(studio)
        _say("PhotoFun Studio is not running.")
        return 0
    _stop(studio, manager.manager_pid(studio), None)
    _say("PhotoFun Studio is stopped.")
    return 0


def status(studio: Studio) -> int:
    """Say what runs where; 0 when everything is ready."""
    if not manager.is_running(studio):
        _say("PhotoFun Studio is not running.")
        return 3
    pids = {one["name"]: one["pid"] for one in manager.connect(manager.socket_path(studio)).getAllProcessInfo()}
    is_all_ready = True
    for one in studio.processes:
        is_ready = _is_ready(one)
        is_all_ready = is_all_ready and is_ready
        _say(f"{one.name:<18} port {one.port:<6} pid {pids.get(one.name, 0):<8} {'ready' if is_ready else 'NOT READY'}")
    return 0 if is_all_ready else 1


# --- starting


def _studio() -> Studio:
    _read_env_file(ROOT / ".env")
    return plan_studio(os.environ, ROOT)


def _read_env_file(path: Path) -> None:
    """Lines of `.env` count where the environment says nothing."""
    if path.exists():
        from dotenv import dotenv_values

        for name, value in dotenv_values(path).items():
            if value is not None:
                os.environ.setdefault(name, value)


@contextmanager
def _starting(studio: Studio) -> Iterator[None]:
    """One start at a time in a data folder."""
    with (studio.data_dir / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start_manager(studio: Studio, *, is_foreground: bool) -> subprocess.Popen[bytes]:
    _end_stragglers(studio)
    for one in studio.processes:
        _need_free(one)
    config = manager.write_configuration(studio)
    studio.run_file.unlink(missing_ok=True)
    manager.socket_path(studio).unlink(missing_ok=True)
    command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(config)]
    specs = {"supervisord": {"cmd": command, "cwd": str(studio.root), "env": {}}}
    if is_foreground:  # die with the runner even when it is killed
        file = studio.own / "supervisord.json"
        file.write_text(json.dumps(specs))
        command = [sys.executable, "-I", "-S", launch.__file__, str(file), "supervisord"]
    with (studio.logs / "supervisord.out").open("wb") as out:
        return subprocess.Popen(
            command, cwd=studio.root, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )  # fmt: skip


def _need_free(process: Process) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", process.port))
        except OSError as error:
            raise RunError(
                f"port {process.port} ({process.name}) is already in use: stop what listens there, or move it with {process.port_variable}"
            ) from error


def _wait_ready(studio: Studio, child: subprocess.Popen[bytes] | None, stop: threading.Event) -> bool:
    """Wait for every part.  False when asked to stop meanwhile.  Raises RunError."""
    end = time.monotonic() + READY_SECONDS
    waiting = list(studio.processes)
    while waiting:
        waiting = [one for one in waiting if not _is_ready(one)]
        if not waiting:
            break
        if stop.wait(0.1):
            return False
        manager.is_running(studio)  # being asked wakes the manager, which looks after its processes once a second otherwise
        if child is not None and child.poll() is not None:
            raise RunError(f"the process manager did not start:\n{_tail(studio.logs / 'supervisord.out')}")
        if time.monotonic() > end:
            late = waiting[0].name
            raise RunError(
                f"not ready after {READY_SECONDS:.0f} s: {', '.join(one.name for one in waiting)}.  The end of {late}'s log:\n"
                f"{_tail(studio.logs / (late + '.log'))}"
            )
    while not studio.run_file.exists() and time.monotonic() < end:
        time.sleep(0.02)
    return True


def _is_ready(process: Process) -> bool:
    if not process.has_http:
        with suppress(OSError), socket.create_connection(("127.0.0.1", process.port), 0.5):
            return True
        return False
    line = HTTPConnection("127.0.0.1", process.port, timeout=3)
    try:
        line.request("GET", "/readyz")
        return line.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        line.close()


# --- stopping


def _stop(studio: Studio, pid: int, child: subprocess.Popen[bytes] | None) -> None:
    """Ask the manager to stop everything and wait for it; what is left then is killed."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < end and _is_alive(pid, child):
        time.sleep(0.05)
    if _is_alive(pid, child):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if child is not None:
            child.wait()
    _end_stragglers(studio)
    manager.socket_path(studio).unlink(missing_ok=True)


def _is_alive(pid: int, child: subprocess.Popen[bytes] | None) -> bool:
    if child is not None:
        return child.poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    with suppress(OSError):
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return not Path("/proc/self").exists()


def _end_stragglers(studio: Studio) -> None:
    """End what run.json names and no manager keeps any more (a manager that was killed leaves some where the kernel cannot help)."""
    import psutil

    try:
        entries = json.loads(studio.run_file.read_text())
    except (OSError, ValueError):
        return
    left = []
    for entry in entries.values():
        with suppress(psutil.Error):
            process = psutil.Process(entry["pid"])
            if process.cmdline() == entry["cmd"]:
                left += [process, *process.children(recursive=True)]
    for process in left:
        with suppress(psutil.Error):
            process.terminate()
    for process in psutil.wait_procs(left, timeout=12)[1]:
        with suppress(psutil.Error):
            process.kill()
    studio.run_file.unlink(missing_ok=True)


# --- telling


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _near(path: Path) -> str:
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def _tail(path: Path, lines: int = 25) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


if __name__ == "__main__":
    raise SystemExit(main())
