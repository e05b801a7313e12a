"""What can the gallery do?  Its verbs: keep, find, change, trash, restore, purge, tell lineage, and clean up after itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from photofun_common.bus import Bus
from photofun_common.contracts.conversation import SessionDeleted
from photofun_common.contracts.features import by_id, by_slug
from photofun_common.contracts.gallery import ImagePurged
from photofun_common.contracts.imaging import ImageReady
from photofun_common.errors import InvalidError, PhotoFunError, UnavailableError
from photofun_common.fileurls import FileUrls

from .domain import Cursors, Facets, Filter, Image, ImageNotDeletedError, ImageNotFoundError, Outcome, Page, Position, is_plausible
from .store import Act, SqlStore

__all__ = ["BULK_MOST", "Gallery", "History"]

log = logging.getLogger(__name__)
BULK_MOST = 500
_BATCH = 200
_TEXTS = ("params", "metadata", "prompt", "refined_prompt", "degraded")


class History:
    """Where a picture came from and what it led to."""

    def __init__(self, image: Image, ancestors: Sequence[Image], descendants: Sequence[Image]) -> None:
        self.image = image
        self.ancestors = list(ancestors)
        self.children: dict[str, list[Image]] = {}
        for child in descendants:
            self.children.setdefault(str(child.parent_id), []).append(child)


class Gallery:
    """One person's pictures, for everybody."""

    def __init__(
        self,
        store: SqlStore,
        bus: Bus,
        files: FileUrls,
        cursors: Cursors,
        *,
        trash_days: int,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._bus = bus
        self._files = files
        self._cursors = cursors
        self._clock = clock
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self.trash_days = trash_days

    def now(self) -> datetime:
        return self._clock()

    # --- what others tell

    async def take_result(self, fact: ImageReady) -> None:
        """File a finished picture, once."""
        fact = fact.model_copy(update=_without_nul({name: getattr(fact, name) for name in _TEXTS}))
        feature = by_id(fact.feature) or by_slug(fact.feature)
        picture = fact.picture
        made = fact.created_at if fact.created_at.tzinfo else fact.created_at.replace(tzinfo=UTC)
        image = Image(
            id=picture.image_id, user_id=fact.user_id, key=picture.key, job_id=fact.job_id, step=fact.step, index=fact.index,
            session_id=fact.session_id, parent_id=fact.parent_id, feature=feature.slug if feature else fact.feature,
            intent=feature.id if feature else fact.feature, params=fact.params, prompt=fact.prompt, refined_prompt=fact.refined_prompt,
            provider=fact.provider, model=fact.model, degraded=fact.degraded, width=picture.width, height=picture.height,
            bytes=picture.bytes, content_type=picture.content_type, metadata=fact.metadata, created_at=made, updated_at=made,
        )  # fmt: skip
        if not await self._store.save_result(image, now=self.now()):
            log.info("picture is gone for good", extra={"image_id": image.id})

    async def follow_session(self, fact: SessionDeleted) -> None:
        """Trash the pictures of a deleted session when the person wished so."""
        if fact.images == "trash":
            number = await self._store.trash_session(fact.user_id, fact.session_id, now=self.now())
            log.info("session's pictures trashed", extra={"session_id": fact.session_id, "count": number})

    # --- one picture

    async def bring(self, user_id: str, image_url: str, **said: Any) -> Image:
        """File a picture that a person names by its URL.  The same URL twice is one row."""
        key = self._files.key_of(image_url)
        if key is None and self._files.is_ours(image_url):
            raise InvalidError("image_url: this address of the studio is no picture", slug="unsafe-url", title="The URL is not allowed")
        if key is not None and not self._files.is_signed_url(image_url):
            raise InvalidError(
                "image_url: the picture's URL is not signed or has expired", slug="unsafe-url", title="The URL is not allowed"
            )
        now = self.now()
        image = Image(id=uuid4().hex, user_id=user_id, key=key, url=None if key else image_url, created_at=now, updated_at=now, **said)
        return await self._store.save_import(image, source=f"key:{key}" if key else image_url)

    async def get(self, image_id: str, user_id: str | None, *, trashed: bool = False) -> Image:
        """The picture.  Raises ImageNotFoundError, also for another's, and for a trashed one unless `trashed`."""
        image = await self._store.find(_checked(image_id), user_id)
        if image is None or (image.deleted_at is not None and not trashed):
            raise ImageNotFoundError
        return image

    async def change(self, image_id: str, user_id: str | None, changes: dict[str, Any], *, trashed: bool = False) -> Image:
        """Title, tags, favourite."""
        image = await self._store.change(_checked(image_id), user_id, changes, trashed=trashed, now=self.now())
        if image is None:
            raise ImageNotFoundError
        return image

    async def trash(self, image_id: str, user_id: str | None) -> Image:
        """Into the trash; a second time changes nothing."""
        await self._act_on("trash", image_id, user_id)
        return await self.get(image_id, user_id, trashed=True)

    async def restore(self, image_id: str, user_id: str | None) -> Image:
        """Out of the trash.  Raises ImageNotDeletedError when it is not in there."""
        if await self._act_on("restore", image_id, user_id) == "not_in_trash":
            raise ImageNotDeletedError
        return await self.get(image_id, user_id, trashed=True)

    async def purge(self, image_id: str, user_id: str | None) -> None:
        """Gone for good, the file too unless another row uses it."""
        await self._act_on("purge", image_id, user_id, force=True)
        self._wake.set()

    async def _act_on(self, act: Act, image_id: str, user_id: str | None, *, force: bool = False) -> Outcome:
        outcomes = await self._store.act(act, [_checked(image_id)], user_id, now=self.now(), force=force)
        if outcomes[image_id] == "not_found":
            raise ImageNotFoundError
        return outcomes[image_id]

    # --- many pictures

    async def act(self, act: Act, ids: Sequence[str], user_id: str | None, *, force: bool = False) -> dict[str, Outcome]:
        """Trash, restore or purge up to 500 pictures; each id gets its outcome."""
        plausible = [image_id for image_id in ids if is_plausible(image_id)]
        done = await self._store.act(act, plausible, user_id, now=self.now(), force=force) if plausible else {}
        self._wake.set()
        return {image_id: done.get(image_id, "not_found") for image_id in ids}

    async def empty(self, act: Act, user_id: str) -> dict[str, Outcome]:
        """Restore or purge the whole trash of a person, batch by batch; what is trashed meanwhile stays."""
        begun = self.now()
        outcomes: dict[str, Outcome] = {}
        while ids := await self._store.trash_ids(user_id, before=begun + timedelta(microseconds=1), limit=_BATCH):
            done = await self.act(act, ids, user_id)
            fresh = {image_id: outcome for image_id, outcome in done.items() if outcome in ("restored", "purged")}
            outcomes.update(fresh)
            if not fresh:
                break
        return outcomes

    async def page(self, wanted: Filter, *, cursor: str | None, limit: int, total: bool = False) -> Page:
        """One page, newest first.  Raises InvalidError for a cursor that is none of ours."""
        after = self._cursors.read(wanted.view, cursor) if cursor else None
        images = await self._store.page(wanted, after, limit + 1)
        more = len(images) > limit
        images = images[:limit]
        last = _position(images[-1], wanted) if more else None
        count = await self._store.count(wanted) if total else None
        return Page(tuple(images), self._cursors.write(wanted.view, last) if last else None, count)

    async def each(self, wanted: Filter) -> AsyncIterator[Image]:
        """Every picture of a filter, read page by page."""
        after: Position | None = None
        while images := await self._store.page(wanted, after, _BATCH):
            for image in images:
                yield image
            after = _position(images[-1], wanted)

    async def history(self, image_id: str, user_id: str | None, *, trashed: bool = False) -> History:
        """The chain before the picture and the tree behind it; relatives in the trash are part of it."""
        image = await self.get(image_id, user_id, trashed=trashed)
        return History(image, await self._store.ancestors(image), await self._store.descendants(image))

    async def facets(self, user_id: str) -> Facets:
        return await self._store.facets(user_id)

    # --- cleaning up

    async def sweep(self) -> int:
        """Purge what lay in the trash too long.  Several replicas may do so at once."""
        now = self.now()
        before = now - timedelta(days=self.trash_days)
        purged = 0
        while ids := await self._store.trash_ids(None, before=before, limit=_BATCH):
            outcomes = await self._store.act("purge", ids, None, now=now, before=before)
            purged += sum(outcome == "purged" for outcome in outcomes.values())
            if "purged" not in outcomes.values():
                break
        if purged:
            self._wake.set()
            log.info("old trash purged", extra={"count": purged})
        return purged

    async def relay(self) -> int:
        """Tell imaging-svc which files go.  What can't be told now is tried again later."""
        told: list[str] = []
        for row in await self._store.due(self.now()):
            fact = ImagePurged(job_id=row.image_id, user_id=row.user_id, image_id=row.image_id, key=row.key)
            try:
                await self._bus.publish(fact)
                told.append(row.image_id)
            except UnavailableError:
                await self._store.postpone(row.image_id, row.attempts + 1, self.now())
                break
        await self._store.told(told)
        return len(told)

    def stop(self) -> None:
        """End the loops below, after what they have in hand."""
        self._stopping.set()
        self._wake.set()

    async def keep_relaying(self, every: float) -> None:
        """Relay at once when something was purged, and every few seconds anyway, until `stop`."""
        while not self._stopping.is_set():
            self._wake.clear()
            if not await _calmly(self.relay) and not self._stopping.is_set():
                await _heard(self._wake, every)

    async def keep_sweeping(self, every: float) -> None:
        """Sweep now and then, until `stop`."""
        while not self._stopping.is_set():
            await _calmly(self.sweep)
            await _heard(self._stopping, every)


async def _heard(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


async def _calmly(work: Callable[[], Awaitable[int]]) -> int:
    try:
        return await work()
    except PhotoFunError as error:
        log.warning("put off", extra={"work": getattr(work, "__name__", "work"), "error": error.detail})
    except Exception:  # a background loop must go on whatever happens
        log.exception("background work failed", extra={"work": getattr(work, "__name__", "work")})
    return 0


def _without_nul(value: Any) -> Any:
    """The same without NUL characters, which PostgreSQL keeps nowhere."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(inner) for key, inner in value.items()}
    return [_without_nul(inner) for inner in value] if isinstance(value, list) else value


def _checked(image_id: str) -> str:
    if not is_plausible(image_id):
        raise ImageNotFoundError
    return image_id


def _position(image: Image, wanted: Filter) -> Position:
    at = image.deleted_at if wanted.trash else image.created_at
    assert at is not None
    return Position(at, image.id)
