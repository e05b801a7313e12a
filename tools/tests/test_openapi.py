"""Is docs/openapi.json what the services answer, and does it say all there is to say?"""

from __future__ import annotations

import ast
import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from photofun_tools import documents

ROOT = Path(__file__).resolve().parents[2]
_METHODS = {"get", "put", "post", "delete", "patch"}
_SOURCES = ("libs/common", "gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc")
_NO_PROBLEMS = {"error"}  # what is meant never to be seen


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return dict(json.loads(documents.openapi()))


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, told) for path, item in document["paths"].items() for method, told in item.items() if method in _METHODS]


def test_the_file_is_true(document: dict[str, Any]) -> None:
    assert json.loads((ROOT / "docs" / "openapi.json").read_text()) == document, "run `make openapi`"


def test_it_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_every_route_of_every_service_is_in_it(document: dict[str, Any]) -> None:
    """Old names of the same call and callbacks of providers are left out on purpose."""
    hidden = set()
    for package in ("conversation_svc", "prompt_svc", "imaging_svc", "gallery_svc"):
        settings = documents.settings_class(importlib.import_module(f"{package}.settings"))(_env_file=None)
        app = importlib.import_module(f"{package}.main").create_app(settings)
        plain = {(method, route.path) for route in _routes(app) if route.path.startswith("/v1/") for method in route.methods}
        hidden |= {line for line in plain if line[1] not in document["paths"] or line[0].lower() not in document["paths"][line[1]]}
    assert hidden <= {
        ("POST", "/v1/features/image-generation"), ("HEAD", "/v1/files/{key}"), ("POST", "/v1/webhooks/freepik"),
        ("POST", "/v1/webhooks/{provider}"), ("POST", "/v1/webhooks/freepik/{job_id}"),
    }  # fmt: skip


def _routes(app: Any) -> list[Any]:
    return [route for route in app.routes if getattr(route, "methods", None)]


def test_every_call_says_what_it_does_answers_and_may_refuse(document: dict[str, Any]) -> None:
    for method, path, told in _operations(document):
        here = f"{method} {path}"
        assert told.get("summary"), here
        assert told.get("operationId"), here
        good = {status: answer for status, answer in told["responses"].items() if status < "400"}
        assert good, here
        assert all("content" in answer or status == "304" for status, answer in good.items()), here
        for status, answer in good.items():
            for kind, media in answer.get("content", {}).items():
                assert kind != "application/json" or media.get("schema"), f"{here} {status}"
        if path.startswith("/v1/"):
            assert {"400", "422", "429", "503"} <= set(told["responses"]), here
            assert told["security"] in ([{}], [{"bearer": []}, {"apiKey": []}]), here


def test_every_json_body_has_an_example_that_it_takes_and_every_field_a_type(document: dict[str, Any]) -> None:
    for method, path, told in _operations(document):
        for kind, media in told.get("requestBody", {}).get("content", {}).items():
            properties = media["schema"]["properties"]
            assert all(set(schema) - {"description", "title", "default"} for schema in properties.values()), f"{method} {path}"
            if kind == "application/json":
                assert media.get("example") is not None, f"{method} {path}"
                assert set(media["example"]) <= set(properties), f"{method} {path}"


def test_every_slug_in_the_code_is_a_problem_of_the_document_and_of_the_page(document: dict[str, Any]) -> None:
    used = set()
    for folder in _SOURCES:
        for file in (ROOT / folder / "src").rglob("*.py"):
            used |= _slugs(ast.parse(file.read_text()))
    page = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", (ROOT / "docs" / "problems.md").read_text()))

    told = set(document["components"]["schemas"]["Problem"]["properties"]["slug"]["enum"])

    assert used - _NO_PROBLEMS <= told, "gateway_svc/problems.py lacks what no error class has as its slug"
    assert used - _NO_PROBLEMS <= page, "docs/problems.md lacks some"


def _slugs(tree: ast.AST) -> set[str]:
    """What error classes and raises give as `slug`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
            for line in node.body:
                if isinstance(line, ast.Assign):
                    found |= _assigned(line)
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")).endswith("Error"):
            found |= {word.value.value for word in node.keywords if word.arg == "slug" and isinstance(word.value, ast.Constant)}
    return found


def _assigned(line: ast.Assign) -> set[str]:
    target = line.targets[0]
    if isinstance(target, ast.Tuple) and isinstance(line.value, ast.Tuple):
        pairs = zip(target.elts, line.value.elts, strict=True)
    else:
        pairs = zip([target], [line.value], strict=True)
    return {value.value for name, value in pairs if getattr(name, "id", "") == "slug" and isinstance(value, ast.Constant)}
