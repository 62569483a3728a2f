"""Teams that have scenarios of `pipecat eval` keep them: our dialog behind pipecat's eval wire.

Text modality: RTVI messages over a websocket, one conversation of a fresh demo bank each. Each
decision is told as a function call too (`transfer_done` with what was done), so that scenarios can
expect it. Audio modality is not served: replay by voice measures that at the ear.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pipecat.processors.frameworks.rtvi.models as rtvi
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from dialog.conversation import Conversation
from dialog.turns import Response

Message = dict[str, Any]
NewConversation = Callable[[], Conversation]

GONE = "eval-cancel"
"""A client-message of this kind ends the conversation."""

TEXT_ONLY = "text modality only: write `user: {modality: text}`"
"""What sound is answered with, before the line is closed."""


@asynccontextmanager
async def eval_server(new: NewConversation, host: str, port: int) -> AsyncIterator[Server]:
    """Serve until the context ends.

    Args:
        new: Makes the conversation of one scenario; blocking.
        host, port: Where; port 0 takes any.
    """

    async def answer(socket: ServerConnection) -> None:
        try:
            await _converse(socket, await asyncio.to_thread(new))
        except ConnectionClosed:
            return  # the scenario is over

    async with serve(answer, host, port, compression=None) as server:
        yield server


async def _converse(socket: ServerConnection, conversation: Conversation) -> None:
    async for data in socket:
        message = _parsed(data)
        match message.get("type"):
            case "client-ready":
                await _send(socket, _ready(str(message.get("id", ""))))
                await _tell(socket, await asyncio.to_thread(conversation.open))
            case "send-text":
                words = str(_data(message).get("content", ""))
                await _tell(socket, await asyncio.to_thread(conversation.hear, words))
            case "dtmf":
                keys = "".join(map(str, _data(message).get("buttons", ())))
                await _tell(socket, await asyncio.to_thread(conversation.key, keys))
            case "raw-audio" | "raw-audio-batch":
                await _send(socket, _rtvi("error", {"error": TEXT_ONLY, "fatal": True}))
                return
            case "client-message" if _data(message).get("t") == GONE:
                return


async def _tell(socket: ServerConnection, response: Response) -> None:
    for message in told(response):
        await _send(socket, message)
    if response.end is not None:
        await socket.close()


def told(response: Response) -> Iterator[Message]:
    """An answer as the messages that pipecat's harness makes its events of."""
    yield _rtvi("bot-llm-started", {})
    call = {"function_name": response.action, "tool_call_id": response.action}
    arguments = {"did": list(response.did), "reason": response.reason}
    yield _rtvi("llm-function-call-in-progress", {**call, "arguments": arguments})
    yield _rtvi("llm-function-call-stopped", {**call, "cancelled": False, "result": None})
    yield _rtvi("bot-llm-text", {"text": " ".join(response.say)})
    yield _rtvi("bot-llm-stopped", {})


def _parsed(data: str | bytes) -> Message:
    try:
        message = json.loads(data)
    except ValueError:
        return {}
    return message if isinstance(message, dict) and message.get("label") == _LABEL else {}


def _data(message: Message) -> Message:
    data = message.get("data")
    return data if isinstance(data, dict) else {}


def _ready(reply_to: str) -> Message:
    return _rtvi("bot-ready", {"version": rtvi.PROTOCOL_VERSION}) | {"id": reply_to}


def _rtvi(kind: str, data: Message) -> Message:
    return {"label": _LABEL, "type": kind, "data": data}


async def _send(socket: ServerConnection, message: Message) -> None:
    await socket.send(json.dumps(message))


_LABEL = rtvi.MESSAGE_LABEL
