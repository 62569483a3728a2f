"""Amounts of money to words."""

import re

from voice.spoken.language import Currency, Language, any_of
from voice.spoken.numbers import LONGEST_CARDINAL, cardinal, decimal

_AMOUNT = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?!\d)|\.\d+"
_SIGN = r"(?:(?<![\w.)])(?P<sign>[-+])\s?)?"


def say_money(text: str, language: Language) -> str:
    """$1,234.56, -$45.10, $5-$10, $1.2 million, 20 USD, $20/month."""
    money = language.money
    symbols = {symbol: c for c in money.currencies for symbol in [*c.symbols, *c.codes]}
    codes = {code: c for c in money.currencies for code in c.codes}
    sign, magnitude = any_of(symbols), any_of(money.magnitudes)
    spread = language.pattern(
        "money range", rf"(?P<symbol>{sign})\s?({_AMOUNT})\s?-\s?(?!{sign})({_AMOUNT})(?![\w-])"
    )
    text = spread.sub(
        lambda m: (
            f"{decimal(m[2], language)} {language.numbers.range}"
            f" {_said(m[3], symbols[m['symbol']], language)}"
        ),
        text,
    )
    text = re.sub(rf"(?<=[\d])\s?-\s?(?={sign}\s?\d)", f" {language.numbers.range} ", text)
    before = language.pattern(
        "money before",
        rf"{_SIGN}(?P<symbol>{sign})\s?(?P<minus>-)?(?P<amount>{_AMOUNT})"
        rf"(?:\s?(?P<magnitude>{magnitude})\b)?",
    )
    after = language.pattern(
        "money after",
        rf"{_SIGN}(?P<minus>)(?P<amount>{_AMOUNT})(?:\s?(?P<magnitude>{magnitude}))?"
        rf"\s?(?:(?P<symbol>{any_of(codes)})\b|(?P<part>{any_of(money.part_signs)}))",
    )
    for pattern in (before, after):
        text = pattern.sub(lambda m: _matched(m, symbols, language), text)
    return _per(text, language)


def _matched(m: re.Match[str], symbols: dict[str, Currency], language: Language) -> str:
    if m.groupdict().get("part"):
        first = language.money.currencies[0]
        said = _counted(m["amount"], first.part_one, first.part_many, language)
    else:
        said = _said(m["amount"], symbols[m["symbol"]], language, m["magnitude"])
    if m["sign"] == "-" or m["minus"]:
        said = f"{language.numbers.minus} {said}"
    elif m["sign"] == "+":
        said = f"{language.numbers.plus} {said}"
    return said + (" " if m.end() < len(m.string) and m.string[m.end()].isalnum() else "")


def _said(text: str, currency: Currency, language: Language, magnitude: str | None = None) -> str:
    whole, _, part = text.replace(",", "").partition(".")
    if magnitude:
        size = language.money.magnitudes[magnitude]
        return f"{decimal(text.replace(',', ''), language)} {size} {currency.many}"
    if len(part) > 2 or len(whole) > LONGEST_CARDINAL:
        return f"{decimal(text, language)} {currency.many}"
    units, cents = int(whole or 0), int(part.ljust(2, "0") or 0)
    said_units = _counted(str(units), currency.one, currency.many, language)
    said_cents = _counted(str(cents), currency.part_one, currency.part_many, language)
    if not cents:
        return said_units
    if not units:
        return said_cents
    return language.money.with_part.format(whole=said_units, part=said_cents)


def _counted(text: str, one: str, many: str, language: Language) -> str:
    if "." in text:
        return f"{decimal(text, language)} {many}"
    value = int(text.replace(",", ""))
    return f"{cardinal(value, language)} {one if value == 1 else many}"


def _per(text: str, language: Language) -> str:
    """`dollars/month` as "dollars per month"."""
    pattern = language.pattern("per", rf"(?<=[a-z])\s?/\s?({any_of(language.per)})\b\.?")
    return pattern.sub(lambda m: f" {language.per_word} {language.per[m[1]]}", text)
