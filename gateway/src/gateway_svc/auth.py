"""Who is calling?  A bearer JWT or an API key, judged strictly."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import jwt
import orjson
from photofun_common.errors import DeniedError, UnauthorizedError, UnavailableError

from .settings import Settings

__all__ = ["ANYBODY", "FileKeys", "Guard", "JwksKeys", "Principal"]

log = logging.getLogger(__name__)
_LEEWAY = 30
_LONGEST_LIFE = 24 * 3600
_LONGEST_TOKEN = 8192
_FRESH, _STALE, _PAUSE = 600.0, 24 * 3600.0, 60.0
_LOOK_AGAIN = 2.0
_KEY_PREFIX = "pf_"
_KNOWN_SECONDS, _MOST_KNOWN = 60.0, 4096


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, once it is proven.  `user` None: nobody in particular."""

    user: str | None
    scopes: frozenset[str] = frozenset()
    by_key: bool = False


ANYBODY = Principal(None)


class Fetch(Protocol):
    async def __call__(self, url: str) -> bytes: ...


class JwksKeys:
    """The issuer's published keys: fresh for 10 minutes, used for 24 hours when the issuer is away, asked once a minute at most."""

    def __init__(self, url: str, fetch: Fetch) -> None:
        self._url, self._fetch = url, fetch
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> jwt.PyJWK:
        """Raises UnauthorizedError for a key that the issuer doesn't have, UnavailableError when it can't be asked."""
        age = time.monotonic() - self._fetched_at
        if kid in self._keys and age < _STALE:
            if age > _FRESH and not self._lock.locked():
                self._renewal = asyncio.create_task(self._renew())
            return self._keys[kid]
        await self._renew()
        if time.monotonic() - self._fetched_at < _STALE and kid in self._keys:
            return self._keys[kid]
        if self._fetched_at < self._tried_at:
            raise UnavailableError("The token issuer's keys can't be fetched", slug="issuer-unavailable")
        raise UnauthorizedError("The token's key is not known")

    async def _renew(self) -> None:
        async with self._lock:
            await self._refresh(time.monotonic())

    async def _refresh(self, now: float) -> None:
        if now - self._tried_at < _PAUSE:
            return
        self._tried_at = now
        try:
            document = orjson.loads(await self._fetch(self._url))
            found = {key.key_id: key for key in jwt.PyJWKSet.from_dict(document).keys if key.key_id}
        except Exception as error:  # whatever the issuer sends: the old keys stay
            log.warning("keys could not be fetched", extra={"error": f"{type(error).__name__}: {error}"[:200]})
            return
        self._keys, self._fetched_at = found, now


