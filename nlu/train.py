"""`python -m nlu.train`: fit the intent head on the corpus and write it with its card."""

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from nlu.corpus.duplicates import refuse_near_duplicates
from nlu.corpus.load import (
    TEST_FOLDER,
    TEST_MINIMUM,
    TRAIN_FOLDER,
    TRAIN_MINIMUM,
    Utterance,
    load_corpus,
)
from nlu.encoder.sentence import SentenceEncoder
from nlu.intents.fit import fit_head
from nlu.intents.head import IntentHead
from nlu.measures import measure_head
from nlu.mishearings import classifiable
from nlu.paths import MODEL_FILE, packaged_encoder

SEED = 7


def data_hash(utterances: Sequence[Utterance]) -> str:
    """SHA-256 over intents and utterances in order: names the data a head was trained on."""
    lines = "\n".join(f"{utterance.intent}\t{utterance.text}" for utterance in utterances)
    return hashlib.sha256(lines.encode()).hexdigest()


def train(encoder: SentenceEncoder, seed: int = SEED) -> IntentHead:
    """The head of the whole training corpus.

    Raises:
        CorpusError: The corpus is wrong, or the held-out utterances leak into it.
    """
    utterances = load_corpus(TRAIN_FOLDER, TRAIN_MINIMUM)
    refuse_near_duplicates(utterances, load_corpus(TEST_FOLDER, TEST_MINIMUM))
    vectors = encoder.encode([classifiable(utterance.text) for utterance in utterances])
    # One thread: sums in another order would change the last bits of the weights.
    with threadpool_limits(1):
        return fit_head(utterances, vectors, seed)


def write(head: IntentHead, encoder: SentenceEncoder, path: Path) -> dict[str, object]:
    """Write the head and, beside it, card.json with the data's hash, the seed and the figures."""
    trained = load_corpus(TRAIN_FOLDER, TRAIN_MINIMUM)
    held_out = load_corpus(TEST_FOLDER, TEST_MINIMUM)
    content = head.to_bytes()
    path.write_bytes(content)
    card: dict[str, object] = {
        "model": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "encoder": "sentence-transformers/all-MiniLM-L6-v2, frozen",
        "seed": SEED,
        "train": {"utterances": len(trained), "sha256": data_hash(trained)},
        "test": {"utterances": len(held_out), "sha256": data_hash(held_out)},
        "figures": measure_head(head, encoder, held_out).rounded(),
    }
    path.with_name("card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return card


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and write; prints the card."""
    parser = argparse.ArgumentParser(prog="python -m nlu.train", description=__doc__)
    parser.add_argument("--encoder", type=Path, default=None, help="folder of the encoder")
    parser.add_argument("--out", type=Path, default=MODEL_FILE, help="where the head is written")
    options = parser.parse_args(arguments)
    encoder = SentenceEncoder(options.encoder or packaged_encoder(), threads=1)
    print(json.dumps(write(train(encoder), encoder, options.out), indent=2))


if __name__ == "__main__":
    main()
