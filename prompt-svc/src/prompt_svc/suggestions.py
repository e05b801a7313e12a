"""Which prompts are offered?  A built-in collection and what people chose, ranked by match and use."""

# ruff: noqa: E501 - phrases and instructions stand as they are said
from __future__ import annotations

import asyncio
import hashlib
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from photofun_common.bus import KeyValue
from photofun_common.errors import ConflictError, NotFoundError, UnavailableError

from .planners.offline.text import fold

__all__ = ["COLLECTION", "Suggestions"]

log = logging.getLogger(__name__)
MAX_CHOSEN = 2000
_TRIES = 6
_FRESH = 30.0
_LEAST_WORDS, _LONGEST_OWN = 3, 500

COLLECTION: tuple[tuple[str, str, str], ...] = (
    ("en", "image_generation", "Create a sunset over mountains, 16:9"), ("en", "image_generation", "A misty forest at dawn in watercolor"), ("en", "image_generation", "A neon city skyline at night, rain on the streets"),
    ("en", "image_generation", "A cozy cabin in the snow with warm light in the windows"), ("en", "image_generation", "A lighthouse on a cliff under a starry sky"), ("en", "image_generation", "An astronaut riding a horse, oil painting"),
    ("en", "image_generation", "A calm sea at golden hour with a small sailing boat"), ("en", "image_generation", "A minimalist abstract poster in blue and orange"), ("en", "image_generation", "A field of wildflowers before snowy mountains"),
    ("en", "image_generation", "A cute cat wearing a space suit, 3D render"), ("en", "image_generation", "A bowl of ramen, soft window light, macro photo"), ("en", "image_generation", "A phone wallpaper of the aurora over a lake, 9:16"),
    ("en", "remove_background", "Remove the background"), ("en", "remove_background", "Put it on a white background"), ("en", "remove_background", "Cut out the subject and make the background transparent"),
    ("en", "upscale", "Make it twice as big"), ("en", "upscale", "Upscale 4x and remove the noise"), ("en", "reimagine", "Reimagine this as a watercolor"), ("en", "reimagine", "Give me a wild variation"),
    ("en", "relight", "Warm light from the left"), ("en", "relight", "Make it look like golden hour"), ("en", "relight", "Dramatic cinematic lighting"), ("en", "image_expand", "Expand 200 pixels to the left"),
    ("en", "image_expand", "Extend the picture on all sides"), ("en", "style_transfer", "Make the first picture look like the second"), ("en", "edit", "Put a red hat on him"), ("en", "edit", "Remove the people in the back"),
    ("en", "edit", "Replace the sky with a starry night"), ("en", "adjust", "Make it black and white"), ("en", "adjust", "Crop to a square and make it brighter"), ("en", "adjust", "Blur the background"),
    ("en", "adjust", "Write \"Happy birthday\" at the top"), ("en", "adjust", "Rotate it 90 degrees"), ("en", "adjust", "Round the corners by 40 pixels"), ("en", "adjust", "Make the colors warmer and more vivid"),
    ("vi", "image_generation", "Tạo cảnh hoàng hôn trên núi, 16:9"), ("vi", "image_generation", "Vẽ khu rừng sương mù buổi sớm kiểu màu nước"), ("vi", "image_generation", "Tạo thành phố về đêm rực ánh đèn"),
    ("vi", "image_generation", "Vẽ phố cổ Hội An với đèn lồng, tranh sơn dầu"), ("vi", "image_generation", "Tạo cảnh ruộng bậc thang mùa lúa chín"), ("vi", "image_generation", "Vẽ chú mèo phi hành gia, phong cách 3D"),
    ("vi", "image_generation", "Tạo hình nền điện thoại bầu trời đầy sao trên hồ"), ("vi", "image_generation", "Vẽ đầm sen buổi sáng, màu nước"), ("vi", "image_generation", "Tạo bãi biển lúc bình minh với chiếc thuyền nhỏ"),
    ("vi", "remove_background", "Xóa phông nền giúp mình"), ("vi", "remove_background", "Đổi nền thành màu trắng"), ("vi", "remove_background", "Tách chủ thể, nền trong suốt"), ("vi", "upscale", "Phóng to gấp đôi"),
    ("vi", "upscale", "Tăng độ phân giải và khử nhiễu"), ("vi", "reimagine", "Biến ảnh này thành tranh màu nước"), ("vi", "reimagine", "Cho mình một phiên bản phá cách"), ("vi", "relight", "Ánh sáng ấm từ bên trái"),
    ("vi", "relight", "Chỉnh sáng như hoàng hôn"), ("vi", "image_expand", "Mở rộng 200 pixel sang trái"), ("vi", "image_expand", "Nới ảnh ra mọi phía"), ("vi", "style_transfer", "Chuyển phong cách theo ảnh mẫu"),
    ("vi", "edit", "Đội cho anh ấy chiếc mũ đỏ"), ("vi", "edit", "Xóa những người phía sau"), ("vi", "edit", "Thay bầu trời bằng đêm đầy sao"), ("vi", "adjust", "Chuyển sang đen trắng"), ("vi", "adjust", "Cắt vuông và làm sáng hơn"),
    ("vi", "adjust", "Làm mờ phông nền"), ("vi", "adjust", "Viết chữ \"Chúc mừng sinh nhật\" ở trên cùng"), ("vi", "adjust", "Xoay ảnh 90 độ"), ("vi", "adjust", "Bo góc 40 pixel"), ("vi", "adjust", "Làm màu ấm và tươi hơn"),
)  # fmt: skip


