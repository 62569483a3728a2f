"""`python -m nlu.train`: rebuild the packaged model, as `tellerline nlu train` does by default."""

import json

from nlu.encoder.sentence import SentenceEncoder
from nlu.paths import MODEL_FOLDER, packaged_encoder
from nlu.training.default import train_default, write_default


def main() -> None:
    """Train and write; prints the card."""
    encoder = SentenceEncoder(packaged_encoder(), threads=1)
    print(json.dumps(write_default(train_default(encoder), MODEL_FOLDER), indent=2))


if __name__ == "__main__":
    main()
