"""Where are sessions and their messages kept?  MongoDB: a document a session, a document a turn, every change conditional."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from photofun_common.contracts.prompt import Choice, PlanMetadata, PlannedStep
from photofun_common.contracts.values import PictureRef, ProblemData
from photofun_common.errors import UnavailableError
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, IndexModel, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from .domain import ACTIVE, MAX_PICTURES, Erasure, Session, SessionPicture, Status, Turn

log = logging.getLogger(__name__)
__all__ = ["NumberTakenError", "Store", "open_client"]

P = ParamSpec("P")
R = TypeVar("R")
_TOMBSTONE_DAYS = 7
_PATIENCE = 16
_COUNTED = 5000
Document = dict[str, Any]


class NumberTakenError(Exception):
    """Another turn of the session has this number."""


def open_client(uri: str) -> AsyncMongoClient[Document]:
    """A client that gives up early instead of hanging."""
    return AsyncMongoClient(
        uri,
        tz_aware=True,
        uuidRepresentation="standard",
        serverSelectionTimeoutMS=2000,
        timeoutMS=5000,
        connectTimeoutMS=2000,
        heartbeatFrequencyMS=1000,
        maxPoolSize=50,
        appname="conversation-svc",
    )


def guarded(call: Callable[Concatenate[Store, P], Awaitable[R]]) -> Callable[Concatenate[Store, P], Coroutine[Any, Any, R]]:
    """Trouble with the server becomes UnavailableError, whatever the driver calls it; a server known to be away is not waited for."""

    @functools.wraps(call)
    async def guard(self: Store, /, *args: P.args, **kwargs: P.kwargs) -> R:
        await self.wait_writable()
        try:
            return await call(self, *args, **kwargs)
        except PyMongoError as error:
            log.warning("document store trouble", extra={"error": f"{type(error).__name__}: {error}"[:300]})
            raise UnavailableError("The document store does not answer", slug="store-unavailable") from error

    return guard


class Store:
    """Sessions and turns.  `owner` None means that knowing the id is enough."""

    def __init__(self, client: AsyncMongoClient[Document], database: str = "photofun") -> None:
        self._client = client
        base = client.get_default_database(database)
        self._sessions = base["sessions"]
        self._turns = base["turns"]
        self._indexed = asyncio.Event()

    async def connect(self) -> None:
        """Begin to watch the server; this does not wait for it."""
        await self._client.aconnect()

    async def wait_writable(self) -> None:
        """Go on once the server is known to be there.  Raises UnavailableError when it is not for most of a second."""
        for _ in range(_PATIENCE):
            if self._client.topology_description.has_writable_server():
                return
            await asyncio.sleep(0.05)
        raise UnavailableError("The document store is not reachable", slug="store-unavailable")

    @guarded
    async def ensure_indexes(self) -> None:
        await self._sessions.create_indexes(
            [
                IndexModel([("user_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="by_user"),
                IndexModel([("bury_due", ASCENDING)], name="to_bury", sparse=True),
                IndexModel([("buried_at", ASCENDING)], name="tombstones", expireAfterSeconds=_TOMBSTONE_DAYS * 86400),
            ]
        )
        await self._turns.create_indexes(
            [
                IndexModel([("session_id", ASCENDING), ("seq", DESCENDING)], name="by_session", unique=True),
                IndexModel([("user_message_id", ASCENDING)], name="by_user_message", unique=True),
                IndexModel([("user_id", ASCENDING), ("status", ASCENDING)], name="by_user_status"),
                IndexModel([("status", ASCENDING), ("deadline", ASCENDING)], name="overdue"),
                IndexModel([("outbox_due", ASCENDING)], name="outbox", sparse=True),
            ]
        )
        self._indexed.set()

    async def ping(self) -> bool:
        return bool((await self._client.admin.command("ping")).get("ok"))

    # --- sessions

    @guarded
    async def add_session(self, session: Session) -> Session | None:
        """Write a new session; the one with its id that is there already wins.  None when that one was deleted."""
        try:
            await self._sessions.insert_one(_from_session(session))
        except DuplicateKeyError:
            return _to_session(await self._sessions.find_one(_live(session.session_id, session.user_id)))
        return session

    @guarded
    async def session(self, session_id: str, owner: str | None) -> Session | None:
        return _to_session(await self._sessions.find_one(_live(session_id, owner)))

    @guarded
    async def sessions_of(self, owner: str, *, limit: int, before: tuple[datetime, str] | None) -> list[Session]:
        """The user's sessions, newest first, those that come after `before` (time and id)."""
        query: Document = {"user_id": owner, "deleted": False}
        if before is not None:
            at, session_id = before
            query["$or"] = [{"created_at": {"$lt": at}}, {"created_at": at, "_id": {"$lt": session_id}}]
        found = self._sessions.find(query, {"pictures": 0}).sort([("created_at", DESCENDING), ("_id", DESCENDING)]).limit(limit)
        return [session for document in await found.to_list(None) if (session := _to_session(document))]

    @guarded
    async def rename(self, session_id: str, owner: str | None, title: str, now: datetime) -> Session | None:
        return _to_session(await _changed(self._sessions, _live(session_id, owner), {"$set": {"title": title, "updated_at": now}}))

    @guarded
    async def touch(self, session_id: str, seq: int, at: datetime, title: str | None) -> bool:
        """Note that a message came; only a session without a title gets one.  False when the session is gone."""
        noted: Document = {"$max": {"last_seq": seq, "updated_at": at}}
        if title is not None:
            entitled = {**noted, "$set": {"title": title}}
            if (await self._sessions.update_one({**_live(session_id, None), "title": None}, entitled)).matched_count:
                return True
        return bool((await self._sessions.update_one(_live(session_id, None), noted)).matched_count)

    @guarded
    async def take_number(self, session_id: str, owner: str | None, at: datetime) -> Session | None:
        """The session with a number taken that is above every turn's."""
        newest = await self._turns.find({"session_id": session_id}, {"seq": 1}).sort("seq", DESCENDING).limit(1).to_list(None)
        while True:
            session = _to_session(await self._sessions.find_one(_live(session_id, owner)))
            if session is None:
                return None
            number = max(session.last_seq, newest[0]["seq"] if newest else 0) + 1
            query = {**_live(session_id, owner), "last_seq": session.last_seq}
            if (await self._sessions.update_one(query, {"$set": {"last_seq": number, "updated_at": at}})).matched_count:
                return replace(session, last_seq=number, updated_at=at)

    @guarded
    async def place(self, session_id: str, picture: SessionPicture, mark: int | None) -> None:
        """Put a picture in its place among the session's, once; `mark` makes it current unless something later moved that already."""
        query: Document = {"_id": session_id, "deleted": False}
        absent: Document = {**query, "pictures.image_id": {"$ne": picture.image_id}}
        push: Document = {"$each": [asdict(picture)], "$sort": {"rank": 1, "step": 1, "index": 1}, "$slice": -MAX_PICTURES}
        if mark is not None:
            both: Document = {"$push": {"pictures": push}, "$set": {"current": picture.image_id, "mark": mark}}
            if (await self._sessions.update_one({**absent, "mark": {"$lt": mark}}, both)).matched_count:
                return
        await self._sessions.update_one(absent, {"$push": {"pictures": push}})
        if mark is not None:
            await self.make_current(session_id, picture.image_id, mark)

    @guarded
    async def make_current(self, session_id: str, image_id: str, mark: int) -> None:
        """Move the current picture, unless something later in the conversation moved it already."""
        await self._sessions.update_one(
            {"_id": session_id, "deleted": False, "mark": {"$lt": mark}}, {"$set": {"current": image_id, "mark": mark}}
        )

    @guarded
    async def entomb(self, session_id: str, owner: str | None, images: str, now: datetime) -> Session | None:
        """Take a session away from everybody; what is left is buried by `bury`."""
        changes = {
            "deleted": True, "buried_at": now, "title": None, "pictures": [], "current": None, "bury": {"images": images, "job_ids": None},
            "bury_due": now + timedelta(seconds=3),
        }  # fmt: skip
        return _to_session(await _changed(self._sessions, _live(session_id, owner), {"$set": changes}))

    @guarded
    async def note_jobs(self, session_id: str, job_ids: list[str]) -> None:
        await self._sessions.update_one({"_id": session_id, "bury.job_ids": None}, {"$set": {"bury.job_ids": job_ids}})

    @guarded
    async def claim_burial(self, now: datetime, until: datetime) -> Session | None:
        return _to_session(
            await self._sessions.find_one_and_update(
                {"bury_due": {"$lte": now}}, {"$set": {"bury_due": until}}, return_document=ReturnDocument.AFTER
            )
        )

    @guarded
    async def buried(self, session_id: str) -> None:
        await self._sessions.update_one({"_id": session_id}, {"$unset": {"bury_due": "", "bury": ""}})

    # --- turns

    @guarded
    async def add_turn(self, turn: Turn, outbox_due: datetime) -> Turn:
        """Write a new turn; the one with its id that is there already wins.  Raises NumberTakenError."""
        try:
            await asyncio.wait_for(self._indexed.wait(), _PATIENCE * 0.05)
        except TimeoutError as error:
            raise UnavailableError("The document store is not ready", slug="store-unavailable") from error
        try:
            await self._turns.insert_one({**_from_turn(turn), "outbox_due": outbox_due})
        except DuplicateKeyError as error:
            made = _to_turn(await self._turns.find_one({"_id": turn.message_id}))
            if made is None:
                raise NumberTakenError from error
            return made
        return turn

    @guarded
    async def turn(self, message_id: str, *, session_id: str | None = None, owner: str | None = None) -> Turn | None:
        """The turn whose answer has this id."""
        return _to_turn(await self._turns.find_one(_turn(message_id, session_id, owner)))

    @guarded
    async def made(self, message_id: str) -> Turn | None:
        """The turn with this id, whatever of it was deleted."""
        return _to_turn(await self._turns.find_one({"_id": message_id}))

    @guarded
    async def turn_of_any(self, message_id: str, session_id: str, owner: str | None) -> Turn | None:
        """The turn one of whose two messages has this id."""
        for name in ("_id", "user_message_id"):
            query: Document = {name: message_id, "session_id": session_id}
            if found := await self._turns.find_one(query if owner is None else {**query, "user_id": owner}):
                return _to_turn(found)
        return None

    @guarded
    async def turns(self, session_id: str, *, limit: int, before: int | None = None) -> list[Turn]:
        """The newest turns with a number below `before`, oldest first."""
        query: Document = {"session_id": session_id}
        if before is not None:
            query["seq"] = {"$lt": before}
        found = await self._turns.find(query).sort("seq", DESCENDING).limit(limit).to_list(None)
        return [turn for document in reversed(found) if (turn := _to_turn(document))]

    @guarded
    async def said(self, user_id: str, *, sessions: int, limit: int) -> list[str]:
        """Words of a person's newest sessions that made pictures, the newest first."""
        newest = (
            await self._sessions.find({"user_id": user_id, "deleted": False}, {"_id": 1})
            .sort("created_at", DESCENDING)
            .limit(sessions)
            .to_list(None)
        )
        found: list[str] = []
        for session in newest:
            if len(found) >= limit:
                break
            query: Document = {"session_id": session["_id"], "status": "DONE", "intent": {"$nin": ["chat", "clarify", "undo"]}}
            turns = await self._turns.find(query).sort("seq", DESCENDING).limit(limit - len(found)).to_list(None)
            found += [turn.text for document in turns if (turn := _to_turn(document)) and not turn.user_deleted and turn.text]
        return found

    @guarded
    async def turns_by_message(self, session_id: str, message_ids: Collection[str]) -> list[Turn]:
        found: dict[str, Document] = {}
        for name in ("_id", "user_message_id"):
            for document in await self._turns.find({name: {"$in": list(message_ids)}, "session_id": session_id}).to_list(None):
                found[document["_id"]] = document
        return [turn for document in found.values() if (turn := _to_turn(document))]

    @guarded
    async def count_processing(self, owner: str, most: int) -> int:
        return await self._turns.count_documents({"user_id": owner, "status": "PROCESSING"}, limit=most)

    @guarded
    async def count_waiting(self) -> int:
        """How many turns of all are unfinished, counted up to a bound."""
        return await self._turns.count_documents({"status": "PROCESSING"}, limit=_COUNTED)

    @guarded
    async def active_ids(self, session_id: str) -> list[str]:
        found = self._turns.find({"session_id": session_id, "status": {"$in": sorted(ACTIVE)}}, {"_id": 1})
        return [document["_id"] for document in await found.to_list(None)]

    @guarded
    async def change(
        self,
        message_id: str,
        changes: Document,
        *,
        attempt: int | None = None,
        statuses: Collection[Status] | None = None,
        approved: bool | None = None,
        outbox_due: datetime | None = None,
    ) -> Turn | None:
        """Set fields of a turn that is in the expected state; None when it is not.  `outbox_due` says when the relay may take it."""
        query: Document = {"_id": message_id, "answer_deleted": False}
        if attempt is not None:
            query["attempt"] = attempt
        if statuses is not None:
            query["status"] = {"$in": sorted(statuses)}
        if approved is not None:
            query["approved"] = approved
        document = {name: _plain(value) for name, value in changes.items()}
        if outbox_due is not None:
            document["outbox_due"] = outbox_due
        return _to_turn(await _changed(self._turns, query, {"$set": document}))

    @guarded
    async def add_to_turn(self, message_id: str, what: str, picture: SessionPicture, changes: Document) -> None:
        """Add a picture to the turn's `uploaded` or `results`, once."""
        await self._turns.update_one(
            {"_id": message_id, "answer_deleted": False, f"{what}.image_id": {"$ne": picture.image_id}},
            {"$push": {what: asdict(picture)}} | ({"$set": {name: _plain(value) for name, value in changes.items()}} if changes else {}),
        )

    @guarded
    async def finish(self, turn: Turn, new: list[SessionPicture], changes: Document) -> Turn | None:
        """End an unfinished turn of the same attempt and add its new results; None when it changed meanwhile."""
        query: Document = {"_id": turn.message_id, "answer_deleted": False, "attempt": turn.attempt, "status": {"$in": sorted(ACTIVE)}}
        update: Document = {"$set": {name: _plain(value) for name, value in changes.items()}}
        if new:
            query["results.image_id"] = {"$nin": [picture.image_id for picture in new]}
            update["$push"] = {"results": {"$each": [asdict(picture) for picture in new]}}
        return _to_turn(await _changed(self._turns, query, update))

    @guarded
    async def sent(self, turns: list[Turn]) -> None:
        """The outbox entries are done, unless others took their place; turns of which nothing is left go."""
        told: dict[tuple[int, str | None], list[str]] = defaultdict(list)
        for turn in turns:
            told[turn.attempt, turn.outbox].append(turn.message_id)
        for (attempt, outbox), ids in told.items():
            await self._turns.update_many(
                {"_id": {"$in": ids}, "attempt": attempt, "outbox": outbox}, {"$set": {"outbox": None}, "$unset": {"outbox_due": ""}}
            )
            await self._turns.delete_many({"_id": {"$in": ids}, "user_deleted": True, "answer_deleted": True, "outbox": None})

    @guarded
    async def claim_outbox(self, now: datetime, until: datetime) -> Turn | None:
        """A turn whose event is owed; nobody else gets it before `until`."""
        return _to_turn(
            await self._turns.find_one_and_update(
                {"outbox_due": {"$lte": now}}, {"$set": {"outbox_due": until}}, return_document=ReturnDocument.AFTER
            )
        )

    @guarded
    async def processing(self, *, deadline_before: datetime | None = None, untouched_since: datetime | None = None) -> list[Turn]:
        """Unfinished turns, the most urgent first."""
        query: Document = {"status": "PROCESSING"}
        if deadline_before is not None:
            query["deadline"] = {"$lt": deadline_before}
        if untouched_since is not None:
            query["updated_at"] = {"$lt": untouched_since}
        found = await self._turns.find(query).sort("deadline", ASCENDING).limit(200).to_list(None)
        return [turn for document in found if (turn := _to_turn(document))]

    @guarded
    async def hide(self, message_id: str, side: Literal["user", "answer"], *, ended: bool) -> None:
        """Erase one message of a turn; the document goes when both are gone.  While the job runs its request stays."""
        if side == "user":
            gone: Document = {"user_deleted": True, "text": "", "sent": [], **({"request": ""} if ended else {})}
        else:
            gone = {"answer_deleted": True, "reply": None, "refined_prompt": None}
        await self._turns.update_one({"_id": message_id}, {"$set": gone})
        await self._turns.delete_one({"_id": message_id, "user_deleted": True, "answer_deleted": True, "outbox": None})

    @guarded
    async def erase_user(self, user_id: str, at: datetime) -> Erasure:
        """Drop a person's sessions and turns that were there at `at`; what they were about, for whoever must hear of it."""
        before: Document = {"user_id": user_id, "created_at": {"$lte": at}}
        active: list[str] = []
        keys: set[str | None] = set()
        async for turn in self._turns.find(before, {"status": 1, "uploaded.key": 1, "sent": 1, "picture": 1, "reference": 1}):
            active += [turn["_id"]] if turn.get("status") in ACTIVE else []
            refs = [*turn.get("uploaded", ()), *turn.get("sent", ()), turn.get("picture"), turn.get("reference")]
            keys |= {ref.get("key") for ref in refs if ref}
        async for session in self._sessions.find(before, {"pictures.key": 1}):
            keys |= {picture["key"] for picture in session.get("pictures", ())}
        turns = await self._turns.delete_many(before)
        sessions = await self._sessions.delete_many(before)
        return Erasure(sessions.deleted_count, turns.deleted_count, tuple(active), tuple(sorted(key for key in keys if key)))

    @guarded
    async def known_files(self, keys: Collection[str]) -> set[str]:
        """Which of these files a session or a message shows or works on."""
        wanted = {"$in": list(keys)}
        found: set[str] = set()
        async for session in self._sessions.find({"pictures.key": wanted}, {"pictures.key": 1}):
            found |= {picture["key"] for picture in session.get("pictures", ())}
        names = ("picture.key", "reference.key", "sent.key", "uploaded.key", "results.key")
        async for turn in self._turns.find({"$or": [{name: wanted} for name in names]}, dict.fromkeys(names, 1)):
            refs = [turn.get("picture"), turn.get("reference")]
            refs += [one for name in ("sent", "uploaded", "results") for one in turn.get(name, ())]
            found |= {ref["key"] for ref in refs if ref and ref.get("key")}
        return found & set(keys)

    @guarded
    async def drop_turns(self, session_id: str) -> None:
        await self._turns.delete_many({"session_id": session_id})


