"""One studio for the fault matrix: a link in every line, a paid provider that counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.chaos.background import background
from tests.chaos.provider import running_provider
from tests.chaos.studio import running_studio

from .bench import Bench

JOB_SECONDS = 60


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with background() as thread, running_provider(thread) as provider:
        settings = {**provider.settings, "JOB_DEADLINE": str(JOB_SECONDS)}
        with (
            running_studio(tmp_path_factory.mktemp("studio"), thread, **settings) as studio,
            httpx.Client(base_url=studio.url, timeout=30, trust_env=False) as http,
        ):
            yield Bench(studio, provider, thread, http)


@pytest.fixture(autouse=True)
def whole(bench: Bench, tmp_path: Path) -> Iterator[None]:
    """Every test begins with a studio in which all is well, and leaves one."""
    bench.wait_until_well()
    yield
    bench.mend()
    bench.wait_until_well()
