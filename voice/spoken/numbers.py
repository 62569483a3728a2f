"""Numbers to words: cardinals, ordinals, years, digits one by one."""

import re

from num2words import num2words

from voice.spoken.language import Language, any_of

NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d])"
"""A plain number: 12, 1,234 or 3.75."""

LONGEST_CARDINAL = 15
"""Numbers of more digits than this are said digit by digit."""
DIGIT_STRING = 7
"""A whole number without commas and of so many digits is a number of something, not an amount."""


def cardinal(value: int, language: Language) -> str:
    """1234 as "one thousand two hundred thirty four"."""
    return _plain(num2words(value, lang=language.num2words), language)


def ordinal(value: int, language: Language) -> str:
    """22 as "twenty second"."""
    return _plain(num2words(value, to="ordinal", lang=language.num2words), language)


def year(value: int, language: Language) -> str:
    """2026 as "twenty twenty six"."""
    return _plain(num2words(value, to="year", lang=language.num2words), language)


def digits(text: str, language: Language) -> str:
    """Every digit of `text` by its name, in one breath."""
    return " ".join(language.numbers.digits[int(c)] for c in text if c.isdigit())


def grouped_digits(text: str, language: Language) -> str:
    """Digits one by one with a pause between groups: the text's own groups, else of 3 or 4."""
    groups = re.findall(r"\d+", text)
    if len(groups) == 1:
        groups = _groups(groups[0])
    return ", ".join(digits(group, language) for group in groups)


def decimal(text: str, language: Language) -> str:
    """A plain number, "1,234.50", as it is written; long ones digit by digit."""
    whole, _, fraction = text.replace(",", "").partition(".")
    if len(whole) > LONGEST_CARDINAL:
        said = grouped_digits(whole, language)
    else:
        said = cardinal(int(whole or 0), language)
    if fraction:
        said += f" {language.numbers.point} {digits(fraction, language)}"
    return said


def say_percents(text: str, language: Language) -> str:
    """3.5% and 3-5%."""
    percent, to = language.numbers.percent, language.numbers.range
    spread = language.pattern("percents", rf"(?<![\w.])({NUMBER})\s?%?\s?-\s?({NUMBER})\s?%")
    text = spread.sub(
        lambda m: f"{decimal(m[1], language)} {to} {decimal(m[2], language)} {percent}",
        text,
    )
    single = language.pattern("percent", rf"((?<![\w.)])-)?({NUMBER})\s?%")
    minus = f"{language.numbers.minus} "
    return single.sub(lambda m: f"{minus if m[1] else ''}{decimal(m[2], language)} {percent}", text)


def say_ordinals(text: str, language: Language) -> str:
    """1st, 22nd."""
    suffixes = any_of(language.numbers.ordinal_suffixes)
    pattern = language.pattern("ordinal", rf"\b(\d{{1,{LONGEST_CARDINAL}}}){suffixes}\b", re.I)
    return pattern.sub(lambda m: ordinal(int(m[1]), language), text)


def say_fractions(text: str, language: Language) -> str:
    """1/2, and 7/9 as "seven over nine"."""

    def said(m: re.Match[str]) -> str:
        known = language.numbers.fractions.get(m[0])
        over = language.numbers.over
        return known or f"{decimal(m[1], language)} {over} {decimal(m[2], language)}"

    return language.pattern("fraction", r"(?<![\d/])(\d+)/(\d+)(?![\d/])").sub(said, text)


def say_ranges(text: str, language: Language) -> str:
    """2-3 and 1,000 - 2,000."""
    pattern = language.pattern("range", rf"(?<![\w.-])({NUMBER})(?:-| - )({NUMBER})(?![\w-])")
    return pattern.sub(
        lambda m: f"{_one(m[1], language)} {language.numbers.range} {_one(m[2], language)}", text
    )


def say_numbers(text: str, language: Language) -> str:
    """Whatever digits are left, with a sign before them."""
    signs = any_of(language.numbers.number_signs)
    text = re.sub(r"\d+(?:\.\d+){2,}", lambda m: _dotted(m[0], language), text)
    text = re.sub(
        rf"{signs}\s?(\d{{3,}})(?![\d,.]\d)",
        lambda m: f"{language.numbers.number} {grouped_digits(m[1], language)}",
        text,
    )
    text = re.sub(rf"{signs}\s?(?=\d)", f"{language.numbers.number} ", text)
    text = re.sub(r"(?<![\w.)])-\s?(?=\.?\d)", f"{language.numbers.minus} ", text)
    text = re.sub(r"(?<!\w)\+\s?(?=\.?\d)", f"{language.numbers.plus} ", text)
    text = re.sub(r"(?<!\d)\.(?=\d)", "0.", text)
    text = language.pattern("number", NUMBER).sub(lambda m: f" {_one(m[0], language)} ", text)
    return re.sub(r"\s+", " ", text)


def _one(text: str, language: Language) -> str:
    """One plain number, which may be a digit string: long without commas, or with a leading 0."""
    bare = "," not in text and "." not in text
    if bare and (len(text) >= DIGIT_STRING or (text[0] == "0" and len(text) > 1)):
        return grouped_digits(text, language)
    return decimal(text, language)


def _dotted(text: str, language: Language) -> str:
    """2.0.1, a version or an address, part by part."""
    return f" {language.links['.']} ".join(_one(part, language) for part in text.split("."))


def _groups(run: str) -> list[str]:
    """4217 whole, 40217308 as 4+4, 5550199 as 3+4, 004519 as 3+3."""
    size = 4 if len(run) % 4 == 0 or len(run) < 5 else 3
    cut = [run[i : i + size] for i in range(0, len(run), size)]
    if len(cut) > 1 and len(cut[-1]) == 1:
        cut[-2:] = [cut[-2] + cut[-1]]
    return cut


def _plain(words: str, language: Language) -> str:
    for part in language.numbers.remove:
        words = words.replace(part, " ")
    return " ".join(words.replace("-", " ").split())
