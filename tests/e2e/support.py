"""How do the journeys speak to a studio?  Over HTTP as any client does; nothing is imported from a service."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
from PIL import Image, ImageDraw

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
FINAL_CHAT = ("DONE", "FAILED", "CANCELED")
FINAL_FEATURE = ("COMPLETED", "FAILED", "CANCELED")


class PollTimeoutError(AssertionError):
    """What was waited for did not come in time; the last answer is in the message."""


def poll(ask: Callable[[], T], *, until: Callable[[T], bool], seconds: float = 60.0, every: float = 0.05) -> T:
    """Ask again and again until the answer is right.  A service that is just being started again is no answer."""
    end = time.monotonic() + seconds
    last: Any = None
    while time.monotonic() < end:
        try:
            last = ask()
        except httpx.TransportError as error:
            last = error
        else:
            if until(last):
                return last
        time.sleep(every)
    raise PollTimeoutError(f"not within {seconds} s; the last answer was {last!r}")


def picture(width: int = 96, height: int = 64, *, kind: str = "PNG", colour: tuple[int, int, int] = (200, 60, 40)) -> bytes:
    """A small picture with something in it: a bright disc before a slope of colours."""
    slope = Image.linear_gradient("L").resize((width, height))
    image = Image.merge("RGB", (slope, slope.transpose(Image.Transpose.ROTATE_180), Image.new("L", (width, height), 120)))
    box = (width * 0.3, height * 0.2, width * 0.7, height * 0.85)
    ImageDraw.Draw(image).ellipse(box, fill=colour)
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    """The decoded picture; raises when it is none."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def is_grey(image: Image.Image) -> bool:
    red, green, blue = image.convert("RGB").resize((32, 32)).split()
    return max(abs(a - b) for a, b in zip(red.tobytes() + green.tobytes(), green.tobytes() + blue.tobytes(), strict=True)) <= 6


class PictureServer:
    """A small web server with pictures on it, for `image_url`."""

    def __init__(self) -> None:
        pages: dict[str, tuple[str, bytes]] = {
            "/picture.png": ("image/png", picture()),
            "/photo.jpg": ("image/jpeg", picture(120, 90, kind="JPEG")),
            "/page.html": ("text/html", b"<html><body>no picture here</body></html>"),
        }

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, content = pages.get(self.path, ("text/plain", b"nothing here"))
                self.send_response(200 if self.path in pages else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: the test's own output matters."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Person:
    """Somebody with a studio in front of them."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.user_id = f"e2e-{uuid.uuid4().hex[:10]}"

    # --- chat

    def session(self) -> str:
        made = self.http.post("/v1/chat/sessions", json={"user_id": self.user_id})
        assert made.status_code == 201, made.text
        return str(made.json()["result"]["session_id"])

    def say(self, session: str, text: str, *, image_file: bytes | None = None, **more: Any) -> dict[str, Any]:
        """Send a message; the answer's result."""
        path = f"/v1/chat/sessions/{session}/messages"
        if image_file is None:
            sent = self.http.post(path, json={"user_id": self.user_id, "content": text, **more})
        else:
            files = {"image_file": ("photo.jpg", image_file, "image/jpeg")}
            sent = self.http.post(path, data={"user_id": self.user_id, "content": text, **more}, files=files)
        assert sent.status_code == 202, sent.text
        result: dict[str, Any] = sent.json()["result"]
        assert result["status"] == "PROCESSING"
        assert result["message_id"] == result["task_id"]
        return result

    def message(self, session: str, message: str) -> dict[str, Any]:
        found = self.http.get(f"/v1/chat/sessions/{session}/messages/{message}", params={"user_id": self.user_id})
        return dict(found.json().get("result") or {"status": f"HTTP {found.status_code}"})

    def answer(self, session: str, message: str, *, seconds: float = 60.0) -> dict[str, Any]:
        """The message once it has ended."""
        return poll(lambda: self.message(session, message), until=lambda told: told["status"] in FINAL_CHAT, seconds=seconds)

    def ask(self, session: str, text: str, **more: Any) -> dict[str, Any]:
        """Say something and wait for the answer."""
        return self.answer(session, self.say(session, text, **more)["message_id"])

    # --- features and pictures

    def feature(self, name: str, *, wait: int = 30, image_file: bytes | None = None, **params: Any) -> httpx.Response:
        body = {"user_id": self.user_id, **params}
        path = f"/v1/features/{name}/"
        if image_file is None:
            return self.http.post(path, params={"wait": wait}, json=body)
        fields = {key: value if isinstance(value, str) else json.dumps(value) for key, value in body.items()}
        return self.http.post(path, params={"wait": wait}, data=fields, files={"image_file": ("picture.png", image_file, "image/png")})

    def gallery(self, **query: Any) -> list[dict[str, Any]]:
        found = self.http.get("/v1/gallery/", params={"user_id": self.user_id, "limit": 100, **query})
        assert found.status_code == 200, found.text
        return list(found.json()["result"])

    def gallery_of(self, count: int, *, seconds: float = 20.0) -> list[dict[str, Any]]:
        """The gallery once it has so many rows (or more)."""
        return poll(self.gallery, until=lambda rows: len(rows) >= count, seconds=seconds)

    def load(self, url: str) -> Image.Image:
        """Fetch a picture by the URL the studio gave."""
        found = self.http.get(url)
        assert found.status_code == 200, f"{url}: {found.status_code}"
        return opened(found.content)


def as_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def assert_problem(response: httpx.Response, status: int | tuple[int, ...], *slugs: str) -> dict[str, Any]:
    """It is a problem document with the envelope's members that says what to do."""
    wanted = status if isinstance(status, tuple) else (status,)
    assert response.status_code in wanted, f"{response.status_code}: {response.text[:400]}"
    assert response.headers["content-type"].startswith("application/problem+json"), response.headers["content-type"]
    body: dict[str, Any] = response.json()
    assert body["status"] == response.status_code
    assert body["code"] != 1000
    assert body["title"] and body["detail"] and body["message"]
    assert "/problems/" in body["type"]
    assert isinstance(body["errors"], list)
    if slugs:
        assert body["type"].rsplit("/", 1)[1] in slugs, body
    return body


@contextmanager
def events_of(http: httpx.Client, path: str, *, last_id: int | None = None) -> Iterator[Iterator[dict[str, Any]]]:
    """The Server-Sent Events at `path`, each `{id, event, data}`."""
    headers = {"Last-Event-ID": str(last_id)} if last_id is not None else {}
    with http.stream("GET", path, headers=headers, timeout=60) as stream:
        assert stream.status_code == 200, stream.status_code
        assert stream.headers["content-type"].startswith("text/event-stream")
        yield _parse(stream.iter_lines())


def _parse(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    for line in lines:
        if not line and "data" in event:
            yield event
        if not line:
            event = {}
            continue
        name, _, value = line.partition(":")
        if name == "id":
            event["id"] = int(value)
        elif name == "event":
            event["event"] = value.strip()
        elif name == "data":
            event["data"] = json.loads(value)
