"""Images as OpenAI's clients know them: generations, edits, variations, models; errors in OpenAI's shape."""

from __future__ import annotations

import base64
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from photofun_common.contracts.features import by_id
from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.values import Int
from photofun_common.errors import InvalidError, PhotoFunError, ProblemError, UnavailableError
from photofun_common.http import body_schema, read_body, validated
from photofun_common.once import once_of
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from ..domain import EngineMissingError
from ..files import PictureInput
from ..service import ImagingService
from .common import CallerDep, ServiceDep

__all__ = ["router"]

router = APIRouter(tags=["openai"])
_SECONDS = 170.0
_DEFAULT_USER = "openai"


class ImagesRequest(BaseModel):
    """What OpenAI's image endpoints take; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    prompt: str = Field(min_length=1, max_length=2000)
    model: str | None = Field(default=None, max_length=100)
    n: Annotated[Int, Field(ge=1, le=4)] | None = None
    size: str | None = Field(default=None, pattern=r"^(auto|\d{2,4}x\d{2,4})$")
    response_format: Literal["url", "b64_json"] | None = None
    output_format: Literal["png", "jpeg", "webp"] | None = None
    quality: str | None = Field(default=None, max_length=20)
    user: str | None = Field(default=None, max_length=128)

    def size_or_none(self) -> str | None:
        if self.size in (None, "auto"):
            return None
        sides = [int(side) for side in str(self.size).split("x")]
        if not all(256 <= side <= 2048 for side in sides):
            raise InvalidError("size: sides are 256 to 2048 pixels", errors=[{"field": "size", "message": "256 to 2048 a side"}])
        return self.size


def _error(error: PhotoFunError) -> Response:
    kinds = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
    kind = kinds.get(error.status, "invalid_request_error" if error.status < 500 else "server_error")
    field = error.errors[0]["field"] if error.errors else None
    headers = {"Retry-After": str(int(error.retry_after) + 1)} if error.retry_after else {}
    return JSONResponse({"error": {"message": error.detail, "type": kind, "param": field, "code": error.slug}}, error.status, headers)


async def _answer(service: ImagingService, record: JobRecord, asked: ImagesRequest) -> Response:
    record = await service.jobs.wait(record.job_id, _SECONDS)
    if record.problem is not None:
        raise ProblemError(record.problem)
    if record.status != "COMPLETED":
        raise UnavailableError("The picture was not ready in time", retry_after=10)
    data: list[dict[str, Any]] = []
    for picture in record.pictures:
        one: dict[str, Any] = {"revised_prompt": record.refined_prompt or record.prompt}
        if asked.response_format == "b64_json":
            one["b64_json"] = base64.b64encode(await service.files.read(picture.key)).decode()
        else:
            one["url"] = service.urls.url(picture.key)
        data.append(one)
    return JSONResponse({"created": int(time.time()), "data": data})


def _user(caller: Any, claimed: str | None) -> str:
    return str(caller.user_id or claimed or _DEFAULT_USER)


@router.post("/v1/images/generations", summary="OpenAI: create images", openapi_extra=body_schema(ImagesRequest), response_model=None)
async def generations(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    try:
        asked = (await read_body(request, ImagesRequest)).model(ImagesRequest)
        feature = by_id("image_generation")
        assert feature is not None
        params = validated(
            feature.params,
            {
                "prompt": asked.prompt,
                "num_images": asked.n or 1,
                "size": asked.size_or_none() or "1024x1024",
                "refine": False,
                "model": asked.model,
                "output_format": asked.output_format,
            },
        )
        record = await service.take_feature(feature, _user(caller, asked.user), params, PictureInput(), {}, once_of(request))
        return await _answer(service, record, asked)
    except PhotoFunError as error:
        return _error(error)


@router.post(
    "/v1/images/edits",
    summary="OpenAI: edit an image by words",
    openapi_extra=body_schema(ImagesRequest, pictures=True),
    response_model=None,
)
async def edits(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    try:
        incoming = await read_body(request, ImagesRequest, pictures=True)
        asked = incoming.model(ImagesRequest)
        picture = PictureInput(file=incoming.files.get("image") or incoming.files.get("image[]"))
        mask = PictureInput(file=incoming.files.get("mask"))
        edit = by_id("edit")
        assert edit is not None
        if service.router.route("edit"):
            params = validated(
                edit.params, {"prompt": asked.prompt, "num_images": asked.n or 1, "size": asked.size_or_none(), "model": asked.model}
            )
            record = await service.take_feature(edit, _user(caller, asked.user), params, picture, {"mask": mask}, once_of(request))
        else:
            record = await _edit_locally(service, _user(caller, asked.user), asked, picture, once_of(request))
        return await _answer(service, record, asked)
    except PhotoFunError as error:
        return _error(error)


async def _edit_locally(service: ImagingService, user_id: str, asked: ImagesRequest, picture: PictureInput, once: str | None) -> JobRecord:
    """Without an engine that edits by instruction: what the planner finds the local engine can do."""
    from photofun_common.contracts.prompt import RefineContext, RefineQuestion

    question = RefineQuestion(prompt=asked.prompt, context=RefineContext(images=1))
    answer = await service.intake.ask_planner(question)
    steps = [
        step
        for step in answer.plan
        if (found := by_id(step.feature)) is not None and found.needs_picture and service.router.route(step.feature)
    ]
    if len(steps) != 1:
        raise EngineMissingError("Free edits need GEMINI_API_KEY, FREEPIK_API_KEY or OPENAI_API_KEY")
    feature = by_id(steps[0].feature)
    assert feature is not None
    return await service.take_feature(feature, user_id, validated(feature.params, steps[0].params), picture, {}, once)


@router.post("/v1/images/variations", summary="OpenAI: variations of an image", response_model=None)
async def variations(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    try:
        incoming = await read_body(request, ImagesRequest, pictures=True)
        asked = validated(ImagesRequest, {**incoming.fields, "prompt": "a variation"})
        feature = by_id("reimagine")
        assert feature is not None
        picture = PictureInput(file=incoming.files.get("image"))
        record = await service.take_feature(
            feature, _user(caller, asked.user), validated(feature.params, {"imagination": "vivid"}), picture, {}, once_of(request)
        )
        return await _answer(service, record, asked)
    except PhotoFunError as error:
        return _error(error)


@router.get("/v1/models", summary="OpenAI: the models there are")
async def models(service: ServiceDep) -> Response:
    names = ["photofun-1", *(f"photofun-{engine.id}" for engine in service.router.engines.values() if engine.missing is None)]
    return JSONResponse({"object": "list", "data": [_model(name) for name in names]})


@router.get("/v1/models/{name}", summary="OpenAI: one model")
async def model(name: str) -> Response:
    return JSONResponse(_model(name[:100]))


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 1764000000, "owned_by": "photofun"}
