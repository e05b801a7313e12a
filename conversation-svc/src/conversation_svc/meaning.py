"""Which pictures does a message name?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from photofun_common.bus import Bus
from photofun_common.contracts.values import PictureRef
from photofun_common.errors import InvalidError
from photofun_common.fileurls import FileUrls

from .domain import Session
from .store import Store

__all__ = ["Meaning", "Wish"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person sends: words, pictures in the order they count, and how to go about it."""

    text: str
    data: bytes | None = None
    image_url: str | None = None
    selected: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    feature_params: dict[str, Any] = field(default_factory=dict)
    mode: Literal["auto", "review"] = "auto"
    refine: bool = True

    @property
    def brings_picture(self) -> bool:
        return self.data is not None or bool(self.image_url)


class Meaning:
    """Finds the pictures a wish names.  `signed`: a file of ours counts as ours only with its signature."""

    def __init__(self, store: Store, bus: Bus, files: FileUrls, *, signed: bool) -> None:
        self._store, self._bus, self._files, self._signed = store, bus, files, signed

    async def pictures(self, session: Session, wish: Wish) -> list[PictureRef]:
        """Pictures that the message names, in the order they count; uploads are parked on the way."""
        found: list[PictureRef] = []
        selected = await self._selected(session, wish.selected)
        if wish.data is not None:
            name = uuid4().hex
            await self._bus.park(name, wish.data)
            found.append(PictureRef(upload=name))
        if wish.image_url:
            found.append(self.ref_of(wish.image_url, session))
        return [*found, *selected, *(self.ref_of(url, session) for url in wish.additional)]

    async def _selected(self, session: Session, message_ids: Sequence[str]) -> list[PictureRef]:
        if not message_ids:
            return []
        turns = await self._store.turns_by_message(session.session_id, message_ids)
        found: list[PictureRef] = []
        for message_id in message_ids:
            turn = next((turn for turn in turns if message_id in (turn.message_id, turn.user_message_id)), None)
            if turn is None:
                message = f"there is no message {message_id[:64]!r} in this session"
                raise InvalidError(f"selected_messages: {message}", errors=[{"field": "selected_messages", "message": message}])
            ref = turn.best_picture if message_id == turn.message_id else turn.sent_picture
            if ref is not None:
                found.append(ref)
        return found

    def ref_of(self, url: str, session: Session) -> PictureRef:
        """One of our own file URLs is read from the store; any other is fetched by imaging-svc, which judges it."""
        key = self._files.key_of(url)
        if key is None:
            return PictureRef(url=url)
        known = session.by_key(key)
        if known is not None:
            return known.ref
        return PictureRef(key=key) if not self._signed or self._files.is_signed_url(url) else PictureRef(url=url)
