"""Would each service start with this environment, and does it say what was meant?  Names only; no value is ever told."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from photofun_common.settings import CommonSettings
from pydantic import ValidationError

from .documents import settings_class
from .plan import SERVICES

__all__ = ["Finding", "check", "read_environment"]

_NEEDED: dict[str, tuple[str, ...]] = {
    "gateway": ("PUBLIC_URL", "NATS_URL", "CONVERSATION_URL", "PROMPT_URL", "IMAGING_URL", "GALLERY_URL"),
    "conversation-svc": ("PUBLIC_URL", "NATS_URL", "MONGO_URI"),
    "prompt-svc": ("NATS_URL",),
    "imaging-svc": ("PUBLIC_URL", "NATS_URL", "STORAGE_URL"),
    "gallery-svc": ("PUBLIC_URL", "NATS_URL", "DATABASE_URL"),
}
"""What a deployment must say itself: its default is right on a developer's machine only."""
_RUNNER = {"PORT_BASE", "NATS_PORT", "DOCUMENTS_PORT", "IMAGING_WEIGHTS_DIR", "PROMPT_EVAL_DIR"}
_DEPLOY = {"POSTGRES_PASSWORD", "NATS_ADMIN_PASSWORD", *(f"NATS_{name.removesuffix('-svc').upper()}_PASSWORD" for name in SERVICES)}
_OURS = ("PHOTOFUN_", "GATEWAY_", "CONVERSATION_", "PROMPT_", "IMAGING_", "GALLERY_", "FREEPIK_", "JWT_", "RATE_LIMIT")
_ALIKE = 0.87


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to say about one service's settings, or about all (`service` empty)."""

    level: Literal["error", "warning"]
    service: str
    text: str


def read_environment(environ: Mapping[str, str], env_file: Path) -> dict[str, str]:
    """What a service started here would see: `.env` counts where the environment says nothing."""
    filed = {name: value for name, value in dotenv_values(env_file).items() if value is not None} if env_file.exists() else {}
    return filed | dict(environ)


def check(environ: Mapping[str, str], services: Iterable[str] = SERVICES) -> list[Finding]:
    """What is wrong, missing or unknown; a service that is not installed here is passed over."""
    found: list[Finding] = []
    known = set(_RUNNER | _DEPLOY)
    for service in SERVICES:
        settings = _class_of(service)
        if settings is None:
            continue
        known |= _names(settings)
        if service in services:
            found += [Finding("error", service, text) for text in (*_wrong(settings, environ), *_missing(service, environ))]
    return found + [Finding("warning", "", text) for text in _unknown(environ, known)]


def _class_of(service: str) -> type[CommonSettings] | None:
    try:
        return settings_class(importlib.import_module(f"{service.removesuffix('-svc').replace('-', '_')}_svc.settings"))
    except ModuleNotFoundError:
        return None


def _names(settings: type[CommonSettings]) -> set[str]:
    names = set()
    for name, field in settings.model_fields.items():
        aliases = getattr(field.validation_alias, "choices", [field.validation_alias] if field.validation_alias else [])
        names |= {name.upper(), *(str(alias).upper() for alias in aliases)}
    return names


def _wrong(settings: type[CommonSettings], environ: Mapping[str, str]) -> list[str]:
    values = {name.lower(): value for name, value in environ.items() if value != ""}
    names = {name.lower() for name in _names(settings)}
    try:
        _bare(settings)(**{name: value for name, value in values.items() if name in names})
    except ValidationError as error:
        return [_told(one) for one in error.errors(include_input=False, include_url=False)]
    return []


def _bare(settings: type[CommonSettings]) -> Any:
    """The class without its sources: only what it is given counts."""

    class Bare(settings):  # type: ignore[misc, valid-type]  # a class made at run time
        @classmethod
        def settings_customise_sources(cls, settings_cls: Any, **sources: Any) -> tuple[Any, ...]:
            return (sources["init_settings"],)

    return Bare


def _told(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"]).upper()
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}" if name else message


def _missing(service: str, environ: Mapping[str, str]) -> list[str]:
    """In a deployment (AUTH_MODE=required): what must be said and is not; a broker's user that is another service."""
    texts = []
    if environ.get("AUTH_MODE") == "required":
        texts = [f"{name} is not set: its default is for a developer's machine" for name in _NEEDED[service] if not environ.get(name)]
    user = urlsplit(environ.get("NATS_URL", "")).username
    if user is not None and user != service:
        texts.append(f"NATS_URL has the user {user}: this service's is {service}")
    return texts


def _unknown(environ: Mapping[str, str], known: set[str]) -> list[str]:
    """Names that look like ours and are nobody's: they change nothing."""
    texts = []
    for name in sorted(environ):
        if name in known or name.startswith("OTEL_"):
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
        if near:
            texts.append(f"{name} is no setting: did you mean {near[0]}?")
        elif name.startswith(_OURS):
            texts.append(f"{name} is no setting: nobody reads it")
    return texts
