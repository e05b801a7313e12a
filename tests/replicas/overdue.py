"""What becomes of messages that nobody plans, with two sweepers after them?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e.support import Person

from .cluster import running_cluster

__all__ = ["Overdue", "let_messages_pass_their_deadline"]

_SETTINGS = {"JOB_DEADLINE": "2", "CONVERSATION_SWEEP_SECONDS": "0.3"}


@dataclass(frozen=True)
class Overdue:
    """The messages once they had ended, and again a while later."""

    ended: list[dict[str, Any]]
    later: list[dict[str, Any]]


def let_messages_pass_their_deadline() -> Overdue:
    """Two conversation-svc alone on stores of their own, three messages, nobody else."""
    with (
        running_cluster(_SETTINGS, services=("conversation-svc",)) as alone,
        httpx.Client(base_url=alone.balancers["conversation-svc"].url, timeout=20, trust_env=False) as client,
    ):
        person = Person(client)
        session = person.session()
        sent = [person.say(session, f"message {number}")["message_id"] for number in range(3)]
        ended = [person.answer(session, one, seconds=90) for one in sent]
        time.sleep(1)
        return Overdue(ended, [person.message(session, one) for one in sent])
