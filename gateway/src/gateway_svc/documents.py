"""What does the whole API look like?  One OpenAPI document out of the four services' own."""

from __future__ import annotations

import asyncio
import copy
import logging
import time
from typing import Any

import orjson

from .pool import TROUBLE
from .problems import PROBLEMS, openai_error_schema, problem_components, problem_responses, problem_schema
from .routing import route_of
from .upstreams import Upstreams

__all__ = ["Documents", "merged"]

log = logging.getLogger(__name__)
_FRESH_SECONDS = 60.0
_FETCH_SECONDS = 3.0
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_TAGS = {
    "chat": "Chat", "prompt": "Prompt", "rec-prompt": "Prompt", "features": "Features", "engines": "Features", "image": "Images",
    "images": "OpenAI-compatible images", "models": "OpenAI-compatible images", "files": "Files", "file": "Files", "jobs": "Jobs",
    "webhooks": "Webhooks", "gallery": "Gallery", "users": "Users",
}  # fmt: skip
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "the first answer to this key is replayed for 24 hours",
}
_SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}]
_NOT_OURS = ("HTTPValidationError", "ValidationError")


def _answer(description: str, schema: dict[str, Any] | None = None, kind: str = "application/json") -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema or {"type": "object"}}}}


def _own_paths() -> dict[str, Any]:
    health = {
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["healthy", "degraded"]},
            "service": {"type": "string"},
            "version": {"type": "string"},
            "services": {"type": "object", "additionalProperties": {"type": "string", "enum": ["healthy", "unhealthy"]}},
        },
    }

    def get(summary: str, answer: dict[str, Any], operation: str) -> dict[str, Any]:
        return {
            "get": {"tags": ["Operations"], "summary": summary, "operationId": operation, "security": [{}], "responses": {"200": answer}}
        }

    return {
        "/health": get("How the gateway and the services are", _answer("Health", health), "health"),
        "/livez": get("Whether the gateway runs", _answer("Alive"), "livez"),
        "/readyz": get("Whether the gateway takes calls", _answer("Ready"), "readyz"),
        "/openapi.json": get("This document", _answer("OpenAPI"), "openapi"),
    }


class Documents:
    """The merged document, fetched anew after a minute; a service that is away is described as last seen."""

    def __init__(self, upstreams: Upstreams, names: list[str], *, public_url: str, version: str) -> None:
        self._upstreams, self._names = upstreams, names
        self._public_url, self._version = public_url, version
        self._known: dict[str, dict[str, Any]] = {}
        self._made: bytes = b""
        self._made_at = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self) -> bytes:
        async with self._lock:
            is_whole = len(self._known) == len(self._names)
            if time.monotonic() - self._made_at > (_FRESH_SECONDS if is_whole else 2.0):
                await asyncio.gather(*(self._fetch(name) for name in self._names))
                self._made = orjson.dumps(merged(self._known, public_url=self._public_url, version=self._version))
                self._made_at = time.monotonic()
            return self._made

    async def _fetch(self, name: str) -> None:
        try:
            status, body = await self._upstreams.get(name, "/openapi.json", seconds=_FETCH_SECONDS)
            document = orjson.loads(body)
            if status == 200 and isinstance(document, dict):
                self._known[name] = document
        except (*TROUBLE, ValueError) as error:
            log.warning("a service's document could not be fetched", extra={"upstream": name, "error": f"{type(error).__name__}"})


def merged(documents: dict[str, dict[str, Any]], *, public_url: str, version: str) -> dict[str, Any]:
    """One document.  Schemas that two services name alike but mean differently get the service's name in front."""
    paths: dict[str, Any] = _own_paths()
    problems = {slug: status for document in documents.values() for slug, status in document.get("x-problems", {}).items()} | PROBLEMS
    schemas: dict[str, Any] = {"Problem": problem_schema(problems), "OpenAIError": openai_error_schema(problems)}
    for name, document in documents.items():
        found, renamed = _schemas(name, document, schemas)
        schemas.update(found)
        for path, item in document.get("paths", {}).items():
            if path.startswith("/v1/"):
                merged_item = _with_refs(copy.deepcopy(item), renamed)
                paths.setdefault(path, {}).update(_dressed(path, merged_item))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "PhotoFun Studio",
            "version": version,
            "summary": "AI photo editing as a service",
            "description": "Every path also answers under `/api`, with and without a trailing slash. Answers are "
            '`{"code": 1000, "message", "result"}`; failures are RFC 9457 problem documents that carry `code` and `message` too. '
            "Every POST takes an `Idempotency-Key`. With `AUTH_MODE=open` nobody signs in and `user_id` says whose it is; with "
            "`AUTH_MODE=required` a bearer token or an API key does, and a foreign `user_id` is 403.",
        },
        "servers": [{"url": "/", "description": "this gateway"}, {"url": public_url, "description": "its public address"}],
        "tags": [{"name": tag} for tag in dict.fromkeys([*_TAGS.values(), "Operations"])],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": problem_components(problems),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "a JWT (`type: access`) or an API key `pf_…`",
                },
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
        "security": _SECURITY,
    }


def _schemas(name: str, document: dict[str, Any], taken: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    own = {key: value for key, value in document.get("components", {}).get("schemas", {}).items() if key not in _NOT_OURS}
    renamed = {key: f"{name.removesuffix('-svc').title()}{key}" for key, value in own.items() if key in taken and taken[key] != value}
    return {renamed.get(key, key): _with_refs(copy.deepcopy(value), renamed) for key, value in own.items()}, renamed


def _with_refs(value: Any, renamed: dict[str, str]) -> Any:
    if not renamed:
        return value
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str):
            name = reference.rsplit("/", 1)[-1]
            value["$ref"] = f"#/components/schemas/{renamed.get(name, name)}"
        return {key: _with_refs(inner, renamed) for key, inner in value.items()}
    return [_with_refs(inner, renamed) for inner in value] if isinstance(value, list) else value


def _dressed(path: str, item: dict[str, Any]) -> dict[str, Any]:
    tag = _TAGS.get(path.split("/")[2], "Other")
    for method, operation in item.items():
        if method not in _METHODS:
            continue
        route = route_of(method.upper(), path)
        if route is None:
            raise ValueError(f"the gateway has no route for {method.upper()} {path}")
        operation["tags"] = [tag]
        answers = {status: answer for status, answer in operation.get("responses", {}).items() if status.startswith("2") or status == "304"}
        problems = problem_responses(
            method=method, has_body="requestBody" in operation, has_id="{" in path, is_public=route.is_public, is_openai=route.is_openai
        )
        operation["responses"] = {**answers, **problems}
        operation["security"] = [{}] if route.is_public else _SECURITY
        if method == "post":
            operation["parameters"] = [*operation.get("parameters", []), _KEY]
    return item
