"""What does one clause ask for?  A module for each thing that can be asked."""

from .background import bare_color
from .base import IMAGE, Facts, Found, trimmed, without_politeness
from .clause import is_command, read_clause
from .generation import generated

__all__ = ["IMAGE", "Facts", "Found", "bare_color", "generated", "is_command", "read_clause", "trimmed", "without_politeness"]
