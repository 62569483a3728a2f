"""`tellerline nlu` from the outside: a bank's team with data of its own."""

import json

import pytest
from typer.testing import CliRunner

from nlu.errors import DataError
from server.cli.root import app

TEXTS = {
    "balance": ["how much have I got", "my balance please", "what is left on my account"],
    "hours": ["when are you open", "opening hours please", "do you open on Saturday"],
}
FRAMES = ["{}", "hello there, {}", "could you tell me: {}", "{} now", "I would like to know {}"]


def nlu(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["nlu", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "lines.csv"
    rows = [
        f'"{frame.format(text)} {number}",{intent}'
        for intent, texts in TEXTS.items()
        for text in texts
        for number, frame in enumerate(FRAMES)
    ]
    path.write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def model(data, tmp_path_factory, store):
    out = tmp_path_factory.mktemp("model")
    nlu("train", "--data", data, "--out", out, "--set", "validation=0.4")
    return out


def test_a_model_of_one_s_own_is_trained_and_measured(model, data, tmp_path):
    card = json.loads((model / "card.json").read_text(encoding="utf-8"))
    picture = tmp_path / "confusions.png"
    told = json.loads(
        nlu("evaluate", "--model", model, "--data", data, "--json", "--picture", picture)
    )
    assert told["n"] == card["data"]["validation"]["utterances"]
    for name in ("accuracy", "macro_f1", "ece", "oos_recall_at_95", "p50_ms"):
        assert name in told
    assert picture.stat().st_size > 1000


def test_two_models_are_compared_before_one_replaces_the_other(model, data):
    told = json.loads(nlu("compare", model, model, "--data", data, "--json"))
    assert (told["only_a"], told["only_b"], told["p_value"]) == (0, 0, 1.0)


def test_one_utterance_is_explained(store):
    said = ("parse", "block my card and send fifty dollars to Anna", "--payee", "Anna Keller")
    told = json.loads(nlu(*said, "--today", "2026-03-16", "--json"))
    assert {"block_card", "transfer"} <= set(told["decision"].split(", "))
    assert [(e["type"], e["value"]) for e in told["entities"]] == [
        ("money", "50.00 USD"),
        ("payee", "Anna Keller"),
    ]
    assert len(told["nearest"]) == 3
    assert "scope score" in told["reason"]


def test_wrong_data_is_one_clear_error(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        nlu("train", "--data", tmp_path / "nowhere", "--out", tmp_path / "out")


def test_training_on_data_needs_a_folder_for_the_model(data):
    result = CliRunner().invoke(app, ["nlu", "train", "--data", str(data)])
    assert result.exit_code == 2
    assert "--out" in result.output
