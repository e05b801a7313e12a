"""What do the calls answer?

Printed from docs/openapi.json by `make openapi`: change that, not this.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

__all__ = [
    "AlbumActView",
    "AlbumOutcomeView",
    "AlbumView",
    "Answer_AlbumActView",
    "Answer_AlbumView",
    "Answer_BulkView",
    "Answer_ErasureView",
    "Answer_FacetsView",
    "Answer_HistoryView",
    "Answer_ImageView",
    "Answer_ImportView",
    "Answer_PurgedView",
    "Answer_RecipeView",
    "Answer_RunView",
    "Answer_StepsView",
    "Answer_TrashedView",
    "AssistantMessage",
    "BulkResult",
    "BulkView",
    "Choice",
    "Chosen",
    "EngineView",
    "ErasureView",
    "FacetsView",
    "FeatureView",
    "GalleryPlannedStep",
    "Heard",
    "HistoryView",
    "ImageView",
    "ImportView",
    "ImportedView",
    "ItemView",
    "JobLine",
    "JobStep",
    "JobView",
    "ListAnswer_AlbumView",
    "ListAnswer_ImageView",
    "ListAnswer_RecipeView",
    "ListAnswer_RunView",
    "ListAnswer_TrashedView",
    "MadeImage",
    "MessageDeleted",
    "Meta",
    "NodeView",
    "OpenAIError",
    "OpenAIImage",
    "OpenAIImages",
    "OpenAIModel",
    "OpenAIModels",
    "PlanMetadata",
    "PlannedStep",
    "Problem",
    "PurgedView",
    "RecipeView",
    "RefineAnswer",
    "RefinedView",
    "Requested",
    "RunView",
    "SentView",
    "SessionDeleted",
    "SessionView",
    "ShownImage",
    "StepView",
    "StepsView",
    "StoredFile",
    "Suggestions",
    "TaskView",
    "TimelineLine",
    "TrashedView",
    "UserMessage",
]


class AlbumActView(TypedDict):
    added: NotRequired[int | None]
    removed: NotRequired[int | None]
    results: list[AlbumOutcomeView]


"""How many, and what came of each."""


class AlbumOutcomeView(TypedDict):
    id: str
    status: Literal["added", "removed", "unchanged", "not_found"]


class AlbumView(TypedDict):
    album_id: str
    count: int
    cover_id: str | None
    cover_url: str | None
    created_at: str
    id: str
    title: str
    updated_at: str
    user_id: str


"""An album; `GET /v1/gallery?album_id=` lists what is in it."""


class Answer_AlbumActView(TypedDict):
    code: NotRequired[int]
    message: str
    result: AlbumActView


class Answer_AlbumView(TypedDict):
    code: NotRequired[int]
    message: str
    result: AlbumView


class Answer_BulkView(TypedDict):
    code: NotRequired[int]
    message: str
    result: BulkView


class Answer_ErasureView(TypedDict):
    code: NotRequired[int]
    message: str
    result: ErasureView


class Answer_FacetsView(TypedDict):
    code: NotRequired[int]
    message: str
    result: FacetsView


class Answer_HistoryView(TypedDict):
    code: NotRequired[int]
    message: str
    result: HistoryView


class Answer_ImageView(TypedDict):
    code: NotRequired[int]
    message: str
    result: ImageView


class Answer_ImportView(TypedDict):
    code: NotRequired[int]
    message: str
    result: ImportView


class Answer_PurgedView(TypedDict):
    code: NotRequired[int]
    message: str
    result: PurgedView


class Answer_RecipeView(TypedDict):
    code: NotRequired[int]
    message: str
    result: RecipeView


class Answer_RunView(TypedDict):
    code: NotRequired[int]
    message: str
    result: RunView


class Answer_StepsView(TypedDict):
    code: NotRequired[int]
    message: str
    result: StepsView


class Answer_TrashedView(TypedDict):
    code: NotRequired[int]
    message: str
    result: TrashedView


class AssistantMessage(TypedDict):
    attempt: int
    choices: list[Choice]
    content: str | None
    created_at: str
    deadline: str
    error: NotRequired[dict[str, Any]]
    image: ShownImage | None
    image_url: str | None
    intent: str | None
    message_id: str
    mode: Literal["auto", "review"]
    plan: list[StepView]
    progress: float
    refined_prompt: RefinedView | None
    role: Literal["assistant"]
    session_id: str
    status: Literal["PROCESSING", "AWAITING_APPROVAL", "DONE", "FAILED", "CANCELED"]
    task_id: str
    timeline: list[TimelineLine]
    updated_at: str
    uploaded_urls: list[str]


"""The studio's answer: one job. `error` is a problem document, there when it FAILED."""


