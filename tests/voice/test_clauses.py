"""Where a reply is cut so that its first sound comes early."""

from hypothesis import given
from hypothesis import strategies as st

from voice.clauses import LONGEST_WORD, LONGEST_WORDS, clauses


def words(text: str) -> list[str]:
    return [clause.words for clause in clauses(text)]


def test_sentences_are_spoken_one_by_one() -> None:
    assert words("It is done. Anything else? Good!") == ["It is done.", "Anything else?", "Good!"]


def test_a_long_first_sentence_begins_with_its_first_clause() -> None:
    text = "I have moved two hundred dollars, and your new balance is nine dollars. It is done now."
    assert words(text) == [
        "I have moved two hundred dollars,",
        "and your new balance is nine dollars.",
        "It is done now.",
    ]


def test_a_short_first_sentence_and_a_later_one_stay_whole() -> None:
    assert words("Good morning, Maria Lopez.") == ["Good morning, Maria Lopez."]
    later = "I have moved two hundred dollars, and your new balance is nine dollars."
    assert words(f"Yes. {later}") == ["Yes.", later]


def test_a_clause_of_one_word_is_not_cut_off() -> None:
    assert words("Yes, I have moved two hundred dollars to your savings account.") == [
        "Yes, I have moved two hundred dollars to your savings account."
    ]


def test_pauses_follow_the_punctuation_and_the_last_is_short() -> None:
    pauses = [c.pause for c in clauses("I did that for you, as you had asked me to. Right? Done.")]
    comma, stop, question, last = pauses
    assert 0.1 < comma < stop < question < 0.5
    assert last <= 0.1


def test_text_without_words_has_no_clauses() -> None:
    for text in ("", "  ", "...", "?! ."):
        assert clauses(text) == []


@given(st.text("ab ,.?;", max_size=1500) | st.lists(st.text("ab,", min_size=1)).map(" ".join))
def test_every_word_is_kept_and_no_clause_is_too_long(text: str) -> None:
    said = clauses(text)
    letters = [c for c in text if c.isalpha()]
    assert [c for clause in said for c in clause.words if c.isalpha()] == letters
    for clause in said:
        assert any(c.isalpha() for c in clause.words)
        assert len(clause.words.split()) <= LONGEST_WORDS
        assert max(len(word) for word in clause.words.split()) <= LONGEST_WORD
