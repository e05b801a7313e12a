"""Does a running studio do its job?  `make demo`: the README's conversation, with every picture saved to .data/demo/."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[3]
PHOTO = ROOT / "imaging-svc" / "tests" / "data" / "photos" / "chelsea.jpg"
_PATIENCE = 120.0
_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}


class DemoError(Exception):
    """The studio did not do what it promises; the message says what happened."""


def main() -> int:
    """Run the conversation.  0 when every picture was made."""
    base = os.environ.get("PHOTOFUN_URL") or f"http://localhost:{os.environ.get('PORT') or 9999}"
    folder = ROOT / Path(os.environ.get("DATA_DIR") or ".data") / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with httpx.Client(base_url=base, timeout=30, trust_env=False) as http:
            _converse(http, folder)
    except httpx.TransportError as error:
        sys.stderr.write(f"No studio answers at {base} ({type(error).__name__}): start one with `make run`, or set PHOTOFUN_URL.\n")
        return 1
    except DemoError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _converse(http: httpx.Client, folder: Path) -> None:
    user = f"demo-{time.strftime('%Y%m%d-%H%M%S')}"
    session = _result(http.post("/v1/chat/sessions", json={"user_id": user}))["session_id"]
    _say(f"A session of {user}: {session}")
    _step(http, folder, session, user, "Create a sunset over mountains, 16:9", "1-sunset")
    _step(http, folder, session, user, "now make it black and white", "2-black-and-white")
    _step(http, folder, session, user, "remove the background", "3-cut-out", photo=PHOTO)
    rows = _gallery(http, user, expected=3)
    _say(f"\nThe gallery of {user} has {len(rows)} pictures:")
    for row in rows:
        _say(f"  {row['intent']:<18} {row['image_url']}")


def _step(http: httpx.Client, folder: Path, session: str, user: str, text: str, name: str, *, photo: Path | None = None) -> None:
    started = time.monotonic()
    _say(f"\n> {text}" + (f"   [{photo.name}]" if photo else ""))
    fields = {"user_id": user, "content": text}
    path = f"/v1/chat/sessions/{session}/messages"
    if photo is None:
        sent = http.post(path, json=fields)
    else:
        sent = http.post(path, data=fields, files={"image_file": (photo.name, photo.read_bytes(), "image/jpeg")})
    message = _result(sent)["message_id"]
    told = _answer(http, f"{path}/{message}", user)
    if told["status"] != "DONE" or not told.get("image_url"):
        raise DemoError(f"“{text}” ended {told['status']}: {(told.get('error') or {}).get('detail') or told.get('content')}")
    picture = http.get(told["image_url"])
    if picture.status_code != 200:
        raise DemoError(f"The picture {told['image_url']} answers {picture.status_code}")
    file = folder / (name + _ENDINGS.get(picture.headers["content-type"], ".img"))
    file.write_bytes(picture.content)
    _say(f"  {told.get('content') or ''}".rstrip())
    _say(f"  {told['image_url']}")
    _say(f"  saved to {file}  ({len(picture.content) // 1024} kB, {time.monotonic() - started:.1f} s)")


def _answer(http: httpx.Client, path: str, user: str) -> dict[str, Any]:
    end = time.monotonic() + _PATIENCE
    while True:
        told: dict[str, Any] = _result(http.get(path, params={"user_id": user}))
        if told["status"] != "PROCESSING":
            return told
        if time.monotonic() > end:
            raise DemoError(f"No answer after {_PATIENCE:.0f} s")
        time.sleep(0.1)


def _gallery(http: httpx.Client, user: str, *, expected: int) -> list[dict[str, Any]]:
    end = time.monotonic() + 15
    while True:
        rows: list[dict[str, Any]] = _result(http.get("/v1/gallery/", params={"user_id": user}))
        if len(rows) == expected:
            return rows
        if len(rows) > expected or time.monotonic() > end:
            raise DemoError(f"The gallery has {len(rows)} pictures, not {expected}")
        time.sleep(0.1)


def _result(response: httpx.Response) -> Any:
    try:
        body = response.json()
    except ValueError as error:
        raise DemoError(f"{response.request.url} answered {response.status_code} and no JSON") from error
    if response.is_error or body.get("code") != 1000:
        raise DemoError(f"{response.request.url} answered {response.status_code}: {body.get('detail') or body}")
    return body["result"]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
