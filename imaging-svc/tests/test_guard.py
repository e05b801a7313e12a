"""Which addresses are fetched, and what of an answer is believed?"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import ipaddress
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from imaging_svc.domain import ImageUnreachableError, UnsafeUrlError
from imaging_svc.guard import PictureFetcher, is_public
from photofun_common.errors import TooLargeError

REFUSED = (UnsafeUrlError, ImageUnreachableError)
PUBLIC = "93.184.216.34"

PRIVATE_HOSTS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "00.0.0.0",
    "127.0.0.1.",
    "127.0.0.01",
    "127.000.000.001",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    "100.64.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "2852039166",
    "0xa9fea9fe",
    "169.254.43518",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:8.8.8.8]",
    "[0:0:0:0:0:0:0:1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001::80ff:fffe]",
    "[2001:db8::1]",
    "[100::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fe80::1%25lo]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[2606:4700::200:5efe:7f00:1]",
    "[2606:4700::5efe:7f00:1]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ip6-localhost",
    "kubernetes.default.svc",
    "nats",
    "mongo",
    "nowhere.invalid",
    "127。0。0。1",
    "127．0．0．1",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "xn--",
    "..",
    "a..b",
    "[::1%25lo]",
]


@pytest.fixture
async def canary(picture_server: Any) -> Any:
    """The picture server as something that must not be reached."""
    picture_server.connects = 0
    picture_server.shows["/a.png"] = b"picture"
    return picture_server


@pytest.fixture
async def guard(canary: Any) -> AsyncIterator[PictureFetcher]:
    """A guard that would let the canary's port pass: only the address can be what it refuses."""
    fetcher = PictureFetcher(private_too=False, seconds=2, ports=frozenset({80, 443, canary.port}))
    yield fetcher
    await fetcher.aclose()


@pytest.fixture
async def near() -> AsyncIterator[PictureFetcher]:
    """A guard of a development set-up: pictures on the same host are fine."""
    fetcher = PictureFetcher(private_too=True, seconds=0.6)
    yield fetcher
    await fetcher.aclose()


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
async def test_no_spelling_of_an_inner_address_is_connected_to(host: str, guard: PictureFetcher, canary: Any) -> None:
    with pytest.raises(REFUSED):
        await guard.fetch(canary.url("/a.png", host))

    assert canary.connects == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "2130706433", "169.254.169.254", "127。0。0。1", "[::ffff:127.0.0.1]"])
async def test_an_inner_address_is_called_unsafe(host: str, guard: PictureFetcher) -> None:
    with pytest.raises(UnsafeUrlError) as caught:
        await guard.fetch(f"http://{host}/a.png")

    assert (caught.value.status, caught.value.slug) == (422, "unsafe-url")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "picture.png",
        "//example.com/a.png",
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "http:///a.png",
        "http://user:secret@example.com/a.png",
        "http://evil.com@127.0.0.1/",
        "http://evil.com\\@127.0.0.1/",
        "http://[::1/a.png",
        "http://example.com/a b.png",
        "http://example.com/\r\nHost: x",
        "http://example.com:0/a.png",
        "http://example.com:99999/a.png",
        "http://example.com/" + "a" * 2049,
        "http://example.com/" + "a" * 100_000,
        *(f"http://example.com:{port}/" for port in (22, 25, 3306, 5432, 6379, 4222, 8222, 9999, 27017, 8080)),
        *(f"http://{PUBLIC}:{port}/" for port in (22, 6379)),
    ],
)
async def test_what_is_no_plain_web_address_is_unsafe(url: str) -> None:
    fetcher = PictureFetcher(private_too=False, seconds=1)

    with pytest.raises(UnsafeUrlError):
        await fetcher.fetch(url)


