"""What would the official description refuse?  Requests judged by `magnific-openapi.json`, and by the limits it tells in words only."""

from __future__ import annotations

import base64
import io
import json
from functools import cache
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator
from PIL import Image, UnidentifiedImageError

__all__ = ["ASYNCHRONOUS", "FORM", "POSTED", "SYNCHRONOUS", "wrong_params"]

_SPEC: dict[str, Any] = json.loads((Path(__file__).parent / "magnific-openapi.json").read_text())
FORM = "/v1/ai/beta/remove-background"
SYNCHRONOUS = "/v1/ai/beta/text-to-image/reimagine-flux"
_MASKED = "/v1/ai/ideogram-image-edit"
_UNUSED = ("/v1/ai/image-to-prompt", "/v1/ai/improve-prompt")

# documented on the provider's pages, not in the copy of its description
_MORE: dict[str, dict[str, Any]] = {
    _MASKED: {
        "type": "object",
        "required": ["prompt", "image", "mask"],
        "properties": {
            "prompt": {"type": "string"},
            "image": {"type": "string"},
            "mask": {"type": "string"},
            "seed": {"type": "integer", "minimum": 0, "maximum": 2147483647},
            "rendering_speed": {"enum": ["TURBO", "DEFAULT", "QUALITY"]},
            "magic_prompt": {"enum": ["AUTO", "ON", "OFF"]},
            "style_type": {"enum": ["AUTO", "GENERAL", "REALISTIC", "DESIGN"]},
            "webhook_url": {"type": "string", "format": "uri"},
        },
    },
}
_PICTURES = ("image", "mask", "reference_image", "style_reference", "structure_reference", "transfer_light_from_reference_image")
_MIN_SIDE = {"/v1/ai/image-expand/flux-pro": 256, "/v1/ai/text-to-image/seedream-v4-5-edit": 256}
_MAX_PIXELS = {"/v1/ai/image-expand/flux-pro": 20_000_000}
_MAX_UPSCALED = 25_300_000
_FLUID_RATIOS = ("square_1_1", "social_story_9_16", "widescreen_16_9", "traditional_3_4", "classic_4_3")
_MAX_BYTES = {"/v1/ai/text-to-image/seedream-v4-5-edit": 10 * 2**20, _MASKED: 10 * 2**20}


def _posted() -> dict[str, dict[str, Any]]:
    """The schema of each JSON body by path."""
    found = {
        path: item["post"]["requestBody"]["content"]["application/json"]["schema"]
        for path, item in _SPEC["paths"].items()
        if "application/json" in item.get("post", {}).get("requestBody", {}).get("content", {}) and path not in _UNUSED
    }
    return found | _MORE


POSTED = _posted()
ASYNCHRONOUS = tuple(path for path in POSTED if path != SYNCHRONOUS)


@cache
def _validator(path: str) -> Any:
    return OAS30Validator({**POSTED[path], "components": _SPEC["components"]})


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    """All property names of a schema, through references and `allOf`."""
    if "$ref" in schema:
        return _properties(_SPEC["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    names = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        names |= _properties(part)
    return names


def wrong_params(path: str, body: dict[str, Any]) -> list[dict[str, str]]:
    """What is wrong with a body, as the provider's `invalid_params`.  Unknown names are refused too: here they are our mistakes."""
    wrong = [
        {"name": ".".join(map(str, error.absolute_path)) or _missing(error), "reason": error.message[:200]}
        for error in _validator(path).iter_errors(body)
        if not _is_stray_quote(error)
    ]
    wrong += [{"name": name, "reason": f"Parameter '{name}' is not known"} for name in body.keys() - _properties(POSTED[path]).keys()]
    if body.get("model") == "fluid" and body.get("aspect_ratio", "square_1_1") not in _FLUID_RATIOS:
        wrong.append({"name": "aspect_ratio", "reason": "fluid takes five ratios"})
    if {"transfer_light_from_reference_image", "transfer_light_from_lightmap"} <= body.keys():
        wrong.append({"name": "transfer_light_from_lightmap", "reason": "only one light source"})
    return wrong + [fault for name, value in _pictures(body) if (fault := _wrong_picture(path, name, value, body)) is not None]


def _missing(error: Any) -> str:
    return str(error.message).split("'")[1] if error.validator == "required" else ""


def _is_stray_quote(error: Any) -> bool:
    """The description spells one ratio as `social_post_4_5'`; the page shows it clean."""
    return error.validator == "enum" and f"{error.instance}'" in error.validator_value


def _pictures(body: dict[str, Any]) -> list[tuple[str, Any]]:
    found = [(name, body[name]) for name in _PICTURES if name in body]
    several = body.get("reference_images")
    return found + [("reference_images", value) for value in (several if isinstance(several, list) else [])]


def _wrong_picture(path: str, name: str, value: Any, body: dict[str, Any]) -> dict[str, str] | None:
    """Base64 of a real picture within the endpoint's limits; a data URI is no base64."""
    if not isinstance(value, str) or value.startswith("https://"):
        return None
    try:
        data = base64.b64decode(value, validate=True)
        with Image.open(io.BytesIO(data)) as opened:
            (width, height), kind = opened.size, opened.format
    except (ValueError, UnidentifiedImageError):
        return {"name": name, "reason": "is no base64 of a picture"}
    factor = int(str(body.get("scale_factor", "1")).rstrip("x")) if "upscaler" in path else 1
    if kind not in ("PNG", "JPEG", "WEBP"):
        return {"name": name, "reason": f"{kind} is not supported"}
    if len(data) > _MAX_BYTES.get(path, 64 * 2**20):
        return {"name": name, "reason": "is over 10 MB"}
    if min(width, height) < _MIN_SIDE.get(path, 1):
        return {"name": name, "reason": "is too small"}
    if width * height > _MAX_PIXELS.get(path, 10**9) or width * height * factor * factor > _MAX_UPSCALED * (1 if factor > 1 else 100):
        return {"name": name, "reason": "has too many pixels"}
    return None
