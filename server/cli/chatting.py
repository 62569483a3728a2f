"""The dialog in text: what is typed is taken as heard, with full confidence."""

import secrets
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from rich.console import Console

from dialog.bank.bank import Bank
from dialog.conversation import Conversation
from dialog.rewriting import Writer
from dialog.turns import Response
from nlu.understander import Understander
from server.render import CallView, Turn, json_line, summary_json, typed_turn

KEYS, SILENCE = "/keys ", "/silence"


def converse(
    bank: Bank,
    encoder: Path,
    today: date,
    lines: Iterable[str],
    *,
    as_json: bool,
    writer: Writer | None = None,
) -> str:
    """Hold a conversation in text until it ends or the lines do; gives how it ended."""
    conversation = Conversation(
        bank=bank,
        understander=Understander(encoder),
        today=today,
        call_id=f"chat-{secrets.token_hex(6)}",
        writer=writer,
    )
    view = CallView(Console())
    turns: list[Turn] = []

    def show(response: Response) -> None:
        turns.append(typed_turn(len(turns), response))
        if as_json:
            print(json_line(turns[-1]), flush=True)
        else:
            view.typed(turns[-1])

    response = conversation.open()
    show(response)
    for line in map(str.strip, lines):
        if line:
            response = _answer(conversation, line)
            show(response)
        if response.end:
            break
    ended = response.end or "hangup"
    summary = summary_json(turns, ended)
    if as_json:
        print(json_line(summary), flush=True)
    else:
        view.summary(summary)
    return ended


def _answer(conversation: Conversation, line: str) -> Response:
    if line.startswith(KEYS):
        return conversation.key(line.removeprefix(KEYS).strip())
    if line == SILENCE:
        return conversation.silence()
    return conversation.hear(line)
