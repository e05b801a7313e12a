"""Which examples does the API document show for the gallery?"""

from __future__ import annotations

from photofun_common.described import Described

__all__ = ["DESCRIPTION"]

_ID = "9f1c2d3e4b5a69788796a5b4c3d2e1f0"
_URL = "http://localhost:9999/v1/files/Zk3v0yJ1p9xQ7a5dT2c8Lw.png"
_IMAGE = {
    "image_id": _ID,
    "id": _ID,
    "user_id": "ana",
    "image_url": _URL,
    "thumbnail_url": f"{_URL}?w=512",
    "prompt": "a sunset over mountains",
    "refined_prompt": "a sunset over mountains, golden hour light",
    "intent": "image_generation",
    "feature": "image_generation",
    "job_id": "0b9f6e3cf8c24d1f9a3e5d7c1b2a4f60",
    "step": 0,
    "index": 0,
    "session_id": None,
    "parent_id": None,
    "params": {},
    "provider": "local",
    "model": "local-scenes",
    "degraded": None,
    "width": 1024,
    "height": 576,
    "bytes": 812345,
    "content_type": "image/png",
    "metadata": {},
    "title": None,
    "tags": ["sunset"],
    "favorite": False,
    "created_at": "2026-01-05T09:30:07Z",
    "updated_at": "2026-01-05T09:30:07Z",
    "deleted_at": None,
}
_TRASHED = {**_IMAGE, "deleted_at": "2026-01-06T10:00:00Z", "days_left": 30}

_STRING = {"type": "string"}


def _deleted(name: str) -> Described:
    members = {name: _STRING, "id": _STRING, "deleted": {"type": "boolean"}}
    return Described(
        answer={"type": "object", "properties": members, "required": list(members)}, example={name: _ID, "id": _ID, "deleted": True}
    )


DESCRIPTION = {
    "DELETE /v1/gallery/albums/{album_id}": _deleted("album_id"),
    "DELETE /v1/gallery/recipes/{recipe_id}": _deleted("recipe_id"),
    "POST /v1/gallery/recipes": Described(
        sent={"user_id": "ana", "title": "Grey", "steps": [{"feature": "adjust", "params": {"operations": [{"op": "grayscale"}]}}]}
    ),
    "GET /v1/gallery/export": Described("A zip of the pictures with a manifest", content="application/zip"),
    "GET /v1/gallery": Described(example=[_IMAGE]),
    "POST /v1/gallery": Described(example=_IMAGE, sent={"user_id": "ana", "image_url": "https://example.com/boat.jpg", "prompt": "a boat"}),
    "GET /v1/gallery/deleted": Described(example=[_TRASHED]),
    "POST /v1/gallery/bulk": Described(
        example={"trashed": 1, "results": [{"id": _ID, "status": "trashed"}]}, sent={"user_id": "ana", "action": "trash", "ids": [_ID]}
    ),
    "GET /v1/gallery/{image_id}": Described(example=_IMAGE),
    "PATCH /v1/gallery/{image_id}": Described(example={**_IMAGE, "favorite": True}, sent={"favorite": True, "tags": ["sunset"]}),
    "DELETE /v1/gallery/{image_id}": Described(example=_TRASHED),
    "POST /v1/gallery/{image_id}/restore": Described(example=_IMAGE),
    "DELETE /v1/gallery/{image_id}/permanent": Described(example={"image_id": _ID, "id": _ID, "purged": True}),
}
