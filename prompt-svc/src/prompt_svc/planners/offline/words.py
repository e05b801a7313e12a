"""How is a long list of words written down?"""

from __future__ import annotations

__all__ = ["split"]


def split(words: str) -> tuple[str, ...]:
    """The words between the spaces, in order, each once."""
    return tuple(dict.fromkeys(words.split()))
