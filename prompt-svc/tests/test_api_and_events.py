"""What do the two doors answer?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from photofun_common.bus import MemoryBus
from photofun_common.contracts.conversation import MessageReceived, Said, SaidQuestion
from photofun_common.contracts.envelope import Event
from photofun_common.contracts.gallery import UserErased
from photofun_common.contracts.prompt import PlanFailed, PlanReady, RefineAnswer, RefineQuestion, ReplyReady
from photofun_common.contracts.values import PictureRef
from photofun_common.service import create_service
from photofun_common.testing.plugin import client_for
from prompt_svc.api import router
from prompt_svc.domain import Ask, ModerationBlockedError, Plan
from prompt_svc.events import HANDLERS, REFINE, Planning, dead_letter, refine_answer
from prompt_svc.planners.offline import OfflinePlanner
from prompt_svc.service import PromptService
from prompt_svc.settings import Settings
from prompt_svc.suggestions import Suggestions
from prompt_svc.wiring import Context, build_service

SETTINGS = Settings(_env_file=None, prompt_embeddings=False, gemini_api_key=None, gemini_api_keys=None)


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
async def client(bus: MemoryBus) -> AsyncIterator[Any]:
    @asynccontextmanager
    async def opened(_app: FastAPI) -> AsyncIterator[Context]:
        yield Context(build_service(SETTINGS, bus)[0], bus)

    app = create_service("prompt-svc", SETTINGS, opened, title="t", description="d")
    app.include_router(router)
    async with client_for(app) as made:
        yield made


def message(text: str, **more: Any) -> MessageReceived:
    return MessageReceived(job_id="job1", user_id="u1", session_id="s1", text=text, deadline=datetime.now(UTC), **more)


async def heard(bus: MemoryBus, data: MessageReceived, service: PromptService | None = None) -> None:
    await bus.publish(data)
    await bus.deliver(Planning(service or build_service(SETTINGS, bus)[0], bus), HANDLERS)


async def test_refine_answers_the_plan(client: Any) -> None:
    response = await client.post("/v1/prompt/refine/", json={"prompt": "Remove the background, then upscale it", "context": {"images": 1}})
    result = response.json()["result"]

    assert response.status_code == 200
    assert result["intent"] == "remove_background"
    assert [step["feature"] for step in result["plan"]] == ["remove_background", "upscale"]
    assert result["metadata"]["provider"] == "local"
    assert result["metadata"]["model"] == "offline-planner"


async def test_refine_reads_loose_history(client: Any) -> None:
    history = [
        {"role": "user", "message": "brighter"},
        {"role": "assistant", "plan": [{"feature": "adjust", "params": {"operations": [{"op": "brightness", "amount": 20}]}}]},
        {"odd": 1},
    ]
    response = await client.post("/v1/prompt/refine", json={"prompt": "a bit more", "context": {"images": 1, "history": history}})

    assert response.json()["result"]["plan"][0]["params"]["operations"][0]["amount"] > 20


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"prompt": ""}, 422),
        ({"prompt": "x" * 4001}, 422),
        ({"prompt": 5}, 422),
        ({"prompt": "a", "context": {"images": -1}}, 422),
    ],
)
async def test_refine_refuses_what_is_wrong(client: Any, body: dict[str, Any], status: int) -> None:
    response = await client.post("/v1/prompt/refine", json=body)

    assert response.status_code == status
    assert response.json()["code"] == 4000


async def test_suggestions_match_and_count_uses(client: Any) -> None:
    everything = (await client.post("/v1/rec-prompt/suggest/", json={})).json()["result"]
    some = (await client.post("/v1/prompt/suggest", json={"query": "xoa phong", "limit": 2})).json()["result"]["results"]
    last = everything["results"][-1]
    for _ in range(3):
        await client.post("/v1/rec-prompt/choose/", json={"prompt_id": last["prompt_id"]})
    again = (await client.post("/v1/rec-prompt/suggest", json={"query": ""})).json()["result"]["results"]

    assert everything["query"] == ""
    assert some[0]["prompt"].startswith("Xóa phông nền")
    assert again[0]["prompt_id"] == last["prompt_id"]
    assert again[0]["uses"] == 3


async def test_an_own_prompt_is_made_once_and_stays_its_owners(client: Any) -> None:
    first = (await client.post("/v1/rec-prompt/choose", json={"prompt": "my purple zebra", "user_id": "ann"})).json()["result"]
    second = (await client.post("/v1/rec-prompt/choose", json={"prompt": "my purple zebra", "user_id": "ann"})).json()["result"]
    mine = (await client.post("/v1/prompt/suggest", json={"query": "purple zebra", "user_id": "ann"})).json()["result"]["results"]
    others = (await client.post("/v1/prompt/suggest", json={"query": "purple zebra", "user_id": "bob"})).json()["result"]["results"]

    assert (first["created"], second["created"]) == (True, False)
    assert first["prompt_id"] == second["prompt_id"]
    assert mine[0]["prompt"] == "my purple zebra"
    assert others == []


async def test_what_a_person_said_completes_what_they_type(bus: Any, client: Any) -> None:
    async def said(raw: bytes) -> Said:
        asked = SaidQuestion.model_validate_json(raw)
        return Said(texts=["draw a purple walrus on ice", "Draw a purple walrus on ice", "more"] if asked.user_id == "cid" else [])

    bus.rpc["rpc.conversation.said"] = said
    mine = (await client.post("/v1/prompt/suggest", json={"query": "purple wal", "user_id": "cid"})).json()["result"]["results"]
    others = (await client.post("/v1/prompt/suggest", json={"query": "purple wal", "user_id": "dan"})).json()["result"]["results"]

    assert [(one["prompt"], one["uses"]) for one in mine[:1]] == [("draw a purple walrus on ice", 2)]
    assert all("walrus" not in one["prompt"] for one in others)


async def test_an_unknown_suggestion_is_not_found(client: Any) -> None:
    assert (await client.post("/v1/rec-prompt/choose", json={"prompt_id": "f" * 32})).status_code == 404
    assert (await client.post("/v1/rec-prompt/choose", json={})).status_code == 422


async def test_a_message_becomes_a_plan_once(bus: MemoryBus) -> None:
    data = message("upscale it", picture=PictureRef(key="k"), feature_params={"scale_factor": 4})
    await heard(bus, data)
    await Planning(build_service(SETTINGS, bus)[0], bus).bus.publish(bus.of(PlanReady)[0], "1")

    (ready,) = bus.of(PlanReady)
    assert ready.plan[0].params == {"scale_factor": 4}
    assert ready.picture == PictureRef(key="k")


async def test_small_talk_becomes_a_reply(bus: MemoryBus) -> None:
    await heard(bus, message("hello"))

    (reply,) = bus.of(ReplyReady)
    assert reply.intent == "chat"
    assert reply.reply


class Blocking:
    """A planner whose provider refuses everything."""

    async def plan(self, ask: Ask) -> Plan:
        raise ModerationBlockedError("refused")

    refine = plan


async def test_a_blocked_message_fails_and_stays_blocked(bus: MemoryBus) -> None:
    await heard(bus, message("something bad"), PromptService(Blocking(), Suggestions(lambda: bus.key_value("suggestions"))))

    (failed,) = bus.of(PlanFailed)
    assert failed.problem.slug == "moderation-blocked"
    assert not bus.of(PlanReady)


async def test_a_message_given_up_is_told(bus: MemoryBus) -> None:
    data = message("x")
    event = Event[MessageReceived](id="e", type=data.subject, job_id="job1", user_id="u1", data=data)
    await dead_letter(Planning(build_service(SETTINGS, bus)[0], bus))(event, "boom")

    (failed,) = bus.of(PlanFailed)
    assert failed.problem.slug == "planning-failed"
    assert failed.session_id == "s1"


async def test_the_bus_is_answered(bus: MemoryBus) -> None:
    bus.rpc[REFINE] = refine_answer(build_service(SETTINGS, bus)[0])
    answer = await bus.request(
        REFINE, RefineQuestion(prompt="make me happy fox", only_refine=True, style="watercolor"), RefineAnswer, timeout=1
    )

    assert answer.plan == []
    assert answer.refined_prompt.startswith("make me happy fox")
    assert "watercolor" in answer.refined_prompt


async def test_an_erased_persons_own_prompts_are_forgotten(client: Any, bus: MemoryBus) -> None:
    for user in ("ann", "ben"):
        await client.post("/v1/rec-prompt/choose", json={"prompt": f"a very own wish of {user}", "user_id": user})
    service = PromptService(OfflinePlanner(), Suggestions(lambda: bus.key_value("suggestions")))

    report = await service.erase(UserErased(job_id="e1", user_id="ann", at=datetime.now(UTC)))
    left = [value for _, value in await (await bus.key_value("suggestions")).items()]

    assert report.counts == {"prompts": 1} and len(left) == 1 and b"ben" in left[0]
