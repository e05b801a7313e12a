"""How do requests come in and answers go out?  Strict JSON, forms with pictures, the envelope."""

from __future__ import annotations

import json
import math
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.responses import Response

from .errors import InvalidError, MalformedError, TooLargeError, UnsupportedMediaError
from .problem import from_validation

__all__ = ["MAX_PICTURE_BYTES", "Incoming", "accepted", "body_schema", "ok", "parse_json", "query_int", "read_body", "validated"]

MAX_JSON_BYTES = 256 * 1024
MAX_PICTURE_BYTES = 10 * 2**20
_MAX_WITH_PICTURES = 3 * (MAX_PICTURE_BYTES * 4 // 3 + 4096) + MAX_JSON_BYTES
_MAX_DEPTH = 12
_MAX_FIELDS = 64
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,100})"|([^;\s]{1,100}))', re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")
B = TypeVar("B", bound=BaseModel)


def ok(
    result: Any,
    message: str = "Success",
    *,
    status: int = 200,
    meta: dict[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    **siblings: Any,
) -> Response:
    """The success envelope.  Models are dumped as JSON; `siblings` stand beside `result`."""
    body: dict[str, Any] = {"code": 1000, "message": message, "result": result}
    if meta is not None:
        body["meta"] = meta
    return Response(orjson.dumps({**body, **siblings}, default=_encode), status, dict(headers or {}), "application/json")


def accepted(result: Any, message: str = "Accepted", **more: Any) -> Response:
    return ok(result, message, status=202, **more)


def _encode(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(type(value).__name__)


def parse_json(raw: bytes) -> Any:
    """Read JSON strictly: UTF-8 without NaN, duplicates or deep nesting.

    Raises MalformedError (400) for what is no JSON, InvalidError (422) for values no field can take.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("The body is not UTF-8") from error
    if "\x00" in text:
        raise MalformedError("The body holds NUL bytes; send UTF-8 JSON")
    try:
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates, parse_int=_bounded_int, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"The body is not JSON: {_short(error)}") from error
    _check(value, 1)
    return value


def _short(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]


def _no_constant(name: str) -> Any:
    raise InvalidError(f"{name} is not a JSON number")


def _bounded_int(digits: str) -> int:
    if len(digits) > 18:
        raise InvalidError("A number is out of range")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise InvalidError("A number is out of range")
    return number


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("An object repeats a key")
    return found


def _check(value: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise InvalidError(f"The body is nested more than {_MAX_DEPTH} levels deep")
    if isinstance(value, str):
        if len(value) < MAX_JSON_BYTES and ("\x00" in value or _SURROGATE.search(value)):
            raise InvalidError("Text must be valid Unicode without NUL or lone surrogates")
    elif isinstance(value, dict):
        for key, inner in value.items():
            if "\x00" in key or _SURROGATE.search(key):
                raise InvalidError("Keys must be valid Unicode without NUL")
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request's body: its fields as JSON values, and the files of a form by field name."""

    fields: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)

    def model(self, model: type[B]) -> B:
        """The fields as a model.  Raises InvalidError that names what is wrong."""
        return validated(model, self.fields)


def validated(model: type[B], value: Any) -> B:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise from_validation(error.errors(include_url=False, include_input=False, include_context=False)) from error


async def read_body(
    request: Request, model: type[BaseModel] | None = None, *, pictures: bool = False, limit: int | None = None, empty: bool = False
) -> Incoming:
    """Read JSON, or a form when `pictures` are taken.  `model` tells which form fields are no text.

    Raises MalformedError (400), TooLargeError (413), UnsupportedMediaError (415), InvalidError (422).
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    most = limit or (_MAX_WITH_PICTURES if pictures else MAX_JSON_BYTES)
    if pictures and kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return await _read_form(request, model, most)
    raw = await _read_raw(request, most)
    if not raw and empty:
        return Incoming({})
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMediaError(f"Send application/json{' or multipart/form-data' if pictures else ''}, not {kind[:60] or 'nothing'}")
    if not raw.strip():
        raise InvalidError("The body is empty; a JSON object is expected")
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise InvalidError("The body must be a JSON object")
    _check_without_pictures(value, most)
    return Incoming(value)


def _check_without_pictures(value: dict[str, Any], most: int) -> None:
    """JSON apart from its pictures has the small limit, also where pictures may come along."""
    if most <= MAX_JSON_BYTES:
        return
    rest = {key: inner for key, inner in value.items() if not key.endswith("_data")}
    if len(orjson.dumps(rest, default=str)) > MAX_JSON_BYTES:
        raise TooLargeError("The JSON apart from pictures is too large", limit=MAX_JSON_BYTES)


async def _read_raw(request: Request, most: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > most:
        raise TooLargeError("The body is too large", limit=most, actual=int(declared))
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise TooLargeError("The body is too large", limit=most, actual=size)
        chunks.append(chunk)
    return b"".join(chunks)


async def _read_form(request: Request, model: type[BaseModel] | None, most: int) -> Incoming:
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > most:
        raise TooLargeError("The form is too large", limit=most, actual=int(declared))
    fields: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    tail = _Tail(request)
    try:
        async with request.form(max_files=8, max_fields=_MAX_FIELDS, max_part_size=MAX_JSON_BYTES) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    files[name] = await _read_file(name, value)
                else:
                    fields[name] = _form_value(name, str(value), model)
    except MultiPartException as error:
        raise MalformedError(f"The form can't be read: {error.message}"[:200]) from error
    if not tail.is_whole:
        raise MalformedError("The form breaks off before its end")
    _check(fields, 1)
    return Incoming(fields, files)


class _Tail:
    """Watches a form go by: does it end as it must?  The parser takes one that breaks off for one with less in it."""

    def __init__(self, request: Request) -> None:
        kind = request.headers.get("content-type", "")
        found = _BOUNDARY.search(kind) if kind.lower().startswith("multipart/") else None
        self._end = b"--" + (found.group(1) or found.group(2)).encode("latin-1") + b"--" if found else b""
        self._seen = b""
        self._has_ended = False
        self._stream = request.stream
        request.stream = self._watched  # type: ignore[method-assign]  # the form's parser reads what `stream` gives

    @property
    def is_whole(self) -> bool:
        return not self._end or self._has_ended

    async def _watched(self) -> AsyncGenerator[bytes, None]:
        async for chunk in self._stream():
            if self._end and not self._has_ended:
                self._has_ended = self._end in self._seen + chunk
                self._seen = (self._seen + chunk)[-len(self._end) :]
            yield chunk


async def _read_file(name: str, file: UploadFile) -> bytes:
    data = await file.read(MAX_PICTURE_BYTES + 1)
    if len(data) > MAX_PICTURE_BYTES:
        raise TooLargeError(f"{name}: a picture may have 10 MB", limit=MAX_PICTURE_BYTES, actual=file.size or len(data))
    return data


def _form_value(name: str, text: str, model: type[BaseModel] | None) -> Any:
    """Form fields are text: what the model wants as number, boolean, list or object is read as JSON."""
    info = model.model_json_schema().get("properties", {}).get(name) if model is not None else None
    wants_text = (
        info is None
        or info.get("type") == "string"
        or any(option.get("type") == "string" and "format" not in option for option in info.get("anyOf", []))
    )
    looks_nested = name in (
        "operations",
        "styling",
        "feature_params",
        "metadata",
        "selected_messages",
        "additional_images",
        "context",
        "tags",
    )
    if wants_text and not looks_nested:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def query_int(request: Request, name: str, default: int, *, low: int, high: int) -> int:
    """A whole number out of the query.  Raises InvalidError outside low..high."""
    raw = request.query_params.get(name)
    if raw is None or raw == "":
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) < 10 and low <= int(raw) <= high):
        raise InvalidError(
            f"{name}: must be a whole number from {low} to {high}", errors=[{"field": name, "message": f"must be {low} to {high}"}]
        )
    return int(raw)


def body_schema(model: type[BaseModel], *, pictures: bool = False) -> dict[str, Any]:
    """The request body for a route's `openapi_extra`: the model as JSON, and as a form when pictures are taken."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    schema = _inline(schema, definitions)
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if pictures:
        form = {**schema, "properties": {**schema.get("properties", {}), "image_file": {"type": "string", "format": "binary"}}}
        content["multipart/form-data"] = {"schema": form}
    return {"requestBody": {"required": True, "content": content}}


def _inline(value: Any, definitions: dict[str, Any]) -> Any:
    """Schemas with their $refs put in place (ours are not recursive)."""
    if isinstance(value, dict):
        if "$ref" in value:
            name = value["$ref"].rsplit("/", 1)[-1]
            return _inline({**definitions[name], **{key: inner for key, inner in value.items() if key != "$ref"}}, definitions)
        return {key: _inline(inner, definitions) for key, inner in value.items() if key != "discriminator"}
    if isinstance(value, list):
        return [_inline(inner, definitions) for inner in value]
    return value
