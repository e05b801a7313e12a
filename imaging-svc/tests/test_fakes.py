"""Does the Freepik fake refuse what the official description refuses?  A fake that takes everything proves nothing."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from fakes.freepik import FakeFreepik
from fakes.magnific import POSTED, wrong_params
from fakes.serving import png, serve

PICTURE = base64.b64encode(png(300, 260)).decode()
SMALL = base64.b64encode(png(40, 40)).decode()
UPSCALE = "/v1/ai/image-upscaler-precision-v2"


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/v1/ai/mystic", {"prompt": 5}, "prompt"),
        ("/v1/ai/mystic", {"resolution": "8k"}, "resolution"),
        ("/v1/ai/mystic", {"aspect_ratio": "16:9"}, "aspect_ratio"),
        ("/v1/ai/mystic", {"model": "fluid", "aspect_ratio": "horizontal_2_1"}, "aspect_ratio"),
        ("/v1/ai/mystic", {"styling": {"colors": [{"color": "#ff0000", "weight": 1}]}}, "styling.colors.0.color"),
        ("/v1/ai/mystic", {"style_reference": f"data:image/png;base64,{PICTURE}"}, "style_reference"),
        ("/v1/ai/mystic", {"colour": "red"}, "colour"),
        (UPSCALE, {}, "image"),
        (UPSCALE, {"image": PICTURE, "scale_factor": 17}, "scale_factor"),
        (UPSCALE, {"image": PICTURE, "sharpen": 101}, "sharpen"),
        (UPSCALE, {"image": PICTURE, "sharpen": 7.5}, "sharpen"),
        (UPSCALE, {"image": base64.b64encode(b"no picture").decode()}, "image"),
        ("/v1/ai/image-upscaler", {"image": PICTURE, "scale_factor": 2}, "scale_factor"),
        ("/v1/ai/image-upscaler", {"image": PICTURE, "creativity": 11}, "creativity"),
        ("/v1/ai/image-relight", {"image": PICTURE, "style": "dramatic"}, "style"),
        (
            "/v1/ai/image-relight",
            {"image": PICTURE, "transfer_light_from_reference_image": PICTURE, "transfer_light_from_lightmap": PICTURE},
            "transfer_light_from_lightmap",
        ),
        ("/v1/ai/image-style-transfer", {"image": PICTURE}, "reference_image"),
        ("/v1/ai/image-expand/flux-pro", {"image": SMALL, "left": 5}, "image"),
        ("/v1/ai/image-expand/flux-pro", {"image": PICTURE, "left": 2049}, "left"),
        ("/v1/ai/text-to-image/seedream-v4-5-edit", {"prompt": "x", "reference_images": []}, "reference_images"),
        ("/v1/ai/text-to-image/seedream-v4-5-edit", {"prompt": "x" * 4097, "reference_images": [PICTURE]}, "prompt"),
        ("/v1/ai/ideogram-image-edit", {"prompt": "x", "image": PICTURE}, "mask"),
    ],
)
def test_what_the_description_refuses_is_named(path: str, body: dict[str, Any], named: str) -> None:
    assert named in [fault["name"] for fault in wrong_params(path, body)]


def test_every_path_we_call_is_described() -> None:
    from imaging_svc.engines.freepik import asking

    called = {value for name, value in vars(asking).items() if name.isupper() and isinstance(value, str) and value.startswith("/v1/")}

    assert called - set(POSTED) == {asking.CUT_OUT}


async def test_the_key_the_content_type_and_the_address_are_checked() -> None:
    fake = FakeFreepik(nested_problems=True)

    async with serve(fake.app) as url, aiohttp.ClientSession() as session:
        keyed = {fake.key_header: fake.key}
        async with (
            session.post(f"{url}{UPSCALE}", json={}) as missing,
            session.post(f"{url}{UPSCALE}", json={}, headers={**keyed, fake.key_header: "x"}) as wrong,
        ):
            said = [(await answer.json())["message"] for answer in (missing, wrong)]
        async with session.post(f"{url}{UPSCALE}", data=b'{"image": "x"}', headers={**keyed, "Content-Type": "text/plain"}) as ignored:
            problem = await ignored.json(content_type=None)
        async with session.post(f"{url}/v1/ai/mystic", data=b"{}", headers={**keyed, "Content-Type": "text/plain"}) as billed:
            assert billed.status == 200, "with another content type the body is ignored, and a random picture is billed"
        async with session.get(fake.address(url, "x").replace("hmac=", "hmac=0")) as forged:
            assert forged.status == 403

    assert said == ["Missing API key", "Invalid API key"]
    assert [fault["name"] for fault in problem["problem"]["invalid_params"]] == ["image"]
    assert fake.charges == 1
    assert not any(fake.key in str(seen.headers) for seen in fake.seen)
