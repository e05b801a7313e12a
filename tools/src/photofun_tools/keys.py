"""Who has an API key?  A file of JSON lines with hashed keys, as the gateway reads it; the key itself is shown once."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Key", "KeyFile", "KeyFileError"]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = 43  # 62 ** 43 holds 32 random bytes


class KeyFileError(Exception):
    """The file cannot be used as asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the file."""

    name: str
    user: str
    scopes: tuple[str, ...]
    hash: str
    created_at: str
    revoked_at: str | None = None

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None


class KeyFile:
    """The file that API_KEYS_FILE names."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Key]:
        """Raises KeyFileError for a line that is no key."""
        if not self._path.exists():
            return []
        found = []
        for number, line in enumerate(self._path.read_text().splitlines(), 1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
                found.append(
                    Key(
                        entry["name"],
                        entry["user"],
                        tuple(entry.get("scopes") or ()),
                        entry["hash"],
                        entry.get("created_at", ""),
                        entry.get("revoked_at"),
                    )
                )
            except (ValueError, KeyError, TypeError) as error:
                raise KeyFileError(f"{self._path}, line {number}, is not a key") from error
        return found

    def add(self, name: str, user: str, scopes: Sequence[str] = ()) -> str:
        """A new key: what its owner keeps.  Only its hash is written.  Raises KeyFileError for a name in use."""
        keys = self.all()
        if any(key.name == name and key.is_live for key in keys):
            raise KeyFileError(f"there is a key named {name} already: revoke it first, or choose another name")
        secret = "pf_" + _base62(secrets.token_bytes(32))
        digest = hashlib.sha256(secret.encode()).hexdigest()
        self._write([*keys, Key(name, user, tuple(scopes), digest, datetime.now(UTC).isoformat(timespec="seconds"))])
        return secret

    def revoke(self, name: str) -> None:
        """Raises KeyFileError when there is no such live key."""
        keys = self.all()
        if not any(key.name == name and key.is_live for key in keys):
            raise KeyFileError(f"there is no live key named {name}")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._write([replace(key, revoked_at=now) if key.name == name and key.is_live else key for key in keys])

    def _write(self, keys: list[Key]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(self._path.name + ".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.writelines(json.dumps({name: value for name, value in asdict(key).items() if value is not None}) + "\n" for key in keys)
        draft.replace(self._path)


def _base62(raw: bytes) -> str:
    number, digits = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _ALPHABET[rest] + digits
    return digits.rjust(_DIGITS, "0")
