import json
from datetime import date

import pytest

from nlu.corpus.duplicates import near_duplicates
from nlu.corpus.load import load_corpus
from nlu.encoder.sentence import SentenceEncoder
from nlu.errors import ModelFileError
from nlu.feelings.head import FEELINGS_FILE, FeelingsHead
from nlu.intents.model import ADAPTER_FILE, CARD_FILE
from nlu.paths import MODEL_FOLDER
from nlu.training.default import fresh_lines
from nlu.training.feelings import FOLDER, LEAST, feelings_figures, held_out_lines
from nlu.understander import _feelings_of
from nlu.understanding import Context, Feelings, Prosody

TODAY = date(2026, 3, 16)


@pytest.fixture
def feelings(understander):
    def ask(text: str, prosody: Prosody | None = None) -> Feelings:
        felt = understander.understand(text, Context(TODAY, prosody=prosody)).feelings
        assert felt is not None
        return felt

    return ask


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("this is an outrage, you blocked my card for the third time", "negative"),
        ("I'm so frightened, they took all my savings", "negative"),
        ("that was wonderful, thank you so much", "positive"),
        ("what's my checking balance", "neutral"),
        ("I lost my card, please block it", "neutral"),
        ("a hundred and forty dollars", "neutral"),
    ],
)
def test_the_sentiment_of_a_turn_is_heard_in_its_words(feelings, text, sentiment):
    assert feelings(text).sentiment == sentiment


def test_anger_and_distress_are_told_apart(feelings):
    angry = feelings("you damned idiots stole my money, I'm furious")
    distressed = feelings("please help me, I'm desperate, I can't feed my children")
    assert angry.anger > 0.5 > angry.distress
    assert distressed.distress > 0.5 > distressed.anger


def test_a_loud_voice_makes_anger_likelier_but_calm_words_stay_calm(feelings):
    words = "I told you that already"
    loud = Prosody(loudness=8.0)
    assert feelings(words, loud).anger > feelings(words).anger
    assert feelings("from my savings account", loud).sentiment == "neutral"


def test_a_hurried_voice_makes_distress_likelier(feelings):
    words = "they are in my account, do something"
    assert feelings(words, Prosody(pace=1.5)).distress > feelings(words).distress


def test_what_no_voice_does_moves_no_further_than_what_one_does(feelings):
    words = "I told you that already"
    assert feelings(words, Prosody(loudness=90.0)) == feelings(words, Prosody(loudness=10.0))


def test_silence_has_no_feelings(understander):
    assert understander.understand("", Context(TODAY)).feelings is None


def test_the_held_out_lines_are_no_near_copies_of_the_training_ones():
    assert near_duplicates(load_corpus(FOLDER, LEAST), held_out_lines()) == []


def test_the_figures_of_the_card_are_true_and_good_enough(encoder_dir):
    told = json.loads((MODEL_FOLDER / CARD_FILE).read_text(encoding="utf-8"))["feelings"]
    head = FeelingsHead.load(MODEL_FOLDER / FEELINGS_FILE)
    figures = feelings_figures(head, SentenceEncoder(encoder_dir), fresh_lines())
    assert figures == pytest.approx(told, abs=0.02)
    assert figures["sentiment_accuracy"] >= 0.9
    assert figures["calm_lines_called_negative"] <= 0.04


def test_a_tuned_encoder_does_not_get_the_head_of_the_packaged_one(tmp_path):
    (tmp_path / ADAPTER_FILE).write_bytes(b"any")
    assert _feelings_of(tmp_path) is None


def test_a_broken_file_is_told(tmp_path):
    path = tmp_path / FEELINGS_FILE
    path.write_bytes(b"broken")
    with pytest.raises(ModelFileError, match="tellerline nlu train"):
        FeelingsHead.load(path)
