"""Which Host names does the gateway answer to?"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("host", "is_served"),
    [
        ("localhost:9999", True), ("127.0.0.1:9999", True), ("[::1]:9999", True), ("192.168.1.20", True), ("gateway", True),
        ("gateway.photofun.svc.cluster.local", True), ("studio.example.org", True), ("STUDIO.example.org:443", True),
        ("api.example.net", True), ("a.wild.example.net", True),
        ("evil.com", False), ("localhost.evil.com", False), ("127.0.0.1.nip.io", False), ("wild.example.net.evil.com", False),
        ("evilwild.example.net", False), ("example.org", False),
    ],
)  # fmt: skip
async def test_names_of_strangers_are_refused(host: str, is_served: bool, serve: Any, studio: Any) -> None:
    gateway = await serve(public_url="https://studio.example.org", allowed_hosts="api.example.net,*.wild.example.net")

    answer = await gateway.client.get("/v1/jobs/1", headers={"Host": host})

    assert answer.status_code == (200 if is_served else 400)
    if not is_served:
        assert answer.json()["slug"] == "unknown-host"


async def test_a_star_serves_all(serve: Any, studio: Any) -> None:
    gateway = await serve(allowed_hosts="*")

    assert (await gateway.client.get("/v1/jobs/1", headers={"Host": "whatever.example"})).status_code == 200
