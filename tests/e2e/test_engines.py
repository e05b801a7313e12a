"""A studio with keys: the paid engines do what they claim, through the whole stack, and nobody pays twice."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .conftest import Studio, running_studio
from .providers import Providers, providers
from .support import Person, as_base64, picture, poll

PICTURE = picture(320, 256)
REFERENCE = as_base64(picture(64, 64, colour=(20, 40, 220)))
ASKED: dict[str, dict[str, Any]] = {
    "image-generate": {"prompt": "a boat on a lake", "num_images": 2},
    "remove-background": {},
    "upscale": {"scale_factor": 2},
    "reimagine": {"imagination": "vivid"},
    "relight": {"prompt": "warm evening light"},
    "image-expand": {"left": 16, "right": 16},
    "style-transfer": {"reference_image_data": REFERENCE},
    "edit": {"prompt": "put a red hat on him"},
    "adjust": {"operations": [{"op": "grayscale"}]},
}
CLAIMED = {
    "freepik": [name for name in ASKED if name != "adjust"],
    "gemini": ["image-generate", "edit"],
    "openai": ["image-generate", "edit"],
    "local": [name for name in ASKED if name != "edit"],
}
MATRIX = [(engine, name) for engine, names in CLAIMED.items() for name in names if engine != "local" or name == "adjust"]


@pytest.fixture(scope="module")
def bought() -> Iterator[Providers]:
    with providers() as found:
        yield found


@pytest.fixture(scope="module")
def paid(bought: Providers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with all keys, webhooks, and its files in S3."""
    with running_studio(tmp_path_factory.mktemp("paid"), **bought.settings) as found:
        yield found


@pytest.fixture
def buyer(paid: Studio, bought: Providers) -> Iterator[Person]:
    with httpx.Client(base_url=paid.url, timeout=40, trust_env=False) as http:
        yield Person(http)
    bought.all_well()


def _ask(person: Person, name: str, engine: str, **more: Any) -> dict[str, Any]:
    given = {} if name == "image-generate" else {"image_file": PICTURE}
    answer = person.feature(name, model=f"photofun-{engine}", **given, **ASKED[name], **more)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()["result"]
    return result


@pytest.mark.parametrize(("engine", "name"), MATRIX)  # what the local engine does is in test_features.py
def test_every_engine_does_what_it_claims(buyer: Person, bought: Providers, engine: str, name: str) -> None:
    before = bought.charges

    done = _ask(buyer, name, engine)

    assert (done["status"], done["provider"], done["degraded"]) == ("COMPLETED", engine, False), done
    assert done["metadata"]["attempts"] == [{"engine": engine, "outcome": "done"}]
    wanted = ASKED[name].get("num_images", 1)
    assert len(done["images"]) == wanted
    assert buyer.load(done["image_url"]).size > (0, 0)
    paid_calls = {"local": 0, "openai": 1}.get(engine, wanted)
    assert bought.charges - before == paid_calls
    assert len(buyer.gallery_of(wanted)) == wanted


def test_the_matrix_is_what_the_studio_says_of_itself(buyer: Person, bought: Providers) -> None:
    told = {engine["name"]: engine for engine in buyer.http.get("/v1/engines").json()["result"]}

    listed = {name: sorted(feature["name"] for feature in _features(buyer) if name in feature["engines"]) for name in CLAIMED}

    assert listed == {name: sorted(features) for name, features in CLAIMED.items()}
    used = [told[name] for name in CLAIMED]
    assert all(engine["configured"] and engine["healthy"] and engine["breaker"] == "closed" for engine in used)
    assert bought.freepik.hooks.answers, "the provider's webhooks came through the gateway"
    assert set(bought.freepik.hooks.answers) == {200}
    assert not any(secret in str(told) for secret in ("test-key", "fp_test_secret"))


def _features(person: Person) -> list[dict[str, Any]]:
    return list(person.http.get("/v1/features").json()["result"])


def test_free_words_in_chat_go_to_an_engine_that_edits(buyer: Person, bought: Providers) -> None:
    done = buyer.ask(buyer.session(), "put a red hat on him", image_file=picture(320, 256, kind="JPEG"))

    assert (done["status"], done["intent"]) == ("DONE", "edit"), done
    body = bought.freepik.posts()[-1].body
    assert "red hat" in body["prompt"]
    assert buyer.load(done["image_url"])


def test_vietnamese_words_reach_an_engine_that_wants_english_in_english(buyer: Person, bought: Providers) -> None:
    done = buyer.ask(buyer.session(), "đội cho anh ấy chiếc mũ đỏ", image_file=picture(320, 256, kind="JPEG"))

    assert (done["status"], done["intent"]) == ("DONE", "edit"), done
    prompt = bought.freepik.posts()[-1].body["prompt"].lower()
    assert "red" in prompt and "hat" in prompt, prompt
    assert prompt.isascii(), prompt


