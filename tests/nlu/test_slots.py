import json

import numpy as np
import pytest

from nlu.errors import ModelFileError
from nlu.intents.model import ADAPTER_FILE, IntentModel
from nlu.slots.head import SLOTS_FILE, Slot, SlotHead, best_path, spans, tags_of
from nlu.training.layouts import read_data
from nlu.training.recipe import Method, Recipe
from nlu.training.run import train_model
from nlu.training.samples import Sample

NAMES = ("amount", "person")


def test_tags_tell_the_slots_again_side_by_side_too():
    slots = (Slot("amount", 0, 2), Slot("amount", 2, 3), Slot("person", 4, 6))
    tags = tags_of(slots, NAMES, 7)
    assert tags == [1, 2, 1, 0, 3, 4, 0]
    assert spans(tags, NAMES) == slots


def test_a_slot_goes_on_only_where_it_began():
    """The second word alone would rather go on with a person, but no person has begun."""
    scores = np.zeros((3, 5), np.float32)
    scores[0, 1], scores[1, 4], scores[1, 2] = 5, 3, 2
    assert best_path(scores) == [1, 2, 0]


def test_places_in_the_text_become_places_among_the_words_that_are_encoded(tmp_path):
    text = "Um, pay 12.50 to   Anna Keller, please"
    slots = {
        name: {"span": [text.index(words), text.index(words) + len(words)]}
        for name, words in {"amount": "12.50", "person": "Anna Keller"}.items()
    }
    row = {"text": text, "intents": ["pay"], "slots": slots}
    (tmp_path / "fold0.json").write_text(json.dumps([row]), encoding="utf-8")
    (sample,) = read_data([tmp_path])  # "pay 12 50 to anna keller please"
    assert sample.slots == (Slot("amount", 1, 3), Slot("person", 4, 6))


def test_a_broken_slot_head_is_told(tmp_path):
    (tmp_path / SLOTS_FILE).write_bytes(b"no head")
    with pytest.raises(ModelFileError, match="train again"):
        SlotHead.load(tmp_path / SLOTS_FILE)


def test_slots_are_learned_and_come_back_from_the_folder(encoder_dir, tmp_path):
    people = ("anna keller", "tom", "maria lopez")

    def line(verb: str, count: str, name: str, side: str) -> Sample:
        person = Slot("person", 4, 4 + len(name.split()))
        text = f"{verb} {count} dollars to {name}"
        labels = (verb,) if verb == "move" else ("pay", verb)
        return Sample(text, labels, side, "", (Slot("amount", 1, 3), person))

    train = [
        line(verb, count, name, "train")
        for verb in ("send", "give", "move")
        for count in ("five", "two")
        for name in people
    ]
    held_out = [line("pay", "thirty", "henrietta miller", "validation")]
    recipe = Recipe(method=Method.FULL, frozen=5, epochs=8, rate=1e-3, batch=6)
    card = train_model([*train, *held_out], recipe, encoder_dir, tmp_path)
    told = card["figures"]["after"]["validation"]
    assert told["slot_f1"] == 1
    model = IntentModel.load(tmp_path, encoder_dir)
    assert model.slots("Send seven dollars to Anna Lopez!") == (
        ("amount", "seven dollars"),
        ("person", "anna lopez"),
    )
    (tmp_path / SLOTS_FILE).unlink()
    assert IntentModel.load(tmp_path, encoder_dir).slots("send two dollars to tom") == ()
    assert (tmp_path / ADAPTER_FILE).is_file()
