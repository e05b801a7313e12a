"""What the services' code does at the broker is what they may do there."""

import ast
from pathlib import Path

import pytest
from photofun_common.contracts.flow import RPC
from photofun_common.topology import BUCKETS, SERVICES, rights_of

ROOT = Path(__file__).parents[2]


def words_of(service):
    """Every text in the service's code."""
    for path in (ROOT / service / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_ask_what_it_asks_and_hear_what_it_answers(service):
    rights = rights_of(service)
    questions = {word for word in words_of(service) if word.startswith("rpc.") and " " not in word}

    assert questions <= RPC.keys(), "a question is a line of RPC in contracts/flow.py"
    for question in questions:
        is_own = question.split(".")[1] == service.removesuffix("-svc")
        assert question in (rights.subscribe if is_own else rights.publish), f"{question}: photofun_common/topology.py says who may ask"


@pytest.mark.parametrize("service", SERVICES)
def test_every_bucket_a_service_names_is_made_at_deploy(service):
    named = {
        node.value.value
        for path in (ROOT / service / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id.strip("_").endswith("BUCKET")
    }  # fmt: skip

    assert named <= {bucket.name for bucket in BUCKETS if service in bucket.users}, (
        "a bucket is a line of BUCKETS in photofun_common/topology.py"
    )
