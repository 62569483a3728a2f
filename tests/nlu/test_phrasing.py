"""What callers are likely to say, and which readings it may choose between."""

from datetime import date

import numpy as np
import pytest

from nlu.corpus.load import TEST_FOLDER, TRAIN_FOLDER, load_corpus
from nlu.errors import ModelFileError
from nlu.locales.locale import load_locale
from nlu.paths import MODEL_FOLDER
from nlu.phrasing import PHRASING_FILE, Phrasing, phrased
from nlu.readings import choose, read_all
from nlu.training.default import SEED
from nlu.training.phrasing import fit_phrasing
from nlu.understanding import Context, Expectation

LOCALE = load_locale("en")
CONTEXT = Context(date(2026, 3, 16), ("Anna Keller", "Hanna Cole", "Tom Becker"))


@pytest.fixture(scope="module")
def phrasing() -> Phrasing:
    return Phrasing.load(MODEL_FOLDER)


def chosen(phrasing, *readings, expectation=Expectation()):  # noqa: B008
    """The choice among texts and their shares, the recogniser's best first."""
    best = readings[0][0]
    read = read_all(best, 0.6, readings, CONTEXT, LOCALE, phrasing)
    return choose(read, expectation)


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("I need a new car.", "I need a new card."),
        ("Have my savings account, please.", "Check my savings account, please."),
        ("What's my violage?", "What's my balance?"),
        ("I'd like to add a new penny.", "I'd like to add a new payee."),
    ],
)
def test_the_wording_settles_what_sounds_alike(phrasing, heard, said):
    assert chosen(phrasing, (heard, 0.55), (said, 0.45)).text == said


def test_what_sounded_far_likelier_stays(phrasing):
    heard = "The parrot ate my biscuit."
    assert chosen(phrasing, (heard, 0.9999999), ("The card", 1e-7)).text == heard


@pytest.mark.parametrize(
    ("heard", "likelier"),
    [
        ("Good.", "Yes please."),
        ("You wish.", "Yes."),
        ("Know.", "No."),
        ("Yes, I do.", "I'd like to check my balance."),
        ("Don't send it.", "Send it."),
        ("Send sixty dollar.", "Send fifty dollars."),
        ("Sand to Anna Keller.", "Send to Hanna Cole."),
        ("Move it to savings.", "Move a hundred dollars to savings."),
    ],
)
def test_no_wording_makes_a_yes_a_no_an_amount_or_another_payee(phrasing, heard, likelier):
    assert chosen(phrasing, (heard, 0.51), (likelier, 0.49)).text == heard


def test_a_payee_comes_where_nobody_is_named_and_is_read_back(phrasing):
    heard = chosen(
        phrasing, ("Send ten dollars to time.", 0.55), ("Send ten dollars to Tom.", 0.45)
    )
    assert [e.value for e in heard.entities if e.type == "payee"] == ["Tom Becker"]
    own = chosen(phrasing, ("Send ten to my savings.", 0.55), ("Send ten to Tom.", 0.45))
    assert not [e for e in own.entities if e.type == "payee"]


@pytest.mark.parametrize(
    ("heard", "share", "other"),
    [
        ("Send ten dollars to Robert Miller.", 0.92, "Send ten dollars to Tom Becker."),
        ("Send ten dollars to my brother.", 0.6, "Send ten dollars to Tom Becker."),
        ("No, to my brother.", 0.7, "No, to Anna Keller."),
        ("Send ten dollars to Kim.", 0.6, "Send ten dollars to Tom."),
        ("Send ten dollars to time.", 0.92, "Send ten dollars to Tom."),
    ],
)
def test_no_payee_comes_for_a_stranger_or_from_a_reading_that_hardly_counts(
    phrasing, heard, share, other
):
    reading = chosen(phrasing, (heard, share), (other, 1 - share))
    assert not [e for e in reading.entities if e.type == "payee"]


def test_a_payee_is_as_sure_as_the_readings_that_name_one(phrasing):
    def sure(*readings):
        (found,) = (e for e in chosen(phrasing, *readings).entities if e.type == "payee")
        return found.value, found.confidence

    name, alone = sure(("Send ten dollars to Anna.", 0.6), ("Send ten dollars to hand.", 0.4))
    assert name == "Anna Keller"
    _, disputed = sure(("Send ten dollars to Anna.", 0.6), ("Send ten dollars to Hanna.", 0.4))
    assert disputed == pytest.approx(0.6 * alone, abs=0.01)


@pytest.mark.parametrize(
    ("heard", "plainer"),
    [
        ("Yes but change it", "Yes"),
        ("Yeah hang on a second", "Yeah okay"),
        ("Yes, from savings.", "Yes, please."),
        ("No but wait", "No"),
    ],
)
def test_no_wording_makes_an_answer_plain(phrasing, heard, plainer):
    """Money moves on a plain yes."""
    assert chosen(phrasing, (heard, 0.85), (plainer, 0.06)).text == heard
    assert chosen(phrasing, (heard, 0.51), (plainer, 0.49)).text == heard


@pytest.mark.parametrize(
    ("heard", "likelier"),
    [
        ("Send fifty more", "Send fifty dollars"),
        ("Sand it from savings", "Send it from checking"),
        ("Block my debit card", "Block my credit card"),
    ],
)
def test_no_wording_changes_what_a_value_is_for(phrasing, heard, likelier):
    assert chosen(phrasing, (heard, 0.6), (likelier, 0.4)).text == heard


def test_a_value_is_no_surer_for_its_wording(phrasing):
    plain = chosen(phrasing, ("Sand fifty dollars to Anna.", 0.5), ("fifteen dollars to Anna", 0.5))
    worded = chosen(
        phrasing,
        ("Sand fifty dollars to Anna.", 0.4),
        ("Send fifty dollars to Anna.", 0.1),
        ("fifteen dollars to Anna", 0.5),
    )
    assert all(entity.confidence <= 0.5 for entity in worded.entities if entity.type == "money")
    assert plain.entities[0].confidence <= 0.5


def test_all_amounts_and_all_payees_are_one_to_it(phrasing):
    def likelihood(text):
        words = phrased(text, LOCALE.numbers, {"anna", "keller", "hanna", "cole"})
        return phrasing.log_likelihood(words)

    assert likelihood("send fifty dollars to Anna") == likelihood("send 15 dollars to Hanna")
    assert likelihood("four oh two one") == likelihood("six six nine zero")


def test_held_out_lines_are_likelier_than_their_words_in_another_order(phrasing):
    rng = np.random.default_rng(1)
    wins = []
    for line in load_corpus(TEST_FOLDER, 1):
        words = phrased(line.text, LOCALE.numbers)
        if len(set(words)) > 2:
            shuffled = [str(word) for word in rng.permutation(words)]
            wins.append(phrasing.log_likelihood(words) > phrasing.log_likelihood(shuffled))
    assert len(wins) > 100
    assert np.mean(wins) > 0.95


def test_training_again_gives_the_committed_counts(phrasing):
    lines = [line.text for line in load_corpus(TRAIN_FOLDER, 1)]
    again = fit_phrasing(lines, LOCALE.numbers, SEED)
    assert again.counts == phrasing.counts
    assert again.before == phrasing.before


def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / PHRASING_FILE).write_bytes(b"no counts")
    with pytest.raises(ModelFileError, match="nlu train"):
        Phrasing.load(tmp_path)
