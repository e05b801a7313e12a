"""Features, called directly: create, status, cancel; and what there is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from photofun_common.contracts.features import Feature, by_slug, features
from photofun_common.contracts.features.image_generate import ImageGenerateParams
from photofun_common.contracts.jobs import JobRecord
from photofun_common.errors import InvalidError, NotFoundError, ProblemError
from photofun_common.http import body_schema, ok, read_body, validated
from photofun_common.jobs import JobNotFoundError
from photofun_common.once import once_of
from starlette.responses import Response

from ..engines import Engine
from ..files import PictureInput
from ..service import ImagingService
from .common import CallerDep, ServiceDep, accepted_format, claimed_user, owned, picture_of, problem_of, wait_seconds

__all__ = ["render_task", "router"]

router = APIRouter(tags=["features"])
_SYNCHRONOUS_SECONDS = 60.0


def _feature(slug: str) -> Feature:
    feature = by_slug(slug)
    if feature is None:
        raise NotFoundError(f"There is no feature '{slug[:60]}'; GET /v1/features lists them", slug="unknown-feature")
    return feature


def render_task(service: ImagingService, record: JobRecord) -> dict[str, Any]:
    """A direct feature's state as its clients know it."""
    step = record.steps[0]
    images = [
        {
            "image_url": service.urls.url(picture.key),
            "image_id": picture.image_id,
            "width": picture.width,
            "height": picture.height,
            **({"seed": picture.seed} if picture.seed is not None else {}),
        }
        for picture in record.pictures
    ]
    body: dict[str, Any] = {
        **{name: value for name, value in step.params.items() if value is not None},
        "task_id": record.job_id,
        "status": record.status,
        "image_url": images[0]["image_url"] if images else None,
        "images": images,
        "progress": round(record.progress, 3),
        "user_id": record.user_id,
        "created_at": record.created_at.isoformat(),
    }
    if record.intent == "image_generation":
        body["refined_prompt"] = record.refined_prompt
    if record.metadata.get("input_source"):
        body["input_source"] = record.metadata["input_source"]
    if record.status == "COMPLETED":
        body |= {
            "provider": step.provider,
            "model": step.model,
            "degraded": step.degraded is not None,
            "metadata": {
                **step.metadata,
                "cost": round(step.cost, 6),
                **({"degraded": step.degraded} if step.degraded else {}),
                **_refine_note(record),
            },
        }
    if record.problem is not None:
        body["error"] = problem_of(record.problem)
    return body


def _refine_note(record: JobRecord) -> dict[str, Any]:
    return {"refine_skipped": record.metadata["refine_skipped"]} if "refine_skipped" in record.metadata else {}


@router.get("/v1/features", summary="Every feature: parameters, phrases, engines")
async def list_features(service: ServiceDep) -> Response:
    shared = {"Cache-Control": "public, max-age=5, s-maxage=5"}
    return ok([_describe(service, feature) for feature in features()], headers=shared)


def _describe(service: ImagingService, feature: Feature) -> dict[str, Any]:
    return {
        "name": feature.slug,
        "id": feature.id,
        "title": feature.title,
        "title_vi": feature.title_vi,
        "description": feature.description,
        "description_vi": feature.description_vi,
        "needs_image": feature.needs_picture,
        "references": list(feature.references),
        "reference_required": feature.reference_required,
        "parameters": feature.params.model_json_schema(),
        "examples": {"en": list(feature.examples), "vi": list(feature.examples_vi)},
        "synchronous": feature.synchronous,
        "engines": [engine.id for engine in service.router.route(feature.id)],
        "aliases": list(feature.aliases),
    }


@router.get("/v1/engines", summary="Which engines are configured, and what each can do")
async def list_engines(service: ServiceDep) -> Response:
    return ok([_describe_engine(engine) for engine in service.router.engines.values()])


def _describe_engine(engine: Engine) -> dict[str, Any]:
    """No secrets: whether it has its key, whether its breaker lets calls through, and what it does."""
    state = engine.gate.state if engine.gate is not None else "closed"
    return {
        "name": engine.id,
        "configured": engine.missing is None,
        "healthy": engine.missing is None and state == "closed",
        "breaker": state,
        "missing": engine.missing,
        "models": list(engine.models),
        "features": sorted(engine.features),
    }


