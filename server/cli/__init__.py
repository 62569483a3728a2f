"""The command `tellerline`: thin commands over the packages; heavy imports wait for their use."""

import os
import sys

# Before any library starts its threads: ones that spin while they wait take the core from the
# other engines (two busy cores: 0.3 s to the first sound instead of seconds).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from dialog.errors import DialogError
from nlu.errors import NluError
from server.cli.root import app
from server.errors import ServerError
from voice.errors import VoiceError


def main() -> None:
    """Run the command line; a known error is one line on standard error and exit code 2."""
    try:
        app()
    except (ServerError, DialogError, NluError, VoiceError, OSError, UnicodeDecodeError) as error:
        print(f"tellerline: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
