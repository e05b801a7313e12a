"""How do streams, buckets and the upload store come to three copies?  Services make them with one; this raises them."""

import asyncio
import os

import nats
from photofun_common.jetstream import ensure_topology


async def main() -> None:
    wanted = int(os.environ.get("STREAM_REPLICAS", "3"))
    client = await nats.connect(os.environ["NATS_URL"], connect_timeout=5, max_reconnect_attempts=5)
    try:
        js = client.jetstream(timeout=10)
        await ensure_topology(js, replicas=wanted)
        for stream in await js.streams_info():
            if stream.config.num_replicas != wanted:
                await js.update_stream(stream.config.evolve(num_replicas=wanted))
                print(f"{stream.config.name}: {stream.config.num_replicas} -> {wanted} copies", flush=True)
    finally:
        await client.close()


asyncio.run(main())
