"""Each team releases its own service: its version, its image, its workflow, its change log."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SERVICES = ("gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc")


def version_of(name):
    return tomllib.loads((ROOT / name / "pyproject.toml").read_text("utf-8"))["project"]["version"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_deployed_is_tagged_with_the_service_s_own_version(name):
    image = f"photofun/{name}:{version_of(name)}"
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
    prod = yaml.safe_load((ROOT / "deploy/k8s/overlays/prod/kustomization.yaml").read_text("utf-8"))

    assert compose["services"][name]["image"] == image
    assert {"name": f"photofun/{name}", "newTag": version_of(name)} in prod["images"]
    for path in (ROOT / "deploy" / "k8s").rglob("*.yaml"):
        found = re.findall(rf"image: (photofun/{name}:\S+)", path.read_text("utf-8"))
        assert set(found) <= {image}, path


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_s_workflow_runs_for_its_own_paths(name):
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text("utf-8"))
    begins = flow[True]  # YAML reads `on` as true
    others = [other for other in SERVICES if other != name]

    for event in ("push", "pull_request"):
        paths = begins[event]["paths"]
        assert f"{name}/**" in paths and "libs/common/**" in paths
        assert not [path for path in paths for other in others if path.startswith(other)]
    assert begins["push"]["tags"] == [f"{name}-v*"]
    assert flow["jobs"][name]["with"] == {"service": name}


def test_workflows_and_hooks_call_verbs_that_exist():
    verbs = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    files = [*(ROOT / ".github" / "workflows").glob("*.yml"), ROOT / ".pre-commit-config.yaml", ROOT / ".ci" / "run"]

    called = {verb for file in files for verb in re.findall(r"\bmake ([a-z-]+)", file.read_text("utf-8"))}

    assert called and called <= verbs


@pytest.mark.parametrize("name", SERVICES)
def test_a_change_log_knows_the_version(name):
    text = (ROOT / name / "CHANGELOG.md").read_text("utf-8")

    assert "## Unreleased" in text
    assert f"## {version_of(name)}" in text


def test_a_first_env_file_says_all_that_compose_needs():
    compose = (ROOT / "deploy" / "compose.yaml").read_text("utf-8")
    needed = set(re.findall(r"\$\{([A-Z_]+):\?", compose))
    script = {}
    exec(compile((ROOT / "deploy" / "new_env.py").read_text("utf-8"), "new_env.py", "exec"), script)
    example = re.findall(r"^#? ?([A-Z_]+)=", (ROOT / "deploy" / ".env.example").read_text("utf-8"), re.M)

    made = {"PUBLIC_URL", *script["SECRETS"], *(f"NATS_{user}_PASSWORD" for user in script["BROKER_USERS"])}

    assert made == needed
    assert needed <= set(example)


def test_the_broker_opens_no_other_port():
    text = (ROOT / "deploy" / "nats.conf").read_text("utf-8")

    assert 'include "nats-users.conf"' in text
    assert "http: 127.0.0.1:8222" in text
    assert not [word for word in ("websocket", "mqtt", "leafnodes", "gateway {") if word in text]
