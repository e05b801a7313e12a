"""How does the API document show the prompt calls?"""

from __future__ import annotations

from typing import Any

from photofun_common.contracts.prompt import RefineAnswer
from photofun_common.described import Described
from pydantic import BaseModel

__all__ = ["DESCRIPTION"]


class Suggestions(BaseModel):
    """Prompts that fit what was typed."""

    query: str
    results: list[dict[str, Any]]


class Chosen(BaseModel):
    """The choice is counted; `prompt_id` is the prompt's id."""

    prompt_id: str
    created: bool


_REFINED = {
    "refined_prompt": "a sunset over mountains, golden hour light, highly detailed", "intent": "image_generation", "confidence": 0.97,
    "plan": [{"feature": "image_generation", "params": {"prompt": "a sunset over mountains", "aspect_ratio": "16:9"}}], "reply": None,
    "choices": [], "keywords": ["sunset", "mountains"], "language": "en",
    "metadata": {"model": "offline-planner", "provider": "local", "processing_time": 0.004, "degraded": None},
}  # fmt: skip
_FOUND = {"query": "sun", "results": [{"prompt_id": "sunset-beach", "prompt": "a sunset over a quiet beach"}]}

DESCRIPTION = {
    "POST /v1/prompt/refine": Described(
        "Refine words and plan the steps", RefineAnswer, example=_REFINED, sent={"prompt": "a sunset over mountains, 16:9"}
    ),
    "POST /v1/prompt/suggest": Described("Suggest prompts", Suggestions, example=_FOUND, sent={"query": "sun"}),
    "POST /v1/rec-prompt/suggest": Described("Suggest prompts", Suggestions, name="suggest_again", example=_FOUND, sent={"query": "sun"}),
    "POST /v1/rec-prompt/choose": Described(
        "Record that a prompt was chosen",
        Chosen,
        example={"prompt_id": "sunset-beach", "created": False},
        sent={"prompt_id": "sunset-beach"},
    ),
}
