"""How does the studio draw a picture with no model at all?  A procedural renderer, driven by words."""

from __future__ import annotations

from .render import render_scene
from .vocabulary import SceneSpec, read_prompt

__all__ = ["SceneSpec", "read_prompt", "render_scene"]
