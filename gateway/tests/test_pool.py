"""Which connection does the next call get?"""

from __future__ import annotations

from typing import Any

import pytest
from gateway_svc.connection import Connection, ConnectionBrokenError
from gateway_svc.pool import Pool


async def test_a_connection_that_is_being_closed_is_not_taken_again(studio: Any) -> None:
    pool = Pool(studio.url)
    first = await pool.take()
    first.ask(b"GET /v1/gallery HTTP/1.1\r\nhost: x\r\n\r\n", seconds=5)
    await first.head()
    while await first.read():
        pass
    pool.give(first)
    first._transport.close()  # closed, and the loop has not said so yet

    second = await pool.take()

    assert second is not first
    with pytest.raises(ConnectionBrokenError) as broken:
        first.ask(b"GET / HTTP/1.1\r\n\r\n", seconds=5)
    assert broken.value.is_unanswered
    second.close()


async def test_a_connection_that_is_closed_at_once_is_none(monkeypatch: pytest.MonkeyPatch, studio: Any) -> None:
    connected = Connection.connection_made

    def torn(self: Connection, transport: Any) -> None:
        connected(self, transport)
        transport.abort()

    monkeypatch.setattr(Connection, "connection_made", torn)

    with pytest.raises(ConnectionResetError):
        await Pool(studio.url).take()
