"""What differs between two deployments of conversation-svc?"""

from __future__ import annotations

from photofun_common.settings import CommonSettings
from pydantic import Field

__all__ = ["Settings"]


class Settings(CommonSettings):
    mongo_uri: str = Field(
        default="mongodb://127.0.0.1:27017/photofun?directConnection=true&w=1&journal=true&retryWrites=false",
        description="the document store; set it and the embedded one is not started",
    )
    conversation_host: str = Field(default="127.0.0.1", description="where conversation-svc listens")
    conversation_port: int = Field(default=9101, ge=0, le=65535, description="conversation-svc's port")
    conversation_max_queued: int = Field(default=20, ge=1, le=10_000, description="unfinished messages one user may have")
    conversation_max_backlog: int = Field(
        default=128, ge=1, description="unfinished messages of all; more only as fast as they end, else 503"
    )
    conversation_relay_seconds: float = Field(default=0.5, gt=0, description="how often unsent events are looked for")
    conversation_sweep_seconds: float = Field(default=5.0, gt=0, description="how often overdue messages are looked for")
