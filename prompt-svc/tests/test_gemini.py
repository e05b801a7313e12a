"""How do Gemini's answers end, good and bad?"""

# ruff: noqa: E501 - phrases and recorded answers
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from prompt_svc.domain import Ask, ModerationBlockedError
from prompt_svc.planners.gemini import FallbackPlanner, GeminiPlanner
from prompt_svc.planners.offline import OfflinePlanner
from prompt_svc.planners.offline.classifier import Classifier

Answer = Callable[[httpx2.Request], httpx2.Response]
GOOD = {
    "intent": "remove_background", "confidence": 0.9, "language": "en", "reply": "On it", "keywords": ["dog"],
    "steps": [{"feature": "remove_background", "params_json": "{}"}, {"feature": "upscale", "params_json": "{\"scale_factor\": 4, \"sharpen\": 900}"}],
}  # fmt: skip


def says(plan: Any, *, finish: str = "STOP") -> httpx2.Response:
    text = plan if isinstance(plan, str) else json.dumps(plan)
    return httpx2.Response(
        200, json={"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish, "index": 0}]}
    )


def planner(answer: Answer, *, keys: tuple[str, ...] = ("key-one",), seconds: float = 5.0) -> FallbackPlanner:
    gemini = GeminiPlanner(
        keys, model="gemini-test", base_url="http://gemini.test", timeout_seconds=seconds, transport=httpx2.MockTransport(answer)
    )
    return FallbackPlanner(gemini, OfflinePlanner(Classifier(embeddings=False)))


async def test_a_good_answer_is_the_plan_and_the_key_stays_in_the_header() -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return says(GOOD)

    plan = await planner(answer).plan(Ask("cut the dog out, 4x", has_picture=True))

    assert plan.provider == "gemini"
    assert plan.model == "gemini-test"
    assert [(step.feature, step.params) for step in plan.steps] == [("remove_background", {}), ("upscale", {"scale_factor": 4})]
    assert seen[0].url.path == "/v1beta/models/gemini-test:generateContent"
    assert seen[0].headers["x-goog-api-key"] == "key-one"
    assert "key-one" not in str(seen[0].url)
    body = json.loads(seen[0].content)
    assert "cut the dog out" not in json.dumps(body["systemInstruction"])
    assert body["contents"][-1]["parts"][0]["text"] == "cut the dog out, 4x"


@pytest.mark.parametrize(
    "blocked",
    [
        {"promptFeedback": {"blockReason": "SAFETY"}},
        {"candidates": [{"finishReason": "PROHIBITED_CONTENT", "index": 0}]},
    ],
)
async def test_a_safety_block_is_final(blocked: dict[str, Any]) -> None:
    with pytest.raises(ModerationBlockedError) as caught:
        await planner(lambda _: httpx2.Response(200, json=blocked)).plan(Ask("remove the background", has_picture=True))

    assert caught.value.slug == "moderation-blocked"


BROKEN: dict[str, Answer] = {
    "truncated": lambda _: says('{"intent": "remove_backgr', finish="MAX_TOKENS"),
    "invalid-plan": lambda _: says({**GOOD, "intent": "teleport"}),
    "invalid-steps": lambda _: says({**GOOD, "steps": []}),
    "http-400": lambda _: httpx2.Response(400, json={"error": {"code": 400, "message": "API key not valid", "status": "INVALID_ARGUMENT"}}),
    "overloaded": lambda _: httpx2.Response(500, json={"error": {"code": 500, "message": "no", "status": "INTERNAL"}}),
    "not-json": lambda _: httpx2.Response(200, text="<html>hello</html>"),
    "empty": lambda _: httpx2.Response(200, json={}),
    "rate-limited": lambda _: httpx2.Response(
        429, json={"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "53s"}]}}
    ),
}  # fmt: skip


@pytest.mark.parametrize("reason", list(BROKEN))
async def test_trouble_falls_back_to_the_offline_planner_and_says_so(reason: str) -> None:
    plan = await planner(BROKEN[reason]).plan(Ask("remove the background", has_picture=True))

    assert plan.provider == "local"
    assert plan.degraded == f"gemini: {reason}"
    assert plan.steps[0].feature == "remove_background"


async def test_a_connection_that_fails_falls_back() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    plan = await planner(refuse).plan(Ask("remove the background", has_picture=True))

    assert plan.degraded == "gemini: connection"


async def test_a_hang_ends_in_time() -> None:
    import asyncio

    async def hang(_request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(30)
        return says(GOOD)

    plan = await planner(hang, seconds=0.3).plan(Ask("remove the background", has_picture=True))  # type: ignore[arg-type]

    assert plan.degraded == "gemini: timeout"


async def test_a_used_up_key_gives_way_to_the_next() -> None:
    used: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        used.append(request.headers["x-goog-api-key"])
        return says(GOOD) if used[-1] == "two" else BROKEN["rate-limited"](request)

    both = planner(answer, keys=("one", "two"))
    first = await both.plan(Ask("cut it out", has_picture=True))
    second = await both.plan(Ask("cut it out", has_picture=True))

    assert first.provider == second.provider == "gemini"
    assert used == ["one", "two", "two"]


async def test_links_from_the_model_never_pass() -> None:
    plan = await planner(lambda _: says({**GOOD, "reply": "see http://evil.test"})).plan(Ask("cut it out", has_picture=True))

    assert plan.reply is None


async def test_refining_gives_only_words() -> None:
    plan = await planner(lambda _: says({**GOOD, "intent": "image_generation", "steps": [], "refined_prompt": "a fox, soft light"})).refine(
        Ask("fox")
    )

    assert plan.refined_prompt == "a fox, soft light"
    assert plan.provider == "gemini"


async def test_the_english_of_each_prompt_is_asked_for_and_goes_with_its_step() -> None:
    seen: list[httpx2.Request] = []
    steps = [
        {"feature": "edit", "params_json": json.dumps({"prompt": "đội mũ đỏ cho anh ấy"}), "english": "put a red hat on him"},
        {"feature": "upscale", "params_json": "{}"},
        {"feature": "edit", "params_json": json.dumps({"prompt": "thêm con mèo"}), "english": ""},
    ]

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return says({**GOOD, "intent": "edit", "language": "vi", "steps": steps})

    plan = await planner(answer).plan(Ask("đội mũ đỏ cho anh ấy, phóng to, rồi thêm con mèo", has_picture=True))

    assert [step.english for step in plan.steps] == ["put a red hat on him", None, None]
    body = json.loads(seen[0].content)
    assert "english" in json.dumps(body["generationConfig"]["responseSchema"])
    assert "english" in body["systemInstruction"]["parts"][0]["text"]


async def test_words_that_are_not_to_be_refined_are_only_said_in_english() -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return says({**GOOD, "intent": "image_generation", "steps": [], "refined_prompt": "con cáo", "english": "a fox"})

    plan = await planner(answer).refine(Ask("con cáo", refine=False))

    assert (plan.refined_prompt, plan.english) == ("con cáo", "a fox")
    assert "copy the message" in json.loads(seen[0].content)["systemInstruction"]["parts"][0]["text"]
