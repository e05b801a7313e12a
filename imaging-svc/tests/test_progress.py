"""Does every feature tell how far it is, and stop when nobody wants it any more?"""

from __future__ import annotations

import asyncio
import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from imaging_svc.engines.local.verbs import VERBS, perform
from imaging_svc.pool import WorkerPool
from photofun_common.contracts.features import Feature, features
from photofun_common.http import validated
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
LONG: dict[str, dict[str, Any]] = {
    "image_generation": {"prompt": "sunset over mountains with a lake", "size": "800x600", "num_images": 2},
    "remove_background": {},
    "upscale": {"scale_factor": 4, "flavor": "photo_denoiser"},
    "image_expand": {"left": 128},
    "relight": {"prompt": "warm light from the left"},
    "reimagine": {"imagination": "wild", "prompt": "oil painting"},
    "style_transfer": {},
    "adjust": {"operations": [{"op": "blur-background", "amount": 80}, *([{"op": "text", "text": "xin chào " * 30, "size": 800}] * 4)]},
}


def named(feature: Feature) -> str:
    return feature.slug


@pytest.fixture(scope="module")
def photo() -> bytes:
    """A quarter of a megapixel."""
    with Image.open(Path(__file__).parent / "data/photos/astronaut.jpg") as opened:
        out = io.BytesIO()
        opened.convert("RGB").resize((512, 512)).save(out, "JPEG", quality=90)
    return out.getvalue()


def asked(feature: Feature, photo: bytes) -> tuple[Any, ...]:
    params = validated(feature.params, LONG[feature.id]).model_dump(mode="json")
    references = dict.fromkeys(feature.references, photo) if feature.reference_required else {}
    return feature.id, params, params.get("prompt") or "", photo if feature.needs_picture else None, references, 7, {}


@pytest.mark.parametrize("feature", [feature for feature in features() if feature.id in VERBS], ids=named)
def test_no_feature_is_silent_for_a_second_of_work(feature: Feature, photo: bytes) -> None:
    perform(*asked(feature, photo), progress=lambda _: None)  # libraries and models are loaded
    spent, told = [time.process_time()], [0.0]

    def tell(fraction: float) -> None:
        spent.append(time.process_time())
        told.append(fraction)

    perform(*asked(feature, photo), progress=tell)

    assert max(np.diff(spent)) < 1.0
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 4


def _is_idle(worker: psutil.Process) -> bool:
    """Whether a process spends no processor time for a second."""
    before = sum(worker.cpu_times()[:2])
    time.sleep(1.0)
    return sum(worker.cpu_times()[:2]) - before < 0.1


async def test_a_cancelled_feature_leaves_its_worker_at_once(photo: bytes) -> None:
    others = set(psutil.Process().children())
    pool = WorkerPool(1, str(ROOT / ".weights"))
    try:
        for feature in (feature for feature in features() if feature.id in VERBS):
            begun = asyncio.Event()
            work = asyncio.create_task(pool.run(perform, *asked(feature, photo), seconds=100, progress=lambda _, begun=begun: begun.set()))
            await asyncio.wait({work, asyncio.create_task(begun.wait())}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                assert (await work)[0]  # it was faster than the first look at its progress
                continue
            workers = [child for child in psutil.Process().children() if child not in others and "spawn_main" in " ".join(child.cmdline())]

            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work

            _, alive = await asyncio.to_thread(psutil.wait_procs, workers, 3)
            for worker in alive:  # it had just ended, and waits for more
                assert await asyncio.to_thread(_is_idle, worker), f"{feature.slug} works on though nobody waits for it"
    finally:
        await pool.aclose()
