"""The model card: what a model was made of, how, and how good it was measured to be."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from nlu.feelings.head import FEELINGS_FILE
from nlu.intents.model import ADAPTER_FILE, CARD_FILE, HEAD_FILE
from nlu.needs.head import NEEDS_FILE
from nlu.questions.answering import DOCUMENTS_FILE
from nlu.questions.match import QUESTIONS_FILE
from nlu.slots.head import SLOTS_FILE
from nlu.training.prepare import Prepared
from nlu.training.recipe import Recipe
from nlu.training.samples import Sample, data_hash

ENCODER = "sentence-transformers/all-MiniLM-L6-v2"


def write_card(
    folder: Path,
    data: Prepared,
    recipe: Recipe,
    figures: Mapping[str, object],
    *,
    suspects: int,
) -> dict[str, object]:
    """Write card.json beside the model's files and give what stands in it."""
    removed = data.removed
    card: dict[str, object] = {
        "encoder": f"{ENCODER}, {'tuned' if recipe.tunes else 'frozen'}",
        "files": file_hashes(folder),
        "recipe": recipe.model_dump(mode="json"),
        "data": {
            "train": side_card(data.train),
            "validation": side_card(data.validation),
            "test": side_card(data.test),
            "repeats_dropped": removed.repeated,
            "of_these_contradicting": removed.contradicting,
            "near_copies_of_validation": removed.near_validation,
            "near_copies_of_test_dropped": removed.near_test,
            "suspect_labels": suspects,
        },
        "figures": dict(figures),
    }
    write_json(folder / CARD_FILE, card)
    return card


def side_card(samples: Sequence[Sample]) -> dict[str, object]:
    """How many lines a split has and the hash that names it."""
    return {"utterances": len(samples), "sha256": data_hash(samples)}


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of the model's files."""
    intents, heads = (HEAD_FILE, ADAPTER_FILE, SLOTS_FILE), (FEELINGS_FILE, NEEDS_FILE)
    names = (*intents, *heads, QUESTIONS_FILE, DOCUMENTS_FILE)
    paths = [folder / name for name in names]
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()
    }


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """A JSON file that people read, too."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
