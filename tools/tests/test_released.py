"""Neighbouring versions work together: each contract against what the last releases kept of it."""

import json
from pathlib import Path

import jsonschema
import pytest
from photofun_common.contracts.envelope import Event
from photofun_common.contracts.flow import FLOW
from photofun_common.contracts.jobs import JobRecord
from photofun_tools.released import SHARED, contracts, wide_open

KEPT = Path(__file__).parent / "released"
RELEASED = [pytest.param(path, id=f"{path.parent.name}:{path.stem}") for path in sorted(KEPT.rglob("*.json"))]
MODELS = {row.fact.subject.removeprefix("photofun."): Event[row.fact] for row in FLOW} | {model.__name__: model for model in SHARED}


@pytest.mark.parametrize("path", RELEASED)
def test_a_contract_of_a_release_is_still_there(path):
    assert path.stem in MODELS, "a fact goes two releases after its last reader: docs/adding.md"


@pytest.mark.parametrize("path", [one for one in RELEASED if json.loads(one.values[0].read_text())["sample"]])
def test_what_a_release_wrote_is_read_today(path):
    sample = json.loads(path.read_text("utf-8"))["sample"]

    read = MODELS[path.stem].model_validate(sample).model_dump(mode="json")

    assert {name: value for name, value in sample["data"].items() if value is not None and read["data"].get(name) is None} == {}


@pytest.mark.parametrize("path", [one for one in RELEASED if json.loads(one.values[0].read_text())["sample"]])
def test_what_is_written_today_fits_the_release_s_reader(path):
    kept = json.loads(path.read_text("utf-8"))
    written = MODELS[path.stem].model_validate(contracts()[path.stem]["sample"]).model_dump(mode="json")

    jsonschema.validate(written, kept["schema"])


@pytest.mark.parametrize("path", RELEASED)
def test_nothing_new_is_required_and_nothing_old_is_dropped(path):
    then = json.loads(path.read_text("utf-8"))["schema"]
    now = wide_open(MODELS[path.stem].model_json_schema())
    models = {"": then} | then.get("$defs", {})
    today = {"": now} | now.get("$defs", {})

    for name, model in models.items():
        if "properties" not in model or name not in today:
            continue
        new = set(today[name].get("required", [])) - set(model.get("required", []))
        assert not new, f"{path.stem} {name}: the release does not write {new}; give it a default"
        gone = set(model.get("required", [])) - set(today[name]["properties"])
        assert not gone, f"{path.stem} {name}: the release needs {gone}"


def test_a_reader_would_notice_a_change_that_breaks_it():
    kept = json.loads((KEPT / "0.1.0" / "imaging.image_ready.v1.json").read_text("utf-8"))
    broken = json.loads(json.dumps(kept["sample"]))
    del broken["data"]["picture"]

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, kept["schema"])


def test_a_job_of_the_last_release_lives_on():
    record = JobRecord.model_validate({"job_id": "a", "kind": "chat", "user_id": "ada", "deadline": "2026-11-25T10:00:00Z"})

    assert record.traceparent is None and record.run == 1
