"""How do pictures look from outside?  The bodies and queries that come in, the answers that go out."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from urllib.parse import urlsplit

import orjson
from photofun_common.contracts.values import Bool, Id, LongText, ShortText, Text, UserId
from photofun_common.errors import InvalidError
from photofun_common.fileurls import FileUrls
from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ..domain import Facets, Filter, Image, check_metadata, clean_tags, days_left, moment, phrases_of
from ..service import BULK_MOST, History

__all__ = [
    "Answer",
    "BulkBody",
    "BulkResult",
    "BulkView",
    "ChangeBody",
    "Claim",
    "FacetsView",
    "FilterQuery",
    "HistoryView",
    "ImageView",
    "ItemQuery",
    "ListAnswer",
    "ListQuery",
    "NewImage",
    "OwnerQuery",
    "PurgedView",
    "TrashedView",
    "Whole",
    "view_of",
    "views_of_history",
]

T = TypeVar("T")
_NO_URL = re.compile(r"[\x00-\x20\x7f\\<>\"^`{|}]")


def _picture_url(text: str) -> str:
    if _NO_URL.search(text):
        raise ValueError("must be an http or https URL without spaces")
    parts = urlsplit(text)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http or https URL")
    _ = parts.port
    return text


def _tags(value: list[str]) -> list[str]:
    return list(clean_tags(value))


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    return check_metadata(value, orjson.dumps(value, default=str))


def _whole(value: Any) -> Any:
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) < 10):
        raise ValueError("must be a whole number")
    return value


Tags = Annotated[list[ShortText], Field(max_length=200), AfterValidator(_tags)]
Whole = Annotated[int, BeforeValidator(_whole)]
_WHO = AliasChoices("user_id", "userId")


# --- what comes in


class Claim(BaseModel):
    """Who asks, in a body."""

    user_id: UserId | None = Field(default=None, validation_alias=_WHO)


class NewImage(Claim):
    """A picture to keep, by its URL; it is not fetched."""

    image_url: Annotated[str, Field(max_length=2048), AfterValidator(_picture_url)]
    prompt: LongText | None = None
    refined_prompt: LongText | None = None
    intent: Annotated[Text, Field(max_length=64)] | None = None
    metadata: Annotated[dict[str, Any], AfterValidator(_metadata)] | None = None
    title: ShortText | None = None
    tags: Tags | None = None
    favorite: Bool = False


class ChangeBody(Claim):
    """What may be changed; what is left out stays."""

    favorite: Bool = False
    title: ShortText | None = None
    tags: Tags = []


class BulkBody(Claim):
    """Many at once: `ids`, or `all` of the trash."""

    action: Literal["trash", "restore", "purge"]
    ids: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=BULK_MOST)] | None = None
    all: Bool = False
    force: Bool = Field(default=False, description="purge also what is not in the trash")

    @model_validator(mode="after")
    def _one_of_both(self) -> BulkBody:
        if self.all and self.ids:
            raise ValueError("give ids or all, not both")
        if not self.all and self.ids is None:
            raise ValueError("give ids, or all: true for the whole trash")
        if self.all and self.action == "trash":
            raise ValueError("all means the whole trash: restore or purge it")
        return self


class _Query(BaseModel):
    """A query string; an empty value is one left out, `userId` is `user_id`."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        given = {name: inner for name, inner in value.items() if inner != ""}
        return {"user_id": given["userId"], **given} if "userId" in given else given


class OwnerQuery(_Query):
    user_id: UserId | None = Field(default=None, description="Whose it is; the token says it in required mode")


class ItemQuery(OwnerQuery):
    include_deleted: bool = Field(default=False, description="also when it is in the trash")


class FilterQuery(OwnerQuery):
    intent: Annotated[Text, Field(max_length=64)] | None = Field(default=None, description="image_generation, upscale, …")
    q: Annotated[Text, Field(max_length=200)] | None = Field(
        default=None, description="Words to find in prompts, title and tags, with or without accents"
    )
    favorite: bool | None = None
    since: Annotated[str, Field(max_length=64)] | None = Field(default=None, alias="from", description="ISO 8601, inclusive")
    until: Annotated[str, Field(max_length=64)] | None = Field(default=None, alias="to", description="ISO 8601, inclusive")
    provider: Annotated[Text, Field(max_length=64)] | None = None
    session_id: Annotated[Text, Field(max_length=64)] | None = None
    tag: Annotated[Text, Field(max_length=64)] | None = None
    album_id: Annotated[Text, Field(max_length=64)] | None = Field(default=None, description="what is in this album")
    sort: Literal["newest"] | None = Field(default=None, description="There is one order: newest first")

    def to_filter(self, owner: str, *, trash: bool = False) -> Filter:
        """The filter of this person's pictures.  Raises InvalidError for a range that is none."""
        since = moment("from", self.since, is_end=False) if self.since else None
        until = moment("to", self.until, is_end=True) if self.until else None
        if since and until and since > until:
            raise InvalidError("from: must not be after to", errors=[{"field": "from", "message": "must not be after to"}])
        return Filter(
            user_id=owner, trash=trash, intent=self.intent, provider=self.provider, session_id=self.session_id, tag=self.tag,
            album_id=self.album_id, favorite=self.favorite, words=phrases_of(self.q or ""), since=since, until=until,
        )  # fmt: skip


