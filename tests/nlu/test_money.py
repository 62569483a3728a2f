from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from num2words import num2words

from nlu.entities.extract import extract
from nlu.locales.locale import load_locale
from nlu.understanding import Context, Expectation, Money

TODAY = date(2026, 3, 16)
LOCALE = load_locale("en")
AMOUNTS = st.integers(1, 99_999_999).map(lambda cents: Decimal(cents) / 100)
WHOLE = st.integers(1, 999_999)


def amounts(text: str, kind: str = "open") -> list[Decimal]:
    context = Context(TODAY, expectation=Expectation(kind))
    found = extract(text, context, LOCALE)
    return [e.value.amount for e in found if isinstance(e.value, Money)]


def spoken(amount: Decimal, *, conjunction: bool, hyphens: bool) -> str:
    """As people say it: "one thousand two hundred dollars and five cents"."""
    dollars, cents = divmod(int(amount * 100), 100)
    words = f"{num2words(dollars)} dollar{'' if dollars == 1 else 's'}"
    if cents:
        words += f" and {num2words(cents)} cent{'' if cents == 1 else 's'}"
    words = words.replace(",", "")
    if not conjunction:
        dollars_part, _, cents_part = words.partition(" dollar")
        words = dollars_part.replace(" and ", " ") + " dollar" + cents_part
    return words if hyphens else words.replace("-", " ")


def paired(amount: Decimal) -> str:
    """As prices are read: "twelve thirty-four fifty-six" for 1234.56."""
    dollars, cents = divmod(int(amount * 100), 100)
    high, low = divmod(dollars, 100)
    parts = [high, low, cents] if high else [low, cents]
    said = [num2words(parts[0])]
    said += [f"oh {num2words(part)}" if part < 10 else num2words(part) for part in parts[1:]]
    return " ".join(said)


@settings(max_examples=400, deadline=None)
@given(AMOUNTS, st.booleans(), st.booleans())
def test_an_amount_in_words_comes_back_exact(amount, conjunction, hyphens):
    text = spoken(amount, conjunction=conjunction, hyphens=hyphens)
    assert amounts(f"please transfer {text} to savings") == [amount]


@settings(max_examples=400, deadline=None)
@given(
    AMOUNTS,
    st.sampled_from(["${:,.2f}", "${:.2f}", "{:,.2f} dollars", "{:.2f} bucks", "$ {:,.2f}"]),
    st.sampled_from(["Transfer {} to savings.", "{}.", "It's {}, please.", "pay Anna {}"]),
)
def test_an_amount_as_whisper_writes_it_comes_back_exact(amount, written, sentence):
    assert amounts(sentence.format(written.format(amount))) == [amount]


@settings(max_examples=300, deadline=None)
@given(WHOLE, st.sampled_from(["${:,}", "${}", "{:,} dollars", "{} bucks", "{:,}", "{}"]))
def test_a_whole_amount_in_figures_comes_back_exact(dollars, written):
    assert amounts(written.format(dollars), "money") == [Decimal(dollars)]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 99))
def test_dollars_in_figures_and_cents_in_words_come_back_exact(dollars, cents):
    assert amounts(f"${dollars:,} and {cents} cents") == [dollars + Decimal(cents) / 100]


@settings(max_examples=300, deadline=None)
@given(st.integers(10, 99), st.integers(10, 99), st.integers(1, 99))
def test_an_amount_said_in_pairs_comes_back_exact(high, low, cents):
    amount = Decimal(high * 100 + low) + Decimal(cents) / 100
    assert amounts(paired(amount), "money") == [amount]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$1,234.56", "1234.56"),
        ("fifty bucks", "50"),
        ("a hundred and twenty dollars and five cents", "120.05"),
        ("1,200 dollars", "1200"),
        ("two grand", "2000"),
        ("twelve hundred dollars", "1200"),
        ("$50.00", "50"),
        ("50 dollars", "50"),
        ("a dollar fifty", "1.50"),
        ("send twelve dollars fifty to Anna", "12.50"),
        ("take nine dollars twenty from savings", "9.20"),
        ("a hundred bucks", "100"),
        ("two and a half thousand dollars", "2500"),
        ("$2 million", "2000000"),
        ("thirty-five cents", "0.35"),
        ("twelve point five oh dollars", "12.50"),
        ("three fifty dollars", "350"),
        ("yes but make it fifty", "50"),
        ("no, I meant fifty", "50"),
        ("transfer fifty to savings", "50"),
        ("pay Hanna 20", "20"),
        ("transfer 4217 to savings", "4217"),
    ],
)
def test_an_amount_in_open_talk(text, value):
    assert amounts(text) == [Decimal(value)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("one twenty-five fifty", "125.50"),
        ("one twenty five fifty", "125.50"),
        ("fifty", "50"),
        ("five oh five", "5.05"),
        ("1,200", "1200"),
        ("one oh five fifty", "105.50"),
        ("three fifty", "350"),
        ("uh, make that two hundred", "200"),
    ],
)
def test_a_bare_amount_where_one_is_awaited(text, value):
    assert amounts(text, "money") == [Decimal(value)]


