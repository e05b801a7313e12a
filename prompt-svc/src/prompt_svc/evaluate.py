"""How well does the offline planner understand?  `python -m prompt_svc.evaluate [tuning|test]` prints figures and misses."""

# ruff: noqa: E501 - report lines
from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photofun_common.contracts.conversation import HistoryEntry, SessionPicture
from photofun_common.contracts.values import PictureRef

from .domain import Ask, Plan
from .planners.offline import OfflinePlanner

__all__ = ["Verdict", "folder", "judge", "load", "main", "run"]

_SURE = 0.6
_OUT = print


def folder() -> Path:
    """Where the phrases are: PROMPT_EVAL_DIR, or `eval/` of the service's folder."""
    return Path(os.environ.get("PROMPT_EVAL_DIR") or Path(__file__).resolve().parents[2] / "eval")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One phrase and how it went."""

    row: dict[str, Any]
    plan: Plan
    is_right: bool
    params_wanted: int
    params_right: int
    seconds: float


def load(part: str) -> list[dict[str, Any]]:
    """The phrases of a part, or of a file named by its path."""
    path = Path(part) if part.endswith(".jsonl") else folder() / f"{part}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _features(plan: Plan) -> list[str]:
    return [step.feature for step in plan.steps] or [plan.intent]


def _fits(wanted: Any, got: Any) -> bool:
    """`>0` and `<25` compare sizes, `~word` is contained, a mapping is a part of the other, anything else is equal."""
    if isinstance(wanted, str) and wanted[:1] in "<>" and wanted[1:].lstrip("-").isdigit():
        return isinstance(got, int | float) and (
            got > float(wanted[1:]) if wanted[0] == ">" else 0 < got < float(wanted[1:]) or (float(wanted[1:]) <= 0 and got < 0)
        )
    if isinstance(wanted, str) and wanted.startswith("~"):
        return isinstance(got, str) and wanted[1:].casefold() in got.casefold()
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(_fits(value, got.get(name)) for name, value in wanted.items())
    return bool(wanted == got)


def judge(row: dict[str, Any], plan: Plan, seconds: float) -> Verdict:
    """The verdict by `expect`, or by the one of the equally good plans in `also` that it comes nearest to."""
    found = [Verdict(row, plan, *_compare(wanted, plan), seconds) for wanted in (row["expect"], *row.get("also", []))]
    return max(found, key=lambda verdict: (verdict.is_right, verdict.params_right - verdict.params_wanted))


def _compare(expected: list[dict[str, Any]], plan: Plan) -> tuple[bool, int, int]:
    """Right when features come in the wanted order (adjust: the same operations); parameters are counted one by one."""
    right = [step["feature"] for step in expected] == _features(plan)
    wanted = fitting = 0
    for index, step in enumerate(expected):
        got = dict(plan.steps[index].params) if index < len(plan.steps) and plan.steps[index].feature == step["feature"] else {}
        if step["feature"] == "undo" and plan.undo:
            got = plan.undo.model_dump()
        if operations := step.get("operations"):
            done = got.get("operations", [])
            right = right and [op["op"] for op in operations] == [op.get("op") for op in done]
            for place, op in enumerate(operations):
                values = {name: value for name, value in op.items() if name != "op"}
                wanted += len(values)
                fitting += sum(
                    place < len(done) and done[place].get("op") == op["op"] and _fits(value, done[place].get(name))
                    for name, value in values.items()
                )
        for name, value in step.get("params", {}).items():
            wanted += 1
            fitting += _fits(value, got.get(name))
        for name, meant in (("picture", plan.picture), ("reference", plan.reference)):
            if name in step:
                wanted += 1
                fitting += meant is not None and meant.key == str(step[name])
    return right, wanted, fitting


def _pictures(context: dict[str, Any]) -> tuple[SessionPicture, ...]:
    """The session's pictures: `pictures` of them, their keys their positions, the newest or `current` the current one."""
    count = context.get("pictures", 0)
    return tuple(
        SessionPicture(position=place, ref=PictureRef(key=str(place)), current=place == context.get("current", count))
        for place in range(1, count + 1)
    )


