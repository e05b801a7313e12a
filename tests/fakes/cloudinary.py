"""How does Cloudinary behave?  Signed uploads, destroys and downloads, its errors by message, failures on demand."""

from __future__ import annotations

import asyncio
import hashlib
import io
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from PIL import Image, UnidentifiedImageError

from .serving import Switches

__all__ = ["FakeCloudinary"]

_UNSIGNED = frozenset({"file", "cloud_name", "resource_type", "api_key", "signature"})
_STALE_SECONDS = 3600
_MAX_BYTES = 10 * 2**20


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=status)


@dataclass
class FakeCloudinary:
    """One cloud in memory.  `files` holds bytes by (type, public id); `oddities` are answers that real clients met."""

    cloud: str = "demo"
    key: str = "111"
    secret: str = "test-secret"
    algorithm: str = "sha1"
    switches: Switches = field(default_factory=Switches)
    error_without_error: bool = False
    files: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1_1/{cloud}/image/upload", self._upload)
        app.router.add_post("/v1_1/{cloud}/image/destroy", self._destroy)
        app.router.add_get("/v1_1/{cloud}/image/download", self._download)
        return app

    def url(self, base: str) -> str:
        """The STORAGE_URL that points here."""
        return f"cloudinary://{self.key}:{self.secret}@{self.cloud}?upload_prefix={base}&signature_algorithm={self.algorithm}"

    async def _taken(self, request: web.Request, fields: dict[str, Any]) -> web.Response | None:
        """The answer when the call is refused: account, signature, age, a switch."""
        self.seen.append((request.path, {name: value for name, value in fields.items() if name != "file"}))
        if (refusal := await self.switches.refusal()) is not None:
            return refusal
        if self.error_without_error:
            return web.json_response({"oops": True}, status=500)
        if request.match_info["cloud"] != self.cloud:
            return _error(401, f"cloud_name mismatch: {request.match_info['cloud']}")
        if fields.get("api_key") != self.key:
            return _error(401, f"Unknown API key {fields.get('api_key')}")
        text = "&".join(f"{name}={str(value).replace('&', '%26')}" for name, value in sorted(fields.items()) if _is_signed(name, value))
        if hashlib.new(self.algorithm, (text + self.secret).encode()).hexdigest() != fields.get("signature"):
            return _error(401, f"Invalid Signature {fields.get('signature')}. String to sign - '{text}'.")
        if not abs(time.time() - float(fields.get("timestamp", 0))) < _STALE_SECONDS:
            return _error(400, f"Stale request - reported time is {fields.get('timestamp')}")
        return None

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        fields: dict[str, Any] = {}
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                with value.file:
                    fields[name] = value.file.read()
            else:
                fields[name] = value
        if (refusal := await self._taken(request, fields)) is not None:
            return refusal
        data = fields["file"]
        if len(data) > _MAX_BYTES:
            return _error(400, f"File size too large. Got {len(data)}. Maximum is {_MAX_BYTES}.")
        try:
            with Image.open(io.BytesIO(data)) as opened:
                (width, height), form = opened.size, {"JPEG": "jpg"}.get(str(opened.format), str(opened.format).lower())
        except (UnidentifiedImageError, OSError):
            return _error(400, "Invalid image file")
        public_id, kind = str(fields["public_id"]), str(fields.get("type", "upload"))
        existing = (kind, public_id) in self.files
        if not existing or fields.get("overwrite", "1") != "0":
            self.files[kind, public_id] = (data, form)
        if self.switches.hang_after_accept:
            await asyncio.sleep(self.switches.hang_after_accept)
        return web.json_response(
            {
                "public_id": public_id, "version": int(time.time()), "width": width, "height": height, "format": form, "bytes": len(data),
                "resource_type": "image", "type": kind, "existing": existing,
                "secure_url": f"https://res.example/{self.cloud}/image/{kind}/{public_id}.{form}",
            }
        )  # fmt: skip

    async def _destroy(self, request: web.Request) -> web.StreamResponse:
        fields = dict(await request.post())
        if (refusal := await self._taken(request, fields)) is not None:
            return refusal
        gone = self.files.pop((str(fields.get("type", "upload")), str(fields["public_id"])), None)
        return web.json_response({"result": "ok" if gone else "not found"})

    async def _download(self, request: web.Request) -> web.StreamResponse:
        fields: dict[str, Any] = dict(request.query)
        if (refusal := await self._taken(request, fields)) is not None:
            return refusal
        if float(fields.get("expires_at", time.time() + 1)) < time.time():
            return _error(401, "The link has expired")
        found = self.files.get((fields.get("type", "upload"), fields["public_id"]))
        if found is None or found[1] != fields["format"]:
            return _error(404, f"Resource not found - {fields['public_id']}")
        return web.Response(body=found[0], content_type=f"image/{found[1]}")


def _is_signed(name: str, value: Any) -> bool:
    return name not in _UNSIGNED and value not in (None, "")
