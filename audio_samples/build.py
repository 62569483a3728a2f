"""Rebuild the recorded calls from what their scenario files say.

    python -m audio_samples.build                  all of them
    python -m audio_samples.build --only balance   one

The same scenario files give the same recordings: all that is random has a seed made from the
scenario's name, and every model runs on one thread.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from server.replay.callers import by_test_voice
from server.replay.reading import ScenarioError
from server.replay.scenario import Scenario, find_scenarios, load_scenario
from voice.errors import VoiceError
from voice.pcm import write_wav

ROOT = Path(__file__).parent


def build_call(folder: Path, scenario: Scenario, advance: Callable[[], None]) -> None:
    """Write the recordings of one call beside its scenario file.

    Args:
        folder: Where they go.
        scenario: Names them and says what is spoken.
        advance: Called after each recording.

    Raises:
        VoiceError: The caller's voice cannot speak.
    """
    for number, turn in enumerate(scenario.turns, start=1):
        if turn.say is None or turn.wav is None:
            continue
        samples = by_test_voice(scenario, number)
        write_wav(folder / turn.wav, samples, scenario.caller.sample_rate)
        advance()


def build(only: Sequence[str] = (), console: Console | None = None) -> int:
    """Rebuild all calls, or those named; returns how many recordings were written.

    Raises:
        ScenarioError: A scenario file cannot be used, or a named one is not there.
        VoiceError: A voice is missing.
    """
    calls = {path.parent: load_scenario(path) for path in find_scenarios(ROOT)}
    chosen = {folder: call for folder, call in calls.items() if not only or call.name in only}
    absent = set(only) - {call.name for call in chosen.values()}
    if absent:
        names = ", ".join(call.name for call in calls.values())
        raise ScenarioError(f"no scenario is named {', '.join(sorted(absent))}; there are: {names}")
    total = sum(turn.wav is not None for call in chosen.values() for turn in call.turns)
    with Progress(console=console) as progress:
        task = progress.add_task("recording", total=total)
        for folder, call in chosen.items():
            progress.update(task, description=call.name)
            build_call(folder, call, lambda: progress.advance(task))
    return total


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m audio_samples.build", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="one call")
    options = parser.parse_args(arguments)
    try:
        print(f"{build(options.only)} recordings written below {ROOT}")
    except (ScenarioError, VoiceError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
