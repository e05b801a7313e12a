"""How is the Python client written?  Types and calls out of docs/openapi.json: `python -m photofun_tools.client`.

One method a call, for a blocking and an asyncio client; a body's fields are keyword arguments with their types.  (The generators on
PyPI write four hundred files for this document and drop the schemas that refer to each other.)
"""

from __future__ import annotations

import json
import keyword
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["calls_module", "main", "types_module"]

ROOT = Path(__file__).resolve().parents[3]
TARGET = Path(os.environ.get("CLIENT_DIR") or ROOT / "clients" / "python" / "src" / "photofun_client")
_METHODS = ("get", "post", "put", "patch", "delete")
_NOTE = '"""{}\n\nPrinted from docs/openapi.json by `make openapi`: change that, not this.\n"""\n\n'
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None", "object": "dict[str, Any]"}
_MOST_NAMED = 20


def main() -> int:
    """Write both modules, in the house's form."""
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    (TARGET / "types.py").write_text(types_module(document))
    (TARGET / "calls.py").write_text(calls_module(document))
    ruff, config = Path(sys.executable).parent / "ruff", ["--config", str(ROOT / "pyproject.toml"), "-q", str(TARGET)]
    subprocess.run([ruff, "check", "--fix", "--exit-zero", *config], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([ruff, "format", *config], check=True)
    return 0


# --- types


def _name(schema_name: str) -> str:
    return re.sub(r"\W+", "_", schema_name).strip("_")


def _type(schema: dict[str, Any], *, prefix: str = "") -> str:
    """A Python type for a schema; `prefix` stands before the names of models."""
    if "$ref" in schema:
        return prefix + _name(schema["$ref"].rsplit("/", 1)[-1])
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema and len(schema["enum"]) <= _MOST_NAMED:
        return f"Literal[{', '.join(repr(value) for value in schema['enum'])}]"
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return " | ".join(dict.fromkeys(_type(option, prefix=prefix) for option in options))
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " | ".join(_type({**schema, "type": one}, prefix=prefix) for one in kind)
    if kind == "string" and schema.get("format") == "binary":
        return "bytes"
    if kind == "array":
        return f"list[{_type(schema.get('items', {}), prefix=prefix)}]"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"dict[str, {_type(schema['additionalProperties'], prefix=prefix)}]"
    return _PLAIN.get(kind, "Any")


def types_module(document: dict[str, Any]) -> str:
    """The document's schemas as TypedDicts."""
    lines = [
        _NOTE.format("What do the calls answer?"),
        "from __future__ import annotations\n\nfrom typing import Any, Literal, NotRequired, TypedDict\n",
    ]
    names = []
    for name, schema in document["components"]["schemas"].items():
        if "properties" in schema:
            names.append(_name(name))
            lines.append("\n" + _typed_dict(_name(name), schema))
    lines.insert(2, "\n__all__ = [\n" + "".join(f'    "{name}",\n' for name in sorted(names)) + "]\n")
    return "".join(f"{line}\n" if not line.endswith("\n") else line for line in lines)


def _typed_dict(name: str, schema: dict[str, Any]) -> str:
    needed = set(schema.get("required", ()))
    fields = []
    for field, told in schema["properties"].items():
        kind = _type(told)
        fields.append(f"    {json.dumps(field)}: {kind if field in needed else f'NotRequired[{kind}]'},\n")
    doc = _words(schema.get("description", ""))
    return (
        f'{name} = TypedDict(\n    "{name}",\n    {{\n'
        + "".join(f"    {field}" for field in fields)
        + "    },\n)\n"
        + (f'"""{doc}"""\n' if doc else "")
    )


def _words(text: str) -> str:
    line = " ".join(text.split()).replace('"', "'")
    return line if len(line) < 120 else line[:110].rsplit(" ", 1)[0] + " …"


# --- calls


def calls_module(document: dict[str, Any]) -> str:
    """The document's calls as the methods of two classes."""
    found = [_call(path, method, told) for path, item in document["paths"].items() for method, told in item.items() if method in _METHODS]
    head = (
        _NOTE.format("Which calls are there?")
        + "from __future__ import annotations\n\nfrom collections.abc import AsyncIterator, Iterator\n"
        "from typing import Any, Literal, cast\n\n"
        'from . import types\nfrom .transport import AsyncTransport, Event, Transport\n\n__all__ = ["AsyncCalls", "Calls"]\n'
    )
    sync = '\n\nclass Calls(Transport):\n    """Every call, blocking."""\n' + "".join(
        call.replace("{ASYNC}", "").replace("{AWAIT}", "").replace("{ITERATOR}", "Iterator") for call in found
    )
    later = '\n\nclass AsyncCalls(AsyncTransport):\n    """Every call, for asyncio."""\n' + "".join(
        call.replace("{ASYNC}", "" if "{ITERATOR}" in call else "async ")
        .replace("{AWAIT}", "" if "{ITERATOR}" in call else "await ")
        .replace("{ITERATOR}", "AsyncIterator")
        for call in found
    )
    return head + sync + later


def _call(path: str, method: str, told: dict[str, Any]) -> str:
    name = told["operationId"]
    answer, returns = _answer(told)
    content = told.get("requestBody", {}).get("content", {})
    body = dict(content.get("application/json", {}).get("schema", {}))
    form = content.get("multipart/form-data", {}).get("schema", {})
    files = {field: one for field, one in form.get("properties", {}).items() if _is_file(one)}
    fields = {**form.get("properties", {}), **body.get("properties", {})}
    fields = {field: one for field, one in fields.items() if field not in files}
    needed = set(body.get("required", ())) if body else set(form.get("required", ())) - set(files)
    query = {one["name"]: one for one in told.get("parameters", []) if one["in"] == "query" and one["name"] not in fields}
    ids = re.findall(r"{(\w+)}", path)
    keys = any(one["name"] == "Idempotency-Key" for one in told.get("parameters", []))
    arguments = [f"{_safe(one)}: str" for one in ids]
    keywords = [
        f"{_safe(field)}: {_argument(one, field in needed)}"
        for field, one in sorted(fields.items(), key=lambda pair: pair[0] not in needed)
    ]
    keywords += [
        f"{_safe(field)}: {'list[bytes]' if one.get('type') == 'array' else 'bytes'} | None = None" for field, one in files.items()
    ]
    keywords += [f"{_safe(field)}: {_argument(one['schema'], one.get('required', False))}" for field, one in query.items()]
    keywords += ["idempotency_key: str | None = None"] if keys else []
    keywords += ["last_event_id: str | None = None"] if answer == "events" else []
    signature = ", ".join(["self", *arguments, *(["*"] if keywords else []), *keywords])
    sent = [f'"{method.upper()}"', _path(path, ids)]
    sent += [f"query={_dict(query)}"] if query else []
    sent += [f"fields={_dict(fields)}"] if fields or files else []
    sent += [f"files={_dict(files)}"] if files else []
    sent += ["key=idempotency_key"] if keys else []
    sent += ["after=last_event_id"] if answer == "events" else []
    verb = {"events": "events", "binary": "content", "bare": "whole"}.get(answer, "result")
    made = f"{{AWAIT}}self._{verb}({', '.join(sent)})"
    cast_ = made if answer in ("events", "binary") else f"cast({returns!r}, {made})"
    return f'\n    {{ASYNC}}def {name}({signature}) -> {returns}:\n        """{_words(told["summary"])}."""\n        return {cast_}\n'


def _is_file(schema: dict[str, Any]) -> bool:
    return schema.get("format") == "binary" or schema.get("items", {}).get("format") == "binary"


def _argument(schema: dict[str, Any], needed: bool) -> str:
    kind = _type(schema, prefix="types.")
    if needed:
        return kind
    return f"{kind} = None" if kind == "Any" or re.search(r"\bNone$", kind) else f"{kind} | None = None"


def _safe(name: str) -> str:
    found = re.sub(r"\W", "_", name)
    return f"{found}_" if keyword.iskeyword(found) else found


def _path(path: str, ids: list[str]) -> str:
    quoted = re.sub(r"{(\w+)}", lambda found: "{self._quoted(" + _safe(found.group(1)) + ")}", path)
    return f'f"{quoted}"' if ids else f'"{path}"'


def _dict(fields: Iterator[str] | dict[str, Any]) -> str:
    return "{" + ", ".join(f'"{field}": {_safe(field)}' for field in fields) + "}"


def _answer(told: dict[str, Any]) -> tuple[str, str]:
    """What kind of answer it is, and its type."""
    good = next(answer for status, answer in told["responses"].items() if status.startswith("2"))
    kind, media = next(iter(good["content"].items()))
    if kind == "text/event-stream":
        return "events", "{ITERATOR}[Event]"
    if kind != "application/json":
        return "binary", "bytes"
    schema = media["schema"]
    if "$ref" in schema and "Answer" not in schema["$ref"]:
        return "bare", "types." + _name(schema["$ref"].rsplit("/", 1)[-1])
    if "$ref" in schema:
        found = re.search(r"(List)?Answer_(\w+)_$", schema["$ref"].rsplit("/", 1)[-1])
        if found:
            inner = f"types.{found.group(2)}"
            return "result", f"list[{inner}]" if found.group(1) else inner
    inner = schema.get("properties", {}).get("result")
    return ("result", _type(inner, prefix="types.")) if inner is not None else ("bare", _type(schema, prefix="types."))


if __name__ == "__main__":
    sys.exit(main())
