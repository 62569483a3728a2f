from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nlu.intents.fit import SURES, VOTES, HeldOut, calibrate, fit_several, fit_weights
from nlu.intents.head import Example, IntentHead
from nlu.training.measures import (
    answers,
    calibration_error,
    error_if_calibrated,
    measured,
    mistakes,
    rejected_at,
)
from nlu.training.samples import Sample
from nlu.training.suspects import suspect_labels

WIDTH = 16


def _cloud(count: int, seed: int, spread: float = 0.25) -> tuple[list[Example], np.ndarray]:
    """Lines of three intents and of nothing we know around four corners, as features."""
    draw = np.random.default_rng(seed)
    names = ["a", "b", "c", "out_of_scope"]
    rows, examples = [], []
    for place, name in enumerate(names):
        for number in range(count):
            part = np.eye(WIDTH)[place] + spread * draw.normal(size=WIDTH)
            rows.append(np.tile(part / np.linalg.norm(part), 4))
            examples.append(Example(f"{name} {number}", name))
    return examples, np.array(rows, dtype=np.float32)


def test_calibration_error_is_the_distance_from_what_was_promised():
    right = np.array([True] * 7 + [False] * 3)
    assert calibration_error(np.full(10, 0.7, np.float32), right) == pytest.approx(0, abs=1e-6)
    assert calibration_error(np.full(10, 0.95, np.float32), right) == pytest.approx(0.25)


def test_chance_alone_makes_a_calibration_error_that_shrinks_with_more_lines():
    few, many = (np.full(count, 0.8, np.float32) for count in (50, 5000))
    assert error_if_calibrated(few) > 5 * error_if_calibrated(many) > 0


def test_what_is_rejected_where_nearly_all_in_scope_are_kept():
    inside = np.array([True] * 100 + [False] * 10)
    scope = np.concatenate([np.linspace(1, 2, 100), np.full(6, 0.5), np.full(4, 1.5)])
    assert rejected_at(scope.astype(np.float32), inside, 0.95) == pytest.approx(0.6)


def test_a_calibrated_head_is_right_sure_and_knows_what_it_does_not_know():
    examples, features = _cloud(40, 1)
    held, held_features = _cloud(40, 2)
    head = fit_weights(examples, features)
    head = calibrate(head, [HeldOut(head, held, held_features)])
    test, test_features = _cloud(200, 3)
    samples = [Sample(example.text, (example.intent,)) for example in test]
    found = measured(head, test_features, samples)
    assert found["accuracy"] > 0.9
    assert found["oos_auroc"] > 0.9
    assert found["ece"] < 0.05
    assert found["in_scope_kept"] == pytest.approx(0.95, abs=0.03)


def test_mistakes_are_told_the_surest_first_and_what_is_turned_away_is_one():
    examples, features = _cloud(40, 1)
    head = fit_weights(examples, features)
    lines, rows = (
        [("an a", "a"), ("no b", "b"), ("a stranger", "out_of_scope")],
        features[[0, 0, 0]],
    )
    samples = [Sample(text, (name,)) for text, name in lines]
    low, high = (mistakes(answers(head, rows, samples), t, samples) for t in (-9.0, 9.0))
    assert [(text, taken) for text, _, taken, _ in low] == [("no b", "a"), ("a stranger", "a")]
    assert [(text, taken) for text, _, taken, _ in high] == [
        ("an a", "out_of_scope"),
        ("no b", "out_of_scope"),
    ]
    several = mistakes(answers(head, features, _as_b(examples)), -9.0, _as_b(examples))
    assert [sure for *_, sure in several] == sorted((sure for *_, sure in several), reverse=True)


def _as_b(examples: list[Example]) -> list[Sample]:
    return [Sample(example.text, ("b",)) for example in examples]


def test_training_lines_vote_where_that_helps_and_the_file_keeps_it(tmp_path):
    """Each intent's lines lie on two opposite sides of a circle: no straight line parts them."""
    names = ["a", "b", "a", "b"] * 30
    angles = np.tile(np.arange(4) * np.pi / 2, 30)
    angles += np.random.default_rng(3).normal(0, 0.2, 120)
    rows = np.zeros((120, WIDTH), np.float32)
    rows[:, 0], rows[:, 1] = np.cos(angles), np.sin(angles)
    features = np.tile(rows, 4)
    examples = [Example(f"line {number}", name) for number, name in enumerate(names)]
    head = fit_weights(examples[:60], features[:60])
    parts = [HeldOut(head, examples[60:], features[60:])]
    alone, voting = calibrate(head, parts), calibrate(head, parts, votes=VOTES)

    def right(head: IntentHead) -> float:
        best = np.array(head.labels)[head.probabilities(features[60:]).argmax(axis=1)]
        return float((best == names[60:]).mean())

    assert alone.vote == 0 < voting.vote
    assert right(alone) < 0.8 < 0.9 < right(voting)
    assert np.array_equal(voting.scope(features), replace(voting, vote=0.0).scope(features))
    (tmp_path / "head").write_bytes(voting.to_bytes())
    again = IntentHead.load(tmp_path / "head")
    assert np.allclose(again.probabilities(features), voting.probabilities(features), atol=1e-4)
    best = again.answer(features[60]).intents[0]
    assert best.score == pytest.approx(again.probabilities(features)[60].max(), abs=1e-4)


def test_how_sure_an_intent_is_counts_in_scope_where_few_lines_out_of_scope_are_known():
    """One training line out of scope, far from the held-out ones; those lie between two intents."""
    examples, features = _cloud(30, 5)
    head = fit_weights(examples[:91], features[:91])
    inside, rows = _cloud(30, 6)
    between = rows[:30] + rows[30:60]
    between /= np.linalg.norm(between[:, :WIDTH], axis=1, keepdims=True)
    strangers = [Example(f"stranger {number}", "out_of_scope") for number in range(30)]
    held = HeldOut(head, [*inside[:90], *strangers], np.vstack([rows[:90], between]))
    alone, sure = calibrate(head, [held]), calibrate(head, [held], sures=SURES)

    def parted(head: IntentHead) -> float:
        return float(roc_auc_score(np.arange(120) < 90, head.scope(held.features)))

    assert alone.sure == 0 < sure.sure
    assert parted(sure) > parted(alone)


def test_wrong_labels_are_suspected_and_right_ones_are_not():
    examples, features = _cloud(60, 4, spread=0.12)
    wrong = {5: "b", 70: "a", 130: "b"}
    mixed = [
        Example(example.text, wrong.get(place, example.intent))
        for place, example in enumerate(examples)
    ]
    found = suspect_labels(mixed, features, strength=20, seed=7)
    assert {suspect.place for suspect in found} >= set(wrong)
    assert len(found) <= len(wrong) + 2
    assert {found_.suggested for found_ in found if found_.place == 5} == {"a"}


def test_several_intents_in_one_utterance_are_all_given():
    examples, features = _cloud(60, 6)
    both = (features[:60] + features[60:120]) / np.sqrt(2)
    rows = np.vstack([features[:120], both]).astype(np.float32)
    holds = [*[frozenset("a")] * 60, *[frozenset("b")] * 60, *[frozenset("ab")] * 60]
    head = fit_several([*examples[:120], *examples[:60]], holds, rows)
    samples = [Sample("x", tuple(sorted(held))) for held in holds]
    assert measured(head, rows, samples)["micro_f1"] > 0.95
