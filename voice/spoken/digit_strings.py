"""Numbers of things, said digit by digit: accounts, cards, codes, phones; and mixed references."""

import re

from voice.spoken.language import Language, any_of
from voice.spoken.numbers import cardinal, digits, grouped_digits

_RUN = r"\d+(?:[ -]\d{2,})*"
_NO_AMOUNT = r"(?![\w%/:]|[.,]\d|-\d)"


def say_digit_strings(text: str, language: Language) -> str:
    """`••4217`, `account 4021 7308`, `code is 004519`, `ending in 42`."""
    masked = language.pattern("masked", rf"(?:[*•·x#X]{{2,}}|\.{{3,}})[ -]?({_RUN}){_NO_AMOUNT}")
    text = masked.sub(lambda m: f" {grouped_digits(m[1], language)}", text)
    text = re.sub(r"\((\d{4})\)", lambda m: f"({grouped_digits(m[1], language)})", text)
    words = language.digit_strings
    between = rf"(?:[\s:#-]+(?:{any_of(words.between)}(?!\w))?)+"
    for name, keys, run in (
        ("always", words.always, _RUN),
        ("from three", words.from_three, rf"(?=[\d -]{{3}}){_RUN}"),
    ):
        pattern = language.pattern(
            name, rf"\b({any_of(keys)}s?{between})(?<![\d-])({run}){_NO_AMOUNT}", re.IGNORECASE
        )
        text = pattern.sub(lambda m: f"{m[1]}{grouped_digits(m[2], language)}", text)
    return text


def say_phone_numbers(text: str, language: Language) -> str:
    """1-800-555-0199, (555) 010-0199, +15550100199, 555-0199, 555.010.0199."""
    plus = rf"{language.numbers.plus} "
    phone = language.pattern(
        "phone",
        r"(?<![\w.,-])(\+)?((?:\d{1,3}[-. ])?\(?\d{3}\)?[-. ]\s?\d{3}[-. ]\d{4}"  # with an area
        r"|\d{3}-\d{4}|(?<=\+)\d{7,15}|\d+(?:-\d+){2,}|\d+(?: \d+){2,})(?![\w-]|[.,]\d)",
    )
    return phone.sub(
        lambda m: f"{plus if m[1] else ''}{grouped_digits(m[2], language)}",
        text,
    )


def say_references(text: str, language: Language) -> str:
    """Letters and digits in one word, TX-4021A: each run by itself."""
    pattern = language.pattern(
        "reference",
        r"(?<![\w'])(?=[A-Za-z\d-]*\d)(?=[A-Za-z\d-]*[A-Za-z])[A-Za-z\d]+(?:-[A-Za-z\d]+)*(?!\w)",
    )
    return pattern.sub(lambda m: _runs(m[0], language), text)


def _runs(token: str, language: Language) -> str:
    said = []
    for run in re.findall(r"\d+|[A-Za-z]+", token):
        if run.isalpha():
            spelled = run.isupper() and len(run) <= 3
            said.append(spell(run, language) if spelled else run)
        elif len(run) <= 2 and run[0] != "0":
            said.append(cardinal(int(run), language))
        else:
            said.append(digits(run, language))
    return " ".join(said)


def spell(letters: str, language: Language) -> str:
    """Capital letters one by one."""
    return " ".join(language.letters.get(c, c) for c in letters)
