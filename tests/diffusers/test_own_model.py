"""Does a Stable Diffusion model of one's own paint?  With a real pipeline, tiny and never trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from imaging_svc.codec import decode
from imaging_svc.engines import Made, Order
from imaging_svc.engines.own_model import OwnModelEngine
from imaging_svc.pool import WorkerPool
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline of a few random weights, saved as a folder, as an operator would have one."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "tiny-painter"
    letters = [chr(code) for code in range(33, 127)]
    words = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    (folder.parent / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder.parent / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(folder.parent / "vocab.json"), str(folder.parent / "merges.txt"), model_max_length=77)
    sizes = {"vocab_size": len(words), "hidden_size": 32, "intermediate_size": 37, "num_attention_heads": 4, "num_hidden_layers": 2}
    text = CLIPTextConfig(**sizes, bos_token_id=0, eos_token_id=1)
    unet = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=4,
        norm_num_groups=4,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4,
    )
    StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(text),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


class NoTasks:
    def known(self) -> list[Any]:
        return []

    async def save(self, task: Any) -> None:
        raise AssertionError("nothing is paid for")


async def painted(model: Path, tmp_path: Path, heard: list[float], **params: Any) -> Made:
    engine = OwnModelEngine(WorkerPool(1, str(tmp_path), memory=None), model, steps=3)
    asked = {"prompt": "a lake", "aspect_ratio": "3:2", "num_images": 1, "styling": {}, "size": None, **params}
    order = Order(job_id="j", step=0, feature="image_generation", params=asked, prompt="a lake", seed=5, seconds=300)
    try:
        return await engine.run(order, tell=heard.append, tasks=NoTasks())
    finally:
        await engine.aclose()


@pytest.mark.anyio
async def test_the_model_in_the_folder_paints(model: Path, tmp_path: Path) -> None:
    heard: list[float] = []

    made = await painted(model, tmp_path, heard, num_images=2)

    assert made.model == "tiny-painter"
    assert made.seeds == [5, 6]
    first, second = (decode(picture.data)[0] for picture in made.pictures)
    assert first.shape == (24, 40, 3)
    assert np.abs(first.astype(int) - second).mean() > 1
    assert b"trainedAlgorithmicMedia" in made.pictures[0].data
    assert made.details["steps"] == 3


@pytest.mark.anyio
async def test_the_same_seed_paints_the_same_and_a_size_is_exact(model: Path, tmp_path: Path) -> None:
    one = await painted(model, tmp_path, [], size="300x200")
    two = await painted(model, tmp_path, [], size="300x200")

    assert (one.pictures[0].width, one.pictures[0].height) == (300, 200)
    assert one.pictures[0].data == two.pictures[0].data


def test_a_folder_without_a_model_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="model_index"):
        OwnModelEngine(WorkerPool(1, str(tmp_path)), tmp_path)
