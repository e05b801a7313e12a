"""HTTP in and out for assistants: MCP's streamable HTTP without sessions, so that any gateway answers any call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams
from photofun_common.errors import NotFoundError

from .running import Inside, ToolRunner
from .tools import all_tools

__all__ = ["McpDoor"]

_INSTRUCTIONS = (
    "PhotoFun Studio makes and edits pictures. Each tool named after a feature returns the finished picture and keeps it in the "
    "person's gallery; go on with its image_id. Free-word changes that have no tool of their own need `edit`."
)
_MOST = 16 * 2**20
_INSIDE = "photofun.inside"


class McpDoor:
    """The ASGI side of `/mcp`."""

    def __init__(self, version: str) -> None:
        server: Server[Any] = Server(
            "photofun-studio",
            version=version,
            title="PhotoFun Studio",
            instructions=_INSTRUCTIONS,
            on_list_tools=_list_tools,
            on_call_tool=_call_tool,
        )
        self._manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True, max_request_body_size=_MOST)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        async with self._manager.run():
            yield

    async def serve(self, scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any], inside: Inside) -> None:
        """Answer one call for the person that `inside` stands for."""
        state = {**scope.get("state", {}), _INSIDE: inside}
        await self._manager.handle_request({**scope, "path": "/mcp", "state": state}, receive, send)


async def _list_tools(_context: ServerRequestContext[Any], _params: PaginatedRequestParams | None) -> ListToolsResult:
    return ListToolsResult(tools=list(all_tools()))


async def _call_tool(context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
    inside: Inside = context.request.scope["state"][_INSIDE]  # type: ignore[union-attr]  # over HTTP there is always a request
    try:
        return await ToolRunner(inside).run(params.name, params.arguments or {})
    except NotFoundError as error:
        raise MCPError(INVALID_PARAMS, error.detail) from error
