"""What did the last release say and hear?  `released VERSION FOLDER` keeps every contract's schema and sample for the next one's tests.

Replicas of neighbouring versions work side by side during a rolling update, so today's code must read what the last release wrote, and
what today's code writes must fit the last release's models.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import photofun_common
from photofun_common.contracts.envelope import Event
from photofun_common.contracts.flow import FLOW
from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.prompt import RefineAnswer, RefineQuestion
from photofun_common.contracts.values import ProblemData
from pydantic import BaseModel

__all__ = ["SHARED", "contracts", "main", "wide_open"]

SHARED: tuple[type[BaseModel], ...] = (JobRecord, RefineQuestion, RefineAnswer, ProblemData)
"""What services share beside facts: records in buckets, questions and answers."""
_WORDS = frozenset({"title", "description", "examples", "default"})
_SAMPLES = Path(photofun_common.__file__).parent / "contracts" / "samples"


def contracts() -> dict[str, dict[str, Any]]:
    """Every contract by its name: the schema of what is read, and a sample where there is one."""
    found: dict[str, dict[str, Any]] = {}
    for row in FLOW:
        name = row.fact.subject.removeprefix("photofun.")
        sample = json.loads((_SAMPLES / f"{name}.json").read_text("utf-8"))
        found[name] = {"schema": wide_open(Event[row.fact].model_json_schema()), "sample": sample}  # type: ignore[name-defined]
    for model in SHARED:
        found[model.__name__] = {"schema": wide_open(model.model_json_schema()), "sample": None}
    return found


def wide_open(schema: Any) -> Any:
    """The schema without what a reader does not check: its words, and fields it does not know."""
    if isinstance(schema, dict):
        kept = {key: value for key, value in schema.items() if key not in _WORDS or isinstance(value, dict)}
        return {key: wide_open(value) for key, value in kept.items() if key != "additionalProperties"}
    return [wide_open(one) for one in schema] if isinstance(schema, list) else schema


def main() -> int:
    if len(sys.argv) != 3:
        sys.stderr.write("usage: released VERSION FOLDER\n")
        return 2
    folder = Path(sys.argv[2]) / sys.argv[1]
    folder.mkdir(parents=True, exist_ok=True)
    for name, kept in contracts().items():
        (folder / f"{name}.json").write_text(json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
