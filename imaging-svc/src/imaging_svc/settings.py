"""What differs between two deployments of imaging-svc?"""

from __future__ import annotations

from pathlib import Path

from photofun_common.settings import CommonSettings
from pydantic import Field, SecretStr, ValidationInfo, field_validator

__all__ = ["Settings"]


class Settings(CommonSettings):
    """imaging-svc's settings, by the names users know."""

    imaging_host: str = Field(default="127.0.0.1", description="address imaging-svc listens on")
    imaging_port: int = Field(default=9103, description="port imaging-svc listens on")
    imaging_workers: int = Field(default=2, ge=1, le=64, description="processes for pixel work")
    imaging_weights_dir: Path = Field(default=Path(".weights"), description="where the model files are")
    imaging_max_jobs_per_user: int = Field(default=24, ge=1, description="unfinished jobs a person may have")
    imaging_max_backlog: int = Field(default=128, ge=1, description="unfinished jobs of all; more only as fast as they end, else 503")
    imaging_max_running_per_user: int = Field(default=4, ge=1, description="steps of one person that run at once in a worker")
    imaging_prices: str = Field(
        default="freepik=0.1;gemini=0.04;openai=0.04", description="what a paid picture is taken to cost: engine=price;engine/feature=price"
    )
    imaging_daily_cap: float | None = Field(
        default=None, ge=0, description="paid engines stop for the day (UTC) at this cost; unset: never"
    )
    imaging_daily_cap_per_user: float | None = Field(default=None, ge=0, description="the same for each person")
    storage_url: str | None = Field(
        default=None, description="file://…, s3://…, gs://…, az://…, cloudinary://key:secret@cloud; default file://$DATA_DIR/files"
    )
    cloudinary_url: SecretStr | None = Field(default=None, description="cloudinary://key:secret@cloud: the store when STORAGE_URL is unset")
    cloudinary_upload_prefix: str | None = Field(default=None, description="another address of Cloudinary's API")
    image_routing: str = Field(default="", description="image-generate=freepik,gemini,local;upscale=local")

    freepik_api_key: SecretStr | None = Field(default=None, description="turns the Freepik/Magnific engine on")
    freepik_base_url: str = Field(default="https://api.magnific.com", description="where that API is")
    freepik_api_key_header: str = Field(default="x-magnific-api-key", description="the header its key goes in")
    freepik_webhook_secret: SecretStr | None = Field(
        default=None, description="with it Freepik tells of finished tasks at PUBLIC_URL/v1/webhooks/freepik; polling goes on as the net"
    )
    freepik_per_minute: float = Field(default=250, gt=0, description="calls a minute to Freepik, polling included")
    freepik_poll_seconds: float = Field(default=1.0, gt=0, le=5, description="first pause between two looks at a task; grows to 5 s")
    gemini_api_key: SecretStr | None = Field(default=None, description="turns the Gemini engine on")
    gemini_api_keys: SecretStr | None = Field(default=None, description="several Gemini keys, a,b,c, changed when one meets its limit")
    gemini_per_minute: float = Field(default=60, gt=0, description="calls a minute to Gemini's image model")
    gemini_base_url: str | None = Field(default=None, description="another address of the Gemini API")
    gemini_image_model: str = Field(default="gemini-nano-banana-2.1", description="Gemini's image model")
    openai_api_key: SecretStr | None = Field(default=None, description="turns the OpenAI-compatible engine on")
    openai_per_minute: float = Field(default=60, gt=0, description="calls a minute to the OpenAI image server")
    openai_base_url: str | None = Field(default=None, description="any server with OpenAI's image API (default OpenAI's)")
    openai_image_model: str = Field(default="gpt-image-1", description="its image model")

    diffusers_model: Path | None = Field(
        default=None, description="folder of a Stable Diffusion model of your own (diffusers format); needs imaging-svc[diffusers]"
    )
    diffusers_steps: int = Field(default=25, ge=1, le=200, description="denoising steps of that model")

    @field_validator("image_routing", "imaging_prices")
    @classmethod
    def _is_readable(cls, text: str, info: ValidationInfo) -> str:
        """A route to nowhere and a price that is none are told at the start."""
        from .routing import parse_routing
        from .spending import Prices

        (parse_routing if info.field_name == "image_routing" else Prices)(text)
        return text

    @property
    def gemini_keys(self) -> list[str]:
        """All Gemini keys, each once, the single one first."""
        texts = [key.get_secret_value() for key in (self.gemini_api_key, self.gemini_api_keys) if key is not None]
        return list(dict.fromkeys(key.strip() for text in texts for key in text.split(",") if key.strip()))

    @property
    def storage(self) -> str:
        """Where files are kept, with Cloudinary's own settings in its address."""
        url = self.storage_url or (self.cloudinary_url.get_secret_value() if self.cloudinary_url else None)
        if url is None:
            return f"file://{(self.data_dir / 'files').resolve()}"
        if url == "cloudinary://" and self.cloudinary_url is not None:
            url = self.cloudinary_url.get_secret_value()
        if url.startswith("cloudinary://") and self.cloudinary_upload_prefix and "upload_prefix=" not in url:
            url += f"{'&' if '?' in url else '?'}upload_prefix={self.cloudinary_upload_prefix}"
        return url