class ListQuery(FilterQuery):
    limit: Annotated[Whole, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(max_length=400)] | None = Field(default=None, description="next_cursor of the page before")
    total: bool = Field(default=False, description="count all that match, too")


# --- what goes out


class ImageView(BaseModel):
    """A picture of the gallery."""

    image_id: Id
    id: Id
    user_id: str
    image_url: str
    thumbnail_url: str
    prompt: str
    refined_prompt: str
    intent: str | None
    feature: str | None
    job_id: str | None
    step: int | None
    index: int | None
    session_id: str | None
    parent_id: str | None
    params: dict[str, Any]
    provider: str | None
    model: str | None
    degraded: str | None
    width: int | None
    height: int | None
    bytes: int | None
    content_type: str | None
    metadata: dict[str, Any]
    title: str | None
    tags: list[str]
    favorite: bool
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class TrashedView(ImageView):
    """A picture in the trash."""

    days_left: int


class NodeView(ImageView):
    """A picture and what was made of it."""

    children: list[NodeView]


class HistoryView(BaseModel):
    image: ImageView
    ancestors: list[ImageView]
    descendants: list[NodeView]


class FacetsView(BaseModel):
    """Counts of a person's pictures."""

    total: int
    favorites: int
    trash: int
    intents: dict[str, int]
    providers: dict[str, int]
    tags: dict[str, int]

    @classmethod
    def of(cls, facets: Facets) -> FacetsView:
        return cls(
            total=facets.total, favorites=facets.favorites, trash=facets.trash, intents=facets.intents, providers=facets.providers,
            tags=facets.tags,
        )  # fmt: skip


class BulkResult(BaseModel):
    id: str
    status: Literal["trashed", "restored", "purged", "unchanged", "not_found", "not_in_trash"]


class BulkView(BaseModel):
    """How many, and what came of each (of the first 500); one of the three counts, by the action."""

    trashed: int | None = None
    restored: int | None = None
    purged: int | None = None
    results: list[BulkResult]


class PurgedView(BaseModel):
    image_id: str
    id: str
    purged: bool = True


class Answer(BaseModel, Generic[T]):
    code: int = 1000
    message: str
    result: T


class Meta(BaseModel):
    next_cursor: str | None
    count: int
    total: int | None = None


class ListAnswer(BaseModel, Generic[T]):
    code: int = 1000
    message: str
    result: list[T]
    meta: Meta


def _values(image: Image, files: FileUrls) -> dict[str, Any]:
    url = files.url(image.key) if image.key else str(image.url)
    return {
        "image_id": image.id, "id": image.id, "user_id": image.user_id, "image_url": url,
        "thumbnail_url": f"{url}{'&' if '?' in url else '?'}w=512" if image.key else url,
        "prompt": image.prompt or image.refined_prompt or "", "refined_prompt": image.refined_prompt or image.prompt,
        "intent": image.intent, "feature": image.feature, "job_id": image.job_id, "step": image.step, "index": image.index,
        "session_id": image.session_id, "parent_id": image.parent_id, "params": image.params, "provider": image.provider,
        "model": image.model, "degraded": image.degraded, "width": image.width, "height": image.height, "bytes": image.bytes,
        "content_type": image.content_type, "metadata": image.metadata, "title": image.title, "tags": list(image.tags),
        "favorite": image.favorite, "created_at": image.created_at, "updated_at": image.updated_at, "deleted_at": image.deleted_at,
    }  # fmt: skip


def view_of(image: Image, files: FileUrls, *, now: datetime, trash_days: int) -> ImageView:
    """The picture as clients see it; in the trash with the days that are left."""
    values = _values(image, files)
    if image.deleted_at is None:
        return ImageView(**values)
    return TrashedView(**values, days_left=days_left(image.deleted_at, now, trash_days))


def views_of_history(history: History, files: FileUrls) -> HistoryView:
    """Chain and tree as clients see them."""

    def nodes(parent: str) -> list[NodeView]:
        return [NodeView(**_values(child, files), children=nodes(child.id)) for child in history.children.get(parent, [])]

    return HistoryView(
        image=ImageView(**_values(history.image, files)),
        ancestors=[ImageView(**_values(image, files)) for image in history.ancestors],
        descendants=nodes(history.image.id),
    )