async def _changed(collection: AsyncCollection[Document], query: Document, update: Document) -> Document | None:
    """The document with the query's `_id` after the update; None when none matched.  (SecantusDB's findAndModify reads all documents.)"""
    if not (await collection.update_one(query, update)).matched_count:
        return None
    return await collection.find_one({"_id": query["_id"]})


def _live(session_id: str, owner: str | None) -> Document:
    query: Document = {"_id": session_id, "deleted": False}
    return query if owner is None else {**query, "user_id": owner}


def _turn(message_id: str, session_id: str | None, owner: str | None) -> Document:
    query: Document = {"_id": message_id, "answer_deleted": False}
    if session_id is not None:
        query["session_id"] = session_id
    return query if owner is None else {**query, "user_id": owner}


def _plain(value: Any) -> Any:
    """A value as the store keeps it."""
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, SessionPicture):
        return asdict(value)
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _from_session(session: Session) -> Document:
    document = asdict(session)
    document["_id"] = document.pop("session_id")
    del document["buried"]
    return {**document, "pictures": [asdict(picture) for picture in session.pictures], "deleted": False}


def _to_session(document: Document | None) -> Session | None:
    if document is None:
        return None
    return Session(
        session_id=document["_id"],
        user_id=document["user_id"],
        title=document.get("title"),
        created_at=document["created_at"],
        updated_at=document["updated_at"],
        pictures=tuple(SessionPicture(**picture) for picture in document.get("pictures", ())),
        current=document.get("current"),
        mark=document.get("mark", 0),
        last_seq=document.get("last_seq", 0),
        buried=document.get("bury"),
    )


