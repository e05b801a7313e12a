"""Is the gallery as fast with a million pictures as with ten thousand?  Both sizes beside each other, on SQLite and PostgreSQL.

`bench_gallery.py [sqlite|postgres] [--rows 1000000]`: real services over HTTP; one person has a tenth of the rows.  Rounds are interleaved.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import sqlalchemy as sa
from gallery_svc.domain import Cursors, Position, words_of
from gallery_svc.migrate import migrate
from gallery_svc.settings import GallerySettings
from peers import free_port, wait_port
from photofun_common.contracts.imaging import ImageReady
from photofun_common.contracts.values import Picture
from photofun_common.jetstream import JetStreamBus
from photofun_common.settings import DEVELOPMENT_SECRET
from photofun_common.testing.postgres import Postgres

SMALL = 10_000
ROUNDS, CALLS = 3, 40
START = datetime(2020, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=90)
PHOTO = bytes(range(256)) * 1200
EVENTS, PER_SECOND = 3000, 500
WORDS = (
    "red", "blue", "old", "quiet", "river", "forest", "mountain", "cat", "dog", "city", "night", "morning", "snow", "rain", "field",
    "castle", "street", "bridge", "garden", "window",
)  # fmt: skip
COLUMNS = (
    "id", "user_id", "key", "source_hash", "job_id", "step", "index", "session_id", "feature", "intent", "params", "prompt", "provider",
    "model", "width", "height", "bytes", "content_type", "metadata", "tags", "favorite", "created_at", "updated_at", "deleted_at", "search",
)  # fmt: skip


def rows(number: int) -> Iterator[tuple[Any, ...]]:
    """Pictures of many people, a tenth of them ann's; every tenth holds `sunset`, 25 of ann's `zanzibar`, every hundredth `harbor`."""
    dice = random.Random(7)
    seldom = number // 10 // 25
    for i in range(number):
        mine = i // 10 if i % 10 == 0 else None
        words = dice.choices(WORDS, k=6)
        words += ["sunset"] * (dice.random() < 0.1) + ["harbor"] * (dice.random() < 0.01)
        words += ["zanzibar"] if mine is not None and mine % seldom == seldom // 2 else []
        prompt, at = "a " + " ".join(words), START + STEP * i
        user = "ann" if mine is not None else f"user-{i % 901}"
        yield (
            f"{i:032x}", user, f"{i:040x}.png", None, f"{i:032x}", 0, 0, f"s{i // 40}", "adjust", dice.choice(("adjust", "upscale")), "{}",
            prompt, "local", "m", 512, 512, 300_000, "image/png", "{}", "[]", dice.random() < 0.05, at, at,
            at + timedelta(days=1) if dice.random() < 0.05 else None, words_of(prompt),
        )  # fmt: skip


def fill_sqlite(url: str, number: int) -> None:
    """The rows, with the index of words filled at once instead of by triggers."""
    connection = sqlite3.connect(sa.make_url(url).database or "")
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for pragma in ("synchronous = OFF", "cache_size = -400000"):
        connection.execute(f"PRAGMA {pragma}")
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    marks = ", ".join("?" for _ in COLUMNS)
    names = ", ".join(f'"{name}"' for name in COLUMNS)

    def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value for value in row)

    connection.executemany(f"INSERT INTO images ({names}) VALUES ({marks})", map(plain, rows(number)))
    connection.execute("INSERT INTO image_docs (image_id, created_at) SELECT id, created_at FROM images")
    connection.execute(
        "INSERT INTO images_fts (rowid, owner, words) SELECT number, hex(user_id), search FROM image_docs JOIN images ON id = image_id"
    )
    for _, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.execute("ANALYZE")
    connection.close()


def fill_postgres(url: str, number: int) -> None:
    """The rows by COPY, with the index of words built at once."""
    with psycopg.connect(url) as connection:
        (index,) = connection.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_image_search_words'").fetchone() or ("",)
        connection.execute("DROP INDEX ix_image_search_words")
        connection.execute("ALTER TABLE images DISABLE TRIGGER USER")
        names = ", ".join(f'"{name}"' for name in COLUMNS)
        with connection.cursor() as cursor, cursor.copy(f"COPY images ({names}) FROM STDIN".encode()) as copy:
            for row in rows(number):
                copy.write_row(row)
        connection.execute("INSERT INTO image_search SELECT id, user_id, search, created_at FROM images")
        connection.execute("ALTER TABLE images ENABLE TRIGGER USER")
        connection.execute(str(index).encode())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


@contextmanager
def service(module: str, port: int, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A service of ours in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", module], env={**os.environ, "LOG_LEVEL": "ERROR", **environment}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_port(port)
        yield process
    finally:
        process.terminate()
        process.wait(15)


@contextmanager
def pictures() -> Iterator[str]:
    """imaging-svc's stand-in: the same 300 kB for every key."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(PHOTO)))
            self.end_headers()
            self.wfile.write(PHOTO)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def calls(number: int) -> dict[str, tuple[str, dict[str, Any]]]:
    """What is measured: a path and its query."""
    cursors = Cursors(DEVELOPMENT_SECRET)
    deep = cursors.write("live/ann", Position(START + STEP * (number // 10), "f" * 32))
    ann: dict[str, Any] = {"user_id": "ann", "limit": 20}
    return {
        "first page": ("", ann),
        "deep page (90 %)": ("", {**ann, "cursor": deep}),
        "search, common word": ("", {**ann, "q": "sunset"}),
        "search, 1 in 100": ("", {**ann, "q": "harbor"}),
        "search, 25 in all": ("", {**ann, "q": "zanzibar"}),
        "favourites": ("", {**ann, "favorite": "true"}),
        "trash": ("/deleted", ann),
    }


def timed(client: httpx.Client, path: str, query: dict[str, Any]) -> list[float]:
    spent = []
    for _ in range(CALLS):
        begun = time.perf_counter()
        answer = client.get(f"/v1/gallery{path}", params=query)
        spent.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 200 or not answer.json()["result"]:
            raise RuntimeError(f"{path} {query}: {answer.status_code} {answer.text[:200]}")
    return spent


def peak_of(process: subprocess.Popen[bytes], work: Callable[[], Any]) -> tuple[float, float]:
    """The process's memory in MB before the work and at its peak meanwhile."""
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")

    def told(name: str) -> float:
        status = Path(f"/proc/{process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(name))

    before = told("VmRSS:")
    work()
    return before, told("VmHWM:")


def exported(client: httpx.Client) -> int:
    size = 0
    with client.stream("GET", "/v1/gallery/export", params={"user_id": "ann"}, timeout=300) as answer:
        for chunk in answer.iter_bytes():
            size += len(chunk)
    return size


async def absorbed(nats: str, url: str) -> tuple[float, float]:
    """Tell so many pictures at their rate; the rate that was held, and seconds from the last one told until all are filed."""
    user = f"flood-{uuid4().hex[:8]}"

    def fact(number: int) -> ImageReady:
        picture = Picture(image_id=uuid4().hex, key=f"{uuid4().hex}.png", width=64, height=64, content_type="image/png", bytes=100)
        return ImageReady(
            job_id=uuid4().hex, user_id=user, step=0, picture=picture, feature="adjust", prompt=f"a picture {number}", provider="local",
            model="m", created_at=datetime.now(UTC),
        )  # fmt: skip

    async with JetStreamBus(nats, "imaging-svc") as bus:
        begun, places = time.perf_counter(), asyncio.Semaphore(64)

        async def tell(number: int) -> None:
            async with places:
                await bus.publish(fact(number))

        tasks = []
        for number in range(EVENTS):
            tasks.append(asyncio.create_task(tell(number)))
            late = begun + (number + 1) / PER_SECOND - time.perf_counter()
            if late > 0:
                await asyncio.sleep(late)
        await asyncio.gather(*tasks)
        told = time.perf_counter()
        query = {"user_id": user, "limit": 1, "total": True}
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            while (await client.get("/v1/gallery", params=query)).json()["meta"]["total"] < EVENTS:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)
        return EVENTS / (told - begun), time.perf_counter() - told


def bench(kind: str, large: int) -> None:
    """Build both sizes, start a gallery on each, measure, print a table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-gallery-")))
        nats_port = free_port()
        nats = f"nats://127.0.0.1:{nats_port}"
        server = Path(sys.executable).with_name("nats-server")
        broker = subprocess.Popen([server, "-a", "127.0.0.1", "-p", str(nats_port), "-js", "-sd", str(folder)], stderr=subprocess.DEVNULL)
        stack.callback(broker.wait)
        stack.callback(broker.terminate)
        wait_port(nats_port)
        imaging = stack.enter_context(pictures())
        postgres = None
        if kind == "postgres":
            postgres = Postgres(shared_buffers="256MB")
            stack.callback(postgres.remove)
            postgres.start()
        clients: dict[int, httpx.Client] = {}
        processes: dict[int, subprocess.Popen[bytes]] = {}
        for number in (SMALL, large):
            url = postgres.database() if postgres else f"sqlite+aiosqlite:///{folder / f'{number}.db'}"
            begun = time.perf_counter()
            migrate(GallerySettings(_env_file=None, database_url=url).database)  # type: ignore[call-arg]  # pydantic-settings' own
            (fill_postgres if postgres else fill_sqlite)(url, number)
            sys.stderr.write(f"{kind}: {number} rows in {time.perf_counter() - begun:.0f} s\n")
            port = free_port()
            environment = {
                "DATABASE_URL": url, "GALLERY_PORT": str(port), "IMAGING_URL": imaging, "NATS_URL": nats if number == large else "nats://127.0.0.1:1",
                "DATA_DIR": str(folder), "GALLERY_TRASH_DAYS": "3650",
            }  # fmt: skip
            processes[number] = stack.enter_context(service("gallery_svc", port, **environment))
            clients[number] = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30))
        gate = free_port()
        gallery = str(clients[large].base_url).rstrip("/")
        door = {"PORT": str(gate), "GALLERY_URL": gallery, "NATS_URL": nats, "RATE_LIMIT": "10000000/minute", "DATA_DIR": str(folder)}
        stack.enter_context(service("gateway_svc", gate, **door))
        through = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{gate}", trust_env=False, timeout=30))
        while through.get("/v1/gallery", params={"user_id": "ann"}).status_code != 200:
            time.sleep(0.2)
        print_table(kind, large, measured(clients, large), statistics.median(timed(through, *calls(large)["first page"])))
        rate, behind = asyncio.run(absorbed(nats, gallery))
        print(f"- {EVENTS} `image_ready` told at {rate:.0f}/s into the large table: the last one filed {behind:.2f} s after it was told")
        size = [0]
        before, peak = peak_of(processes[SMALL], lambda: size.__setitem__(0, exported(clients[SMALL])))
        memory = f"{peak:.0f} MB of memory at its peak ({before:.0f} before)"
        print(f"- export of ann's {SMALL // 10} pictures: {size[0] / 2**20:.0f} MB of zip, {memory}")


def measured(clients: dict[int, httpx.Client], large: int) -> dict[str, dict[int, float]]:
    """Median milliseconds by call and size, out of interleaved rounds."""
    spent: dict[tuple[str, int], list[float]] = {}
    for _, number in itertools.product(range(ROUNDS), (SMALL, large)):
        for name, (path, query) in calls(number).items():
            spent.setdefault((name, number), []).extend(timed(clients[number], path, query))
    return {name: {number: statistics.median(spent[name, number]) for number in (SMALL, large)} for name in calls(SMALL)}


def print_table(kind: str, large: int, found: dict[str, dict[int, float]], door: float) -> None:
    print(f"\n**{kind}**, median ms over HTTP at gallery-svc\n")
    print(f"| | {SMALL:,} rows | {large:,} rows | ratio |\n|---|---|---|---|")
    for name, times in found.items():
        print(f"| {name} | {times[SMALL]:.1f} | {times[large]:.1f} | {times[large] / times[SMALL]:.2f} |")
    print(f"\n- first page through the gateway, {large:,} rows: p50 {door:.1f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", nargs="?", choices=("sqlite", "postgres"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    for kind in (given.kind,) if given.kind else ("sqlite", "postgres"):
        bench(kind, given.rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
