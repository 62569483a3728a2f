"""`tellerline call`: what it prints, what it leaves, and its exit code."""

import asyncio
import io
import json

import numpy as np
import pytest
import soundfile as sf
from rich.console import Console
from scripted_server import Script, scripted, tone

from server.callfiles import CallerAudioError, call_files, file_turns


def wav(path, seconds=0.2, rate=22050):
    sf.write(path, tone(seconds, rate, 300.0), rate)
    return path


def screen() -> Console:
    return Console(file=io.StringIO(), width=200)


def text_of(console: Console) -> str:
    return console.file.getvalue()


async def test_json_lines_are_one_object_per_turn_and_a_summary(tmp_path):
    out = screen()
    recording = tmp_path / "call.wav"
    async with scripted(Script(goodbye_after=2)) as (url, _):
        wavs = [wav(tmp_path / "one.wav"), wav(tmp_path / "two.wav", rate=8000)]
        code = await call_files(url, wavs, as_json=True, record=recording, console=out)
    assert code == 0
    lines = [json.loads(line) for line in text_of(out).splitlines()]
    assert [line["type"] for line in lines] == ["turn", "turn", "turn", "summary"]
    assert list(lines[1])[:10] == [
        "type",
        "n",
        "heard",
        "language",
        "intents",
        "entities",
        "said",
        "action",
        "response_latency_ms",
        "parts",
    ]
    assert lines[0]["heard"] is None
    assert lines[0]["said"] == "answer 0"
    assert lines[1]["n"] == 1
    assert lines[1]["heard"] == "turn 1"
    assert lines[1]["intents"] == [{"name": "balance", "score": 0.97}]
    assert lines[1]["action"] == "clarify"
    assert sum(lines[1]["parts"].values()) == pytest.approx(
        lines[1]["response_latency_ms"], abs=0.2
    )
    summary = lines[-1]
    assert summary["turns"] == 2
    assert summary["ended"] == "goodbye"
    assert summary["call"] == "c-1"
    assert summary["recording"] == str(recording)
    assert 399 <= summary["response_latency"]["p50"] <= summary["response_latency"]["p95"]
    samples, rate = sf.read(recording)
    assert (rate, samples.shape[1]) == (16000, 2)


@pytest.mark.parametrize(
    "script",
    [
        Script(goodbye_after=2, heard={1: "my pin is ••••"}),
        Script(goodbye_after=2, heard={2: "ford hate to juan"}, asks_secret=(1,)),
    ],
    ids=["what is masked", "whatever was understood where a secret was asked for"],
)
async def test_a_recording_is_silent_where_the_caller_told_a_secret(tmp_path, script):
    recording = tmp_path / "call.wav"
    async with scripted(script) as (url, _):
        wavs = [wav(tmp_path / "pin.wav"), wav(tmp_path / "rest.wav")]
        await call_files(url, wavs, record=recording, console=screen())
    caller = sf.read(recording)[0][:, 0]
    (loud,) = np.nonzero(caller)
    assert len(loud) <= 0.21 * 16000
    assert np.ptp(loud) <= 0.21 * 16000


async def test_people_see_what_was_heard_said_and_how_long_it_took(tmp_path):
    """What a server says is never read as markup."""
    out = screen()
    async with scripted(Script(said="[bold]a [/nonsense]")) as (url, _):
        code = await call_files(url, [wav(tmp_path / "one.wav")], console=out)
    assert code == 0
    shown = text_of(out)
    for words in (
        "turn 1",
        "balance 0.97",
        "[bold]a [/nonsense] 1",
        "+ endpointing 300 + wire",
    ):
        assert words in shown
    assert shown.index("turn 1") < shown.index("nonsense] 1") < shown.index("response latency")
    assert "1 turns, ended: hangup" in shown


async def test_without_diagnostics_nothing_is_made_up(tmp_path):
    out = screen()
    async with scripted(Script(diagnostics=False)) as (url, _):
        await call_files(url, [wav(tmp_path / "one.wav")], as_json=True, console=out)
    turn = json.loads(text_of(out).splitlines()[1])
    assert turn["intents"] is None
    assert turn["entities"] is None
    assert turn["parts"] == {}
    assert turn["response_latency_ms"] is not None


async def test_a_call_that_does_not_end_normally_is_exit_code_1(tmp_path):
    path = wav(tmp_path / "one.wav")

    async def code(script: Script) -> int:
        async with scripted(script) as (url, _):
            return await call_files(url, [path], console=screen(), turn_timeout=0.5)

    scripts = [Script(stop="drop"), Script(deaf=True), Script()]
    assert await asyncio.gather(*map(code, scripts)) == [1, 1, 0]
    errors = screen()
    assert await call_files("ws://127.0.0.1:9/", [path], console=screen(), errors=errors) == 1
    assert text_of(errors).startswith("tellerline call: ws://127.0.0.1:9/: no call")


def bad_files(tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("this is no audio")
    sf.write(tmp_path / "silent.wav", np.zeros(8000, np.int16), 8000)
    sf.write(tmp_path / "nothing.wav", np.zeros(0, np.int16), 8000)
    return ["empty.wav", "text.wav", "silent.wav", "nothing.wav", "missing.wav"]


async def test_a_file_that_is_no_speech_is_one_line_before_the_call_is_placed(tmp_path):
    good = wav(tmp_path / "good.wav")
    async with scripted(Script()) as (url, seen):
        for name in bad_files(tmp_path):
            errors = screen()
            code = await call_files(url, [good, tmp_path / name], errors=errors)
            assert code == 2, name
            assert name in text_of(errors)
            assert len(text_of(errors).splitlines()) == 1
        assert seen.hello == {}


def test_no_file_at_all_is_an_error():
    with pytest.raises(CallerAudioError, match="no recording"):
        file_turns([], 16000)


def test_stereo_and_any_rate_become_the_rate_of_the_wire(tmp_path):
    sound = tone(0.5, 44100, 300.0)
    sf.write(tmp_path / "stereo.wav", np.stack([sound, sound], axis=1), 44100)
    (turn,) = file_turns([tmp_path / "stereo.wav"], 8000)
    assert turn.samples.shape == (4000,)
    assert turn.label == "stereo.wav"
    spectrum = np.abs(np.fft.rfft(turn.samples))
    assert np.argmax(spectrum) / 0.5 == pytest.approx(300, abs=4)
