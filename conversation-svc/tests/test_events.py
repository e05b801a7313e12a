from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conversation_svc.events import HANDLERS, given_up
from photofun_common.bus import subscriptions_of
from photofun_common.contracts.conversation import MessageReceived, PlanApproved, SaidQuestion
from photofun_common.contracts.envelope import Event
from photofun_common.contracts.erasure import SessionsErased
from photofun_common.contracts.flow import facts_of
from photofun_common.contracts.gallery import UserErased
from photofun_common.contracts.imaging import ImageReady, JobFinished, SourceStored
from photofun_common.contracts.jobs import JobRecord, StepRecord
from photofun_common.contracts.prompt import Choice, PlanFailed, PlanMetadata, PlannedStep, PlanReady, ReplyReady, UndoTarget
from photofun_common.contracts.values import Picture, PictureRef, ProblemData
from photofun_common.jobs import with_event

TABLE = {subscription.fact: subscription.handler for subscription in subscriptions_of(HANDLERS)}
META = PlanMetadata(model="offline", provider="offline", processing_time=0.01)
NEEDS_IMAGE = ProblemData(slug="needs-image", title="A picture is needed", status=422, detail="Send a picture first", code=4000)
STEPS = [PlannedStep(feature="remove_background"), PlannedStep(feature="upscale", params={"scale_factor": 2})]


def picture(name: str) -> Picture:
    return Picture(image_id=f"id-{name}", key=name * 32 + ".png", width=64, height=48, content_type="image/png", has_alpha=True)


class Others:
    """What prompt-svc and imaging-svc tell about one message."""

    def __init__(self, talk: Any, mid: str, *, attempt: int = 1) -> None:
        self.talk, self.mid, self.attempt = talk, mid, attempt
        self.ids = {"job_id": mid, "user_id": "ann", "session_id": talk.sid}

    async def tell(self, *facts: Any) -> None:
        for fact in facts:
            event = Event[Any](id="e", type=fact.subject, job_id=fact.job_id, user_id=fact.user_id, data=fact)
            await TABLE[type(fact)](self.talk.context.conversations, event)

    def plan(self, steps: list[PlannedStep] | None = None, **changes: Any) -> PlanReady:
        steps = steps or STEPS
        fields = {
            "attempt": self.attempt, "prompt": "p", "refined_prompt": "refined", "intent": steps[0].feature, "confidence": 0.9,
            "plan": steps, "metadata": META, "deadline": datetime.now(UTC) + timedelta(seconds=60),
        }  # fmt: skip
        return PlanReady(**self.ids, **{**fields, **changes})

    def image(self, step: int, name: str, index: int = 0) -> ImageReady:
        return ImageReady(
            **self.ids, step=step, index=index, picture=picture(name), feature=STEPS[step % 2].feature, provider="local", model="m",
            created_at=datetime.now(UTC),
        )  # fmt: skip

    def finished(self, status: Any = "COMPLETED", *names: str, **changes: Any) -> JobFinished:
        steps = [{"feature": step.feature, "status": "COMPLETED" if status == "COMPLETED" else status} for step in STEPS]
        fields = {
            "kind": "chat", "attempt": self.attempt, "status": status, "pictures": [picture(name) for name in names], "steps": steps,
            "provider": "local", "model": "span", "finished_at": datetime.now(UTC),
        }  # fmt: skip
        return JobFinished(**self.ids, **{**fields, **changes})

    def source(self, name: str, role: Any = "picture") -> SourceStored:
        return SourceStored(**self.ids, role=role, picture=picture(name))

    def reply(self, intent: Any = "chat", reply: str = "Hello!", **more: Any) -> ReplyReady:
        return ReplyReady(**self.ids, attempt=self.attempt, intent=intent, confidence=0.9, reply=reply, metadata=META, **more)

    def failed(self) -> PlanFailed:
        return PlanFailed(**self.ids, attempt=self.attempt, problem=NEEDS_IMAGE)

    async def record(self, change: Callable[[JobRecord], JobRecord]) -> None:
        await self.talk.context.doors.jobs.change(self.mid, change)


