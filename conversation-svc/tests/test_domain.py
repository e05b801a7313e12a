from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from conversation_svc.domain import Session, SessionPicture, Turn, decode_picture, mark_of, title_of, undo_mark
from conversation_svc.undoing import undo
from photofun_common.contracts.prompt import PlannedStep, UndoTarget
from photofun_common.errors import InvalidError, TooLargeError
from photofun_common.plans import checked_plan

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def session(count: int, current: str | None = None) -> Session:
    pictures = tuple(
        SessionPicture(image_id=f"p{number}", key=f"k{number}", kind="result", message_id="m", rank=number, step=0)
        for number in range(1, count + 1)
    )
    return Session(session_id="s", user_id="ann", title=None, created_at=NOW, updated_at=NOW, pictures=pictures, current=current)


async def no_turn(_: str) -> Turn | None:
    return None


@pytest.mark.parametrize(
    ("current", "target", "leads_to", "stays"),
    [
        ("p3", None, "p2", False),
        ("p3", UndoTarget(steps=2), "p1", False),
        ("p3", UndoTarget(steps=5), "p1", True),
        ("p1", UndoTarget(steps=1), "p1", True),
        ("p1", UndoTarget(steps=-1), "p2", False),
        ("p3", UndoTarget(steps=-1), "p3", True),
        ("p3", UndoTarget(position=2), "p2", False),
        ("p1", UndoTarget(position=-1), "p3", False),
        ("p2", UndoTarget(position=9), "p2", True),
        ("p2", UndoTarget(position=0), "p2", True),
        ("fell-off", UndoTarget(steps=1), "p2", False),
    ],
)
async def test_undo_leads_to_the_picture_that_was_meant(current: str, target: UndoTarget | None, leads_to: str, stays: bool) -> None:
    moved = await undo(session(3, current), target, "en", turn_of=no_turn)

    assert moved.picture is not None
    assert moved.picture.image_id == leads_to
    assert moved.words is not None
    assert ("back to picture" not in moved.words) is stays


async def test_undo_without_pictures_says_what_to_do_in_the_persons_language() -> None:
    english = await undo(session(0), None, "en", turn_of=no_turn)
    vietnamese = await undo(session(0), None, "vi", turn_of=no_turn)

    assert english.words != vietnamese.words
    assert vietnamese.picture is None


def test_what_comes_later_in_the_conversation_has_the_higher_mark() -> None:
    assert mark_of(1, -1) < mark_of(1, 0) < mark_of(1, 7) < undo_mark(1) < mark_of(2, -1)


def test_a_title_is_short_and_cut_between_words() -> None:
    assert title_of("  Make   it\nblue ") == "Make it blue"
    long = title_of("word " * 40)
    assert len(long) <= 60
    assert long.endswith("word…")
    assert len(title_of("x" * 200)) == 60


def test_base64_is_read_with_and_without_a_data_uri_and_padding() -> None:
    data = b"\xfb\xff\xfe picture"
    bare = base64.b64encode(data).decode()

    assert decode_picture(bare) == data
    assert decode_picture(bare.rstrip("=")) == data
    assert decode_picture(f"data:image/png;base64,{bare}") == data
    assert decode_picture(base64.urlsafe_b64encode(data).decode()) == data


def test_base64_that_is_empty_wrong_or_too_large_is_refused() -> None:
    for text in ("", "data:image/png;base64,", "data:image/png,abc", "*", "a"):
        with pytest.raises(InvalidError):
            decode_picture(text)
    with pytest.raises(TooLargeError):
        decode_picture("A" * (15 * 2**20))


def test_an_edited_plan_is_held_against_the_declarations() -> None:
    [step] = checked_plan([PlannedStep(feature="upscale", params={"scale_factor": 4})])
    assert step.params == {"scale_factor": 4}

    for feature, params in (("undo", {}), ("nope", {}), ("upscale", {"scale_factor": 3}), ("upscale", {"size": 2})):
        with pytest.raises(InvalidError):
            checked_plan([PlannedStep(feature=feature, params=params)])
    for count in (0, 9):
        with pytest.raises(InvalidError):
            checked_plan([PlannedStep(feature="remove_background")] * count)
