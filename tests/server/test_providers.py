"""Telephone providers: what they sign is believed, what others send is not; whole calls."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import signal
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import aiohttp
import jwt
import numpy as np
import pytest
import websockets
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from yarl import URL

from server.admission import Drain
from server.app import serving
from server.bank_file import temporary_bank
from server.channels.providers.genesys import Genesys
from server.channels.providers.plivo import Plivo
from server.channels.providers.provider import Request, Ringing
from server.channels.providers.serializer import ProviderSerializer
from server.channels.providers.telnyx import Telnyx
from server.channels.providers.tickets import GOOD_FOR, Tickets
from server.cli.hosting import until_told
from server.engines import Engines
from server.settings import Settings
from tests.server.conftest import CHEAP, TODAY
from tests.server.staged import SEND, YES, Ear, Judge, Level, Meaning, NoEcho, Voice
from voice.codecs import encode

TOKEN = "0123456789abcdef0123456789abcdef"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
SECRETS = {
    "twilio": TOKEN,
    "telnyx": PUBLIC,
    "plivo": TOKEN,
    "exotel": TOKEN,
    "vonage": TOKEN,
    "jambonz": TOKEN,
}
"""Of those that ask by webhook."""

DIRECT = {
    "genesys": f"api-key-1:{base64.b64encode(TOKEN.encode()).decode()}",
    "asterisk": "pbx:a long password",
}
"""Of those that connect by themselves."""

LINEAR = ("exotel", "vonage", "jambonz", "asterisk")
BINARY = ("vonage", "jambonz", "asterisk", "genesys")
WIDE = ("vonage", "jambonz", "asterisk")


@asynccontextmanager
async def house(folder, monkeypatch, *, drain: Drain | None = None, **more):
    monkeypatch.setattr("server.call.listener.SpeechEvidence", Level)
    monkeypatch.setattr("server.call.listener.EchoGuard", NoEcho)
    engines = Engines(Ear(), Judge(), Meaning(), Voice(), folder / "phrases.npz")  # type: ignore[arg-type]
    bank = temporary_bank(folder, TODAY, cost=CHEAP)
    settings = Settings(port=0, silence=20.0, providers=SECRETS | DIRECT, **more)
    async with serving(settings, engines, bank, today=lambda: TODAY, drain=drain) as url:
        yield f"http://{urlsplit(url).netloc}", bank
    bank.close()
    engines.close()


def twilio_headers(url: str, fields: dict[str, str]) -> dict[str, str]:
    """Signed by Twilio's own library."""
    from twilio.request_validator import RequestValidator

    return {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(url, fields)}


def telnyx_headers(body: bytes, at: float) -> dict[str, str]:
    stamp = str(int(at))
    signature = base64.b64encode(KEY.sign(stamp.encode() + b"|" + body)).decode()
    return {"telnyx-timestamp": stamp, "telnyx-signature-ed25519": signature}


def plivo_headers(url: str, fields: dict[str, str]) -> dict[str, str]:
    return plivo_signed(f"{url}?{''.join(k + fields[k] for k in sorted(fields))}")


def plivo_signed(text: str) -> dict[str, str]:
    text = f"{text}.n-1"
    signed = hmac.new(TOKEN.encode(), text.encode(), hashlib.sha256).digest()
    return {
        "X-Plivo-Signature-V3-Nonce": "n-1",
        "X-Plivo-Signature-V3": base64.b64encode(signed).decode(),
    }


def vonage_headers(body: bytes, at: float) -> dict[str, str]:
    claims = {"iat": int(at), "payload_hash": hashlib.sha256(body).hexdigest()}
    return {"Authorization": f"Bearer {jwt.encode(claims, TOKEN, 'HS256')}"}


def jambonz_headers(body: bytes, at: float) -> dict[str, str]:
    text = f"{int(at)}.".encode() + body
    return {
        "Jambonz-Signature": f"t={int(at)},v1="
        + hmac.new(TOKEN.encode(), text, hashlib.sha256).hexdigest()
    }