def test_a_killed_worker_pays_for_no_job_twice(paid: Studio, buyer: Person, bought: Providers) -> None:
    """One kill, jobs at every point: before the call, after it, while polling, while fetching, around the upload and the ack."""
    fake = bought.freepik
    fake.holds = {("list", "precision-v2"), ("accepted", "word-accepted"), ("polling", "word-polling"), ("content", "word-content")}
    before = bought.charges
    begun = [
        buyer.feature("upscale", wait=0, model="photofun-freepik", image_file=PICTURE),
        *(
            buyer.feature("image-generate", wait=0, model="photofun-freepik", prompt=f"a boat {word}", refine=False)
            for word in ("word-polling", "word-content")
        ),
        buyer.feature("edit", wait=0, model="photofun-freepik", image_file=PICTURE, prompt="word-accepted"),
        buyer.feature("style-transfer", wait=0, model="photofun-freepik", image_file=PICTURE, **ASKED["style-transfer"]),
    ]
    tasks = [(answer.json()["result"]["task_id"], name) for answer, name in zip(begun, _NAMES, strict=True)]
    poll(lambda: bought.charges - before, until=lambda count: count == 4, seconds=20)

    os.kill(paid.pid("imaging-svc"), signal.SIGKILL)
    fake.holds.clear()

    ended = [_ended(buyer, name, task_id) for task_id, name in tasks]
    assert [(one["status"], one["provider"], one["degraded"]) for one in ended] == [("COMPLETED", "freepik", False)] * 5, ended
    assert bought.charges - before == 5
    assert not any("charge_uncertain" in one["metadata"] for one in ended)
    assert len({row["image_url"] for row in buyer.gallery_of(5)}) == 5


_NAMES = ("upscale", "image-generate", "image-generate", "edit", "style-transfer")


def _ended(person: Person, name: str, task_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        found = person.http.get(f"/v1/features/{name}/status/{task_id}/")
        return dict(found.json().get("result") or {"status": f"HTTP {found.status_code}"})

    return poll(look, until=lambda told: told["status"] in ("COMPLETED", "FAILED", "CANCELED"), seconds=60, every=0.2)


def test_geminis_plan_says_the_prompt_in_english_too(buyer: Person, bought: Providers) -> None:
    words = "đội cho cụ ông chiếc vương miện lấp lánh"
    step = {"feature": "edit", "params_json": json.dumps({"prompt": words}), "english": "put a glittering crown on the old man"}
    bought.gemini.says = {"intent": "edit", "confidence": 0.9, "language": "vi", "steps": [step], "reply": "Có ngay"}

    done = buyer.ask(buyer.session(), words, image_file=picture(320, 256, kind="JPEG"))

    assert (done["status"], done["refined_prompt"]["metadata"]["provider"]) == ("DONE", "gemini"), done
    assert bought.freepik.posts()[-1].body["prompt"] == "put a glittering crown on the old man"
    assert words in done["refined_prompt"]["prompt"]


@pytest.mark.parametrize("failure", ["reset", "truncated"])
def test_a_lost_answer_is_found_in_the_providers_list(buyer: Person, bought: Providers, failure: str) -> None:
    bought.freepik.switches.arm(failure)
    before = bought.charges

    done = _ask(buyer, "edit", "freepik")

    assert (done["status"], done["provider"], done["degraded"]) == ("COMPLETED", "freepik", False), done
    assert bought.charges - before == 1


def test_what_the_provider_refuses_for_good_ends_the_job(buyer: Person, bought: Providers) -> None:
    bought.freepik.switches.arm("400")

    done = _ask(buyer, "edit", "freepik")

    assert (done["status"], done["error"]["status"]) == ("FAILED", 422)
    assert done["error"]["type"].endswith("/provider-rejected")


@pytest.mark.parametrize(("failure", "slug"), [("503", "provider-unavailable"), ("402", "provider-no-credits")])
def test_another_engine_does_what_one_cannot_and_says_why(buyer: Person, bought: Providers, failure: str, slug: str) -> None:
    bought.freepik.switches.arm(failure, times=5)
    before = bought.charges

    done = _ask(buyer, "edit", "freepik")

    assert (done["status"], done["provider"], done["degraded"]) == ("COMPLETED", "gemini", True), done
    assert done["metadata"]["attempts"] == [{"engine": "freepik", "outcome": slug}, {"engine": "gemini", "outcome": "done"}]
    assert slug in done["metadata"]["degraded"]
    assert bought.charges - before == 1


@pytest.mark.parametrize(
    ("words", "said"), [("put a red hat on him", "set FREEPIK_API_KEY"), ("đội cho anh ấy chiếc mũ đỏ", "hãy đặt FREEPIK_API_KEY")]
)
def test_without_a_key_free_words_are_answered_with_what_would_help(person: Person, words: str, said: str) -> None:
    told = person.ask(person.session(), words, image_file=PICTURE)

    assert (told["status"], told["intent"]) == ("FAILED", "edit"), told
    assert told["error"]["type"].endswith("/engine-missing")
    assert said in told["content"]
    assert told["error"]["settings"] == ["FREEPIK_API_KEY", "GEMINI_API_KEY", "OPENAI_API_KEY"]
    assert len(told["choices"]) >= 6
    assert person.ask(person.session(), told["choices"][0]["message"], image_file=PICTURE)["status"] == "DONE"
