"""Which documents are printed from the code?  docs/flow.md, .env.example, docs/openapi.json: `documents WHAT FILE`."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from pathlib import Path
from types import ModuleType

from gateway_svc.documents import merged
from gateway_svc.wiring import VERSION
from photofun_common.contracts.flow import to_markdown
from photofun_common.settings import CommonSettings
from pydantic import SecretStr
from pydantic.fields import FieldInfo

__all__ = ["env", "flow", "main", "openapi", "settings_class"]

_PACKAGES = ("gateway_svc", "conversation_svc", "prompt_svc", "imaging_svc", "gallery_svc")
_FLOW = """# Who tells what to whom

Printed from `libs/common/src/photofun_common/contracts/flow.py` by `make flow`; a test in each service compares its subscriptions
with its row.  Facts travel over one JetStream stream, each with an id derived from its cause, so that a repeat is the same message.

```mermaid
flowchart LR
    client([client]) -->|HTTP :9999| gateway
    gateway -->|HTTP| conversation-svc & prompt-svc & imaging-svc & gallery-svc
    conversation-svc -->|message_received| prompt-svc
    prompt-svc -->|plan_ready| imaging-svc
    prompt-svc -->|plan_ready, reply_ready| conversation-svc
    imaging-svc -->|step_requested| imaging-svc
    imaging-svc -->|image_ready| gallery-svc
    imaging-svc -->|image_ready, job_finished| conversation-svc
    gallery-svc -->|image_purged| imaging-svc
```

"""


def main() -> int:
    """Write one document."""
    verbs = {"flow": flow, "env": env, "openapi": openapi}
    if len(sys.argv) != 3 or sys.argv[1] not in verbs:
        sys.stderr.write(f"usage: documents {{{','.join(verbs)}}} FILE\n")
        return 2
    Path(sys.argv[2]).write_text(verbs[sys.argv[1]]())
    return 0


def flow() -> str:
    return _FLOW + to_markdown()


def settings_class(module: ModuleType) -> type[CommonSettings]:
    """The settings class that this module defines."""
    return next(
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, CommonSettings) and thing.__module__ == module.__name__
    )


def env() -> str:
    """Every setting with its meaning and default, commented out."""
    lines = ["# Every setting, printed by `make env` from the Settings classes.  Copy to .env and uncomment what you change."]
    lines += ["", "# --- the runner (make run, make up)", ""]
    lines += ["# where the services' ports start: +1 conversation, +2 prompt, +3 imaging, +4 gallery", "# PORT_BASE=9100", ""]
    lines += [
        "# the embedded NATS and document servers (PORT_BASE+22 and +27 once PORT_BASE is moved)",
        "# NATS_PORT=4222",
        "# DOCUMENTS_PORT=27017",
    ]
    seen: set[str] = set()
    for title, fields in [("every service", dict(CommonSettings.model_fields)), *_own_fields()]:
        mine = {name: field for name, field in fields.items() if name not in seen}
        seen |= set(mine)
        if mine:
            lines += ["", f"# --- {title}"]
        for name, field in mine.items():
            lines += ["", f"# {field.description}" if field.description else "#", f"# {name.upper()}={_default(field)}"]
    return "\n".join(lines) + "\n"


def _own_fields() -> list[tuple[str, dict[str, FieldInfo]]]:
    found = []
    for package in _PACKAGES:
        module = importlib.import_module(f"{package}.settings")
        found.append((package.replace("_", "-").replace("gateway-svc", "gateway"), dict(settings_class(module).model_fields)))
    return found


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=False)
    if isinstance(value, SecretStr):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return "" if value is None or field.is_required() else str(value)


def openapi() -> str:
    """The gateway's merged document, from the services' own models."""
    logging.disable(logging.WARNING)
    found = {}
    for package in _PACKAGES[1:]:
        module = importlib.import_module(f"{package}.settings")
        settings = settings_class(module)(_env_file=None)
        found[package.replace("_svc", "-svc")] = importlib.import_module(f"{package}.main").create_app(settings).openapi()
    return json.dumps(merged(found, public_url="http://localhost:9999", version=VERSION), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