def direct_headers(name: str, url: str, at: float, nonce: str = "n-1") -> dict[str, str]:
    """Of the request that opens a websocket which no webhook told of."""
    if name == "asterisk":
        return {"Authorization": f"Basic {base64.b64encode(DIRECT[name].encode()).decode()}"}
    parts = urlsplit(url)
    fields = {
        "@request-target": parts.path,
        "@authority": parts.netloc,
        "audiohook-organization-id": "org-1",
        "audiohook-session-id": "session-1",
        "audiohook-correlation-id": "correlation-1",
        "x-api-key": "api-key-1",
    }
    covered = " ".join(f'"{name}"' for name in fields)
    params = (
        f'({covered});keyid="api-key-1";nonce="{nonce}";alg="hmac-sha256"'
        f";created={int(at)};expires={int(at) + 60}"
    )
    base = "".join(f'"{name}": {value}\n' for name, value in fields.items())
    base += f'"@signature-params": {params}'
    signed = base64.b64encode(hmac.new(TOKEN.encode(), base.encode(), hashlib.sha256).digest())
    headers = {name: value for name, value in fields.items() if not name.startswith("@")}
    return headers | {"Signature-Input": f"sig1={params}", "Signature": f"sig1=:{signed.decode()}:"}


@dataclass
class Webhook:
    """A provider's request, as it sends it."""

    name: str
    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    type: str = "application/x-www-form-urlencoded"

    async def post(self, **changed: Any) -> "Answer":
        headers = {"Content-Type": self.type, **self.headers, **changed.get("headers", {})}
        url, body = changed.get("url", self.url), changed.get("body", self.body)
        async with (
            aiohttp.ClientSession() as client,
            client.post(url, data=body, headers=headers) as response,
        ):
            return Answer(response.status, await response.text())


@dataclass
class Answer:
    status_code: int
    text: str


def webhook(name: str, base: str, call: str = "CA1", at: float | None = None) -> Webhook:
    """A signed webhook of a provider."""
    at = time.time() if at is None else at
    url, caller = f"{base}/v1/{name}", "+15551234567"
    fields = {"CallSid": call, "From": caller, "To": "+15557654321"}
    form = urlencode(fields).encode()
    match name:
        case "twilio":
            return Webhook(name, url, form, twilio_headers(url, fields))
        case "telnyx":
            return Webhook(name, url, form, telnyx_headers(form, at))
        case "plivo":
            fields = {"CallUUID": call, "From": caller}
            return Webhook(name, url, urlencode(fields).encode(), plivo_headers(url, fields))
        case "exotel":
            return Webhook(name, f"{url}?token={TOKEN}", form)
    if name == "jambonz":
        body = json.dumps({"call_sid": call, "from": caller, "direction": "inbound"}).encode()
        return Webhook(name, url, body, jambonz_headers(body, at), "application/json")
    body = json.dumps({"uuid": call, "from": caller}).encode()
    return Webhook(name, url, body, vonage_headers(body, at), "application/json")


def media_url(answer: Answer) -> str:
    (url,) = re.findall(r'wss?://[^"<\s]+', answer.text)
    return url


@pytest.mark.parametrize("name", SECRETS)
async def test_a_signed_webhook_is_answered_with_a_stream_and_a_forged_one_is_not(
    tmp_path, monkeypatch, name
):
    async with house(tmp_path, monkeypatch) as (base, _):
        hook = webhook(name, base)
        answer = await hook.post()
        assert answer.status_code == 200
        assert f"/v1/{name}/media/" in media_url(answer)
        forged = {key: value[:-6] + "AAAAA=" for key, value in hook.headers.items()}
        url = f"{base}/v1/{name}?token=guess" if name == "exotel" else hook.url
        assert (await hook.post(headers=forged, url=url)).status_code == 403
        none = dict.fromkeys(hook.headers, "")
        assert (await hook.post(headers=none, url=f"{base}/v1/{name}")).status_code == 403


def document(text: str) -> Any:
    """JSON, or the elements of an XML document with their attributes and text."""
    if not text.startswith("<?xml"):
        return json.loads(text)
    root = ElementTree.fromstring(text)
    return [(each.tag, each.attrib, each.text) for each in root.iter()]


