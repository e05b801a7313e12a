"""What differs between two gateways?  Where the services are, who may come in, and how much."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from limits import RateLimitItem, parse
from photofun_common.settings import DEVELOPMENT_SECRET, CommonSettings
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

__all__ = ["Settings"]

Network = IPv4Network | IPv6Network
_PORTS = (3000, 4200, 5173, 8000, 8080)
_FRONT_ENDS = tuple(f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in _PORTS)
_SYMMETRIC = frozenset({"HS256", "HS384", "HS512"})
_ASYMMETRIC = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
_SHORTEST_SECRET = 32
List = Annotated[tuple[str, ...], NoDecode]


class Settings(CommonSettings):
    """The gateway's own settings beside the common ones."""

    host: str = Field(default="127.0.0.1", description="the address the gateway listens on; 0.0.0.0 in a container")
    port: int = Field(default=9999, ge=1, le=65535, description="the port the gateway listens on")
    conversation_url: str = Field(default="http://127.0.0.1:9101", description="where conversation-svc listens")
    prompt_url: str = Field(default="http://127.0.0.1:9102", description="where prompt-svc listens")
    imaging_url: str = Field(default="http://127.0.0.1:9103", description="where imaging-svc listens")
    gallery_url: str = Field(default="http://127.0.0.1:9104", description="where gallery-svc listens")
    cors_origins: List = Field(default=_FRONT_ENDS, description="front ends that may call, comma separated; * for all")
    rate_limit: str = Field(default="100/minute", description="calls a user (else a peer) may make")
    rate_limit_generate: str = Field(default="30/minute", description="paid calls a user (else a peer) may make")
    rate_limit_store: str | None = Field(default=None, description="a Valkey or Redis (redis://host:6379/0) that all gateways count in")
    jwt_secret: SecretStr | None = Field(default=None, description="verifies HS256 and HS512 tokens; at least 32 characters")
    jwt_algorithms: List = Field(default=(), description="algorithms taken; default HS256,HS512 by secret, RS256,ES256,EdDSA by JWKS")
    jwt_jwks_url: str | None = Field(default=None, description="where the issuer publishes its keys")
    jwt_issuer: str = Field(default="photofun", description="the iss a token must carry")
    jwt_audience: str = Field(default="photofun", description="the aud a token must carry")
    api_keys_file: Path | None = Field(default=None, description="hashed API keys, one JSON object a line")
    allowed_hosts: List = Field(
        default=(), description="Host names served beside PUBLIC_URL's, local ones and addresses, comma separated; * for all"
    )
    trusted_proxies: List = Field(default=(), description="networks whose X-Forwarded-For is believed; empty: none")
    max_connections_per_peer: int = Field(default=256, ge=1, description="open connections of one address")
    max_connections: int = Field(default=2048, ge=1, description="open connections in all")
    metrics_port: int | None = Field(default=None, ge=1, le=65535, description="a port for /metrics alone, whatever AUTH_MODE says")

    @field_validator("cors_origins", "jwt_algorithms", "allowed_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("rate_limit", "rate_limit_generate")
    @classmethod
    def _is_rate(cls, value: str) -> str:
        parse(value)
        return value

    @field_validator("rate_limit_store")
    @classmethod
    def _is_store(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in ("redis", "rediss"):
            raise ValueError("RATE_LIMIT_STORE is a redis:// or rediss:// address")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            ip_network(part, strict=False)
        return value

    @property
    def proxies(self) -> tuple[Network, ...]:
        return tuple(ip_network(part, strict=False) for part in self.trusted_proxies)

    @property
    def rate(self) -> RateLimitItem:
        return parse(self.rate_limit)

    @property
    def paid_rate(self) -> RateLimitItem:
        return parse(self.rate_limit_generate)

    @property
    def secret_algorithms(self) -> tuple[str, ...]:
        """What a token signed with the secret may use; empty without a secret."""
        if self.jwt_secret is None:
            return ()
        return tuple(name for name in self.jwt_algorithms or ("HS256", "HS512") if name in _SYMMETRIC)

    @property
    def jwks_algorithms(self) -> tuple[str, ...]:
        """What a token signed with a published key may use; empty without JWKS."""
        if not self.jwt_jwks_url:
            return ()
        return tuple(name for name in self.jwt_algorithms or ("RS256", "ES256", "EdDSA") if name in _ASYMMETRIC)

    @property
    def services(self) -> dict[str, str]:
        """Each service's name and address."""
        return {
            "conversation-svc": self.conversation_url.rstrip("/"),
            "prompt-svc": self.prompt_url.rstrip("/"),
            "imaging-svc": self.imaging_url.rstrip("/"),
            "gallery-svc": self.gallery_url.rstrip("/"),
        }

    def model_post_init(self, context: Any) -> None:
        super().model_post_init(context)
        if unknown := set(self.jwt_algorithms) - _SYMMETRIC - _ASYMMETRIC:
            raise ValueError(f"JWT_ALGORITHMS: {', '.join(sorted(unknown))} is not taken; use HS256, HS512, RS256, ES256 or EdDSA")
        if self.auth_mode != "required":
            return
        if self.jwt_secret is None and not self.jwt_jwks_url and self.api_keys_file is None:
            raise ValueError("AUTH_MODE=required needs JWT_SECRET, JWT_JWKS_URL or API_KEYS_FILE: nobody could come in")
        if self.jwt_secret is not None:
            secret = self.jwt_secret.get_secret_value()
            if secret == DEVELOPMENT_SECRET or len(secret.encode()) < _SHORTEST_SECRET:
                raise ValueError(f"JWT_SECRET must be a secret of your own with at least {_SHORTEST_SECRET} characters")
