"""baresip's stack for this process: what it listens on, what it offers, and its end."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

import structlog
from baresip import Account, BaresipError, Call, Config, Runtime, UserAgent

from server.channels.sip.arrivals import Arrivals
from server.errors import ServerError
from server.settings import Sip

log = structlog.get_logger()

Transport = Literal["udp", "tcp", "tls"]

TRACE = "baresip.native.sip"

CODECS = {
    "pcmu": "pcmu",
    "pcma": "pcma",
    "g722": "g722/16000/1",
    "opus": "opus/48000/1",
}
"""As the settings name them, to as baresip does."""

BUFFER = "40-200"
"""Milliseconds of the jitter buffer, which adapts; baresip's own default is 100 and fixed."""


@asynccontextmanager
async def stack(
    sip: Sip, arrivals: Arrivals, on_call: Callable[[Call], None]
) -> AsyncIterator[Runtime]:
    """Listen for calls until the context ends. One at a time in a process.

    Args:
        sip: Where to listen and what to offer.
        arrivals: Told each message's source.
        on_call: Called with each call that comes in, on the event loop.

    Raises:
        ServerError: It cannot listen there, or the certificate cannot be used.
    """
    trace = logging.getLogger(TRACE)
    was = trace.level, trace.propagate
    trace.setLevel(logging.DEBUG)
    trace.propagate = False
    trace.addHandler(arrivals)
    runtime = Runtime()
    try:
        await runtime.start(_config(sip))
        for transport in _transports(sip):
            account = _account(sip, transport)
            agent = await UserAgent.create(runtime, account, transfer_policy="reject")
            agent.on_incoming(on_call)
        yield runtime
    except BaresipError as error:
        raise ServerError(f"SIP on {sip.host}:{sip.port}: {error}") from error
    finally:
        try:
            await runtime.close()
        except BaresipError as error:
            log.debug("sip_not_closed", error=str(error))
        trace.removeHandler(arrivals)
        trace.level, trace.propagate = was


def _config(sip: Sip) -> Config:
    lines = [
        f"sip_listen {_host(sip.host)}:{sip.port}",
        "audio_jitter_buffer_type adaptive",
        f"audio_jitter_buffer_ms {BUFFER}",
        f"rtp_ports {sip.rtp_ports}",
        "opus_stereo no",
        "opus_sprop_stereo no",
        "opus_inbandfec yes",
    ]
    if sip.certificate is not None:
        lines.append(f"sip_certificate {sip.certificate}")
    everywhere = sip.host in ("0.0.0.0", "::")  # noqa: S104  (compared, not bound)
    return Config(
        net_interface=None if everywhere else sip.host,
        max_concurrent_calls=None,  # admission refuses, so that all channels are counted together
        rtp_timeout=sip.rtp_timeout,
        sip_trace=True,
        extra_config_text="\n".join(lines) + "\n",
    )


def _transports(sip: Sip) -> tuple[Transport, ...]:
    """An account answers only what comes over its own transport."""
    return ("udp", "tcp") if sip.certificate is None else ("udp", "tcp", "tls")


def _account(sip: Sip, transport: Transport) -> Account:
    extra = ["video_codecs=none", "catchall=yes"]
    if sip.encryption != "off":
        extra.append(f"mediaenc={sip.encryption}")
    return Account(
        user=sip.user,
        domain=f"{_host(sip.host)}:{sip.port}",
        password="",
        reg_interval=0,
        transport=transport,
        audio_codecs=tuple(CODECS[name] for name in sip.codecs),
        extra_params=tuple(extra),
    )


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
