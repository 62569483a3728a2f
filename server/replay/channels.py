"""The ways into a server of this process, each with a client of ours at its other end."""

import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from server.caller import Dial
from server.channels.call import Watch
from server.client.connection import dialled
from server.client.wires import Aside
from server.replay.scenario import Channel
from server.settings import Sip


@dataclass(frozen=True, slots=True)
class WayIn:
    """How a call comes in.

    Attributes:
        dial: The client.
        settings: What the server needs for it.
        watch: What the server tells beside a wire that carries no events; or None.
    """

    dial: Dial
    settings: Mapping[str, Any] = field(default_factory=dict)
    watch: Watch | None = None


def way_in(channel: Channel) -> WayIn:
    """A channel with what it needs, for one call at a time."""
    aside = Aside()
    match channel:
        case "sip":
            from server.client import telephone

            sip = Sip(port=_free_port())
            return WayIn(telephone.dialling(sip.uri, aside), {"sip": sip}, aside)
        case "webrtc":
            from server.client import webrtc

            return WayIn(webrtc.dial)
        case "twilio":
            from server.client import twilio

            token = secrets.token_hex(16)
            numbers = {"providers": {"twilio": SecretStr(token)}}
            return WayIn(twilio.dialling(token, aside), numbers, aside)
    return WayIn(dialled)


def _free_port() -> int:
    """For UDP; TLS would take the next one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
