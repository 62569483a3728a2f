import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import torch

from nlu.corpus.load import TRAIN_FOLDER, load_corpus
from nlu.errors import DataError, ModelFileError
from nlu.feelings.head import FEELINGS_FILE
from nlu.intents.head import IntentHead
from nlu.intents.model import ADAPTER_FILE, CARD_FILE, EXPORTED_FILE, HEAD_FILE, IntentModel
from nlu.slots.head import SLOTS_FILE
from nlu.training.compare import compare
from nlu.training.default import samples_of
from nlu.training.evaluate import evaluate, held_out
from nlu.training.experiment import Condition, experiment
from nlu.training.network import Batch, Network
from nlu.training.prepare import prepare, with_report_side
from nlu.training.protocols import few, under_protocol
from nlu.training.recipe import (
    TUNED_FROM,
    TUNED_FROM_SEVERAL,
    Method,
    Recipe,
    fitted_to,
    read_recipe,
)
from nlu.training.run import train_model
from nlu.training.samples import Sample
from nlu.understander import Understander
from nlu.understanding import Context

INTENTS = ("balance", "block_card", "opening_hours", "transfer", "out_of_scope")


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    lines = samples_of(load_corpus(TRAIN_FOLDER, 1))
    return [sample for sample in lines if sample.label in INTENTS]


