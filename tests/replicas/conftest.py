from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import pytest
from photofun_common.testing.collector import Collector, collecting

from tests.e2e.support import Person

from .cluster import Cluster, running_cluster
from .overdue import Overdue, let_messages_pass_their_deadline


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture(scope="session")
def overdue() -> Iterator[Future[Overdue]]:
    """Deadlines pass meanwhile: what comes of it is asked last."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(let_messages_pass_their_deadline)


@pytest.fixture(scope="session")
def cluster(collector: Collector, overdue: Future[Overdue]) -> Iterator[Cluster]:
    """The whole studio twice, each service with its own rights at the broker."""
    settings = {
        "RATE_LIMIT": "1000000/minute", "RATE_LIMIT_GENERATE": "1000000/minute", "ALLOW_PRIVATE_IMAGE_HOSTS": "true", "DRAIN_SECONDS": "5",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200", "LOG_LEVEL": "DEBUG",
    }  # fmt: skip
    with running_cluster(settings) as found:
        yield found


@pytest.fixture
def http(cluster: Cluster) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=cluster.url, timeout=40, trust_env=False) as client:
        yield client


@pytest.fixture
def gateways(cluster: Cluster) -> Iterator[list[httpx.Client]]:
    """A client of each gateway."""
    clients = [httpx.Client(base_url=one.url, timeout=40, trust_env=False) for one in cluster.of("gateway")]
    yield clients
    for client in clients:
        client.close()


@pytest.fixture
def person(http: httpx.Client) -> Person:
    return Person(http)
