"""Who gets in: nobody without a token from outside, and no more than can be served."""

import hashlib

import pytest

from server.admission import Admission, address_of, is_loopback
from server.channels.line import address_of_number
from server.protocol import Hello, ProtocolError
from server.settings import Settings, Token

SECRET = "a long random token"
TOKEN = Token(name="bridge", sha256=hashlib.sha256(SECRET.encode()).hexdigest(), max_calls=2)


ONE = TOKEN.model_copy(update={"name": "kitchen", "max_calls": 1})


@pytest.mark.parametrize(
    ("token", "host", "caller_id", "address"),
    [
        (None, "127.0.0.1", "+15550100", None),
        (TOKEN, "127.0.0.1", "+15550100", "bridge:+15550100"),
        (TOKEN, "127.0.0.1", "anonymous", None),
        (ONE, "198.51.100.7", None, "device:kitchen"),
        (TOKEN, "9.9.9.9", None, "ip:9.9.9.9/32"),
        (TOKEN, "::ffff:9.9.9.9", None, "ip:9.9.9.9/32"),
        (TOKEN, "2620:fe::fe", None, "ip:2620:fe::/64"),
        (TOKEN, "10.0.0.4", None, None),
        (TOKEN, "::1", None, None),
        (TOKEN, None, None, None),
    ],
    ids=[
        "what a program tells",
        "what a bridge tells",
        "what it withholds",
        "a device",
        "a client of many",
        "mapped",
        "a network of IPv6",
        "behind a proxy",
        "on this machine",
        "nowhere",
    ],
)
def test_tries_are_counted_where_one_caller_is_and_nowhere_that_many_share(
    token, host, caller_id, address
):
    assert address_of(token, host, caller_id) == address


@pytest.mark.parametrize("number", [None, "", "anonymous", "Restricted", "sip"])
def test_numbers_that_are_withheld_are_not_one_address(number):
    assert address_of_number("sip", number) is None
    assert address_of_number("sip", "+15550100") == "sip:+15550100"


def hello(token: str | None = None) -> Hello:
    return Hello(type="hello", version=1, sample_rate=8000, encoding="ulaw", token=token)


def admission(**settings) -> Admission:
    return Admission(Settings(tokens=[TOKEN], **settings))


def refused(door: Admission, given: Hello, host: str, secure: bool) -> str:
    with pytest.raises(ProtocolError) as error, door.admit(given, host=host, secure=secure):
        pass
    assert error.value.fatal
    return error.value.code


def test_loopback_needs_no_token_but_a_wrong_one_is_refused():
    door = admission()
    with door.admit(hello(), host="127.0.0.1", secure=False):
        assert door.calls == 1
    assert door.calls == 0
    assert refused(door, hello("guess"), "127.0.0.1", False) == "unauthorized"


def test_behind_a_proxy_nobody_is_taken_for_this_machine():
    """One that tells no X-Forwarded-For has everybody call from loopback."""
    door = admission(public_url="https://voice.example.com")
    assert refused(door, hello(), "127.0.0.1", False) == "unauthorized"
    assert not door.is_ours("127.0.0.1")
    with door.admit(hello(SECRET), host="127.0.0.1", secure=False):
        assert door.calls == 1


def test_outside_needs_a_token_and_wss():
    door = admission()
    assert refused(door, hello(), "203.0.113.9", True) == "unauthorized"
    assert refused(door, hello("guess"), "203.0.113.9", True) == "unauthorized"
    assert refused(door, hello(SECRET), "203.0.113.9", False) == "unauthorized"
    with door.admit(hello(SECRET), host="203.0.113.9", secure=True):
        assert door.calls == 1


def test_a_token_holds_no_more_calls_than_it_may():
    door = admission()
    with (
        door.admit(hello(SECRET), host="::1", secure=False),
        door.admit(hello(SECRET), host="::1", secure=False),
    ):
        assert refused(door, hello(SECRET), "::1", False) == "busy"
        with door.admit(hello(), host="::1", secure=False):
            assert door.calls == 3
    with door.admit(hello(SECRET), host="::1", secure=False):
        assert door.calls == 1


def test_a_full_house_refuses_the_next_call():
    door = admission(max_calls=1)
    with door.admit(hello(), host="127.0.0.1", secure=False):
        assert refused(door, hello(), "127.0.0.1", False) == "busy"


def test_a_call_that_breaks_gives_its_place_back():
    door = admission(max_calls=1)
    with pytest.raises(ZeroDivisionError), door.admit(hello(), host="::1", secure=False):
        raise ZeroDivisionError
    assert door.calls == 0


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("10.0.0.1", False), (None, False)],
)
def test_loopback_is_this_machine_only(host, expected):
    assert is_loopback(host) is expected


def test_a_token_is_not_shown():
    assert SECRET not in repr(hello(SECRET))


def test_no_further_call_is_taken_while_the_engines_are_late():
    late = [0.0]
    door = Admission(Settings(latest=0.5), seconds_late=lambda: late[0])
    with door.admit(hello(), host="::1", secure=False):
        late[0] = 0.7
        assert refused(door, hello(), "::1", False) == "busy"
        late[0] = 0.3
        with door.admit(hello(), host="::1", secure=False):
            assert door.calls == 2


def test_an_empty_house_takes_a_call_however_late_the_last_one_was():
    door = Admission(Settings(latest=0.5), seconds_late=lambda: 9.0)
    with door.admit(hello(), host="::1", secure=False):
        assert door.calls == 1
