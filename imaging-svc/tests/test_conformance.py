"""Can every declared feature be done, by every engine that says so?"""

from __future__ import annotations

from typing import Any

import pytest
from imaging_svc.codec import decode
from imaging_svc.engines.local import LocalEngine
from imaging_svc.engines.local.verbs import VERBS, perform
from photofun_common.contracts.features import Feature, features
from photofun_common.http import validated

NEEDS_A_KEY = {"edit"}
LEAST: dict[str, dict[str, Any]] = {
    "image_generation": {"prompt": "a lake at dawn", "size": "96x64"},
    "image_expand": {"right": 16},
    "adjust": {"operations": [{"op": "sepia"}]},
    "edit": {"prompt": "a red hat"},
}


def named(feature: Feature) -> str:
    return feature.slug


@pytest.mark.parametrize("feature", features(), ids=named)
def test_every_feature_has_a_way_to_be_done(feature: Feature) -> None:
    assert feature.id in VERBS or feature.id in NEEDS_A_KEY, f"give {feature.id} a verb in engines/local/verbs.py"


@pytest.mark.parametrize("feature", features(), ids=named)
def test_every_feature_says_what_it_is_in_both_languages(feature: Feature) -> None:
    schema = feature.params.model_json_schema()

    assert feature.id == feature.slug.replace("-", "_") or feature.id in {"image_generation"}
    assert all((feature.title, feature.title_vi, feature.description, feature.description_vi))
    assert len(feature.examples) >= 3
    assert len(feature.examples_vi) >= 3
    assert all(part.get("title") or "$ref" in part for part in schema["properties"].values())


@pytest.mark.parametrize("feature", [feature for feature in features() if feature.id in VERBS], ids=named)
def test_every_local_verb_runs_with_least_parameters(feature: Feature, photo_jpeg: bytes) -> None:
    params = validated(feature.params, LEAST.get(feature.id, {})).model_dump(mode="json")
    references = dict.fromkeys(feature.references, photo_jpeg) if feature.reference_required else {}
    heard: list[float] = []

    made, said = perform(
        feature.id,
        params,
        params.get("prompt") or "",
        photo_jpeg if feature.needs_picture else None,
        references,
        7,
        {"feature": feature.id},
        progress=heard.append,
    )

    assert len(made) == 1
    assert said.model
    assert heard[-1] == 1.0
    assert all(0 <= fraction <= 1 for fraction in heard)
    assert (feature.id.encode() in made[0].data) is True
    assert decode(made[0].data)[0].size > 0


@pytest.mark.parametrize("feature", [feature for feature in features() if feature.references and feature.id in VERBS], ids=named)
def test_every_reference_is_taken(feature: Feature, photo_jpeg: bytes) -> None:
    params = validated(feature.params, LEAST.get(feature.id, {})).model_dump(mode="json")
    picture = photo_jpeg if feature.needs_picture else None

    made, _ = perform(feature.id, params, "a lake", picture, dict.fromkeys(feature.references, photo_jpeg), 7, {}, progress=lambda _: None)

    assert made[0].width > 0


async def test_the_running_service_lists_them_all(client: Any) -> None:
    listed = {one["name"]: one for one in (await client.get("/v1/features/")).json()["result"]}
    engines = (await client.get("/v1/engines")).json()["result"]

    assert set(listed) == {feature.slug for feature in features()}
    for feature in features():
        one = listed[feature.slug]
        assert one["needs_image"] is feature.needs_picture
        assert one["parameters"]["type"] == "object"
        assert ("local" in one["engines"]) == (feature.id in VERBS)
    assert {engine["name"] for engine in engines} >= {LocalEngine.id}
    assert not any("key" in str(value).lower() for engine in engines for name, value in engine.items() if name not in ("missing",))
