"""Twenty telephones at once: what is admitted is served whole, the rest is told busy."""

from dataclasses import replace

import numpy as np
import pytest
from stdnum import verhoeff

from dialog.bank.demo_people import DemoCustomer, demo_people
from tests.server.sip_house import SipHouse, sip_house
from tests.server.sipp import Crowd, Press, Say, Step, crowd
from tests.server.staged import SEND, YES
from tests.server.test_sip_calls import loud, recorded
from voice.pcm import Samples

pytestmark = pytest.mark.channels

CALLS, ADMITTED = 20, 2


def customers(count: int) -> list[DemoCustomer]:
    """Customers like the first one, each with a number and accounts of their own."""
    first = demo_people()[0]
    people = []
    for number in range(count):
        base = f"60{number:05d}"
        accounts = tuple(
            replace(each, number=f"{7000000000 + 10 * number + k}")
            for k, each in enumerate(first.accounts)
        )
        people.append(
            replace(
                first,
                name=f"Caller {number}",
                number=base + str(verhoeff.calc_check_digit(base)),
                pin=f"{3107 + 13 * number:04d}",
                accounts=accounts,
                phone=f"+1555560{number:04d}",
                email=f"caller{number}@example.com",
            )
        )
    return people


def whole_call(request: Samples, agreed: Samples) -> list[Step]:
    return [Say(request), Press(0, 8), Press(8, 4), Say(agreed)]


async def all_pay(house: SipHouse, group: Crowd, count: int) -> None:
    """Each step once everybody's turn has come, however busy the machine is."""
    for action in ("greet", "ask_customer_number", "ask_pin", "confirm_transfer"):
        await house.until("listening", f"'{action}'", times=count, seconds=240)
        await group.go(count)
    await house.until("decided", "'transfer_done'", times=count, seconds=240)
    await group.go(count)
    await group.ended()


async def test_twenty_telephones_pay_at_once(tmp_path, monkeypatch):
    """Recognition is staged, all else is real: each call's money moves once."""
    people = customers(CALLS)
    monkeypatch.setattr("dialog.bank.demo.demo_people", lambda: (*demo_people(), *people))
    table = [(*person.number, *person.pin) for person in people]
    steps = whole_call(np.tile(loud(SEND), 3), np.tile(loud(YES), 3))
    async with (
        sip_house(tmp_path, monkeypatch, max_calls=CALLS, silence=300.0) as house,
        crowd(tmp_path / "sipp", house.uri, steps, count=CALLS, table=table) as group,
    ):
        await all_pay(house, group, CALLS)
        details = await house.details(CALLS)
        transfers = house.bank.books()["transfers"]
        house.bank.check()
    assert [each["ended"] for each in details] == ["hangup"] * CALLS
    assert all(each["quality"]["received"] > 500 for each in details)
    paid = sorted((each["source"], each["to"], each["amount"]) for each in transfers)
    owed = [(f"{person.number}/checking", "Anna Keller", "50.00") for person in people]
    assert paid == sorted(owed)


async def test_who_is_admitted_is_served_and_the_rest_is_told_busy(tmp_path, monkeypatch, engines):
    """Real engines serve a few calls on two cores; twenty ring at once."""
    people = demo_people()[:1]
    table = [(*person.number, *person.pin) for person in people]
    steps = whole_call(recorded(1), recorded(5))
    settings = {"max_calls": ADMITTED, "silence": 300.0}
    async with (
        sip_house(tmp_path, monkeypatch, engines=engines, **settings) as house,
        crowd(tmp_path / "sipp", house.uri, steps, count=CALLS, table=table) as group,
    ):
        await house.details(CALLS - ADMITTED)
        await all_pay(house, group, ADMITTED)
        details = await house.details(CALLS)
        transfers = house.bank.books()["transfers"]
        house.bank.check()
    ended = sorted(each["ended"] for each in details)
    assert ended == ["busy"] * (CALLS - ADMITTED) + ["hangup"] * ADMITTED
    paid = [(each["to"], each["amount"]) for each in transfers]
    assert paid == [("Anna Keller", "50.00")] * ADMITTED
