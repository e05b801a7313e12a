"""How long does a step take?  What it lately took here, by engine and feature."""

from __future__ import annotations

from dataclasses import dataclass, field

from photofun_common.contracts.jobs import JobRecord, StepRecord

__all__ = ["Pace"]

_REMOTE_SECONDS = 20.0
_LOCAL_SECONDS = {
    "adjust": 0.5, "image_expand": 4.0, "image_generation": 4.0, "reimagine": 2.0, "relight": 3.0, "remove_background": 2.0,
    "style_transfer": 3.0, "upscale": 6.0,
}  # fmt: skip
_NEW_SHARE = 0.3


@dataclass(slots=True)
class Pace:
    """A moving average of seconds for each engine and feature; typical values until the first step ended here."""

    _seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    def note(self, record: JobRecord) -> None:
        """Learn from a finished job."""
        for step in record.steps:
            if step.status == "COMPLETED" and step.provider and step.started_at and step.finished_at:
                took = (step.finished_at - step.started_at).total_seconds()
                known = self._seconds.get((step.provider, step.feature), took)
                self._seconds[step.provider, step.feature] = known + _NEW_SHARE * (took - known)

    def seconds(self, engine: str, step: StepRecord) -> float:
        """What this step will take on that engine, in seconds."""
        usual = _LOCAL_SECONDS.get(step.feature, 3.0) if engine == "local" else _REMOTE_SECONDS
        return round(self._seconds.get((engine, step.feature), usual), 1)
