"""May this address be fetched?  Decided where the connection is made, on the very addresses that are connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

import aiohttp
import aiohttp.abc
import yarl
from photofun_common.errors import TooLargeError
from photofun_common.http import MAX_PICTURE_BYTES

from .domain import ImageUnreachableError, UnsafeUrlError

__all__ = ["PictureFetcher", "is_public"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_PRIVATE = [ipaddress.ip_network(net) for net in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")]
_SHUT = [
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
]
_REDIRECTS = 3
_SECONDS = 10.0
_PER_HOST = 4
_PORTS = frozenset({80, 443})
_UNREACHABLE = "The picture could not be fetched from there: check the address, or send the file itself"


def _is_private(address: Address) -> bool:
    return any(address in net for net in _PRIVATE if net.version == address.version)


def is_public(address: Address, *, private_too: bool = False) -> bool:
    """Whether an address is an ordinary one of the internet; `private_too` opens loopback, RFC 1918 and unique-local."""
    if private_too and _is_private(address):
        return True
    isatap = address.version == 6 and (int(address) >> 32) & 0xFFFFFFFF in (0x00005EFE, 0x02005EFE)
    shut = any(address in net for net in _SHUT if net.version == address.version)
    return address.is_global and not shut and not isatap and not _is_private(address)


class _Checked(aiohttp.abc.AbstractResolver):
    """Resolves once, refuses when any address is not allowed; aiohttp connects to exactly these."""

    def __init__(self, private_too: bool, ports: frozenset[int]) -> None:
        self._private_too = private_too
        self._ports = ports

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[Any]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ImageUnreachableError(_UNREACHABLE) from error
        self.check([ipaddress.ip_address(str(entry[4][0]).split("%")[0]) for entry in found], port)
        return [
            {"hostname": host, "host": entry[4][0], "port": port, "family": entry[0], "proto": 0, "flags": socket.AI_NUMERICHOST}
            for entry in found
        ]

    def check(self, addresses: list[Address], port: int) -> None:
        if not addresses or not all(is_public(address, private_too=self._private_too) for address in addresses):
            raise UnsafeUrlError("image_url may only point at public internet addresses")
        if port not in self._ports and not (self._private_too and all(map(_is_private, addresses))):
            raise UnsafeUrlError("image_url may only use the ports 80 and 443")

    async def close(self) -> None:
        return


class PictureFetcher:
    """Fetches pictures from outside addresses, guarded: public addresses, 10 MB, 10 s in all, 3 redirects."""

    def __init__(self, *, private_too: bool, seconds: float = _SECONDS, ports: frozenset[int] = _PORTS) -> None:
        self._private_too = private_too
        self._seconds = seconds
        self._ports = ports
        self._resolver = _Checked(private_too, ports)
        self._session: aiohttp.ClientSession | None = None

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=self._resolver, use_dns_cache=False, limit=64, limit_per_host=_PER_HOST, force_close=True
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                trust_env=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                max_line_size=8190,
                max_field_size=8190,
                headers={"User-Agent": "PhotoFun/1.0", "Accept": "image/*", "Accept-Encoding": "identity"},
            )
        return self._session

    async def fetch(self, url: str) -> bytes:
        """The bytes at `url`.  Raises UnsafeUrlError, ImageUnreachableError, TooLargeError; never says what was there."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(url)
        except TimeoutError as error:
            raise ImageUnreachableError(_UNREACHABLE) from error

    async def _follow(self, url: str) -> bytes:
        target = self._parse(url)
        for _ in range(_REDIRECTS + 1):
            try:
                async with self._client().get(target, allow_redirects=False) as answer:
                    if answer.status in (301, 302, 303, 307, 308) and answer.headers.get("Location"):
                        target = self._parse(str(target.join(yarl.URL(answer.headers["Location"]))), after=target)
                        continue
                    return await self._read(answer)
            except (UnsafeUrlError, ImageUnreachableError, TooLargeError):
                raise
            except aiohttp.ClientConnectorError as error:
                cause = error.__cause__ or error.os_error
                if isinstance(cause, UnsafeUrlError):
                    raise cause from error
                raise ImageUnreachableError(_UNREACHABLE) from error
            except (aiohttp.ClientError, OSError, ValueError, UnicodeError) as error:
                raise ImageUnreachableError(_UNREACHABLE) from error
        raise ImageUnreachableError("The address redirects too often")

    def _parse(self, url: str, *, after: yarl.URL | None = None) -> yarl.URL:
        if len(url) > 2048 or "\\" in url or any(ord(char) < 33 for char in url):
            raise UnsafeUrlError("image_url is not a plain http or https address of at most 2048 characters")
        try:
            target = yarl.URL(url)
            host, port = target.raw_host or "", target.port
        except (ValueError, UnicodeError) as error:
            raise UnsafeUrlError("image_url is not a valid address") from error
        if target.scheme not in ("http", "https") or not host or port in (None, 0) or target.user or target.password:
            raise UnsafeUrlError("image_url must be http or https, without user name and password")
        if after is not None and after.scheme == "https" and target.scheme == "http":
            raise UnsafeUrlError("The address redirects from https to http")
        if not host.isascii() or "%" in host:
            raise UnsafeUrlError("image_url names a host that is not plain")
        try:
            literal = ipaddress.ip_address(host)
        except ValueError:
            if ":" in host or host.replace(".", "").isdigit():  # aiohttp takes these for addresses and would not ask the resolver
                raise UnsafeUrlError("image_url writes an address in an unusual way") from None
            if not self._private_too and int(port or 0) not in self._ports:
                raise UnsafeUrlError("image_url may only use the ports 80 and 443") from None
        else:
            self._resolver.check([literal], int(port or 0))
        return target

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        if answer.status != 200 or answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise ImageUnreachableError(_UNREACHABLE)
        if (answer.content_length or 0) > MAX_PICTURE_BYTES:
            raise TooLargeError("image_url: a picture may have 10 MB", limit=MAX_PICTURE_BYTES, actual=answer.content_length)
        chunks, size = [], 0
        async for chunk in answer.content.iter_chunked(65536):
            size += len(chunk)
            if size > MAX_PICTURE_BYTES:
                raise TooLargeError("image_url: a picture may have 10 MB", limit=MAX_PICTURE_BYTES, actual=size)
            chunks.append(chunk)
        return b"".join(chunks)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
