"""What does one clause ask for?  A module for each thing that can be asked."""

from .base import IMAGE, Facts, Found, trimmed, without_politeness
from .clause import is_command, read_clause
from .generation import generated

__all__ = ["IMAGE", "Facts", "Found", "generated", "is_command", "read_clause", "trimmed", "without_politeness"]
