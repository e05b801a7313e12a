from __future__ import annotations

import time

from conversation_svc.main import create_app
from conversation_svc.settings import Settings
from photofun_common.bus import MemoryBus
from photofun_common.testing.plugin import client_for


async def test_without_its_store_it_starts_and_answers_503_fast() -> None:
    settings = Settings(mongo_uri="mongodb://127.0.0.1:9/photofun?directConnection=true", log_level="CRITICAL", _env_file=None)

    async with client_for(create_app(settings, MemoryBus())) as client:
        started = time.perf_counter()
        answer = await client.post("/v1/chat/sessions", json={"user_id": "ann"})
        spent = time.perf_counter() - started
        ready = await client.get("/readyz")
        alive = await client.get("/livez")

    assert (answer.status_code, ready.status_code, alive.status_code) == (503, 503, 200)
    assert answer.json()["slug"] == "store-unavailable"
    assert "retry-after" in answer.headers
    assert spent < 2