def _id_of(prompt: str) -> str:
    return hashlib.blake2b(" ".join(fold(prompt).split()).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A prompt that is offered; `user_id` None means to everybody."""

    prompt_id: str
    prompt: str
    language: str | None = None
    intent: str | None = None
    uses: int = 0
    user_id: str | None = None
    built_in: bool = False


_BUILT_IN = {_id_of(prompt): _Entry(_id_of(prompt), prompt, language, intent, built_in=True) for language, intent, prompt in COLLECTION}


def _key_of(prompt_id: str, user_id: str | None) -> str:
    """A person's own prompts are kept apart by a hash of who they are."""
    return prompt_id if user_id is None else f"{hashlib.blake2b(user_id.encode(), digest_size=12).hexdigest()}.{prompt_id}"


class Suggestions:
    """The collection and its counts.  Without the broker the collection alone is offered."""

    def __init__(self, bucket: Callable[[], Awaitable[KeyValue]], said: Callable[[str], Awaitable[list[str]]] | None = None) -> None:
        self._bucket, self._said = bucket, said
        self._counts: dict[str, dict[str, Any]] = {}
        self._read_at = -math.inf
        self._lock = asyncio.Lock()

    async def find(self, query: str, *, limit: int, user_id: str | None = None) -> list[dict[str, Any]]:
        """The best prompts for what was typed so far (nothing typed: the most used)."""
        await self._refresh()
        scored = []
        wanted = fold(query).split()
        accented = any(ord(char) > 127 for char in query)
        chosen = self._entries(user_id)
        for entry in [*chosen, *await self._own_words(user_id, {entry.prompt_id for entry in chosen})]:
            match = _match(wanted, fold(entry.prompt), entry.prompt, query)
            if match > 0 or not wanted:
                same_language = 0.2 if accented and entry.language == "vi" else 0.0
                scored.append((match + same_language + 0.25 * math.log1p(entry.uses) + (0.3 if entry.user_id else 0.0), entry))
        scored.sort(key=lambda item: (-item[0], item[1].prompt))
        return [
            {"prompt_id": entry.prompt_id, "prompt": entry.prompt, "intent": entry.intent, "language": entry.language, "uses": entry.uses, "score": round(score, 3)}
            for score, entry in scored[:limit]
        ]  # fmt: skip

    async def _own_words(self, user_id: str | None, known: set[str]) -> list[_Entry]:
        """What a person said in conversations, each once with how often; nothing while conversation-svc can't be asked."""
        if user_id is None or self._said is None:
            return []
        try:
            texts = await self._said(user_id)
        except UnavailableError:
            return []
        entries: dict[str, _Entry] = {}
        for text in texts:
            prompt_id = _id_of(text)
            if prompt_id in known or len(text.split()) < _LEAST_WORDS or len(text) > _LONGEST_OWN:
                continue
            before = entries.get(prompt_id)
            entries[prompt_id] = _Entry(
                prompt_id, before.prompt if before else text, uses=before.uses + 1 if before else 1, user_id=user_id
            )
        return list(entries.values())

    async def choose(self, *, prompt_id: str | None, prompt: str | None, user_id: str | None) -> dict[str, Any]:
        """Count a use.  A prompt that nobody knows becomes its writer's own (`created`).  Raises NotFoundError, UnavailableError."""
        await self._refresh()
        if prompt_id is not None:
            known = next((entry for entry in self._entries(user_id) if entry.prompt_id == prompt_id), None)
            if known is None:
                if not prompt:
                    raise NotFoundError("There is no such prompt: choose one that was suggested, or send its text as `prompt`")
                prompt_id = None
        if prompt_id is None:
            assert prompt is not None
            prompt_id = _id_of(prompt)
            known = next((entry for entry in self._entries(user_id) if entry.prompt_id == prompt_id), None)
        owner = None if known is not None and known.user_id is None else user_id
        if known is None and len(self._counts) >= MAX_CHOSEN:
            await self._make_room()
        await self._count(_key_of(prompt_id, owner), {"prompt": known.prompt if known else prompt, "user": owner, "id": prompt_id})
        return {"prompt_id": prompt_id, "created": known is None}

    async def erase(self, user_id: str) -> int:
        """Forget a person's own prompts; how many there were.  Raises UnavailableError."""
        bucket = await self._bucket()
        own = [key for key, value in await bucket.items() if orjson.loads(value).get("user") == user_id]
        for key in own:
            await bucket.delete(key)
            self._counts.pop(key, None)
        return len(own)

    def _entries(self, user_id: str | None) -> list[_Entry]:
        found = [
            _Entry(
                entry.prompt_id,
                entry.prompt,
                entry.language,
                entry.intent,
                int(self._counts.get(key, {}).get("uses", 0)),
                None,
                built_in=True,
            )
            for key, entry in _BUILT_IN.items()
        ]
        for key, value in self._counts.items():
            if key not in _BUILT_IN and value.get("user") == user_id and isinstance(value.get("prompt"), str):
                found.append(_Entry(str(value.get("id", key)), value["prompt"], uses=int(value.get("uses", 0)), user_id=user_id))
        return found

    async def _refresh(self) -> None:
        """Read the counts when they are old; the broker away means the ones at hand."""
        now = asyncio.get_running_loop().time()
        if now - self._read_at < _FRESH:
            return
        async with self._lock:
            if now - self._read_at < _FRESH:
                return
            try:
                bucket = await self._bucket()
                self._counts = {key: orjson.loads(value) for key, value in await bucket.items()}
                self._read_at = now
            except UnavailableError:
                self._read_at = now - _FRESH + 2
                log.warning("suggestion counts are not there")

    async def _count(self, key: str, base: dict[str, Any]) -> None:
        bucket = await self._bucket()
        for _ in range(_TRIES):
            held = await bucket.get(key)
            uses = int(orjson.loads(held[0]).get("uses", 0)) if held else 0
            value = {**base, "uses": min(uses + 1, 1_000_000)}
            try:
                await (bucket.update(key, orjson.dumps(value), held[1]) if held else bucket.create(key, orjson.dumps(value)))
            except ConflictError:
                continue
            self._counts[key] = value
            return
        raise UnavailableError("Too many people chose this at once; try again")

    async def _make_room(self) -> None:
        """Let the least used of people's own prompts go."""
        own = sorted((int(value.get("uses", 0)), key) for key, value in self._counts.items() if key not in _BUILT_IN)
        bucket = await self._bucket()
        for _, key in own[: max(1, len(self._counts) - MAX_CHOSEN + 20)]:
            await bucket.delete(key)
            self._counts.pop(key, None)


def _match(wanted: list[str], folded: str, prompt: str, query: str) -> float:
    """0 for no match; a beginning beats a word, a word beats a part."""
    if not wanted:
        return 0.0
    score = 1.0 if folded.startswith(" ".join(wanted)) else 0.0
    words = folded.replace(",", " ").replace('"', " ").split()
    for word in wanted:
        if word in words:
            score += 1.0 / len(wanted)
        elif any(other.startswith(word) for other in words):
            score += 0.7 / len(wanted)
        elif len(word) > 2 and word in folded:
            score += 0.3 / len(wanted)
    if score and query.strip().lower() in prompt.lower():
        score += 0.3
    return score
