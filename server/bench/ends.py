"""How well a turn's end is told from a pause by its words and the dialog, without any sound.

    python -m server.bench.ends scenarios [--half 0|1]

Every turn of the scenarios, spoken as words, is judged whole and broken off after some of its
words, where the dialog stands at that turn. What comes out is the trade that `TurnSettings.waits`
makes: how long callers wait who have finished, against how often one who pauses for 0.4 to 0.8 s
is cut into. Weights are set on one half of the scenarios and reported on the other.
"""

import argparse
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.progress import track

from dialog.conversation import Conversation
from nlu.understander import Understander
from server.bench.report import Sheet, cell, percentile, share
from server.call.fit import fit
from server.models import ModelStore
from server.replay.hosting import conversations_for_scenarios
from server.replay.scenario import Scenario, Turn, find_scenarios, load_scenario
from server.settings import Settings
from voice.spoken_form import spoken_form
from voice.turns import Fit, TurnSettings, TurnTaker
from voice.vad import WINDOW

PAUSES = (0.4, 0.8)
"""Seconds that a caller pauses in the middle of a turn."""

BROKEN_OFF = 2
"""Beginnings judged of each turn."""

RATE = 16000


@dataclass(frozen=True, slots=True)
class Judged:
    """One turn, whole or broken off.

    Attributes:
        asked: What the dialog waited for.
        whole: Whether it is all of the turn.
        wait: Seconds of silence after which it would be answered.
    """

    asked: str
    whole: bool
    wait: float

    @property
    def cut_in(self) -> float:
        """How probable it is that a pause outlasts the wait, 0 to 1; all pauses are as likely."""
        shortest, longest = PAUSES
        return float(np.clip((longest - self.wait) / (longest - shortest), 0, 1))


def wait_for(fits: Fit, over: float, settings: TurnSettings | None = None) -> float:
    """Seconds of silence that end a turn which is judged so, in the turn taker itself."""
    taker = TurnTaker(settings)
    taker.begin()
    silence = np.zeros(WINDOW, np.int16)
    while taker.speaking:
        taker.understood(taker.generation, fits, over)
        taker.hear(silence, 0.0)
    return taker.received / RATE


def judge_call(scenario: Scenario, conversation: Conversation, seed: int) -> Iterator[Judged]:
    """The turns of one scenario, each whole and broken off, where the dialog stands."""
    rng = random.Random(f"{seed} {scenario.name}")  # noqa: S311
    ended: str | None = conversation.open().end
    for turn in scenario.turns:
        if ended is not None:
            return
        if turn.say is not None:
            yield from _judge_turn(turn.say, conversation, rng)
        ended = _take(turn, conversation)


def _judge_turn(said: str, conversation: Conversation, rng: random.Random) -> Iterator[Judged]:
    words = re.sub(r"[^\w\s']", " ", spoken_form(said, "en")).split()
    asked = conversation.expectation
    places = rng.sample(range(1, len(words)), min(BROKEN_OFF, len(words) - 1)) if words else []
    for count in (len(words), *places) if words else ():
        text = " ".join(words[:count]).capitalize() + "."
        fits, over = fit(conversation.think(text, confidence=0.7), asked)
        if fits is not Fit.NOTHING:
            yield Judged(asked.kind, count == len(words), wait_for(fits, over))


def _take(turn: Turn, conversation: Conversation) -> str | None:
    """The dialog goes on as if all was heard; gives how the call ended."""
    ended: str | None = None
    if turn.keys is not None:
        for entry in re.findall(r"[0-9*]*#|[0-9*]+", turn.keys):
            ended = conversation.key(entry).end
    elif turn.say is not None:
        ended = conversation.hear(turn.say).end
    return ended


def trade_off(judged: Sequence[Judged]) -> Sheet:
    """What callers wait and how often they are cut into, by what was asked."""
    kinds = [kind for kind in sorted({each.asked for each in judged}) if kind]
    groups = [(kind, [j for j in judged if j.asked == kind]) for kind in kinds]
    rows = [_row(name, found) for name, found in [*groups, ("all", list(judged))]]
    columns = ("asked", "ends", "wait p25 / p50 / p75 / p90 ms", "pauses", "cut in")
    return Sheet("Ends against pauses", columns, tuple(rows))


def _row(name: str, judged: Sequence[Judged]) -> tuple[str, ...]:
    waits = [1000 * each.wait for each in judged if each.whole]
    pauses = [each.cut_in for each in judged if not each.whole]
    quartiles = " / ".join(cell(percentile(waits, q)) for q in (25, 50, 75, 90))
    return (
        name,
        str(len(waits)),
        quartiles,
        str(len(pauses)),
        share(round(sum(pauses)), len(pauses)),
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m server.bench.ends", description=__doc__)
    parser.add_argument("scenarios", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1), help="every second scenario")
    options = parser.parse_args()
    settings = Settings()
    understander = Understander(ModelStore(settings.models).prepare(settings.encoder))
    files = sorted(find_scenarios(options.scenarios))
    files = files if options.half is None else files[options.half :: 2]
    judged: list[Judged] = []
    with TemporaryDirectory() as folder:
        converse = conversations_for_scenarios(Path(folder), understander)
        for file in track(files, description="judging"):
            scenario = load_scenario(file)
            judged += judge_call(scenario, converse(scenario)[0], seed=1)
    Console().print(trade_off(judged).rich())


if __name__ == "__main__":
    main()
