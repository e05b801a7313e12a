"""How does the Freepik/Magnific API behave?  Tasks, odd reply shapes, signed result addresses, webhooks, failures on demand."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from .hooks import Hooks
from .magnific import ASYNCHRONOUS, FORM, SYNCHRONOUS, wrong_params
from .serving import Seen, Switches, drop_connection, png, truncated

__all__ = ["FakeFreepik"]


@dataclass
class _Task:
    path: str
    polls: int = 0
    fate: str = "COMPLETED"
    error: str | None = None
    size: tuple[int, int] = (64, 64)
    ready_at: float = 0.0
    prompt: str = ""


@dataclass
class FakeFreepik:
    """The whole API in memory.  `charges` counts the calls that would cost money.

    A task is done after so many `polls` and not before `seconds` are over; its result's address lives for `url_seconds`.
    `holds` keeps calls waiting at a moment: ("list", path), ("accepted", word of the prompt), ("polling", word), ("content", word).
    """

    key: str = "fp-test-key"
    key_header: str = "x-magnific-api-key"
    polls: int = 1
    seconds: float = 0.0
    url_seconds: float = 60.0
    nested_problems: bool = False
    wrapped_reimagine: bool = True
    size: tuple[int, int] = (64, 64)
    switches: Switches = field(default_factory=Switches)
    hooks: Hooks = field(default_factory=Hooks)
    fate: str = "COMPLETED"
    fate_error: str | None = None
    poll_failures: list[int] = field(default_factory=list)
    junk_first: bool = False
    has_list: bool = True
    holds: set[tuple[str, str]] = field(default_factory=set)
    slow_list: float = 0.0
    slow_content: float = 0.0
    broken_content: bool = False
    charges: int = 0
    seen: list[Seen] = field(default_factory=list)
    looks: int = 0
    lists: int = 0
    tasks: dict[str, _Task] = field(default_factory=dict)
    _telling: set[asyncio.Task[None]] = field(default_factory=set)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20, middlewares=[self._keyed])
        app.router.add_post(FORM, self._remove_background)
        app.router.add_get("/content/{name}", self._content)
        app.router.add_post(SYNCHRONOUS, self._post)
        for path in ASYNCHRONOUS:
            app.router.add_post(path, self._post)
            app.router.add_get(path, self._list)
            app.router.add_get(path + "/{task_id}", self._task)
        return app

    def posts(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == "POST"]

    @web.middleware
    async def _keyed(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if not request.path.startswith("/content/"):
            given = request.headers.get(self.key_header)
            if given != self.key:
                return web.json_response({"message": "Invalid API key" if given else "Missing API key"}, status=401)
        return await handler(request)

    def _is_held(self, moment: str, text: str) -> bool:
        return any(moment == held and word in text for held, word in self.holds)

    async def _held(self, moment: str, text: str) -> None:
        while self._is_held(moment, text):  # noqa: ASYNC110 - switched from another thread
            await asyncio.sleep(0.02)

    async def _refused(self, request: web.Request, body: Any) -> web.StreamResponse | None:
        """Note a paid call; the answer when a switch refuses it before it is accepted."""
        headers = {name: value for name, value in request.headers.items() if name.lower() != self.key_header}
        self.seen.append(Seen("POST", request.path, headers, body))
        return await self.switches.refusal()

    async def _broken(self, request: web.Request) -> web.StreamResponse | None:
        """What a switch makes of an accepted call's answer."""
        if self.switches.hang_after_accept:
            await asyncio.sleep(self.switches.hang_after_accept)
        if self.switches.reset_after_accept:
            self.switches.reset_after_accept -= 1
            return drop_connection(request)
        if self.switches.truncate:
            self.switches.truncate -= 1
            return truncated()
        return None

    async def _post(self, request: web.Request) -> web.StreamResponse:
        is_json = request.content_type == "application/json"
        body = await request.json() if is_json else {}  # another content type: the body is ignored
        if (refusal := await self._refused(request, body)) is not None:
            return refusal
        if wrong := wrong_params(request.path, body):
            problem: dict[str, Any] = {"message": "Your request parameters didn't validate.", "invalid_params": wrong}
            problem = {"problem": problem} if self.nested_problems else problem
            return web.json_response(problem, status=400, content_type="application/problem+json")
        self.charges += 1
        task_id = str(uuid4())
        ready_at = time.monotonic() + self.seconds
        prompt = str(body.get("prompt", ""))
        self.tasks[task_id] = _Task(request.path, fate=self.fate, error=self.fate_error, size=self.size, ready_at=ready_at, prompt=prompt)
        if body.get("webhook_url"):
            self._spawn(self._tell(request, task_id, body["webhook_url"]))
        await self._held("accepted", prompt)
        if (broken := await self._broken(request)) is not None:
            return broken
        if request.path == SYNCHRONOUS:
            done = self._state(request, task_id, "COMPLETED")
            return web.json_response({"data": done} if self.wrapped_reimagine else done)
        if "style-transfer" in request.path:
            return web.json_response({"task_id": task_id, "task_status": "CREATED", "generated": []})
        return web.json_response({"data": {"task_id": task_id, "status": "CREATED", "generated": []}})

    def _spawn(self, telling: Any) -> None:
        task = asyncio.ensure_future(telling)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, request: web.Request, task_id: str, url: str) -> None:
        task = self.tasks[task_id]
        await asyncio.sleep(max(0.0, task.ready_at - time.monotonic()) + 0.01)
        states = [self._state(request, task_id, "IN_PROGRESS"), self._state(request, task_id, task.fate)]
        await self.hooks.tell(url, states)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.lists += 1
        await asyncio.sleep(self.slow_list)
        await self._held("list", request.path)
        if not self.has_list:
            return web.json_response({"data": None})
        found = [{"task_id": name, "status": self._status(task)} for name, task in self.tasks.items() if task.path == request.path]
        return web.json_response({"data": found})

    def _status(self, task: _Task) -> str:
        is_done = task.polls > self.polls and time.monotonic() >= task.ready_at and not self._is_held("polling", task.prompt)
        return task.fate if is_done else "IN_PROGRESS"

    async def _task(self, request: web.Request) -> web.StreamResponse:
        self.looks += 1
        if self.poll_failures:
            return web.json_response({"message": "Internal Server Error"}, status=self.poll_failures.pop(0))
        task_id = request.match_info["task_id"]
        task = self.tasks.get(task_id)
        if task is None or not request.path.startswith(task.path + "/"):
            return web.json_response({"message": "AI resource not found"}, status=404)
        task.polls += 1
        return web.json_response({"data": self._state(request, task_id, self._status(task))})

    def _state(self, request: web.Request, task_id: str, status: str) -> dict[str, Any]:
        task = self.tasks[task_id]
        generated = [self._address(request, task_id)] if status == "COMPLETED" else []
        if generated and self.junk_first:
            generated.insert(0, "a caption, no address")
        state: dict[str, Any] = {"task_id": task_id, "status": status, "generated": generated}
        if status == "COMPLETED" and task.path.endswith("mystic"):
            state["has_nsfw"] = [False] * len(generated)
        if status == "FAILED":
            state["error"] = task.error
        return state

    def _address(self, request: web.Request, name: str) -> str:
        return self.address(str(request.url.origin()), name)

    def address(self, origin: str, name: str) -> str:
        """A result's address, signed until it expires."""
        until = f"{time.time() + self.url_seconds:.3f}"
        return f"{origin}/content/{name}.png?token=exp={until}~hmac={self._sign(name, until)}"

    def _sign(self, name: str, until: str) -> str:
        return hmac.new(b"fake", f"{name}/{until}".encode(), hashlib.sha256).hexdigest()[:32]

    async def _content(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"].removesuffix(".png")
        if self.slow_content:
            await asyncio.sleep(self.slow_content)
        token = re.fullmatch(r"exp=([\d.]+)~hmac=(\w+)", request.query.get("token", ""))
        if token is None or token[2] != self._sign(name, token[1]) or float(token[1]) < time.time():
            return web.Response(status=403, text="expired")
        alpha = 128 if name.startswith("cut-") else 255
        task = self.tasks.get(name)
        await self._held("content", task.prompt if task else "")
        data = png(*(task.size if task else self.size), (200, 80, 40, alpha))
        return web.Response(body=data[:40] if self.broken_content else data, content_type="application/octet-stream")

    async def _remove_background(self, request: web.Request) -> web.StreamResponse:
        is_form = request.content_type == "application/x-www-form-urlencoded"
        form = dict(await request.post()) if is_form else {}
        if (refusal := await self._refused(request, form)) is not None:
            return refusal
        if not await _is_fetchable(str(form.get("image_url", ""))):
            return web.json_response({"message": "Unable to resolve image"}, status=400)
        self.charges += 1
        if (broken := await self._broken(request)) is not None:
            return broken
        url = self._address(request, f"cut-{uuid4()}")
        return web.json_response({"original": form["image_url"], "high_resolution": url, "preview": url, "url": url})


async def _is_fetchable(url: str) -> bool:
    """Whether a JPEG or PNG of at most 20 MB is there, as the provider would find it."""
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            data = await answer.read()
            return answer.status == 200 and len(data) <= 20 * 2**20 and data.startswith((b"\x89PNG", b"\xff\xd8\xff"))
    except (aiohttp.ClientError, ValueError):
        return False
