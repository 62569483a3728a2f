"""Links, abbreviations, initialisms and single signs to words; and what is left, cleaned."""

import re
import unicodedata

from voice.spoken.digit_strings import spell
from voice.spoken.language import Language, any_of
from voice.spoken.numbers import digits

_EMAIL = r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"
_REST = r"[^\s<>\"']*[^\s<>\"'.,;:!?)]"
_LINK = (
    rf"(?:https?://|www\.){_REST}"
    rf"|(?<![\w@.])(?:[a-z\d-]{{2,}}\.)+(?:com|org|net|gov|edu|io|bank)\b(?:/{_REST})?"
)


def plain_text(text: str) -> str:
    """One form for digits, quotes, dashes and spaces that have many in Unicode."""
    text = unicodedata.normalize("NFKC", text.replace("…", ". "))
    text = "".join(str(unicodedata.digit(c)) if c.isdigit() and c > "9" else c for c in text)
    text = text.translate(str.maketrans("‘’ʼ`´‐‑‒–−⁄∕", "'''''-----//"))
    text = re.sub(r"\s*[—―]\s*", ", ", text)
    return re.sub(r"\s+", " ", text)


def say_literals(text: str, language: Language) -> str:
    """What has a wording of its own, 24/7."""
    pattern = language.pattern("literal", rf"(?<![\w/-]){any_of(language.literal)}(?![\w/-])")
    return pattern.sub(lambda m: language.literal[m[0]], text)


def say_links(text: str, language: Language) -> str:
    """E-mail and web addresses, sign by sign."""
    pattern = language.pattern("link", f"{_EMAIL}|{_LINK}", re.IGNORECASE)
    return pattern.sub(lambda m: _link(m[0], language), text)


def _link(address: str, language: Language) -> str:
    address = re.sub(r"^https?://", "", address, flags=re.IGNORECASE).rstrip("/")
    said = []
    for run in re.findall(r"\d+|[^\W\d_]+|.", address):
        if run.isdigit():
            said.append(digits(run, language))
        elif run.lower() == "www":
            said.append(spell("WWW", language))
        else:
            said.append(language.links.get(run, run))
    return " ".join(said)


def say_abbreviations(text: str, language: Language) -> str:
    """Mr., 12 Main St., etc., APR."""
    for written, words in language.places_or_titles.items():
        text = _title_or_place(text, written, words.title, words.place)
    titles = language.pattern("titles", rf"(?<![\w.]){any_of(language.titles)}(?!\w)")
    text = titles.sub(lambda m: language.titles[m[0]], text)
    others = language.pattern("abbreviations", rf"(?<![\w.]){any_of(language.abbreviations)}(?!\w)")
    text = others.sub(lambda m: _abbreviation(m, language), text)
    initialisms = language.pattern("initialisms", rf"\b({any_of(language.initialisms)})\b")
    return initialisms.sub(lambda m: _initialism(m[0], language), text)


def _title_or_place(text: str, written: str, title: str, place: str) -> str:
    """St. and Dr.: a place after a house number's street, a title before another name."""
    mark = rf"(?<!\w){re.escape(written)}"
    # the house number has become words by now: "twelve Main St.", "Main" the only capital there
    at_end = r"(?=\s[a-z]|[,;:]|\s*$)"
    text = re.sub(rf"((?:^|[^A-Z.]\s)[A-Z][a-z]+\s){mark}{at_end}", rf"\1{place}", text)
    text = re.sub(rf"([a-z]\s[A-Z][a-z]+\s){mark}", rf"\1{place}", text)
    text = re.sub(rf"{mark}(?=\s[A-Z])", title, text)
    return re.sub(mark, place, text)


def _abbreviation(m: re.Match[str], language: Language) -> str:
    ends = m[0].endswith(".") and not m.string[m.end() :].strip(" \"')")
    return language.abbreviations[m[0]] + ("." if ends else "")


def _initialism(letters: str, language: Language) -> str:
    """ATM letter by letter; a plural's small s stays with its letter."""
    if letters.endswith("s"):
        return f"{spell(letters[:-1], language)}'s"
    return spell(letters, language)


def say_symbols(text: str, language: Language) -> str:
    """& and the like, wherever they still stand."""
    pattern = language.pattern("symbols", any_of(language.symbols))
    return pattern.sub(lambda m: f" {language.symbols[m[0]]} ", text)


def tidy(text: str) -> str:
    """Only Latin words and the punctuation that a voice knows."""
    text = re.sub(r"\s*[()\[\]{}]\s*|\s-+\s|--+", ", ", text)
    text = "".join(c if _speakable(c) else " " for c in text)
    text = re.sub(r"(?<![^\W\d_])'|'(?![^\W\d_])", " ", text)
    text = re.sub(r"\s+([.,;:!?])", r"\1", text)
    text = re.sub(r"[.,;:!?]*([.!?])[.,;:!?]*", r"\1", text)
    text = re.sub(r"[,;:]*([,;:])", r"\1", text)
    text = re.sub(r"([.,;:!?])(?=\w)", r"\1 ", text)
    text = re.sub(r"\s+", " ", text).lstrip(" .,;:!?")
    return text.rstrip(" ,;:")


def _speakable(c: str) -> bool:
    return c in " .,;:!?'" or (c.isalpha() and unicodedata.name(c, "").startswith("LATIN"))
