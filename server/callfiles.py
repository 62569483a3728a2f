"""`tellerline call`: recordings as one call's turns, shown as it happens."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from dialog.masking import MASK
from server.caller import CallerTurn, CallLog, Dial, place_call
from server.client.connection import CallError, dialled
from server.client.turns import TurnRecord
from server.errors import ServerError
from server.recording import timeline, without_caller, write_stereo
from server.render import CallView, json_line, spoken_turn, summary_json
from voice.codecs import Encoding
from voice.errors import AudioFormatError
from voice.pcm import Samples, read_wav
from voice.resampling import resample

NORMAL_ENDS = frozenset({"goodbye", "transfer", "hangup"})
SILENT_PEAK = 33
"""-60 dBFS: a recording without a louder sample holds nothing that anybody could hear."""

OK, NOT_NORMAL, BAD_INPUT = 0, 1, 2


class CallerAudioError(ServerError):
    """A recording that no caller's turn can be made of; one line with the file and the cure."""


def read_turn(path: Path, sample_rate: int, channel: int | None = None) -> Samples:
    """A recording at the wire's rate, of one channel (from 0) or all of them as one.

    Raises:
        CallerAudioError: Missing, empty, silent or not audio.
    """
    try:
        samples, rate = read_wav(path, channel)
        at_wire_rate = resample(samples, rate, sample_rate)
    except AudioFormatError as error:
        raise CallerAudioError(str(error)) from error
    if int(np.abs(at_wire_rate.astype(np.int32)).max(initial=0)) < SILENT_PEAK:
        raise CallerAudioError(f"{path}: the recording is silent; record it again, louder")
    return at_wire_rate


def file_turns(wavs: Sequence[Path], sample_rate: int) -> list[CallerTurn]:
    """One caller turn per recording, all read before a call is placed.

    Raises:
        CallerAudioError: One of them cannot be used, or there is none.
    """
    if not wavs:
        raise CallerAudioError("no recording given: name one WAV file per turn")
    return [CallerTurn(samples=read_turn(wav, sample_rate), label=wav.name) for wav in wavs]


async def call_files(
    url: str,
    wavs: Sequence[Path],
    *,
    as_json: bool = False,
    record: Path | None = None,
    sample_rate: int = 16000,
    encoding: Encoding = "pcm16",
    language: str = "en",
    caller_id: str | None = None,
    token: str | None = None,
    turn_timeout: float = 30.0,
    console: Console | None = None,
    errors: Console | None = None,
    dial: Dial = dialled,
) -> int:
    """Play each file as the caller's next turn and print the conversation as it happens.

    Args:
        url: Of the server's `/v1/call`.
        wavs: One recording per turn, of any rate.
        as_json: One JSON object per line instead of text for people.
        record: Where to leave the stereo recording, without secrets.
        sample_rate, encoding, language, caller_id, token, turn_timeout: As for `place_call`.
        console, errors: Standard output and standard error where not given.
        dial: Opens the line.

    Returns:
        The exit code: 0 where the call ended normally (goodbye, handed over to a person, or all
        turns answered), 1 where it did not, 2 where a file could not be used.
    """
    console = console or Console()
    errors = errors or Console(stderr=True)
    try:
        turns = file_turns(wavs, sample_rate)
    except CallerAudioError as error:
        return _failed(errors, error, BAD_INPUT)
    view = CallView(console)

    def show(turn: TurnRecord) -> None:
        shown = spoken_turn(turn)
        if as_json:
            _line(console, json_line(shown))
        else:
            view.turn(shown)

    try:
        log = await place_call(
            url,
            turns,
            sample_rate=sample_rate,
            encoding=encoding,
            language=language,
            caller_id=caller_id,
            token=token,
            on_event=(lambda _: None) if as_json else view.event,
            on_turn=show,
            turn_timeout=turn_timeout,
            dial=dial,
        )
        if record is not None:
            write_stereo(record, without_secrets(log), log.sample_rate)
    except (CallError, OSError) as error:
        return _failed(errors, error, NOT_NORMAL)
    shown = [spoken_turn(turn) for turn in log.turns]
    summary = summary_json(shown, log.ended, call=log.call, recording=record)
    if as_json:
        _line(console, json_line(summary))
    else:
        _line(console, timeline(log.stereo, log.sample_rate, width=max(20, console.width - 12)))
        view.summary(summary)
    if log.ended == "error":
        _line(errors, f"tellerline call: the server ended the call: {log.problem or 'error'}")
    return OK if log.ended in NORMAL_ENDS else NOT_NORMAL


def without_secrets(log: CallLog) -> Samples:
    """A call's recording, silent where the caller was asked for a secret, or told one: numbers,
    PINs and codes."""
    told = (turn.span for turn in log.turns if turn.secret or MASK in (turn.heard or ""))
    return without_caller(log.stereo, told)


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True, emoji=False)


def _failed(errors: Console, error: Exception, code: int) -> int:
    _line(errors, f"tellerline call: {error}")
    return code
