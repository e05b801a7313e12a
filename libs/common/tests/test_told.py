"""Is each step told in words that say what it does?"""

from __future__ import annotations

from typing import Any

import pytest
from photofun_common.contracts.features import features
from photofun_common.contracts.prompt import PlannedStep
from photofun_common.told import told_plan, told_step

CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("adjust", {"operations": [{"op": "warmth", "amount": -12}]}, "cooler (−12)", "lạnh hơn (−12)"),
    ("adjust", {"operations": [], "output_format": "jpeg"}, "saved as JPEG", "lưu thành JPEG"),
    (
        "adjust",
        {"operations": [{"op": "rotate", "degrees": -15.0}, {"op": "crop", "aspect_ratio": "1:1"}]},
        "rotated 15° counterclockwise, cropped to 1:1",
        "xoay 15° sang trái, cắt theo 1:1",
    ),
    (
        "adjust",
        {"operations": [{"op": "text", "text": "Hi", "position": "top", "color": "#ff0000", "size": 40}]},
        "“Hi” written at the top, red, 40 px",
        "chữ “Hi” ở trên, màu đỏ, 40 px",
    ),
    ("remove_background", {}, "background removed", "xóa phông nền"),
    ("remove_background", {"background_color": "#008080"}, "background changed to teal", "đổi phông thành màu xanh mòng két"),
    ("remove_background", {"background_color": "#123456"}, "background changed to #123456", "đổi phông thành màu #123456"),
    ("upscale", {"scale_factor": 4, "output_format": "webp"}, "4 times as large, saved as WEBP", "phóng to 4 lần, lưu thành WEBP"),
    ("image_expand", {"left": 9, "right": 9, "top": 9, "bottom": 9}, "expanded: 9 px on every side", "mở rộng: 9 px mọi phía"),
    ("image_generation", {"prompt": "x", "num_images": 3}, "3 new pictures drawn: “x”", "vẽ 3 bức ảnh mới: “x”"),
]


@pytest.mark.parametrize(("feature", "params", "english", "vietnamese"), CASES)
def test_a_step_is_told_in_both_languages(feature: str, params: dict[str, Any], english: str, vietnamese: str) -> None:
    step = PlannedStep(feature=feature, params=params)

    assert told_step(step, "en") == english
    assert told_step(step, "vi") == vietnamese


def test_every_feature_has_words_with_no_parameters_at_all() -> None:
    assert all(
        told_step(PlannedStep(feature=feature.id), language) or feature.id == "adjust"
        for feature in features()
        for language in ("en", "vi")
    )


def test_a_plan_is_told_in_order() -> None:
    steps = [PlannedStep(feature="remove_background"), PlannedStep(feature="upscale", params={"scale_factor": 2})]

    assert told_plan(steps, "en") == "background removed, then 2 times as large"
    assert told_plan(steps, "vi") == "xóa phông nền, rồi phóng to 2 lần"
