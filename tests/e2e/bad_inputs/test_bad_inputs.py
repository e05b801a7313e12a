"""Is every row of the table of bad inputs refused (or taken) as it says?"""

from __future__ import annotations

import ast
import csv
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from ..conftest import Studio
from ..guarded import guarded_gateway
from ..support import ROOT, Person, PictureServer
from . import http_rows, json_rows, other_rows, picture_rows, token_rows, url_rows
from .seen import SEEN
from .slow import SlowClients
from .world import Row, World

TEXT = (Path(__file__).parent / "table.tsv").read_text(encoding="utf-8")
TABLE = {line["id"]: line for line in csv.DictReader(TEXT.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)}
ROWS: dict[str, Row] = {**http_rows.ROWS, **json_rows.ROWS, **token_rows.ROWS, **picture_rows.ROWS, **other_rows.ROWS}
ROWS |= {
    name: row
    for name, line in TABLE.items()
    if name.startswith("U-") and name not in SEEN and (row := url_rows.row_of(line["case"])) is not None
}
LAST = ("H-45", "H-46", "H-47")  # slow clients take their time meanwhile


@pytest.fixture(scope="module")
def slow(studio: Studio) -> SlowClients:
    parts = urlsplit(studio.url)
    return SlowClients(str(parts.hostname), int(parts.port or 80))


@pytest.fixture(scope="module")
def fetcher(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An imaging service in front of the same stores that may fetch from public addresses only."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environ = {
        **os.environ, **studio.environ, **studio.processes["imaging-svc"]["env"], "IMAGING_PORT": str(port),
        "ALLOW_PRIVATE_IMAGE_HOSTS": "false",
        "LOG_LEVEL": "WARNING",
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("fetcher")
    process = subprocess.Popen([sys.executable, "-m", "imaging_svc"], env=environ, cwd=folder)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=40, trust_env=False) as http:
            end = time.monotonic() + 90
            while time.monotonic() < end:
                try:
                    if http.get("/readyz").status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield http
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def door(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with guarded_gateway(studio, tmp_path_factory.mktemp("guarded")) as found:
        yield found


def test_every_row_is_tried_or_seen_elsewhere() -> None:
    assert set(ROWS) | set(SEEN) == set(TABLE)
    assert not set(ROWS) & set(SEEN)


@pytest.mark.parametrize("name", sorted(SEEN))
def test_what_is_seen_elsewhere_is_there(name: str) -> None:
    file, _, test = SEEN[name].partition("::")
    tree = ast.parse((ROOT / file).read_text())
    assert any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == test for node in ast.walk(tree)), SEEN[name]


@pytest.mark.parametrize("name", sorted(ROWS, key=lambda name: (name in LAST, name)))
def test_a_bad_input_is_answered_as_the_table_says(
    name: str, http: httpx.Client, person: Person, pictures: PictureServer, door: Any, fetcher: httpx.Client, slow: SlowClients
) -> None:
    ROWS[name](World(http, person, pictures, door, fetcher, slow.told if name in LAST else {}))

    assert http.get("/livez").status_code == 200
