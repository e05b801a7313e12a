"""What does prompt-svc answer over HTTP?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from photofun_common.contracts.prompt import RefineContext, RefineQuestion
from photofun_common.contracts.values import clean_text
from photofun_common.errors import InvalidError
from photofun_common.http import body_schema, ok, read_body
from photofun_common.identity import Caller, caller_of
from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field
from starlette.responses import Response

from .service import PromptService

__all__ = ["router"]

router = APIRouter()
Who = Annotated[Caller, Depends(caller_of)]
_Text = Annotated[str, AfterValidator(clean_text)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Context(_Body):
    images: Annotated[int, Field(ge=0, le=10_000)] = 0
    history: Annotated[list[dict[str, Any]], Field(max_length=200)] = Field(default_factory=list)


class RefineBody(_Body):
    """Words to refine and plan."""

    prompt: Annotated[_Text, Field(min_length=1, max_length=4000)] = Field(validation_alias=AliasChoices("prompt", "content", "message"))
    style: Annotated[_Text, Field(max_length=100)] | None = None
    lang: Annotated[str, Field(max_length=10)] | None = None
    topic: Annotated[_Text, Field(max_length=200)] | None = None
    image_url: Annotated[str, Field(max_length=2048)] | None = None
    context: _Context | None = None


class SuggestBody(_Body):
    """What was typed so far; nothing is fine."""

    query: Annotated[_Text, Field(max_length=500)] | None = None
    prompt: Annotated[_Text, Field(max_length=500)] | None = None
    limit: Annotated[int, Field(ge=1, le=100, strict=True)] = 10
    user_id: Annotated[_Text, Field(max_length=128)] | None = Field(default=None, validation_alias=AliasChoices("user_id", "userId"))


class ChooseBody(_Body):
    """A suggestion that was taken, by its id or its words."""

    prompt_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")] | None = None
    prompt: Annotated[_Text, Field(max_length=2000)] | None = Field(default=None, validation_alias=AliasChoices("prompt", "query"))
    user_id: Annotated[_Text, Field(max_length=128)] | None = Field(default=None, validation_alias=AliasChoices("user_id", "userId"))


def _service(request: Request) -> PromptService:
    service: PromptService = request.app.state.context.service
    return service


Service = Annotated[PromptService, Depends(_service)]


@router.post("/v1/prompt/refine", openapi_extra=body_schema(RefineBody), summary="Refine words and plan the steps")
async def refine(request: Request, service: Service, _caller: Who) -> Response:
    body = (await read_body(request)).model(RefineBody)
    if not body.prompt.strip():
        raise InvalidError("prompt: must not be empty", errors=[{"field": "prompt", "message": "must not be empty"}])
    context = RefineContext(images=body.context.images, history=body.context.history) if body.context else RefineContext()
    question = RefineQuestion(
        prompt=body.prompt, style=body.style, lang=body.lang, topic=body.topic, image_url=body.image_url, context=context
    )
    return ok(await service.refine(question))


@router.post("/v1/prompt/suggest", openapi_extra=body_schema(SuggestBody), summary="Suggest prompts")
@router.post("/v1/rec-prompt/suggest", openapi_extra=body_schema(SuggestBody), summary="Suggest prompts")
async def suggest(request: Request, service: Service, caller: Who) -> Response:
    body = (await read_body(request, empty=True)).model(SuggestBody)
    query = body.query or body.prompt or ""
    results = await service.suggest(query, limit=body.limit, user_id=caller.reader(body.user_id))
    return ok({"query": query, "results": results})


@router.post("/v1/rec-prompt/choose", openapi_extra=body_schema(ChooseBody), summary="Record that a prompt was chosen")
async def choose(request: Request, service: Service, caller: Who) -> Response:
    body = (await read_body(request)).model(ChooseBody)
    if body.prompt_id is None and not (body.prompt or "").strip():
        raise InvalidError(
            "prompt_id or prompt: one of them is needed", errors=[{"field": "prompt_id", "message": "or prompt is required"}]
        )
    return ok(await service.choose(prompt_id=body.prompt_id, prompt=body.prompt, user_id=caller.reader(body.user_id)))
