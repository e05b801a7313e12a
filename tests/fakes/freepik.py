"""How does the Freepik/Magnific API behave?  Tasks, odd reply shapes, signed result addresses, failures on demand."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from .serving import Seen, Switches, drop_connection, png, truncated

__all__ = ["FakeFreepik"]

_RATIO_NAMES = [
    "square_1_1",
    "classic_4_3",
    "traditional_3_4",
    "widescreen_16_9",
    "social_story_9_16",
    "smartphone_horizontal_20_9",
    "smartphone_vertical_9_20",
    "standard_3_2",
    "portrait_2_3",
    "horizontal_2_1",
    "vertical_1_2",
    "social_5_4",
    "social_post_4_5",
]
_EDIT_RATIOS = [
    "square_1_1",
    "widescreen_16_9",
    "social_story_9_16",
    "portrait_2_3",
    "traditional_3_4",
    "standard_3_2",
    "classic_4_3",
    "cinematic_21_9",
]
PERCENT, B64, B64_OR_URL, TEXT, FLAG = "percent", "b64", "b64|url", "text", "flag"
EDGE = range(2049)
RULES: dict[str, dict[str, Any]] = {
    "/v1/ai/mystic": {
        "prompt": TEXT,
        "resolution": ["1k", "2k", "4k"],
        "aspect_ratio": _RATIO_NAMES,
        "model": ["realism", "fluid", "zen", "flexible", "super_real", "editorial_portraits"],
        "style_reference": B64,
        "structure_reference": B64,
        "creative_detailing": PERCENT,
        "fixed_generation": FLAG,
        "filter_nsfw": FLAG,
    },
    "/v1/ai/image-upscaler-precision-v2": {
        "image!": B64_OR_URL,
        "scale_factor": range(2, 17),
        "sharpen": PERCENT,
        "smart_grain": PERCENT,
        "ultra_detail": PERCENT,
        "flavor": ["sublime", "photo", "photo_denoiser"],
    },
    "/v1/ai/image-relight": {
        "image!": B64_OR_URL,
        "prompt": TEXT,
        "transfer_light_from_reference_image": B64_OR_URL,
        "transfer_light_from_lightmap": B64_OR_URL,
        "light_transfer_strength": PERCENT,
        "change_background": FLAG,
        "preserve_details": FLAG,
        "interpolate_from_original": FLAG,
        "style": ["standard", "darker_but_realistic", "clean", "smooth", "brighter", "contrasted_n_hdr", "just_composition"],
    },
    "/v1/ai/image-style-transfer": {
        "image!": B64_OR_URL,
        "reference_image!": B64_OR_URL,
        "prompt": TEXT,
        "style_strength": PERCENT,
        "structure_strength": PERCENT,
        "is_portrait": FLAG,
        "portrait_style": ["standard", "pop", "super_pop"],
        "fixed_generation": FLAG,
    },
    "/v1/ai/image-expand/flux-pro": {"image!": B64, "prompt": TEXT, "left": EDGE, "right": EDGE, "top": EDGE, "bottom": EDGE},
    "/v1/ai/text-to-image/seedream-v4-5-edit": {"prompt!": TEXT, "reference_images!": (1, 5), "aspect_ratio": _EDIT_RATIOS},
    "/v1/ai/ideogram-image-edit": {"prompt!": TEXT, "image!": B64_OR_URL, "mask!": B64_OR_URL},
    "/v1/ai/beta/text-to-image/reimagine-flux": {
        "image!": B64,
        "prompt": TEXT,
        "imagination": ["wild", "subtle", "vivid"],
        "aspect_ratio": ["original", *(name for name in _RATIO_NAMES if "smartphone" not in name and name != "social_5_4")],
    },
}


def _is_b64(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(base64.b64decode(value, validate=True)) > 8
    except ValueError:
        return False


def _fits(rule: Any, value: Any) -> bool:
    if rule == TEXT:
        return isinstance(value, str)
    if rule == FLAG:
        return isinstance(value, bool)
    if rule == PERCENT:
        return type(value) is int and 0 <= value <= 100
    if rule == B64:
        return _is_b64(value)
    if rule == B64_OR_URL:
        return _is_b64(value) or (isinstance(value, str) and value.startswith("https://"))
    if isinstance(rule, range):
        return type(value) is int and value in rule
    if isinstance(rule, tuple):
        return isinstance(value, list) and rule[0] <= len(value) <= rule[1] and all(_fits(B64_OR_URL, item) for item in value)
    return value in rule


def wrong_params(path: str, body: dict[str, Any]) -> list[dict[str, str]]:
    """What the official description would refuse."""
    rules = RULES[path]
    wrong = [
        {"name": name[:-1], "reason": f"Parameter '{name[:-1]}' is required"}
        for name in rules
        if name.endswith("!") and name[:-1] not in body
    ]
    for name, value in body.items():
        rule = rules.get(name, rules.get(f"{name}!"))
        if rule is None:
            wrong.append({"name": name, "reason": f"Parameter '{name}' is not known"})
        elif not _fits(rule, value):
            wrong.append({"name": name, "reason": f"Parameter '{name}' is not valid"})
    if {"transfer_light_from_reference_image", "transfer_light_from_lightmap"} <= body.keys():
        wrong.append({"name": "transfer_light_from_lightmap", "reason": "only one light source"})
    return wrong


@dataclass
class _Task:
    path: str
    polls: int = 0
    fate: str = "COMPLETED"
    error: str | None = None
    size: tuple[int, int] = (64, 64)


@dataclass
class FakeFreepik:
    """The whole API in memory.  `charges` counts the calls that would cost money."""

    key: str = "fp-test-key"
    key_header: str = "x-magnific-api-key"
    polls: int = 1
    url_seconds: float = 60.0
    nested_problems: bool = False
    wrapped_reimagine: bool = True
    size: tuple[int, int] = (64, 64)
    switches: Switches = field(default_factory=Switches)
    fate: str = "COMPLETED"
    fate_error: str | None = None
    poll_failures: list[int] = field(default_factory=list)
    junk_first: bool = False
    has_list: bool = True
    slow_content: float = 0.0
    charges: int = 0
    seen: list[Seen] = field(default_factory=list)
    tasks: dict[str, _Task] = field(default_factory=dict)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20, middlewares=[self._keyed])
        app.router.add_post("/v1/ai/beta/remove-background", self._remove_background)
        app.router.add_get("/content/{name}", self._content)
        for path in RULES:
            app.router.add_post(path, self._post)
            if "reimagine" not in path:
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

    async def _accept(self, request: web.Request, body: Any) -> web.StreamResponse | None:
        """Note a paid call; the answer when it is refused."""
        headers = {name: value for name, value in request.headers.items() if name.lower() != self.key_header}
        self.seen.append(Seen("POST", request.path, headers, body))
        if self.switches.slow:
            await asyncio.sleep(self.switches.slow)
        if self.switches.fail:
            status, said = self.switches.fail.pop(0)
            more = {"Retry-After": self.switches.retry_after} if self.switches.retry_after else {}
            if isinstance(said, str):
                return web.Response(status=status, text=said, content_type="text/html", headers=more)
            return web.json_response(said, status=status, headers=more)
        return None

    async def _post(self, request: web.Request) -> web.StreamResponse:
        is_json = request.content_type == "application/json"
        body = await request.json() if is_json else {}  # another content type: the body is ignored
        if (refusal := await self._accept(request, body)) is not None:
            return refusal
        if wrong := wrong_params(request.path, body):
            problem: dict[str, Any] = {"message": "Your request parameters didn't validate.", "invalid_params": wrong}
            problem = {"problem": problem} if self.nested_problems else problem
            return web.json_response(problem, status=400, content_type="application/problem+json")
        self.charges += 1
        task_id = str(uuid4())
        self.tasks[task_id] = _Task(request.path, fate=self.fate, error=self.fate_error, size=self.size)
        if self.switches.hang_after_accept:
            await asyncio.sleep(self.switches.hang_after_accept)
        if self.switches.reset_after_accept:
            self.switches.reset_after_accept -= 1
            return drop_connection(request)
        if self.switches.truncate:
            self.switches.truncate -= 1
            return truncated()
        if "reimagine" in request.path:
            done = self._state(request, task_id, "status", "COMPLETED")
            return web.json_response({"data": done} if self.wrapped_reimagine else done)
        if "style-transfer" in request.path:
            return web.json_response({"task_id": task_id, "task_status": "CREATED", "generated": []})
        return web.json_response({"data": {"task_id": task_id, "status": "CREATED", "generated": []}})

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if not self.has_list:
            return web.json_response({"data": None})
        found = [{"task_id": name, "status": task.fate} for name, task in self.tasks.items() if task.path == request.path]
        return web.json_response({"data": found})

    async def _task(self, request: web.Request) -> web.StreamResponse:
        if self.poll_failures:
            return web.json_response({"message": "Internal Server Error"}, status=self.poll_failures.pop(0))
        task_id = request.match_info["task_id"]
        task = self.tasks.get(task_id)
        if task is None or not request.path.startswith(task.path):
            return web.json_response({"message": "AI resource not found"}, status=404)
        task.polls += 1
        status = "IN_PROGRESS" if task.polls <= self.polls else task.fate
        return web.json_response({"data": self._state(request, task_id, "status", status)})

    def _state(self, request: web.Request, task_id: str, word: str, status: str) -> dict[str, Any]:
        task = self.tasks[task_id]
        generated = [self._address(request, task_id)] if status == "COMPLETED" else []
        if generated and self.junk_first:
            generated.insert(0, "a caption, no address")
        state: dict[str, Any] = {"task_id": task_id, word: status, "generated": generated}
        if status == "COMPLETED" and task.path.endswith("mystic"):
            state["has_nsfw"] = [False] * len(generated)
        if status == "FAILED":
            state["error"] = task.error
        return state

    def _address(self, request: web.Request, name: str) -> str:
        until = time.time() + self.url_seconds
        return f"{request.url.origin()}/content/{name}.png?token=exp={until:.3f}~hmac={self._sign(name, f'{until:.3f}')}"

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
        return web.Response(body=png(*(task.size if task else self.size), (200, 80, 40, alpha)), content_type="application/octet-stream")

    async def _remove_background(self, request: web.Request) -> web.StreamResponse:
        is_form = request.content_type == "application/x-www-form-urlencoded"
        form = dict(await request.post()) if is_form else {}
        if (refusal := await self._accept(request, form)) is not None:
            return refusal
        try:
            async with aiohttp.ClientSession() as session, session.get(str(form.get("image_url", ""))) as answer:
                await answer.read()
                is_there = answer.status == 200
        except (aiohttp.ClientError, ValueError):
            is_there = False
        if not is_there:
            return web.json_response({"message": "Unable to resolve image"}, status=400)
        self.charges += 1
        if self.switches.reset_after_accept:
            self.switches.reset_after_accept -= 1
            return drop_connection(request)
        url = self._address(request, f"cut-{uuid4()}")
        return web.json_response({"original": form["image_url"], "high_resolution": url, "preview": url, "url": url})
