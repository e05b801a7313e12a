"""What differs between two deployments of prompt-svc?"""

from __future__ import annotations

from photofun_common.settings import CommonSettings
from pydantic import Field, SecretStr

__all__ = ["Settings"]


class Settings(CommonSettings):
    """The common settings, and Gemini's."""

    gemini_api_key: SecretStr | None = Field(default=None, description="a key for Gemini; unset: the offline planner does it alone")
    gemini_api_keys: SecretStr | None = Field(default=None, description="several keys, comma separated, rotated on 429")
    gemini_base_url: str | None = Field(default=None, description="another address of the Gemini API")
    gemini_text_model: str = Field(default="gemini-3.8-flash", description="the model that plans")
    prompt_gemini_timeout: float = Field(default=20.0, gt=0, le=60, description="seconds that Gemini gets for a plan")
    prompt_embeddings: bool = Field(default=True, description="sentence embeddings for words that no rule knows; false: letter patterns")
    host: str = Field(default="127.0.0.1", description="address to listen on", validation_alias="PROMPT_HOST")
    port: int = Field(default=9102, description="port to listen on", validation_alias="PROMPT_PORT")

    @property
    def gemini_keys(self) -> tuple[str, ...]:
        """All keys in order, each once."""
        many = self.gemini_api_keys.get_secret_value() if self.gemini_api_keys else ""
        one = self.gemini_api_key.get_secret_value() if self.gemini_api_key else ""
        keys = [key.strip() for key in [one, *many.split(",")] if key.strip()]
        return tuple(dict.fromkeys(keys))
