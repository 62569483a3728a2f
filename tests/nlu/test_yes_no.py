import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.intents.yes_no import AFFIRM, read_answer, weigh
from nlu.locales.locale import load_locale
from nlu.understanding import ScoredIntent

WORDS = load_locale("en").answers


@pytest.mark.parametrize(
    "text",
    ["yes", "Yes.", "yeah, that's right", "correct", "Go ahead!", "sure", "please do", "uh, yes",
     "okay", "Yes, please.", "yes yes", "yep, do it", "that is correct, thank you", "mm-hmm",
     "Yes, please do that.", "yes, block it", "yes this is correct", "yes it does",
     "that'll be it, yes", "uh yeah yeah that's uh that's right",
     "that's better yes", "i suppose so, yes", "mm yes that's right"],
)  # fmt: skip
def test_a_plain_yes(text):
    answer = read_answer(text, WORDS)
    assert answer.is_yes
    assert not answer.is_no


@pytest.mark.parametrize("text", WORDS.deeds)
def test_a_deed_agrees_only_where_an_answer_is_waited_for(text):
    assert read_answer(text, WORDS).is_yes
    assert not read_answer(text, WORDS, asked=False).affirms


@pytest.mark.parametrize(
    "text",
    ["no", "No.", "nope", "that's wrong", "don't", "not really", "no, thank you", "please don't",
     "no no no", "absolutely not", "that's not right", "no, it isn't"],
)  # fmt: skip
def test_a_plain_no(text):
    answer = read_answer(text, WORDS)
    assert answer.is_no
    assert not answer.is_yes


@pytest.mark.parametrize(
    "text",
    ["yes but make it fifty", "yes no", "no yes", "yes, not that", "okay, wait", "right, stop",
     "yes to Tom", "yes and what's my balance", "is that right", "right?", "yes if it's free",
     "sure, why not", "fine, but not today", "I said yes to Anna", "do it tomorrow", "don't do it",
     "never, okay", "that's right isn't it", "yes cancel", "correct the amount"],
)  # fmt: skip
def test_more_than_a_yes_is_no_plain_yes(text):
    assert not read_answer(text, WORDS).is_yes


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(WORDS.affirm)), min_size=1, max_size=3),
    st.sampled_from(sorted(WORDS.negations)),
    st.data(),
)
def test_no_yes_survives_a_negation(phrases, negation, data):
    place = data.draw(st.integers(0, len(phrases)))
    text = " ".join([*phrases[:place], negation, *phrases[place:]])
    answer = read_answer(text, WORDS)
    assert not answer.is_yes
    # However sure the trained head is, assent does not win.
    weighed = {i.name: i.score for i in weigh([ScoredIntent(AFFIRM, 0.99)], answer)}
    assert weighed[AFFIRM] <= 0.3


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(WORDS.affirm)), st.from_regex(r"[a-z]{5,9}", fullmatch=True))
def test_no_unknown_word_beside_a_yes_goes_unnoticed(phrase, word):
    known = {part for said in (*WORDS.affirm, *WORDS.polite, *WORDS.deny) for part in said.split()}
    if word not in known:
        assert not read_answer(f"{phrase} {word}", WORDS).is_yes


def test_every_affirming_phrase_is_a_plain_yes():
    assert [p for p in WORDS.affirm if not read_answer(p, WORDS).is_yes] == []


def test_every_denying_phrase_is_a_plain_no():
    assert [p for p in WORDS.deny if not read_answer(p, WORDS).is_no] == []


@pytest.mark.parametrize(
    "text", ["it does", "i suppose so", "mm", "uh um", "they can", "that's uh", "as well"]
)
def test_what_only_stands_beside_a_yes_is_none(text):
    assert not read_answer(text, WORDS).is_yes


@pytest.mark.parametrize("text", ["yes uh no", "yeah that's uh that's not right", "yes it doesn't"])
def test_noise_hides_no_negation(text):
    assert not read_answer(text, WORDS).is_yes
