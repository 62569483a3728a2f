"""`tellerline explain`: a call's record, or a scenario, as turns with their reasons."""

import json
from pathlib import Path

import pytest

from dialog.decision import Way
from dialog.turns import Response
from nlu.understanding import Entity, Expectation, ScoredIntent, Understanding
from server.call.events import heard_event, listening_event, said_event
from server.errors import ServerError
from server.explaining import decided_event, from_record
from server.records import CallRecord, sealed_path


def response(heard: str, say: str, action: str, **more: object) -> Response:
    meant = Understanding(
        heard,
        (ScoredIntent("balance", 0.9),),
        (Entity("account_kind", "savings", "savings", 0, 0),),
        0.8,
        in_scope=True,
    )
    fields = {
        "say": (say,),
        "heard": heard,
        "understanding": meant,
        "action": action,
        "reason": f"why {action}",
        "expectation": Expectation(),
        "end": None,
        **more,
    }
    return Response(**fields)  # type: ignore[arg-type]


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A call of a greeting, an answer that was spoken over, a silence, and an act."""
    record = CallRecord(tmp_path, "c/1", bytes.strip)
    greeting = response("", "Hello.", "greet")
    cut = response("savings please", "You have ten dollars.", "tell_balance")
    asked = response("", "Are you still there?", "ask_again_silence", understanding=None)
    sent = response(
        "yes", "Done.", "transfer_done", did=("execute_transfer: ok",), path=(Way("transfer", 4),)
    )
    for turn, answer, is_heard in ((0, greeting, 0), (1, cut, 1), (1, asked, 0), (2, sent, 1)):
        if is_heard:
            record.add(heard_event(turn, answer, None, diagnostics=False))
        record.add(decided_event(turn, answer))
        record.add(said_event(turn, answer.say[0]))
        if answer is cut:
            record.add(said_event(turn, "You have", interrupted=True))
        else:
            record.add(listening_event(turn, answer, None, {}, diagnostics=False))
    record.add({"type": "hangup", "reason": "goodbye"})
    record.write()
    return sealed_path(tmp_path, "c/1")


def test_a_record_tells_turn_by_turn_what_was_understood_decided_and_said(recorded: Path) -> None:
    greeting, cut, silence, sent = from_record(recorded)
    assert (greeting.n, greeting.heard, greeting.said) == (0, None, ["Hello."])
    assert cut.heard == "savings please"
    assert cut.understood == ["balance 0.90", "account_kind savings ('savings')"]
    assert (cut.decided, cut.why) == ("tell_balance", "why tell_balance")
    assert silence.heard is None
    assert silence.decided == "ask_again_silence"
    assert sent.did == ["execute_transfer: ok"]
    assert sent.steps == ["transfer 5"]


def test_what_the_caller_did_not_hear_is_told(recorded: Path) -> None:
    _, cut, _, sent = from_record(recorded)
    assert ("caller heard", "cut off after 'You have'") in cut.lines()
    assert "caller heard" not in dict(sent.lines())


def test_the_reasons_are_kept_for_a_client_that_may_not_see_them(recorded: Path) -> None:
    """They stand in the record, and in nothing that was sent."""
    events = [json.loads(line) for line in recorded.read_text("utf-8").splitlines()]
    told = [event for event in events if event["type"] != "decided"]
    assert not any("reason" in event for event in told if event["type"] != "hangup")
    assert sum(event["type"] == "decided" for event in events) == 4


def test_a_file_that_is_no_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"kind": 1}\n', "utf-8")
    with pytest.raises(ServerError, match="not the record of a call"):
        from_record(path)
