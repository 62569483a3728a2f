"""What would serve who complains is told, and nothing is sold to who is upset."""

import pytest
from calling import Caller

from dialog.script import script
from dialog.turns import Response
from nlu.needs.head import LABELS, NONE

MARIA = ("40217308", "4821")
DECLINED = "my card was refused on our trip through Portugal"
LOW = "year after year my savings bring in nothing at all"


def said(answer: Response) -> str:
    return " ".join(answer.say)


@pytest.fixture
def maria(caller: Caller) -> Caller:
    caller.logs_in(*MARIA)
    return caller


def complains(caller: Caller, story: str, need: str | None) -> Response:
    caller.says("I want to complain", "complaint")
    caller.says(story, "inform", need=need)
    return caller.says("yes", "affirm")


def test_help_is_told_once_a_complaint_is_filed(maria: Caller) -> None:
    answer = complains(maria, DECLINED, "abroad")
    assert answer.action == "complaint_filed"
    assert "before you leave" in said(answer)


def test_a_complaint_without_a_need_is_only_filed(maria: Caller) -> None:
    complains(maria, DECLINED, "abroad")
    assert "may help" not in said(complains(maria, "the clerk at the counter was rude to me", None))


def test_a_need_told_with_the_wish_to_complain_is_kept_over_the_login(caller: Caller) -> None:
    caller.says("I want to complain, my card never works abroad", "complaint", need="abroad")
    caller.logs_in(*MARIA)
    caller.says("it was refused everywhere I went last year", "inform")
    assert "before you leave" in said(caller.says("yes", "affirm"))


def test_nothing_is_sold_after_a_complaint_of_who_was_upset(maria: Caller) -> None:
    assert "recommend something" in said(complains(maria, LOW, "grow"))
    maria.says("my wife died and I need the balance", "balance")
    assert "recommend something" not in said(complains(maria, LOW, "grow"))
    assert "before you leave" in said(complains(maria, DECLINED, "abroad"))


def test_what_no_savings_product_serves_gets_no_recommendation(maria: Caller) -> None:
    answer = maria.says("recommend something, I'm short of cash", "recommendation", need="borrow")
    assert "loan" in said(answer)
    assert maria.says("recommend something", "recommendation").action == "ask_consent"


def test_a_goal_is_no_other_need(maria: Caller) -> None:
    maria.says("recommend something for my savings", "recommendation", need="grow")
    maria.says("yes", "affirm")
    assert maria.says("a car, the old one broke down", None, need="borrow").action == "ask_profile"


@pytest.mark.parametrize("in_scope", [True, False])
def test_who_asks_for_nothing_is_told_what_would_serve(caller: Caller, in_scope: bool) -> None:
    answer = caller.says(
        "the rent slips my mind each month", None, need="pay_on_time", in_scope=in_scope
    )
    assert answer.action == "tell_need"
    assert "each month" in said(answer)


STORY = "the rent slips my mind and then there's a late fee"


@pytest.mark.parametrize(
    ("intent", "score", "need", "is_told"),
    [
        ("fees", 0.5, "pay_on_time", True),
        ("fees", 0.95, "pay_on_time", False),
        ("spending", 0.5, "pay_on_time", True),
        ("spending", 0.7, "pay_on_time", False),
        ("complaint", 0.5, "pay_on_time", False),
        ("agent", 0.5, "person", False),
        ("dispute", 0.5, "safety", False),
    ],
)
def test_a_need_goes_before_a_request_only_where_that_is_unsure(
    caller: Caller, intent: str, score: float, need: str, is_told: bool
) -> None:
    answer = caller.says(STORY, intent, score=score, need=need)
    assert (answer.action == "tell_need") == is_told


def test_every_need_has_its_help() -> None:
    assert set(script("en").replies.forms.needs) == {*LABELS} - {NONE}
