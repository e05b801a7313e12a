import pytest
from photofun_common.errors import DeniedError, InvalidError, UnauthorizedError
from photofun_common.fileurls import FileUrls
from photofun_common.identity import Caller, IdentityKeeper
from photofun_common.settings import CommonSettings

KEY = "0123456789abcdef0123456789abcdef01234567.png"


def test_a_signed_identity_is_believed_by_its_service_only():
    gateway = IdentityKeeper("secret", is_open=False)
    token = gateway.sign("ada", audience="gallery-svc")

    assert IdentityKeeper("secret", is_open=False, service="gallery-svc").judge(token).user_id == "ada"
    for other in (
        IdentityKeeper("secret", is_open=False, service="imaging-svc"),
        IdentityKeeper("other", is_open=False, service="gallery-svc"),
    ):
        with pytest.raises(UnauthorizedError):
            other.judge(token)


def test_without_a_token_only_an_open_service_answers():
    assert IdentityKeeper("s", is_open=True).judge(None).user_id is None
    with pytest.raises(UnauthorizedError):
        IdentityKeeper("s", is_open=False).judge(None)


def test_a_caller_acts_for_nobody_else():
    with pytest.raises(DeniedError):
        Caller("ada", is_open=False).owner("eve")
    with pytest.raises(InvalidError):
        Caller(None, is_open=True).owner(None)
    assert Caller(None, is_open=True).owner("ada") == "ada"
    assert Caller(None, is_open=True).reader(None) is None


def test_signed_file_urls_open_their_file_and_no_other():
    urls = FileUrls("http://studio", "secret", signed=True)
    url = urls.url(KEY)

    assert urls.is_signed_url(url)
    assert not urls.is_signed_url(url.replace("0123", "0124", 1))
    assert not urls.is_readable(KEY, "1", "x" * 40)
    assert urls.key_of(url) == KEY
    assert urls.key_of("http://other-gateway:1/api/v1/files/" + KEY) == KEY
    assert urls.key_of("http://studio/v1/gallery/") is None


def test_required_mode_refuses_development_secrets(monkeypatch):
    monkeypatch.setenv("AUTH_MODE", "required")
    with pytest.raises(ValueError, match="INTERNAL_SECRET"):
        CommonSettings(_env_file=None)
