"""What counts as heard, by a clock that the tests move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.playback import Playback

RATE = 1000
QUESTION = "Shall I send 200 dollars to Anna Keller now?"


def spoken(playback: Playback, sentence_id: int, text: str, seconds: float, at: float) -> None:
    """Send a sentence as the speaker does: in chunks of 20 ms, all at once."""
    for _ in range(round(seconds * 50)):
        playback.sent(sentence_id, text, RATE // 50, at)


def test_nothing_sent_is_nothing_heard() -> None:
    playback = Playback(RATE)
    assert not playback.playing(5.0)
    assert playback.ends_at(5.0) == 5.0
    assert playback.heard_fraction(1, 5.0) == 0.0
    assert playback.heard_text(5.0) == ""


def test_a_client_that_never_reports_plays_in_real_time() -> None:
    playback = Playback(RATE)
    spoken(playback, 1, "Good morning.", 2.0, at=10.0)
    playback.finished(1)
    assert playback.playing(11.99)
    assert not playback.playing(12.0)
    assert playback.ends_at(10.5) == pytest.approx(12.0)
    assert playback.heard_fraction(1, 10.5) == pytest.approx(0.25)
    assert not playback.fully_heard(1, 11.8)
    assert playback.fully_heard(1, 12.0)


def test_a_pause_between_two_sentences_is_not_counted_as_played() -> None:
    playback = Playback(RATE)
    spoken(playback, 1, "One.", 1.0, at=0.0)
    spoken(playback, 2, "Two.", 1.0, at=5.0)
    playback.finished(2)
    assert playback.heard_fraction(1, 5.0) == 1.0
    assert playback.heard_fraction(2, 5.5) == pytest.approx(0.5)


def test_only_what_a_client_reports_counts_as_heard() -> None:
    playback = Playback(RATE)
    spoken(playback, 1, QUESTION, 4.0, at=0.0)
    playback.finished(1)
    playback.played(1000, 0, at=3.0)  # it started late
    assert playback.heard_fraction(1, 3.9) == pytest.approx(0.25)
    assert playback.ends_at(3.0) == pytest.approx(6.0)
    playback.played(3950, 0, at=6.0)
    assert playback.fully_heard(1, 6.0)  # only the silence after it is missing


def test_a_barge_in_leaves_the_words_that_were_heard() -> None:
    playback = Playback(RATE)
    spoken(playback, 1, "You have two accounts.", 2.0, at=0.0)
    spoken(playback, 2, "alpha bravo delta gamma", 4.0, at=0.0)
    playback.finished(2)
    playback.played(3000, 0, at=3.0)
    playback.cleared(1, at=3.1)
    assert playback.heard_text(3.1) == "alpha"
    playback.played(4200, 1, at=3.2)
    assert playback.fully_heard(1, 9.0)
    assert playback.heard_fraction(2, 9.0) == pytest.approx(0.55)
    assert playback.heard_text(9.0) == "alpha bravo"


def test_a_dropped_sentence_is_not_heard_later() -> None:
    playback = Playback(RATE)
    spoken(playback, 1, QUESTION, 4.0, at=0.0)
    playback.finished(1)
    playback.cleared(1, at=1.0)
    assert not playback.playing(1.0)
    assert playback.heard_fraction(1, 100.0) == pytest.approx(0.25)
    spoken(playback, 2, "All right.", 1.0, at=2.0)
    playback.finished(2)
    assert playback.heard_fraction(2, 2.5) == pytest.approx(0.5)
    assert playback.fully_heard(2, 3.0)
    assert not playback.fully_heard(1, 100.0)


def test_the_counter_goes_on_after_a_clear_without_what_was_dropped() -> None:
    playback = Playback(RATE)
    spoken(playback, 1, "One.", 2.0, at=0.0)
    playback.played(500, 0, at=0.5)
    playback.cleared(7, at=0.6)
    spoken(playback, 2, "Two.", 1.0, at=0.7)
    playback.finished(2)
    playback.played(600, 7, at=0.75)
    playback.played(1100, 7, at=1.25)
    assert playback.heard_fraction(2, 1.25) == pytest.approx(0.5)
    playback.played(1600, 7, at=1.75)
    assert playback.fully_heard(2, 1.75)
    assert not playback.playing(1.75)


def test_reports_that_cannot_be_are_ignored_or_cut() -> None:
    playback = Playback(RATE)
    spoken(playback, 1, "One two.", 1.0, at=0.0)
    playback.finished(1)
    playback.played(400, 0, at=0.4)
    for samples, clear in ((300, 0), (-5, 0), (900, 3)):  # back, negative, a clear never sent
        playback.played(samples, clear, at=0.5)
        assert playback.heard_fraction(1, 0.5) == pytest.approx(0.4)
    playback.played(10**9, 0, at=0.6)
    assert playback.fully_heard(1, 0.6)
    spoken(playback, 2, "Three.", 1.0, at=0.7)
    playback.finished(2)
    assert playback.heard_fraction(2, 0.7) == 0.0  # the excess is not credit for later
    playback.cleared(1, at=0.8)
    playback.played(1200, 1, at=0.9)
    playback.played(1500, 0, at=1.0)  # an older clear than the last obeyed one
    assert playback.heard_fraction(2, 1.0) == pytest.approx(0.2)


def test_the_beginning_of_a_sentence_is_not_taken_for_all_of_it() -> None:
    playback = Playback(RATE)
    spoken(playback, 1, QUESTION, 1.0, at=0.0)  # the rest is still being made
    assert 0 < playback.heard_fraction(1, 1.0) < 0.5
    playback.played(1000, 0, at=1.0)
    assert not playback.fully_heard(1, 1.1)
    spoken(playback, 1, QUESTION, 2.0, at=1.1)
    assert not playback.fully_heard(1, 3.1)


def test_a_sentence_is_complete_when_nothing_follows_or_another_begins() -> None:
    playback = Playback(RATE)
    spoken(playback, 1, "One.", 1.0, at=0.0)
    assert not playback.fully_heard(1, 1.0)
    assert playback.fully_heard(1, 1.3)
    other = Playback(RATE)
    spoken(other, 1, "One.", 1.0, at=0.0)
    spoken(other, 2, "Two.", 1.0, at=0.0)
    assert other.fully_heard(1, 1.0)


def test_a_client_that_stopped_reporting_is_not_waited_for_for_ever() -> None:
    playback = Playback(RATE)
    spoken(playback, 1, "One.", 1.0, at=0.0)
    for second in range(1, 5):
        playback.played(0, 0, at=float(second))
    assert playback.playing(2.9)
    assert not playback.playing(3.0)
    assert not playback.fully_heard(1, 10.0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["send", "report", "clear"]),
            st.integers(-50, 3000),
            st.integers(0, 4),
            st.floats(0, 2),
        ),
        max_size=30,
    )
)
def test_never_more_is_heard_than_was_sent_and_a_fraction_is_one(
    events: list[tuple[str, int, int, float]],
) -> None:
    playback, now, sent, clears = Playback(RATE), 0.0, 0, 0
    for kind, number, small, wait in events:
        now += wait
        if kind == "send" and number > 0:
            playback.sent(small, "some words to say", number, now)
            sent += number
        elif kind == "report":
            playback.played(number, small, now)
        elif kind == "clear":
            clears += 1
            playback.cleared(clears, now)
        assert playback.ends_at(now) <= now + sent / RATE + 2.0
        for sentence_id in range(5):
            assert 0.0 <= playback.heard_fraction(sentence_id, now) <= 1.0
        assert set(playback.heard_text(now).split()) <= {"some", "words", "to", "say"}
