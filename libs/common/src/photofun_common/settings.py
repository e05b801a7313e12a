"""What differs between two deployments?  The settings that every service shares, by the names users know."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["DEVELOPMENT_SECRET", "CommonSettings"]

DEVELOPMENT_SECRET = "photofun-development-only"  # noqa: S105 - refused when AUTH_MODE=required


class CommonSettings(BaseSettings):
    """Read from the environment or `.env`; frozen."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True, frozen=True, protected_namespaces=())

    data_dir: Path = Field(default=Path(".data"), description="everything the embedded mode keeps")
    nats_url: str = Field(default="nats://127.0.0.1:4222", description="the NATS server; set it and the embedded one is not started")
    public_url: str = Field(default="http://localhost:9999", description="what picture URLs start with")
    auth_mode: Literal["open", "required"] = Field(default="open", description="open: user_id says who it is; required: a token does")
    internal_secret: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET), description="signs the identity that the gateway passes inwards"
    )
    files_secret: SecretStr = Field(default=SecretStr(DEVELOPMENT_SECRET), description="derives file keys and signs picture URLs")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING, ERROR")
    log_format: Literal["json", "console"] = Field(default="json", description="json or console")
    otel_exporter_otlp_endpoint: str | None = Field(default=None, description="where traces go; unset: nowhere")
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        le=60,
        description="how long a replica that was told to stop serves on, keeping no connection; 5 behind a balancer",
    )
    job_deadline: float = Field(default=180.0, gt=0, le=3600, description="seconds a job may take")
    allow_private_image_hosts: bool = Field(default=False, description="lets image_url point at loopback and private networks")

    def model_post_init(self, _context: Any) -> None:
        if self.auth_mode == "required":
            for name in ("internal_secret", "files_secret"):
                if getattr(self, name).get_secret_value() == DEVELOPMENT_SECRET:
                    raise ValueError(f"{name.upper()} still has its development value: set a secret of your own for AUTH_MODE=required")
