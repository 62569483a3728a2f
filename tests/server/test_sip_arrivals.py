"""What the SIP process reads off its trace: whose a call is, and which keys came by INFO."""

import logging

import pytest

from server.channels.sip.arrivals import REMEMBERED, Arrival, Arrivals, is_own
from tests.server.test_sip_calls import outside_address

TRUNK, STRANGER = "192.0.2.1", "203.0.113.9"


def came(arrivals: Arrivals, method: str, call_id: str, *, source: str = TRUNK, **headers) -> None:
    lines = [f"RX UDP {source}:5060 -> 127.0.0.1:5060", f"{method} sip:bank@127.0.0.1 SIP/2.0"]
    lines += [f"Call-ID: {call_id}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    text = "\r\n".join((*lines, "", "")).replace("\r\n", "\n", 1)
    arrivals.emit(logging.LogRecord("sip", logging.DEBUG, "", 0, text, None, None))


def key(arrivals: Arrivals, number: int, kind: str = "application/dtmf-relay") -> None:
    came(arrivals, "INFO", "call", CSeq=f"{number} INFO", Content_Type=kind)


def test_a_key_by_info_is_told_once_however_often_it_is_sent():
    arrivals = Arrivals()
    arrivals.follow("call")
    key(arrivals, 4)
    key(arrivals, 4)
    assert [arrivals.take_info("call") for _ in range(2)] == [True, False]
    key(arrivals, 5)
    assert arrivals.take_info("call")


def test_an_info_of_something_else_is_no_key():
    arrivals = Arrivals()
    arrivals.follow("call")
    key(arrivals, 1, "application/media_control+xml")
    came(arrivals, "INFO", "call", CSeq="2 INFO")
    assert not arrivals.take_info("call")


async def test_strangers_fill_no_memory():
    arrivals = Arrivals()
    for number in range(3 * REMEMBERED):
        came(arrivals, "INFO", f"i{number}", CSeq="1 INFO", Content_Type="application/dtmf-relay")
        came(arrivals, "INVITE", f"v{number}", source=STRANGER)
    assert not arrivals._keys
    assert len(arrivals._sources) == REMEMBERED


async def test_a_call_is_of_the_address_that_its_invite_came_from():
    arrivals = Arrivals()
    came(arrivals, "INVITE", "call")
    came(arrivals, "INVITE", "call")  # sent again
    came(
        arrivals, "INVITE", "call", source=STRANGER, To="<sip:bank@a>;tag=7"
    )  # of a call: no new one
    assert await arrivals.of("call") == Arrival(TRUNK, "udp", TRUNK, "bank")


async def test_nobody_calls_under_the_name_of_anothers_call():
    arrivals = Arrivals()
    came(arrivals, "INVITE", "call")
    came(arrivals, "INVITE", "call", source=STRANGER)
    assert await arrivals.of("call") is None


@pytest.mark.parametrize(("source", "origin"), [("127.0.0.1", TRUNK), (STRANGER, STRANGER)])
async def test_where_a_call_is_from_only_a_proxy_on_this_machine_may_tell(source, origin):
    arrivals = Arrivals()
    came(arrivals, "INVITE", "call", source=source, X_Tellerline_Source=TRUNK)
    arrival = await arrivals.of("call")
    assert arrival is not None
    assert (arrival.source, arrival.origin) == (source, origin)


def test_every_address_of_this_machine_is_its_own():
    assert is_own("127.0.0.2")
    assert is_own(outside_address())
    assert not is_own(STRANGER)
    assert not is_own("2001:db8::1")
