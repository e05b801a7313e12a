"""What does imaging-svc answer over the bus?  Questions by subject, and who answers them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from photofun_common.contracts.imaging import KeepQuestion
from photofun_common.errors import InvalidError
from pydantic import BaseModel, ValidationError

from .service import ImagingService

__all__ = ["answers_of"]

Q = TypeVar("Q", bound=BaseModel)
Answering = Callable[[bytes], Awaitable[BaseModel]]


def answers_of(service: ImagingService) -> dict[str, Answering]:
    """Every question this service answers."""
    return {"rpc.imaging.keep": _answering(KeepQuestion, service.sources.keep)}


def _answering(question: type[Q], answer: Callable[[Q], Awaitable[BaseModel]]) -> Answering:
    async def answered(raw: bytes) -> BaseModel:
        try:
            asked = question.model_validate_json(raw)
        except ValidationError as error:
            raise InvalidError("The question can't be read") from error
        return await answer(asked)

    return answered
