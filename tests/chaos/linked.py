"""How is a studio started whose processes reach each other through links?  `python -m tests.chaos.linked`, as `photofun_tools.studio run`.

CHAOS_ENV holds, as JSON, what each process finds in its environment besides: `{"gallery-svc": {"NATS_URL": "…"}}`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from photofun_tools import plan, studio


def main() -> int:
    """Run the studio with those variables until it is told to stop."""
    more: dict[str, dict[str, str]] = json.loads(os.environ["CHAOS_ENV"])

    def plan_studio(environ: Mapping[str, str], root: Path) -> plan.Studio:
        made = plan.plan_studio(environ, root)
        return replace(made, processes=tuple(replace(one, env={**one.env, **more.get(one.name, {})}) for one in made.processes))

    return studio.run(plan_studio(os.environ, studio.ROOT))


if __name__ == "__main__":
    raise SystemExit(main())
