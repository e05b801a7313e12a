"""What does Freepik (now Magnific) do for us?  Pictures by paid tasks: placed once, remembered, waited for, fetched at once."""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from photofun_common.errors import PhotoFunError

from ...codec import Encoded
from ...guard import is_public
from ...pool import WorkerPool
from .. import Made, Order, Tasks, Tell
from ..bells import Bells
from ..charges import Note, charged_once
from ..failures import ProviderFailedError, ProviderLateError, ProviderRejectedError, ResultLostError, UnsuitedError
from ..gate import Gate
from ..receiving import ResultFetcher, made_of, receive, share_of
from ..web import ProviderApi
from .asking import CUT_OUT, REIMAGINE, Asking, Call
from .placing import Others, Placing
from .shapes import one_address, state_of

__all__ = ["FreepikEngine", "is_reachable_from_outside"]

_SYNCHRONOUS_SECONDS = 150.0


def is_reachable_from_outside(url: str | None) -> bool:
    """Whether somebody on the internet could fetch this address, as far as its name tells."""
    host = urlsplit(url or "").hostname or ""
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal", ".test", ".lan"))


@dataclass(frozen=True, slots=True)
class _Drawn:
    picture: Encoded
    task_id: str | None
    uncertain: bool = False


class FreepikEngine:
    """The Freepik/Magnific API.  `webhook_url` has it tell of finished tasks; `bells` ring when it did."""

    id = "freepik"
    wants_english = True

    def __init__(
        self,
        pool: WorkerPool,
        *,
        api_key: str | None,
        base_url: str = "https://api.magnific.com",
        key_header: str = "x-magnific-api-key",
        private_hosts: bool = False,
        others: Others | None = None,
        bells: Bells | None = None,
        webhook_url: str | None = None,
        per_minute: float = 250.0,
        poll_seconds: float = 1.0,
        poll_most: float = 5.0,
        seconds: float = 300.0,
        post_seconds: float = 60.0,
        backoff: float = 0.5,
    ) -> None:
        self.missing = None if api_key else "FREEPIK_API_KEY"
        self.models = ("mystic", "magnific-precision-v2", "magnific-creative", "seedream-4.5-edit")
        self._pool, self._seconds, self._post_seconds = pool, seconds, post_seconds
        self.gate = Gate("Freepik", per_minute)
        self._api = ProviderApi(self.gate, base_url, {key_header: api_key or ""}, backoff=backoff)
        self._fetcher = ResultFetcher(private_too=private_hosts)
        self._is_near = private_hosts and not is_reachable_from_outside(base_url)
        self._asking = Asking(pool, self.can_reach)
        self.features = self._asking.features
        is_told = self.can_reach(webhook_url)
        self._placing = Placing(
            self._api,
            bells or Bells(),
            others,
            poll=poll_seconds,
            poll_most=3 * poll_most if is_told else poll_most,
            per_minute=per_minute,
            post_seconds=post_seconds,
            backoff=backoff,
            webhook_url=webhook_url if is_told else None,
        )

    def can_reach(self, url: str | None) -> bool:
        """Whether the provider can call an address of ours; one on our own host can call all of them."""
        return bool(url) and (self._is_near or is_reachable_from_outside(url))

    async def run(self, order: Order, *, tell: Tell, tasks: Tasks) -> Made:
        """Make the pictures.  Raises the failures of engines/failures.py."""
        seconds = share_of(order, self._seconds)
        try:
            async with asyncio.timeout(seconds):
                return await self._run(order, tell, tasks)
        except TimeoutError as error:
            raise ProviderLateError(f"Freepik was not ready in {seconds:.0f} s") from error

    async def _run(self, order: Order, tell: Tell, tasks: Tasks) -> Made:
        call = await self._asking.call(order)
        if call.path == CUT_OUT:
            drawn = [await self._cut_out(order, call, tasks)]
        elif call.path == REIMAGINE:
            drawn = [await self._reimagined(order, call, tasks)]
        else:
            drawn = await self._several(order, call, tell, tasks)
        details: dict[str, Any] = {"tasks": [one.task_id for one in drawn if one.task_id]}
        uncertain = any(one.uncertain for one in drawn)
        return made_of([one.picture for one in drawn], call.model, wanted=call.count, uncertain=uncertain, details=details)

    async def _cut_out(self, order: Order, call: Call, tasks: Tasks) -> _Drawn:
        async def post(repeat: bool, note: Note) -> dict[str, Any]:
            form = {"data": dict(call.body)}
            return await self._api.post(call.path, lambda: form, seconds=self._post_seconds, note=note, repeat=repeat)

        async def pictures_of(body: dict[str, Any]) -> list[bytes]:
            _, _, data = state_of(body)
            url = next((data[name] for name in ("high_resolution", "url") if str(data.get(name, "")).startswith("http")), None)
            if url is None:
                raise ProviderFailedError("Freepik's answer names no picture")
            return [await self._fetcher.result(url)]

        try:
            paid = await charged_once(tasks, self.id, call.path, 0, post, pictures_of)
        except ProviderRejectedError as error:  # most often it could not fetch the picture, and others need no address
            raise UnsuitedError(error.detail) from error
        return await self._received(paid.pictures[0], order, call, None, paid.uncertain)

    async def _reimagined(self, order: Order, call: Call, tasks: Tasks) -> _Drawn:
        async def post(repeat: bool, note: Note) -> dict[str, Any]:
            seconds = max(self._post_seconds, _SYNCHRONOUS_SECONDS)
            return await self._api.post(call.path, lambda: {"json": call.body}, seconds=seconds, note=note, repeat=repeat)

        async def pictures_of(body: dict[str, Any]) -> list[bytes]:
            return [await self._fetcher.result(one_address(state_of(body)[2]))]

        paid = await charged_once(tasks, self.id, call.path, 0, post, pictures_of)
        task_id = state_of(paid.answer)[0] if paid.answer else None
        return await self._received(paid.pictures[0], order, call, task_id, paid.uncertain)

    async def _several(self, order: Order, call: Call, tell: Tell, tasks: Tasks) -> list[_Drawn]:
        """All pictures of a call at once; when some fail the others are kept, when all fail the first failure is raised."""
        outcomes = await asyncio.gather(
            *(self._one(order, call, index, tell, tasks) for index in range(call.count)), return_exceptions=True
        )
        drawn = [outcome for outcome in outcomes if isinstance(outcome, _Drawn)]
        troubles = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        unexpected = next((trouble for trouble in troubles if not isinstance(trouble, PhotoFunError)), None)
        if unexpected is not None:
            raise unexpected
        if not drawn:
            raise troubles[0]
        return drawn

    async def _one(self, order: Order, call: Call, index: int, tell: Tell, tasks: Tasks) -> _Drawn:
        task = await self._placing.task(call, index, tasks)
        for again in (True, False):
            data = await self._placing.finished(task, tell, tasks)
            try:
                result = await self._fetcher.result(one_address(data))
                return await self._received(result, order, call, task.task_id, task.uncertain)
            except (ProviderFailedError, ResultLostError):
                if not again:  # an expired address is signed anew by another look at the task
                    raise
        raise ResultLostError("Freepik's result could not be fetched")

    async def _received(self, data: bytes, order: Order, call: Call, task_id: str | None, uncertain: bool) -> _Drawn:
        picture = await receive(self._pool, data, order, provider=self.id, model=call.model, finish=call.finish)
        return _Drawn(picture, task_id, uncertain)

    async def aclose(self) -> None:
        await self._api.aclose()
        await self._fetcher.aclose()
