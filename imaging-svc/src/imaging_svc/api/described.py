"""How does the API document show features, jobs, files and OpenAI's calls?"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from photofun_common.contracts.features import Feature, features
from photofun_common.described import CURSOR, LIMIT, USER, WAIT, Described, Param
from pydantic import BaseModel, ConfigDict

__all__ = ["DESCRIPTION"]

_STATUSES = ["CREATED", "IN_PROGRESS", "AWAITING_APPROVAL", "COMPLETED", "FAILED", "CANCELED"]
_STATUS = Param("status", {"type": "string", "enum": _STATUSES}, "only jobs that stand like this")
_LAST = Param("Last-Event-ID", {"type": "string", "pattern": "^[0-9]{1,12}$"}, "go on after this event", where="header")
_WIDTH = Param("w", {"type": "integer", "minimum": 16, "maximum": 2048}, "a WebP thumbnail of this width")
_EXPIRES = Param("expires", {"type": "string", "maxLength": 20}, "part of a signed address")
_SIGNATURE = Param("signature", {"type": "string", "maxLength": 200}, "part of a signed address")


class MadeImage(BaseModel):
    """A finished picture."""

    image_url: str
    image_id: str
    width: int
    height: int
    seed: int | None = None


class TaskView(BaseModel):
    """A direct feature's task, beside the echo of its parameters."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    task_id: str
    status: Literal["CREATED", "IN_PROGRESS", "AWAITING_APPROVAL", "COMPLETED", "FAILED", "CANCELED"]
    image_url: str | None
    images: list[MadeImage]
    progress: float
    user_id: str
    created_at: datetime
    refined_prompt: str | None = None
    input_source: Literal["url", "base64", "file"] = "file"
    provider: str | None = None
    model: str | None = None
    degraded: bool = False
    metadata: dict[str, Any] = {}
    error: dict[str, Any] = {}


class FeatureView(BaseModel):
    """What a feature is and who can do it now.  `parameters` is a JSON Schema."""

    name: str
    id: str
    title: str
    title_vi: str
    description: str
    description_vi: str
    needs_image: bool
    references: list[str]
    reference_required: bool
    parameters: dict[str, Any]
    examples: dict[str, list[str]]
    synchronous: bool
    engines: list[str]
    aliases: list[str]


class EngineView(BaseModel):
    """An engine.  `missing` says which setting it needs, `breaker` whether calls go through, `models` what `model` may ask for."""

    name: str
    configured: bool
    healthy: bool
    breaker: Literal["closed", "open", "half-open"]
    missing: str | None
    models: list[str]
    features: list[str]


class Heard(BaseModel):
    """Whether a webhook was new; one heard before is answered the same way and does nothing."""

    heard: bool


class JobStep(BaseModel):
    model_config = ConfigDict(protected_namespaces=())

    step: int
    feature: str
    params: dict[str, Any]
    status: Literal["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELED"]
    image_url: str | None
    provider: str | None
    model: str | None
    degraded: str | None
    cost: float
    error: dict[str, Any] | None


class JobLine(BaseModel):
    stage: str
    at: datetime
    ms: int


class JobView(BaseModel):
    """A job, of chat or of a direct feature.  `error` is a problem document, there when it FAILED."""

    model_config = ConfigDict(protected_namespaces=())

    job_id: str
    kind: Literal["chat", "feature"]
    user_id: str
    session_id: str | None
    status: Literal["CREATED", "IN_PROGRESS", "AWAITING_APPROVAL", "COMPLETED", "FAILED", "CANCELED"]
    progress: float
    attempt: int
    intent: str | None
    refined_prompt: str | None
    plan: list[JobStep]
    timeline: list[JobLine]
    images: list[MadeImage]
    image_url: str | None
    provider: str | None
    model: str | None
    degraded: bool
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    deadline: datetime
    queue_position: int = 0
    eta_seconds: float = 0.0
    error: dict[str, Any] = {}


class StoredFile(BaseModel):
    """An upload and its address."""

    key: str
    url: str
    image_url: str
    width: int
    height: int
    content_type: str
    bytes: int


class Requested(BaseModel):
    """Drawing has begun; ask its status with `task_id`."""

    status: Literal["PROCESSING"]
    request_id: str
    task_id: str
    image_url: str | None


class OpenAIImage(BaseModel):
    revised_prompt: str
    url: str = ""
    b64_json: str = ""


class OpenAIImages(BaseModel):
    """OpenAI's answer with pictures: `url`, or `b64_json` on request."""

    created: int
    data: list[OpenAIImage]


class OpenAIModel(BaseModel):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class OpenAIModels(BaseModel):
    object: Literal["list"]
    data: list[OpenAIModel]


