"""pipecat's own harness against our dialog: its scenarios pass, and fail where they should."""

import json
import re
from pathlib import Path

import pytest
from pipecat.evals.scenario import EvalScenarioFile
from pipecat.evals.script_session import EvalScriptSession
from pipecat.evals.session import EvalSessionParams
from websockets.asyncio.client import connect

from nlu.understander import Understander
from server.replay.hosting import conversations_for_scenarios
from server.replay.pipecat_eval import eval_server
from server.replay.scenario import Scenario

ANY = Scenario.model_validate(
    {"name": "any", "about": "", "today": "2026-03-16", "turns": [{"silence": 1}]}
)
DOCUMENT = (Path(__file__).parents[2] / "docs" / "replay.md").read_text(encoding="utf-8")
PAYS = next(
    block
    for block in re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    if block.startswith("name: pays\nuser:")
)


@pytest.fixture
def new_conversation(tmp_path: Path, encoder_dir: Path):
    home = tmp_path / "banks"
    home.mkdir()
    converse = conversations_for_scenarios(home, Understander(encoder_dir))
    return lambda: converse(ANY)[0]


@pytest.mark.parametrize("kind", ["send-text", "dtmf", "client-message"])
async def test_a_message_without_data_ends_no_conversation(kind, new_conversation):
    async with eval_server(new_conversation, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with connect(url) as socket:
            await socket.send(json.dumps({"label": "rtvi-ai", "type": kind}))
            await socket.send(json.dumps({"label": "rtvi-ai", "type": "client-ready", "id": "1"}))
            told = [json.loads(await socket.recv()) for _ in range(6)]
    assert "bot-ready" in {message["type"] for message in told}


@pytest.mark.parametrize("kind", ["raw-audio", "raw-audio-batch"])
async def test_sound_is_refused_in_words_and_not_waited_out(kind, new_conversation):
    async with eval_server(new_conversation, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with connect(url) as socket:
            await socket.send(json.dumps({"label": "rtvi-ai", "type": kind, "data": {}}))
            told = [json.loads(message) async for message in socket]
    (error,) = told
    assert (error["type"], error["data"]["fatal"]) == ("error", True)
    assert "text modality only" in error["data"]["error"]


@pytest.mark.parametrize(
    ("name", "other"),
    [("", ""), ("$30.00", "$31.00"), ("name: transfer_done", "name: transfer_refused")],
)
async def test_the_documented_scenario_of_pipecats_is_judged_by_pipecat(
    name, other, new_conversation, tmp_path
):
    path = tmp_path / "pays.yaml"
    path.write_text(PAYS.replace(name, other) if name else PAYS)
    params = EvalSessionParams(default_timeout_ms=8000)
    async with eval_server(new_conversation, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        scenario = EvalScenarioFile.load(path)["pays/pays"]
        result = await EvalScriptSession.from_scenario(scenario, url, params=params).run()
    assert result.passed is not bool(name), result