def _from_turn(turn: Turn) -> Document:
    document = {name: _plain(getattr(turn, name)) for name in Turn.__dataclass_fields__ if name != "message_id"}
    return {"_id": turn.message_id, **document}


def _to_turn(document: Document | None) -> Turn | None:
    if document is None:
        return None
    known = {name: document[name] for name in Turn.__dataclass_fields__ if name in document}
    return Turn(
        **{
            **known,
            "message_id": document["_id"],
            "picture": _maybe(PictureRef, document.get("picture")),
            "reference": _maybe(PictureRef, document.get("reference")),
            "sent": tuple(PictureRef(**ref) for ref in document.get("sent", ())),
            "uploaded": tuple(SessionPicture(**picture) for picture in document.get("uploaded", ())),
            "results": tuple(SessionPicture(**picture) for picture in document.get("results", ())),
            "plan": tuple(PlannedStep(**step) for step in document.get("plan", ())),
            "planner": _maybe(PlanMetadata, document.get("planner")),
            "choices": tuple(Choice(**choice) for choice in document.get("choices", ())),
            "steps": tuple(document.get("steps", ())),
            "problem": _maybe(ProblemData, document.get("problem")),
        }
    )


M = TypeVar("M", bound=BaseModel)


def _maybe(model: type[M], value: Any) -> M | None:
    return None if value is None else model.model_validate(value)