async def test_a_webhook_is_answered_by_the_providers_own_document(tmp_path, monkeypatch):
    """As their documentation has it: Twilio's TwiML, Telnyx's TeXML, Plivo's XML, JSON."""
    async with house(tmp_path, monkeypatch) as (base, _):
        for name in SECRETS:
            answer = await webhook(name, base).post()
            assert document(answer.text) == documented(name, media_url(answer)), name


def documented(name: str, url: str) -> Any:
    pcm = {"enabled": True, "streaming": True, "sampleRate": 16000}
    rtp = {"codec": "PCMU", "bidirectionalMode": "rtp", "bidirectionalCodec": "PCMU"}
    kept = {"bidirectional": "true", "keepCallAlive": "true"}
    listen = {"verb": "listen", "url": url, "actionHook": "/v1/jambonz", "mixType": "mono"}
    listen |= {"sampleRate": 16000, "passDtmf": True, "bidirectionalAudio": pcm}
    socket = {"type": "websocket", "uri": url, "headers": {}}
    socket["content-type"] = "audio/l16;rate=16000"
    response, connect = ("Response", {}, None), ("Connect", {}, None)
    ulaw = {**kept, "contentType": "audio/x-mulaw;rate=8000"}
    return {
        "twilio": [response, connect, ("Stream", {"url": url}, None)],
        "telnyx": [response, connect, ("Stream", {"url": url, **rtp}, None)],
        "plivo": [response, ("Stream", ulaw, url)],
        "exotel": {"url": url},
        "vonage": [{"action": "connect", "endpoint": [socket]}],
        "jambonz": [{"verb": "answer"}, listen],
    }[name]


@pytest.mark.parametrize("why", ["draining", "full"])
async def test_a_caller_for_whom_there_is_no_line_is_not_picked_up(tmp_path, monkeypatch, why):
    """As the providers' documentation has it; Vonage knows no refusal, Exotel only a failure."""
    drain = Drain()
    if why == "draining":
        drain.begin()
    async with (
        house(tmp_path, monkeypatch, drain=drain, max_calls=1) as (base, _),
        AsyncExitStack() as stack,
    ):
        if why == "full":
            url, headers = await opening("asterisk", base)
            connected = websockets.connect(url, additional_headers=headers)
            phone = Phone("asterisk", await stack.enter_async_context(connected))
            await phone.start()
            await phone.socket.recv()
        answers = {name: await webhook(name, base).post() for name in SECRETS}
        url, headers = await opening("genesys", base)
        async with websockets.connect(url, additional_headers=headers) as socket:
            turned_away = Phone("genesys", socket)
            await turned_away.start()
            await turned_away.listen()
    response, rejected = ("Response", {}, None), ("Reject", {"reason": "busy"}, None)
    assert {name: document(a.text) for name, a in answers.items() if a.status_code == 200} == {
        "twilio": [response, rejected],
        "telnyx": [response, rejected],
        "plivo": [response, ("Hangup", {"reason": "busy"}, None)],
        "vonage": [],
        "jambonz": [{"verb": "sip:decline", "status": 486}],
    }
    assert answers["exotel"].status_code == 503
    assert turned_away.told == ["opened", "disconnect transfer", "closed"]


PLIVO = "https://voice.example.com/v1/plivo"


@pytest.mark.parametrize(
    ("method", "query", "form", "signature"),
    [
        ("POST", "", True, "ELWu1SYf9nzpQ7BgHlOaBhB8lCfBl/NZe+OkKWrF2N8="),
        ("POST", "?to=b%20c&a=1", True, "C0CwVptbknv3mzA2Da9tOIQOY6g5mbCjgazWrryvz6Q="),
        (
            "GET",
            "?From=%2B15551234567&CallUUID=c-1",
            False,
            "E41q7IUNGYA16rZ9hDPmNNRweX1iwX4sR7RUAKWkif0=",
        ),
    ],
)
def test_what_plivos_library_signs_is_believed(method, query, form, signature):
    """Its 4.63.0 gave these for this token and nonce."""
    fields = {"CallUUID": "c-1", "From": "+15551234567"} if form else {}
    headers = {"x-plivo-signature-v3-nonce": "nonce-1", "x-plivo-signature-v3": signature}
    request = Request(method, PLIVO + query, headers, fields, b"", 0.0)
    assert Plivo(TOKEN).is_signed(request)
    assert Plivo(TOKEN).ringing(request) == Ringing("c-1", "+15551234567")
    assert not Plivo(TOKEN).is_signed(replace(request, url=request.url + "?b=2"))


