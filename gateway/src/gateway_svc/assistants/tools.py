"""Which tools do assistants see?  One for each feature, out of its declaration, and what one does with a gallery."""

from __future__ import annotations

from functools import cache
from typing import Any

from mcp_types import Tool, ToolAnnotations
from photofun_common.contracts.features import Feature, features

__all__ = ["GALLERY_TOOLS", "all_tools", "feature_of"]

_TEXT = {"type": "string"}
_ID = {"type": "string", "minLength": 1, "maxLength": 64, "description": "a picture of the gallery, by its image_id"}
_URL = {"type": "string", "format": "uri", "maxLength": 2048}
_DATA = {"type": "string", "description": "a data URI or bare base64, at most 10 MB decoded"}
_IMAGES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"image_id": _TEXT, "image_url": _TEXT, "width": {"type": "integer"}, "height": {"type": "integer"}},
    },
}


def _schema(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


GALLERY_TOOLS = {
    "gallery_search": Tool(
        name="gallery_search",
        title="Search the gallery",
        description="Lists the person's pictures, newest first; q finds words in prompts, titles and tags. gallery_show shows one.",
        input_schema=_schema(
            {
                "q": {"type": "string", "maxLength": 200, "description": "words to find"},
                "intent": {"type": "string", "maxLength": 64, "description": "image_generation, upscale, …"},
                "favorite": {"type": "boolean"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
                "cursor": {"type": "string", "maxLength": 400, "description": "next_cursor of the page before"},
            }
        ),
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    ),
    "gallery_show": Tool(
        name="gallery_show",
        title="Show a picture",
        description="One picture of the gallery with its pixels, its prompt and where it came from.",
        input_schema=_schema({"image_id": _ID}, "image_id"),
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    ),
    "gallery_history": Tool(
        name="gallery_history",
        title="A picture's history",
        description="The chain of edits that led to a picture, and the tree of what was made of it.",
        input_schema=_schema({"image_id": _ID}, "image_id"),
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    ),
    "gallery_change": Tool(
        name="gallery_change",
        title="Favourite, title, tags",
        description="Changes a picture's favourite mark, title or tags; what is left out stays.",
        input_schema=_schema(
            {
                "image_id": _ID,
                "favorite": {"type": "boolean"},
                "title": {"type": "string", "maxLength": 200},
                "tags": {"type": "array", "items": {"type": "string", "maxLength": 64}, "maxItems": 50},
            },
            "image_id",
        ),
        annotations=ToolAnnotations(destructive_hint=False, idempotent_hint=True, open_world_hint=False),
    ),
    "gallery_trash": Tool(
        name="gallery_trash",
        title="Trash a picture",
        description="Moves a picture to the trash, from where gallery_restore brings it back.",
        input_schema=_schema({"image_id": _ID}, "image_id"),
        annotations=ToolAnnotations(destructive_hint=True, idempotent_hint=True, open_world_hint=False),
    ),
    "gallery_restore": Tool(
        name="gallery_restore",
        title="Restore a picture",
        description="Brings a picture back out of the trash.",
        input_schema=_schema({"image_id": _ID}, "image_id"),
        annotations=ToolAnnotations(destructive_hint=False, open_world_hint=False),
    ),
}


@cache
def all_tools() -> tuple[Tool, ...]:
    return (*(_feature_tool(feature) for feature in features()), *GALLERY_TOOLS.values())


def feature_of(tool: str) -> Feature | None:
    """The feature that this tool runs."""
    return next((feature for feature in features() if _name(feature) == tool), None)


def _name(feature: Feature) -> str:
    return feature.slug.replace("-", "_")


def _feature_tool(feature: Feature) -> Tool:
    schema = feature.params.model_json_schema()
    properties = {**schema.get("properties", {})}
    for name in (["image"] * feature.needs_picture) + list(feature.references):
        properties |= {f"{name}_id": _ID, f"{name}_url": _URL, f"{name}_data": _DATA}
    phrases = "; ".join(f"“{phrase}”" for phrase in feature.examples[:2])
    picture = " Give the picture as image_id, image_url or image_data." if feature.needs_picture else ""
    return Tool(
        name=_name(feature),
        title=feature.title,
        description=f"{feature.description}{picture} For wishes like {phrases}.",
        input_schema={**schema, "type": "object", "properties": properties, "required": schema.get("required", [])},
        output_schema={
            "type": "object",
            "properties": {"task_id": _TEXT, "status": _TEXT, "provider": {"type": ["string", "null"]}, "images": _IMAGES},
            "required": ["task_id", "status", "images"],
        },
        annotations=ToolAnnotations(destructive_hint=False, open_world_hint=feature.paid),
    )