class BulkResult(TypedDict):
    id: str
    status: Literal["trashed", "restored", "purged", "unchanged", "not_found", "not_in_trash"]


class BulkView(TypedDict):
    purged: NotRequired[int | None]
    restored: NotRequired[int | None]
    results: list[BulkResult]
    trashed: NotRequired[int | None]


"""How many, and what came of each (of the first 500); one of the three counts, by the action."""


class Choice(TypedDict):
    label: str
    message: str


"""A button: what it says, and the message it sends."""


class Chosen(TypedDict):
    created: bool
    prompt_id: str


"""The choice is counted; `prompt_id` is the prompt's id."""


class EngineView(TypedDict):
    breaker: Literal["closed", "open", "half-open"]
    configured: bool
    features: list[str]
    healthy: bool
    missing: str | None
    models: list[str]
    name: str


"""An engine. `missing` says which setting it needs, `breaker` whether calls go through, `models` what `model` …"""


class ErasureView(TypedDict):
    counts: dict[str, int]
    erased_at: str
    erasure_id: str
    files_left: int
    finished_at: str | None
    status: Literal["IN_PROGRESS", "COMPLETED"]
    user_id: str
    waiting_for: list[str]


"""How an erasure stands: how many things went by now, who has not reported yet, files not confirmed gone yet."""


class FacetsView(TypedDict):
    favorites: int
    intents: dict[str, int]
    providers: dict[str, int]
    tags: dict[str, int]
    total: int
    trash: int


"""Counts of a person's pictures."""


class FeatureView(TypedDict):
    aliases: list[str]
    description: str
    description_vi: str
    engines: list[str]
    examples: dict[str, list[str]]
    id: str
    name: str
    needs_image: bool
    parameters: dict[str, Any]
    reference_required: bool
    references: list[str]
    synchronous: bool
    title: str
    title_vi: str


"""What a feature is and who can do it now. `parameters` is a JSON Schema."""


class GalleryPlannedStep(TypedDict):
    english: NotRequired[str | None]
    feature: str
    params: NotRequired[dict[str, Any]]


"""One step of a plan: a feature's id and its own parameters. `english` is the prompt in English when its words are not."""


class Heard(TypedDict):
    heard: bool


"""Whether a webhook was new; one heard before is answered the same way and does nothing."""


class HistoryView(TypedDict):
    ancestors: list[ImageView]
    descendants: list[NodeView]
    image: ImageView


class ImageView(TypedDict):
    bytes: int | None
    content_type: str | None
    created_at: str
    degraded: str | None
    deleted_at: str | None
    favorite: bool
    feature: str | None
    height: int | None
    id: str
    image_id: str
    image_url: str
    index: int | None
    intent: str | None
    job_id: str | None
    metadata: dict[str, Any]
    model: str | None
    params: dict[str, Any]
    parent_id: str | None
    prompt: str
    provider: str | None
    refined_prompt: str
    session_id: str | None
    step: int | None
    tags: list[str]
    thumbnail_url: str
    title: str | None
    updated_at: str
    user_id: str
    width: int | None


"""A picture of the gallery."""


class ImportView(TypedDict):
    existing: int
    failed: int
    imported: int
    results: list[ImportedView]
    skipped: int


"""How many of each, and every file in its order."""


class ImportedView(TypedDict):
    error: dict[str, Any] | None
    image: ImageView | None
    name: str
    status: Literal["imported", "existing", "failed", "skipped"]


"""What came of one file: `existing` was in the gallery already, `skipped` is no picture."""


