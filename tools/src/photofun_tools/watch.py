"""Is run.json true?  A listener of the process manager's events that rewrites it whenever a process starts or ends."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault  # nosec B411  # as in manager

from .manager import connect

__all__ = ["main", "write_run_file"]


def write_run_file(path: Path, specs: dict[str, Any], pids: dict[str, int]) -> None:
    """Write what runs where, all at once; a process that is just being started again keeps its last entry."""
    try:
        before = json.loads(path.read_text())
    except (OSError, ValueError):
        before = {}
    entries = {}
    for name, spec in specs.items():
        pid = pids.get(name) or before.get(name, {}).get("pid")
        if pid:
            entries[name] = {"pid": pid, "port": spec["port"], "cmd": spec["cmd"], "cwd": spec["cwd"], "env": spec["env"]}
    if entries == before:
        return
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(entries, file, indent=2)
    draft.replace(path)


def main() -> None:
    """Speak the event listener protocol on stdin and stdout: `watch SOCKET SPECS RUN_FILE`."""
    socket, specs_file, run_file = sys.argv[1:4]
    specs = json.loads(Path(specs_file).read_text())
    while True:
        sys.stdout.write("READY\n")
        sys.stdout.flush()
        header = sys.stdin.readline()
        if not header:
            return
        sys.stdin.read(int(dict(part.split(":", 1) for part in header.split())["len"]))
        # answer first: the manager hears us while it is not busy with this event
        sys.stdout.write("RESULT 2\nOK")
        sys.stdout.flush()
        try:
            found: list[dict[str, Any]] = connect(socket).getAllProcessInfo()
        except (OSError, Fault):  # it is stopping
            continue
        write_run_file(Path(run_file), specs, {str(one["name"]): int(one["pid"]) for one in found})


if __name__ == "__main__":
    main()