@pytest.fixture
def say(talk: Any) -> Callable[..., Awaitable[Others]]:
    async def said(text: str, **fields: Any) -> Others:
        if not talk.sid:
            await talk.start()
        return Others(talk, await talk.say(text, **fields))

    return said


def test_it_listens_to_its_row_of_the_flow() -> None:
    assert frozenset(TABLE) == facts_of("conversation-svc")


async def test_what_the_local_engine_could_not_draw_is_said_with_what_would_help(talk: Any, say: Any) -> None:
    others = await say("a cat on a beach")
    steps = [PlannedStep(feature="image_generation", params={"prompt": "a cat on a beach"})]

    await others.tell(
        others.plan(steps),
        others.finished(
            "COMPLETED", "a", steps=[{"feature": "image_generation", "status": "COMPLETED"}], metadata={"ignored_terms": ["cat"]}
        ),
    )

    content = (await talk.poll(others.mid))["content"]
    assert "could not draw: cat" in content
    assert "GEMINI_API_KEY" in content


async def test_every_order_of_events_ends_in_the_same_message_and_pictures(talk: Any, say: Any) -> None:
    await talk.start()
    seen = []
    for order in itertools.permutations(range(4)):
        talk.sid = ""
        others = await say("remove the background, then upscale it")
        facts = [others.plan(), others.image(0, "a"), others.image(1, "b"), others.finished("COMPLETED", "b")]

        await others.tell(*(facts[number] for number in order), *(facts[number] for number in order))

        polled, session = await talk.poll(others.mid), await talk.session()
        plan = [(step["status"], step["image_url"]) for step in polled["plan"]]
        seen.append(
            (
                polled["status"],
                polled["content"],
                polled["image_url"],
                plan,
                [shown.image_id for shown in session.pictures],
                session.current,
            )
        )

    assert all(found == seen[0] for found in seen)
    status, content, image_url, plan, pictures, current = seen[0]
    assert status == "DONE"
    assert content == "Done: background removed, then 2 times as large."
    assert image_url == "http://studio.test/v1/files/" + "b" * 32 + ".png"
    assert [step for step, _ in plan] == ["COMPLETED", "COMPLETED"]
    assert pictures == ["id-a", "id-b"]
    assert current == "id-b"


async def test_a_finished_message_has_the_promised_shape(talk: Any, say: Any) -> None:
    others = await say("a sunset")
    await others.tell(others.plan(reply="Enjoy."), others.image(0, "a"), others.finished("COMPLETED", "a"))

    polled = await talk.poll(others.mid)

    assert polled["progress"] == 1.0
    assert polled["refined_prompt"]["prompt"] == "refined"
    assert polled["refined_prompt"]["metadata"] == {"model": "offline", "provider": "offline", "processing_time": 0.01}
    assert polled["image"]["image_url"] == polled["image_url"]
    assert polled["image"]["metadata"]["provider"] == "local"
    assert polled["content"] == "Done: background removed, then 2 times as large."
    assert "error" not in polled


async def test_the_next_message_edits_the_newest_picture_as_soon_as_the_first_is_done(talk: Any, say: Any) -> None:
    first = await say("a sunset")
    await first.tell(first.finished("COMPLETED", "a"))

    await say("make it black and white")

    told = talk.bus.of(MessageReceived)[-1]
    assert told.picture == PictureRef(key="a" * 32 + ".png", image_id="id-a")
    assert [(shown.position, shown.current) for shown in told.pictures] == [(1, True)]
    assert [entry.role for entry in told.history] == ["user", "assistant"]


