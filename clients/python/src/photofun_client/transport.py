"""How do calls travel?  JSON or forms over httpx; failures are raised as the problems they are."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

__all__ = ["AsyncTransport", "Event", "ProblemError", "Transport"]

_SECONDS = 60.0
_NOTHING: Mapping[str, Any] = {}


class ProblemError(Exception):
    """The studio said no, and why: `slug`, `status`, `detail`; `problem` is the whole document."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        error = problem.get("error") if isinstance(problem.get("error"), dict) else {}
        self.status = status
        self.problem = dict(problem)
        self.slug = str(problem.get("slug") or (error or {}).get("code") or "error")
        self.detail = str(problem.get("detail") or (error or {}).get("message") or f"HTTP {status}")
        super().__init__(f"{self.detail} ({self.slug}, {status})")

    @property
    def retry_after(self) -> float | None:
        found = self.problem.get("retry_after")
        return float(found) if isinstance(found, int | float) else None


@dataclass(frozen=True)
class Event:
    """A Server-Sent Event: its id (go on after it with `last_event_id`), its name and the job."""

    id: str
    name: str
    data: dict[str, Any]


class _Parts:
    """What both kinds of clients do the same."""

    user_id: str | None

    @staticmethod
    def _quoted(part: str) -> str:
        return quote(part, safe="")

    def _request(
        self, method: str, path: str, query: Mapping[str, Any], fields: Mapping[str, Any] | None, files: Mapping[str, Any], key: str | None
    ) -> dict[str, Any]:
        params = {name: _plain(value) for name, value in query.items() if value is not None}
        given = {name: value for name, value in (fields or {}).items() if value is not None}
        if self.user_id is not None:
            if "user_id" in query:
                params.setdefault("user_id", self.user_id)
            if fields is not None and "user_id" in fields:
                given.setdefault("user_id", self.user_id)
        request: dict[str, Any] = {"method": method, "url": path, "params": params, "headers": {"Idempotency-Key": key} if key else {}}
        sent = [
            (name, one)
            for name, content in files.items()
            if content is not None
            for one in (content if isinstance(content, list) else [content])
        ]
        if sent:
            request["files"] = [(name, (f"{name}.bin", content)) for name, content in sent]
            request["data"] = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
        elif fields is not None:
            request["json"] = given
        return request


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _judged(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        problem = answer.json()
    except ValueError:
        problem = {"detail": answer.text[:300]}
    raise ProblemError(answer.status_code, problem if isinstance(problem, dict) else {"detail": str(problem)[:300]})


def _event(lines: list[str]) -> Event | None:
    told = dict(line.split(": ", 1) for line in lines if ": " in line and not line.startswith(":"))
    return Event(told.get("id", ""), told.get("event", "message"), json.loads(told["data"])) if "data" in told else None


def _headers(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


class Transport(_Parts):
    """A blocking connection to a studio.  `token` is a JWT or an API key; in open mode `user_id` says who you are."""

    def __init__(
        self, base_url: str = "http://localhost:9999", *, token: str | None = None, user_id: str | None = None, timeout: float = _SECONDS
    ) -> None:
        self.user_id = user_id
        self.http = httpx.Client(base_url=base_url, headers=_headers(token), timeout=timeout, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] = _NOTHING,
        fields: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] = _NOTHING,
        key: str | None = None,
    ) -> httpx.Response:
        return _judged(self.http.request(**self._request(method, path, query, fields, files, key)))

    def _result(self, method: str, path: str, **more: Any) -> Any:
        return self._ask(method, path, **more).json()["result"]

    def _whole(self, method: str, path: str, **more: Any) -> Any:
        return self._ask(method, path, **more).json()

    def _content(self, method: str, path: str, **more: Any) -> bytes:
        return self._ask(method, path, **more).content

    def _events(self, method: str, path: str, *, query: Mapping[str, Any], after: str | None) -> Iterator[Event]:
        request = self._request(method, path, query, None, {}, None)
        request["headers"] = {"Last-Event-ID": after} if after else {}
        with self.http.stream(**request) as answer:
            if not answer.is_success:
                answer.read()
            lines: list[str] = []
            for line in _judged(answer).iter_lines():
                if line:
                    lines.append(line)
                    continue
                if (event := _event(lines)) is not None:
                    yield event
                lines = []


class AsyncTransport(_Parts):
    """The same for asyncio."""

    def __init__(
        self, base_url: str = "http://localhost:9999", *, token: str | None = None, user_id: str | None = None, timeout: float = _SECONDS
    ) -> None:
        self.user_id = user_id
        self.http = httpx.AsyncClient(base_url=base_url, headers=_headers(token), timeout=timeout, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self.http.aclose()

    async def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] = _NOTHING,
        fields: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] = _NOTHING,
        key: str | None = None,
    ) -> httpx.Response:
        return _judged(await self.http.request(**self._request(method, path, query, fields, files, key)))

    async def _result(self, method: str, path: str, **more: Any) -> Any:
        return (await self._ask(method, path, **more)).json()["result"]

    async def _whole(self, method: str, path: str, **more: Any) -> Any:
        return (await self._ask(method, path, **more)).json()

    async def _content(self, method: str, path: str, **more: Any) -> bytes:
        return (await self._ask(method, path, **more)).content

    async def _events(self, method: str, path: str, *, query: Mapping[str, Any], after: str | None) -> AsyncIterator[Event]:
        request = self._request(method, path, query, None, {}, None)
        request["headers"] = {"Last-Event-ID": after} if after else {}
        async with self.http.stream(**request) as answer:
            if not answer.is_success:
                await answer.aread()
            lines: list[str] = []
            async for line in _judged(answer).aiter_lines():
                if line:
                    lines.append(line)
                    continue
                if (event := _event(lines)) is not None:
                    yield event
                lines = []
