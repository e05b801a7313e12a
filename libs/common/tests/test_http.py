import pytest
from photofun_common.errors import InvalidError, MalformedError
from photofun_common.http import parse_json


@pytest.mark.parametrize(
    "raw", [b"{", b"{} {}", b'{"a":1}x', b"\xff\xfe{\x00}\x00", '{"a":1}'.encode("utf-16"), b"[" * 100_000, b'{"a":1,"a":2}']
)
def test_what_is_no_json_is_malformed(raw):
    with pytest.raises(MalformedError) as caught:
        parse_json(raw)
    assert caught.value.status == 400


@pytest.mark.parametrize("raw", [b'{"n":NaN}', b'{"n":1e999}', b'{"n":"\\ud800"}', b'{"n":"\\u0000"}', b'{"n":%s}' % (b"9" * 5000)])
def test_values_that_no_field_can_take_are_invalid(raw):
    with pytest.raises(InvalidError) as caught:
        parse_json(raw)
    assert caught.value.status == 422


def test_deep_nesting_is_refused():
    with pytest.raises(InvalidError):
        parse_json(b'{"a":' * 30 + b"1" + b"}" * 30)


def test_plain_json_is_read_with_its_byte_order_mark_or_without():
    assert parse_json(b'\xef\xbb\xbf{"x": "h\xc3\xa9"}') == {"x": "hé"} == parse_json('{"x": "hé"}'.encode())
