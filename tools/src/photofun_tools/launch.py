"""How does the process manager start a process?  `launch.py SPECS NAME` becomes the process: same pid, right folder and
environment, and on Linux it is told when the manager dies.  Standard library only: this runs without site-packages."""

import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Have the kernel send SIGTERM when the parent dies, where the kernel can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def rest(mark: Path) -> None:
    """Let one that dies at once start no more than once a second."""
    with contextlib.suppress(OSError):
        since = time.time() - mark.stat().st_mtime
        time.sleep(max(0.0, min(1.0, 1.0 - since)))
    mark.touch()


def main() -> None:
    specs, name = sys.argv[1:3]
    rest(Path(specs).with_name(f"{name}.started"))
    spec = json.loads(Path(specs).read_text())[name]
    end_with_parent()
    os.chdir(spec["cwd"])
    os.execve(spec["cmd"][0], spec["cmd"], {**os.environ, **spec["env"]})  # noqa: S606 - our own list of arguments


if __name__ == "__main__":
    main()