async def run(rows: list[dict[str, Any]], planner: OfflinePlanner | None = None) -> list[Verdict]:
    """Plan every phrase as if a picture were at hand."""
    used = planner or OfflinePlanner()
    out = []
    for row in rows:
        context = row.get("context", {})
        history = tuple(HistoryEntry.model_validate(entry) for entry in context.get("history", []))
        started = time.perf_counter()
        plan = await used.plan(
            Ask(
                row["text"],
                has_picture=context.get("picture", True),
                has_reference=context.get("reference", False),
                pictures=_pictures(context),
                history=history,
            )
        )
        out.append(judge(row, plan, time.perf_counter() - started))
    return out


def _share(verdicts: list[Verdict]) -> str:
    right = sum(verdict.is_right for verdict in verdicts)
    return f"{right}/{len(verdicts)} = {100 * right / max(1, len(verdicts)):.1f} %"


def _params(verdicts: list[Verdict]) -> str:
    right, wanted = sum(verdict.params_right for verdict in verdicts), sum(verdict.params_wanted for verdict in verdicts)
    return f"{right}/{wanted} = {100 * right / max(1, wanted):.1f} %"


def _is_asking(verdict: Verdict) -> bool:
    return verdict.plan.intent == "clarify"


def report(verdicts: list[Verdict]) -> list[str]:
    """The figures as lines."""
    lines = [f"right plan            {_share(verdicts)}", f"right parameters      {_params(verdicts)}"]
    keys: dict[str, Callable[[dict[str, Any]], str]] = {
        "kind": lambda row: str(row["kind"]),
        "language": lambda row: str(row["lang"]),
        "feature": lambda row: str(row["expect"][0]["feature"]),
    }
    for title, key in keys.items():
        groups: dict[str, list[Verdict]] = defaultdict(list)
        for verdict in verdicts:
            groups[key(verdict.row)].append(verdict)
        lines += [f"by {title}"] + [
            f"  {name:<20}{_share(group):<20} parameters {_params(group)}" for name, group in sorted(groups.items())
        ]
    wrong = [verdict for verdict in verdicts if not verdict.is_right and not _is_asking(verdict) and verdict.plan.confidence >= _SURE]
    lines.append(f"wrong and confident   {len(wrong)}/{len(verdicts)} = {100 * len(wrong) / max(1, len(verdicts)):.1f} %")
    lines.append(f"asked back            {sum(map(_is_asking, verdicts))}")
    lines.append("calibration")
    for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
        inside = [verdict for verdict in verdicts if low <= verdict.plan.confidence < high]
        if inside:
            mean = sum(verdict.plan.confidence for verdict in inside) / len(inside)
            lines.append(f"  {low:.1f}-{min(high, 1):.1f}  said {mean:.2f}  {_share(inside)}")
    times = sorted(verdict.seconds * 1000 for verdict in verdicts)
    lines.append(f"milliseconds          p50 {times[len(times) // 2]:.1f}  p95 {times[int(len(times) * 0.95)]:.1f}  max {times[-1]:.1f}")
    lines.append("misses")
    for verdict in verdicts:
        if not verdict.is_right or verdict.params_right < verdict.params_wanted:
            got: Any = [(step.feature, step.params) for step in verdict.plan.steps] or [verdict.plan.intent, verdict.plan.undo]
            lines.append(
                f"  {verdict.row['id']} [{verdict.plan.confidence:.2f}] {verdict.row['text']!r}\n      wanted {json.dumps(verdict.row['expect'], ensure_ascii=False)}\n      got    {got}"
            )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", default="test", help="tuning, test, or a file of phrases in the same format")
    verdicts = asyncio.run(run(load(parser.parse_args().part)))
    for line in report(verdicts):
        _OUT(line)


if __name__ == "__main__":
    main()