@pytest.mark.parametrize(
    "text",
    [
        "the last two transactions",
        "one moment please",
        "my three cards",
        "call me in five minutes",
        "the first one",
        "that one",
        "what's the weather",
        "",
    ],
)
def test_a_count_is_no_amount(text):
    assert amounts(text) == []


def test_an_ambiguous_price_is_less_sure_than_a_clear_one():
    context = Context(TODAY, expectation=Expectation("money"))
    (vague,) = extract("three fifty", context, LOCALE)
    (clear,) = extract("three hundred and fifty dollars", context, LOCALE)
    assert vague.value == clear.value
    assert vague.confidence < 0.7 < clear.confidence


def test_what_is_taken_back_says_so():
    found = extract("no, not fifty, fifteen", Context(TODAY), LOCALE)
    assert [(e.value.amount, e.role) for e in found] == [(50, "not"), (15, None)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$500 and $79", "579.00"),
        ("$8,000 and $2.46.", "8002.46"),
        ("Send $1,700 and $9 to Anna", "1709.00"),
    ],
)
def test_an_amount_that_the_recogniser_tore_in_two_is_one(text, value):
    assert amounts(text) == [Decimal(value)]


@pytest.mark.parametrize("text", ["$50 and $20", "$500 and $700", "$500 or $79"])
def test_two_amounts_stay_two(text):
    assert len(amounts(text)) == 2


@pytest.mark.parametrize("figures", ["²", "²⁰⁰", "①", "６０", "٦٠", "六十", "½"])
def test_figures_of_other_scripts_are_no_amount_and_no_fault(figures: str) -> None:
    assert amounts(f"send {figures} dollars to Anna") == []


@pytest.mark.parametrize(
    "text",
    [
        "half a dollars",
        "half a million dollars",
        "point zero zero one dollars",
        "twelve point five oh five dollars",
        ".50 dollars",
        "60,00",
        "1,234,56",
    ],
)
@pytest.mark.parametrize("kind", ["open", "money"])
def test_a_part_of_a_number_is_no_amount(text: str, kind: str) -> None:
    assert amounts(text, kind) == []


PAYEES = ("Anna Keller", "Hanna Cole", "Bed Bath and Beyond")


def amounts_beside_payees(text: str) -> list[Decimal]:
    found = extract(text, Context(TODAY, PAYEES), LOCALE)
    return [e.value.amount for e in found if isinstance(e.value, Money)]


@pytest.mark.parametrize(
    "text",
    [
        "pay Anna by 5",
        "I need to pay Anna on 15",
        "I'll call Hanna at 5",
        "send money to Hanna from account 3",
        "Hanna is number 7",
        "Anna turned 30",
    ],
)
def test_a_number_near_a_payee_is_no_amount_for_that(text: str) -> None:
    assert amounts_beside_payees(text) == []


@pytest.mark.parametrize(
    "text", ["Let Hanna have 50", "Hanna gets fifty", "Anna needs fifty", "Hanna Cole receives 50"]
)
def test_what_a_payee_gets_is_an_amount(text: str) -> None:
    assert amounts_beside_payees(text) == [50]


def steps(text: str, kind: str = "open") -> list[tuple[Decimal, str | None]]:
    found = extract(text, Context(TODAY, PAYEES, expectation=Expectation(kind)), LOCALE)
    return [(e.value.amount, e.role) for e in found if isinstance(e.value, Money)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("and forty cents", "0.40"),
        ("um, and forty cents", "0.40"),
        ("and another forty cents", "0.40"),
        ("another forty cents", "0.40"),
        ("plus forty cents", "0.40"),
        ("add another twenty", "20"),
        ("add an extra twenty dollars", "20"),
        ("can you add twenty dollars", "20"),
    ],
)
def test_an_amount_that_is_added_counts_from_another(text: str, value: str) -> None:
    assert steps(text) == [(Decimal(value), "more")]


@pytest.mark.parametrize(
    "text",
    [
        "add fifty, two hundred in total",
        "let me add make it sixty",
        "between forty and fifty cents",
        "ten dollars to Anna and fifty cents to Hanna",
    ],
)
def test_an_amount_after_other_words_is_not_added(text: str) -> None:
    assert steps(text)[-1][1] != "more"


def test_the_other_reading_of_a_price_is_kept():
    found = extract("there is something for six thirty five", Context(TODAY), LOCALE)
    (entity,) = [e for e in found if e.type == "money"]
    assert (entity.value, entity.other) == (
        Money(Decimal("635.00")),
        Money(Decimal("6.35")),
    )
    assert extract("sixty dollars", Context(TODAY), LOCALE)[0].other is None


@pytest.mark.parametrize("text", ["can I speak to one of your advisors", "pay one of my bills"])
def test_one_of_several_is_no_amount(text):
    assert amounts(text) == []
