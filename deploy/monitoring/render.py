#!/usr/bin/env python3
"""The dashboard without Grafana: its own JSON, its own queries, a real Prometheus; and a trace as a waterfall.

`render.py dashboard http://127.0.0.1:9090 30 > dashboard.html` draws the last 30 minutes, `render.py trace spans.json > trace.html` one
trace (a list of spans as the collector in photofun_common.testing keeps them).  Standard library only.
"""

from __future__ import annotations

import html
import json
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

DASHBOARD = Path(__file__).parent / "grafana" / "dashboards" / "photofun.json"
COLOURS = (
    *("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1"),
    *("#ba43a9", "#705da0", "#508642", "#cca300", "#447ebc", "#c15c17"),
)
SERVICES = ("gateway", "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc")
STYLE = (Path(__file__).parent / "render.css").read_text("utf-8")


def ask(url: str, path: str, **query: Any) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/api/v1/{path}?{urllib.parse.urlencode(query)}", timeout=20) as answer:  # noqa: S310 - the operator's own
        found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    return found


def expression(text: str) -> str:
    return text.replace("$__rate_interval", "1m").replace('"$service"', '"gateway|.*-svc"')


def said(value: float, unit: str) -> str:
    if unit == "percentunit":
        return f"{value * 100:.2f} %"
    if unit == "s":
        return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    return f"{value:.3g}"


def legend(pattern: str, labels: dict[str, str]) -> str:
    for name, value in labels.items():
        pattern = pattern.replace("{{" + name + "}}", value.removeprefix("photofun."))
    return html.escape(pattern)


def stat(panel: dict[str, Any], url: str, unit: str) -> str:
    parts = []
    for target in panel["targets"]:
        for series in ask(url, "query", query=expression(target["expr"])):
            name = legend(target.get("legendFormat", ""), series["metric"])
            parts.append(f'<span class="value">{said(float(series["value"][1]), unit)}</span><span class="legend">{name}</span> ')
    return "".join(parts) or '<span class="value">no data</span>'


def chart(panel: dict[str, Any], url: str, unit: str, minutes: float) -> str:
    end = time.time()
    start, width, height = end - minutes * 60, 480, 150
    lines: list[tuple[str, list[tuple[float, float]]]] = []
    for target in panel["targets"]:
        answer = ask(url, "query_range", query=expression(target["expr"]), start=start, end=end, step=max(5, minutes / 4))
        for series in answer:
            points = [(float(at), float(value)) for at, value in series["values"] if value not in ("NaN", "+Inf")]
            if points:
                lines.append((legend(target.get("legendFormat", ""), series["metric"]), points))
    if not lines:
        return "<p>no data in this time</p>"
    lines.sort(key=lambda line: -max(value for _, value in line[1]))
    top = max(value for _, points in lines for _, value in points) or 1.0
    parts = [f'<svg viewBox="0 0 {width} {height}" width="100%">']
    for share in (0, 0.5, 1):
        y = height - 14 - share * (height - 26)
        parts.append(f'<line x1="52" x2="{width}" y1="{y}" y2="{y}" stroke="#2f3239"/>')
        parts.append(f'<text x="48" y="{y + 3}" fill="#8e8ea0" font-size="9" text-anchor="end">{said(top * share, unit)}</text>')
    for share in (0, 0.5, 1):
        at = time.strftime("%H:%M", time.gmtime(start + share * (end - start)))
        anchor = ("start", "middle", "end")[int(share * 2)]
        parts.append(
            f'<text x="{52 + share * (width - 52)}" y="{height - 2}" fill="#8e8ea0" font-size="9" text-anchor="{anchor}">{at}</text>'
        )
    for number, (_, points) in enumerate(lines):
        places = ((52 + (at - start) / (end - start) * (width - 52), height - 14 - value / top * (height - 26)) for at, value in points)
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="1.3"/>')
    names = [f'<i style="background:{COLOURS[number % len(COLOURS)]}"></i>{name} &nbsp; ' for number, (name, _) in enumerate(lines[:14])]
    more = f"and {len(lines) - 14} more" if len(lines) > 14 else ""
    return "".join(parts) + f'</svg><div class="legend">{"".join(names)}{more}</div>'


def dashboard(url: str, minutes: float) -> str:
    content = json.loads(DASHBOARD.read_text("utf-8"))
    parts = [f"<h1>{content['title']}</h1><p>deploy/monitoring/grafana/dashboards/photofun.json, drawn by render.py (not by Grafana) from "]
    parts.append(
        f"Prometheus' answers of {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, the last {minutes:.0f} minutes</p><div class=grid>"
    )
    for panel in content["panels"]:
        place = panel["gridPos"]
        column = f"grid-column:{place['x'] + 1}/span {place['w']}"
        title = html.escape(panel["title"])
        if panel["type"] == "row":
            parts.append(f'<div class="row" style="{column}">{title}</div>')
            continue
        unit = panel["fieldConfig"]["defaults"].get("unit", "short")
        body = stat(panel, url, unit) if panel["type"] == "stat" else chart(panel, url, unit, minutes)
        parts.append(f'<div class="panel" style="{column}"><div class="title">{title}</div>{body}</div>')
    return "".join([*parts, "</div>"])


def trace(spans: list[dict[str, Any]]) -> str:
    first, last = min(one["started"] for one in spans), max(one["ended"] for one in spans)
    children: dict[str, list[dict[str, Any]]] = {}
    ids = {one["id"] for one in spans}
    for one in sorted(spans, key=lambda one: one["started"]):
        children.setdefault(one["parent"] if one["parent"] in ids else "", []).append(one)
    rows: list[str] = []

    def draw(one: dict[str, Any], depth: int) -> None:
        left, width = (one["started"] - first) / (last - first) * 700, max(1.5, (one["ended"] - one["started"]) / (last - first) * 700)
        colour = COLOURS[SERVICES.index(one["service"])] if one["service"] in SERVICES else "#888"
        name = html.escape(one["name"].replace("photofun.", ""))
        bar = f'<svg width="760" height="14"><rect x="{left:.1f}" y="2" width="{width:.1f}" height="10" rx="2" fill="{colour}"/></svg>'
        rows.append(
            f'<tr><td style="color:{colour}">{one["service"]}</td><td style="padding-left:{depth * 14}px">{name}</td>'
            f"<td>{one['kind']}</td><td>{(one['ended'] - one['started']) / 1e6:.1f} ms</td><td>{bar}</td></tr>"
        )
        for child in children.get(one["id"], []):
            draw(child, depth + 1)

    for root in children[""]:
        draw(root, 0)
    services = len({one["service"] for one in spans})
    head = f"<h1>One message, one trace: {len(spans)} spans over {services} services, {(last - first) / 1e9:.2f} s</h1>"
    told = f"trace {spans[0]['trace']}; taken by the OTLP collector of photofun_common.testing, drawn by deploy/monitoring/render.py"
    return f"{head}<p>{told}</p><table>{''.join(rows)}</table>"


def main() -> int:
    if len(sys.argv) == 4 and sys.argv[1] == "dashboard":
        body = dashboard(sys.argv[2].rstrip("/"), float(sys.argv[3]))
    elif len(sys.argv) == 3 and sys.argv[1] == "trace":
        body = trace(json.loads(Path(sys.argv[2]).read_text("utf-8")))
    else:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    sys.stdout.write(f"<!doctype html><meta charset=utf-8><title>PhotoFun</title><style>{STYLE}</style>{body}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
