"""pipecat's own harness against our dialog: its scenarios pass, and fail where they should."""

import json
from pathlib import Path

import pytest
from pipecat.evals.scenario import EvalScenarioFile
from pipecat.evals.script_session import EvalScriptSession
from pipecat.evals.session import EvalSessionParams
from websockets.asyncio.client import connect

from dialog.bank.demo import demo_customers
from nlu.understander import Understander
from server.replay.hosting import conversations_for_scenarios
from server.replay.pipecat_eval import eval_server
from server.replay.scenario import Scenario

MARIA = demo_customers()[0]
ANY = Scenario.model_validate(
    {"name": "any", "about": "", "today": "2026-03-16", "turns": [{"silence": 1}]}
)
PAYS = f"""
name: pays
user: {{modality: text}}
scenarios:
  - name: pays
    turns:
      - expect:
          - event: llm_response
            text_contains: "Welcome to Tellerline Bank"
      - user: "I want to send thirty dollars to Tom Becker"
        expect:
          - event: llm_response
            text_contains: "customer number"
      - dtmf: "{MARIA.number}#"
        expect:
          - event: llm_response
            text_contains: "PIN"
      - dtmf: "{MARIA.pin}#"
        expect:
          - event: llm_response
            text_contains: "$30.00"
      - user: "yes please"
        expect:
          - event: llm_response
            text_contains: "AMOUNT"
"""


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


@pytest.mark.parametrize(("amount", "passes"), [("$30.00", True), ("$31.00", False)])
async def test_a_scenario_of_pipecats_is_judged_by_pipecat(
    amount, passes, new_conversation, tmp_path
):
    path = tmp_path / "pays.yaml"
    path.write_text(PAYS.replace("AMOUNT", amount))
    params = EvalSessionParams(default_timeout_ms=8000)
    async with eval_server(new_conversation, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        scenario = EvalScenarioFile.load(path)["pays/pays"]
        result = await EvalScriptSession.from_scenario(scenario, url, params=params).run()
    assert result.passed is passes, result