class FileKeys:
    """API keys out of a file of JSON lines `{hash, name, user, scopes}`; a changed file is read again within 2 seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._by_hash: dict[str, Principal] = {}
        self._stamp: tuple[int, int] | None = None
        self._looked_at = float("-inf")

    def find(self, key: str) -> Principal | None:
        self._look()
        return self._by_hash.get(hashlib.sha256(key.encode()).hexdigest())

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < _LOOK_AGAIN:
            return
        self._looked_at = now
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != self._stamp:
                self._by_hash, self._stamp = _read_keys(self._path.read_bytes()), stamp
        except FileNotFoundError:
            self._by_hash, self._stamp = {}, None
        except OSError as error:
            log.warning("keys file could not be read", extra={"error": str(error)[:200]})


def _read_keys(raw: bytes) -> dict[str, Principal]:
    found = {}
    for number, line in enumerate(raw.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = orjson.loads(line)
            if entry.get("revoked_at"):
                continue
            digest = str(entry["hash"]).removeprefix("sha256:").lower()
            found[digest] = Principal(str(entry["user"]), frozenset(map(str, entry.get("scopes") or ())), by_key=True)
        except (ValueError, KeyError, AttributeError, TypeError):
            log.warning("a line of the keys file is not a key", extra={"line": number})
    return found


class Guard:
    """Judges the credentials of a call when AUTH_MODE=required."""

    def __init__(self, settings: Settings, jwks: JwksKeys | None, keys: FileKeys | None) -> None:
        self._issuer, self._audience = settings.jwt_issuer, settings.jwt_audience
        self._secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else None
        self._secret_algorithms = settings.secret_algorithms
        self._jwks_algorithms = settings.jwks_algorithms
        self._jwks, self._keys = jwks, keys
        self._known: dict[str, tuple[float, Principal]] = {}

    async def judge(self, authorization: list[bytes], api_key: list[bytes]) -> Principal:
        """Who this is.  Raises UnauthorizedError, never with a hint about what was nearly right."""
        if len(authorization) > 1 or len(api_key) > 1:
            raise UnauthorizedError("Send one Authorization header")
        if api_key:
            return self._by_key(api_key[0].decode("latin-1").strip())
        scheme, _, token = (authorization[0] if authorization else b"").decode("latin-1").strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise UnauthorizedError("Send Authorization: Bearer with a token or an API key")
        return self._by_key(token) if token.startswith(_KEY_PREFIX) else await self._by_token(token)

    def _by_key(self, key: str) -> Principal:
        found = self._keys.find(key) if self._keys and len(key) <= 256 else None
        if found is None:
            raise UnauthorizedError("The API key is not valid")
        return found

    async def _by_token(self, token: str) -> Principal:
        """Judged anew after a minute at the latest, and once it has expired."""
        found = self._known.get(token)
        if found is not None and time.time() < found[0]:
            return found[1]
        principal, expires = await self._verified(token)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[token] = (min(time.time() + _KNOWN_SECONDS, expires + _LEEWAY), principal)
        return principal

    async def _verified(self, token: str) -> tuple[Principal, float]:
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            raise UnauthorizedError("The token is not valid")
        try:
            header = jwt.get_unverified_header(token)
            key, algorithms = await self._key_for(header)
            claims = jwt.decode(
                token, key, algorithms, audience=self._audience, issuer=self._issuer, leeway=_LEEWAY,
                options={"require": ["exp", "iat", "sub", "aud", "iss"], "strict_aud": False},
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            expired = isinstance(error, jwt.ExpiredSignatureError)
            raise UnauthorizedError("The token has expired" if expired else "The token is not valid") from error
        return self._from_claims(header, claims), float(claims["exp"])

    async def _key_for(self, header: dict[str, Any]) -> tuple[Any, list[str]]:
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm in self._secret_algorithms:
            return self._secret, [str(algorithm)]
        if algorithm in self._jwks_algorithms and self._jwks is not None and isinstance(kid, str) and len(kid) <= 256:
            return await self._jwks.key(kid), [str(algorithm)]
        raise UnauthorizedError("The token is not valid")

    def _from_claims(self, header: dict[str, Any], claims: dict[str, Any]) -> Principal:
        kind = str(header.get("typ", "JWT")).lower()
        is_access = claims.get("type") == "access" or (kind == "at+jwt" and "type" not in claims)
        times = claims["exp"], claims["iat"]
        whole = all(isinstance(value, int) and not isinstance(value, bool) for value in times)
        subject = claims["sub"]
        if kind not in ("jwt", "at+jwt") or not is_access or not whole or not isinstance(claims["aud"], str):
            raise UnauthorizedError("The token is not an access token")
        if times[0] - times[1] > _LONGEST_LIFE or times[0] - time.time() > _LONGEST_LIFE + _LEEWAY:
            raise UnauthorizedError("The token lives longer than 24 hours")
        if not isinstance(subject, str) or not 0 < len(subject) <= 128:
            raise UnauthorizedError("The token names nobody")
        scopes = claims.get("scope")
        return Principal(subject, frozenset(scopes.split()) if isinstance(scopes, str) else frozenset())


def check_scopes(principal: Principal, method: str) -> None:
    """A key without scopes may do all; one with scopes needs `write` for what changes something.  Raises DeniedError."""
    if not principal.by_key or not principal.scopes or principal.scopes & {"*", "admin", "write"}:
        return
    if method not in ("GET", "HEAD") or "read" not in principal.scopes:
        raise DeniedError("This API key may not do that", slug="scope-missing")
