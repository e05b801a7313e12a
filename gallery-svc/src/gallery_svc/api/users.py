"""Erase a person: everything of theirs, in all services."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request
from photofun_common.contracts.values import UserId
from photofun_common.http import accepted, ok
from pydantic import BaseModel, TypeAdapter
from starlette.responses import Response

from ..domain.erasures import Erasure
from ..views import Answer
from .common import Here, Who, cached

__all__ = ["router"]

router = APIRouter(prefix="/v1/users", tags=["Users"])
_USER: TypeAdapter[str] = TypeAdapter(UserId)


class ErasureView(BaseModel):
    """How an erasure stands: how many things went by now, who has not reported yet, files not confirmed gone yet."""

    erasure_id: str
    user_id: str
    status: Literal["IN_PROGRESS", "COMPLETED"]
    counts: dict[str, int]
    waiting_for: list[str]
    files_left: int
    erased_at: datetime
    finished_at: datetime | None


def _view(erasure: Erasure, user_id: str) -> ErasureView:
    return ErasureView(
        erasure_id=erasure.id, user_id=user_id, status="COMPLETED" if erasure.finished_at else "IN_PROGRESS", counts=erasure.counts,
        waiting_for=erasure.missing, files_left=erasure.files_left, erased_at=erasure.at, finished_at=erasure.finished_at,
    )  # fmt: skip


@router.delete(
    "/{user_id}", summary="Erase everything of a person, in all services", status_code=202, responses={202: {"model": Answer[ErasureView]}}
)
async def erase_user(user_id: str, context: Here, caller: Who) -> Response:
    owner = caller.owner(_USER.validate_python(user_id))
    return accepted(_view(await context.services.erasing.erase(owner), owner), "Erasing")


@router.get("/{user_id}/erasure", summary="How a person's erasure stands", responses={200: {"model": Answer[ErasureView]}})
async def get_erasure(request: Request, user_id: str, context: Here, caller: Who) -> Response:
    owner = caller.owner(_USER.validate_python(user_id))
    return cached(request, ok(_view(await context.services.erasing.report(owner), owner)))
