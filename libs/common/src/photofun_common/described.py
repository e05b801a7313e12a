"""What does a route answer, and which query does it read?  Added to the API document where the code can't show it by itself.

DESCRIPTION = {
    "GET /v1/chat/sessions": Described("The sessions", answer=list[SessionView], query=(USER, LIMIT, CURSOR)),
}
describe(app, DESCRIPTION)
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin

from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter

from .errors import PhotoFunError

__all__ = ["CURSOR", "LIMIT", "USER", "WAIT", "Described", "Param", "describe"]

_REFS = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Param:
    """A query parameter or header that a route reads by itself."""

    name: str
    schema: Mapping[str, Any]
    description: str
    where: str = "query"
    required: bool = False
    example: Any = None

    def to_openapi(self) -> dict[str, Any]:
        told = {
            "name": self.name,
            "in": self.where,
            "required": self.required,
            "schema": dict(self.schema),
            "description": self.description,
        }
        return told if self.example is None else {**told, "example": self.example}


USER = Param("user_id", {"type": "string", "minLength": 1, "maxLength": 128}, "whose it is; a token says it by itself", example="ana")
LIMIT = Param("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "how many at most")
CURSOR = Param("cursor", {"type": "string", "maxLength": 400}, "the last page's `meta.next_cursor`")
WAIT = Param("wait", {"type": "number", "minimum": 0, "maximum": 30, "default": 0}, "seconds to wait for the end")


@dataclass(frozen=True, slots=True)
class Described:
    """A route's answers and queries; what is left out stays as FastAPI says it.

    `answer` is what stands in `result` (with `bare`: the whole body), `content` says another type than JSON; `statuses` are the good
    ones, the first is the usual one; `siblings` stand beside `result`.  `body` is a whole request body, or the route has one already:
    `fields` are more of its fields, `files` its form's files, `sent` an example.  `name` is the operation's id, else the function's.
    """

    summary: str = ""
    answer: Any = None
    query: Sequence[Param] = ()
    statuses: Sequence[int] = (200,)
    content: str = "application/json"
    bare: bool = False
    example: Any = None
    body: Any = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[str] = ()
    sent: Any = None
    siblings: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""


def describe(app: FastAPI, table: Mapping[str, Described]) -> None:
    """Let `app.openapi()` say what the table says.  Raises KeyError for a route that isn't there."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = copy.deepcopy(plain())
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            _name_plainly(document)
            for line, told in table.items():
                method, path = line.split(" ", 1)
                _dress(document["paths"][path][method.lower()], told, schemas)
            for item in document["paths"].values():
                for operation in item.values():
                    _fill_examples(operation)
            document["x-problems"] = _problems(PhotoFunError)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own documented way


def _problems(kind: type[PhotoFunError]) -> dict[str, int]:
    """Every problem that this process has a class for, with its status."""
    found = {kind.slug: kind.status}
    for child in kind.__subclasses__():
        found |= _problems(child)
    return {slug: status for slug, status in found.items() if slug != PhotoFunError.slug}


def _fill_examples(operation: dict[str, Any]) -> None:
    """A JSON body without an example gets one out of its schema."""
    media = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if media is not None and "example" not in media:
        media["example"] = _example_of(media.get("schema", {}))


def _example_of(schema: dict[str, Any]) -> Any:
    for name in ("example", "const", "default"):
        if name in schema:
            return schema[name]
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return _example_of(options[0])
    kind = schema.get("type")
    if kind == "object":
        return {
            name: _example_of(schema["properties"][name]) for name in schema.get("required", []) if name in schema.get("properties", {})
        }
    if kind == "array":
        return [_example_of(schema.get("items", {}))]
    return {"string": "text", "integer": schema.get("minimum", 1), "number": schema.get("minimum", 0.5), "boolean": True}.get(str(kind))


def _name_plainly(document: dict[str, Any]) -> None:
    """Operation ids without the path and method that FastAPI appends."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            operation["operationId"] = operation["operationId"].removesuffix(f"{re.sub(r'[^A-Za-z0-9_]', '_', path)}_{method}")


def _dress(operation: dict[str, Any], told: Described, schemas: dict[str, Any]) -> None:
    operation["summary"] = told.summary or operation.get("summary", "")
    if told.name:
        operation["operationId"] = told.name
    known = {(one["name"], one["in"]) for one in operation.get("parameters", [])}
    more = [param.to_openapi() for param in told.query if (param.name, param.where) not in known]
    if more:
        operation["parameters"] = [*operation.get("parameters", []), *more]
    if told.body is not None:
        operation["requestBody"] = copy.deepcopy(told.body)
    _dress_body(operation.get("requestBody", {}).get("content", {}), told)
    answers = operation.setdefault("responses", {})
    content = _content(told, schemas)
    if content is None:
        _add_example(answers, told.example)
        return
    for status in [status for status in answers if status.startswith("2") and int(status) not in told.statuses]:
        del answers[status]
    for status in told.statuses:
        answers[str(status)] = {
            "description": operation["summary"], **({} if status == 304 else {"content": copy.deepcopy(content)})
        }  # fmt: skip


def _add_example(answers: dict[str, Any], example: Any) -> None:
    """An example for what FastAPI described by itself."""
    for status, answer in answers.items():
        if example is not None and status.startswith("2"):
            for media in answer.get("content", {}).values():
                media["example"] = {"code": 1000, "message": "Success", "result": example}


def _dress_body(content: dict[str, Any], told: Described) -> None:
    for kind, media in content.items():
        properties = media["schema"].setdefault("properties", {})
        for name, schema in told.fields.items():
            properties.setdefault(name, dict(schema))
        if kind == "multipart/form-data":
            properties.update({name: {"type": "string", "format": "binary"} for name in told.files})
        elif told.sent is not None:
            media["example"] = told.sent


def _content(told: Described, schemas: dict[str, Any]) -> dict[str, Any] | None:
    if told.content != "application/json":
        return {told.content: {"schema": {"type": "string", **({} if told.content.startswith("text/") else {"format": "binary"})}}}
    if told.answer is None:
        return None
    inner = _schema(told.answer, schemas)
    if told.bare:
        return {"application/json": {"schema": inner, **({"example": told.example} if told.example is not None else {})}}
    members: dict[str, Any] = {
        "code": {"type": "integer", "const": 1000},
        "message": {"type": "string"},
        "result": inner,
        **{name: dict(schema) for name, schema in told.siblings.items()},
    }
    needed = ["code", "message", "result", *told.siblings]
    if get_origin(told.answer) is list:
        members["meta"] = {
            "type": "object",
            "properties": {"next_cursor": {"type": ["string", "null"]}, "count": {"type": "integer", "minimum": 0}},
        }
    schema = {"type": "object", "required": needed, "properties": members}
    shown = {"code": 1000, "message": "Success", "result": told.example}
    return {"application/json": {"schema": schema, **({"example": shown} if told.example is not None else {})}}


def _schema(answer: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    if isinstance(answer, dict):
        return answer
    if isinstance(answer, type) and issubclass(answer, BaseModel):
        schemas.update(_definitions(answer))
        return {"$ref": _REFS.format(model=answer.__name__)}
    if get_origin(answer) is list:
        return {"type": "array", "items": _schema(get_args(answer)[0], schemas)}
    return dict(TypeAdapter(answer).json_schema(ref_template=_REFS))


def _definitions(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(mode="serialization", ref_template=_REFS)
    return {**schema.pop("$defs", {}), model.__name__: schema}
