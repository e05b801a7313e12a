"""Does the studio answer thousands of generated calls as its API document says?  GENERATED_CASES and GENERATED_SECONDS ask for more.

Right and wrong calls, drawn by schemathesis out of docs/openapi.json and sent over a few connections; every answer is held against
the document: no unexpected 5xx, a status and a content type that are written there, a body of the written shape.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import jsonschema
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisWarning, Unsatisfiable
from schemathesis import GenerationMode

from .conftest import Studio
from .support import ROOT, as_base64, picture

CASES = int(os.environ.get("GENERATED_CASES", "2400"))
SECONDS = float(os.environ.get("GENERATED_SECONDS", "35"))
DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text())
# these wait for pictures or for ever, or pay for an engine; their own tests look at them
ELSEWHERE = ("/events", "/v1/images/", "/v1/features/remove-background", "/v1/gallery/export", "/v1/webhooks/")
_WRITTEN = ("method", "url", "headers", "files", "data", "params", "json", "cookies")
EXPECTED_5XX = (503,)  # with Retry-After: at a limit, and saying so
USER = "generated"


def _cases(operation: Any, mode: GenerationMode, count: int) -> list[Any]:
    """So many calls of one operation; the same ones at every run."""
    found: list[Any] = []

    @seed(2026)
    @settings(
        max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), print_blob=False
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Any) -> None:
        found.append(case)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisWarning)
        with suppress(Unsatisfiable):  # a call without parameters can't be wrong
            collect()
    return found


def _own(case: Any) -> dict[str, Any]:
    """The call as httpx sends it; a right one acts for our user and on a picture that there is."""
    told = case.as_transport_kwargs(base_url="http://studio")
    if isinstance(told.get("params"), dict):
        told["params"].pop("wait", None)  # the answer is looked at, not the picture
    body = told.get("json")
    if isinstance(body, dict) and isinstance(body.get("user_id"), str):
        body["user_id"] = USER
    if isinstance(body, dict) and isinstance(body.get("image_data"), str):
        body["image_data"] = PICTURE
    return told


PICTURE = as_base64(picture(32, 24))


def _answered(http: httpx.Client, case: Any) -> httpx.Response | None:
    """The answer to the call as written down by `requests`, whose forms schemathesis draws; None for what nobody can write down."""
    told = _own(case)
    told.pop("verify", None)
    try:
        made = requests.Request(**{name: value for name, value in told.items() if name in _WRITTEN}).prepare()
        headers = [(_bytes(name), _bytes(value)) for name, value in made.headers.items() if name.lower() != "content-length"]
        return http.request(str(made.method), str(made.url).replace("http://studio", ""), headers=headers, content=made.body)
    except (ValueError, TypeError, AttributeError, httpx.InvalidURL, httpx.LocalProtocolError, requests.RequestException):
        return None


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")


class Judge:
    """Holds answers against the document."""

    def __init__(self) -> None:
        self._validators: dict[str, Any] = {}
        self.troubles: list[str] = []
        self.statuses: Counter[int] = Counter()

    def judge(self, operation: Any, answer: httpx.Response) -> None:
        self.statuses[answer.status_code] += 1
        here = f"{operation.method.upper()} {operation.path} answered {answer.status_code}: {answer.request.url} {answer.text[:300]}"
        if answer.status_code >= 500 and (answer.status_code not in EXPECTED_5XX or "retry-after" not in answer.headers):
            self.troubles.append(f"unexpected: {here}")
            return
        if answer.status_code in (400, 404, 405, 408, 414, 431, 503) and "problem+json" in answer.headers.get("content-type", ""):
            told = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        else:
            told = DOCUMENT["paths"][operation.path][operation.method]["responses"].get(str(answer.status_code))
        if told is None:
            self.troubles.append(f"a status that is not written: {here}")
            return
        if "$ref" in told:
            told = DOCUMENT["components"]["responses"][told["$ref"].rsplit("/", 1)[-1]]
        kind = answer.headers.get("content-type", "").split(";")[0]
        media = told.get("content", {}).get(kind) or (told.get("content", {}).get("image/*") if kind.startswith("image/") else None)
        if media is None and answer.content:
            self.troubles.append(f"a content type that is not written ({kind}): {here}")
        elif media is not None and kind.endswith("json"):
            self._hold(f"{operation.method} {operation.path} {answer.status_code}", media["schema"], answer.json(), here)

    def _hold(self, name: str, schema: dict[str, Any], body: Any, here: str) -> None:
        if name not in self._validators:
            self._validators[name] = jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]})
        error = jsonschema.exceptions.best_match(self._validators[name].iter_errors(body))
        if error is not None:
            self.troubles.append(f"another shape than written ({'/'.join(map(str, error.absolute_path))}: {error.message[:200]}): {here}")


def _operations() -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    for found in schema.get_all_operations():
        operation = found.ok()
        if not any(part in operation.path for part in ELSEWHERE):
            yield operation


def test_generated_calls_are_answered_as_the_document_says(studio: Studio) -> None:
    operations = list(_operations())
    share = -(-CASES // (2 * len(operations)))
    judge = Judge()
    started = time.monotonic()
    with httpx.Client(base_url=studio.url, timeout=40, trust_env=False) as http, ThreadPoolExecutor(4) as pool:
        for operation in operations:
            cases = [*_cases(operation, GenerationMode.POSITIVE, share), *_cases(operation, GenerationMode.NEGATIVE, share)]
            asked: Callable[[Any], httpx.Response | None] = lambda case: _answered(http, case)  # noqa: E731
            for answer in pool.map(asked, cases):
                if answer is not None:
                    judge.judge(operation, answer)
            if time.monotonic() - started > SECONDS * 3:
                break  # a machine that is busy with something else; what came was judged

    sent = sum(judge.statuses.values())
    sys.stdout.write(f"{sent} calls in {time.monotonic() - started:.0f} s: {dict(judge.statuses)}\n")
    assert not judge.troubles, f"{len(judge.troubles)} of {sent}:\n" + "\n".join(judge.troubles[:20])
    assert sent >= min(CASES * 0.85, 2000) or time.monotonic() - started > SECONDS * 3, f"only {sent} calls: {judge.statuses}"
    assert judge.statuses[200] + judge.statuses[201] + judge.statuses[202] > 0.05 * sent, judge.statuses
