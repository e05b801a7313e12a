"""Who works in the studio meanwhile?  People who keep asking, and ask again with the same key when refused."""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import httpx
from PIL import Image

from .checker import Accepted, Ledger

__all__ = ["User"]

_MOST_PENDING = 8
_CANCELED = 0.1


@dataclass
class User:
    """One of them.  `patience`: how long a call is made again once the time is over."""

    http: httpx.AsyncClient
    ledger: Ledger
    chance: random.Random
    name: str
    patience: float

    async def work(self, until: float, between: tuple[float, float]) -> None:
        """Begin one thing after another; a call that is refused for long does not hold up the next ones."""
        ways = [self._chat, self._chat, self._chat_paid, self._adjust, self._adjust, self._generate]
        pending: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while time.monotonic() < until:
                if len(pending) < _MOST_PENDING:
                    task = group.create_task(self.chance.choice(ways)(until))
                    pending.add(task)
                    task.add_done_callback(pending.discard)
                await asyncio.sleep(self.chance.uniform(*between))

    async def _chat(self, until: float) -> None:
        await self._say("make it black and white", "chat", until)

    async def _chat_paid(self, until: float) -> None:
        await self._say("upscale it", "chat-paid", until)

    async def _say(self, words: str, kind: str, until: float) -> None:
        made = await self._post("/v1/chat/sessions", until, json={"user_id": self.name})
        if made is None:
            return
        session = made["session_id"]
        self.ledger.sessions[session] = self.name
        path = f"/v1/chat/sessions/{session}/messages"
        fields = {"user_id": self.name, "content": words}
        sent = await self._post(path, until, data=fields, files={"image_file": ("small.png", self._picture(), "image/png")})
        if sent is None:
            self.ledger.unanswered[self.name] += 1
            return
        told = Accepted(sent["message_id"], kind, self.name, f"{path}/{sent['message_id']}")
        self.ledger.accepted.append(told)
        if self.chance.random() < _CANCELED:
            await self._post(f"{told.path}/cancel", until, json={"user_id": self.name})

    async def _adjust(self, until: float) -> None:
        fields = {"user_id": self.name, "operations": json.dumps([{"op": "grayscale"}])}
        await self._feature("adjust", until, data=fields, files={"image_file": ("small.png", self._picture(), "image/png")})

    async def _generate(self, until: float) -> None:
        prompt = f"a calm sea at night, number {self.chance.randrange(10**9)}"
        await self._feature("image-generate", until, json={"user_id": self.name, "prompt": prompt, "refine": False})

    async def _feature(self, name: str, until: float, **body: Any) -> None:
        made = await self._post(f"/v1/features/{name}", until, params={"wait": 0}, **body)
        if made is None:
            self.ledger.unanswered[self.name] += 1
        else:
            task = made["task_id"]
            self.ledger.accepted.append(Accepted(task, name, self.name, f"/v1/features/{name}/status/{task}"))

    async def _post(self, path: str, until: float, **request: Any) -> dict[str, Any] | None:
        """The result once the call is accepted; None when nobody ever said so.  Every try carries the same Idempotency-Key."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        end = max(until, time.monotonic()) + self.patience
        while time.monotonic() < end:
            try:
                answer = await self.http.post(path, headers=headers, **request)
            except httpx.TransportError as error:
                self.ledger.refused[type(error).__name__] += 1
            else:
                if answer.is_success:
                    return dict(answer.json()["result"])
                slug = str(answer.json().get("type", "")).rsplit("/", 1)[-1]
                self.ledger.refused[f"{answer.status_code} {slug}"] += 1
                if answer.status_code not in (409, 429, 500, 502, 503, 504):
                    return None
            await asyncio.sleep(0.5)
        return None

    def _picture(self) -> bytes:
        """A small picture like no other."""
        out = BytesIO()
        noise = Image.frombytes("L", (64, 64), self.chance.randbytes(64 * 64))
        Image.merge("RGB", (noise, Image.linear_gradient("L").resize((64, 64)), noise)).save(out, "PNG")
        return out.getvalue()
