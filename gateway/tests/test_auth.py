"""Who comes in when AUTH_MODE=required?"""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from gateway_svc.auth import JwksKeys
from gateway_svc.settings import Settings
from photofun_common.errors import UnauthorizedError, UnavailableError
from photofun_common.identity import IdentityKeeper
from photofun_common.testing.plugin import eventually
from pydantic import ValidationError

SECRET = "s" * 40
INNER = "i" * 40
OWN = {"auth_mode": "required", "internal_secret": INNER, "files_secret": "f" * 40, "jwt_secret": SECRET}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {"iss": "photofun", "aud": "photofun", "sub": "ann", "type": "access", "iat": now, "exp": now + 600, **changes}
    return {name: value for name, value in made.items() if value is not None}


def token(key: Any = SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm, headers=headers)


def by_hand(payload: dict[str, Any], *, key: str = SECRET, header: dict[str, Any] | None = None) -> str:
    """A token that PyJWT would not sign."""
    return jwt.api_jws.encode(json.dumps(payload).encode(), key, "HS256", headers=header)


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


async def test_a_good_token_comes_in_and_its_subject_goes_inwards(serve: Any, studio: Any) -> None:
    gateway = await serve(**OWN)

    response = await gateway.client.get("/v1/gallery/", headers=bearer(token()))

    assert response.status_code == 200
    keeper = IdentityKeeper(INNER, is_open=False, service="gallery-svc")
    assert keeper.judge(studio.last.headers["x-photofun-identity"]).user_id == "ann"


NOW = int(time.time())
BAD = {
    "none": lambda: jwt.encode(claims(), None, "none"),
    "None": lambda: jwt.encode(claims(), None, "none").replace("eyJhbGciOiJub25lIi", "eyJhbGciOiJOb25lIi"),
    "forged": lambda: token("x" * 40),
    "stripped": lambda: token().rsplit(".", 1)[0] + ".",
    "changed": lambda: token()[:-2] + "AA",
    "algorithm": lambda: token("s" * 64, algorithm="HS384"),
    "expired": lambda: token(exp=NOW - 100, iat=NOW - 500),
    "no exp": lambda: token(exp=None),
    "no iat": lambda: token(iat=None),
    "no sub": lambda: token(sub=None),
    "empty sub": lambda: token(sub=""),
    "no aud": lambda: token(aud=None),
    "wrong aud": lambda: token(aud="other"),
    "no iss": lambda: token(iss=None),
    "wrong iss": lambda: token(iss="photofun.evil"),
    "refresh": lambda: token(type="refresh"),
    "no type": lambda: token(type=None),
    "foreign typ": lambda: token(headers={"typ": "logout+jwt"}),
    "exp text": lambda: by_hand(claims(exp=str(NOW + 600))),
    "exp float": lambda: by_hand(claims(exp=NOW + 600.5)),
    "exp true": lambda: by_hand(claims(exp=True)),
    "ten years": lambda: token(exp=NOW + 10 * 365 * 86400),
    "long life": lambda: token(iat=NOW, exp=NOW + 25 * 3600),
    "future": lambda: token(iat=NOW + 300, exp=NOW + 600),
    "not yet": lambda: token(nbf=NOW + 300),
    "crit": lambda: token(headers={"crit": ["x"], "x": 1}),
    "kid": lambda: token("x" * 40, headers={"kid": "../../dev/null"}),
    "jwk": lambda: token("x" * 40, headers={"jku": "http://127.0.0.1:1/", "jwk": {"kty": "oct", "k": "eA"}}),
    "jwe": lambda: "a.b.c.d.e",
    "huge": lambda: "a" * 12_000,
    "junk": lambda: "nonsense",
    "unknown key": lambda: "pf_" + "a" * 43,
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_token_stays_out(kind: str, serve: Any, studio: Any) -> None:
    gateway = await serve(**OWN)

    response = await gateway.client.get("/v1/gallery/", headers=bearer(BAD[kind]()))

    assert response.status_code == 401
    assert response.json()["code"] == 1001
    assert response.headers["www-authenticate"] == "Bearer"
    assert studio.seen == []


async def test_without_a_token_only_the_public_is_open(serve: Any, studio: Any) -> None:
    gateway = await serve(**OWN)
    public = ["/", "/health", "/livez", "/readyz", "/swagger/", "/redoc/", "/openapi.json", "/v1/features", "/v1/files/abc.png"]

    for path in public:
        assert (await gateway.client.get(path)).status_code == 200
    assert (await gateway.client.post("/v1/webhooks/freepik", json={})).status_code == 200

    for path in ("/v1/gallery", "/api/v1/gallery/", "/v1/chat/sessions", "/v1/jobs/1", "/v1/features/upscale/status/1", "/v1/engines"):
        assert (await gateway.client.get(path)).status_code == 401
    assert (await gateway.client.post("/v1/files", content=b"")).status_code == 401
    assert (await gateway.client.get("/metrics")).status_code == 404


async def test_an_api_key_comes_in_until_it_is_removed(serve: Any, studio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway_svc.auth._LOOK_AGAIN", 0.0)
    file = tmp_path / "keys.jsonl"
    digest = hashlib.sha256(b"pf_secret").hexdigest()
    file.write_text(f'not json\n{{"hash": "{digest}", "name": "app", "user": "ben", "scopes": ["read"]}}\n')
    gateway = await serve(**OWN, api_keys_file=file)

    by_bearer = await gateway.client.get("/v1/gallery/", headers=bearer("pf_secret"))
    by_header = await gateway.client.get("/v1/gallery/", headers={"X-API-Key": "pf_secret"})
    writing = await gateway.client.post("/v1/gallery/", json={}, headers=bearer("pf_secret"))
    file.write_text("")
    removed = await gateway.client.get("/v1/gallery/", headers=bearer("pf_secret"))

    assert (by_bearer.status_code, by_header.status_code) == (200, 200)
    assert (writing.status_code, writing.json()["slug"]) == (403, "scope-missing")
    assert removed.status_code == 401
    assert "x-api-key" not in studio.last.headers


async def test_published_keys_verify_tokens_and_outlive_the_issuer(serve: Any, studio: Any) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key())), "kid": "k1", "alg": "RS256", "use": "sig"}
    state = {"status": 200}

    def issue(request: web.Request, body: bytes) -> web.Response:
        if request.path == "/jwks":
            return web.json_response({"keys": [jwk]}, status=state["status"])
        return web.json_response({})

    studio.answer = issue
    own = {**OWN, "jwt_secret": None, "jwt_jwks_url": studio.url + "/jwks"}
    gateway = await serve(**own)

    async def status(key: Any, algorithm: str, kid: str) -> int:
        made = token(key, algorithm, headers={"kid": kid})
        return (await gateway.client.get("/v1/gallery/", headers=bearer(made))).status_code

    assert await status(private, "RS256", "k1") == 200
    state["status"] = 302
    assert await status(private, "RS256", "k1") == 200
    assert await status(private, "RS512", "k1") == 401
    assert await status(SECRET, "HS256", "k1") == 401
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert await status(other, "RS256", "k1") == 401
    assert await status(other, "RS256", "k2") == 401
    assert sum(seen.path == "/jwks" for seen in studio.seen) == 1


