"""Who is calling?  The gateway's short-lived signed word, and what a service makes of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import jwt
from fastapi import Request

from .errors import DeniedError, InvalidError, UnauthorizedError

__all__ = ["IDENTITY_HEADER", "Caller", "IdentityKeeper", "caller_of"]

IDENTITY_HEADER = "x-photofun-identity"
_LIFE = 60
_ISSUER = "photofun-gateway"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.  `user_id` None: nobody in particular (open mode), then the request's own `user_id` says it."""

    user_id: str | None
    is_open: bool
    scopes: frozenset[str] = frozenset()

    def owner(self, claimed: str | None) -> str:
        """The user this call acts for.  Raises DeniedError for another's id, InvalidError when nobody is named."""
        if self.user_id is not None:
            if claimed and claimed != self.user_id:
                raise DeniedError("The token belongs to another user than user_id says", slug="forbidden")
            return self.user_id
        if not claimed:
            raise InvalidError("user_id: say whose it is", errors=[{"field": "user_id", "message": "is required"}])
        return claimed

    def reader(self, claimed: str | None) -> str | None:
        """Like `owner`, but None when open mode names nobody: then knowing the id is enough."""
        return self.owner(claimed) if self.user_id is not None or claimed else None


class IdentityKeeper:
    """Signs identities (in the gateway) and judges them (in a service)."""

    def __init__(self, secret: str, *, is_open: bool, service: str = "") -> None:
        self._key = secret.encode().ljust(32, b".")
        self._is_open = is_open
        self._service = service

    def sign(self, user_id: str | None, *, audience: str, scopes: frozenset[str] = frozenset()) -> str:
        """A token of 60 seconds for one service."""
        now = int(time.time())
        claims = {"iss": _ISSUER, "aud": audience, "iat": now, "exp": now + _LIFE, "sub": user_id or "", "scope": " ".join(sorted(scopes))}
        return jwt.encode(claims, self._key, "HS256")

    def judge(self, token: str | None) -> Caller:
        """Who the header says it is.  Raises UnauthorizedError for a forged, old or missing one (missing is fine when open)."""
        if not token:
            if self._is_open:
                return Caller(None, is_open=True)
            raise UnauthorizedError("Calls come through the gateway", slug="unauthorized")
        try:
            claims = jwt.decode(
                token,
                self._key,
                ["HS256"],
                audience=self._service,
                issuer=_ISSUER,
                leeway=30,
                options={"require": ["exp", "iat", "aud", "iss"]},
            )
        except jwt.PyJWTError as error:
            raise UnauthorizedError("The inner identity is not valid") from error
        return Caller(claims.get("sub") or None, is_open=self._is_open, scopes=frozenset(str(claims.get("scope", "")).split()))


def caller_of(request: Request) -> Caller:
    """FastAPI dependency: the caller of this request."""
    keeper: IdentityKeeper = request.app.state.identity
    return keeper.judge(request.headers.get(IDENTITY_HEADER))
