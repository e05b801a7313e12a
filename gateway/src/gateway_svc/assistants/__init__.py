"""How do assistants use the studio?  `/mcp`: the features and the gallery as tools of the Model Context Protocol."""

from .door import McpDoor

__all__ = ["McpDoor"]
