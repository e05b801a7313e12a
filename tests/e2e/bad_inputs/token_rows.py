"""Classes A and O: tokens, keys, and other people's things."""

from __future__ import annotations

import base64
import json
import socket
import time
from typing import Any

import jwt

from ..guarded import READ_KEY, SECRET, token
from .world import Row, World, refused

__all__ = ["ROWS"]

NOW = int(time.time())
CLAIMS = {"iss": "photofun", "aud": "photofun", "sub": "ann", "type": "access", "iat": NOW, "exp": NOW + 3600}


def _coded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _signed(header: Any, claims: Any = None, secret: str = SECRET) -> str:
    """A token with this header, rightly signed with HS256."""
    import hashlib
    import hmac

    text = f"{_coded(header)}.{_coded(CLAIMS if claims is None else claims)}"
    return f"{text}.{_coded(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())}"


def _out(*tokens: str) -> Row:
    """None of these comes in, and quickly."""

    def row(world: World) -> None:
        assert world.door.ask("GET", "/v1/gallery/", bearer=token("ann")).status_code == 200
        for one in tokens:
            started = time.monotonic()
            answer = world.door.ask("GET", "/v1/gallery/", bearer=one)
            refused(answer, 401, 431)
            assert time.monotonic() - started < 1.5, one[:80]

    return row


def _claims(**changed: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changed}.items() if value is not ...}
    return _signed({"alg": "HS256", "typ": "JWT"}, claims)


GOOD = token("ann")
HEAD, BODY, SIGNATURE = GOOD.split(".")


def _no_outbound(world: World) -> None:
    """Keys that a token brings along or points at are not fetched."""
    with socket.create_server(("127.0.0.1", 0)) as canary:
        url = f"http://127.0.0.1:{canary.getsockname()[1]}/keys"
        for extra in ({"jku": url}, {"x5u": url}, {"jwk": {"kty": "oct", "k": _coded(b"k" * 32)}}):
            refused(world.door.ask("GET", "/v1/gallery/", bearer=_signed({"alg": "HS256", **extra}, secret="k" * 32)), 401)
        canary.settimeout(0.3)
        try:
            canary.accept()
            raise AssertionError("a key was fetched")
        except TimeoutError:
            pass


def _guessing(world: World) -> None:
    """From one address, guessing ends with 429 and a time to wait; others are not touched."""
    address = {"X-Forwarded-For": "203.0.113.77"}
    answers = [
        world.door.http.get("/v1/gallery/", headers={**address, "Authorization": f"Bearer pf_{number:043d}"}).status_code
        for number in range(80)
    ]
    assert answers[0] == 401
    assert answers[-1] == 429
    last = world.door.http.get("/v1/gallery/", headers={**address, "Authorization": "Bearer pf_x"})
    assert int(last.headers["retry-after"]) >= 1
    assert world.door.ask("GET", "/v1/gallery/", bearer=GOOD).status_code == 200


def _hidden(world: World) -> None:
    """What operators use is not behind the public door; health says no more than it must."""
    for path in ("/internal", "/admin", "/v1/internal", "/v1/admin", "/debug", "/v1/metrics", "/docs", "/v1/livez", "/.env", "/metrics"):
        for form in (path, f"/api{path}"):
            answer = world.door.ask("GET", form, bearer=GOOD)
            assert answer.status_code == 404, f"{form}: {answer.status_code}"
    health = world.door.http.get("/health/").json()
    assert set(health) == {"status", "service", "version", "services"}
    assert set(health["services"].values()) <= {"healthy", "unhealthy"}


def _foreign(world: World) -> None:
    answer = world.door.ask("POST", "/v1/gallery/", bearer=token("bob"), json={"user_id": "ann", "image_url": "https://example.com/a.png"})
    refused(answer, 403, 422)


def _export(world: World) -> None:
    refused(world.door.ask("GET", "/v1/gallery/export", bearer=token("bob"), params={"user_id": "ann"}), 403, 404)


def _same_silence(world: World) -> None:
    """A foreign picture and one that never was are told apart by nothing."""
    made = world.door.ask("POST", "/v1/gallery/", bearer=token("ann"), json={"image_url": "https://example.com/secret.png"})
    image = made.json()["result"]["image_id"]
    foreign, unknown = (world.door.ask("GET", f"/v1/gallery/{one}", bearer=token("bob")) for one in (image, "0" * 32))
    assert foreign.status_code == unknown.status_code == 404
    hide = ("instance", "request_id")
    assert {key: value for key, value in foreign.json().items() if key not in hide} == {
        key: value for key, value in unknown.json().items() if key not in hide
    }


ROWS: dict[str, Row] = {
    "A-03": _out(*(f"{_coded({'alg': name, 'typ': 'JWT'})}.{BODY}." for name in ("none", "None", "nOnE"))),
    "A-05": _out(*(f"{_coded({'alg': name})}.{BODY}.{SIGNATURE}" for name in ("RS512", "PS256", "RS256", "EdDSA"))),
    "A-06": _out(
        f"{HEAD}.{BODY}.",
        f"{HEAD}.{BODY}.{SIGNATURE[:-1]}{'A' if SIGNATURE[-1] != 'A' else 'Q'}",
        f"{HEAD}.{_coded({**CLAIMS, 'sub': 'root'})}.{SIGNATURE}",
        f"{HEAD}.{BODY}",
        HEAD,
    ),
    "A-07": _out(_signed({"alg": "HS256", "kid": "1"}, secret="another secret of the same length, really so")),
    "A-09": _out(
        *(_signed({"alg": "HS256", "kid": kid}, secret="") for kid in ("../../dev/null", "' OR 1=1--", "http://127.0.0.1/", "x" * 10_240))
    ),
    "A-10": _no_outbound,
    "A-12": _out(
        *(_signed({"alg": "HS256", "crit": crit, **more}) for crit, more in ((["unknown"], {"unknown": 1}), (["b64"], {"b64": False})))
    ),
    "A-13": _out(_claims(exp=NOW - 60, iat=NOW - 3600), _claims(exp=...), _claims(exp=None)),
    "A-14": _out(_claims(exp=str(NOW + 3600)), _claims(exp=NOW + 10 * 365 * 86400), _claims(exp=NOW + 3600.5), _claims(exp=True)),
    "A-15": _out(_claims(nbf=NOW + 3600), _claims(iat=NOW + 3600, exp=NOW + 7200), _claims(iat=...)),
    "A-17": _out(
        _claims(iss=...),
        _claims(iss="somebody"),
        _claims(iss="photofun.evil.com"),
        _claims(iss=["photofun"]),
        _claims(aud="other"),
        _claims(aud=...),
    ),
    "A-20": _out(
        "x" * 12_000,
        f"{HEAD}.a.b.c.d",
        "é.é.é",
        _signed(b'{"alg":"HS256"}', b'{"sub":"ann","sub":"root"}'),
        _signed(b"[" * 1500 + b"]" * 1500),
        "..",
        ".",
        "a.b.c",
    ),
    "A-22": _out(_claims(iat=NOW - 4200, exp=NOW - 600), _claims(iat=NOW + 600, exp=NOW + 4200)),
    "A-23": _out(READ_KEY[:-1] + "x", READ_KEY[:10], "pf_", "pf_" + "z" * 43, READ_KEY + "r", READ_KEY.upper()),
    "A-25": _guessing,
    "A-28": _hidden,
    "O-07": _foreign,
    "O-13": _export,
    "O-19": _same_silence,
}

assert jwt.decode(GOOD, SECRET, ["HS256"], audience="photofun")["sub"] == "ann"
