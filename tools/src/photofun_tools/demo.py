"""Does a running studio do its job?  `make demo`: the README's conversation, with every picture saved to .data/demo/."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import httpx
from photofun_client import PhotoFun, ProblemError
from photofun_client.types import ImageView

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[3]
PHOTO = ROOT / "imaging-svc" / "tests" / "data" / "photos" / "chelsea.jpg"
_PATIENCE = 120.0
_ENDINGS = {b"\x89PNG": ".png", b"\xff\xd8": ".jpg", b"RIFF": ".webp"}


class DemoError(Exception):
    """The studio did not do what it promises; the message says what happened."""


def main() -> int:
    """Run the conversation.  0 when every picture was made."""
    base = os.environ.get("PHOTOFUN_URL") or f"http://localhost:{os.environ.get('PORT') or 9999}"
    folder = ROOT / Path(os.environ.get("DATA_DIR") or ".data") / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    user = f"demo-{time.strftime('%Y%m%d-%H%M%S')}"
    try:
        with PhotoFun(base, user_id=user, token=os.environ.get("PHOTOFUN_TOKEN"), timeout=30) as studio:
            _converse(studio, folder)
    except httpx.TransportError as error:
        sys.stderr.write(f"No studio answers at {base} ({type(error).__name__}): start one with `make run`, or set PHOTOFUN_URL.\n")
        return 1
    except (DemoError, ProblemError, TimeoutError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _converse(studio: PhotoFun, folder: Path) -> None:
    session = studio.create_session()["session_id"]
    _say(f"A session of {studio.user_id}: {session}")
    _step(studio, folder, session, "Create a sunset over mountains, 16:9", "1-sunset")
    _step(studio, folder, session, "now make it black and white", "2-black-and-white")
    _step(studio, folder, session, "remove the background", "3-cut-out", photo=PHOTO)
    rows = _gallery(studio, expected=3)
    _say(f"\nThe gallery of {studio.user_id} has {len(rows)} pictures:")
    for row in rows:
        _say(f"  {row['intent']:<18} {row['image_url']}")


def _step(studio: PhotoFun, folder: Path, session: str, text: str, name: str, *, photo: Path | None = None) -> None:
    started = time.monotonic()
    _say(f"\n> {text}" + (f"   [{photo.name}]" if photo else ""))
    sent = studio.send_message(session, content=text, image_file=photo.read_bytes() if photo else None)
    told = studio.wait_for_message(session, sent["message_id"], seconds=_PATIENCE)
    url = told["image_url"]
    if url is None:
        raise DemoError(f"“{text}” ended {told['status']} without a picture: {told['content']}")
    picture = studio.download(url)
    file = folder / (name + next((ending for start, ending in _ENDINGS.items() if picture.startswith(start)), ".img"))
    file.write_bytes(picture)
    _say(f"  {told.get('content') or ''}".rstrip())
    _say(f"  {url}")
    _say(f"  saved to {file}  ({len(picture) // 1024} kB, {time.monotonic() - started:.1f} s)")


def _gallery(studio: PhotoFun, *, expected: int) -> list[ImageView]:
    end = time.monotonic() + 15
    while True:
        rows = studio.list_images()
        if len(rows) == expected:
            return rows
        if len(rows) > expected or time.monotonic() > end:
            raise DemoError(f"The gallery has {len(rows)} pictures, not {expected}")
        time.sleep(0.1)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
