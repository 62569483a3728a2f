import json
from datetime import date

import pytest

from nlu.corpus.duplicates import near_duplicates
from nlu.encoder.sentence import SentenceEncoder
from nlu.intents.model import ADAPTER_FILE, CARD_FILE
from nlu.needs.head import NEEDS_FILE, NeedsHead
from nlu.paths import MODEL_FOLDER
from nlu.training.default import fresh_lines
from nlu.training.needs import held_out_lines, needs_figures, own_lines
from nlu.understander import _needs_of
from nlu.understanding import Context

TODAY = date(2026, 3, 16)


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("my card was declined when we were in Austria", "abroad"),
        ("the interest on my savings is ridiculously low", "grow"),
        ("I forgot to pay the rent again", "pay_on_time"),
        ("your cashier was very rude", None),
        ("what's my checking balance", None),
        ("from savings to Anna", None),
    ],
)
def test_the_need_behind_words_is_read_or_left_open(understander, text, need):
    found = understander.understand(text, Context(TODAY)).need
    assert (found.name if found else None) == need


def test_silence_has_no_need(understander):
    assert understander.understand("", Context(TODAY)).need is None


def test_the_held_out_lines_are_no_near_copies_of_the_training_ones():
    assert near_duplicates(own_lines(), held_out_lines()) == []


def test_the_figures_of_the_card_are_true_and_good_enough(encoder_dir):
    told = json.loads((MODEL_FOLDER / CARD_FILE).read_text(encoding="utf-8"))["needs"]["figures"]
    head = NeedsHead.load(MODEL_FOLDER / NEEDS_FILE)
    figures = needs_figures(head, SentenceEncoder(encoder_dir), fresh_lines())
    assert figures == pytest.approx(told, abs=0.02)
    assert figures["precision"] >= 0.85
    assert figures["told_of_plain_lines"] <= 0.05


def test_a_tuned_encoder_does_not_get_the_head_of_the_packaged_one(tmp_path):
    (tmp_path / ADAPTER_FILE).write_bytes(b"any")
    assert _needs_of(tmp_path) is None
