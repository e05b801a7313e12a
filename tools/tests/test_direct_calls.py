"""What does a service answer to a call that did not come through the gateway, when AUTH_MODE=required?"""

from __future__ import annotations

import importlib
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from photofun_common.identity import IDENTITY_HEADER
from photofun_tools import documents

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text())
SECRET = "the inner secret of these tests, long enough"
OWNERS = {"chat": "conversation_svc", "prompt": "prompt_svc", "rec-prompt": "prompt_svc", "gallery": "gallery_svc", "users": "gallery_svc"}


class Anything:
    """Stands for a service's insides, which nobody may reach."""

    def __getattr__(self, name: str) -> Anything:
        return self


def _identity(*, audience: str, secret: str = SECRET, age: int = 0, issuer: str = "photofun-gateway", algorithm: str = "HS256") -> str:
    now = int(time.time()) - age
    claims = {"iss": issuer, "aud": audience, "iat": now, "exp": now + 60, "sub": "root", "scope": ""}
    return jwt.encode(claims, secret if algorithm != "none" else None, algorithm)


def _forged(service: str) -> dict[str, dict[str, str]]:
    """Headers that a stranger may try."""
    return {
        "nothing": {},
        "plain names": {"X-User-Id": "root", "X-User": "root", "X-Internal-User": "root", "X-Auth-User": "root", "X_User_Id": "root"},
        "no signature": {IDENTITY_HEADER: _identity(audience=service, algorithm="none")},
        "another key": {IDENTITY_HEADER: _identity(audience=service, secret="some other secret of the same length, yes")},
        "the development key": {IDENTITY_HEADER: _identity(audience=service, secret="photofun-development-only".ljust(32, "."))},
        "another service's": {IDENTITY_HEADER: _identity(audience="some-other-svc")},
        "an old one": {IDENTITY_HEADER: _identity(audience=service, age=3600)},
        "another issuer": {IDENTITY_HEADER: _identity(audience=service, issuer="somebody")},
        "an access token": {"Authorization": f"Bearer {_identity(audience='photofun', issuer='photofun')}"},
    }


def _app(package: str) -> Any:
    settings = documents.settings_class(importlib.import_module(f"{package}.settings"))
    made = settings(_env_file=None, auth_mode="required", internal_secret=SECRET, files_secret=SECRET)
    app = importlib.import_module(f"{package}.main").create_app(made)
    app.state.context = Anything()
    return app


@pytest.mark.parametrize("package", ["conversation_svc", "prompt_svc", "imaging_svc", "gallery_svc"])
async def test_no_call_past_the_gateway_is_answered(package: str) -> None:
    service = package.replace("_", "-")
    calls = [
        (method, re.sub(r"{\w+}", "0" * 32, path))
        for path, item in DOCUMENT["paths"].items()
        for method, told in item.items()
        if path.startswith("/v1/") and OWNERS.get(path.split("/")[2], "imaging_svc") == package
    ]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(_app(package)), base_url="http://service") as client:
        for method, path in calls:
            for name, headers in _forged(service).items():
                answer = await client.request(method, path, headers=headers, json={"user_id": "root", "prompt": "x", "content": "x"})
                assert answer.status_code == 401, f"{method} {path} with {name}: {answer.status_code}"
    assert calls