_URL = {"type": "string", "format": "uri", "maxLength": 2048}
_DATA = {"type": "string", "description": "a data URI or bare base64, at most 10 MB decoded"}
_WHO = {"type": "string", "minLength": 1, "maxLength": 128, "description": "whose it is; a token says it by itself"}
_SAMPLE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
_SENT: dict[str, dict[str, Any]] = {
    "image-generate": {"prompt": "a small red boat on a lake", "aspect_ratio": "16:9"},
    "upscale": {"scale_factor": 2},
    "reimagine": {"imagination": "subtle"},
    "relight": {"prompt": "warm evening light from the left"},
    "image-expand": {"left": 64, "right": 64, "top": 0, "bottom": 0},
    "style-transfer": {"reference_image_data": _SAMPLE},
    "edit": {"prompt": "put a red hat on him"},
    "adjust": {"operations": [{"op": "grayscale"}, {"op": "rotate", "degrees": 90}]},
}
_FILE = {
    "key": "Zk3v0yJ1p9xQ7a5dT2c8Lw.png", "url": "http://localhost:9999/v1/files/Zk3v0yJ1p9xQ7a5dT2c8Lw.png",
    "image_url": "http://localhost:9999/v1/files/Zk3v0yJ1p9xQ7a5dT2c8Lw.png", "width": 640, "height": 480, "content_type": "image/png",
    "bytes": 245760,
}  # fmt: skip
_TASK: dict[str, Any] = {
    "task_id": "0b9f6e3cf8c24d1f9a3e5d7c1b2a4f60", "status": "CREATED", "image_url": None, "images": [], "progress": 0.0, "user_id": "ana",
    "created_at": "2026-01-05T09:30:00+00:00",
}  # fmt: skip
_IMAGE = {"image_url": _FILE["url"], "image_id": "9f1c2d3e4b5a69788796a5b4c3d2e1f0", "width": 640, "height": 480, "seed": 7}
_DONE = {
    **_TASK,
    "status": "COMPLETED",
    "image_url": _FILE["url"],
    "images": [_IMAGE],
    "progress": 1.0,
    "provider": "local",
    "model": "real-esrgan",
    "degraded": False,
    "metadata": {},
}
_SIGNED = (
    Param("webhook-id", {"type": "string"}, "unique to the delivery: heard once", where="header", required=True),
    Param("webhook-timestamp", {"type": "string"}, "Unix seconds: five minutes old at most", where="header", required=True),
    Param(
        "webhook-signature",
        {"type": "string"},
        "`v1,` and the base64 of an HMAC-SHA256; several are separated by spaces",
        where="header",
        required=True,
    ),
)
_JOB: dict[str, Any] = {
    "job_id": _TASK["task_id"],
    "kind": "feature",
    "user_id": "ana",
    "session_id": None,
    "status": "IN_PROGRESS",
    "progress": 0.4,
    "attempt": 1,
    "intent": "upscale",
    "refined_prompt": None,
    "plan": [],
    "timeline": [],
    "images": [],
    "image_url": None,
    "provider": None,
    "model": None,
    "degraded": False,
    "metadata": {},
    "created_at": _TASK["created_at"],
    "updated_at": _TASK["created_at"],
    "deadline": "2026-01-05T09:33:00+00:00",
}
_OPENAI = {"created": 1767605400, "data": [{"url": _FILE["url"], "revised_prompt": "a small red boat on a lake"}]}
_MODEL = {"id": "photofun-1", "object": "model", "created": 1764000000, "owned_by": "photofun"}
_PICTURE = {"type": "string", "format": "binary"}
_TEXT = {"type": "string"}
_UPLOAD: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {"file": _PICTURE, "user_id": _TEXT}}},
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "image_url": {"type": "string", "format": "uri", "maxLength": 2048},
                    "image_data": {"type": "string", "description": "a data URI or bare base64"},
                    "user_id": _TEXT,
                },
            },
            "example": {"image_data": "data:image/png;base64,iVBORw0KGgo…", "user_id": "ana"},
        },
    },
}
_OPENAI_FORM: dict[str, Any] = {
    "image": _PICTURE,
    "n": {"type": "integer", "minimum": 1, "maximum": 4},
    "size": {"type": "string", "pattern": "^(auto|[0-9]{2,4}x[0-9]{2,4})$"},
    "response_format": {"type": "string", "enum": ["url", "b64_json"]},
    "user": {"type": "string", "maxLength": 128},
}


def _openai_form(**more: Any) -> dict[str, Any]:
    needed = ["image", *(["prompt"] if "prompt" in more else [])]
    schema = {"type": "object", "required": needed, "properties": {**_OPENAI_FORM, **more}}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _fields(feature: Feature) -> dict[str, Any]:
    names = ["image"] * feature.needs_picture + list(feature.references)
    return {"user_id": _WHO, **{f"{name}_url": _URL for name in names}, **{f"{name}_data": _DATA for name in names}}


