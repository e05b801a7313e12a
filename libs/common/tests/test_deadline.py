"""Does a service work for somebody who has stopped waiting?"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from photofun_common.service import create_service
from photofun_common.settings import CommonSettings


@asynccontextmanager
async def _opened(_app: FastAPI) -> AsyncIterator[None]:
    yield


@pytest.mark.parametrize(("deadline", "status"), [(-10.0, 504), (-0.5, 200), (30.0, 200), (None, 200), ("soon", 200)])
async def test_a_call_after_its_deadline_is_not_begun(deadline: float | str | None, status: int) -> None:
    app = create_service("some-svc", CommonSettings(_env_file=None), _opened, title="Some", description="Some")
    calls = []

    @app.get("/v1/thing")
    async def thing() -> dict[str, bool]:
        calls.append(1)
        return {"done": True}

    told = {} if deadline is None else {"X-Deadline": str(time.time() + deadline) if isinstance(deadline, float) else deadline}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://some") as client:
        answer = await client.get("/v1/thing", headers=told)

    assert answer.status_code == status
    assert len(calls) == (status == 200)
    if status == 504:
        assert answer.json()["slug"] == "deadline-exceeded"
