"""What a bad line costs in meaning."""

import shutil

import pytest

from nlu.corpus.load import FRESH_FOLDER, load_corpus
from nlu.understander import Understander
from server.bench.heard import HeardLine, Line, drop, heard_report, measure_heard, word_error
from voice.recogniser import Recogniser

FOUND = [
    HeardLine("flite-slt", "block my card", 0.1, "Block my car.", True, False),
    HeardLine("flite-rms", "what is my balance", 0.1, "What is my balance?", True, True),
    HeardLine("flite-rms", "forty dollars", 0.1, "$40", False, True),
]


def test_the_drop_is_what_was_right_as_text_and_is_not_as_heard():
    assert drop(FOUND[:2]) == 50.0
    assert drop(FOUND) == 0.0


def test_words_are_compared_as_they_are_spoken():
    assert word_error(FOUND) == pytest.approx(1 / 9)


def test_the_report_tells_each_voice_and_all():
    (sheet,) = heard_report(FOUND, Line("babble", 10.0)).sheets
    assert [row[:2] for row in sheet.rows] == [("flite-slt", "1"), ("flite-rms", "2"), ("all", "3")]


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
def test_lines_are_spoken_and_heard_the_same_each_time(whisper_dir, encoder_dir):
    recogniser, understander = Recogniser(whisper_dir), Understander(encoder_dir)
    lines = [line for line in load_corpus(FRESH_FOLDER, 1) if line.text == "we've moved house"]
    once, again = (
        measure_heard(lines, ["flite-slt"], Line("hum", 30.0), recogniser, understander)
        for _ in range(2)
    )
    assert once[0].text == again[0].text
    assert once[0].right_as_text
    assert once[0].wrong_words <= 1