def _example(feature: Feature) -> dict[str, Any]:
    return {"user_id": "ana", **({"image_data": _SAMPLE} if feature.needs_picture else {}), **_SENT.get(feature.slug, {})}


DESCRIPTION = {
    **{
        f"POST /v1/features/{feature.slug}": Described(
            feature.title,
            TaskView,
            (WAIT, USER),
            statuses=(200, 202) if feature.synchronous else (202, 200),
            example=_DONE if feature.synchronous else _TASK,
            fields=_fields(feature),
            sent=_example(feature),
            files=[f"{name}_file" for name in (["image"] * feature.needs_picture + list(feature.references))],
        )
        for feature in features()
    },
    "GET /v1/features": Described("Every feature: parameters, phrases, engines", list[FeatureView]),
    "GET /v1/engines": Described(
        "Which engines are configured, and what each can do",
        list[EngineView],
        example=[
            {
                "name": "local",
                "configured": True,
                "healthy": True,
                "breaker": "closed",
                "missing": None,
                "models": [],
                "features": ["adjust", "upscale"],
            }
        ],
    ),
    "GET /v1/features/{slug}/status/{task_id}": Described(
        "How a task stands", TaskView, (WAIT, USER), name="feature_status", example=_DONE
    ),
    "POST /v1/features/{slug}/cancel/{task_id}": Described(
        "Cancel a task", TaskView, (USER,), name="cancel_feature", example={**_TASK, "status": "CANCELED"}
    ),
    "POST /v1/image/generate": Described(
        "Draw a refined prompt as it is",
        Requested,
        (USER,),
        name="generate_image",
        statuses=(202,),
        example={"status": "PROCESSING", "request_id": _TASK["task_id"], "task_id": _TASK["task_id"], "image_url": None},
        fields={"user_id": _WHO, "refined_prompt": {"type": "string", "minLength": 1, "maxLength": 2000}, "size": {"type": "string"}},
        sent={"user_id": "ana", "refined_prompt": "a small red boat on a lake, soft light", "size": "1024x1024"},
    ),
    "GET /v1/files/{key}": Described(
        "A stored picture", name="read_file", query=(_WIDTH, _EXPIRES, _SIGNATURE), statuses=(200, 206, 304), content="image/*"
    ),
    "POST /v1/files": Described("Upload a picture", StoredFile, name="upload_file", statuses=(201,), body=_UPLOAD, example=_FILE),
    "POST /v1/file/uploads": Described(
        "Upload a picture; the answer also has a top-level url",
        StoredFile,
        name="upload_file_with_url",
        statuses=(201,),
        body=_UPLOAD,
        example=_FILE,
        siblings={"url": {"type": "string"}},
    ),
    "POST /v1/webhooks/freepik": Described(
        "Freepik tells how a task stands",
        Heard,
        _SIGNED,
        name="freepik_webhook",
        example={"heard": True},
        fields={"task_id": {"type": "string"}, "status": {"type": "string", "enum": ["CREATED", "IN_PROGRESS", "COMPLETED", "FAILED"]}},
        sent={"task_id": "046b6c7f-0b8a-43b9-b35d-6489e6daee91", "status": "COMPLETED", "generated": ["https://…/1.png"]},
    ),
    "GET /v1/jobs": Described("A person's jobs, newest first", list[JobView], (USER, _STATUS, LIMIT, CURSOR), example=[_JOB]),
    "GET /v1/jobs/{job_id}": Described("One job", JobView, (USER, WAIT), example=_JOB),
    "POST /v1/jobs/{job_id}/cancel": Described("Cancel exactly this job", JobView, (USER,), example={**_JOB, "status": "CANCELED"}),
    "GET /v1/jobs/{job_id}/events": Described("The job's story as Server-Sent Events", query=(USER, _LAST), content="text/event-stream"),
    "POST /v1/images/generations": Described(
        "OpenAI: create images",
        OpenAIImages,
        name="openai_generate",
        bare=True,
        example=_OPENAI,
        sent={"prompt": "a small red boat on a lake", "size": "512x512"},
    ),
    "POST /v1/images/edits": Described(
        "OpenAI: edit an image by words",
        OpenAIImages,
        name="openai_edit",
        bare=True,
        example=_OPENAI,
        body=_openai_form(mask=_PICTURE, prompt={"type": "string", "minLength": 1, "maxLength": 2000}),
    ),
    "POST /v1/images/variations": Described(
        "OpenAI: variations of an image", OpenAIImages, name="openai_vary", bare=True, body=_openai_form(), example=_OPENAI
    ),
    "GET /v1/models": Described(
        "OpenAI: the models there are", OpenAIModels, name="list_models", bare=True, example={"object": "list", "data": [_MODEL]}
    ),
    "GET /v1/models/{name}": Described("OpenAI: one model", OpenAIModel, name="get_model", bare=True, example=_MODEL),
}
