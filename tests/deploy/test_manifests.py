from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SERVICES = ("gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc")
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_block_that_builds_from_its_own_folder(name):
    block = COMPOSE["services"][name]

    assert block["build"] == {"context": "..", "dockerfile": f"{name}/Dockerfile"}
    assert block["read_only"] is True
    assert block["cap_drop"] == ["ALL"]
    assert block["mem_limit"]


def test_secrets_have_no_default():
    text = (ROOT / "deploy" / "compose.yaml").read_text("utf-8")

    for secret in ("INTERNAL_SECRET", "FILES_SECRET", "JWT_SECRET", "POSTGRES_PASSWORD"):
        assert f"${{{secret}:?" in text
        assert f"${{{secret}:-" not in text


def test_signing_is_required_by_default_and_stores_are_healthy_before_services():
    assert COMPOSE["x-common"]["AUTH_MODE"] == "${AUTH_MODE:-required}"
    for name in SERVICES:
        assert COMPOSE["services"][name]["depends_on"]["nats"] == {"condition": "service_healthy"}
    for store in ("nats", "mongo", "postgres"):
        assert COMPOSE["services"][store]["healthcheck"]


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_runs_as_nobody_with_hashed_packages_and_a_health_check(name):
    text = (ROOT / name / "Dockerfile").read_text("utf-8")

    assert "USER 10001" in text
    assert "--require-hashes" in text
    assert "HEALTHCHECK" in text
    copied = [line.split()[1] for line in text.splitlines() if line.startswith("COPY ") and "--from" not in line]
    assert all(path.startswith((name, "libs/common")) for path in copied)
