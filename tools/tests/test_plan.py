"""What runs where follows from the environment."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from photofun_tools.documents import env, flow
from photofun_tools.manager import write_configuration
from photofun_tools.plan import PlanError, plan_studio
from photofun_tools.watch import write_run_file


def test_the_default_ports_are_the_documented_ones(tmp_path: Path) -> None:
    studio = plan_studio({}, tmp_path)

    assert {one.name: one.port for one in studio.processes} == {
        "nats": 4222,
        "documents": 27017,
        "gateway": 9999,
        "conversation-svc": 9101,
        "prompt-svc": 9102,
        "imaging-svc": 9103,
        "gallery-svc": 9104,
    }
    assert studio.data_dir == tmp_path / ".data"


def test_a_moved_base_moves_everything_but_the_gateway(tmp_path: Path) -> None:
    studio = plan_studio({"PORT_BASE": "12000", "PORT": "12345"}, tmp_path)

    assert sorted(one.port for one in studio.processes) == [12001, 12002, 12003, 12004, 12022, 12027, 12345]
    gateway = next(one for one in studio.processes if one.name == "gateway")
    assert gateway.env["IMAGING_URL"] == "http://127.0.0.1:12003"
    assert gateway.env["PUBLIC_URL"] == "http://localhost:12345"


def test_servers_of_ones_own_are_not_started_here(tmp_path: Path) -> None:
    studio = plan_studio({"NATS_URL": "nats://elsewhere:4222", "MONGO_URI": "mongodb://elsewhere/"}, tmp_path)

    assert {one.name for one in studio.processes} == {"gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc"}
    assert studio.processes[0].env["NATS_URL"] == "nats://elsewhere:4222"


@pytest.mark.parametrize("value", ["0", "x", "70000", "-1"])
def test_a_port_that_is_none_is_named(tmp_path: Path, value: str) -> None:
    with pytest.raises(PlanError, match="PORT_BASE"):
        plan_studio({"PORT_BASE": value}, tmp_path)


def test_two_on_one_port_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="share port 9101"):
        plan_studio({"PORT": "9101"}, tmp_path)


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    first, second = plan_studio({}, tmp_path), plan_studio({}, tmp_path)

    assert first.processes[-1].env["INTERNAL_SECRET"] == second.processes[-1].env["INTERNAL_SECRET"]
    assert plan_studio({"FILES_SECRET": "mine"}, tmp_path).processes[-1].env["FILES_SECRET"] == "mine"
    assert stat.S_IMODE((tmp_path / ".data" / "secrets.json").stat().st_mode) == 0o600


def test_the_configuration_names_every_process_and_no_secret(tmp_path: Path) -> None:
    studio = plan_studio({}, tmp_path)

    config = write_configuration(studio).read_text()

    assert all(f"[program:{one.name}]" in config for one in studio.processes)
    assert studio.processes[-1].env["INTERNAL_SECRET"] not in config


def test_run_json_follows_a_process_that_was_started_again(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    specs = {"gateway": {"port": 9999, "cmd": ["python", "-m", "gateway_svc"], "cwd": "/", "env": {"PORT": "9999"}}}

    write_run_file(path, specs, {"gateway": 11})
    write_run_file(path, specs, {"gateway": 0})
    assert json.loads(path.read_text())["gateway"]["pid"] == 11
    write_run_file(path, specs, {"gateway": 12})

    assert json.loads(path.read_text())["gateway"] == {"pid": 12, **specs["gateway"]}


def test_the_printed_documents_are_up_to_date() -> None:
    root = Path(__file__).resolve().parents[2]

    assert (root / "docs" / "flow.md").read_text() == flow(), "run `make flow`"
    assert (root / ".env.example").read_text() == env(), "run `make env`"
