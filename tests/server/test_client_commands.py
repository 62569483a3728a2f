"""The commands for makers of clients as somebody types them: conformance, devices, speaker."""

import asyncio
import json
from subprocess import CompletedProcess
from typing import Any

import pytest
import websockets
from typer.testing import CliRunner

from server.cli.devices import app
from server.client.conformance import PROMISES
from tests.server.conftest import sample
from tests.server.scripted_server import Script, scripted
from tests.server.staged import staged
from tests.server.test_cli import home, tellerline

__all__ = ["home"]  # the fixture


async def typed(home: dict[str, str], *arguments: str) -> CompletedProcess:
    """A command beside a server of ours."""
    return await asyncio.to_thread(tellerline, home, *arguments)


def lines(run: CompletedProcess) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.channels
async def test_a_server_that_keeps_its_promises_conforms(home, tmp_path, monkeypatch):
    async with staged(tmp_path, monkeypatch) as caller:
        host, port = caller.socket.remote_address[:2]
        run = await typed(home, "conformance", f"ws://{host}:{port}/v1/call", "--json")
    assert lines(run)[-1] == {"kept": len(PROMISES), "broken": 0}, run.stdout
    assert run.returncode == 0


async def test_a_server_that_keeps_none_does_not_conform(home):
    run = await typed(home, "conformance", "ws://127.0.0.1:9/v1/call")
    assert run.returncode == 1
    assert f"0 of {len(PROMISES)} promises kept" in run.stdout
    assert [line.split()[0] for line in run.stdout.splitlines()[:-1]] == ["broken"] * len(PROMISES)


def test_a_devices_token_from_its_issue_to_its_end(home, tmp_path, monkeypatch):
    home["TELLERLINE_DEVICES_FILE"] = str(tmp_path / "devices.json")
    home["TELLERLINE_PEPPER_FILE"] = str(tmp_path / "pepper")
    for name, value in home.items():
        monkeypatch.setenv(name, value)

    def devices(*arguments: str) -> str:
        run = CliRunner().invoke(app, ["devices", *arguments])
        assert run.exit_code == 0, run.output
        return run.stdout

    token = devices("issue", "kitchen", "--max-calls", "2", "--by", "Ada").strip()
    again = tellerline(home, "devices", "issue", "kitchen", "--by", "Ada")
    assert (again.returncode, again.stdout) == (2, "")
    assert "rotate or revoke" in again.stderr
    assert len(again.stderr.strip().splitlines()) == 1
    second = devices("rotate", "kitchen", "--by", "Ada").strip()
    assert len({token, second}) == 2
    assert min(len(token), len(second)) > 30
    listed = devices("list", "--json")
    device = json.loads(listed)
    assert (device["name"], device["max_calls"], bool(device["former"])) == ("kitchen", "2", True)
    assert token not in listed
    devices("revoke", "kitchen", "--by", "Ada")
    assert devices("list", "--json") == ""


ENDS = [("goodbye", 0), pytest.param("error", 1, marks=pytest.mark.channels)]


@pytest.mark.parametrize(("stop", "code"), ENDS)
async def test_a_speaker_calls_by_its_tokens_file_and_tells_how_the_call_ended(
    home, tmp_path, stop, code
):
    token, heard = tmp_path / "token", tmp_path / "heard.wav"
    token.write_text("of the kitchen\n")
    async with scripted(Script(stop=stop)) as (url, seen):
        given = ["--token-file", str(token), "--input", str(sample("demo", 1))]
        run = await typed(home, "speaker", url, *given, "--output", str(heard), "--once")
    assert run.returncode == code, run.stderr
    assert seen.hello["token"] == "of the kitchen"
    assert "answer 1" in run.stdout
    assert heard.stat().st_size > 1000


@pytest.mark.channels
async def test_a_speaker_that_finds_all_lines_taken_says_so_and_dials_again(home):
    async def busy(socket: websockets.ServerConnection) -> None:
        await socket.recv()
        error = {"type": "error", "code": "busy", "message": "all lines are taken", "fatal": True}
        await socket.send(json.dumps(error))
        await socket.close(4429)

    async with websockets.serve(busy, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/call"
        run = await typed(home, "speaker", url, "--input", str(sample("demo", 1)), "--once")
    assert "all lines are taken; again in" in run.stderr
    assert run.returncode == 1, "it was one call that was asked for, and there was none"
