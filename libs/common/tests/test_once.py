"""Does the same call get the same id?"""

from __future__ import annotations

from uuid import UUID

from photofun_common.once import id_of_call


def test_the_same_call_gets_the_same_id_and_any_other_another() -> None:
    assert id_of_call("call", "session", "user") == id_of_call("call", "session", "user")
    assert (
        len({id_of_call("call", "session", "user"), id_of_call("call", "session", "other"), id_of_call("call 2", "session", "user")}) == 3
    )


def test_a_call_without_a_name_gets_a_new_id_each_time() -> None:
    assert id_of_call(None, "user") != id_of_call(None, "user")


def test_the_ids_look_like_all_others() -> None:
    made = id_of_call("call", "user")

    assert UUID(made).version == 4
    assert UUID(made).hex == made
