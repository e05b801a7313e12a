from pathlib import Path

import pytest
from photofun_tools.cli import app
from photofun_tools.plan import SERVICES
from photofun_tools.settings_check import check, read_environment
from typer.testing import CliRunner

LONG = "kj3h4k5j6h3k4j5h6k3j4h5k6j3h45k6jh"
DEPLOYED = {
    "AUTH_MODE": "required", "INTERNAL_SECRET": LONG, "FILES_SECRET": LONG + "1", "JWT_SECRET": LONG + "2", "PUBLIC_URL": "https://studio.example.org",
    "CONVERSATION_URL": "http://c:9101", "PROMPT_URL": "http://p:9102", "IMAGING_URL": "http://i:9103", "GALLERY_URL": "http://g:9104",
    "MONGO_URI": "mongodb://m/photofun", "DATABASE_URL": "postgresql://p/photofun", "STORAGE_URL": "s3://files", "NATS_URL": "nats://n:4222",
}  # fmt: skip


def texts(environ, *services):
    return [f"{one.level} {one.service} {one.text}" for one in check(environ, services or SERVICES)]


def test_a_developer_needs_to_set_nothing():
    assert texts({"PATH": "/usr/bin", "HOME": "/root", "PORT": "9999", "PROMPT": "$ ", "OPENAI_ORG_ID": "x"}) == []


def test_a_deployment_that_says_everything_is_right():
    assert texts(DEPLOYED) == []


@pytest.mark.parametrize(
    ("service", "name"),
    [("gateway", "CONVERSATION_URL"), ("gateway", "PUBLIC_URL"), ("conversation-svc", "MONGO_URI"), ("gallery-svc", "DATABASE_URL"),
     ("imaging-svc", "STORAGE_URL"), ("prompt-svc", "NATS_URL")],
)  # fmt: skip
def test_what_a_deployment_does_not_say_is_missing(service, name):
    found = texts({key: value for key, value in DEPLOYED.items() if key != name}, service)

    assert [text for text in found if f"error {service} {name} is not set" in text]


@pytest.mark.parametrize(
    ("name", "value"),
    [("INTERNAL_SECRET", "photofun-development-only"), ("JWT_SECRET", "short"), ("RATE_LIMIT", "often"), ("AUTH_MODE", "perhaps"),
     ("PORT", "0"), ("JOB_DEADLINE", "soon"), ("DRAIN_SECONDS", "-1"), ("LOG_FORMAT", "xml"), ("TRUSTED_PROXIES", "nowhere")],
)  # fmt: skip
def test_a_wrong_value_is_named_and_never_told(name, value):
    found = texts(DEPLOYED | {name: value}, "gateway")

    assert len([text for text in found if name in text]) == 1, found
    assert not [text for text in found if LONG in text or "photofun-development-only" in text]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("RATE_LIMT", "RATE_LIMIT"), ("MONGO_URL", "MONGO_URI"), ("GEMINI_APIKEY", "GEMINI_API_KEY"), ("PHOTOFUN_PORT", ""),
     ("IMAGING_SPEED", ""),      ("DATABASE_URI", "DATABASE_URL")],
)  # fmt: skip
def test_a_name_that_looks_like_ours_and_is_nobody_s_warns(name, hint):
    [text] = texts({name: "x"})

    assert text.startswith("warning") and name in text and hint in text


def test_another_service_s_broker_user_is_wrong():
    found = texts(DEPLOYED | {"NATS_URL": "nats://gateway:word@n:4222"}, "gateway", "gallery-svc")

    assert found == ["error gallery-svc NATS_URL has the user gateway: this service's is gallery-svc"]


def test_the_file_counts_where_the_environment_says_nothing(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text("RATE_LIMIT=often\nPORT=9000\n")

    assert read_environment({"PORT": "9001"}, file) == {"RATE_LIMIT": "often", "PORT": "9001"}


def test_the_command_says_it_and_ends_with_1(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = CliRunner(env={"AUTH_MODE": "required", "INTERNAL_SECRET": "", "IMAGING_SPEED": "9"})

    told = runner.invoke(app, ["config", "check", "gallery-svc"])

    assert told.exit_code == 1
    assert "DATABASE_URL is not set" in told.output and "INTERNAL_SECRET" in told.output and "warning: IMAGING_SPEED" in told.output
    assert runner.invoke(app, ["config", "check", "galery"]).exit_code == 1
    assert runner.invoke(app, ["config", "check"], env={"AUTH_MODE": "open"}).exit_code == 0
