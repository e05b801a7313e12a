"""Are Vietnamese wishes said in English for the engines that know nothing else?"""

from __future__ import annotations

import pytest
from photofun_common.contracts.features import features
from photofun_common.contracts.prompt import PlannedStep
from prompt_svc.domain import Plan
from prompt_svc.english import in_english
from prompt_svc.planners.offline.english import english_of

WISHES = [
    ("đội cho anh ấy chiếc mũ đỏ", "put a red hat on him"),
    ("Đội cho anh ấy một chiếc mũ màu đỏ nhé", "put a red hat on him"),
    ("doi cho anh ay chiec mu do", "put a red hat on him"),
    ("cho anh ấy mặc áo vest đen", "put a black suit on him"),
    ("đeo kính râm cho cô ấy", "put sunglasses on her"),
    ("Xóa những người phía sau", "remove the people in the background"),
    ("Thay bầu trời bằng đêm đầy sao", "replace sky with starry night"),
    ("thêm một con mèo trắng ngồi bên cạnh", "add a white cat sitting next to"),
    ("ánh nắng chiếu qua cửa sổ", "sunlight shining through window"),
    ("Tạo cảnh hoàng hôn trên núi, 16:9", "create scene sunset on mountains, 16:9"),
    ("cô gái mặc áo dài đứng bên hồ sen", "girl wearing ao dai standing beside lotus pond"),
    ("làm ánh sáng ấm hơn", "make light warmer"),
    ("đổi màu tóc thành màu bạch kim", "change color of hair into platinum"),
    ("chú mèo trên mặt trăng, cat, moon, soft light", "cat on moon, cat, moon, soft light"),
    ("con rong bay tren thanh pho, cat, dragon", "dragon flying on city, cat, dragon"),
    ('thêm chữ "Xin chào" trên tường', 'add text "Xin chào" on wall'),
]


@pytest.mark.parametrize(("said", "english"), WISHES)
def test_a_wish_is_said_in_english_order(said: str, english: str) -> None:
    assert english_of(said) == english


@pytest.mark.parametrize("said", ["put a red hat on him", "a boat", "16:9", "", "???"])
def test_english_and_nothing_stay_as_they_are(said: str) -> None:
    assert english_of(said) is None


@pytest.mark.parametrize(
    "phrase", [phrase for feature in features() if "prompt" in feature.params.model_fields for phrase in feature.examples_vi]
)
def test_most_words_of_the_declared_examples_are_known(phrase: str) -> None:
    said = english_of(phrase)

    assert said is not None
    foreign = [word for word in said.split() if not word.isascii()]
    assert len(foreign) <= len(said.split()) / 4, said


def test_unknown_words_are_never_lost() -> None:
    assert english_of("thêm chiếc mũ của Nguyễn Văn Zorp") == "add hat of Nguyễn Văn Zorp"


def test_a_plans_prompts_get_their_english_and_a_planners_own_stays() -> None:
    steps = (
        PlannedStep(feature="edit", params={"prompt": "xóa logo"}),
        PlannedStep(feature="edit", params={"prompt": "xóa logo"}, english="take the logo away"),
        PlannedStep(feature="upscale", params={}),
    )

    plan = in_english(Plan("edit", 0.9, "vi", steps, refined_prompt="xóa logo"))

    assert [step.english for step in plan.steps] == ["remove logo", "take the logo away", None]
    assert plan.english == "remove logo"
