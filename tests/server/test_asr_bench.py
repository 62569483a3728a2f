import numpy as np
import pytest

from server.bench.asr import Both, Heard, asr_report, clips_of, word_error
from server.bench.calls import SAMPLES
from server.bench.spelled import digits, edits, symbols
from server.bench.telephone_speech import Clip, an4_digits, an4_other, commands, fsdd_digits


def heard(said, text):
    return Heard(Clip("an4-digits", said, np.zeros(1, dtype=np.int16)), text, 0.1, 0.9)


@pytest.mark.parametrize(
    "text", ["seventy nine fifty nine", "79 59", "7959", "7, 9, 5, 9.", "seven nine five nine"]
)
def test_the_same_digits_in_any_spelling_are_the_same(text):
    assert digits(text) == "7959"


def test_tens_and_teens_are_two_digits():
    assert symbols("twenty sixteen") == ["2", "0", "1", "6"]
    assert symbols("march 3rd nineteen thirty") == ["march", "3", "1", "9", "3", "0"]


def test_spelled_letters_are_letters_and_words_are_words():
    assert symbols("P-I-T-T-S enter K9") == ["p", "i", "t", "t", "s", "enter", "k", "9"]


def test_edits_count_the_fewest_changes():
    assert edits("kitten", "sitting") == 3
    assert edits("", "abc") == edits("abc", "") == 3
    assert edits("same", "same") == 0


def test_word_error_weighs_clips_by_their_length():
    assert word_error([heard("one two three four", "1 2 3 4"), heard("five", "")]) == 0.2
    assert word_error([heard("one", "1 1 1")]) == 2.0


def test_a_digit_string_is_exact_only_as_a_whole():
    assert heard("oh one", "01").exact
    assert not heard("oh one", "1").exact


def test_the_data_sets_are_read_the_same_every_time(shared_data):
    for source in (an4_digits, an4_other, fsdd_digits, commands):
        first, again = source(shared_data, 3), source(shared_data, 3)
        assert len(first) == 3
        assert [clip.text for clip in first] == [clip.text for clip in again]
        for clip, same in zip(first, again, strict=True):
            assert np.array_equal(clip.samples, same.samples)
            assert len(clip.samples) > 8000


def test_where_the_length_is_known_the_first_reading_of_that_length_counts():
    clip = Clip("fsdd-digits", "one two three", np.zeros(1, dtype=np.int16))
    guessed = Heard(clip, "1 2 3 3", 0.1, 0.9, ("1 2 3 3", "1 2 3", "1 3 3"))
    assert not guessed.exact
    assert guessed.exact_of_length
    assert not Heard(clip, "12", 0.1, 0.9, ("12", "133", "123")).exact_of_length


def test_slot_words_are_looked_for_in_what_was_heard():
    clip = Clip("commands", "soy milk", np.zeros(1, dtype=np.int16))
    assert Heard(clip, "A latte with soy MILK, please.", 0.1, 0.9).slot_words == 2
    assert Heard(clip, "A latte with so milky.", 0.1, 0.9).slot_words == 0


def test_without_the_data_sets_the_recorded_calls_are_taken_and_that_is_said(tmp_path):
    clips, notes = clips_of(tmp_path, 5, SAMPLES)
    assert len(clips) == 5
    assert {clip.source for clip in clips} == {"recorded calls"}
    assert all(len(clip.samples) > 8000 for clip in clips)
    assert all(name in " ".join(notes) for name in ("an4", "fsdd", "spoken_commands"))
    assert "synthetic" in notes[-1]


def test_five_hundred_different_strings_can_be_joined(shared_data):
    strings = fsdd_digits(shared_data, 500)
    assert len({clip.samples.tobytes() for clip in strings}) == 500
    assert all(clip.is_digits for clip in strings)


def test_error_rates_of_both_are_told_by_source():
    right, wrong = heard("one two", "1 2"), heard("one two", "1 3")
    told = asr_report(Both((right, right), (right, wrong))).json()
    assert told["ours"]["an4-digits"]["exact"] == 2
    assert told["stock"]["an4-digits"]["exact"] == 1
    assert told["stock"]["an4-digits"]["word_error"] == 0.25
    assert told["ratio"] == 1.0