def test_the_example_of_genesys_documentation_is_believed_once_and_in_its_time():
    """Its values; over every letter of them."""
    key = "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh"
    covered = " ".join(f'"{name}"' for name in ("@request-target", "@authority", *GENESYS))
    headers = GENESYS | {
        "signature-input": f'sig1=({covered});keyid="{key}";nonce="VGhpc0lzQVVuaXF1ZU5vbmNl";'
        'alg="hmac-sha256";created=1641013200;expires=3282026430',
        "signature": "sig1=:NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4=:",
    }
    url = "wss://audiohook.example.com/api/v1/voicebiometrics/ws"
    request = Request("GET", url, headers, {}, b"", 1641013260.0)
    genesys = Genesys(f"{key}:TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU=")
    assert not genesys.is_signed(replace(request, now=request.now + 600))
    other = {**headers, "audiohook-session-id": headers["audiohook-correlation-id"]}
    assert not genesys.is_signed(replace(request, headers=other))
    assert [genesys.is_signed(request) for _ in range(2)] == [True, False]


GENESYS = {
    "audiohook-organization-id": "d7934305-0972-4844-938e-9060eef73d05",
    "audiohook-session-id": "30b0e395-84d3-4570-ac13-9a62d8f514c0",
    "audiohook-correlation-id": "e160e428-53e2-487c-977d-96989bf5c99d",
    "x-api-key": "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh",
}


async def test_a_webhook_by_get_is_answered_where_its_url_is_signed(tmp_path, monkeypatch):
    fields = {"CallSid": "CA1", "CallUUID": "CA1", "uuid": "CA1", "From": "+15551234567"}
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    async with house(tmp_path, monkeypatch) as (base, _), aiohttp.ClientSession() as client:

        async def asked(name: str, more: str = "", **headers: str) -> Answer:
            url = URL(f"{base}/v1/{name}?{urlencode(fields)}{more}", encoded=True)
            async with client.get(url, headers=headers) as response:
                return Answer(response.status, await response.text())

        signed = twilio_headers(f"{base}/v1/twilio?{urlencode(fields)}", {})
        assert "/v1/twilio/media/" in media_url(await asked("twilio", **signed))
        signed = plivo_signed(f"{base}/v1/plivo?{text}")
        assert "/v1/plivo/media/" in media_url(await asked("plivo", **signed))
        assert "/v1/exotel/media/" in media_url(await asked("exotel", f"&token={TOKEN}"))
        for name in ("telnyx", "vonage", "jambonz"):
            assert (await asked(name)).status_code == 405, name


@pytest.mark.parametrize("name", ["twilio", "telnyx", "plivo", "vonage", "jambonz"])
async def test_a_changed_body_is_not_believed(tmp_path, monkeypatch, name):
    async with house(tmp_path, monkeypatch) as (base, _):
        hook = webhook(name, base)
        changed = hook.body.replace(b"5551234567", b"5559999999")
        assert changed != hook.body
        assert (await hook.post(body=changed)).status_code == 403


@pytest.mark.parametrize("name", ["telnyx", "vonage", "jambonz"])
async def test_an_old_signature_is_not_believed(tmp_path, monkeypatch, name):
    async with house(tmp_path, monkeypatch) as (base, _):
        assert (await webhook(name, base, at=time.time() - 3600).post()).status_code == 403


@pytest.mark.parametrize("name", SECRETS)
async def test_a_replayed_webhook_opens_no_second_call(tmp_path, monkeypatch, name):
    async with house(tmp_path, monkeypatch) as (base, _):
        hook = webhook(name, base)
        url = media_url(await hook.post())
        again = media_url(await hook.post())  # told again, because the answer was lost
        assert again == url
        async with websockets.connect(url, additional_headers=stream_headers(name, url)):
            pass
        assert (await hook.post()).status_code == 403
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(url, additional_headers=stream_headers(name, url))