async def test_selected_messages_come_before_the_current_picture(talk: Any, say: Any) -> None:
    first = await say("a sunset")
    await first.tell(first.finished("COMPLETED", "a"))
    second = await say("a moon")
    await second.tell(second.finished("COMPLETED", "b"))

    await say("brighten", selected_messages=[first.mid])
    await say("relight", image_url="https://x.test/c.png", selected_messages=[first.mid])
    await say("relight", additional_images=["https://x.test/d.png", "https://x.test/e.png"])

    one, two, three = talk.bus.of(MessageReceived)[-3:]
    assert (one.picture.image_id, one.reference) == ("id-a", None)
    assert (two.picture.url, two.reference.image_id) == ("https://x.test/c.png", "id-a")
    assert (three.picture.url, three.reference.url) == ("https://x.test/d.png", "https://x.test/e.png")


async def test_a_stored_upload_joins_the_session_and_the_message(talk: Any, say: Any) -> None:
    others = await say("cut it out", image_url="https://x.test/c.png")

    await others.tell(others.source("u"), others.source("u"), others.source("r", "reference"))

    polled, session = await talk.poll(others.mid), await talk.session()
    assert [shown.image_id for shown in session.pictures] == ["id-u", "id-r"]
    assert session.current == "id-u"
    assert polled["uploaded_urls"][0].endswith("u" * 32 + ".png")


async def test_small_talk_is_done_without_a_picture(talk: Any, say: Any) -> None:
    others = await say("hello")

    await others.tell(others.finished("COMPLETED", steps=[]), others.reply(), others.reply(reply="again"))

    polled = await talk.poll(others.mid)
    assert (polled["status"], polled["intent"], polled["content"], polled["image_url"]) == ("DONE", "chat", "Hello!", None)


async def test_a_question_back_brings_choices(talk: Any, say: Any) -> None:
    others = await say("hmm")
    await others.tell(others.reply("clarify", "What shall I do?", choices=[Choice(label="Bigger", message="upscale it")]))

    assert (await talk.poll(others.mid))["choices"] == [{"label": "Bigger", "message": "upscale it"}]


async def test_undo_moves_the_current_picture_once_however_often_it_is_told(talk: Any, say: Any) -> None:
    for name in "abc":
        others = await say("a picture")
        await others.tell(others.image(0, name), others.finished("COMPLETED", name))
    back = await say("undo")

    fact = back.reply("undo", "Went back.", undo=UndoTarget(steps=1))
    await back.tell(fact, fact)

    assert (await talk.session()).current == "id-b"
    polled = await talk.poll(back.mid)
    assert polled["image_url"].endswith("b" * 32 + ".png")
    assert polled["content"] == "Done: back to picture 2 of 3."
    second = await say("back to the first one")
    await second.tell(second.reply("undo", "Here.", undo=UndoTarget(position=1)))
    third = await say("undo")
    await third.tell(third.reply("undo", "Went back.", undo=UndoTarget(steps=1)))
    assert (await talk.session()).current == "id-a"
    assert "first" in (await talk.poll(third.mid))["content"]


async def test_undo_after_going_back_leads_to_the_picture_that_was_edited(talk: Any, say: Any) -> None:
    for name in "ab":
        others = await say("a picture")
        await others.tell(others.image(0, name), others.finished("COMPLETED", name))
    back = await say("the first one was better")
    await back.tell(back.reply("undo", "Back.", undo=UndoTarget(position=1)))
    third = await say("make it bigger")
    await third.tell(third.image(0, "c"), third.finished("COMPLETED", "c"))

    undone = await say("undo")
    await undone.tell(undone.reply("undo", "Back.", undo=UndoTarget(steps=1)))

    assert (await talk.session()).current == "id-a"


async def test_undo_without_pictures_is_friendly(talk: Any, say: Any) -> None:
    others = await say("quay lại")
    await others.tell(others.reply("undo", "ok", language="vi", undo=UndoTarget(steps=1)))

    polled = await talk.poll(others.mid)
    assert (polled["status"], polled["image_url"]) == ("DONE", None)
    assert "Chưa có" in polled["content"]


