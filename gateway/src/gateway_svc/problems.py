"""Which problems can the API answer?  Slugs with their statuses, for the API document; docs/problems.md tells them to people.

Services name those that have a class in their own documents (`x-problems`); here are the others and the gateway's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from photofun_common.problem import PROBLEM_TYPE

__all__ = ["PROBLEMS", "openai_error_schema", "problem_components", "problem_responses", "problem_schema"]

PROBLEMS: dict[str, int] = {
    "album-full": 409,
    "album-not-found": 404,
    "archive-encrypted": 422,
    "broker-unavailable": 503,
    "conflict": 409,
    "daily-cap-reached": 429,
    "database-unavailable": 503,
    "deadline-exceeded": 504,
    "engine-busy": 503,
    "engine-missing": 422,
    "file-not-found": 404,
    "files-unavailable": 503,
    "forbidden": 403,
    "headers-too-large": 431,
    "idempotency-in-progress": 409,
    "idempotency-key-invalid": 400,
    "idempotency-mismatch": 422,
    "idempotency-unavailable": 503,
    "image-not-deleted": 400,
    "image-not-found": 404,
    "image-too-complex": 422,
    "image-too-large": 422,
    "image-undecodable": 422,
    "image-url-unreachable": 422,
    "input-too-large": 413,
    "internal-error": 500,
    "issuer-unavailable": 503,
    "job-not-found": 404,
    "limits-unavailable": 503,
    "malformed-request": 400,
    "message-not-found": 404,
    "method-not-allowed": 405,
    "moderation-blocked": 422,
    "needs-image": 422,
    "needs-reference": 422,
    "not-awaiting-approval": 409,
    "not-found": 404,
    "not-retryable": 409,
    "overloaded": 503,
    "planning-failed": 500,
    "poison-event": 422,
    "provider-auth": 502,
    "provider-failed": 502,
    "provider-no-credits": 502,
    "provider-outcome-unknown": 502,
    "provider-rate-limited": 503,
    "provider-rejected": 422,
    "provider-timeout": 504,
    "provider-unavailable": 503,
    "provider-unsuited": 503,
    "rate-limited": 429,
    "request-timeout": 408,
    "scope-missing": 403,
    "service-failed": 502,
    "service-timeout": 504,
    "service-unavailable": 503,
    "session-not-found": 404,
    "storage-unavailable": 503,
    "store-unavailable": 503,
    "too-many-albums": 409,
    "too-many-connections": 503,
    "too-many-jobs": 429,
    "unauthorized": 401,
    "unavailable": 503,
    "unknown-feature": 404,
    "unknown-host": 400,
    "unsafe-url": 422,
    "unsupported-image": 415,
    "unsupported-media-type": 415,
    "upload-gone": 404,
    "uri-too-long": 414,
    "validation-failed": 422,
    "worker-lost": 503,
}


def problem_schema(problems: Mapping[str, int]) -> dict[str, Any]:
    """A problem document with all its types."""
    properties = {
        **_PROBLEM["properties"],
        "type": {"type": "string", "format": "uri", "enum": [PROBLEM_TYPE + slug for slug in sorted(problems)]},
        "slug": {"type": "string", "enum": sorted(problems)},
    }
    return {**_PROBLEM, "properties": properties}


def openai_error_schema(problems: Mapping[str, int]) -> dict[str, Any]:
    """A failure in OpenAI's shape; `code` is the problem's slug."""
    members = {
        "message": {"type": "string"},
        "type": {"type": "string"},
        "param": {"type": ["string", "null"]},
        "code": {"type": ["string", "null"], "enum": [*sorted(problems), None]},
    }
    error = {"type": "object", "required": list(members), "properties": members}
    return {"type": "object", "required": ["error"], "properties": {"error": error}}


_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "An RFC 9457 problem document that also carries the envelope's `code` and `message`.",
    "required": ["type", "title", "status", "detail", "code", "message"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "what happened and what to do about it"},
        "instance": {"type": "string"},
        "code": {"type": "integer", "enum": [1001, 1003, 1004, 1005, 1006, 1007, 4000, 9999]},
        "message": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "message": {"type": "string"}}},
        },
        "request_id": {"type": "string"},
        "retry_after": {"type": "integer"},
        "limit": {"description": "the limit that was passed"},
        "actual": {"description": "what came"},
    },
    "example": {
        "type": PROBLEM_TYPE + "needs-image",
        "title": "A picture is needed",
        "status": 422,
        "code": 4000,
        "slug": "needs-image",
        "detail": "Send a picture as image_file, image_url or image_data",
        "message": "Send a picture as image_file, image_url or image_data",
        "instance": "/v1/features/upscale",
        "errors": [],
        "request_id": "3f6c1d2b9a8e4f70b1c2d3e4f5a60718",
    },
}

_TITLES = {
    400: "It can't be read", 401: "Sign in first", 403: "Not yours to do", 404: "There is no such thing, or it is another's",
    409: "It does not fit the present state", 413: "Too large", 415: "Not a type we take", 422: "A value is not right",
    429: "Too many requests; wait Retry-After seconds", 502: "A service or provider failed", 503: "Not just now; wait Retry-After seconds",
    504: "It took too long",
}  # fmt: skip


def problem_components(problems: Mapping[str, int]) -> dict[str, Any]:
    """The failures by status, each with its slugs, as `components.responses`; OpenAI's routes have a shape of their own."""
    return {
        f"{kind}{status}": _response(status, problems, is_openai=kind == "OpenAI") for kind in ("Problem", "OpenAI") for status in _TITLES
    }


def problem_responses(*, method: str, has_body: bool, has_id: bool, is_public: bool, is_openai: bool) -> dict[str, Any]:
    """The failures that a call can meet, as references to `problem_components`."""
    statuses = {400, 422, 429, 502, 503, 504}
    if not is_public:
        statuses |= {401, 403}
    if has_id:
        statuses |= {404}
    if method != "get":
        statuses |= {409}
    if has_body:
        statuses |= {404, 413, 415}
    kind = "OpenAI" if is_openai else "Problem"
    return {str(status): {"$ref": f"#/components/responses/{kind}{status}"} for status in sorted(statuses)}


def _response(status: int, problems: Mapping[str, int], *, is_openai: bool) -> dict[str, Any]:
    slugs = sorted(slug for slug, found in problems.items() if found == status)
    told: dict[str, Any] = {"description": f"{_TITLES[status]}: {', '.join(f'`{slug}`' for slug in slugs)}"}
    if is_openai:
        return {**told, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAIError"}}}}
    return {**told, "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