def stream_headers(name: str, url: str) -> dict[str, str]:
    return twilio_headers(url, {}) if name == "twilio" else {}


@pytest.mark.parametrize("name", DIRECT)
async def test_a_websocket_that_comes_by_itself_is_known_by_its_own_request(
    tmp_path, monkeypatch, name
):
    async with house(tmp_path, monkeypatch) as (base, _):
        url = f"{base.replace('http', 'ws')}/v1/{name}"
        good = direct_headers(name, url, time.time())
        last = "Signature" if name == "genesys" else "Authorization"
        wrong = [{}, good | {last: good[last][:-8] + "AAAAAAA="}, good | {last: ""}]
        if name == "genesys":
            wrong += [
                direct_headers(name, url, time.time() - 3600),
                direct_headers(name, url.replace("/v1/", "/v2/"), time.time()),
                good | {"audiohook-session-id": "another"},
                good | {"Signature-Input": good["Signature-Input"].replace('"x-api-key"', "")},
            ]
        for headers in wrong:
            with pytest.raises(websockets.InvalidStatus):
                await websockets.connect(url, additional_headers=headers)
        async with websockets.connect(url, additional_headers=good):
            pass
        if name == "genesys":  # its nonce has been used
            with pytest.raises(websockets.InvalidStatus):
                await websockets.connect(url, additional_headers=good)


async def test_a_stream_without_ticket_or_signature_is_refused(tmp_path, monkeypatch):
    async with house(tmp_path, monkeypatch) as (base, _):
        ws = base.replace("http", "ws")
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(f"{ws}/v1/telnyx/media/guess")
        url = media_url(await webhook("twilio", base).post())
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(url)


def test_a_ticket_runs_out_and_is_good_once():
    tickets = Tickets(iter(("one", "two")).__next__)
    call = Ringing("CA1", "+1")
    assert tickets.issue(call, 0.0) == "one"
    assert tickets.take("guess", 1.0) is None
    assert tickets.take("one", 1.0) == call
    assert tickets.take("one", 1.0) is None
    assert tickets.issue(call, 2.0) is None
    assert tickets.issue(Ringing("CA2", "+1"), 2.0) == "two"
    assert tickets.take("two", 3.0 + GOOD_FOR) is None


def telnyx_start(encoding: str) -> str:
    form = {"encoding": encoding, "sample_rate": 8000, "channels": 1}
    return json.dumps({"event": "start", "stream_id": "s-1", "start": {"media_format": form}})


@pytest.mark.parametrize("encoding", ["G722", "OPUS", "AMR-WB"])
def test_a_stream_of_telnyx_in_a_codec_that_is_not_known_is_refused(encoding):
    assert Telnyx(PUBLIC).stream(telnyx_start(encoding)) is None


@pytest.mark.parametrize("encoding", ["PCMU", "PCMA"])
async def test_sound_of_telnyx_is_heard_in_the_order_of_its_chunks(encoding):
    """Its documentation: the order of media messages is not guaranteed."""
    provider = Telnyx(PUBLIC)
    stream = provider.stream(telnyx_start(encoding))
    assert stream is not None
    wire = ProviderSerializer(provider, stream)
    await wire.begin()
    law: Any = {"PCMU": "ulaw", "PCMA": "alaw"}[encoding]
    heard = []
    for chunk in (1, 2, 4, 3, 3, 5, 7, 8, 6, 6, 9, 10, 11, 12):
        sound = encode(np.full(160, 500 * chunk, np.int16), law)
        media = {"payload": base64.b64encode(sound).decode(), "chunk": str(chunk)}
        frame = await wire.deserialize(json.dumps({"event": "media", "media": media}))
        heard.append(np.frombuffer(frame.audio, np.int16) if frame else np.empty(0, np.int16))
    steps = np.concatenate(heard)[160::320].astype(float)
    assert np.diff(steps) == pytest.approx(np.full(len(steps) - 1, 500), abs=250)
    assert len(steps) == 12, "each of them, once"