@pytest.fixture(scope="module")
def trained(samples, encoder_dir, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("model")
    train_model(samples, Recipe(validation=0.25), encoder_dir, out)
    return out


def test_a_trained_folder_says_what_it_is_made_of(trained):
    card = json.loads((trained / CARD_FILE).read_text(encoding="utf-8"))
    assert card["files"].keys() == {HEAD_FILE}
    assert card["data"]["train"]["utterances"] > card["data"]["validation"]["utterances"] > 10
    assert card["figures"]["after"]["validation"]["accuracy"] > 0.8


def test_only_lines_that_were_not_trained_on_are_measured(samples, trained, encoder_dir):
    model = IntentModel.load(trained, encoder_dir)
    lines = held_out(samples, model)
    assert {line.text for line in lines}.isdisjoint(e.text for e in model.head.examples)
    found = evaluate(model, lines, timed=3).figures
    card = json.loads((trained / CARD_FILE).read_text(encoding="utf-8"))
    measured = card["figures"]["after"]["validation"]
    assert {name: found[name] for name in measured} == pytest.approx(measured)
    assert found["p50_ms"] > 0


@pytest.mark.parametrize("order", ["C", "F"])
def test_weights_come_back_as_they_were_however_they_lay_in_memory(trained, encoder_dir, order):
    """A tuned classifier's are transposed."""
    head = IntentModel.load(trained, encoder_dir).head
    lying = replace(head, weights=np.asarray(head.weights, order=order))
    (trained / "again.safetensors").write_bytes(lying.to_bytes())
    again = IntentHead.load(trained / "again.safetensors")
    assert np.array_equal(again.weights, head.weights)
    assert lying.to_bytes() == head.to_bytes()


def test_a_tuned_model_is_as_good_from_its_folder_as_its_card_says(samples, encoder_dir, tmp_path):
    """With one layer left out and with perturbed lines beside the given ones."""
    samples = few(samples, 60, seed=1)
    recipe = Recipe(method=Method.FULL, validation=0.25, layers=5, frozen=4, perturb=0.05, epochs=1)
    train_model(samples, recipe, encoder_dir, tmp_path)
    found = evaluate(
        model := IntentModel.load(tmp_path, encoder_dir), held_out(samples, model), timed=3
    ).figures
    measured = json.loads((tmp_path / CARD_FILE).read_text(encoding="utf-8"))
    told = measured["figures"]["after"]["validation"]
    assert found["accuracy"] == pytest.approx(told["accuracy"], abs=0.01)
    assert told["accuracy"] > 0.7


def test_a_perturbed_line_is_moved_uphill_by_its_share():
    hidden = torch.tensor([[[3.0, 4.0]]], requires_grad=True)
    (hidden[0, 0, 1] * 7).backward()
    batch = Batch(hidden, torch.ones(1, 1, dtype=torch.bool), torch.zeros(1, 0, 2))
    assert torch.allclose(batch.worsened(0.1).hidden, torch.tensor([[[3.0, 4.5]]]))


@pytest.mark.parametrize("settings", [["layers=7"], ["layers=4", "frozen=4"]])
def test_layers_that_are_not_there_are_told(encoder_dir, settings):
    recipe = read_recipe("full", settings)
    with pytest.raises(DataError, match="the encoder has 6 layers"):
        Network(encoder_dir, 2, recipe.frozen, None, recipe.layers)


def test_a_set_that_the_model_cannot_be_measured_on_is_refused(samples, trained, encoder_dir):
    model = IntentModel.load(trained, encoder_dir)
    known = {example.text for example in model.head.examples}
    with pytest.raises(DataError, match="trained on every line"):
        held_out([sample for sample in samples if sample.text in known], model)
    with pytest.raises(DataError, match="knows none"):
        held_out([Sample("where is my parcel", ("parcel",))], model)


def test_the_same_data_and_seed_give_the_same_bytes(samples, trained, encoder_dir, tmp_path):
    train_model(samples, Recipe(validation=0.25), encoder_dir, tmp_path)
    assert (tmp_path / HEAD_FILE).read_bytes() == (trained / HEAD_FILE).read_bytes()


def test_a_better_model_is_told_from_chance(samples, trained, encoder_dir, tmp_path):
    model = IntentModel.load(trained, encoder_dir)
    spoiled = IntentModel(
        model.encoder,
        type(model.head)(
            model.head.labels,
            np.roll(model.head.weights, 1, axis=1),
            model.head.bias,
            model.head.vectors,
            model.head.examples,
        ),
    )
    found = compare(spoiled, model, held_out(samples, model))
    assert found.verdict == "b is better"
    assert found.p_value < 0.01
    assert compare(model, model, held_out(samples, model)).verdict.startswith("no difference")


def test_few_lines_of_each_intent_and_intents_never_seen(samples):
    data = prepare(samples, 0.25)
    small = under_protocol(data, Recipe(shots=3, unseen=0.5, seed=1))
    counted = Counter(sample.label for sample in small.train)
    assert set(counted.values()) == {3}
    assert len(counted) == 3  # two of four intents, and what is out of scope
    gone = {s.label for s in data.train} - set(counted)
    for before, after in zip(data.validation, small.validation, strict=True):
        assert after.in_scope == (before.in_scope and before.label not in gone)
    assert under_protocol(data, Recipe()) == data


def test_an_experiment_is_refused_where_one_intent_a_line_is_not_given(encoder_dir):
    lines = [*many(40), *many(40, ("balance", "card"))]
    with pytest.raises(DataError, match="one intent"):
        experiment(Condition.FEW_SHOT, lines, Recipe(shots=4), encoder_dir, draws=1)


def test_one_intent_at_least_is_never_seen(samples):
    data = prepare(samples, 0.25)
    left = under_protocol(data, Recipe(unseen=0.01, seed=1))
    assert len({sample.label for sample in data.train}) - 1 == len(
        {sample.label for sample in left.train}
    )


def test_an_experiment_reports_each_draw_on_lines_that_no_choice_saw(samples, encoder_dir):
    lines = [sample for number, sample in enumerate(samples) if number % 8 == 0]
    recipe = Recipe(method=Method.HEAD, shots=4, validation=0.2)
    found = experiment(Condition.FEW_SHOT, lines, recipe, encoder_dir, draws=2)
    accuracy = found["report"]["accuracy"]
    assert len(accuracy["draws"]) == 2
    assert accuracy["mean"] == pytest.approx(sum(accuracy["draws"]) / 2, abs=1e-4)
    assert accuracy["mean"] > 0.5
    assert found["report"]["n"] > 5


def test_a_draw_whose_lines_are_all_of_known_intents_has_no_figure_of_strangers(
    samples, encoder_dir
):
    """The intent that the first seed leaves out has no line on the report side."""
    data = prepare(samples, 0.25)
    left = under_protocol(data, Recipe(unseen=0.01, seed=1))
    gone = {s.label for s in data.train} - {s.label for s in left.train}
    lines = [replace(s, side="train") for s in few(data.train, 8, seed=1)]
    lines += [replace(s, side="validation") for s in data.validation]
    test = few([s for s in data.validation if s.in_scope and s.label not in gone], 2, seed=1)
    lines += [Sample(f"{s.text} now", s.labels, "test") for s in test]
    recipe = Recipe(method=Method.HEAD, unseen=0.01)
    found = experiment(Condition.UNSEEN, lines, recipe, encoder_dir, draws=1)
    assert found["report"]["oos_auroc"] == {"mean": None, "deviation": 0.0, "draws": [None]}
    assert found["report"]["accuracy"]["mean"] > 0


def test_the_report_side_is_drawn_apart_from_validation_unless_it_is_given(samples):
    data = prepare(with_report_side(samples, 0.2), 0.2)
    assert 0.1 < len(data.test) / len(samples) < 0.3
    assert 0.1 < len(data.validation) / (len(data.validation) + len(data.train)) < 0.3
    assert {s.text for s in data.test}.isdisjoint(s.text for s in (*data.train, *data.validation))
    assert with_report_side(with_report_side(samples, 0.2), 0.9) == with_report_side(samples, 0.2)


def many(lines: int, labels: tuple[str, ...] = ("balance",)) -> list[Sample]:
    return [Sample(f"line {number}", labels) for number in range(lines)]


def test_how_much_learns_is_chosen_by_the_lines_there_are():
    assert fitted_to(Recipe(), many(TUNED_FROM - 1)).method is Method.HEAD
    large = fitted_to(Recipe(), many(TUNED_FROM))
    assert (large.method, large.refit) == (Method.FULL, True)
    assert fitted_to(Recipe(), many(TUNED_FROM_SEVERAL, ("card", "lost"))).method is Method.FULL
    assert fitted_to(Recipe(shots=10), many(TUNED_FROM)).method is Method.HEAD
    assert not fitted_to(Recipe(unseen=0.3), many(TUNED_FROM)).refit


def test_what_is_given_is_not_chosen():
    given = read_recipe("auto", ["frozen=4", "refit=no"])
    chosen = fitted_to(given, many(TUNED_FROM))
    assert (chosen.method, chosen.frozen, chosen.refit) == (Method.FULL, 4, False)
    assert fitted_to(Recipe(method=Method.HEAD), many(TUNED_FROM)).method is Method.HEAD


def test_a_last_fit_on_every_line_learns_no_intent_that_training_did_not_see(
    samples, encoder_dir, tmp_path
):
    inside = [sample for sample in samples if sample.in_scope]
    recipe = Recipe(unseen=0.5, refit=True, validation=0.25)
    card = train_model(inside, recipe, encoder_dir, tmp_path)
    head = IntentModel.load(tmp_path, encoder_dir).head
    assert len(head.labels) == 2
    assert "out_of_scope" not in head.labels
    assert len(head.examples) > card["data"]["train"]["utterances"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [(["epoch=3"], "epoch"), (["epochs"], "NAME=VALUE"), (["rate=-1"], "greater than 0")],
)
def test_a_wrong_setting_is_told(settings, told):
    with pytest.raises(DataError, match=told):
        read_recipe("lora", settings)


def test_an_adapter_of_another_encoder_is_refused(encoder_dir, tmp_path):
    from safetensors.numpy import save_file

    from nlu.encoder.sentence import SentenceEncoder

    change = {"encoder.layer.0.output.dense.weight.delta": np.zeros((3, 3), np.float16)}
    save_file(change, tmp_path / ADAPTER_FILE)
    with pytest.raises(ModelFileError, match="does not fit this encoder"):
        SentenceEncoder(encoder_dir, adapter=tmp_path / ADAPTER_FILE)


def test_what_an_earlier_model_left_in_the_folder_is_not_the_new_ones(
    samples, encoder_dir, tmp_path
):
    recipe = Recipe(method=Method.HEAD, validation=0.25)
    for name in (ADAPTER_FILE, SLOTS_FILE, EXPORTED_FILE, FEELINGS_FILE):
        (tmp_path / name).write_bytes(b"of another model")
    card = train_model(few(samples, 8, seed=1), recipe, encoder_dir, tmp_path)
    assert IntentModel.load(tmp_path, encoder_dir).head.labels
    assert card["files"].keys() == {HEAD_FILE}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "full"])
