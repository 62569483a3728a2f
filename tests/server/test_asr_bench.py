import numpy as np
import pytest

from server.bench.asr import Heard, word_error
from server.bench.spelled import digits, edits, symbols
from server.bench.telephone_speech import Clip, an4_digits, an4_other, fsdd_digits


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
    for source in (an4_digits, an4_other, fsdd_digits):
        first, again = source(shared_data, 3), source(shared_data, 3)
        assert len(first) == 3
        assert [clip.text for clip in first] == [clip.text for clip in again]
        for clip, same in zip(first, again, strict=True):
            assert np.array_equal(clip.samples, same.samples)
            assert len(clip.samples) > 8000
