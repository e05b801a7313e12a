"""May this webhook be believed, and whom does it wake?  Signed, fresh, heard once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from photofun_common.bus import KeyValue
from photofun_common.errors import ConflictError, InvalidError, NotFoundError, UnauthorizedError

from .engines.bells import Bells
from .engines.freepik.shapes import state_of

__all__ = ["BUCKET", "KEEP_SECONDS", "Webhooks"]

log = logging.getLogger(__name__)
BUCKET = "webhooks"
KEEP_SECONDS = 3600.0
_FRESH_SECONDS = 300.0
_MILLISECONDS = 1e11
_TASK_ID = re.compile(r"^[A-Za-z0-9_-]{1,80}$")
_WEBHOOK_ID = re.compile(r"^[\x21-\x7e]{1,200}$")


class WebhookRefusedError(UnauthorizedError):
    slug, title = "webhook-refused", "This webhook is not signed as it must be"


class Webhooks:
    """Freepik's webhooks.  What is heard goes over the bus's bucket, so that the replica that polls the task wakes up."""

    def __init__(
        self, bucket: Callable[[], Awaitable[KeyValue]], bells: Bells, secret: str | None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._bucket, self._bells, self._clock = bucket, bells, clock
        self._keys = _keys(secret) if secret else []

    async def follow(self) -> None:
        """Ring for what any replica hears from now on."""
        await (await self._bucket()).watch(self._changed)

    def _changed(self, key: str, _: bytes) -> None:
        if key.startswith("task."):
            self._bells.ring(key.removeprefix("task."))

    async def hear(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Take a webhook; False when the same one was heard before.

        Raises NotFoundError when webhooks are off, WebhookRefusedError, InvalidError for what says nothing about a task.
        """
        if not self._keys:
            raise NotFoundError("Webhooks are off: FREEPIK_WEBHOOK_SECRET is not set")
        webhook_id = self._verified(headers, body)
        task_id, status = _told(body)
        bucket = await self._bucket()
        try:
            await bucket.create(f"seen.{hashlib.sha256(webhook_id.encode()).hexdigest()[:40]}", b"1")
        except ConflictError:
            return False
        if status in ("COMPLETED", "FAILED"):
            await bucket.put(f"task.{task_id}", status.encode())
        log.info("webhook heard", extra={"task_id": task_id, "status": status})
        return True

    def _verified(self, headers: Mapping[str, str], body: bytes) -> str:
        """The webhook's id, if its signature is right and it is fresh."""
        webhook_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not _WEBHOOK_ID.match(webhook_id) or not (sent_at.isascii() and sent_at.isdigit() and len(sent_at) <= 15):
            raise WebhookRefusedError("webhook-id and webhook-timestamp are needed")
        signed = f"{webhook_id}.{sent_at}.".encode() + body
        given = [part.partition(",")[2] or part for part in headers.get("webhook-signature", "")[:2000].split()]
        wanted = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in self._keys]
        matches = [hmac.compare_digest(one.encode(), other.encode()) for one in given for other in wanted]
        if not any(matches):
            raise WebhookRefusedError("The signature does not fit")
        seconds = float(sent_at) / (1000 if float(sent_at) > _MILLISECONDS else 1)
        if abs(self._clock() - seconds) > _FRESH_SECONDS:
            raise WebhookRefusedError("The webhook is older than five minutes")
        return webhook_id


def _keys(secret: str) -> list[bytes]:
    """The secret's bytes as they may be meant: as they stand, and decoded from base64 (the provider's own samples differ)."""
    keys = [secret.encode()]
    try:
        decoded = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return keys
    return [*keys, decoded] if decoded else keys


def _told(body: bytes) -> tuple[str, str]:
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidError("The webhook is no JSON") from error
    task_id, status, _ = state_of(found) if isinstance(found, dict) else (None, "", {})
    if task_id is None or not _TASK_ID.match(task_id):
        raise InvalidError("The webhook names no task")
    return task_id, status