async def test_a_late_picture_of_an_earlier_message_does_not_move_what_undo_chose(talk: Any, say: Any) -> None:
    first = await say("one")
    await first.tell(first.finished("COMPLETED", "a"))
    slow = await say("two")
    back = await say("undo")
    await back.tell(back.reply("undo", "Back.", undo=UndoTarget(position=1)))

    await slow.tell(slow.image(0, "b"), slow.finished("COMPLETED", "b"))

    session = await talk.session()
    assert session.current == "id-a"
    assert [shown.image_id for shown in session.pictures] == ["id-a", "id-b"]


async def test_a_plan_that_fails_ends_the_message_with_its_problem(talk: Any, say: Any) -> None:
    others = await say("upscale it")
    await others.tell(others.failed(), others.failed())

    polled = await talk.poll(others.mid)
    assert polled["status"] == "FAILED"
    assert polled["error"]["slug"] == "needs-image"
    assert "I need a picture for that" in polled["content"]


async def test_a_canceled_message_stays_canceled_and_still_keeps_its_pictures(talk: Any, say: Any) -> None:
    others = await say("two steps")
    await talk.call(others.mid, "cancel")

    await others.tell(others.finished("COMPLETED", "b"), others.image(0, "a"), others.reply())

    assert (await talk.poll(others.mid))["status"] == "CANCELED"
    assert {shown.image_id for shown in (await talk.session()).pictures} == {"id-a", "id-b"}


async def test_a_failed_step_keeps_the_earlier_picture(talk: Any, say: Any) -> None:
    others = await say("two steps")
    steps = [{"feature": "remove_background", "status": "COMPLETED"}, {"feature": "upscale", "status": "FAILED"}]
    await others.tell(others.plan(), others.image(0, "a"), others.finished("FAILED", problem=NEEDS_IMAGE, steps=steps))

    polled = await talk.poll(others.mid)
    assert [step["status"] for step in polled["plan"]] == ["COMPLETED", "FAILED"]
    assert polled["plan"][0]["image_url"]
    assert "kept" in polled["content"]


async def test_what_happens_to_a_deleted_message_or_session_is_ignored(talk: Any, say: Any) -> None:
    others = await say("one")
    await talk.client.delete(f"/v1/chat/sessions/{talk.sid}/messages/{others.mid}")
    await others.tell(others.plan(), others.source("u"), others.image(0, "a"), others.finished("COMPLETED", "a"), others.reply())
    assert (await talk.session()).pictures == ()

    gone = await say("two")
    await talk.client.delete(f"/v1/chat/sessions/{talk.sid}")
    await gone.tell(gone.plan(), gone.source("u"), gone.image(0, "a"), gone.finished("COMPLETED", "a"), gone.reply())
    assert await talk.session() is None


async def test_retry_counts_attempts_and_ignores_the_earlier_one(talk: Any, say: Any) -> None:
    others = await say("two steps")
    assert (await talk.call(others.mid, "retry")).status_code == 409
    await others.tell(others.failed())

    answer = await talk.call(others.mid, "retry")

    assert answer.status_code == 202
    assert answer.json()["result"]["attempt"] == 2
    assert talk.bus.of(MessageReceived)[-1].attempt == 2
    await others.tell(others.failed(), others.finished("FAILED"))
    polled = await talk.poll(others.mid)
    assert polled["status"] == "PROCESSING"
    assert "error" not in polled
    again = Others(talk, others.mid, attempt=2)
    await again.tell(again.plan(), again.image(0, "a"), again.finished("COMPLETED", "a"))
    assert (await talk.poll(others.mid))["status"] == "DONE"