@dataclass
class Phone:
    """A provider's media websocket, as its documentation has it."""

    name: str
    socket: websockets.ClientConnection
    level: int = 0
    heard: int = 0
    clears: int = 0
    marks: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    buffered_until: float = 0.0

    @property
    def rate(self) -> int:
        return 16000 if self.name in WIDE else 8000

    async def start(self) -> None:
        media = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
        match self.name:
            case "twilio":
                await self.send(event="connected", protocol="Call", version="1.0.0")
                start = {"streamSid": "MZ1", "callSid": "CA1", "mediaFormat": media}
                await self.send(event="start", sequenceNumber="1", start=start, streamSid="MZ1")
            case "telnyx":
                await self.send(event="connected", version="1.0.0")
                form = {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}
                start = {"call_control_id": "v3:1", "media_format": form}
                await self.send(event="start", sequence_number="1", start=start, stream_id="s-1")
            case "plivo":
                form = {"encoding": "audio/x-mulaw", "sampleRate": 8000}
                start = {"callId": "CA1", "streamId": "s-1", "mediaFormat": form}
                await self.send(event="start", sequenceNumber=0, start=start)
            case "exotel":
                await self.send(event="connected")
                form = {"encoding": "raw/slin", "sample_rate": "8000"}
                start = {"stream_sid": "s-1", "call_sid": "CA1", "media_format": form}
                await self.send(event="start", sequence_number=1, stream_sid="s-1", start=start)
            case "vonage":
                kind = "audio/l16;rate=16000"
                await self.send(**{"event": "websocket:connected", "content-type": kind})

            case "jambonz":
                about = {"callSid": "CA1", "sampleRate": 16000, "mixType": "mono"}
                await self.send(**about)
            case "asterisk":
                start = {"format": "slin16", "optimal_frame_size": 640, "ptime": 20}
                await self.send(event="MEDIA_START", connection_id="c", channel_id="1.1", **start)
            case "genesys":
                both = ["external", "internal"]
                media = [
                    {"type": "audio", "format": "PCMU", "channels": channels, "rate": 8000}
                    for channels in (both, ["external"])
                ]
                caller = {"ani": "tel:+15551234567", "dnis": "tel:+15557654321"}
                told = {"conversationId": "v-1", "participant": caller, "media": media}
                head = {"version": "2", "id": "session-1", "seq": 1, "serverseq": 0}
                await self.send(type="open", position="PT0S", parameters=told, **head)

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def speak(self) -> None:
        began, count = time.monotonic(), 0
        while True:
            samples = np.full(self.rate // 50, self.level, np.int16)
            data = encode(samples, "pcm16" if self.name in LINEAR else "ulaw")
            if self.name in BINARY:
                await self.socket.send(data)
            else:
                payload = base64.b64encode(data).decode()
                media = {"payload": payload, "track": "inbound", "chunk": str(count + 1)}
                await self.send(event="media", media=media)
            count += 1
            await asyncio.sleep(max(0.0, began + count * 0.02 - time.monotonic()))

    async def listen(self) -> None:
        async for data in self.socket:
            if isinstance(data, bytes):
                assert self.name != "asterisk" or len(data) % 640 == 0
                assert self.name != "genesys" or len(data) % 1600 == 0
                self.play(len(data) // (2 if self.name in LINEAR else 1))
                continue
            message = json.loads(data)
            kinds = ("event", "action", "command", "type")
            match next(message[kind] for kind in kinds if kind in message):
                case "media" | "playAudio":
                    size = len(base64.b64decode(message["media"]["payload"]))
                    assert self.name != "exotel" or (size >= 3200 and size % 320 == 0)
                    self.play(size // (2 if self.name == "exotel" else 1))
                case "clear" | "clearAudio" | "killAudio" | "FLUSH_MEDIA":
                    self.clears += 1
                    self.buffered_until = 0.0
                case "event":  # of Genesys
                    told = message["parameters"]["entities"]
                    self.clears += sum(each["type"] == "barge_in" for each in told)
                case "opened" | "pong" | "closed" | "disconnect" | "HANGUP" as kind:
                    action = message.get("parameters", {}).get("outputVariables", {})
                    self.told.append(" ".join((kind, *action.values())))
                    if kind == "disconnect" and self.name == "genesys":
                        await self.send(type="close", seq=3, parameters={"reason": "disconnect"})
                    elif kind != "opened" and kind != "pong":
                        await self.socket.close()
                case "mark" | "checkpoint" | "notify" | "MARK_MEDIA":
                    asyncio.get_running_loop().call_later(
                        max(0.0, self.buffered_until - time.monotonic()), self.mark_back, message
                    )

    def play(self, samples: int) -> None:
        self.heard += samples
        now = time.monotonic()
        if self.name == "genesys" and self.buffered_until <= now:
            asyncio.get_running_loop().create_task(self.tell_playback())
        self.buffered_until = max(now, self.buffered_until) + samples / self.rate

    async def tell_playback(self) -> None:
        """As Genesys does: when it begins to play, and when it has nothing more to play."""
        await self.send(type="playback_started", seq=2)
        while (left := self.buffered_until - time.monotonic()) > 0:
            await asyncio.sleep(left)
        await self.send(type="playback_completed", seq=3)

    def mark_back(self, message: dict[str, Any]) -> None:
        back = dict(message)
        if self.name == "plivo":
            back["event"] = "playedStream"
        if self.name == "vonage":
            back = {"event": "websocket:notify", "payload": message["payload"]}
        if self.name == "jambonz":
            back["data"] = {**message["data"], "event": "playout"}
        if self.name == "asterisk":
            mark = message["correlation_id"]
            back = {"event": "MEDIA_MARK_PROCESSED", "correlation_id": mark, "channel_id": "1.1"}
        self.marks.append(str(back))
        asyncio.get_running_loop().create_task(self.send(**back))

    async def press(self, digits: str) -> None:
        for digit in digits:
            if self.name == "vonage":
                await self.send(event="websocket:dtmf", digit=digit, duration=260)
            elif self.name == "jambonz":
                await self.send(event="dtmf", dtmf=digit, duration="1600")
            elif self.name == "asterisk":
                await self.send(event="DTMF_END", digit=digit, channel_id="1.1")
            elif self.name == "genesys":
                await self.send(type="dtmf", seq=2, parameters={"digit": digit})
            else:
                await self.send(event="dtmf", dtmf={"digit": digit})
            await asyncio.sleep(0.1)

    async def says(self, level: int) -> None:
        self.level = level
        await asyncio.sleep(0.6)
        self.level = 0

    async def until_heard(self, seconds: float) -> None:
        async with asyncio.timeout(20):
            while self.heard < seconds * self.rate:
                await asyncio.sleep(0.02)

    async def quiet(self) -> None:
        """Until the assistant has begun to speak, and has spoken."""
        before = self.heard
        async with asyncio.timeout(20):
            while self.heard == before:
                await asyncio.sleep(0.02)
            while time.monotonic() < self.buffered_until + 0.7:
                await asyncio.sleep(0.02)


async def opening(name: str, base: str) -> tuple[str, dict[str, str]]:
    """Where a provider's websocket goes to, and the headers of its request."""
    if name in DIRECT:
        url = f"{base.replace('http', 'ws')}/v1/{name}"
        return url, direct_headers(name, url, time.time())
    url = media_url(await webhook(name, base).post())
    return url, stream_headers(name, url)


BESIDE = [pytest.mark.slow, pytest.mark.channels]
SLOW = ("telnyx", "plivo", "exotel", "jambonz", *DIRECT)
STREAMS = ["twilio", "vonage", *(pytest.param(name, marks=BESIDE) for name in SLOW)]
"""A call takes twenty seconds: text frames and binary ones in `make test`, the others beside it."""


@pytest.mark.parametrize("name", STREAMS)
async def test_a_caller_pays_over_a_providers_stream(tmp_path, monkeypatch, name):
    async with house(tmp_path, monkeypatch) as (base, bank):
        url, headers = await opening(name, base)
        async with websockets.connect(url, additional_headers=headers) as socket:
            phone = Phone(name, socket)
            await phone.start()
            tasks = [asyncio.create_task(phone.speak()), asyncio.create_task(phone.listen())]
            await phone.until_heard(0.5)
            await phone.says(SEND)  # over the greeting
            assert phone.clears == 1
            await phone.quiet()
            await phone.press("40217308")
            await phone.quiet()
            await phone.press("4821")
            await phone.quiet()
            assert bank.books()["transfers"] == []
            await phone.says(YES)
            await phone.quiet()
            (transfer,) = bank.books()["transfers"]
            for task in tasks:
                task.cancel()
    assert (transfer["to"], transfer["amount"]) == ("Anna Keller", "50.00")
    assert len(phone.marks) > 10 or name == "genesys"  # which has none


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("genesys", ["opened", "pong", "disconnect transfer", "closed"]),
        ("asterisk", ["HANGUP"]),
    ],
)
async def test_a_caller_who_needs_a_person_goes_on_in_the_providers_flow(
    tmp_path, monkeypatch, name, told
):
    async with house(tmp_path, monkeypatch) as (base, _):
        url, headers = await opening(name, base)
        async with websockets.connect(url, additional_headers=headers) as socket:
            phone = Phone(name, socket)
            await phone.start()
            tasks = [asyncio.create_task(phone.speak()), asyncio.create_task(phone.listen())]
            await phone.quiet()
            if name == "genesys":
                await phone.send(type="ping", seq=2, parameters={})
            await phone.says(SEND)
            await phone.quiet()
            for wrong in range(3):
                await phone.press("40217308")
                await phone.quiet()
                await phone.press("0000")
                if wrong < 2:
                    await phone.quiet()
            await asyncio.wait(tasks[1:], timeout=20)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    assert phone.told == told


@pytest.mark.channels
async def test_a_server_told_to_end_lets_a_providers_call_finish(tmp_path, monkeypatch):
    """SIGTERM: /healthz tells it, the next stream is refused, and the last call is the end."""
    drain = Drain()
    async with (
        house(tmp_path, monkeypatch, drain=drain) as (base, _),
        aiohttp.ClientSession() as client,
    ):
        ending = asyncio.create_task(until_told(drain, 60.0))
        url, headers = await opening("vonage", base)
        async with websockets.connect(url, additional_headers=headers) as socket:
            phone = Phone("vonage", socket)
            await phone.start()
            tasks = [asyncio.create_task(phone.speak()), asyncio.create_task(phone.listen())]
            await phone.until_heard(0.5)
            late = media_url(await webhook("vonage", base, call="CA2").post())
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.1)
            async with client.get(f"{base}/healthz") as response:
                assert await response.json() == {"status": "draining", "calls": 1}
            assert (await webhook("vonage", base, call="CA3").post()).text == "[]"
            async with websockets.connect(late) as refused:
                await Phone("vonage", refused).start()
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await refused.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1013
            await phone.quiet()
            await phone.says(SEND)
            await phone.quiet()
            assert not ending.done()
            for task in tasks:
                task.cancel()
        async with asyncio.timeout(10):
            await ending


async def test_a_yes_before_the_marks_have_come_back_moves_nothing(tmp_path, monkeypatch):
    """The question waits in the provider's buffer: what was not played was not heard."""
    async with house(tmp_path, monkeypatch) as (base, bank):
        url = media_url(await webhook("twilio", base).post())
        async with websockets.connect(
            url, additional_headers=stream_headers("twilio", url)
        ) as socket:
            phone = Phone("twilio", socket)
            await phone.start()
            tasks = [asyncio.create_task(phone.speak()), asyncio.create_task(phone.listen())]
            await phone.quiet()
            await phone.says(SEND)
            await phone.quiet()
            await phone.press("40217308")
            await phone.quiet()
            phone.mark_back = lambda message: None  # type: ignore[method-assign]
            await phone.press("4821")
            await phone.quiet()
            await phone.says(YES)
            await asyncio.sleep(4)
            for task in tasks:
                task.cancel()
            assert bank.books()["transfers"] == []
