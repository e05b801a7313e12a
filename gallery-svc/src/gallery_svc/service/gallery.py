"""What can a person do with pictures?  Keep, find, change, trash, restore, purge, ask where they come from."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from photofun_common.contracts.conversation import SessionDeleted
from photofun_common.contracts.features import by_id, by_slug
from photofun_common.contracts.imaging import ImageReady
from photofun_common.errors import InvalidError
from photofun_common.fileurls import FileUrls

from ..domain import Cursors, Facets, Filter, Image, ImageNotDeletedError, ImageNotFoundError, Outcome, Page, Position, is_plausible
from ..store import Act, Stores

__all__ = ["BULK_MOST", "Gallery", "History", "checked"]

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
        stores: Stores,
        files: FileUrls,
        cursors: Cursors,
        *,
        trash_days: int,
        wake: Callable[[], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._filing, self._images, self._lists, self._lineage = stores.filing, stores.images, stores.lists, stores.lineage
        self._files = files
        self._cursors = cursors
        self._wake = wake
        self._clock = clock
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
            session_id=fact.session_id, parent_id=fact.parent_id, parent_key=fact.parent_key, prompt=fact.prompt,
            feature=feature.slug if feature else fact.feature, intent=feature.id if feature else fact.feature, params=fact.params,
            refined_prompt=fact.refined_prompt, provider=fact.provider, model=fact.model, degraded=fact.degraded, width=picture.width,
            height=picture.height, bytes=picture.bytes, content_type=picture.content_type, metadata=fact.metadata, created_at=made,
            updated_at=made,
        )  # fmt: skip
        if not await self._filing.save_result(image, accepted_at=fact.accepted_at or made, now=self.now()):
            log.info("picture is gone for good", extra={"image_id": image.id})

    async def follow_session(self, fact: SessionDeleted) -> None:
        """Trash the pictures of a deleted session when the person wished so."""
        if fact.images == "trash":
            number = await self._images.trash_session(fact.user_id, fact.session_id, now=self.now())
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
        return await self._filing.save_import(image, source=f"key:{key}" if key else image_url)

    async def get(self, image_id: str, user_id: str | None, *, trashed: bool = False) -> Image:
        """The picture.  Raises ImageNotFoundError, also for another's, and for a trashed one unless `trashed`."""
        image = await self._images.find(checked(image_id), user_id)
        if image is None or (image.deleted_at is not None and not trashed):
            raise ImageNotFoundError
        return image

    async def change(self, image_id: str, user_id: str | None, changes: dict[str, Any], *, trashed: bool = False) -> Image:
        """Title, tags, favourite."""
        image = await self._images.change(checked(image_id), user_id, changes, trashed=trashed, now=self.now())
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
        self._wake()

    async def _act_on(self, act: Act, image_id: str, user_id: str | None, *, force: bool = False) -> Outcome:
        outcomes = await self._images.act(act, [checked(image_id)], user_id, now=self.now(), force=force)
        if outcomes[image_id] == "not_found":
            raise ImageNotFoundError
        return outcomes[image_id]

    # --- many pictures

    async def act(self, act: Act, ids: Sequence[str], user_id: str | None, *, force: bool = False) -> dict[str, Outcome]:
        """Trash, restore or purge up to 500 pictures; each id gets its outcome."""
        plausible = [image_id for image_id in ids if is_plausible(image_id)]
        done = await self._images.act(act, plausible, user_id, now=self.now(), force=force) if plausible else {}
        self._wake()
        return {image_id: done.get(image_id, "not_found") for image_id in ids}

    async def empty(self, act: Act, user_id: str) -> dict[str, Outcome]:
        """Restore or purge the whole trash of a person, batch by batch; what is trashed meanwhile stays."""
        begun = self.now()
        outcomes: dict[str, Outcome] = {}
        while ids := await self._lists.trash_ids(user_id, before=begun + timedelta(microseconds=1), limit=_BATCH):
            done = await self.act(act, ids, user_id)
            fresh = {image_id: outcome for image_id, outcome in done.items() if outcome in ("restored", "purged")}
            outcomes.update(fresh)
            if not fresh:
                break
        return outcomes

    async def page(self, wanted: Filter, *, cursor: str | None, limit: int, total: bool = False) -> Page:
        """One page, newest first.  Raises InvalidError for a cursor that is none of ours."""
        after = self._cursors.read(wanted.view, cursor) if cursor else None
        images = await self._lists.page(wanted, after, limit + 1)
        more = len(images) > limit
        images = images[:limit]
        last = _position(images[-1], wanted) if more else None
        count = await self._lists.count(wanted) if total else None
        return Page(tuple(images), self._cursors.write(wanted.view, last) if last else None, count)

    async def each(self, wanted: Filter) -> AsyncIterator[Image]:
        """Every picture of a filter, read page by page."""
        after: Position | None = None
        while images := await self._lists.page(wanted, after, _BATCH):
            for image in images:
                yield image
            after = _position(images[-1], wanted)

    async def history(self, image_id: str, user_id: str | None, *, trashed: bool = False) -> History:
        """The chain before the picture and the tree behind it; relatives in the trash are part of it."""
        image = await self.get(image_id, user_id, trashed=trashed)
        return History(image, await self._lineage.ancestors(image), await self._lineage.descendants(image))

    async def facets(self, user_id: str) -> Facets:
        return await self._lists.facets(user_id)


def _without_nul(value: Any) -> Any:
    """The same without NUL characters, which PostgreSQL keeps nowhere."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(inner) for key, inner in value.items()}
    return [_without_nul(inner) for inner in value] if isinstance(value, list) else value


def checked(image_id: str) -> str:
    if not is_plausible(image_id):
        raise ImageNotFoundError
    return image_id


def _position(image: Image, wanted: Filter) -> Position:
    at = image.deleted_at if wanted.trash else image.created_at
    assert at is not None
    return Position(at, image.id)