async def test_retry_of_a_job_with_steps_keeps_the_finished_ones(talk: Any, say: Any) -> None:
    others = await say("two steps")
    await others.tell(others.plan(), others.image(0, "a"))
    done = StepRecord(feature="remove_background", status="COMPLETED", pictures=[picture("a")])
    failed = StepRecord(feature="upscale", params={"scale_factor": 2}, status="FAILED", problem=NEEDS_IMAGE)
    await others.record(lambda record: with_event(record, "end", "failed", status="FAILED", problem=NEEDS_IMAGE, steps=[done, failed]))
    await others.tell(others.finished("FAILED", problem=NEEDS_IMAGE))

    await talk.call(others.mid, "retry")

    [approved] = talk.bus.of(PlanApproved)
    assert (approved.attempt, [step.feature for step in approved.plan]) == (2, ["remove_background", "upscale"])
    record = await talk.context.doors.jobs.get(others.mid)
    assert (record.run, record.status, record.problem) == (2, "CREATED", None)
    assert [step.status for step in record.steps] == ["COMPLETED", "PENDING"]
    assert all(line.event != "end" for line in record.events)


def with_engines(record: JobRecord) -> JobRecord:
    """The waiting record as imaging-svc leaves it."""
    told = {"engine": "local", "estimated_seconds": 2.5}
    return record.model_copy(update={"steps": [step.model_copy(update={"metadata": told}) for step in record.steps]})


async def test_in_review_mode_the_plan_waits_for_the_person(talk: Any, say: Any) -> None:
    others = await say("two steps", mode="review")
    assert (await talk.call(others.mid, "approve")).status_code == 409
    await others.tell(others.plan(mode="review"))
    assert (await talk.poll(others.mid))["status"] == "AWAITING_APPROVAL"
    assert (await talk.context.doors.jobs.get(others.mid)).status == "AWAITING_APPROVAL"
    await talk.context.doors.jobs.change(others.mid, with_engines)
    shown = await talk.poll(others.mid)
    assert shown["content"] == "Here is the plan:\n1. background removed\n2. 2 times as large\nApprove it and I will start."
    assert [(step["engine"], step["estimated_seconds"]) for step in shown["plan"]] == [("local", 2.5), ("local", 2.5)]
    wrong = await talk.call(others.mid, "approve", {"plan": [{"feature": "fly", "params": {}}]})
    assert wrong.status_code == 422

    answer = await talk.call(others.mid, "approve", {"plan": [{"feature": "upscale", "params": {"scale_factor": 4}}]})
    await others.tell(others.plan(mode="review"))

    assert answer.status_code == 202
    [approved] = talk.bus.of(PlanApproved)
    assert approved.plan == [PlannedStep(feature="upscale", params={"scale_factor": 4})]
    polled = await talk.poll(others.mid)
    assert polled["status"] == "PROCESSING"
    assert [step["params"] for step in polled["plan"]] == [{"scale_factor": 4}]
    assert (await talk.call(others.mid, "approve")).status_code == 409


async def test_a_shown_plan_can_be_approved_without_a_body_or_canceled(talk: Any, say: Any) -> None:
    first, second = await say("two steps", mode="review"), await say("two steps", mode="review")
    await first.tell(first.plan(mode="review"), second.plan(mode="review"))

    await talk.call(second.mid, "cancel")
    answer = await talk.client.post(f"/v1/chat/sessions/{talk.sid}/messages/{first.mid}/approve/")

    assert answer.status_code == 202
    assert [fact.job_id for fact in talk.bus.of(PlanApproved)] == [first.mid]
    assert (await talk.poll(second.mid))["status"] == "CANCELED"


async def test_an_overdue_message_fails_with_a_problem(talk: Any, say: Any) -> None:
    others, fresh = await say("one"), await say("two")
    await _age(talk, others.mid, 200)

    assert await talk.context.conversations.tending.sweep() == 1
    assert await talk.context.conversations.tending.sweep() == 0

    polled = await talk.poll(others.mid)
    assert (polled["status"], polled["error"]["slug"]) == ("FAILED", "deadline-exceeded")
    assert (await talk.context.doors.jobs.get(others.mid)).status == "FAILED"
    assert (await talk.poll(fresh.mid))["status"] == "PROCESSING"