async def test_guessing_is_stopped(serve: Any) -> None:
    gateway = await serve(**OWN)

    statuses = [(await gateway.client.get("/v1/gallery/", headers=bearer("guess"))).status_code for _ in range(65)]

    good = await gateway.client.get("/v1/gallery/", headers=bearer(token()))

    assert statuses == [401] * 60 + [429] * 5
    assert good.status_code == 200


async def test_the_limit_counts_the_tokens_user_not_the_claimed_one(serve: Any) -> None:
    gateway = await serve(**OWN, rate_limit="2/minute")

    statuses = [
        (await gateway.client.get("/v1/gallery/", params={"user_id": f"u{n}"}, headers=bearer(token()))).status_code for n in range(3)
    ]

    assert statuses == [200, 200, 429]


async def test_a_silent_issuer_is_503_for_new_keys_and_nothing_for_known_ones() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key())), "kid": "k1"}
    answers = [json.dumps({"keys": [jwk]}).encode(), b"<html>", b""]
    keys = JwksKeys("http://issuer.example", lambda url: _answer(answers.pop(0)))

    assert (await keys.key("k1")).key_id == "k1"
    with pytest.raises(UnauthorizedError):
        await keys.key("k2")
    keys._tried_at = keys._fetched_at = time.monotonic() - 700
    assert (await keys.key("k1")).key_id == "k1"
    await eventually(lambda: _answer(len(answers) == 1))
    with pytest.raises(UnavailableError):
        await keys.key("k2")
    assert (await keys.key("k1")).key_id == "k1"


async def _answer(value: Any) -> Any:
    return value


@pytest.mark.parametrize(
    "settings",
    [
        {"internal_secret": "photofun-development-only"},
        {"jwt_secret": None},
        {"jwt_secret": "short"},
        {"jwt_algorithms": "none"},
    ],
)
def test_required_mode_does_not_start_half_shut(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(_env_file=None, **{**OWN, **settings})


async def test_a_good_token_is_remembered_for_a_minute_and_never_past_its_end(
    serve: Any, studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await serve(auth_mode="required", jwt_secret=SECRET, internal_secret="i" * 32, files_secret="f" * 32)
    now = time.time()
    claims = {"iss": "photofun", "aud": "photofun", "sub": "ann", "type": "access", "iat": int(now), "exp": int(now) + 20}
    headers = {"Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"}
    assert (await gateway.client.get("/v1/gallery/", headers=headers)).status_code == 200

    def expired(*_: Any, **__: Any) -> None:
        raise jwt.ExpiredSignatureError

    monkeypatch.setattr(jwt, "decode", expired)
    monkeypatch.setattr(time, "time", lambda: now + 45)
    remembered = await gateway.client.get("/v1/gallery/", headers=headers)
    monkeypatch.setattr(time, "time", lambda: now + 55)
    judged_anew = await gateway.client.get("/v1/gallery/", headers=headers)

    assert (remembered.status_code, judged_anew.status_code) == (200, 401)
