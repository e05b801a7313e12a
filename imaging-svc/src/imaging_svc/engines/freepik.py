"""What does Freepik (now Magnific) do for us?  Pictures by paid tasks: placed once, remembered, polled, fetched at once."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from photofun_common.contracts.jobs import ProviderTask
from photofun_common.errors import PhotoFunError, UnavailableError, UpstreamError

from ..codec import Encoded
from ..domain import NeedsImageError, NeedsReferenceError
from ..guard import is_public
from ..pool import WorkerPool
from . import Made, Order, Tasks, Tell
from .breaker import Breaker
from .charges import charged_once, known_task
from .failures import (
    ModerationBlockedError,
    OutcomeUnknownError,
    ProviderDownError,
    ProviderFailedError,
    ProviderLateError,
    ProviderRejectedError,
    UnsuitedError,
)
from .limiter import Limiter
from .receiving import RATIOS, Finish, MaskForm, ResultFetcher, Sent, nearest_ratio, prepared, receive, share_of, size_of, worded
from .web import ProviderApi, is_moderation

__all__ = ["FreepikEngine"]

_MYSTIC = "/v1/ai/mystic"
_UPSCALE = "/v1/ai/image-upscaler-precision-v2"
_REIMAGINE = "/v1/ai/beta/text-to-image/reimagine-flux"
_RELIGHT = "/v1/ai/image-relight"
_STYLE = "/v1/ai/image-style-transfer"
_EXPAND = "/v1/ai/image-expand/flux-pro"
_EDIT = "/v1/ai/text-to-image/seedream-v4-5-edit"
_MASKED_EDIT = "/v1/ai/ideogram-image-edit"
_CUT_OUT = "/v1/ai/beta/remove-background"

_RATIOS = {
    "1:1": "square_1_1",
    "16:9": "widescreen_16_9",
    "9:16": "social_story_9_16",
    "4:3": "classic_4_3",
    "3:4": "traditional_3_4",
    "3:2": "standard_3_2",
    "2:3": "portrait_2_3",
    "21:9": "horizontal_2_1",
}
_EDIT_RATIOS = {**_RATIOS, "21:9": "cinematic_21_9"}
_MYSTIC_MODELS = frozenset({"realism", "fluid", "zen", "flexible", "super_real", "editorial_portraits"})
_FLUID_RATIOS = {name: RATIOS[name] for name in ("1:1", "16:9", "9:16", "4:3", "3:4")}
_LIGHTS = {"dramatic": "contrasted_n_hdr", "soft": "smooth", "natural": "clean", "cinematic": "darker_but_realistic"}
_IMAGINATIONS = {"moderate": "subtle", "creative": "vivid", "extreme": "wild"}
_MAX_UPLOAD = 10 * 2**20
_MAX_UPSCALE_UPLOAD = 20 * 2**20
_LISTED = 500
_REMEMBERED = 10_000
_POST_SECONDS = 60.0
_SYNCHRONOUS_SECONDS = 150.0
_RECONCILE_TRIES = 4


@dataclass(frozen=True, slots=True)
class _Call:
    """One kind of call: where, with what, and what is still to do with its result."""

    path: str
    body: dict[str, Any]
    model: str
    finish: Finish = field(default_factory=Finish)
    count: int = 1
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Drawn:
    picture: Encoded
    task_id: str | None
    uncertain: bool = False


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _state(body: dict[str, Any]) -> tuple[str | None, str, dict[str, Any]]:
    """Task id, status and the rest of a reply, wrapped or not."""
    data = body.get("data", body)
    if not isinstance(data, dict):
        return None, "", {}
    task_id = data.get("task_id")
    return str(task_id) if task_id else None, str(data.get("status") or data.get("task_status") or ""), data


def _addresses(data: dict[str, Any]) -> list[str]:
    generated = data.get("generated")
    return [text for text in generated if isinstance(text, str) and text.startswith("http")] if isinstance(generated, list) else []


def _is_reachable_from_outside(url: str | None) -> bool:
    host = urlsplit(url or "").hostname or ""
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal", ".test", ".lan"))


class FreepikEngine:
    """The Freepik/Magnific API.  `others` reads the paid calls in all jobs' records: what is there is nobody else's lost task."""

    id = "freepik"
    features = frozenset(
        {"image_generation", "remove_background", "upscale", "reimagine", "relight", "style_transfer", "image_expand", "edit"}
    )

    def __init__(
        self,
        pool: WorkerPool,
        *,
        api_key: str | None,
        base_url: str = "https://api.magnific.com",
        key_header: str = "x-magnific-api-key",
        private_hosts: bool = False,
        others: Callable[[], Awaitable[list[ProviderTask]]] | None = None,
        per_minute: float = 250.0,
        poll_seconds: float = 1.0,
        poll_most: float = 5.0,
        seconds: float = 300.0,
        post_seconds: float = _POST_SECONDS,
        backoff: float = 0.5,
    ) -> None:
        self.missing = None if api_key else "FREEPIK_API_KEY"
        self._pool, self._others = pool, others
        self._poll, self._poll_most, self._seconds, self._post_seconds = poll_seconds, poll_most, seconds, post_seconds
        self._backoff = backoff
        self._breaker = Breaker("Freepik")
        self._api = ProviderApi(
            "Freepik", base_url, {key_header: api_key or ""}, breaker=self._breaker, limiter=Limiter(per_minute), backoff=backoff
        )
        self._fetcher = ResultFetcher(private_too=private_hosts)
        self._is_near = private_hosts and not _is_reachable_from_outside(base_url)
        self._posting: Counter[str] = Counter()
        self._mine: dict[str, None] = {}

    @property
    def healthy(self) -> bool:
        return self.missing is None and not self._breaker.is_open

    async def run(self, order: Order, *, tell: Tell, tasks: Tasks) -> Made:
        """Make the pictures.  Raises the failures of engines/failures.py."""
        seconds = share_of(order, self._seconds)
        try:
            async with asyncio.timeout(seconds):
                return await self._run(order, tell, tasks)
        except TimeoutError as error:
            raise ProviderLateError(f"Freepik was not ready in {seconds:.0f} s") from error

    async def _run(self, order: Order, tell: Tell, tasks: Tasks) -> Made:
        call = await self._call(order)
        if call.path == _CUT_OUT:
            drawn = [await self._cut_out(order, call, tasks)]
        elif call.path == _REIMAGINE:
            drawn = [await self._reimagined(order, call, tasks)]
        else:
            drawn = await self._several(order, call, tell, tasks)
        short = call.count - len(drawn)
        details: dict[str, Any] = {**call.details, "tasks": [one.task_id for one in drawn if one.task_id]}
        if any(one.uncertain for one in drawn):
            details["charge_uncertain"] = "the answer to a first call was lost; it may have been charged too"
        return Made(
            [one.picture for one in drawn],
            [None] * len(drawn),
            call.model,
            f"{len(drawn)} of {call.count} pictures were made" if short else None,
            details,
        )

    # --- what is asked for

    async def _call(self, order: Order) -> _Call:
        makers: dict[str, Callable[[Order], Awaitable[_Call]]] = {
            "image_generation": self._for_mystic,
            "upscale": self._for_upscale,
            "reimagine": self._for_reimagine,
            "relight": self._for_relight,
            "style_transfer": self._for_style,
            "image_expand": self._for_expand,
            "edit": self._for_edit,
            "remove_background": self._for_cut_out,
        }
        return await makers[order.feature](order)

    async def _sent(
        self, data: bytes | None, *, most: int = _MAX_UPLOAD, mask: MaskForm | None = None, size: tuple[int, int] | None = None
    ) -> Sent:
        if data is None:
            raise NeedsImageError("This works on a picture: send one")
        return await self._pool.run(prepared, data, most, mask, size, seconds=20.0)

    async def _for_mystic(self, order: Order) -> _Call:
        params = order.params
        model = params.get("model") if params.get("model") in _MYSTIC_MODELS else "realism"
        size = size_of(params)
        known = _FLUID_RATIOS if model == "fluid" else RATIOS
        wanted = size[0] / size[1] if size else RATIOS[params["aspect_ratio"]]
        ratio = nearest_ratio(round(wanted * 10000), 10000, known)
        resolution = "1k" if size and max(size) <= 1024 else "2k"
        body: dict[str, Any] = {
            "prompt": worded(order),
            "resolution": resolution,
            "aspect_ratio": _RATIOS[ratio],
            "model": model,
            "filter_nsfw": True,
        }
        if params.get("seed") is not None:
            body["fixed_generation"] = True
        if "style_reference" in order.references:
            body["style_reference"] = _b64((await self._sent(order.references["style_reference"])).data)
        finish = Finish(size=size, ratio=wanted)
        return _Call(_MYSTIC, body, f"mystic/{model}", finish, params["num_images"])

    async def _for_upscale(self, order: Order) -> _Call:
        sent = await self._sent(order.picture, most=_MAX_UPSCALE_UPLOAD)
        factor = order.params["scale_factor"]
        if sent.width * sent.height * factor * factor > 25_300_000:
            raise UnsuitedError("Freepik's upscaler makes at most 25.3 megapixels")
        body = {"image": _b64(sent.data), "scale_factor": factor, "flavor": order.params["flavor"]}
        body |= {name: order.params[name] for name in ("sharpen", "smart_grain", "ultra_detail")}
        return _Call(_UPSCALE, body, "magnific-precision-v2")

    async def _for_reimagine(self, order: Order) -> _Call:
        params = order.params
        ratio = params.get("aspect_ratio")
        body: dict[str, Any] = {
            "image": _b64((await self._sent(order.picture)).data),
            "imagination": _IMAGINATIONS.get(params["imagination"], params["imagination"]),
            "aspect_ratio": _RATIOS[ratio] if ratio else "original",
        }
        if params["prompt"]:
            body["prompt"] = params["prompt"]
        return _Call(_REIMAGINE, body, "reimagine-flux", Finish(ratio=RATIOS[ratio] if ratio else None))

    async def _for_relight(self, order: Order) -> _Call:
        params = order.params
        body: dict[str, Any] = {
            "image": _b64((await self._sent(order.picture)).data),
            "style": _LIGHTS.get(params["style"], params["style"]),
            "change_background": False,
            "preserve_details": True,
        }
        if params["prompt"]:
            body["prompt"] = params["prompt"]
        if "reference_image" in order.references:
            body["transfer_light_from_reference_image"] = _b64((await self._sent(order.references["reference_image"])).data)
            body["light_transfer_strength"] = round(100 * params["light_transfer_strength"])
        return _Call(_RELIGHT, body, "magnific-relight")

    async def _for_style(self, order: Order) -> _Call:
        params = order.params
        if "reference_image" not in order.references:
            raise NeedsReferenceError("Send the picture whose style to take as reference_image_url, _data or _file")
        body: dict[str, Any] = {
            "image": _b64((await self._sent(order.picture)).data),
            "reference_image": _b64((await self._sent(order.references["reference_image"])).data),
            "style_strength": round(100 * params["style_strength"]),
            "structure_strength": round(100 * params["structure_strength"]),
            "is_portrait": params["is_portrait"],
            "fixed_generation": params.get("seed") is not None,
        }
        if params["is_portrait"] and params.get("portrait_style"):
            body["portrait_style"] = params["portrait_style"]
        if params["prompt"]:
            body["prompt"] = params["prompt"]
        return _Call(_STYLE, body, "magnific-style-transfer")

    async def _for_expand(self, order: Order) -> _Call:
        sent = await self._sent(order.picture, most=_MAX_UPSCALE_UPLOAD)
        if min(sent.width, sent.height) < 256 or sent.width * sent.height > 20_000_000:
            raise UnsuitedError("Freepik expands pictures of at least 256 pixels a side and at most 20 megapixels")
        body: dict[str, Any] = {"image": _b64(sent.data), **{side: order.params[side] for side in ("left", "right", "top", "bottom")}}
        if order.params["prompt"]:
            body["prompt"] = order.params["prompt"]
        return _Call(_EXPAND, body, "flux-pro-expand")

    async def _for_edit(self, order: Order) -> _Call:
        sent = await self._sent(order.picture)
        if min(sent.width, sent.height) < 256:
            raise UnsuitedError("Freepik edits pictures of at least 256 pixels a side")
        size = size_of(order.params)
        finish = Finish(size=size)
        count = order.params["num_images"]
        if "mask" in order.references:
            mask = await self._sent(order.references["mask"], mask="black", size=(sent.width, sent.height))
            body: dict[str, Any] = {"prompt": order.prompt, "image": _b64(sent.data), "mask": _b64(mask.data)}
            return _Call(_MASKED_EDIT, body, "ideogram-edit", finish, count)
        width, height = size or (sent.width, sent.height)
        body = {
            "prompt": order.prompt,
            "reference_images": [_b64(sent.data)],
            "aspect_ratio": _EDIT_RATIOS[nearest_ratio(width, height, RATIOS)],
        }
        return _Call(_EDIT, body, "seedream-4.5-edit", finish, count)

    async def _for_cut_out(self, order: Order) -> _Call:
        if not (_is_reachable_from_outside(order.public_url) or (self._is_near and order.public_url)):
            raise UnsuitedError("Freepik fetches the picture itself: PUBLIC_URL must be a public address for that")
        finish = Finish(
            mask_only=order.params["mask_only"],
            background_color=order.params["background_color"],
            background=order.references.get("background_image"),
        )
        return _Call(_CUT_OUT, {"image_url": order.public_url}, "freepik-remove-background", finish)

    # --- calls that answer with the picture

    async def _cut_out(self, order: Order, call: _Call, tasks: Tasks) -> _Drawn:
        async def post() -> dict[str, Any]:
            return await self._api.post(call.path, lambda: {"data": dict(call.body)}, seconds=self._post_seconds)

        try:
            body, uncertain = await charged_once(tasks, self.id, call.path, 0, post)
        except ProviderRejectedError as error:  # most often it could not fetch the picture, and others need no address
            raise UnsuitedError(error.detail) from error
        _, _, data = _state(body)
        url = next((data[name] for name in ("high_resolution", "url") if str(data.get(name, "")).startswith("http")), None)
        if url is None:
            raise ProviderFailedError("Freepik's answer names no picture")
        return await self._fetched(url, order, call, None, uncertain)

    async def _reimagined(self, order: Order, call: _Call, tasks: Tasks) -> _Drawn:
        async def post() -> dict[str, Any]:
            return await self._api.post(call.path, lambda: {"json": call.body}, seconds=max(self._post_seconds, _SYNCHRONOUS_SECONDS))

        body, uncertain = await charged_once(tasks, self.id, call.path, 0, post)
        task_id, _, data = _state(body)
        return await self._fetched(self._one_address(data), order, call, task_id, uncertain)

    async def _fetched(self, url: str, order: Order, call: _Call, task_id: str | None, uncertain: bool) -> _Drawn:
        data = await self._fetcher.result(url)
        picture = await receive(self._pool, data, order, provider=self.id, model=call.model, finish=call.finish)
        return _Drawn(picture, task_id, uncertain)

    def _one_address(self, data: dict[str, Any]) -> str:
        """The result's address.  Raises what the task ended with."""
        said = str(data.get("error") or "")
        has_nsfw = data.get("has_nsfw")
        if is_moderation(said) or (isinstance(has_nsfw, list) and has_nsfw and all(has_nsfw)):
            raise ModerationBlockedError(f"Freepik: {said or 'the result was withheld as not safe for work'}"[:300])
        found = _addresses(data)
        if not found:
            raise ProviderFailedError(f"Freepik made no picture{': ' + said if said else ''}"[:300])
        return found[0]

    # --- tasks: placed once, polled, fetched

    async def _several(self, order: Order, call: _Call, tell: Tell, tasks: Tasks) -> list[_Drawn]:
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

    async def _one(self, order: Order, call: _Call, index: int, tell: Tell, tasks: Tasks) -> _Drawn:
        task = await self._task(call, index, tasks)
        for again in (True, False):
            data = await self._finished(task, tell, tasks)
            try:
                return await self._fetched(self._one_address(data), order, call, task.task_id, task.uncertain)
            except ProviderFailedError:
                if not again:  # an expired address is signed anew by another look at the task
                    raise
        raise ProviderFailedError("Freepik's result could not be fetched")

    async def _task(self, call: _Call, index: int, tasks: Tasks) -> ProviderTask:
        """The placed task of a picture: the one the record knows, or a new one."""
        known = known_task(tasks, self.id, index)
        if known is None or (known.state == "failed" and known.task_id is None):
            return await self._place(call, index, tasks, uncertain=known is not None and known.uncertain)
        if known.state == "failed":
            raise ProviderFailedError(f"Freepik's task {known.task_id} failed")
        if known.task_id is not None:
            self._remember(known.task_id)
            return known
        adopted, _ = await self._reconciled(known, tasks)
        if adopted is not None:
            return adopted
        if known.uncertain:
            raise OutcomeUnknownError("Two calls may have been charged and gave nothing: there is no third")
        return await self._place(call, index, tasks, uncertain=True)

    def _remember(self, task_id: str) -> None:
        """A task with an owner: nobody adopts it.  The last ten thousand are enough, the list shows fewer."""
        self._mine[task_id] = None
        if len(self._mine) > _REMEMBERED:
            del self._mine[next(iter(self._mine))]

    async def _place(self, call: _Call, index: int, tasks: Tasks, *, uncertain: bool) -> ProviderTask:
        before = await self._listed(call.path)
        task = ProviderTask(
            engine=self.id, endpoint=call.path, index=index, placed_at=datetime.now(UTC), before=before, uncertain=uncertain
        )
        await tasks.save(task)
        self._posting[call.path] += 1
        try:
            body = await self._api.post(call.path, lambda: {"json": call.body}, seconds=self._post_seconds)
            task_id, _, _ = _state(body)
            if task_id is None:
                raise OutcomeUnknownError("Freepik's answer names no task")
            self._remember(task_id)
        except OutcomeUnknownError as error:
            lost = error
        except PhotoFunError:
            await tasks.save(task.model_copy(update={"state": "failed"}))
            raise
        else:
            return await self._placed(task, task_id, tasks)
        finally:
            self._posting[call.path] -= 1
        adopted, is_absent = await self._reconciled(task, tasks)
        if adopted is not None:
            return adopted
        if is_absent and not uncertain:
            return await self._place(call, index, tasks, uncertain=True)
        await tasks.save(task.model_copy(update={"state": "unknown"}))
        raise lost

    @staticmethod
    async def _placed(task: ProviderTask, task_id: str, tasks: Tasks) -> ProviderTask:
        placed = task.model_copy(update={"state": "placed", "task_id": task_id, "before": None})
        await tasks.save(placed)
        return placed

    async def _listed(self, path: str) -> list[str] | None:
        """The ids of the tasks the provider knows, or None when it doesn't say, or says too much to keep."""
        try:
            found = (await self._api.get(path)).get("data")
        except (UpstreamError, UnavailableError):
            return None
        except PhotoFunError:
            return None
        if not isinstance(found, list) or len(found) > _LISTED:
            return None
        return [str(entry["task_id"]) for entry in found if isinstance(entry, dict) and entry.get("task_id")]

    async def _reconciled(self, lost: ProviderTask, tasks: Tasks) -> tuple[ProviderTask | None, bool]:
        """Look for the task of a call whose answer was lost; also says whether it surely isn't there.

        Adopted is only what can be nobody else's: one new task, and no other call to this endpoint without an answer.
        """
        if lost.before is None:
            return None, False
        for attempt in range(_RECONCILE_TRIES):
            if not self._posting[lost.endpoint]:
                break
            await asyncio.sleep(self._backoff * (attempt + 1))
        listed = await self._listed(lost.endpoint)
        if listed is None:
            return None, False
        fresh = [found for found in listed if found not in {*lost.before, *self._mine}]
        elsewhere = await self._others() if self._others is not None else []
        taken = {task.task_id for task in [*elsewhere, *tasks.known()] if task.engine == self.id}
        fresh = [found for found in fresh if found not in taken]
        if not fresh:
            return None, True
        waiting = [task for task in [*elsewhere, *tasks.known()] if self._may_be_lost(task, lost)]
        if len(fresh) > 1 or waiting or self._posting[lost.endpoint]:
            return None, False
        self._remember(fresh[0])
        return await self._placed(lost, fresh[0], tasks), False

    def _may_be_lost(self, task: ProviderTask, mine: ProviderTask) -> bool:
        """Whether another call may have left a task in the list that no record names: one in doubt, or one made again after doubt."""
        if (task.engine, task.endpoint) != (self.id, mine.endpoint):
            return False
        same = (task.index, task.placed_at) == (mine.index, mine.placed_at)
        in_doubt = task.uncertain or (task.task_id is None and task.state in ("placing", "unknown"))
        return in_doubt and not same and task.placed_at > mine.placed_at - timedelta(minutes=10)

    async def _finished(self, task: ProviderTask, tell: Tell, tasks: Tasks) -> dict[str, Any]:
        """Poll until the task is done.  The caller's deadline ends it; the task stays placed and is polled by the next run."""
        began, pause = time.monotonic(), self._poll
        while True:
            try:
                _, status, data = _state(await self._api.get(f"{task.endpoint}/{task.task_id}"))
            except ProviderDownError:
                status, data = "", {}  # it is paid for: being away for a while is no reason to give it up
            if status in ("COMPLETED", "FAILED"):
                return await self._ended(task, status, data, tasks)
            spent = time.monotonic() - began
            tell(0.9 * spent / (spent + 15.0))
            await asyncio.sleep(pause)
            pause = min(self._poll_most, pause * 1.4)

    async def _ended(self, task: ProviderTask, status: str, data: dict[str, Any], tasks: Tasks) -> dict[str, Any]:
        state: Literal["done", "failed"] = "done" if status == "COMPLETED" else "failed"
        await tasks.save(task.model_copy(update={"state": state}))
        if state == "done":
            return data
        said = str(data.get("error") or "no reason given")
        if is_moderation(said):
            raise ModerationBlockedError(f"Freepik: {said}"[:300])
        raise ProviderFailedError(f"Freepik's task failed: {said}"[:300])

    async def aclose(self) -> None:
        await self._api.aclose()
        await self._fetcher.aclose()
