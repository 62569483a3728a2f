import random

import pytest

from nlu.training.layouts import read_data
from nlu.training.prepare import near_copies, prepare, without_repeats
from nlu.training.samples import TEST, VALIDATION, Sample

WORDS = """card money transfer branch loan savings rate limit phone address statement fee today
tomorrow please could would my your the new old lost blocked open close when where how much"""


def _lines(count: int, seed: int, side: str | None = None) -> list[Sample]:
    draw = random.Random(seed)
    texts = {" ".join(draw.sample(WORDS.split(), 7)) for _ in range(count)}
    return [Sample(text, (draw.choice("ab"),), side) for text in sorted(texts)]


@pytest.mark.parametrize("side", [VALIDATION, TEST])
def test_planted_near_copies_of_what_is_held_out_leave_training(side):
    held_out = _lines(60, 1, side)
    planted = [Sample(f"uh {sample.text}s, please", sample.labels) for sample in held_out[:20]]
    clean = [s for s in _lines(300, 2) if not near_copies([s], held_out)[0]]
    prepared = prepare([*clean, *planted, *held_out])
    left = {sample.text for sample in (*prepared.train, *prepared.validation)}
    assert left.isdisjoint(sample.text for sample in planted)
    assert {sample.text for sample in clean} <= left
    assert prepared.removed.near_validation + prepared.removed.near_test >= len(planted)


def test_the_split_that_is_drawn_has_no_near_copies_across():
    lines = _lines(300, 3)
    copies = [Sample(f"{line.text} now", line.labels) for line in lines]
    prepared = prepare([*lines, *copies], share=0.3)
    assert not any(near_copies(prepared.validation, prepared.train))
    assert len(prepared.train) + len(prepared.validation) == len(lines) + len(copies)
    assert prepared.removed.near_validation > 0


def test_a_line_keeps_its_side_whatever_comes_with_it():
    lines = _lines(300, 4)
    first, more = prepare(lines), prepare(lines + _lines(50, 5))
    kept = {sample.text for sample in more.validation}
    moved = [sample for sample in first.validation if sample.text not in kept]
    added = [sample for sample in more.train if sample not in lines]
    assert len(kept) > 10
    assert near_copies(moved, added) == [True] * len(moved)


def test_repeats_go_and_the_majority_names_the_intent():
    lines = [Sample("Hello!", ("a",)), Sample("hello", ("b",)), Sample("uh hello", ("b",))]
    kept, repeated, contradicting = without_repeats([*lines, Sample("bye", ("c",))])
    assert [(sample.text, sample.label) for sample in kept] == [("Hello!", "b"), ("bye", "c")]
    assert (repeated, contradicting) == (2, 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["banking77", "clinc150"])
def test_the_public_sets_are_split_without_near_copies(shared_data, name):
    prepared = prepare(read_data([shared_data / name]))
    assert not any(near_copies(prepared.train, prepared.validation))
