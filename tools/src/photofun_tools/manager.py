"""How is the process manager told what to do?  Its configuration and its line: supervisor over a Unix socket."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any
from xmlrpc.client import ServerProxy  # nosec B411  # it speaks to our own supervisor only

from .plan import SERVICES, Studio

__all__ = ["connect", "is_running", "manager_pid", "socket_path", "write_configuration"]

_PACKAGE = Path(__file__).parent


def socket_path(studio: Studio) -> Path:
    """The manager's socket; in the temporary folder when the data folder's name is too long for one."""
    path = studio.own / "supervisor.sock"
    if len(os.fsencode(path)) < 92:
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"photofun-{digest}.sock"


def connect(socket: Path | str) -> Any:
    """The manager's own interface.  Its methods raise OSError when nothing answers."""
    from supervisor.xmlrpc import SupervisorTransport

    return ServerProxy("http://127.0.0.1", transport=SupervisorTransport(None, None, f"unix://{socket}")).supervisor


def is_running(studio: Studio) -> bool:
    try:
        return bool(connect(socket_path(studio)).getState())
    except OSError:
        return False


def manager_pid(studio: Studio) -> int:
    return int(connect(socket_path(studio)).getPID())


def write_configuration(studio: Studio) -> Path:
    """Write supervisord.conf and the specs that `launch.py` reads; the path of the first."""
    studio.own.mkdir(parents=True, exist_ok=True)
    studio.logs.mkdir(parents=True, exist_ok=True)
    specs = studio.own / "specs.json"
    content = {one.name: {"port": one.port, "cmd": one.cmd, "cwd": str(one.cwd), "env": one.env} for one in studio.processes}
    with os.fdopen(os.open(specs, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file)
    config = studio.own / "supervisord.conf"
    config.write_text(_configuration(studio, specs))
    return config


def _configuration(studio: Studio, specs: Path) -> str:
    socket = socket_path(studio)
    servers = [one.name for one in studio.processes if one.name not in SERVICES]
    sections = [
        f"[unix_http_server]\nfile = {_text(socket)}\nchmod = 0600",
        f"[supervisord]\nnodaemon = true\nsilent = true\nlogfile = {_text(studio.logs / 'supervisord.log')}\nlogfile_maxbytes = 5MB\n"
        f"logfile_backups = 1\npidfile = {_text(studio.own / 'supervisord.pid')}\nchildlogdir = {_text(studio.logs)}\nminfds = 256",
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "[eventlistener:watch]\nevents = PROCESS_STATE,TICK_5\nbuffer_size = 200\n"
        + _program([sys.executable, "-m", "photofun_tools.watch", str(socket), str(specs), str(studio.run_file)], priority=1)
        + f"\nstdout_logfile = NONE\nstderr_logfile = {_text(studio.logs / 'watch.log')}",
        f"[group:services]\nprograms = {','.join(SERVICES)}\npriority = 20",
    ]
    if servers:
        sections.append(f"[group:servers]\nprograms = {','.join(servers)}\npriority = 10")
    for one in studio.processes:
        command = [sys.executable, "-I", "-S", str(_PACKAGE / "launch.py"), str(specs), one.name]
        sections.append(
            f"[program:{one.name}]\n{_program(command)}\nredirect_stderr = true\n"
            f"stdout_logfile = {_text(studio.logs / (one.name + '.log'))}\n"
            f"stdout_logfile_maxbytes = 20MB\nstdout_logfile_backups = 2\nstopwaitsecs = {one.stop_seconds}\nkillasgroup = true"
        )
    return "\n\n".join(sections) + "\n"


def _program(command: list[str], *, priority: int = 999) -> str:
    # startsecs 0: a process counts as running at once, so one that dies at once is started again without a growing pause
    return (
        f"command = {_text(shlex.join(command))}\nautostart = true\nautorestart = true\nstartsecs = 0\nstartretries = 1000000\n"
        f"priority = {priority}\nstopsignal = TERM"
    )


def _text(value: object) -> str:
    """A value as the configuration's % rules want it."""
    return str(value).replace("%", "%%")
