"""What can go wrong, as kinds that know neither HTTP nor NATS.

    PhotoFunError
    ├── InvalidError            the input can't be right           (422)
    │   ├── MalformedError      not even readable                  (400)
    │   ├── UnsupportedMediaError                                  (415)
    │   └── TooLargeError       over a limit                       (413)
    ├── UnauthorizedError                                          (401)
    ├── DeniedError                                                (403)
    ├── NotFoundError                                              (404)
    ├── ConflictError                                              (409)
    ├── RateLimitedError        retry_after                        (429)
    ├── UpstreamError           somebody we asked failed           (502)
    ├── DeadlineError           it took too long                   (504)
    └── UnavailableError        we can't just now                  (503)

A class gives the kind by its parent, the slug by its `slug`, the message helps the reader.  `retryable` says whether the
same call may succeed later: the bus hands such an event back, and ends any other at once.
"""

from __future__ import annotations

from typing import Any

from .contracts.values import ProblemData

__all__ = [
    "ConflictError",
    "DeadlineError",
    "DeniedError",
    "InvalidError",
    "MalformedError",
    "NotFoundError",
    "PhotoFunError",
    "ProblemError",
    "RateLimitedError",
    "TooLargeError",
    "UnauthorizedError",
    "UnavailableError",
    "UnsupportedMediaError",
    "UpstreamError",
]


class PhotoFunError(Exception):
    """Expected trouble.  `errors` lists fields, `extra` goes into the problem document as it is."""

    kind = "error"
    slug = "error"
    title = "Something went wrong"
    status = 500
    code = 9999
    retryable = False

    def __init__(
        self,
        detail: str = "",
        *,
        errors: list[dict[str, str]] | None = None,
        retry_after: float | None = None,
        slug: str | None = None,
        title: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = errors or []
        self.retry_after = retry_after
        self.extra = extra
        if slug:
            self.slug = slug
        if title:
            self.title = title

    def to_problem(self) -> ProblemData:
        """The error as it travels in records and events."""
        extra = {**self.extra, **({"errors": self.errors} if self.errors else {})}
        return ProblemData(
            slug=self.slug,
            title=self.title,
            status=self.status,
            detail=self.detail,
            code=self.code,
            retry_after=self.retry_after,
            extra=extra,
        )


class InvalidError(PhotoFunError):
    kind, slug, title, status, code = "invalid", "validation-failed", "The request is not valid", 422, 4000


class MalformedError(InvalidError):
    slug, title, status = "malformed-request", "The request can't be read", 400


class UnsupportedMediaError(InvalidError):
    slug, title, status = "unsupported-media-type", "This content type is not supported here", 415


class TooLargeError(InvalidError):
    slug, title, status = "input-too-large", "The input is too large", 413


class UnauthorizedError(PhotoFunError):
    kind, slug, title, status, code = "unauthorized", "unauthorized", "Sign in first", 401, 1001


class DeniedError(PhotoFunError):
    kind, slug, title, status, code = "denied", "forbidden", "That is not allowed", 403, 1003


class NotFoundError(PhotoFunError):
    kind, slug, title, status, code = "not_found", "not-found", "There is no such thing", 404, 1004


class ConflictError(PhotoFunError):
    kind, slug, title, status, code = "conflict", "conflict", "That does not fit its present state", 409, 9999


class RateLimitedError(PhotoFunError):
    kind, slug, title, status, code, retryable = "rate_limited", "rate-limited", "Too many requests", 429, 1006, True


class UpstreamError(PhotoFunError):
    kind, slug, title, status, code, retryable = "upstream", "provider-failed", "A provider failed", 502, 1007, True


class DeadlineError(PhotoFunError):
    kind, slug, title, status, code = "timeout", "deadline-exceeded", "It took too long", 504, 1007


class UnavailableError(PhotoFunError):
    kind, slug, title, status, code, retryable = "unavailable", "unavailable", "Not available just now", 503, 1005, True


class ProblemError(PhotoFunError):
    """A problem that came from elsewhere (a record, an event), raised as it is."""

    def __init__(self, problem: ProblemData) -> None:
        extra = dict(problem.extra)
        errors = extra.pop("errors", None)
        super().__init__(problem.detail, errors=errors, retry_after=problem.retry_after, slug=problem.slug, title=problem.title, **extra)
        self.status, self.code = problem.status, problem.code
