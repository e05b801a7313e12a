"""What does one want beside the calls themselves?  Waiting for an end, and the bytes of a picture."""

from __future__ import annotations

import asyncio
import time

from . import types
from .calls import AsyncCalls, Calls
from .transport import ProblemError

__all__ = ["AsyncPhotoFun", "PhotoFun"]

_PATIENCE = 180.0
_PAUSE = 0.1


class PhotoFun(Calls):
    """The studio for a program that waits."""

    def wait_for_message(self, session_id: str, message_id: str, *, seconds: float = _PATIENCE) -> types.AssistantMessage:
        """The message once it is DONE or CANCELED.  Raises ProblemError when it FAILED, TimeoutError."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            told = self.get_message(session_id, message_id)
            if told["role"] == "assistant" and told["status"] != "PROCESSING":
                return _ended(told)
            time.sleep(_PAUSE)
        raise TimeoutError(f"the message has not ended after {seconds:.0f} s")

    def download(self, image_url: str) -> bytes:
        """A picture's bytes by the address that the studio gave."""
        answer = self.http.get(image_url)
        if not answer.is_success:
            raise ProblemError(answer.status_code, {"detail": f"{image_url} answers {answer.status_code}"})
        return answer.content


class AsyncPhotoFun(AsyncCalls):
    """The studio for asyncio."""

    async def wait_for_message(self, session_id: str, message_id: str, *, seconds: float = _PATIENCE) -> types.AssistantMessage:
        """The message once it is DONE or CANCELED.  Raises ProblemError when it FAILED, TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                told = await self.get_message(session_id, message_id)
                if told["role"] == "assistant" and told["status"] != "PROCESSING":
                    return _ended(told)
                await asyncio.sleep(_PAUSE)

    async def download(self, image_url: str) -> bytes:
        """A picture's bytes by the address that the studio gave."""
        answer = await self.http.get(image_url)
        if not answer.is_success:
            raise ProblemError(answer.status_code, {"detail": f"{image_url} answers {answer.status_code}"})
        return answer.content


def _ended(told: types.AssistantMessage) -> types.AssistantMessage:
    if told["status"] == "FAILED":
        problem = told.get("error", {})
        raise ProblemError(int(problem.get("status", 500)), problem)
    return told
