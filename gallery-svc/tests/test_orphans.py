"""What the gallery answers to whoever compares files with rows."""

from __future__ import annotations

from typing import Any

from gallery_svc.answers import answers_of
from photofun_common.contracts.files import AfterQuestion, Keys
from photofun_common.contracts.gallery import ImagePurged
from pydantic import BaseModel

from .conftest import Studio


async def _ask(studio: Studio, subject: str, question: BaseModel) -> list[str]:
    answer: Any = await answers_of(studio.context.services)[subject](question.model_dump_json().encode())
    return list(answer.keys)


async def test_rows_know_their_files_and_what_they_were_made_of(studio: Studio) -> None:
    original, going = f"{'a' * 40}.jpg", f"{'b' * 40}.png"
    fact = studio.fact(parent_key=original, parent_id="x")
    gone = studio.fact(key=going)
    await studio.tell(fact, gone)
    studio.bus.is_connected = False
    await studio.client.delete(f"/v1/gallery/{gone.picture.image_id}/permanent")

    known = await _ask(studio, "rpc.gallery.known_files", Keys(keys=[fact.picture.key, original, gone.picture.key, f"{'c' * 40}.png"]))

    assert set(known) == {fact.picture.key, original, gone.picture.key}


async def test_all_files_of_rows_are_told_page_by_page(studio: Studio) -> None:
    facts = [studio.fact() for _ in range(5)]
    await studio.tell(*facts)

    pages: list[list[str]] = []
    while page := await _ask(studio, "rpc.gallery.files", AfterQuestion(after=pages[-1][-1] if pages else "", limit=2)):
        pages.append(page)

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [key for page in pages for key in page] == sorted(fact.picture.key for fact in facts)


async def test_rows_without_their_file_go_for_good(studio: Studio) -> None:
    lost, kept = studio.fact(), studio.fact()
    await studio.tell(lost, kept)

    await _ask(studio, "rpc.gallery.forget_files", Keys(keys=[lost.picture.key]))
    await studio.context.services.upkeep.relay()
    await studio.tell(lost)

    assert await studio.ids() == [kept.picture.image_id]
    assert [fact.key for fact in studio.bus.of(ImagePurged)] == [lost.picture.key]
