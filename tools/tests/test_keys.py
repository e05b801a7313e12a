"""The file of API keys keeps hashes, shows a key once, and never loses a line."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import jwt
import pytest
from photofun_tools.cli import app
from photofun_tools.keys import KeyFile, KeyFileError
from typer.testing import CliRunner


def test_a_new_key_is_shown_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"

    secret = KeyFile(path).add("ci", "ana", ["read"])

    line = json.loads(path.read_text())
    assert secret.startswith("pf_")
    assert len(secret) == 46
    assert secret not in path.read_text()
    assert line["hash"] == hashlib.sha256(secret.encode()).hexdigest()
    assert (line["name"], line["user"], line["scopes"]) == ("ci", "ana", ["read"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_revoked_key_stays_in_the_file_and_its_name_is_free_again(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.jsonl")
    file.add("ci", "ana")

    file.revoke("ci")
    file.add("ci", "ana")

    assert [key.is_live for key in file.all()] == [False, True]


def test_a_name_in_use_and_an_unknown_name_are_refused(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.jsonl")
    file.add("ci", "ana")

    with pytest.raises(KeyFileError, match="already"):
        file.add("ci", "bo")
    with pytest.raises(KeyFileError, match="no live key"):
        file.revoke("other")


def test_a_token_carries_what_the_gateway_asks_for() -> None:
    secret = "x" * 32

    done = CliRunner().invoke(app, ["token", "--user", "ana"], env={"JWT_SECRET": secret, "COLUMNS": "400"})

    assert done.exit_code == 0, done.output
    claims = jwt.decode(done.stdout.strip(), secret, ["HS256"], audience="photofun", issuer="photofun")
    assert (claims["sub"], claims["type"]) == ("ana", "access")
    assert claims["exp"] - claims["iat"] <= 24 * 3600


def test_a_token_without_a_secret_says_which_variable_to_set() -> None:
    done = CliRunner().invoke(app, ["token", "--user", "ana"], env={"JWT_SECRET": ""})

    assert done.exit_code == 1
    assert "JWT_SECRET" in done.stderr
