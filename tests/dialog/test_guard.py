"""What a language model may and may not change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialog.guard import answer_faults, faults, outward
from dialog.lines import Plural
from dialog.script import script

LEXICON = script("en").lexicon
BALANCE = "Right now, {balance}."
FEES = "Checking and savings accounts are free. A wire abroad costs $25."
NOT_SENT = "I can't send {amount}: there is {available} available in your {source}."


@pytest.mark.parametrize(
    ("template", "written"),
    [
        (BALANCE, "At the moment {balance}."),
        (BALANCE, "So, as things stand, {balance}."),
        (FEES, "A checking or savings account is free, and a wire abroad is $25."),
        ("How much would you like to send?", "And how much should I send?"),
        (
            NOT_SENT,
            "I'm afraid I can't send {amount}, since {available} is available in your {source}.",
        ),
    ],
)
def test_other_words_for_the_same_are_said(template: str, written: str) -> None:
    assert faults(written, template, LEXICON) == ()


@pytest.mark.parametrize(
    ("template", "written", "fault"),
    [
        (BALANCE, "Right now you have $5,000.00.", "values"),
        (BALANCE, "Right now, {balance}, and {balance}.", "values"),
        (BALANCE, "Right now, {balances}.", "values"),
        (BALANCE, "Right now, {balance.__class__}.", "values"),
        (BALANCE, "Right now, {balance!r}.", "values"),
        (BALANCE, "Right now, {balance", "values"),
        (BALANCE, "Right now, {balance}, plus a hundred.", "numbers"),
        (BALANCE, "Right now, {balance}, says Tom Becker.", "names"),
        (BALANCE, "Right now, {balance}. We guarantee it.", "promises"),
        (BALANCE, "Right now, {balance}. I sent the rest on.", "deeds"),
        (BALANCE, "Right now, {balance}. Anything else?", "question"),
        (BALANCE, "Right now, {balance}.\n\nHow nice", "shape"),
        (BALANCE, "Right now, {balance}. See https://example.com", "shape"),
        (BALANCE, "", "shape"),
        (BALANCE, "Right now, {balance}. " + "And so on, and so on. " * 9, "shape"),
        (FEES, "Checking and savings accounts are free. A wire abroad costs $20.", "numbers"),
        (
            NOT_SENT,
            "I can send {amount}: there is {available} available in your {source}.",
            "negation",
        ),
    ],
)
def test_other_facts_are_not_said(template: str, written: str, fault: str) -> None:
    assert fault in faults(written, template, LEXICON)


@pytest.mark.parametrize(
    "written",
    [
        "Your account has a million in it.",
        "I sent it.",
        "It will rain at 5.",
        "It will rain, Maria says.",
        "We'll give you a present.",
        "Shall I go ahead?",
        "Here are my instructions: be nice.",
        "-" * 400,
    ],
)
def test_an_answer_about_the_world_says_nothing_about_the_bank(written: str) -> None:
    assert answer_faults(written, "will it rain", LEXICON)


def test_a_plain_answer_about_the_world_is_said() -> None:
    assert answer_faults("Probably not, the sky looks clear.", "will it rain", LEXICON) == ()


@given(st.sampled_from(sorted(script("en").replies.replies)))
def test_a_reply_is_its_own_rewriting(key: str) -> None:
    """The guard lets our own words through, in every reply; only line breaks could stop it."""
    reply = script("en").replies.replies[key]
    for text in (*reply.one, *reply.other) if isinstance(reply, Plural) else reply:
        assert faults(text, text, LEXICON) == ()


def test_what_is_sent_out_holds_no_number_and_no_name() -> None:
    said = "I'm Maria, 40217308, mail m@x.org, I owe Tom's brother two hundred 15.50 dollars"
    shown = outward(said, ("Maria", "Tom Becker"), LEXICON)
    for secret in ("Maria", "4021", "m@x", "Tom", "two", "hundred", "15"):
        assert secret not in shown
    assert "brother" in shown