def _declare(feature: Feature) -> None:
    """The create route of a feature, with its own parameters in the API document."""

    async def create(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
        return await _create(feature, request, service, caller)

    for slug in (feature.slug, *feature.aliases):
        router.add_api_route(
            f"/v1/features/{slug}",
            create,
            methods=["POST"],
            status_code=200 if feature.synchronous else 202,
            summary=feature.title,
            description=feature.description,
            openapi_extra=body_schema(feature.params, pictures=True),
            include_in_schema=slug == feature.slug,
            operation_id=f"create_{feature.id}" if slug == feature.slug else None,
            response_model=None,
        )


async def _create(feature: Feature, request: Request, service: ImagingService, caller: Any) -> Response:
    seconds = wait_seconds(request)
    incoming = await read_body(request, feature.params, pictures=True)
    user_id = caller.owner(claimed_user(incoming.fields) or claimed_user(dict(request.query_params)))
    fields = {"output_format": accepted_format(request), **{name: value for name, value in incoming.fields.items() if value is not None}}
    params = validated(feature.params, {name: value for name, value in fields.items() if value is not None})
    references = {name: picture_of(incoming, name) for name in feature.references}
    picture = picture_of(incoming, "image") if feature.needs_picture else PictureInput()
    record = await service.take_feature(feature, user_id, params, picture, references, once_of(request))
    if feature.synchronous:
        record = await service.jobs.wait(record.job_id, max(seconds, _SYNCHRONOUS_SECONDS))
        if record.status == "FAILED" and record.problem is not None:
            raise ProblemError(record.problem)
        return ok(render_task(service, record), status=200 if record.is_final else 202)
    if seconds:
        record = await service.jobs.wait(record.job_id, seconds)
        return ok(render_task(service, record), status=200 if record.is_final else 202)
    echo = render_task(service, record)
    return ok({**echo, "status": "CREATED"}, "Accepted", status=202)


for _declared in features():
    _declare(_declared)


@router.get("/v1/features/{slug}/status/{task_id}", summary="How a task stands")
async def status(slug: str, task_id: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    record = await _task(slug, task_id, request, service, caller)
    if seconds := wait_seconds(request):
        record = await service.jobs.wait(record.job_id, seconds)
    return ok(render_task(service, record))


@router.post("/v1/features/{slug}/cancel/{task_id}", summary="Cancel a task")
async def cancel(slug: str, task_id: str, request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    record = await _task(slug, task_id, request, service, caller)
    return ok(render_task(service, await service.cancel(record.job_id)))


async def _task(slug: str, task_id: str, request: Request, service: ImagingService, caller: Any) -> JobRecord:
    feature = _feature(slug)
    if not (task_id.isalnum() and task_id.isascii() and len(task_id) <= 64):
        raise JobNotFoundError("There is no task with this id")
    record = owned(await service.jobs.get(task_id), caller.reader(claimed_user(dict(request.query_params))))
    if not record.steps or record.kind != "feature" or record.steps[0].feature != feature.id:
        raise JobNotFoundError("There is no task with this id")
    return record


@router.post(
    "/v1/image/generate",
    summary="Draw a refined prompt as it is",
    status_code=202,
    openapi_extra=body_schema(ImageGenerateParams),
    response_model=None,
)
async def image_generate(request: Request, service: ServiceDep, caller: CallerDep) -> Response:
    incoming = await read_body(request, ImageGenerateParams, pictures=True)
    fields = {**incoming.fields, "prompt": incoming.fields.get("refined_prompt", incoming.fields.get("prompt")), "refine": False}
    if fields["prompt"] is None:
        raise InvalidError("refined_prompt: is required", errors=[{"field": "refined_prompt", "message": "is required"}])
    if fields.get("size") is None:
        fields["size"] = None if "aspect_ratio" in fields else "1024x1024"
    feature = _feature("image-generate")
    user_id = caller.owner(claimed_user(fields) or claimed_user(dict(request.query_params)))
    record = await service.take_feature(feature, user_id, validated(ImageGenerateParams, fields), PictureInput(), {}, once_of(request))
    return ok({"status": "PROCESSING", "request_id": record.job_id, "task_id": record.job_id, "image_url": None}, "Accepted", status=202)
