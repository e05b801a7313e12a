"""How does an operator tend a studio?  `photofun token|keys|jobs|dead-letters|gallery|config`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import jwt
import typer
from photofun_common.contracts.jobs import JobRecord
from photofun_common.errors import PhotoFunError
from photofun_common.jetstream import JetStreamBus
from photofun_common.jobs import JobStore
from rich.console import Console
from rich.table import Table

from . import jobs, letters, orphans
from .keys import KeyFile, KeyFileError

__all__ = ["app"]

T = TypeVar("T")
app = typer.Typer(help="Tend a PhotoFun Studio.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
keys_app = typer.Typer(help="API keys, stored hashed in API_KEYS_FILE.", no_args_is_help=True)
jobs_app = typer.Typer(help="Jobs and how they stand.", no_args_is_help=True)
letters_app = typer.Typer(help="Events that could not be handled.", no_args_is_help=True)
gallery_app = typer.Typer(help="Pictures and their files.", no_args_is_help=True)
config_app = typer.Typer(help="Settings.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
app.add_typer(jobs_app, name="jobs")
app.add_typer(letters_app, name="dead-letters")
app.add_typer(gallery_app, name="gallery")
app.add_typer(config_app, name="config")

_PIPED_WIDTH = 200  # what is read by a program or a file is not cut
out = Console(soft_wrap=True, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
err = Console(stderr=True, soft_wrap=True)
NatsUrl = Annotated[str, typer.Option("--nats", envvar="NATS_URL", help="the studio's NATS server")]
KeysPath = Annotated[Path, typer.Option("--file", envvar="API_KEYS_FILE", help="the file of hashed keys")]
_NATS = "nats://127.0.0.1:4222"
_DAY = 24 * 3600
_SHORTEST_SECRET = 32
_CHECK_SECONDS = 3600.0


@app.command()
def token(
    user: Annotated[str, typer.Option("--user", "-u", help="whose token it is")],
    secret: Annotated[str, typer.Option(envvar="JWT_SECRET", help="what the gateway verifies with", show_default=False)] = "",
    issuer: Annotated[str, typer.Option(envvar="JWT_ISSUER")] = "photofun",
    audience: Annotated[str, typer.Option(envvar="JWT_AUDIENCE")] = "photofun",
    hours: Annotated[float, typer.Option(min=0.01, max=24)] = 12,
) -> None:
    """Print an access token for a user, signed with JWT_SECRET."""
    if len(secret.encode()) < _SHORTEST_SECRET:
        raise _refused(f"JWT_SECRET must be set to at least {_SHORTEST_SECRET} characters, the same as the gateway's")
    now = int(time.time())
    claims = {"iss": issuer, "aud": audience, "sub": user, "type": "access", "iat": now, "exp": now + min(_DAY, int(hours * 3600))}
    out.print(jwt.encode(claims, secret, "HS256"), markup=False)


# --- keys


@keys_app.command("add")
def keys_add(
    name: Annotated[str, typer.Argument(help="what the key is called")],
    file: KeysPath,
    user: Annotated[str | None, typer.Option("--user", "-u", help="whose key it is (default: NAME)")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="read or write; none: all")] = None,
) -> None:
    """Make a key and print it, once."""
    out.print(_keyed(lambda: KeyFile(file).add(name, user or name, scope or ())), markup=False)


@keys_app.command("list")
def keys_list(file: KeysPath) -> None:
    """The keys there are, without the keys themselves."""
    table = Table("name", "user", "scopes", "created", "revoked")
    for key in _keyed(KeyFile(file).all):
        table.add_row(key.name, key.user, " ".join(key.scopes) or "all", key.created_at, key.revoked_at or "")
    out.print(table)


@keys_app.command("revoke")
def keys_revoke(name: Annotated[str, typer.Argument()], file: KeysPath) -> None:
    """Make a key useless; the gateway notices within 2 seconds."""
    _keyed(lambda: KeyFile(file).revoke(name))
    out.print(f"revoked {name}", markup=False)


def _keyed(deed: Callable[[], T]) -> T:
    try:
        return deed()
    except KeyFileError as error:
        raise _refused(str(error)) from error


# --- jobs


@jobs_app.command("list")
def jobs_list(
    nats: NatsUrl = _NATS,
    user: Annotated[str | None, typer.Option("--user", "-u")] = None,
    status: Annotated[str | None, typer.Option(help="CREATED, IN_PROGRESS, COMPLETED, FAILED, CANCELED")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
) -> None:
    """The newest jobs."""

    async def load(bus: JetStreamBus) -> list[JobRecord]:
        return await JobStore(bus).all()

    found = [
        job for job in _on_bus(nats, load) if (user is None or job.user_id == user) and (status is None or job.status == status.upper())
    ]
    table = Table("job", "user", "kind", "status", "progress", "steps", "created")
    for job in sorted(found, key=lambda one: one.created_at, reverse=True)[:limit]:
        steps, created = ", ".join(step.feature for step in job.steps), job.created_at.isoformat(timespec="seconds")
        table.add_row(job.job_id, job.user_id, job.kind, job.status, f"{job.progress:.0%}", steps, created)
    out.print(table)


@jobs_app.command("show")
def jobs_show(job_id: Annotated[str, typer.Argument()], nats: NatsUrl = _NATS) -> None:
    """Everything the studio knows of a job, as JSON."""

    async def load(bus: JetStreamBus) -> JobRecord:
        return await JobStore(bus).get(job_id)

    out.print_json(_on_bus(nats, load).model_dump_json())


@jobs_app.command("replay")
def jobs_replay(job_id: Annotated[str, typer.Argument()], nats: NatsUrl = _NATS) -> None:
    """Run a failed or canceled feature job again from its first unfinished step."""
    record = _on_bus(nats, lambda bus: jobs.replay(bus, job_id))
    out.print(f"{job_id} runs again, attempt {record.run}", markup=False)


@jobs_app.command("drop")
def jobs_drop(job_id: Annotated[str, typer.Argument()], nats: NatsUrl = _NATS) -> None:
    """Forget an ended job; its pictures stay."""
    _on_bus(nats, lambda bus: jobs.drop(bus, job_id))
    out.print(f"dropped {job_id}", markup=False)


# --- dead letters


@letters_app.command("list")
def letters_list(nats: NatsUrl = _NATS, limit: Annotated[int, typer.Option(min=1, max=1000)] = 50) -> None:
    """The newest dead letters."""
    table = Table("number", "subject", "consumer", "failed at", "reason")
    for letter in _on_bus(nats, lambda bus: letters.newest(bus.js, limit)):
        table.add_row(str(letter.number), letter.subject, letter.consumer, letter.failed_at, letter.reason)
    out.print(table)


@letters_app.command("show")
def letters_show(number: Annotated[int, typer.Argument()], nats: NatsUrl = _NATS) -> None:
    """One dead letter with its event, as JSON."""
    out.print_json(json.dumps(_on_bus(nats, lambda bus: letters.read(bus.js, number)).to_dict()))


@letters_app.command("replay")
def letters_replay(number: Annotated[int, typer.Argument()], nats: NatsUrl = _NATS) -> None:
    """Publish the event again and drop the dead letter."""
    subject = _on_bus(nats, lambda bus: letters.replay(bus.js, number))
    out.print(f"replayed {number} on {subject}", markup=False)


@letters_app.command("drop")
def letters_drop(number: Annotated[int, typer.Argument()], nats: NatsUrl = _NATS) -> None:
    """Forget a dead letter."""
    _on_bus(nats, lambda bus: letters.drop(bus.js, number))
    out.print(f"dropped {number}", markup=False)


def _on_bus(url: str, work: Callable[[JetStreamBus], Awaitable[T]], *, seconds: float = 15) -> T:
    """Do something on the studio's bus; a clear line and exit code 1 when it can't be done."""

    async def run() -> T:
        async with JetStreamBus(url, "photofun-cli") as bus:
            return await asyncio.wait_for(work(bus), seconds)

    try:
        return asyncio.run(run())
    except PhotoFunError as error:
        raise _refused(error.detail) from error
    except TimeoutError as error:
        raise _refused(f"NATS at {url} does not answer") from error


# --- gallery


@gallery_app.command("check")
def gallery_check(
    nats: NatsUrl = _NATS,
    fix: Annotated[bool, typer.Option("--fix", help="remove files that nothing needs, and rows whose file is not there")] = False,
    hours: Annotated[float, typer.Option("--older-than", min=0, help="hours; younger files may be on their way into a row")] = 24,
) -> None:
    """Find files without rows and rows without files; exit code 1 when there are any and they were not fixed."""

    async def work(bus: JetStreamBus) -> orphans.Found:
        found = await orphans.check(bus, older=timedelta(hours=hours))
        if fix:
            await orphans.fix(bus, found)
        return found

    found = _on_bus(nats, work, seconds=_CHECK_SECONDS)
    for file in found.files:
        out.print(f"file without a row   {file.key}  {file.bytes} bytes  {file.modified_at:%Y-%m-%d %H:%M}", markup=False)
    for key in found.missing:
        out.print(f"row without its file {key}", markup=False)
    odd = f"{len(found.files)} files without a row, {len(found.missing)} rows without their file"
    out.print(
        f"{found.seen} files, {found.rows} keys of rows: {odd}{', removed' if fix and (found.files or found.missing) else ''}", markup=False
    )
    if (found.files or found.missing) and not fix:
        raise typer.Exit(1)


# --- configuration


@config_app.command("check")
def config_check(
    services: Annotated[list[str] | None, typer.Argument(help="gateway, conversation-svc, …; none: all")] = None,
    env_file: Annotated[Path, typer.Option(help="read where the environment says nothing")] = Path(".env"),
) -> None:
    """Say whether each service would start with this environment: what is wrong, what is missing, which names nobody reads."""
    from .plan import SERVICES
    from .settings_check import check, read_environment

    asked = services or list(SERVICES)
    if strange := [name for name in asked if name not in SERVICES]:
        raise _refused(f"{', '.join(strange)}: there is no such service; there are {', '.join(SERVICES)}")
    environ = read_environment(os.environ, env_file)
    found = check(environ, asked)
    for service in asked:
        problems = [one.text for one in found if one.service == service]
        out.print(f"{service:<18} {'as it should be' if not problems else ''}".rstrip(), markup=False)
        for text in problems:
            out.print(f"  {text}", markup=False)
    for variable, engine in (("FREEPIK_API_KEY", "freepik"), ("GEMINI_API_KEY", "gemini"), ("OPENAI_API_KEY", "openai")):
        out.print(f"engine {engine:<11} {'has a key' if environ.get(variable) else f'off: set {variable}'}", markup=False)
    out.print(f"{'engine local':<18} always there", markup=False)
    for one in found:
        if one.level == "warning":
            err.print(f"warning: {one.text}", markup=False)
    if any(one.level == "error" for one in found):
        raise typer.Exit(1)


def _refused(message: str) -> typer.Exit:
    err.print(message, markup=False)
    return typer.Exit(1)