def test_tuning_that_was_stopped_goes_on_to_the_same_model(samples, encoder_dir, tmp_path, method):
    samples = few(samples, 24, seed=1)
    recipe = Recipe(method=method, epochs=2, frozen=4, validation=0.25)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    train_model(samples, recipe, encoder_dir, whole)

    def stop(what: str, done: int, total: int) -> None:
        if what == "tuning" and done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_model(samples, recipe, encoder_dir, stopped, stop)
    train_model(samples, recipe, encoder_dir, stopped)
    again, first = ((out / ADAPTER_FILE).read_bytes() for out in (stopped, whole))
    assert again == first
    tuned = IntentModel.load(whole, encoder_dir).features(["what is my balance"])
    (whole / ADAPTER_FILE).unlink()
    frozen = IntentModel.load(whole, encoder_dir).features(["what is my balance"])
    assert np.abs(tuned - frozen).max() > 0.001


@pytest.mark.slow
def test_the_last_tuning_is_on_every_line_and_goes_on_where_it_was_stopped(
    samples, encoder_dir, tmp_path
):
    samples = few(samples, 24, seed=1)
    recipe = Recipe(method=Method.FULL, epochs=1, frozen=5, validation=0.25, refit=True)

    def stop(what: str, done: int, total: int) -> None:
        if what == "tuning, every line" and done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_model(samples, recipe, encoder_dir, tmp_path, stop)
    shown = set()
    card = train_model(samples, recipe, encoder_dir, tmp_path, lambda what, *_: shown.add(what))
    assert "tuning" not in shown  # the first was whole
    assert "tuning, every line" in shown
    sizes = [card["data"][side]["utterances"] for side in ("train", "validation")]
    assert len(IntentModel.load(tmp_path, encoder_dir).head.examples) == sum(sizes)
    assert not list(tmp_path.rglob("*.pt"))


def test_a_trained_model_understands_in_place_of_the_packaged_one(trained, encoder_dir):
    packaged = Understander(encoder_dir)
    understander = Understander(encoder_dir, model=trained)
    assert understander.version != packaged.version
    meaning = understander.understand("please block my credit card", Context(date(2026, 3, 16)))
    assert meaning.intent == "block_card"
