"""`python -m nlu.evaluate`: figures of the committed head on held-out utterances."""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from nlu.corpus.load import OUT_OF_SCOPE, TEST_FOLDER, Utterance, load_corpus
from nlu.encoder.sentence import SentenceEncoder
from nlu.intents.head import IntentHead
from nlu.measures import measure_head, median_milliseconds
from nlu.mishearings import classifiable
from nlu.paths import MODEL_FILE, packaged_encoder


def confusions(
    head: IntentHead, encoder: SentenceEncoder, utterances: Sequence[Utterance]
) -> list[tuple[str, str, int]]:
    """Right intent, best intent and how often, the most frequent first."""
    vectors = encoder.encode([classifiable(utterance.text) for utterance in utterances])
    counted = Counter(
        (utterance.intent, head.answer(vector).intents[0].name)
        for utterance, vector in zip(utterances, vectors, strict=True)
        if utterance.intent != OUT_OF_SCOPE
    )
    wrong = [(*pair, count) for pair, count in counted.most_common() if pair[0] != pair[1]]
    return [(right, best, count) for right, best, count in wrong]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print, one figure a line (or one JSON object)."""
    parser = argparse.ArgumentParser(prog="python -m nlu.evaluate", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=TEST_FOLDER, help="folder of corpus files; intents as ours"
    )
    parser.add_argument("--encoder", type=Path, default=None, help="folder of the encoder")
    parser.add_argument("--model", type=Path, default=MODEL_FILE, help="the intent head")
    parser.add_argument("--confusions", action="store_true", help="also the confused pairs")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(arguments)
    encoder = SentenceEncoder(options.encoder or packaged_encoder(), threads=1)
    head = IntentHead.load(options.model)
    utterances = load_corpus(options.data, minimum=1)
    figures = measure_head(head, encoder, utterances).rounded()
    texts = [utterance.text for utterance in utterances[:200]]
    wall, processor = median_milliseconds(encoder, head, texts)
    figures |= {"p50_ms": round(wall, 1), "p50_processor_ms": round(processor, 1)}
    if options.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name:18} {value:g}" for name, value in figures.items()))
    if options.confusions:
        for right, best, count in confusions(head, encoder, utterances):
            print(f"{count:3}  {right} taken for {best}")


if __name__ == "__main__":
    main()