class ItemView(TypedDict):
    error: NotRequired[dict[str, Any] | None]
    image_id: str
    image_url: str | None
    job_id: str
    result_id: str | None
    status: Literal["CREATED", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED"]


"""One picture of a run: `image_id` is what is edited, `result_id` what came of it."""


class JobLine(TypedDict):
    at: str
    ms: int
    stage: str


class JobStep(TypedDict):
    cost: float
    degraded: str | None
    error: dict[str, Any] | None
    feature: str
    image_url: str | None
    model: str | None
    params: dict[str, Any]
    provider: str | None
    status: Literal["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED"]
    step: int


class JobView(TypedDict):
    attempt: int
    created_at: str
    deadline: str
    degraded: bool
    error: NotRequired[dict[str, Any]]
    eta_seconds: NotRequired[float]
    image_url: str | None
    images: list[MadeImage]
    intent: str | None
    job_id: str
    kind: Literal["chat", "feature"]
    metadata: dict[str, Any]
    model: str | None
    plan: list[JobStep]
    progress: float
    provider: str | None
    queue_position: NotRequired[int]
    refined_prompt: str | None
    session_id: str | None
    status: Literal["CREATED", "IN_PROGRESS", "AWAITING_APPROVAL", "COMPLETED", "FAILED", "CANCELED"]
    timeline: list[JobLine]
    updated_at: str
    user_id: str


"""A job, of chat or of a direct feature. `error` is a problem document, there when it FAILED."""


class ListAnswer_AlbumView(TypedDict):
    code: NotRequired[int]
    message: str
    meta: Meta
    result: list[AlbumView]


class ListAnswer_ImageView(TypedDict):
    code: NotRequired[int]
    message: str
    meta: Meta
    result: list[ImageView]


class ListAnswer_RecipeView(TypedDict):
    code: NotRequired[int]
    message: str
    meta: Meta
    result: list[RecipeView]


class ListAnswer_RunView(TypedDict):
    code: NotRequired[int]
    message: str
    meta: Meta
    result: list[RunView]


class ListAnswer_TrashedView(TypedDict):
    code: NotRequired[int]
    message: str
    meta: Meta
    result: list[TrashedView]


class MadeImage(TypedDict):
    height: int
    image_id: str
    image_url: str
    seed: NotRequired[int | None]
    width: int


"""A finished picture."""


class MessageDeleted(TypedDict):
    deleted: bool
    message_id: str


class Meta(TypedDict):
    count: int
    next_cursor: str | None
    total: NotRequired[int | None]


class NodeView(TypedDict):
    bytes: int | None
    children: list[NodeView]
    content_type: str | None
    created_at: str
    degraded: str | None
    deleted_at: str | None
    favorite: bool
    feature: str | None
    height: int | None
    id: str
    image_id: str
    image_url: str
    index: int | None
    intent: str | None
    job_id: str | None
    metadata: dict[str, Any]
    model: str | None
    params: dict[str, Any]
    parent_id: str | None
    prompt: str
    provider: str | None
    refined_prompt: str
    session_id: str | None
    step: int | None
    tags: list[str]
    thumbnail_url: str
    title: str | None
    updated_at: str
    user_id: str
    width: int | None


"""A picture and what was made of it."""


class OpenAIError(TypedDict):
    error: dict[str, Any]


class OpenAIImage(TypedDict):
    b64_json: NotRequired[str]
    revised_prompt: str
    url: NotRequired[str]


class OpenAIImages(TypedDict):
    created: int
    data: list[OpenAIImage]


"""OpenAI's answer with pictures: `url`, or `b64_json` on request."""


class OpenAIModel(TypedDict):
    created: int
    id: str
    object: Literal["model"]
    owned_by: str


class OpenAIModels(TypedDict):
    data: list[OpenAIModel]
    object: Literal["list"]


class PlanMetadata(TypedDict):
    degraded: NotRequired[str | None]
    model: str
    processing_time: float
    provider: str


"""Who planned, and how long it took in seconds."""


class PlannedStep(TypedDict):
    english: NotRequired[str | None]
    feature: str
    params: NotRequired[dict[str, Any]]


"""One step of a plan: a feature's id and its own parameters. `english` is the prompt in English when its words are not."""


class Problem(TypedDict):
    actual: NotRequired[Any]
    code: Literal[1001, 1003, 1004, 1005, 1006, 1007, 4000, 9999]
    detail: str
    errors: NotRequired[list[dict[str, Any]]]
    instance: NotRequired[str]
    limit: NotRequired[Any]
    message: str
    request_id: NotRequired[str]
    retry_after: NotRequired[int]
    slug: NotRequired[str]
    status: int
    title: str
    type: str


"""An RFC 9457 problem document that also carries the envelope's `code` and `message`."""


class PurgedView(TypedDict):
    id: str
    image_id: str
    purged: NotRequired[bool]


class RecipeView(TypedDict):
    created_at: str
    id: str
    image_id: str | None
    recipe_id: str
    steps: list[GalleryPlannedStep]
    title: str
    updated_at: str
    user_id: str


"""A recipe."""


class RefineAnswer(TypedDict):
    choices: NotRequired[list[Choice]]
    confidence: float
    english: NotRequired[str | None]
    intent: str
    keywords: NotRequired[list[str]]
    language: NotRequired[str]
    metadata: PlanMetadata
    plan: NotRequired[list[PlannedStep]]
    refined_prompt: str
    reply: NotRequired[str | None]


"""The plan and the words: what refine answers. `english` is the refined prompt in English when its words are not."""


class RefinedView(TypedDict):
    intent: str | None
    metadata: dict[str, Any]
    original_prompt: str
    prompt: str


"""The refined words and who refined them."""


class Requested(TypedDict):
    image_url: str | None
    request_id: str
    status: Literal["PROCESSING"]
    task_id: str


"""Drawing has begun; ask its status with `task_id`."""


class RunView(TypedDict):
    counts: dict[str, int]
    created_at: str
    finished_at: str | None
    id: str
    items: list[ItemView]
    progress: float
    recipe_id: str
    run_id: str
    status: Literal["CREATED", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED"]
    steps: list[GalleryPlannedStep]
    title: str
    user_id: str


"""A recipe being done on pictures."""


class SentView(TypedDict):
    assistant_message: AssistantMessage
    message_id: str
    session_id: str
    status: Literal["PROCESSING", "AWAITING_APPROVAL", "DONE", "FAILED", "CANCELED"]
    task_id: str
    user_message: UserMessage


"""A message was taken; `message_id` and `task_id` are the same id."""


class SessionDeleted(TypedDict):
    deleted: bool
    images: Literal["keep", "trash"]
    session_id: str


class SessionView(TypedDict):
    created_at: str
    image_url: str | None
    messages: list[UserMessage | AssistantMessage]
    session_id: str
    title: str
    updated_at: str
    user_id: str


"""A session; its messages are a page, empty in lists."""


class ShownImage(TypedDict):
    image_url: str
    metadata: dict[str, Any]


class StepView(TypedDict):
    description: NotRequired[str | None]
    engine: NotRequired[str | None]
    estimated_seconds: NotRequired[float | None]
    feature: str
    image_url: NotRequired[str | None]
    params: dict[str, Any]
    status: Literal["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED"]


"""A step of a message's plan. While it waits for approval it is told in words, with its engine and the seconds …"""


class StepsView(TypedDict):
    steps: list[GalleryPlannedStep]


"""Edits in their order."""


class StoredFile(TypedDict):
    bytes: int
    content_type: str
    height: int
    image_url: str
    key: str
    url: str
    width: int


"""An upload and its address."""


class Suggestions(TypedDict):
    query: str
    results: list[dict[str, Any]]


"""Prompts that fit what was typed."""


class TaskView(TypedDict):
    created_at: str
    degraded: NotRequired[bool]
    error: NotRequired[dict[str, Any]]
    image_url: str | None
    images: list[MadeImage]
    input_source: NotRequired[Literal["url", "base64", "file"]]
    metadata: NotRequired[dict[str, Any]]
    model: NotRequired[str | None]
    progress: float
    provider: NotRequired[str | None]
    refined_prompt: NotRequired[str | None]
    status: Literal["CREATED", "IN_PROGRESS", "AWAITING_APPROVAL", "COMPLETED", "FAILED", "CANCELED"]
    task_id: str
    user_id: str


"""A direct feature's task, beside the echo of its parameters."""


class TimelineLine(TypedDict):
    at: str
    ms: int
    stage: str


class TrashedView(TypedDict):
    bytes: int | None
    content_type: str | None
    created_at: str
    days_left: int
    degraded: str | None
    deleted_at: str | None
    favorite: bool
    feature: str | None
    height: int | None
    id: str
    image_id: str
    image_url: str
    index: int | None
    intent: str | None
    job_id: str | None
    metadata: dict[str, Any]
    model: str | None
    params: dict[str, Any]
    parent_id: str | None
    prompt: str
    provider: str | None
    refined_prompt: str
    session_id: str | None
    step: int | None
    tags: list[str]
    thumbnail_url: str
    title: str | None
    updated_at: str
    user_id: str
    width: int | None


"""A picture in the trash."""


class UserMessage(TypedDict):
    content: str
    created_at: str
    image_url: str | None
    message_id: str
    role: Literal["user"]
    session_id: str
    status: Literal["DONE"]
    updated_at: str
    uploaded_urls: list[str]


"""What the person said."""
