"""Small apps that benchmarks put behind and beside the gateway."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

PIECE, PIECES = b"x" * 262_144, 40
BODY = b'{"code":1000,"message":"Success","result":{"message_id":"x","status":"DONE"}}'


async def backend(scope: Any, receive: Any, send: Any) -> None:
    """Answers every request with a small JSON at once; uploads are read to their end, `/v1/files/large.bin` is 10 MB."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/v1/files/large.bin":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(PIECE) * PIECES).encode())]})
        for number in range(PIECES):
            await send({"type": "http.response.body", "body": PIECE, "more_body": number < PIECES - 1})
        return
    while scope["method"] == "POST" and (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def plain_proxy() -> Any:
    """What one writes first: a FastAPI route that passes calls on with httpx."""
    import httpx
    from fastapi import FastAPI, Request, Response

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(base_url=os.environ["PEER_UPSTREAM"]) as client:
            app.state.client = client
            yield

    app = FastAPI(lifespan=lifespan)

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def forward(path: str, request: Request) -> Response:
        answer = await request.app.state.client.request(request.method, f"/{path}", content=await request.body())
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

    return app
