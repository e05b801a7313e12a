"""How is planned without any key?  Rules for commands and slots, a small classifier behind them."""

from .planner import OfflinePlanner

__all__ = ["OfflinePlanner"]