def test_ordinary_addresses_are_public() -> None:
    for text in ("8.8.8.8", PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"):
        assert is_public(ipaddress.ip_address(text))


def test_private_hosts_open_but_metadata_stays_shut() -> None:
    for text in ("127.0.0.1", "10.1.2.3", "192.168.1.1", "::1", "fd00::1"):
        assert is_public(ipaddress.ip_address(text), private_too=True)
    for text in ("169.254.169.254", "169.254.170.2", "fe80::1", "0.0.0.0", "::ffff:127.0.0.1", "224.0.0.1", "64:ff9b::7f00:1"):
        assert not is_public(ipaddress.ip_address(text), private_too=True)


class FakeNames:
    """DNS that answers what it is told, in turn; the last answer stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if not answer:
            raise socket.gaierror(-2, "unknown")
        return [(socket.AF_INET6 if ":" in text else socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in answer]


@pytest.mark.parametrize("answer", [[PUBLIC, "127.0.0.1"], ["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["169.254.169.254"], []])
async def test_a_name_with_any_inner_address_is_refused(
    answer: list[str], guard: PictureFetcher, canary: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", FakeNames(answer).getaddrinfo)

    with pytest.raises(REFUSED):
        await guard.fetch(canary.url("/a.png", "pictures.example"))

    assert canary.connects == 0


async def test_the_address_that_was_judged_is_the_one_connected_to(
    guard: PictureFetcher, canary: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = FakeNames(["192.0.2.1"], ["127.0.0.1"])
    monkeypatch.setattr("imaging_svc.guard.is_public", lambda address, **_: str(address) == "192.0.2.1")
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names.getaddrinfo)

    with pytest.raises(REFUSED):
        await guard.fetch(canary.url("/a.png", "rebinding.example"))

    assert canary.connects == 0


def redirect(to: str, status: int = 302) -> Any:
    async def answer(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    return answer


def answering(head: str, body: bytes = b"") -> Any:
    async def answer(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)

    return answer


@pytest.mark.parametrize("to", ["http://169.254.169.254/latest/meta-data", "http://[::ffff:127.0.0.1]/", "file:///etc/passwd", "//0/a.png"])
async def test_a_redirect_is_judged_again(to: str, near: PictureFetcher, canary: Any) -> None:
    canary.shows["/away"] = redirect(to)

    with pytest.raises(REFUSED):
        await near.fetch(canary.url("/away"))

    assert canary.connects == 1


async def test_three_redirects_are_followed_and_four_are_not(near: PictureFetcher, canary: Any) -> None:
    for step in range(4):
        canary.shows[f"/r{step}"] = redirect(f"/r{step + 1}", (301, 302, 307, 308)[step])
    canary.shows["/r4"] = b"there"
    canary.shows["/loop"] = redirect("/loop")

    assert await near.fetch(canary.url("/r1")) == b"there"
    for path in ("/r0", "/loop"):
        with pytest.raises(ImageUnreachableError):
            await near.fetch(canary.url(path))


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/1.1 404 Not Found\nContent-Length: 0",
        "HTTP/1.1 500 Oops\nContent-Length: 0",
        "HTTP/1.1 204 No Content",
        "HTTP/1.1 206 Partial\nContent-Length: 0",
        "HTTP/1.1 302 Found\nContent-Length: 0",
        "HTTP/1.1 200 OK\nX: " + "a" * 1_000_000 + "\nContent-Length: 0",
        "HTTP/1.1 200 OK\n" + "\n".join(f"X-{index}: 1" for index in range(10_000)) + "\nContent-Length: 0",
        "HTTP/1.1 200 OK\nContent-Encoding: br\nContent-Length: 0",
        "NOT HTTP",
        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\nzz",
    ],
)
async def test_any_other_answer_is_unreachable(head: str, near: PictureFetcher, canary: Any) -> None:
    canary.shows["/odd"] = answering(head)

    with pytest.raises(ImageUnreachableError):
        await near.fetch(canary.url("/odd"))


async def test_a_compressed_answer_is_not_unpacked(near: PictureFetcher, canary: Any) -> None:
    bomb = gzip.compress(b"\0" * 2_000_000)
    canary.shows["/bomb"] = answering(f"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {len(bomb)}", bomb)

    with pytest.raises(ImageUnreachableError):
        await near.fetch(canary.url("/bomb"))

    assert b"accept-encoding: identity" in canary.requests[-1].lower()


@pytest.mark.parametrize("head", ["HTTP/1.1 200 OK\nContent-Length: 11534336", "HTTP/1.1 200 OK\nConnection: close"])
async def test_more_than_ten_megabytes_are_not_read(head: str, canary: Any) -> None:
    canary.shows["/big"] = answering(head, b"\0" * (11 * 2**20))
    fetcher = PictureFetcher(private_too=True)

    with pytest.raises(TooLargeError) as caught:
        await fetcher.fetch(canary.url("/big"))

    assert caught.value.extra["limit"] == 10 * 2**20
    await fetcher.aclose()


async def test_a_promised_length_is_all_that_is_read(near: PictureFetcher, canary: Any) -> None:
    canary.shows["/more"] = answering("HTTP/1.1 200 OK\nContent-Length: 4", b"fourAND MORE" * 1000)

    try:
        assert await near.fetch(canary.url("/more")) == b"four"
    except ImageUnreachableError as refused:
        assert "fourAND" not in str(refused.to_problem())


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
async def test_a_dripping_server_is_left_when_the_time_is_over(start: bytes, near: PictureFetcher, canary: Any) -> None:
    async def drip(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        with contextlib.suppress(ConnectionError):
            for _ in range(60):
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(0.05)

    canary.shows["/drip"] = drip
    started = time.monotonic()

    with pytest.raises(ImageUnreachableError):
        await near.fetch(canary.url("/drip"))

    assert time.monotonic() - started < 2


async def test_the_error_tells_nothing_of_what_was_there(near: PictureFetcher, canary: Any) -> None:
    said = set()
    for url in (canary.url("/missing"), "http://127.0.0.1:1/closed"):
        with pytest.raises(ImageUnreachableError) as caught:
            await near.fetch(url)
        said.add(str(caught.value.to_problem()))

    assert len(said) == 1
    assert "secret" not in said.pop()


async def test_a_host_is_asked_four_times_at_once_at_most(canary: Any) -> None:
    now = most = 0

    async def slow(_: Any, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.03)
        now -= 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")

    canary.shows["/slow"] = slow
    fetcher = PictureFetcher(private_too=True)

    found = await asyncio.gather(*(fetcher.fetch(canary.url("/slow")) for _ in range(24)))

    assert found == [b"x"] * 24
    assert most <= 4
    await fetcher.aclose()


async def test_a_proxy_of_the_environment_is_not_used(near: PictureFetcher, canary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert await near.fetch(canary.url("/a.png")) == b"picture"


async def test_tls_is_checked(near: PictureFetcher, canary: Any) -> None:
    with pytest.raises(ImageUnreachableError):
        await near.fetch(canary.url("/a.png").replace("http:", "https:"))
