"""Does a gallery behave like its model, whatever happens in which order, twice, late, or all at once?

What happens at the same time must end as if it had happened in some order, for each picture.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import permutations
from typing import Any, Literal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from photofun_common.contracts.conversation import SessionDeleted
from photofun_common.contracts.gallery import ImagePurged
from photofun_common.contracts.imaging import ImageReady

from .conftest import Studio

SIZE = 4
IN_SESSION = (0, 1)
State = Literal["unknown", "live", "trash", "gone"]
Deed = tuple[str, int]
SINGLE = ("tell", "trash", "restore", "permanent", "bulk trash", "bulk restore", "bulk purge", "bulk force")
WHOLE = ("purge all", "restore all", "session", "sweep")
deeds = st.one_of(st.tuples(st.sampled_from(SINGLE), st.integers(0, SIZE - 1)), st.tuples(st.sampled_from(WHOLE), st.just(-1)))


def after(state: State, deed: str, *, session_gone: bool) -> State:
    """The rule of one picture."""
    if deed == "tell":
        return state if state != "unknown" else "trash" if session_gone else "live"
    if state in ("unknown", "gone"):
        return state
    if deed in ("trash", "bulk trash", "session"):
        return "trash"
    if deed in ("restore", "bulk restore", "restore all"):
        return "live"
    if deed in ("permanent", "bulk force"):
        return "gone"
    return "gone" if state == "trash" else state  # bulk purge, purge all, sweep


def endings(state: State, done: list[str], *, session_gone: bool) -> set[State]:
    """Where a picture may end when these happen at the same time: in any order, and what acts on the whole trash may miss it."""
    found: set[State] = set()
    optional = [deed for deed in done if deed in ("purge all", "restore all", "sweep")] if len(done) > 1 else []
    for kept in ([*[deed for deed in done if deed not in optional], *some] for some in _subsets(optional)):
        for order in permutations(kept):
            now, gone = state, session_gone
            for deed in order:
                if deed == "session" and gone:
                    continue
                now = after(now, deed, session_gone=gone)
                gone = gone or deed == "session"
            found.add(now)
    return found


def _subsets(items: list[str]) -> list[list[str]]:
    return [[item for bit, item in enumerate(items) if mask >> bit & 1] for mask in range(2 ** len(items))]


class Gallery(RuleBasedStateMachine):
    """The gallery of a new person beside its model."""

    runs = 0

    def __init__(self, studio: Studio, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.studio, self.loop = studio, loop

    def wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    @initialize()
    def begin(self) -> None:
        Gallery.runs += 1
        self.user = f"person-{Gallery.runs}"
        self.session = f"session-{Gallery.runs}"
        self.facts: list[ImageReady] = [
            self.studio.fact(self.user, session_id=self.session if at in IN_SESSION else None) for at in range(SIZE)
        ]
        self.states: list[State] = ["unknown"] * SIZE
        self.session_gone = False

    @rule(deed=deeds)
    def one(self, deed: Deed) -> None:
        self.happen([deed])

    @rule(many=st.lists(deeds, min_size=2, max_size=4))
    def at_once(self, many: list[Deed]) -> None:
        self.happen(many)

    @rule(at=st.integers(0, SIZE - 1), times=st.integers(2, 4))
    def told_again(self, at: int, times: int) -> None:
        self.happen([("tell", at)] * times)

    def happen(self, many: list[Deed]) -> None:
        """Do these at the same time; the model learns which of the allowed ends it was."""
        self.wait(self._together(many))
        seen = self.wait(self._look())
        for at in range(SIZE):
            mine = [deed for deed, where in many if where in (at, -1) and (deed != "session" or at in IN_SESSION)]
            session_gone = self.session_gone and at in IN_SESSION
            allowed = endings(self.states[at], mine, session_gone=session_gone) if mine else {self.states[at]}
            told = self.states[at] != "unknown" or "tell" in mine
            state: State = seen.get(self.facts[at].picture.image_id, "gone" if told else "unknown")
            assert state in allowed or (state == "gone" and "unknown" in allowed and not told), (at, self.states[at], mine, state, allowed)
            self.states[at] = state
        self.session_gone = self.session_gone or any(deed == "session" for deed, _ in many)

    @invariant()
    def lists_hold_each_picture_once(self) -> None:
        live, trash = self.wait(self._lists())
        assert len(set(live) | set(trash)) == len(live) + len(trash)

    def teardown(self) -> None:
        if not hasattr(self, "states"):
            return
        self.wait(self._relay())
        told = {fact.key for fact in self.studio.bus.of(ImagePurged) if fact.user_id == self.user}
        assert told == {fact.picture.key for fact, state in zip(self.facts, self.states, strict=True) if state == "gone"}

    # --- the real thing

    async def _together(self, many: list[Deed]) -> None:
        statuses = await asyncio.gather(*(self._do(deed, at) for deed, at in many))
        assert set(statuses) <= {200, 400, 404}, statuses

    async def _do(self, deed: str, at: int) -> int:
        client, services, user = self.studio.client, self.studio.context.services, {"user_id": self.user}
        if deed == "tell":
            await self.studio.tell(self.facts[at])
            return 200
        if deed == "session":
            await self.studio.tell(SessionDeleted(job_id=self.session, user_id=self.user, session_id=self.session, images="trash"))
            return 200
        if deed == "sweep":
            await services.upkeep.sweep()
            return 200
        if deed.endswith(" all"):
            answer = await client.post("/v1/gallery/bulk", json={"action": deed.split()[0], "all": True, **user})
            return int(answer.status_code)
        path = f"/v1/gallery/{self.facts[at].picture.image_id}"
        if deed.startswith("bulk"):
            force = deed == "bulk force"
            body = {"action": "purge" if force else deed.split()[1], "ids": [path.rsplit("/", 1)[1]], "force": force, **user}
            return int((await client.post("/v1/gallery/bulk", json=body)).status_code)
        if deed == "restore":
            return int((await client.post(f"{path}/restore", json=user)).status_code)
        return int((await client.delete(path + ("/permanent" if deed == "permanent" else ""), params=user)).status_code)

    async def _lists(self) -> tuple[list[str], list[str]]:
        return await self.studio.ids("", self.user), await self.studio.ids("/deleted", self.user)

    async def _look(self) -> dict[str, State]:
        live, trash = await self._lists()
        return {**dict.fromkeys(live, "live"), **dict.fromkeys(trash, "trash")}

    async def _relay(self) -> None:
        while await self.studio.context.services.upkeep.relay():
            pass


async def test_any_interleaving_of_deeds_and_repeats_ends_as_the_model_says(studio: Studio) -> None:
    upkeep, loop = studio.context.services.upkeep, asyncio.get_running_loop()
    clock = upkeep._clock
    upkeep._clock = lambda: clock() + timedelta(days=31)
    options = settings(max_examples=12, stateful_step_count=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))

    await asyncio.to_thread(run_state_machine_as_test, lambda: Gallery(studio, loop), settings=options)