async def test_the_sweeper_takes_over_the_end_of_a_job_whose_event_was_lost(talk: Any, say: Any) -> None:
    others = await say("one")
    await others.tell(others.plan())
    steps = [StepRecord(feature=step.feature, status="COMPLETED", pictures=[picture(name)]) for step, name in zip(STEPS, "ab", strict=True)]
    long_ago = datetime.now(UTC) - timedelta(seconds=30)
    await others.record(
        lambda record: with_event(record, "end", "done", status="COMPLETED", steps=steps).model_copy(update={"updated_at": long_ago})
    )
    await _age(talk, others.mid, 200)

    assert await talk.context.conversations.tending.sweep() == 1

    polled = await talk.poll(others.mid)
    assert polled["status"] == "DONE"
    assert polled["image_url"].endswith("b" * 32 + ".png")
    assert (await talk.session()).current == "id-b"


@pytest.mark.parametrize(("status", "ended"), [("IN_PROGRESS", "PROCESSING"), ("COMPLETED", "DONE"), ("CANCELED", "CANCELED")])
async def test_an_event_given_up_while_the_job_goes_its_way_fails_nothing(talk: Any, say: Any, status: Any, ended: str) -> None:
    others = await say("upscale it")
    done = StepRecord(feature="upscale", status="COMPLETED", pictures=[picture("a")])
    await others.record(lambda record: record.model_copy(update={"status": status, "steps": [done]}))
    fact = others.finished("COMPLETED", "a")
    event = Event[Any](id="e", type=fact.subject, job_id=fact.job_id, user_id=fact.user_id, data=fact)

    await given_up(talk.context.conversations, event, "the document store does not answer")

    assert (await talk.poll(others.mid))["status"] == ended


async def test_an_event_that_was_given_up_ends_the_message(talk: Any, say: Any) -> None:
    others = await say("one")
    fact = others.plan()
    event = Event[Any](id="e", type=fact.subject, job_id=fact.job_id, user_id="ann", data=fact)

    await given_up(talk.context.conversations, event, "poison")

    assert (await talk.poll(others.mid))["error"]["slug"] == "internal-error"


async def test_an_event_for_an_unknown_message_changes_nothing(talk: Any, say: Any) -> None:
    await talk.start()
    others = Others(talk, "unknown")

    await others.tell(
        others.plan(), others.source("u"), others.image(0, "a"), others.finished("COMPLETED", "a"), others.reply(), others.failed()
    )

    assert (await talk.session()).pictures == ()


async def _age(talk: Any, mid: str, seconds: float) -> None:
    then = datetime.now(UTC) - timedelta(seconds=seconds)
    await talk.context.store._turns.update_one({"_id": mid}, {"$set": {"updated_at": then, "created_at": then, "deadline": then}})


async def test_what_a_person_said_that_made_pictures_is_told_newest_first(talk: Any, say: Any) -> None:
    for text in ("a purple walrus on ice", "make it bigger please"):
        others = await say(text)
        await others.tell(others.plan(), others.image(0, "a"), others.finished("COMPLETED", "a"))
    chat = await say("hello there my friend")
    await chat.tell(chat.reply("chat", "Hi!"))
    tending = talk.context.conversations.tending

    assert (await tending.said(SaidQuestion(user_id="ann"))).texts == ["make it bigger please", "a purple walrus on ice"]
    assert (await tending.said(SaidQuestion(user_id="bob"))).texts == []


async def test_an_erased_person_leaves_no_session_and_no_message_and_what_runs_is_stopped(talk: Any, say: Any) -> None:
    others = await say("make it grey")
    await others.tell(SourceStored(**others.ids, picture=picture("a")))

    await others.tell(UserErased(job_id="e1", user_id="ann", at=datetime.now(UTC)))
    await others.tell(others.plan(), others.image(1, "b"), others.finished("COMPLETED", "b"))

    report = talk.bus.of(SessionsErased)[0]
    gone = await talk.client.get(f"/v1/chat/sessions/{talk.sid}", params={"user_id": "ann"})
    assert report.counts == {"sessions": 1, "messages": 1} and report.keys == [picture("a").key]
    assert gone.status_code == 404 and (await talk.context.doors.jobs.get(others.mid)).status == "CANCELED"
