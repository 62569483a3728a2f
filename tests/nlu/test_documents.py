"""Questions answered from documents: what is read, what is refused, and how well it is found."""

import time
from datetime import date
from pathlib import Path

import pytest

from nlu.corpus.duplicates import near_duplicates
from nlu.corpus.load import Utterance
from nlu.encoder.sentence import SentenceEncoder
from nlu.errors import CorpusError, DocumentError, ModelFileError
from nlu.paths import MODEL_FOLDER
from nlu.questions.answering import Answerer, kept_index
from nlu.questions.documents import LARGEST, LONGEST, Passage, documents_hash, read_documents
from nlu.questions.index import DocumentIndex
from nlu.training import asked
from nlu.training.questions import evaluate_questions
from nlu.understander import Understander
from nlu.understanding import Context

TODAY = date(2026, 3, 16)
FLOORS = {"right": 0.89, "first": 0.91, "match_f1": 0.91}
MOST = {"wrong": 0.06, "answered_outside": 0.04}
"""Measured 0.916, 0.935, 0.928; 0.048 and 0.03; another processor may change a question or two."""


def test_markdown_loses_its_signs_and_keeps_its_words(tmp_path: Path) -> None:
    (tmp_path / "fees.md").write_text(
        "---\nasked:\n- what does it cost\n---\n# Fees\n\nA **wire** costs [$25](https://x.example)."
        "\n\n- first thing\n- second_thing here\n"
    )
    first, second = read_documents(tmp_path)
    assert first == Passage("fees.md", "Fees", "A wire costs $25.", ("what does it cost",))
    assert (second.source, second.text) == ("fees.md#2", "first thing. second_thing here.")


def test_a_row_of_a_table_is_a_passage(tmp_path: Path) -> None:
    (tmp_path / "branches.csv").write_text('Branch,Address,Bus\nMill Road,"40 Mill Road",7\n')
    (row,) = read_documents(tmp_path)
    assert row.source == "branches.csv:Mill Road"
    assert row.text == "Mill Road: address, 40 Mill Road; bus, 7."


def test_a_table_names_its_rows_questions_in_a_column_that_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "fees.csv").write_text(
        "Service,Asked,Price\nCopy,what is a copy | copies of old papers,$3\nResearch,,$25\n"
    )
    copy, research = read_documents(tmp_path)
    assert copy.asked == ("what is a copy", "copies of old papers")
    assert copy.text == "Copy: price, $3."
    assert (research.asked, research.text) == ((), "Research: price, $25.")


def test_a_long_paragraph_is_cut_between_sentences(tmp_path: Path) -> None:
    sentence = "This sentence has exactly eight words in it. "
    (tmp_path / "long.md").write_text("# Long\n\n" + sentence * 20)
    pieces = read_documents(tmp_path)
    assert len(pieces) > 2
    assert all(len(piece.text.split()) <= LONGEST for piece in pieces)
    assert " ".join(piece.text for piece in pieces) == (sentence * 20).strip()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.md", b"# Title\n\ncaf\xe9\n", "a.md:3: not UTF-8"),
        ("a.md", b"  \n", "a.md:1: empty"),
        ("a.md", b"# Only a title\n", "no text below its title"),
        ("a.md", b"x" * (LARGEST + 1), "one file for each subject"),
        ("a.md", b"word " * (LONGEST + 1), "make it shorter"),
        ("a.md", b"---\nasked: [\n---\ntext\n", "a.md:2: not YAML"),
        ("a.md", b"---\nasked: yes\n---\ntext\n", "write `asked:`"),
        ("a.csv", b"one,two\nx,y,z\n", "a.csv:2: 3 cells for 2 columns"),
        ("a.csv", b"one\nx\n", "at least two columns"),
        ("a.txt", b"text\n", r"no \*.md or \*.csv file"),
    ],
)
def test_a_bad_file_is_told_with_file_and_cure(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DocumentError, match=told):
        read_documents(tmp_path)


def test_the_packaged_documents_are_the_indexed_ones() -> None:
    passages = read_documents(asked.DOCUMENTS)
    index = DocumentIndex.load(MODEL_FOLDER / "documents.safetensors")
    assert len(passages) >= 120
    assert index.made_of == documents_hash(passages), "run `tellerline nlu train`"
    assert index.passages == tuple(passages)


def test_no_held_out_question_nearly_repeats_a_training_one() -> None:
    passages = read_documents(asked.DOCUMENTS)
    asked.check_leaks(passages)
    planted = [Passage("x.md", "x", "x", (asked.questions("test")[70].text + " please",))]
    with pytest.raises(CorpusError, match="held-out"):
        asked.check_leaks([*passages, *planted])
    held = [Utterance(one.text, "-", Path("x"), 1) for one in asked.questions("test")]
    lines = [Utterance(text, "-", Path("x"), 1) for text in asked.outside_lines()]
    assert not near_duplicates(lines, held)


def test_unseen_questions_get_the_right_passage_and_others_none(encoder_dir: Path) -> None:
    found = evaluate_questions(Answerer.load(MODEL_FOLDER), SentenceEncoder(encoder_dir))
    assert found["n"] > 350
    assert found["n_outside"] > 95
    assert all(found[name] >= least for name, least in FLOORS.items()), found
    assert all(found[name] <= most for name, most in MOST.items()), found


def test_an_answer_is_a_document_s_own_words_with_their_source(understander: Understander) -> None:
    quote = understander.understand(
        "how many digits are in the code you send", Context(TODAY)
    ).quote
    assert quote is not None
    assert quote.source == "security/codes.md"
    text = (asked.DOCUMENTS / quote.source).read_text(encoding="utf-8")
    assert quote.text in " ".join(text.split())


def test_answering_costs_little_beside_the_encoding(
    understander: Understander, encoder_dir: Path
) -> None:
    answerer = Answerer.load(MODEL_FOLDER)
    question = "how long does it take until a refund is on my card"
    features = SentenceEncoder(encoder_dir).features([question])[0]
    spent = []
    for _ in range(50):
        begun = time.thread_time()
        answerer.answer(features, question)
        spent.append(time.thread_time() - begun)
    assert sorted(spent)[25] < 0.005


def test_a_bank_asks_its_own_folder(tmp_path: Path, encoder_dir: Path) -> None:
    folder, kept = tmp_path / "documents", tmp_path / "kept"
    folder.mkdir()
    (folder / "bees.md").write_text("# Bees\n\nThe bank keeps nine beehives on its roof.\n")
    (folder / "lamps.md").write_text("# Lamps\n\nLamps in the hall are lit until midnight.\n")
    path = kept_index(folder, kept, encoder_dir)
    written = path.stat().st_mtime_ns
    assert kept_index(folder, kept, encoder_dir).stat().st_mtime_ns == written
    asks = Understander(encoder_dir, documents=path)
    best = asks.quotes("how many beehives does the bank keep on the roof")[0]
    assert (best.source, best.text) == ("bees.md", "The bank keeps nine beehives on its roof.")
    assert asks.quote("how many digits are in the code you send") is None


def test_a_damaged_index_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelFileError, match="no index of documents"):
        DocumentIndex.load(tmp_path / "x.safetensors")
