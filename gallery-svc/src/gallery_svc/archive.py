"""What is in these files?  Pictures, and zips of pictures that are opened only within bounds.

A zip is judged before anything of it is unpacked: how large its directory is, how many pictures it names, how much they say they are.
Then each is read alone and never further than a picture may go, whatever the archive said of it.
"""

from __future__ import annotations

import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from photofun_common.errors import InvalidError, TooLargeError
from photofun_common.http import MAX_PICTURE_BYTES

__all__ = ["ArchiveDamagedError", "ArchiveTooLargeError", "Member", "NamedFile", "TooManyPicturesError", "members_of"]

_PICTURES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".avif", ".heic", ".heif"})
_END = b"PK\5\6"
_END_64 = b"PK\6\7"
_LOCAL = b"PK\3\4"
_TAIL = 65_557
_MOST_DIRECTORY = 1_000_000
_MOST_RATIO = 100
_SMALL = 1_000_000


class ArchiveDamagedError(InvalidError):
    slug, title = "archive-damaged", "The archive can't be read"


class ArchiveTooLargeError(TooLargeError):
    slug, title = "archive-too-large", "The archive holds too much"


class TooManyPicturesError(TooLargeError):
    slug, title = "too-many-pictures", "These are too many pictures at once"

    def __init__(self, most: int, actual: int) -> None:
        super().__init__(f"{most} pictures can be imported at once, these are {actual}: send them in parts", limit=most, actual=actual)


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that came in: what it was called, and its bytes to be read from."""

    name: str
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class Member:
    """A picture to be read when its turn comes, or something that is none (`skipped`).  `read` raises InvalidError kinds."""

    name: str
    read: Callable[[], bytes]
    skipped: bool = False


def members_of(files: Sequence[NamedFile], most: int) -> list[Member]:
    """The pictures of these files, zips opened.

    Raises ArchiveDamagedError, ArchiveTooLargeError, TooManyPicturesError when there are more than `most`.
    """
    members = [member for file in files for member in (_zipped(file) if _is_zip(file.file) else [_plain(file)])]
    number = sum(not member.skipped for member in members)
    if number > most:
        raise TooManyPicturesError(most, number)
    return members


def _is_zip(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(4) in (_LOCAL, _END)


def _plain(named: NamedFile) -> Member:
    def read() -> bytes:
        named.file.seek(0)
        return _within(named.file, named.name)

    return Member(_shown(named.name), read)


def _within(file: BinaryIO, name: str) -> bytes:
    data = file.read(MAX_PICTURE_BYTES + 1)
    if len(data) > MAX_PICTURE_BYTES:
        raise TooLargeError(f"{_shown(name)}: a picture may have 10 MB", limit=MAX_PICTURE_BYTES)
    return data


def _zipped(named: NamedFile) -> list[Member]:
    _check_directory(named)
    try:
        bundle = zipfile.ZipFile(named.file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, struct.error) as error:
        raise ArchiveDamagedError(f"{_shown(named.name)}: the zip is damaged") from error
    entries = [entry for entry in bundle.infolist() if not entry.is_dir() and not _is_litter(entry.filename)]
    promised = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if promised > _SMALL and promised > _MOST_RATIO * max(1, packed):
        raise ArchiveTooLargeError(f"{_shown(named.name)}: the zip would become {promised} bytes out of {packed}", actual=promised)
    return [_entry(bundle, entry) for entry in entries]


def _check_directory(named: NamedFile) -> None:
    """The directory at the archive's end is small enough to be read at all; the large kind (zip64) is not taken."""
    file = named.file
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise ArchiveDamagedError(f"{_shown(named.name)}: the zip is damaged or cut off")
    (directory,) = struct.unpack("<L", tail[at + 12 : at + 16])
    if directory > _MOST_DIRECTORY or _END_64 in tail[max(0, at - 20) : at]:
        raise ArchiveTooLargeError(f"{_shown(named.name)}: the zip names too many files", limit=_MOST_DIRECTORY, actual=directory)


def _is_litter(name: str) -> bool:
    """What systems leave in archives and nobody means."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return not parts or "__MACOSX" in parts or parts[-1].startswith(".") or parts[-1].lower() in ("thumbs.db", "desktop.ini")


def _entry(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Member:
    name = _shown(entry.filename)
    if PurePosixPath(entry.filename).suffix.lower() not in _PICTURES:
        return Member(name, lambda: b"", skipped=True)

    def read() -> bytes:
        if entry.flag_bits & 0x1:
            raise ArchiveDamagedError(f"{name}: is encrypted", slug="archive-encrypted", title="The archive is encrypted")
        if entry.file_size > MAX_PICTURE_BYTES:
            raise TooLargeError(f"{name}: a picture may have 10 MB", limit=MAX_PICTURE_BYTES, actual=entry.file_size)
        try:
            with bundle.open(entry) as opened:
                return _within(opened, name)  # type: ignore[arg-type]  # ZipExtFile reads like any file
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, RuntimeError, zlib.error, struct.error) as error:
            raise ArchiveDamagedError(f"{name}: can't be unpacked") from error

    return Member(name, read)


def _shown(name: str) -> str:
    """The last part of a file's name, as it may be shown and kept."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(letter for letter in unicodedata.normalize("NFC", last) if letter.isprintable())[:200] or "file"
