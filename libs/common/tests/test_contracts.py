import ast
import json
from pathlib import Path

import photofun_common
import pytest
from photofun_common.contracts.envelope import Event, event_id
from photofun_common.contracts.features import by_slug, features
from photofun_common.contracts.flow import FLOW, durable, facts_of, to_markdown

PACKAGE = Path(photofun_common.__file__).parent
SAMPLES = PACKAGE / "contracts" / "samples"
ROOT = PACKAGE.parents[3]


def sample(fact):
    return json.loads((SAMPLES / f"{fact.subject.removeprefix('photofun.')}.json").read_text("utf-8"))


@pytest.mark.parametrize("row", FLOW, ids=lambda row: row.fact.__name__)
def test_every_fact_still_reads_its_sample(row):
    event = Event[row.fact].model_validate(sample(row.fact))

    assert event.type == row.fact.subject
    assert event.data.job_id == event.job_id


@pytest.mark.parametrize("row", FLOW, ids=lambda row: row.fact.__name__)
def test_unknown_fields_of_a_newer_producer_are_ignored(row):
    newer = sample(row.fact)
    newer["data"]["invented_later"] = {"deep": [1]}
    newer["invented"] = True

    assert Event[row.fact].model_validate(newer).data == Event[row.fact].model_validate(sample(row.fact)).data


def test_the_id_of_an_event_follows_from_its_cause():
    fact = FLOW[0].fact
    data = Event[fact].model_validate(sample(fact)).data

    assert event_id(data, "1") == event_id(data, "1")
    assert event_id(data, "1") != event_id(data, "2")


def test_durables_have_names_of_their_own():
    names = [durable(consumer, row.fact) for row in FLOW for consumer in row.consumers]

    assert len(names) == len(set(names))


def test_every_fact_has_somebody_who_listens():
    assert all(row.consumers for row in FLOW)
    assert facts_of("gallery-svc")
    assert "message_received" in to_markdown()


def test_features_are_declared_whole():
    for feature in features():
        assert feature.examples
        assert feature.examples_vi
        assert by_slug(feature.slug) is feature
        assert feature.params.model_json_schema()["properties"]


def test_contracts_import_pydantic_only():
    for path in (PACKAGE / "contracts").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            roots = [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            roots += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for root in roots:
                allowed = {"pydantic", "__future__", "datetime", "typing", "uuid", "re", "dataclasses", "functools", "importlib", "pkgutil"}
                assert root.split(".")[0] in allowed, path


def test_no_service_imports_another():
    services = {"gateway_svc", "conversation_svc", "prompt_svc", "imaging_svc", "gallery_svc"}
    for path in [*ROOT.glob("*/src/**/*.py"), *ROOT.glob("libs/common/src/**/*.py")]:
        own = {part for part in path.parts if part in services}
        if "photofun_tools" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            foreign = {name.split(".")[0] for name in names} & services - own
            assert not foreign, f"{path} imports {foreign}"
