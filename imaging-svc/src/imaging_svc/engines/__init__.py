"""Who can make a picture?  One file (or folder) per engine, behind one interface."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from photofun_common.contracts.jobs import ProviderTask

from ..codec import Encoded
from .gate import Gate

__all__ = ["Engine", "Made", "Order", "Tasks"]

Tell = Callable[[float], None]


class Tasks(Protocol):
    """The step's paid calls, kept in the job's record: saved before anything waits for them.

    `keep` saves a call as done with the pictures it answered, `kept` gives them back (nothing when they could not be kept).
    """

    def known(self) -> list[ProviderTask]: ...
    def save(self, task: ProviderTask) -> Awaitable[None]: ...
    def keep(self, task: ProviderTask, pictures: list[bytes]) -> Awaitable[None]: ...
    def kept(self, task: ProviderTask) -> Awaitable[list[bytes]]: ...


@dataclass(frozen=True, slots=True)
class Order:
    """What an engine is asked: a feature, its parameters (validated), the picture and the references as bytes.

    `english` is the prompt for an engine that wants English; `public_url` an address where the picture can be fetched from outside.
    """

    job_id: str
    step: int
    feature: str
    params: dict[str, Any]
    prompt: str
    picture: bytes | None = None
    references: dict[str, bytes] = field(default_factory=dict)
    seed: int = 0
    english: str | None = None
    seconds: float = 120.0
    public_url: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What an engine made: pictures, the model's name, why it was less than the best, facts for the metadata."""

    pictures: list[Encoded]
    seeds: list[int | None]
    model: str
    degraded: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


class Engine(Protocol):
    """One way to make pictures.  `missing` names the setting to set when it is not configured; paid calls pass its `gate`;
    `models` are names that a request may ask for."""

    id: str
    features: frozenset[str]
    missing: str | None
    wants_english: bool

    @property
    def gate(self) -> Gate | None: ...
    @property
    def models(self) -> tuple[str, ...]: ...

    async def run(self, order: Order, *, tell: Tell, tasks: Tasks) -> Made: ...
    async def aclose(self) -> None: ...
