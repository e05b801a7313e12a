"""The one thing that must always work: a conversation becomes pictures, and every picture is in the gallery once."""

from __future__ import annotations

from .support import Person, is_grey


def test_a_conversation_becomes_pictures_and_each_is_in_the_gallery_once(person: Person, photo: bytes) -> None:
    session = person.session()

    sunset = person.ask(session, "Create a sunset over mountains, 16:9")

    assert sunset["status"] == "DONE", sunset
    assert sunset["intent"] == "image_generation"
    assert sunset["plan"][0]["feature"] == "image_generation"
    assert sunset["refined_prompt"]["prompt"]
    landscape = person.load(sunset["image_url"])
    assert abs(landscape.width / landscape.height - 16 / 9) < 0.02
    assert not is_grey(landscape)

    grey = person.ask(session, "now make it black and white")

    assert grey["status"] == "DONE", grey
    assert grey["intent"] == "adjust"
    grey_picture = person.load(grey["image_url"])
    assert is_grey(grey_picture)
    assert grey_picture.size == landscape.size

    cut_out = person.ask(session, "remove the background", image_file=photo)

    assert cut_out["status"] == "DONE", cut_out
    assert cut_out["intent"] == "remove_background"
    alpha = person.load(cut_out["image_url"]).convert("RGBA").getchannel("A").getextrema()
    assert alpha == (0, 255)

    rows = person.gallery_of(3)
    assert {row["image_url"] for row in rows} == {told["image_url"] for told in (sunset, grey, cut_out)}
    assert len(rows) == 3
    assert all(row["image_id"] == row["id"] and {"prompt", "refined_prompt"} <= row.keys() for row in rows)


def test_undo_goes_back_to_the_picture_before(person: Person) -> None:
    session = person.session()
    first = person.ask(session, "Create a mountain lake")
    second = person.ask(session, "make it black and white")
    assert (first["status"], second["status"]) == ("DONE", "DONE"), (first, second)

    undone = person.ask(session, "undo")

    assert undone["status"] == "DONE", undone
    assert undone["intent"] == "undo"
    assert undone["image_url"] == first["image_url"]
    assert len(person.gallery_of(2)) == 2


def test_several_wishes_in_one_message_run_in_order(person: Person, photo: bytes) -> None:
    session = person.session()

    told = person.ask(session, "remove the background, then make it black and white", image_file=photo)

    assert told["status"] == "DONE", told
    assert [step["feature"] for step in told["plan"]] == ["remove_background", "adjust"]
    assert all(step["image_url"] for step in told["plan"])
    assert person.load(told["image_url"]).mode in ("RGBA", "LA")
    assert len(person.gallery_of(2)) == 2


def test_small_talk_gets_a_friendly_answer_and_no_picture(person: Person) -> None:
    session = person.session()

    told = person.ask(session, "thank you!")

    assert (told["status"], told["intent"], told["image_url"]) == ("DONE", "chat", None)
    assert told["content"]
    assert person.gallery() == []


def test_a_picture_of_the_studio_sent_with_a_greeting_is_the_one_that_is_edited_next(person: Person, photo: bytes) -> None:
    stored = person.http.post("/v1/files/", files={"file": ("photo.jpg", photo, "image/jpeg")}).json()["result"]["url"]
    session = person.session()

    greeted = person.ask(session, "hello!", image_url=stored)
    edited = person.ask(session, "make it black and white")
    undone = person.ask(session, "undo")

    assert greeted["intent"] in ("chat", "clarify"), greeted
    assert edited["status"] == "DONE", edited
    assert undone["image_url"].split("?")[0] == stored.split("?")[0]


def test_an_edit_without_a_picture_says_what_is_missing(person: Person) -> None:
    session = person.session()

    told = person.ask(session, "remove the background")

    assert told["status"] == "FAILED", told
    assert told["error"]["type"].endswith("/needs-image")


def test_vietnamese_is_understood(person: Person, photo: bytes) -> None:
    session = person.session()

    told = person.ask(session, "xóa phông nền giúp mình", image_file=photo)

    assert (told["status"], told["intent"]) == ("DONE", "remove_background"), told


def test_the_history_tells_the_conversation_oldest_first(person: Person) -> None:
    session = person.session()
    person.ask(session, "hello")

    found = person.http.get(f"/api/v1/chat/sessions/{session}/messages/", params={"userId": person.user_id})

    assert found.status_code == 200
    assert [message["role"] for message in found.json()["result"]] == ["user", "assistant"]
    listed = person.http.get("/v1/chat/sessions", params={"user_id": person.user_id}).json()
    assert [one["session_id"] for one in listed["result"]] == [session]


def test_trash_and_restore_and_permanent(person: Person, photo: bytes) -> None:
    made = person.feature("remove-background", image_file=photo)
    assert made.status_code == 200, made.text
    row = person.gallery_of(1)[0]
    path, query = f"/v1/gallery/{row['id']}/", {"user_id": person.user_id}

    assert person.http.delete(path, params=query).status_code == 200
    assert person.gallery() == []
    trash = person.http.get("/v1/gallery/deleted/", params=query).json()["result"]
    assert [one["id"] for one in trash] == [row["id"]]
    assert person.http.post(f"{path}restore/", params=query).status_code == 200
    assert len(person.gallery()) == 1

    assert person.http.delete(f"{path}permanent/", params=query).status_code == 200
    assert person.http.get(path, params=query).status_code == 404
