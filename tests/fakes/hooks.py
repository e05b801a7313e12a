"""How does the provider tell of its tasks?  Signed webhooks, one a change of status, with every way they can go wrong."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

__all__ = ["Hooks", "signature_of"]


def signature_of(key: bytes, webhook_id: str, sent_at: str, body: bytes) -> str:
    signed = f"{webhook_id}.{sent_at}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@dataclass
class Hooks:
    """How webhooks are sent.  `decoded` takes the secret's base64-decoded bytes as the key, as one of the official samples does."""

    secret: str = "fp_test_secret"
    decoded: bool = False
    never: bool = False
    duplicate: bool = False
    out_of_order: bool = False
    bad_signature: bool = False
    delay: float = 0.0
    wrapped: bool = False
    answers: list[int] = field(default_factory=list)

    @property
    def key(self) -> bytes:
        return base64.b64decode(self.secret.removeprefix("whsec_")) if self.decoded else self.secret.encode()

    async def tell(self, url: str, states: list[dict[str, Any]]) -> None:
        """Tell of a task's changes, the oldest first unless out of order."""
        if self.never:
            return
        await asyncio.sleep(self.delay)
        async with aiohttp.ClientSession() as session:
            for state in reversed(states) if self.out_of_order else states:
                await self._send(session, url, state)

    async def _send(self, session: aiohttp.ClientSession, url: str, state: dict[str, Any]) -> None:
        body = json.dumps({"data": state} if self.wrapped else state).encode()
        webhook_id, sent_at = f"msg_{uuid4().hex}", str(int(time.time()))
        key = b"another key" if self.bad_signature else self.key
        headers = {
            "Content-Type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": sent_at,
            "webhook-signature": f"v2,AAAA {signature_of(key, webhook_id, sent_at, body)}",
        }
        for _ in range(2 if self.duplicate else 1):
            try:
                async with session.post(url, data=body, headers=headers) as answer:
                    self.answers.append(answer.status)
            except aiohttp.ClientError:
                self.answers.append(0)
