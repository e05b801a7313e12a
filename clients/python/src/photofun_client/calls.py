"""Which calls are there?

Printed from docs/openapi.json by `make openapi`: change that, not this.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal, cast

from . import types
from .transport import AsyncTransport, Event, Transport

__all__ = ["AsyncCalls", "Calls"]


class Calls(Transport):
    """Every call, blocking."""

    def health(self) -> dict[str, Any]:
        """How the gateway and the services are."""
        return cast("dict[str, Any]", self._whole("GET", "/health"))

    def livez(self) -> dict[str, Any]:
        """Whether the gateway runs."""
        return cast("dict[str, Any]", self._whole("GET", "/livez"))

    def openapi(self) -> dict[str, Any]:
        """This document."""
        return cast("dict[str, Any]", self._whole("GET", "/openapi.json"))

    def readyz(self) -> dict[str, Any]:
        """Whether the gateway takes calls."""
        return cast("dict[str, Any]", self._whole("GET", "/readyz"))

    def list_sessions(self, *, user_id: str | None = None, limit: int | None = None, cursor: str | None = None) -> list[types.SessionView]:
        """A user's sessions, newest first."""
        return cast(
            "list[types.SessionView]",
            self._result("GET", "/v1/chat/sessions", query={"user_id": user_id, "limit": limit, "cursor": cursor}),
        )

    def create_session(
        self, *, image_url: str | None = None, title: str | None = None, user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.SessionView:
        """Start a session, perhaps from a picture."""
        return cast(
            "types.SessionView",
            self._result(
                "POST", "/v1/chat/sessions", fields={"image_url": image_url, "title": title, "user_id": user_id}, key=idempotency_key
            ),
        )

    def delete_session(
        self, session_id: str, *, user_id: str | None = None, images: Literal["keep", "trash"] | None = None
    ) -> types.SessionDeleted:
        """Delete a session and its messages."""
        return cast(
            "types.SessionDeleted",
            self._result("DELETE", f"/v1/chat/sessions/{self._quoted(session_id)}", query={"user_id": user_id, "images": images}),
        )

    def get_session(
        self, session_id: str, *, user_id: str | None = None, limit: int | None = None, before: str | None = None
    ) -> types.SessionView:
        """A session with a page of its messages, the newest first asked for."""
        return cast(
            "types.SessionView",
            self._result(
                "GET", f"/v1/chat/sessions/{self._quoted(session_id)}", query={"user_id": user_id, "limit": limit, "before": before}
            ),
        )

    def rename_session(self, session_id: str, *, title: str, user_id: str | None = None) -> types.SessionView:
        """Rename a session."""
        return cast(
            "types.SessionView",
            self._result("PATCH", f"/v1/chat/sessions/{self._quoted(session_id)}", fields={"title": title, "user_id": user_id}),
        )

    def list_messages(
        self, session_id: str, *, user_id: str | None = None, limit: int | None = None, before: str | None = None
    ) -> list[types.UserMessage | types.AssistantMessage]:
        """The history, a page oldest first."""
        return cast(
            "list[types.UserMessage | types.AssistantMessage]",
            self._result(
                "GET",
                f"/v1/chat/sessions/{self._quoted(session_id)}/messages",
                query={"user_id": user_id, "limit": limit, "before": before},
            ),
        )

    def send_message(
        self,
        session_id: str,
        *,
        content: str,
        additional_images: list[str] | None = None,
        feature_params: dict[str, Any] | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        mode: Literal["auto", "review"] | None = None,
        refine: bool | None = None,
        selected_messages: list[str] | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        idempotency_key: str | None = None,
    ) -> types.SentView:
        """Send a message."""
        return cast(
            "types.SentView",
            self._result(
                "POST",
                f"/v1/chat/sessions/{self._quoted(session_id)}/messages",
                fields={
                    "additional_images": additional_images,
                    "content": content,
                    "feature_params": feature_params,
                    "image_data": image_data,
                    "image_url": image_url,
                    "mode": mode,
                    "refine": refine,
                    "selected_messages": selected_messages,
                    "user_id": user_id,
                },
                files={"image_file": image_file},
                key=idempotency_key,
            ),
        )

    def delete_message(self, session_id: str, message_id: str, *, user_id: str | None = None) -> types.MessageDeleted:
        """Delete one message."""
        return cast(
            "types.MessageDeleted",
            self._result(
                "DELETE", f"/v1/chat/sessions/{self._quoted(session_id)}/messages/{self._quoted(message_id)}", query={"user_id": user_id}
            ),
        )

    def get_message(self, session_id: str, message_id: str, *, user_id: str | None = None) -> types.UserMessage | types.AssistantMessage:
        """Poll one message."""
        return cast(
            "types.UserMessage | types.AssistantMessage",
            self._result(
                "GET", f"/v1/chat/sessions/{self._quoted(session_id)}/messages/{self._quoted(message_id)}", query={"user_id": user_id}
            ),
        )

    def approve_message(
        self,
        session_id: str,
        message_id: str,
        *,
        plan: list[dict[str, Any]] | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.AssistantMessage:
        """Run the shown plan, or the edited one."""
        return cast(
            "types.AssistantMessage",
            self._result(
                "POST",
                f"/v1/chat/sessions/{self._quoted(session_id)}/messages/{self._quoted(message_id)}/approve",
                fields={"plan": plan, "user_id": user_id},
                key=idempotency_key,
            ),
        )

    def cancel_message(
        self, session_id: str, message_id: str, *, user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.AssistantMessage:
        """Cancel exactly this job."""
        return cast(
            "types.AssistantMessage",
            self._result(
                "POST",
                f"/v1/chat/sessions/{self._quoted(session_id)}/messages/{self._quoted(message_id)}/cancel",
                query={"user_id": user_id},
                key=idempotency_key,
            ),
        )

    def message_events(
        self, session_id: str, message_id: str, *, user_id: str | None = None, last_event_id: str | None = None
    ) -> Iterator[Event]:
        """The job as Server-Sent Events."""
        return self._events(
            "GET",
            f"/v1/chat/sessions/{self._quoted(session_id)}/messages/{self._quoted(message_id)}/events",
            query={"user_id": user_id},
            after=last_event_id,
        )

    def retry_message(
        self, session_id: str, message_id: str, *, user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.AssistantMessage:
        """Run a failed message again."""
        return cast(
            "types.AssistantMessage",
            self._result(
                "POST",
                f"/v1/chat/sessions/{self._quoted(session_id)}/messages/{self._quoted(message_id)}/retry",
                query={"user_id": user_id},
                key=idempotency_key,
            ),
        )

    def list_engines(self) -> list[types.EngineView]:
        """Which engines are configured, and what each can do."""
        return cast("list[types.EngineView]", self._result("GET", "/v1/engines"))

    def list_features(self) -> list[types.FeatureView]:
        """Every feature: parameters, phrases, engines."""
        return cast("list[types.FeatureView]", self._result("GET", "/v1/features"))

    def create_adjust(
        self,
        *,
        image_data: str | None = None,
        image_url: str | None = None,
        model: str | None = None,
        operations: list[dict[str, Any]] | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Adjust."""
        return cast(
            "types.TaskView",
            self._result(
                "POST",
                "/v1/features/adjust",
                query={"wait": wait},
                fields={
                    "image_data": image_data,
                    "image_url": image_url,
                    "model": model,
                    "operations": operations,
                    "output_format": output_format,
                    "user_id": user_id,
                },
                files={"image_file": image_file},
                key=idempotency_key,
            ),
        )

    def create_edit(
        self,
        *,
        prompt: str,
        image_data: str | None = None,
        image_url: str | None = None,
        mask_data: str | None = None,
        mask_url: str | None = None,
        model: str | None = None,
        num_images: int | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        size: str | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        mask_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Edit with words."""
        return cast(
            "types.TaskView",
            self._result(
                "POST",
                "/v1/features/edit",
                query={"wait": wait},
                fields={
                    "image_data": image_data,
                    "image_url": image_url,
                    "mask_data": mask_data,
                    "mask_url": mask_url,
                    "model": model,
                    "num_images": num_images,
                    "output_format": output_format,
                    "prompt": prompt,
                    "size": size,
                    "user_id": user_id,
                },
                files={"image_file": image_file, "mask_file": mask_file},
                key=idempotency_key,
            ),
        )

    def create_image_expand(
        self,
        *,
        bottom: int | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        left: int | None = None,
        model: str | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        prompt: str | None = None,
        right: int | None = None,
        seed: int | None = None,
        top: int | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Expand."""
        return cast(
            "types.TaskView",
            self._result(
                "POST",
                "/v1/features/image-expand",
                query={"wait": wait},
                fields={
                    "bottom": bottom,
                    "image_data": image_data,
                    "image_url": image_url,
                    "left": left,
                    "model": model,
                    "output_format": output_format,
                    "prompt": prompt,
                    "right": right,
                    "seed": seed,
                    "top": top,
                    "user_id": user_id,
                },
                files={"image_file": image_file},
                key=idempotency_key,
            ),
        )

    def create_image_generation(
        self,
        *,
        prompt: str,
        aspect_ratio: Literal["1:1", "16:9", "9:16", "21:9", "4:3", "3:4", "3:2", "2:3"] | None = None,
        model: str | None = None,
        num_images: int | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        refine: bool | None = None,
        seed: int | None = None,
        size: str | None = None,
        style_reference_data: str | None = None,
        style_reference_url: str | None = None,
        styling: dict[str, Any] | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        style_reference_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Create a picture."""
        return cast(
            "types.TaskView",
            self._result(
                "POST",
                "/v1/features/image-generate",
                query={"wait": wait},
                fields={
                    "aspect_ratio": aspect_ratio,
                    "model": model,
                    "num_images": num_images,
                    "output_format": output_format,
                    "prompt": prompt,
                    "refine": refine,
                    "seed": seed,
                    "size": size,
                    "style_reference_data": style_reference_data,
                    "style_reference_url": style_reference_url,
                    "styling": styling,
                    "user_id": user_id,
                },
                files={"image_file": image_file, "style_reference_file": style_reference_file},
                key=idempotency_key,
            ),
        )

    def create_reimagine(
        self,
        *,
        aspect_ratio: Literal["1:1", "16:9", "9:16", "21:9", "4:3", "3:4", "3:2", "2:3"] | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        imagination: Literal["subtle", "vivid", "wild", "moderate", "creative", "extreme"] | None = None,
        model: str | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        prompt: str | None = None,
        seed: int | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Reimagine."""
        return cast(
            "types.TaskView",
            self._result(
                "POST",
                "/v1/features/reimagine",
                query={"wait": wait},
                fields={
                    "aspect_ratio": aspect_ratio,
                    "image_data": image_data,
                    "image_url": image_url,
                    "imagination": imagination,
                    "model": model,
                    "output_format": output_format,
                    "prompt": prompt,
                    "seed": seed,
                    "user_id": user_id,
                },
                files={"image_file": image_file},
                key=idempotency_key,
            ),
        )

    def create_relight(
        self,
        *,
        image_data: str | None = None,
        image_url: str | None = None,
        light_transfer_strength: float | None = None,
        model: str | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        prompt: str | None = None,
        reference_image_data: str | None = None,
        reference_image_url: str | None = None,
        style: Literal["standard", "dramatic", "soft", "natural", "darker_but_realistic", "clean", "smooth", "cinematic"] | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        reference_image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Relight."""
        return cast(
            "types.TaskView",
            self._result(
                "POST",
                "/v1/features/relight",
                query={"wait": wait},
                fields={
                    "image_data": image_data,
                    "image_url": image_url,
                    "light_transfer_strength": light_transfer_strength,
                    "model": model,
                    "output_format": output_format,
                    "prompt": prompt,
                    "reference_image_data": reference_image_data,
                    "reference_image_url": reference_image_url,
                    "style": style,
                    "user_id": user_id,
                },
                files={"image_file": image_file, "reference_image_file": reference_image_file},
                key=idempotency_key,
            ),
        )

    def create_remove_background(
        self,
        *,
        background: Literal["picture"] | None = None,
        background_color: str | None = None,
        background_image_data: str | None = None,
        background_image_url: str | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        mask_only: bool | None = None,
        model: str | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        user_id: str | None = None,
        background_image_file: bytes | None = None,
        image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Remove the background."""
        return cast(
            "types.TaskView",
            self._result(
                "POST",
                "/v1/features/remove-background",
                query={"wait": wait},
                fields={
                    "background": background,
                    "background_color": background_color,
                    "background_image_data": background_image_data,
                    "background_image_url": background_image_url,
                    "image_data": image_data,
                    "image_url": image_url,
                    "mask_only": mask_only,
                    "model": model,
                    "output_format": output_format,
                    "user_id": user_id,
                },
                files={"background_image_file": background_image_file, "image_file": image_file},
                key=idempotency_key,
            ),
        )

    def create_style_transfer(
        self,
        *,
        image_data: str | None = None,
        image_url: str | None = None,
        is_portrait: bool | None = None,
        model: str | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        portrait_style: Literal["standard", "pop", "super_pop"] | None = None,
        prompt: str | None = None,
        reference_image_data: str | None = None,
        reference_image_url: str | None = None,
        seed: int | None = None,
        structure_strength: float | None = None,
        style_strength: float | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        reference_image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Transfer a style."""
        return cast(
            "types.TaskView",
            self._result(
                "POST",
                "/v1/features/style-transfer",
                query={"wait": wait},
                fields={
                    "image_data": image_data,
                    "image_url": image_url,
                    "is_portrait": is_portrait,
                    "model": model,
                    "output_format": output_format,
                    "portrait_style": portrait_style,
                    "prompt": prompt,
                    "reference_image_data": reference_image_data,
                    "reference_image_url": reference_image_url,
                    "seed": seed,
                    "structure_strength": structure_strength,
                    "style_strength": style_strength,
                    "user_id": user_id,
                },
                files={"image_file": image_file, "reference_image_file": reference_image_file},
                key=idempotency_key,
            ),
        )

    def create_upscale(
        self,
        *,
        flavor: Literal["photo", "sublime", "photo_denoiser"] | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        model: str | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        scale_factor: Literal[2, 4] | None = None,
        sharpen: int | None = None,
        smart_grain: int | None = None,
        ultra_detail: int | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Upscale."""
        return cast(
            "types.TaskView",
            self._result(
                "POST",
                "/v1/features/upscale",
                query={"wait": wait},
                fields={
                    "flavor": flavor,
                    "image_data": image_data,
                    "image_url": image_url,
                    "model": model,
                    "output_format": output_format,
                    "scale_factor": scale_factor,
                    "sharpen": sharpen,
                    "smart_grain": smart_grain,
                    "ultra_detail": ultra_detail,
                    "user_id": user_id,
                },
                files={"image_file": image_file},
                key=idempotency_key,
            ),
        )

    def cancel_feature(self, slug: str, task_id: str, *, user_id: str | None = None, idempotency_key: str | None = None) -> types.TaskView:
        """Cancel a task."""
        return cast(
            "types.TaskView",
            self._result(
                "POST", f"/v1/features/{self._quoted(slug)}/cancel/{self._quoted(task_id)}", query={"user_id": user_id}, key=idempotency_key
            ),
        )

    def feature_status(self, slug: str, task_id: str, *, wait: float | None = None, user_id: str | None = None) -> types.TaskView:
        """How a task stands."""
        return cast(
            "types.TaskView",
            self._result(
                "GET", f"/v1/features/{self._quoted(slug)}/status/{self._quoted(task_id)}", query={"wait": wait, "user_id": user_id}
            ),
        )

    def upload_file_with_url(
        self,
        *,
        user_id: str | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        file: bytes | None = None,
        idempotency_key: str | None = None,
    ) -> types.StoredFile:
        """Upload a picture; the answer also has a top-level url."""
        return cast(
            "types.StoredFile",
            self._result(
                "POST",
                "/v1/file/uploads",
                fields={"user_id": user_id, "image_data": image_data, "image_url": image_url},
                files={"file": file},
                key=idempotency_key,
            ),
        )

    def upload_file(
        self,
        *,
        user_id: str | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        file: bytes | None = None,
        idempotency_key: str | None = None,
    ) -> types.StoredFile:
        """Upload a picture."""
        return cast(
            "types.StoredFile",
            self._result(
                "POST",
                "/v1/files",
                fields={"user_id": user_id, "image_data": image_data, "image_url": image_url},
                files={"file": file},
                key=idempotency_key,
            ),
        )

    def read_file(self, key: str, *, w: int | None = None, expires: str | None = None, signature: str | None = None) -> bytes:
        """A stored picture."""
        return self._content("GET", f"/v1/files/{self._quoted(key)}", query={"w": w, "expires": expires, "signature": signature})

    def list_images(
        self,
        *,
        user_id: str | None = None,
        intent: str | None = None,
        q: str | None = None,
        favorite: bool | None = None,
        from_: str | None = None,
        to: str | None = None,
        provider: str | None = None,
        session_id: str | None = None,
        tag: str | None = None,
        album_id: str | None = None,
        sort: Literal["newest"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        total: bool | None = None,
    ) -> list[types.ImageView]:
        """The live pictures, newest first."""
        return cast(
            "list[types.ImageView]",
            self._result(
                "GET",
                "/v1/gallery",
                query={
                    "user_id": user_id,
                    "intent": intent,
                    "q": q,
                    "favorite": favorite,
                    "from": from_,
                    "to": to,
                    "provider": provider,
                    "session_id": session_id,
                    "tag": tag,
                    "album_id": album_id,
                    "sort": sort,
                    "limit": limit,
                    "cursor": cursor,
                    "total": total,
                },
            ),
        )

    def add_image(
        self,
        *,
        image_url: str,
        favorite: bool | None = None,
        intent: str | None = None,
        metadata: dict[str, Any] | None = None,
        prompt: str | None = None,
        refined_prompt: str | None = None,
        tags: list[str] | None = None,
        title: str | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.ImageView:
        """Keep a picture by its URL."""
        return cast(
            "types.ImageView",
            self._result(
                "POST",
                "/v1/gallery",
                fields={
                    "favorite": favorite,
                    "image_url": image_url,
                    "intent": intent,
                    "metadata": metadata,
                    "prompt": prompt,
                    "refined_prompt": refined_prompt,
                    "tags": tags,
                    "title": title,
                    "user_id": user_id,
                },
                key=idempotency_key,
            ),
        )

    def list_albums(self, *, user_id: str | None = None, limit: int | None = None, cursor: str | None = None) -> list[types.AlbumView]:
        """A person's albums, newest first."""
        return cast(
            "list[types.AlbumView]", self._result("GET", "/v1/gallery/albums", query={"user_id": user_id, "limit": limit, "cursor": cursor})
        )

    def make_album(
        self, *, title: str, ids: list[str] | None = None, user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.AlbumView:
        """A new album."""
        return cast(
            "types.AlbumView",
            self._result("POST", "/v1/gallery/albums", fields={"ids": ids, "title": title, "user_id": user_id}, key=idempotency_key),
        )

    def drop_album(self, album_id: str, *, user_id: str | None = None) -> dict[str, Any]:
        """Take the album away; its pictures stay."""
        return cast("dict[str, Any]", self._result("DELETE", f"/v1/gallery/albums/{self._quoted(album_id)}", query={"user_id": user_id}))

    def get_album(self, album_id: str, *, user_id: str | None = None) -> types.AlbumView:
        """One album."""
        return cast("types.AlbumView", self._result("GET", f"/v1/gallery/albums/{self._quoted(album_id)}", query={"user_id": user_id}))

    def change_album(
        self, album_id: str, *, cover_id: str | None = None, title: str | None = None, user_id: str | None = None
    ) -> types.AlbumView:
        """Title, cover."""
        return cast(
            "types.AlbumView",
            self._result(
                "PATCH", f"/v1/gallery/albums/{self._quoted(album_id)}", fields={"cover_id": cover_id, "title": title, "user_id": user_id}
            ),
        )

    def act_on_album(
        self,
        album_id: str,
        *,
        ids: list[str],
        action: Literal["add", "remove"] | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.AlbumActView:
        """Put pictures in, or take them out."""
        return cast(
            "types.AlbumActView",
            self._result(
                "POST",
                f"/v1/gallery/albums/{self._quoted(album_id)}/images",
                fields={"action": action, "ids": ids, "user_id": user_id},
                key=idempotency_key,
            ),
        )

    def act_on_many(
        self,
        *,
        action: Literal["trash", "restore", "purge"],
        all: bool | None = None,
        force: bool | None = None,
        ids: list[str] | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.BulkView:
        """Trash, restore or purge many."""
        return cast(
            "types.BulkView",
            self._result(
                "POST",
                "/v1/gallery/bulk",
                fields={"action": action, "all": all, "force": force, "ids": ids, "user_id": user_id},
                key=idempotency_key,
            ),
        )

    def list_trash(
        self,
        *,
        user_id: str | None = None,
        intent: str | None = None,
        q: str | None = None,
        favorite: bool | None = None,
        from_: str | None = None,
        to: str | None = None,
        provider: str | None = None,
        session_id: str | None = None,
        tag: str | None = None,
        album_id: str | None = None,
        sort: Literal["newest"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        total: bool | None = None,
    ) -> list[types.TrashedView]:
        """The trash, last deleted first."""
        return cast(
            "list[types.TrashedView]",
            self._result(
                "GET",
                "/v1/gallery/deleted",
                query={
                    "user_id": user_id,
                    "intent": intent,
                    "q": q,
                    "favorite": favorite,
                    "from": from_,
                    "to": to,
                    "provider": provider,
                    "session_id": session_id,
                    "tag": tag,
                    "album_id": album_id,
                    "sort": sort,
                    "limit": limit,
                    "cursor": cursor,
                    "total": total,
                },
            ),
        )

    def export(
        self,
        *,
        user_id: str | None = None,
        intent: str | None = None,
        q: str | None = None,
        favorite: bool | None = None,
        from_: str | None = None,
        to: str | None = None,
        provider: str | None = None,
        session_id: str | None = None,
        tag: str | None = None,
        album_id: str | None = None,
        sort: Literal["newest"] | None = None,
    ) -> bytes:
        """A zip of the pictures with a manifest."""
        return self._content(
            "GET",
            "/v1/gallery/export",
            query={
                "user_id": user_id,
                "intent": intent,
                "q": q,
                "favorite": favorite,
                "from": from_,
                "to": to,
                "provider": provider,
                "session_id": session_id,
                "tag": tag,
                "album_id": album_id,
                "sort": sort,
            },
        )

    def count_kinds(self, *, user_id: str | None = None) -> types.FacetsView:
        """Counts by intent, provider and tag."""
        return cast("types.FacetsView", self._result("GET", "/v1/gallery/facets", query={"user_id": user_id}))

    def import_photos(
        self, *, user_id: str | None = None, file: list[bytes] | None = None, idempotency_key: str | None = None
    ) -> types.ImportView:
        """Import photos: single, many, or zips of them."""
        return cast(
            "types.ImportView",
            self._result("POST", "/v1/gallery/import", fields={"user_id": user_id}, files={"file": file}, key=idempotency_key),
        )

    def list_recipes(self, *, user_id: str | None = None, limit: int | None = None, cursor: str | None = None) -> list[types.RecipeView]:
        """A person's recipes, newest first."""
        return cast(
            "list[types.RecipeView]",
            self._result("GET", "/v1/gallery/recipes", query={"user_id": user_id, "limit": limit, "cursor": cursor}),
        )

    def make_recipe(
        self,
        *,
        title: str,
        image_id: str | None = None,
        steps: list[dict[str, Any]] | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.RecipeView:
        """Keep the edits that led to a picture, or these steps."""
        return cast(
            "types.RecipeView",
            self._result(
                "POST",
                "/v1/gallery/recipes",
                fields={"image_id": image_id, "steps": steps, "title": title, "user_id": user_id},
                key=idempotency_key,
            ),
        )

    def drop_recipe(self, recipe_id: str, *, user_id: str | None = None) -> dict[str, Any]:
        """Delete a recipe; its runs and their pictures stay."""
        return cast("dict[str, Any]", self._result("DELETE", f"/v1/gallery/recipes/{self._quoted(recipe_id)}", query={"user_id": user_id}))

    def get_recipe(self, recipe_id: str, *, user_id: str | None = None) -> types.RecipeView:
        """One recipe."""
        return cast("types.RecipeView", self._result("GET", f"/v1/gallery/recipes/{self._quoted(recipe_id)}", query={"user_id": user_id}))

    def rename_recipe(self, recipe_id: str, *, title: str, user_id: str | None = None) -> types.RecipeView:
        """Rename a recipe."""
        return cast(
            "types.RecipeView",
            self._result("PATCH", f"/v1/gallery/recipes/{self._quoted(recipe_id)}", fields={"title": title, "user_id": user_id}),
        )

    def run_recipe(
        self, recipe_id: str, *, ids: list[str], user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.RunView:
        """Do a recipe on pictures, each with its own status."""
        return cast(
            "types.RunView",
            self._result(
                "POST", f"/v1/gallery/recipes/{self._quoted(recipe_id)}/run", fields={"ids": ids, "user_id": user_id}, key=idempotency_key
            ),
        )

    def list_runs(self, *, user_id: str | None = None, limit: int | None = None, cursor: str | None = None) -> list[types.RunView]:
        """A person's runs of recipes, newest first."""
        return cast(
            "list[types.RunView]", self._result("GET", "/v1/gallery/runs", query={"user_id": user_id, "limit": limit, "cursor": cursor})
        )

    def get_run(self, run_id: str, *, user_id: str | None = None, wait: float | None = None) -> types.RunView:
        """A run with the status of each picture."""
        return cast(
            "types.RunView", self._result("GET", f"/v1/gallery/runs/{self._quoted(run_id)}", query={"user_id": user_id, "wait": wait})
        )

    def cancel_run(self, run_id: str, *, user_id: str | None = None, idempotency_key: str | None = None) -> types.RunView:
        """Stop a run; what is done stays."""
        return cast(
            "types.RunView",
            self._result("POST", f"/v1/gallery/runs/{self._quoted(run_id)}/cancel", query={"user_id": user_id}, key=idempotency_key),
        )

    def trash_image(self, image_id: str, *, user_id: str | None = None) -> types.TrashedView:
        """Into the trash."""
        return cast("types.TrashedView", self._result("DELETE", f"/v1/gallery/{self._quoted(image_id)}", query={"user_id": user_id}))

    def get_image(self, image_id: str, *, user_id: str | None = None, include_deleted: bool | None = None) -> types.ImageView:
        """One picture."""
        return cast(
            "types.ImageView",
            self._result("GET", f"/v1/gallery/{self._quoted(image_id)}", query={"user_id": user_id, "include_deleted": include_deleted}),
        )

    def change_image(
        self,
        image_id: str,
        *,
        favorite: bool | None = None,
        tags: list[str] | None = None,
        title: str | None = None,
        user_id: str | None = None,
        include_deleted: bool | None = None,
    ) -> types.ImageView:
        """Favourite, title, tags."""
        return cast(
            "types.ImageView",
            self._result(
                "PATCH",
                f"/v1/gallery/{self._quoted(image_id)}",
                query={"include_deleted": include_deleted},
                fields={"favorite": favorite, "tags": tags, "title": title, "user_id": user_id},
            ),
        )

    def get_history(self, image_id: str, *, user_id: str | None = None, include_deleted: bool | None = None) -> types.HistoryView:
        """What it came from and led to."""
        return cast(
            "types.HistoryView",
            self._result(
                "GET", f"/v1/gallery/{self._quoted(image_id)}/history", query={"user_id": user_id, "include_deleted": include_deleted}
            ),
        )

    def purge_image(self, image_id: str, *, user_id: str | None = None) -> types.PurgedView:
        """Gone for good."""
        return cast(
            "types.PurgedView", self._result("DELETE", f"/v1/gallery/{self._quoted(image_id)}/permanent", query={"user_id": user_id})
        )

    def get_edits(self, image_id: str, *, user_id: str | None = None) -> types.StepsView:
        """The edits that led to a picture."""
        return cast("types.StepsView", self._result("GET", f"/v1/gallery/{self._quoted(image_id)}/recipe", query={"user_id": user_id}))

    def restore_image(self, image_id: str, *, user_id: str | None = None, idempotency_key: str | None = None) -> types.ImageView:
        """Out of the trash."""
        return cast(
            "types.ImageView",
            self._result("POST", f"/v1/gallery/{self._quoted(image_id)}/restore", query={"user_id": user_id}, key=idempotency_key),
        )

    def generate_image(
        self,
        *,
        prompt: str,
        aspect_ratio: Literal["1:1", "16:9", "9:16", "21:9", "4:3", "3:4", "3:2", "2:3"] | None = None,
        model: str | None = None,
        num_images: int | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        refine: bool | None = None,
        refined_prompt: str | None = None,
        seed: int | None = None,
        size: str | None = None,
        styling: dict[str, Any] | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.Requested:
        """Draw a refined prompt as it is."""
        return cast(
            "types.Requested",
            self._result(
                "POST",
                "/v1/image/generate",
                fields={
                    "aspect_ratio": aspect_ratio,
                    "model": model,
                    "num_images": num_images,
                    "output_format": output_format,
                    "prompt": prompt,
                    "refine": refine,
                    "refined_prompt": refined_prompt,
                    "seed": seed,
                    "size": size,
                    "styling": styling,
                    "user_id": user_id,
                },
                key=idempotency_key,
            ),
        )

    def openai_edit(
        self,
        *,
        prompt: str,
        n: int | None = None,
        response_format: Literal["url", "b64_json"] | None = None,
        size: str | None = None,
        user: str | None = None,
        image: bytes | None = None,
        mask: bytes | None = None,
        idempotency_key: str | None = None,
    ) -> types.OpenAIImages:
        """OpenAI: edit an image by words."""
        return cast(
            "types.OpenAIImages",
            self._whole(
                "POST",
                "/v1/images/edits",
                fields={"n": n, "prompt": prompt, "response_format": response_format, "size": size, "user": user},
                files={"image": image, "mask": mask},
                key=idempotency_key,
            ),
        )

    def openai_generate(
        self,
        *,
        prompt: str,
        model: str | None = None,
        n: int | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        quality: str | None = None,
        response_format: Literal["url", "b64_json"] | None = None,
        size: str | None = None,
        user: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.OpenAIImages:
        """OpenAI: create images."""
        return cast(
            "types.OpenAIImages",
            self._whole(
                "POST",
                "/v1/images/generations",
                fields={
                    "model": model,
                    "n": n,
                    "output_format": output_format,
                    "prompt": prompt,
                    "quality": quality,
                    "response_format": response_format,
                    "size": size,
                    "user": user,
                },
                key=idempotency_key,
            ),
        )

    def openai_vary(
        self,
        *,
        n: int | None = None,
        response_format: Literal["url", "b64_json"] | None = None,
        size: str | None = None,
        user: str | None = None,
        image: bytes | None = None,
        idempotency_key: str | None = None,
    ) -> types.OpenAIImages:
        """OpenAI: variations of an image."""
        return cast(
            "types.OpenAIImages",
            self._whole(
                "POST",
                "/v1/images/variations",
                fields={"n": n, "response_format": response_format, "size": size, "user": user},
                files={"image": image},
                key=idempotency_key,
            ),
        )

    def list_jobs(
        self,
        *,
        user_id: str | None = None,
        status: Literal["CREATED", "IN_PROGRESS", "AWAITING_APPROVAL", "COMPLETED", "FAILED", "CANCELED"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> list[types.JobView]:
        """A person's jobs, newest first."""
        return cast(
            "list[types.JobView]",
            self._result("GET", "/v1/jobs", query={"user_id": user_id, "status": status, "limit": limit, "cursor": cursor}),
        )

    def get_job(self, job_id: str, *, user_id: str | None = None, wait: float | None = None) -> types.JobView:
        """One job."""
        return cast("types.JobView", self._result("GET", f"/v1/jobs/{self._quoted(job_id)}", query={"user_id": user_id, "wait": wait}))

    def cancel_job(self, job_id: str, *, user_id: str | None = None, idempotency_key: str | None = None) -> types.JobView:
        """Cancel exactly this job."""
        return cast(
            "types.JobView",
            self._result("POST", f"/v1/jobs/{self._quoted(job_id)}/cancel", query={"user_id": user_id}, key=idempotency_key),
        )

    def job_events(self, job_id: str, *, user_id: str | None = None, last_event_id: str | None = None) -> Iterator[Event]:
        """The job's story as Server-Sent Events."""
        return self._events("GET", f"/v1/jobs/{self._quoted(job_id)}/events", query={"user_id": user_id}, after=last_event_id)

    def list_models(self) -> types.OpenAIModels:
        """OpenAI: the models there are."""
        return cast("types.OpenAIModels", self._whole("GET", "/v1/models"))

    def get_model(self, name: str) -> types.OpenAIModel:
        """OpenAI: one model."""
        return cast("types.OpenAIModel", self._whole("GET", f"/v1/models/{self._quoted(name)}"))

    def refine(
        self,
        *,
        prompt: str,
        context: dict[str, Any] | None = None,
        image_url: str | None = None,
        lang: str | None = None,
        style: str | None = None,
        topic: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.RefineAnswer:
        """Refine words and plan the steps."""
        return cast(
            "types.RefineAnswer",
            self._result(
                "POST",
                "/v1/prompt/refine",
                fields={"context": context, "image_url": image_url, "lang": lang, "prompt": prompt, "style": style, "topic": topic},
                key=idempotency_key,
            ),
        )

    def suggest(
        self,
        *,
        limit: int | None = None,
        prompt: str | None = None,
        query: str | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.Suggestions:
        """Suggest prompts."""
        return cast(
            "types.Suggestions",
            self._result(
                "POST",
                "/v1/prompt/suggest",
                fields={"limit": limit, "prompt": prompt, "query": query, "user_id": user_id},
                key=idempotency_key,
            ),
        )

    def choose(
        self, *, prompt: str | None = None, prompt_id: str | None = None, user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.Chosen:
        """Record that a prompt was chosen."""
        return cast(
            "types.Chosen",
            self._result(
                "POST", "/v1/rec-prompt/choose", fields={"prompt": prompt, "prompt_id": prompt_id, "user_id": user_id}, key=idempotency_key
            ),
        )

    def suggest_again(
        self,
        *,
        limit: int | None = None,
        prompt: str | None = None,
        query: str | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.Suggestions:
        """Suggest prompts."""
        return cast(
            "types.Suggestions",
            self._result(
                "POST",
                "/v1/rec-prompt/suggest",
                fields={"limit": limit, "prompt": prompt, "query": query, "user_id": user_id},
                key=idempotency_key,
            ),
        )

    def erase_user(self, user_id: str) -> types.ErasureView:
        """Erase everything of a person, in all services."""
        return cast("types.ErasureView", self._result("DELETE", f"/v1/users/{self._quoted(user_id)}"))

    def get_erasure(self, user_id: str) -> types.ErasureView:
        """How a person's erasure stands."""
        return cast("types.ErasureView", self._result("GET", f"/v1/users/{self._quoted(user_id)}/erasure"))

    def freepik_webhook(self, *, idempotency_key: str | None = None) -> types.Heard:
        """Freepik tells how a task stands."""
        return cast("types.Heard", self._result("POST", "/v1/webhooks/freepik", key=idempotency_key))


class AsyncCalls(AsyncTransport):
    """Every call, for asyncio."""

    async def health(self) -> dict[str, Any]:
        """How the gateway and the services are."""
        return cast("dict[str, Any]", await self._whole("GET", "/health"))

    async def livez(self) -> dict[str, Any]:
        """Whether the gateway runs."""
        return cast("dict[str, Any]", await self._whole("GET", "/livez"))

    async def openapi(self) -> dict[str, Any]:
        """This document."""
        return cast("dict[str, Any]", await self._whole("GET", "/openapi.json"))

    async def readyz(self) -> dict[str, Any]:
        """Whether the gateway takes calls."""
        return cast("dict[str, Any]", await self._whole("GET", "/readyz"))

    async def list_sessions(
        self, *, user_id: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> list[types.SessionView]:
        """A user's sessions, newest first."""
        return cast(
            "list[types.SessionView]",
            await self._result("GET", "/v1/chat/sessions", query={"user_id": user_id, "limit": limit, "cursor": cursor}),
        )

    async def create_session(
        self, *, image_url: str | None = None, title: str | None = None, user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.SessionView:
        """Start a session, perhaps from a picture."""
        return cast(
            "types.SessionView",
            await self._result(
                "POST", "/v1/chat/sessions", fields={"image_url": image_url, "title": title, "user_id": user_id}, key=idempotency_key
            ),
        )

    async def delete_session(
        self, session_id: str, *, user_id: str | None = None, images: Literal["keep", "trash"] | None = None
    ) -> types.SessionDeleted:
        """Delete a session and its messages."""
        return cast(
            "types.SessionDeleted",
            await self._result("DELETE", f"/v1/chat/sessions/{self._quoted(session_id)}", query={"user_id": user_id, "images": images}),
        )

    async def get_session(
        self, session_id: str, *, user_id: str | None = None, limit: int | None = None, before: str | None = None
    ) -> types.SessionView:
        """A session with a page of its messages, the newest first asked for."""
        return cast(
            "types.SessionView",
            await self._result(
                "GET", f"/v1/chat/sessions/{self._quoted(session_id)}", query={"user_id": user_id, "limit": limit, "before": before}
            ),
        )

    async def rename_session(self, session_id: str, *, title: str, user_id: str | None = None) -> types.SessionView:
        """Rename a session."""
        return cast(
            "types.SessionView",
            await self._result("PATCH", f"/v1/chat/sessions/{self._quoted(session_id)}", fields={"title": title, "user_id": user_id}),
        )

    async def list_messages(
        self, session_id: str, *, user_id: str | None = None, limit: int | None = None, before: str | None = None
    ) -> list[types.UserMessage | types.AssistantMessage]:
        """The history, a page oldest first."""
        return cast(
            "list[types.UserMessage | types.AssistantMessage]",
            await self._result(
                "GET",
                f"/v1/chat/sessions/{self._quoted(session_id)}/messages",
                query={"user_id": user_id, "limit": limit, "before": before},
            ),
        )

    async def send_message(
        self,
        session_id: str,
        *,
        content: str,
        additional_images: list[str] | None = None,
        feature_params: dict[str, Any] | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        mode: Literal["auto", "review"] | None = None,
        refine: bool | None = None,
        selected_messages: list[str] | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        idempotency_key: str | None = None,
    ) -> types.SentView:
        """Send a message."""
        return cast(
            "types.SentView",
            await self._result(
                "POST",
                f"/v1/chat/sessions/{self._quoted(session_id)}/messages",
                fields={
                    "additional_images": additional_images,
                    "content": content,
                    "feature_params": feature_params,
                    "image_data": image_data,
                    "image_url": image_url,
                    "mode": mode,
                    "refine": refine,
                    "selected_messages": selected_messages,
                    "user_id": user_id,
                },
                files={"image_file": image_file},
                key=idempotency_key,
            ),
        )

    async def delete_message(self, session_id: str, message_id: str, *, user_id: str | None = None) -> types.MessageDeleted:
        """Delete one message."""
        return cast(
            "types.MessageDeleted",
            await self._result(
                "DELETE", f"/v1/chat/sessions/{self._quoted(session_id)}/messages/{self._quoted(message_id)}", query={"user_id": user_id}
            ),
        )

    async def get_message(
        self, session_id: str, message_id: str, *, user_id: str | None = None
    ) -> types.UserMessage | types.AssistantMessage:
        """Poll one message."""
        return cast(
            "types.UserMessage | types.AssistantMessage",
            await self._result(
                "GET", f"/v1/chat/sessions/{self._quoted(session_id)}/messages/{self._quoted(message_id)}", query={"user_id": user_id}
            ),
        )

    async def approve_message(
        self,
        session_id: str,
        message_id: str,
        *,
        plan: list[dict[str, Any]] | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.AssistantMessage:
        """Run the shown plan, or the edited one."""
        return cast(
            "types.AssistantMessage",
            await self._result(
                "POST",
                f"/v1/chat/sessions/{self._quoted(session_id)}/messages/{self._quoted(message_id)}/approve",
                fields={"plan": plan, "user_id": user_id},
                key=idempotency_key,
            ),
        )

    async def cancel_message(
        self, session_id: str, message_id: str, *, user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.AssistantMessage:
        """Cancel exactly this job."""
        return cast(
            "types.AssistantMessage",
            await self._result(
                "POST",
                f"/v1/chat/sessions/{self._quoted(session_id)}/messages/{self._quoted(message_id)}/cancel",
                query={"user_id": user_id},
                key=idempotency_key,
            ),
        )

    def message_events(
        self, session_id: str, message_id: str, *, user_id: str | None = None, last_event_id: str | None = None
    ) -> AsyncIterator[Event]:
        """The job as Server-Sent Events."""
        return self._events(
            "GET",
            f"/v1/chat/sessions/{self._quoted(session_id)}/messages/{self._quoted(message_id)}/events",
            query={"user_id": user_id},
            after=last_event_id,
        )

    async def retry_message(
        self, session_id: str, message_id: str, *, user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.AssistantMessage:
        """Run a failed message again."""
        return cast(
            "types.AssistantMessage",
            await self._result(
                "POST",
                f"/v1/chat/sessions/{self._quoted(session_id)}/messages/{self._quoted(message_id)}/retry",
                query={"user_id": user_id},
                key=idempotency_key,
            ),
        )

    async def list_engines(self) -> list[types.EngineView]:
        """Which engines are configured, and what each can do."""
        return cast("list[types.EngineView]", await self._result("GET", "/v1/engines"))

    async def list_features(self) -> list[types.FeatureView]:
        """Every feature: parameters, phrases, engines."""
        return cast("list[types.FeatureView]", await self._result("GET", "/v1/features"))

    async def create_adjust(
        self,
        *,
        image_data: str | None = None,
        image_url: str | None = None,
        model: str | None = None,
        operations: list[dict[str, Any]] | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Adjust."""
        return cast(
            "types.TaskView",
            await self._result(
                "POST",
                "/v1/features/adjust",
                query={"wait": wait},
                fields={
                    "image_data": image_data,
                    "image_url": image_url,
                    "model": model,
                    "operations": operations,
                    "output_format": output_format,
                    "user_id": user_id,
                },
                files={"image_file": image_file},
                key=idempotency_key,
            ),
        )

    async def create_edit(
        self,
        *,
        prompt: str,
        image_data: str | None = None,
        image_url: str | None = None,
        mask_data: str | None = None,
        mask_url: str | None = None,
        model: str | None = None,
        num_images: int | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        size: str | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        mask_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Edit with words."""
        return cast(
            "types.TaskView",
            await self._result(
                "POST",
                "/v1/features/edit",
                query={"wait": wait},
                fields={
                    "image_data": image_data,
                    "image_url": image_url,
                    "mask_data": mask_data,
                    "mask_url": mask_url,
                    "model": model,
                    "num_images": num_images,
                    "output_format": output_format,
                    "prompt": prompt,
                    "size": size,
                    "user_id": user_id,
                },
                files={"image_file": image_file, "mask_file": mask_file},
                key=idempotency_key,
            ),
        )

    async def create_image_expand(
        self,
        *,
        bottom: int | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        left: int | None = None,
        model: str | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        prompt: str | None = None,
        right: int | None = None,
        seed: int | None = None,
        top: int | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Expand."""
        return cast(
            "types.TaskView",
            await self._result(
                "POST",
                "/v1/features/image-expand",
                query={"wait": wait},
                fields={
                    "bottom": bottom,
                    "image_data": image_data,
                    "image_url": image_url,
                    "left": left,
                    "model": model,
                    "output_format": output_format,
                    "prompt": prompt,
                    "right": right,
                    "seed": seed,
                    "top": top,
                    "user_id": user_id,
                },
                files={"image_file": image_file},
                key=idempotency_key,
            ),
        )

    async def create_image_generation(
        self,
        *,
        prompt: str,
        aspect_ratio: Literal["1:1", "16:9", "9:16", "21:9", "4:3", "3:4", "3:2", "2:3"] | None = None,
        model: str | None = None,
        num_images: int | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        refine: bool | None = None,
        seed: int | None = None,
        size: str | None = None,
        style_reference_data: str | None = None,
        style_reference_url: str | None = None,
        styling: dict[str, Any] | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        style_reference_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Create a picture."""
        return cast(
            "types.TaskView",
            await self._result(
                "POST",
                "/v1/features/image-generate",
                query={"wait": wait},
                fields={
                    "aspect_ratio": aspect_ratio,
                    "model": model,
                    "num_images": num_images,
                    "output_format": output_format,
                    "prompt": prompt,
                    "refine": refine,
                    "seed": seed,
                    "size": size,
                    "style_reference_data": style_reference_data,
                    "style_reference_url": style_reference_url,
                    "styling": styling,
                    "user_id": user_id,
                },
                files={"image_file": image_file, "style_reference_file": style_reference_file},
                key=idempotency_key,
            ),
        )

    async def create_reimagine(
        self,
        *,
        aspect_ratio: Literal["1:1", "16:9", "9:16", "21:9", "4:3", "3:4", "3:2", "2:3"] | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        imagination: Literal["subtle", "vivid", "wild", "moderate", "creative", "extreme"] | None = None,
        model: str | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        prompt: str | None = None,
        seed: int | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Reimagine."""
        return cast(
            "types.TaskView",
            await self._result(
                "POST",
                "/v1/features/reimagine",
                query={"wait": wait},
                fields={
                    "aspect_ratio": aspect_ratio,
                    "image_data": image_data,
                    "image_url": image_url,
                    "imagination": imagination,
                    "model": model,
                    "output_format": output_format,
                    "prompt": prompt,
                    "seed": seed,
                    "user_id": user_id,
                },
                files={"image_file": image_file},
                key=idempotency_key,
            ),
        )

    async def create_relight(
        self,
        *,
        image_data: str | None = None,
        image_url: str | None = None,
        light_transfer_strength: float | None = None,
        model: str | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        prompt: str | None = None,
        reference_image_data: str | None = None,
        reference_image_url: str | None = None,
        style: Literal["standard", "dramatic", "soft", "natural", "darker_but_realistic", "clean", "smooth", "cinematic"] | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        reference_image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Relight."""
        return cast(
            "types.TaskView",
            await self._result(
                "POST",
                "/v1/features/relight",
                query={"wait": wait},
                fields={
                    "image_data": image_data,
                    "image_url": image_url,
                    "light_transfer_strength": light_transfer_strength,
                    "model": model,
                    "output_format": output_format,
                    "prompt": prompt,
                    "reference_image_data": reference_image_data,
                    "reference_image_url": reference_image_url,
                    "style": style,
                    "user_id": user_id,
                },
                files={"image_file": image_file, "reference_image_file": reference_image_file},
                key=idempotency_key,
            ),
        )

    async def create_remove_background(
        self,
        *,
        background: Literal["picture"] | None = None,
        background_color: str | None = None,
        background_image_data: str | None = None,
        background_image_url: str | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        mask_only: bool | None = None,
        model: str | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        user_id: str | None = None,
        background_image_file: bytes | None = None,
        image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Remove the background."""
        return cast(
            "types.TaskView",
            await self._result(
                "POST",
                "/v1/features/remove-background",
                query={"wait": wait},
                fields={
                    "background": background,
                    "background_color": background_color,
                    "background_image_data": background_image_data,
                    "background_image_url": background_image_url,
                    "image_data": image_data,
                    "image_url": image_url,
                    "mask_only": mask_only,
                    "model": model,
                    "output_format": output_format,
                    "user_id": user_id,
                },
                files={"background_image_file": background_image_file, "image_file": image_file},
                key=idempotency_key,
            ),
        )

    async def create_style_transfer(
        self,
        *,
        image_data: str | None = None,
        image_url: str | None = None,
        is_portrait: bool | None = None,
        model: str | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        portrait_style: Literal["standard", "pop", "super_pop"] | None = None,
        prompt: str | None = None,
        reference_image_data: str | None = None,
        reference_image_url: str | None = None,
        seed: int | None = None,
        structure_strength: float | None = None,
        style_strength: float | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        reference_image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Transfer a style."""
        return cast(
            "types.TaskView",
            await self._result(
                "POST",
                "/v1/features/style-transfer",
                query={"wait": wait},
                fields={
                    "image_data": image_data,
                    "image_url": image_url,
                    "is_portrait": is_portrait,
                    "model": model,
                    "output_format": output_format,
                    "portrait_style": portrait_style,
                    "prompt": prompt,
                    "reference_image_data": reference_image_data,
                    "reference_image_url": reference_image_url,
                    "seed": seed,
                    "structure_strength": structure_strength,
                    "style_strength": style_strength,
                    "user_id": user_id,
                },
                files={"image_file": image_file, "reference_image_file": reference_image_file},
                key=idempotency_key,
            ),
        )

    async def create_upscale(
        self,
        *,
        flavor: Literal["photo", "sublime", "photo_denoiser"] | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        model: str | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        scale_factor: Literal[2, 4] | None = None,
        sharpen: int | None = None,
        smart_grain: int | None = None,
        ultra_detail: int | None = None,
        user_id: str | None = None,
        image_file: bytes | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> types.TaskView:
        """Upscale."""
        return cast(
            "types.TaskView",
            await self._result(
                "POST",
                "/v1/features/upscale",
                query={"wait": wait},
                fields={
                    "flavor": flavor,
                    "image_data": image_data,
                    "image_url": image_url,
                    "model": model,
                    "output_format": output_format,
                    "scale_factor": scale_factor,
                    "sharpen": sharpen,
                    "smart_grain": smart_grain,
                    "ultra_detail": ultra_detail,
                    "user_id": user_id,
                },
                files={"image_file": image_file},
                key=idempotency_key,
            ),
        )

    async def cancel_feature(
        self, slug: str, task_id: str, *, user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.TaskView:
        """Cancel a task."""
        return cast(
            "types.TaskView",
            await self._result(
                "POST", f"/v1/features/{self._quoted(slug)}/cancel/{self._quoted(task_id)}", query={"user_id": user_id}, key=idempotency_key
            ),
        )

    async def feature_status(self, slug: str, task_id: str, *, wait: float | None = None, user_id: str | None = None) -> types.TaskView:
        """How a task stands."""
        return cast(
            "types.TaskView",
            await self._result(
                "GET", f"/v1/features/{self._quoted(slug)}/status/{self._quoted(task_id)}", query={"wait": wait, "user_id": user_id}
            ),
        )

    async def upload_file_with_url(
        self,
        *,
        user_id: str | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        file: bytes | None = None,
        idempotency_key: str | None = None,
    ) -> types.StoredFile:
        """Upload a picture; the answer also has a top-level url."""
        return cast(
            "types.StoredFile",
            await self._result(
                "POST",
                "/v1/file/uploads",
                fields={"user_id": user_id, "image_data": image_data, "image_url": image_url},
                files={"file": file},
                key=idempotency_key,
            ),
        )

    async def upload_file(
        self,
        *,
        user_id: str | None = None,
        image_data: str | None = None,
        image_url: str | None = None,
        file: bytes | None = None,
        idempotency_key: str | None = None,
    ) -> types.StoredFile:
        """Upload a picture."""
        return cast(
            "types.StoredFile",
            await self._result(
                "POST",
                "/v1/files",
                fields={"user_id": user_id, "image_data": image_data, "image_url": image_url},
                files={"file": file},
                key=idempotency_key,
            ),
        )

    async def read_file(self, key: str, *, w: int | None = None, expires: str | None = None, signature: str | None = None) -> bytes:
        """A stored picture."""
        return await self._content("GET", f"/v1/files/{self._quoted(key)}", query={"w": w, "expires": expires, "signature": signature})

    async def list_images(
        self,
        *,
        user_id: str | None = None,
        intent: str | None = None,
        q: str | None = None,
        favorite: bool | None = None,
        from_: str | None = None,
        to: str | None = None,
        provider: str | None = None,
        session_id: str | None = None,
        tag: str | None = None,
        album_id: str | None = None,
        sort: Literal["newest"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        total: bool | None = None,
    ) -> list[types.ImageView]:
        """The live pictures, newest first."""
        return cast(
            "list[types.ImageView]",
            await self._result(
                "GET",
                "/v1/gallery",
                query={
                    "user_id": user_id,
                    "intent": intent,
                    "q": q,
                    "favorite": favorite,
                    "from": from_,
                    "to": to,
                    "provider": provider,
                    "session_id": session_id,
                    "tag": tag,
                    "album_id": album_id,
                    "sort": sort,
                    "limit": limit,
                    "cursor": cursor,
                    "total": total,
                },
            ),
        )

    async def add_image(
        self,
        *,
        image_url: str,
        favorite: bool | None = None,
        intent: str | None = None,
        metadata: dict[str, Any] | None = None,
        prompt: str | None = None,
        refined_prompt: str | None = None,
        tags: list[str] | None = None,
        title: str | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.ImageView:
        """Keep a picture by its URL."""
        return cast(
            "types.ImageView",
            await self._result(
                "POST",
                "/v1/gallery",
                fields={
                    "favorite": favorite,
                    "image_url": image_url,
                    "intent": intent,
                    "metadata": metadata,
                    "prompt": prompt,
                    "refined_prompt": refined_prompt,
                    "tags": tags,
                    "title": title,
                    "user_id": user_id,
                },
                key=idempotency_key,
            ),
        )

    async def list_albums(
        self, *, user_id: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> list[types.AlbumView]:
        """A person's albums, newest first."""
        return cast(
            "list[types.AlbumView]",
            await self._result("GET", "/v1/gallery/albums", query={"user_id": user_id, "limit": limit, "cursor": cursor}),
        )

    async def make_album(
        self, *, title: str, ids: list[str] | None = None, user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.AlbumView:
        """A new album."""
        return cast(
            "types.AlbumView",
            await self._result("POST", "/v1/gallery/albums", fields={"ids": ids, "title": title, "user_id": user_id}, key=idempotency_key),
        )

    async def drop_album(self, album_id: str, *, user_id: str | None = None) -> dict[str, Any]:
        """Take the album away; its pictures stay."""
        return cast(
            "dict[str, Any]", await self._result("DELETE", f"/v1/gallery/albums/{self._quoted(album_id)}", query={"user_id": user_id})
        )

    async def get_album(self, album_id: str, *, user_id: str | None = None) -> types.AlbumView:
        """One album."""
        return cast(
            "types.AlbumView", await self._result("GET", f"/v1/gallery/albums/{self._quoted(album_id)}", query={"user_id": user_id})
        )

    async def change_album(
        self, album_id: str, *, cover_id: str | None = None, title: str | None = None, user_id: str | None = None
    ) -> types.AlbumView:
        """Title, cover."""
        return cast(
            "types.AlbumView",
            await self._result(
                "PATCH", f"/v1/gallery/albums/{self._quoted(album_id)}", fields={"cover_id": cover_id, "title": title, "user_id": user_id}
            ),
        )

    async def act_on_album(
        self,
        album_id: str,
        *,
        ids: list[str],
        action: Literal["add", "remove"] | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.AlbumActView:
        """Put pictures in, or take them out."""
        return cast(
            "types.AlbumActView",
            await self._result(
                "POST",
                f"/v1/gallery/albums/{self._quoted(album_id)}/images",
                fields={"action": action, "ids": ids, "user_id": user_id},
                key=idempotency_key,
            ),
        )

    async def act_on_many(
        self,
        *,
        action: Literal["trash", "restore", "purge"],
        all: bool | None = None,
        force: bool | None = None,
        ids: list[str] | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.BulkView:
        """Trash, restore or purge many."""
        return cast(
            "types.BulkView",
            await self._result(
                "POST",
                "/v1/gallery/bulk",
                fields={"action": action, "all": all, "force": force, "ids": ids, "user_id": user_id},
                key=idempotency_key,
            ),
        )

    async def list_trash(
        self,
        *,
        user_id: str | None = None,
        intent: str | None = None,
        q: str | None = None,
        favorite: bool | None = None,
        from_: str | None = None,
        to: str | None = None,
        provider: str | None = None,
        session_id: str | None = None,
        tag: str | None = None,
        album_id: str | None = None,
        sort: Literal["newest"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        total: bool | None = None,
    ) -> list[types.TrashedView]:
        """The trash, last deleted first."""
        return cast(
            "list[types.TrashedView]",
            await self._result(
                "GET",
                "/v1/gallery/deleted",
                query={
                    "user_id": user_id,
                    "intent": intent,
                    "q": q,
                    "favorite": favorite,
                    "from": from_,
                    "to": to,
                    "provider": provider,
                    "session_id": session_id,
                    "tag": tag,
                    "album_id": album_id,
                    "sort": sort,
                    "limit": limit,
                    "cursor": cursor,
                    "total": total,
                },
            ),
        )

    async def export(
        self,
        *,
        user_id: str | None = None,
        intent: str | None = None,
        q: str | None = None,
        favorite: bool | None = None,
        from_: str | None = None,
        to: str | None = None,
        provider: str | None = None,
        session_id: str | None = None,
        tag: str | None = None,
        album_id: str | None = None,
        sort: Literal["newest"] | None = None,
    ) -> bytes:
        """A zip of the pictures with a manifest."""
        return await self._content(
            "GET",
            "/v1/gallery/export",
            query={
                "user_id": user_id,
                "intent": intent,
                "q": q,
                "favorite": favorite,
                "from": from_,
                "to": to,
                "provider": provider,
                "session_id": session_id,
                "tag": tag,
                "album_id": album_id,
                "sort": sort,
            },
        )

    async def count_kinds(self, *, user_id: str | None = None) -> types.FacetsView:
        """Counts by intent, provider and tag."""
        return cast("types.FacetsView", await self._result("GET", "/v1/gallery/facets", query={"user_id": user_id}))

    async def import_photos(
        self, *, user_id: str | None = None, file: list[bytes] | None = None, idempotency_key: str | None = None
    ) -> types.ImportView:
        """Import photos: single, many, or zips of them."""
        return cast(
            "types.ImportView",
            await self._result("POST", "/v1/gallery/import", fields={"user_id": user_id}, files={"file": file}, key=idempotency_key),
        )

    async def list_recipes(
        self, *, user_id: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> list[types.RecipeView]:
        """A person's recipes, newest first."""
        return cast(
            "list[types.RecipeView]",
            await self._result("GET", "/v1/gallery/recipes", query={"user_id": user_id, "limit": limit, "cursor": cursor}),
        )

    async def make_recipe(
        self,
        *,
        title: str,
        image_id: str | None = None,
        steps: list[dict[str, Any]] | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.RecipeView:
        """Keep the edits that led to a picture, or these steps."""
        return cast(
            "types.RecipeView",
            await self._result(
                "POST",
                "/v1/gallery/recipes",
                fields={"image_id": image_id, "steps": steps, "title": title, "user_id": user_id},
                key=idempotency_key,
            ),
        )

    async def drop_recipe(self, recipe_id: str, *, user_id: str | None = None) -> dict[str, Any]:
        """Delete a recipe; its runs and their pictures stay."""
        return cast(
            "dict[str, Any]", await self._result("DELETE", f"/v1/gallery/recipes/{self._quoted(recipe_id)}", query={"user_id": user_id})
        )

    async def get_recipe(self, recipe_id: str, *, user_id: str | None = None) -> types.RecipeView:
        """One recipe."""
        return cast(
            "types.RecipeView", await self._result("GET", f"/v1/gallery/recipes/{self._quoted(recipe_id)}", query={"user_id": user_id})
        )

    async def rename_recipe(self, recipe_id: str, *, title: str, user_id: str | None = None) -> types.RecipeView:
        """Rename a recipe."""
        return cast(
            "types.RecipeView",
            await self._result("PATCH", f"/v1/gallery/recipes/{self._quoted(recipe_id)}", fields={"title": title, "user_id": user_id}),
        )

    async def run_recipe(
        self, recipe_id: str, *, ids: list[str], user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.RunView:
        """Do a recipe on pictures, each with its own status."""
        return cast(
            "types.RunView",
            await self._result(
                "POST", f"/v1/gallery/recipes/{self._quoted(recipe_id)}/run", fields={"ids": ids, "user_id": user_id}, key=idempotency_key
            ),
        )

    async def list_runs(self, *, user_id: str | None = None, limit: int | None = None, cursor: str | None = None) -> list[types.RunView]:
        """A person's runs of recipes, newest first."""
        return cast(
            "list[types.RunView]",
            await self._result("GET", "/v1/gallery/runs", query={"user_id": user_id, "limit": limit, "cursor": cursor}),
        )

    async def get_run(self, run_id: str, *, user_id: str | None = None, wait: float | None = None) -> types.RunView:
        """A run with the status of each picture."""
        return cast(
            "types.RunView", await self._result("GET", f"/v1/gallery/runs/{self._quoted(run_id)}", query={"user_id": user_id, "wait": wait})
        )

    async def cancel_run(self, run_id: str, *, user_id: str | None = None, idempotency_key: str | None = None) -> types.RunView:
        """Stop a run; what is done stays."""
        return cast(
            "types.RunView",
            await self._result("POST", f"/v1/gallery/runs/{self._quoted(run_id)}/cancel", query={"user_id": user_id}, key=idempotency_key),
        )

    async def trash_image(self, image_id: str, *, user_id: str | None = None) -> types.TrashedView:
        """Into the trash."""
        return cast("types.TrashedView", await self._result("DELETE", f"/v1/gallery/{self._quoted(image_id)}", query={"user_id": user_id}))

    async def get_image(self, image_id: str, *, user_id: str | None = None, include_deleted: bool | None = None) -> types.ImageView:
        """One picture."""
        return cast(
            "types.ImageView",
            await self._result(
                "GET", f"/v1/gallery/{self._quoted(image_id)}", query={"user_id": user_id, "include_deleted": include_deleted}
            ),
        )

    async def change_image(
        self,
        image_id: str,
        *,
        favorite: bool | None = None,
        tags: list[str] | None = None,
        title: str | None = None,
        user_id: str | None = None,
        include_deleted: bool | None = None,
    ) -> types.ImageView:
        """Favourite, title, tags."""
        return cast(
            "types.ImageView",
            await self._result(
                "PATCH",
                f"/v1/gallery/{self._quoted(image_id)}",
                query={"include_deleted": include_deleted},
                fields={"favorite": favorite, "tags": tags, "title": title, "user_id": user_id},
            ),
        )

    async def get_history(self, image_id: str, *, user_id: str | None = None, include_deleted: bool | None = None) -> types.HistoryView:
        """What it came from and led to."""
        return cast(
            "types.HistoryView",
            await self._result(
                "GET", f"/v1/gallery/{self._quoted(image_id)}/history", query={"user_id": user_id, "include_deleted": include_deleted}
            ),
        )

    async def purge_image(self, image_id: str, *, user_id: str | None = None) -> types.PurgedView:
        """Gone for good."""
        return cast(
            "types.PurgedView", await self._result("DELETE", f"/v1/gallery/{self._quoted(image_id)}/permanent", query={"user_id": user_id})
        )

    async def get_edits(self, image_id: str, *, user_id: str | None = None) -> types.StepsView:
        """The edits that led to a picture."""
        return cast(
            "types.StepsView", await self._result("GET", f"/v1/gallery/{self._quoted(image_id)}/recipe", query={"user_id": user_id})
        )

    async def restore_image(self, image_id: str, *, user_id: str | None = None, idempotency_key: str | None = None) -> types.ImageView:
        """Out of the trash."""
        return cast(
            "types.ImageView",
            await self._result("POST", f"/v1/gallery/{self._quoted(image_id)}/restore", query={"user_id": user_id}, key=idempotency_key),
        )

    async def generate_image(
        self,
        *,
        prompt: str,
        aspect_ratio: Literal["1:1", "16:9", "9:16", "21:9", "4:3", "3:4", "3:2", "2:3"] | None = None,
        model: str | None = None,
        num_images: int | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        refine: bool | None = None,
        refined_prompt: str | None = None,
        seed: int | None = None,
        size: str | None = None,
        styling: dict[str, Any] | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.Requested:
        """Draw a refined prompt as it is."""
        return cast(
            "types.Requested",
            await self._result(
                "POST",
                "/v1/image/generate",
                fields={
                    "aspect_ratio": aspect_ratio,
                    "model": model,
                    "num_images": num_images,
                    "output_format": output_format,
                    "prompt": prompt,
                    "refine": refine,
                    "refined_prompt": refined_prompt,
                    "seed": seed,
                    "size": size,
                    "styling": styling,
                    "user_id": user_id,
                },
                key=idempotency_key,
            ),
        )

    async def openai_edit(
        self,
        *,
        prompt: str,
        n: int | None = None,
        response_format: Literal["url", "b64_json"] | None = None,
        size: str | None = None,
        user: str | None = None,
        image: bytes | None = None,
        mask: bytes | None = None,
        idempotency_key: str | None = None,
    ) -> types.OpenAIImages:
        """OpenAI: edit an image by words."""
        return cast(
            "types.OpenAIImages",
            await self._whole(
                "POST",
                "/v1/images/edits",
                fields={"n": n, "prompt": prompt, "response_format": response_format, "size": size, "user": user},
                files={"image": image, "mask": mask},
                key=idempotency_key,
            ),
        )

    async def openai_generate(
        self,
        *,
        prompt: str,
        model: str | None = None,
        n: int | None = None,
        output_format: Literal["png", "jpeg", "webp"] | None = None,
        quality: str | None = None,
        response_format: Literal["url", "b64_json"] | None = None,
        size: str | None = None,
        user: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.OpenAIImages:
        """OpenAI: create images."""
        return cast(
            "types.OpenAIImages",
            await self._whole(
                "POST",
                "/v1/images/generations",
                fields={
                    "model": model,
                    "n": n,
                    "output_format": output_format,
                    "prompt": prompt,
                    "quality": quality,
                    "response_format": response_format,
                    "size": size,
                    "user": user,
                },
                key=idempotency_key,
            ),
        )

    async def openai_vary(
        self,
        *,
        n: int | None = None,
        response_format: Literal["url", "b64_json"] | None = None,
        size: str | None = None,
        user: str | None = None,
        image: bytes | None = None,
        idempotency_key: str | None = None,
    ) -> types.OpenAIImages:
        """OpenAI: variations of an image."""
        return cast(
            "types.OpenAIImages",
            await self._whole(
                "POST",
                "/v1/images/variations",
                fields={"n": n, "response_format": response_format, "size": size, "user": user},
                files={"image": image},
                key=idempotency_key,
            ),
        )

    async def list_jobs(
        self,
        *,
        user_id: str | None = None,
        status: Literal["CREATED", "IN_PROGRESS", "AWAITING_APPROVAL", "COMPLETED", "FAILED", "CANCELED"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> list[types.JobView]:
        """A person's jobs, newest first."""
        return cast(
            "list[types.JobView]",
            await self._result("GET", "/v1/jobs", query={"user_id": user_id, "status": status, "limit": limit, "cursor": cursor}),
        )

    async def get_job(self, job_id: str, *, user_id: str | None = None, wait: float | None = None) -> types.JobView:
        """One job."""
        return cast(
            "types.JobView", await self._result("GET", f"/v1/jobs/{self._quoted(job_id)}", query={"user_id": user_id, "wait": wait})
        )

    async def cancel_job(self, job_id: str, *, user_id: str | None = None, idempotency_key: str | None = None) -> types.JobView:
        """Cancel exactly this job."""
        return cast(
            "types.JobView",
            await self._result("POST", f"/v1/jobs/{self._quoted(job_id)}/cancel", query={"user_id": user_id}, key=idempotency_key),
        )

    def job_events(self, job_id: str, *, user_id: str | None = None, last_event_id: str | None = None) -> AsyncIterator[Event]:
        """The job's story as Server-Sent Events."""
        return self._events("GET", f"/v1/jobs/{self._quoted(job_id)}/events", query={"user_id": user_id}, after=last_event_id)

    async def list_models(self) -> types.OpenAIModels:
        """OpenAI: the models there are."""
        return cast("types.OpenAIModels", await self._whole("GET", "/v1/models"))

    async def get_model(self, name: str) -> types.OpenAIModel:
        """OpenAI: one model."""
        return cast("types.OpenAIModel", await self._whole("GET", f"/v1/models/{self._quoted(name)}"))

    async def refine(
        self,
        *,
        prompt: str,
        context: dict[str, Any] | None = None,
        image_url: str | None = None,
        lang: str | None = None,
        style: str | None = None,
        topic: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.RefineAnswer:
        """Refine words and plan the steps."""
        return cast(
            "types.RefineAnswer",
            await self._result(
                "POST",
                "/v1/prompt/refine",
                fields={"context": context, "image_url": image_url, "lang": lang, "prompt": prompt, "style": style, "topic": topic},
                key=idempotency_key,
            ),
        )

    async def suggest(
        self,
        *,
        limit: int | None = None,
        prompt: str | None = None,
        query: str | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.Suggestions:
        """Suggest prompts."""
        return cast(
            "types.Suggestions",
            await self._result(
                "POST",
                "/v1/prompt/suggest",
                fields={"limit": limit, "prompt": prompt, "query": query, "user_id": user_id},
                key=idempotency_key,
            ),
        )

    async def choose(
        self, *, prompt: str | None = None, prompt_id: str | None = None, user_id: str | None = None, idempotency_key: str | None = None
    ) -> types.Chosen:
        """Record that a prompt was chosen."""
        return cast(
            "types.Chosen",
            await self._result(
                "POST", "/v1/rec-prompt/choose", fields={"prompt": prompt, "prompt_id": prompt_id, "user_id": user_id}, key=idempotency_key
            ),
        )

    async def suggest_again(
        self,
        *,
        limit: int | None = None,
        prompt: str | None = None,
        query: str | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> types.Suggestions:
        """Suggest prompts."""
        return cast(
            "types.Suggestions",
            await self._result(
                "POST",
                "/v1/rec-prompt/suggest",
                fields={"limit": limit, "prompt": prompt, "query": query, "user_id": user_id},
                key=idempotency_key,
            ),
        )

    async def erase_user(self, user_id: str) -> types.ErasureView:
        """Erase everything of a person, in all services."""
        return cast("types.ErasureView", await self._result("DELETE", f"/v1/users/{self._quoted(user_id)}"))

    async def get_erasure(self, user_id: str) -> types.ErasureView:
        """How a person's erasure stands."""
        return cast("types.ErasureView", await self._result("GET", f"/v1/users/{self._quoted(user_id)}/erasure"))

    async def freepik_webhook(self, *, idempotency_key: str | None = None) -> types.Heard:
        """Freepik tells how a task stands."""
        return cast("types.Heard", await self._result("POST", "/v1/webhooks/freepik", key=idempotency_key))
