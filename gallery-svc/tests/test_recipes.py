"""Recipes through both doors: kept from a picture, done on others item by item, watched, stopped, never twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from photofun_common.contracts.gallery import EditsRequested
from photofun_common.contracts.imaging import JobFinished
from photofun_common.contracts.values import Picture, ProblemData

from .conftest import START, Studio

GRAY = {"operations": [{"op": "grayscale"}]}


async def _edited(studio: Studio) -> str:
    """A picture that was generated, then made grey, then enlarged."""
    root = studio.fact(params={"prompt": "a hat"})
    grey = studio.fact(feature="adjust", params=GRAY, parent_id=root.picture.image_id, parent_key=root.picture.key)
    large = studio.fact(feature="upscale", params={"scale_factor": 2}, parent_id=grey.picture.image_id, parent_key=grey.picture.key)
    await studio.tell(root, grey, large)
    return large.picture.image_id


async def _recipe(studio: Studio, **body: Any) -> dict[str, Any]:
    made = await studio.client.post("/v1/gallery/recipes", json={"user_id": "ann", "title": "Grey and large", **body})
    assert made.status_code == 201, made.text
    return dict(made.json()["result"])


def _end(asked: EditsRequested, status: str = "COMPLETED") -> JobFinished:
    picture = Picture(image_id=f"{asked.job_id[:31]}r", key=f"{asked.job_id}.png", width=8, height=8, content_type="image/png")
    problem = ProblemData(slug="needs-image", title="No", status=422, detail="no picture") if status == "FAILED" else None
    return JobFinished.model_validate(
        {
            "job_id": asked.job_id,
            "user_id": asked.user_id,
            "kind": "feature",
            "status": status,
            "problem": problem,
            "pictures": [picture] if status == "COMPLETED" else [],
            "finished_at": START,
        }
    )


async def test_a_recipe_is_the_chain_of_edits_that_made_a_picture(studio: Studio) -> None:
    picture = await _edited(studio)

    shown = (await studio.client.get(f"/v1/gallery/{picture}/recipe")).json()["result"]["steps"]
    kept = await _recipe(studio, image_id=picture)
    read = (await studio.client.get(f"/v1/gallery/recipes/{kept['recipe_id']}")).json()["result"]

    assert [step["feature"] for step in shown] == ["adjust", "upscale"]
    assert shown[0]["params"]["operations"][0]["op"] == "grayscale" and shown[1]["params"] == {"scale_factor": 2}
    assert read["steps"] == kept["steps"] == shown and read["image_id"] == picture


async def test_a_run_does_the_recipe_on_each_picture_a_few_at_a_time_and_says_how_each_ended(studio: Studio) -> None:
    recipe = await _recipe(studio, steps=[{"feature": "adjust", "params": GRAY}])
    pictures = [await studio.made() for _ in range(6)]

    begun = await studio.client.post(f"/v1/gallery/recipes/{recipe['recipe_id']}/run", json={"ids": pictures})
    run = begun.json()["result"]
    first = studio.bus.of(EditsRequested)
    await studio.tell(*(_end(asked, "FAILED" if asked is first[1] else "COMPLETED") for asked in first))
    await studio.tell(*(_end(asked) for asked in first))  # a redelivery
    second = studio.bus.of(EditsRequested)[len(first) :]
    half = (await studio.client.get(f"/v1/gallery/runs/{run['run_id']}")).json()["result"]
    await studio.tell(*(_end(asked) for asked in second))
    whole = (await studio.client.get(f"/v1/gallery/runs/{run['run_id']}", params={"wait": 5})).json()["result"]

    assert begun.status_code == 202 and run["status"] == "IN_PROGRESS" and run["counts"] == {"IN_PROGRESS": 4, "CREATED": 2}
    assert [asked.picture.image_id for asked in [*first, *second]] == pictures
    assert half["counts"] == {"COMPLETED": 3, "FAILED": 1, "IN_PROGRESS": 2} and half["progress"] == 0.667
    assert whole["status"] == "COMPLETED" and whole["finished_at"] and whole["counts"] == {"COMPLETED": 5, "FAILED": 1}
    assert whole["items"][0]["result_id"] and whole["items"][0]["image_url"].endswith(f"{first[0].job_id}.png")
    assert whole["items"][1]["error"]["slug"] == "needs-image" and whole["items"][1]["image_url"] is None


async def test_the_same_call_again_is_the_same_run(studio: Studio) -> None:
    recipe = await _recipe(studio, steps=[{"feature": "adjust", "params": GRAY}])
    picture = await studio.made()
    call = {"json": {"ids": [picture]}, "headers": {"x-photofun-once": "call-1"}}

    runs = [(await studio.client.post(f"/v1/gallery/recipes/{recipe['recipe_id']}/run", **call)).json()["result"] for _ in range(2)]

    assert runs[0]["run_id"] == runs[1]["run_id"] and len(studio.bus.of(EditsRequested)) == 1
    assert [run["run_id"] for run in (await studio.client.get("/v1/gallery/runs?user_id=ann")).json()["result"]] == [runs[0]["run_id"]]


async def test_a_run_that_is_stopped_keeps_what_is_done(studio: Studio) -> None:
    recipe = await _recipe(studio, steps=[{"feature": "adjust", "params": GRAY}])
    pictures = [await studio.made() for _ in range(6)]
    run = (await studio.client.post(f"/v1/gallery/recipes/{recipe['recipe_id']}/run", json={"ids": pictures})).json()["result"]
    asked = studio.bus.of(EditsRequested)
    await studio.tell(_end(asked[0]))

    stopped = (await studio.client.post(f"/v1/gallery/runs/{run['run_id']}/cancel", json={"user_id": "ann"})).json()["result"]
    await studio.tell(_end(asked[1]))
    later = (await studio.client.get(f"/v1/gallery/runs/{run['run_id']}")).json()["result"]

    assert stopped["counts"] == {"COMPLETED": 1, "CANCELED": 5} and stopped["status"] == "COMPLETED"
    assert later == stopped and len(studio.bus.of(EditsRequested)) == 5


async def test_an_item_that_nobody_ends_is_asked_for_again_and_fails_in_the_end(studio: Studio) -> None:
    recipe = await _recipe(studio, steps=[{"feature": "adjust", "params": GRAY}])
    studio.bus.is_connected = False
    run = (await studio.client.post(f"/v1/gallery/recipes/{recipe['recipe_id']}/run", json={"ids": [await studio.made()]})).json()["result"]
    studio.bus.is_connected = True
    recipes = studio.context.services.recipes
    clock = recipes._clock

    recipes._clock = lambda: clock() + timedelta(seconds=30)
    await recipes.advance()
    asked = len(studio.bus.of(EditsRequested))
    recipes._clock = lambda: clock() + timedelta(seconds=400)
    await recipes.advance()
    ended = (await studio.client.get(f"/v1/gallery/runs/{run['run_id']}", params={"wait": 10})).json()["result"]

    assert asked == 1 and ended["status"] == "FAILED" and ended["items"][0]["error"]["slug"] == "deadline-exceeded"


async def test_what_a_recipe_cannot_be_is_said(studio: Studio) -> None:
    generated, foreign = await studio.made(), await studio.made("bob")
    recipe = await _recipe(studio, steps=[{"feature": "adjust", "params": GRAY}])
    ann = {"user_id": "ann", "title": "x"}

    answers = [
        await studio.client.post("/v1/gallery/recipes", json={**ann, "image_id": generated}),
        await studio.client.post("/v1/gallery/recipes", json={**ann, "image_id": foreign}),
        await studio.client.post("/v1/gallery/recipes", json={**ann, "steps": [{"feature": "explode", "params": {}}]}),
        await studio.client.post("/v1/gallery/recipes", json={**ann, "steps": [{"feature": "upscale", "params": {"scale_factor": 3}}]}),
        await studio.client.post("/v1/gallery/recipes", json={**ann, "steps": []}),
        await studio.client.post("/v1/gallery/recipes", json=ann),
        await studio.client.post(f"/v1/gallery/recipes/{recipe['recipe_id']}/run", json={"ids": [foreign]}),
        await studio.client.post(f"/v1/gallery/recipes/{recipe['recipe_id']}/run", json={"ids": []}),
        await studio.client.post(f"/v1/gallery/recipes/{recipe['recipe_id']}/run", json={"user_id": "bob", "ids": [foreign]}),
    ]

    assert [answer.status_code for answer in answers] == [422, 404, 422, 422, 422, 422, 404, 422, 404]
    assert answers[0].json()["slug"] == "nothing-to-repeat"


async def test_lineage_is_found_by_the_file_whatever_comes_first(studio: Studio) -> None:
    root = studio.fact()
    child = studio.fact(feature="adjust", params=GRAY, parent_id="the-copy", parent_key=root.picture.key)
    grandchild = studio.fact(feature="upscale", parent_id="another-copy", parent_key=child.picture.key)

    await studio.tell(grandchild, child, root)
    tree = (await studio.client.get(f"/v1/gallery/{root.picture.image_id}/history")).json()["result"]["descendants"]
    chain = (await studio.client.get(f"/v1/gallery/{grandchild.picture.image_id}/history")).json()["result"]["ancestors"]

    assert [node["id"] for node in tree] == [child.picture.image_id]
    assert [node["id"] for node in tree[0]["children"]] == [grandchild.picture.image_id]
    assert [image["id"] for image in chain] == [root.picture.image_id, child.picture.image_id]
