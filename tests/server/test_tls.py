"""Callers from outside come over TLS; a server without its files says so."""

import asyncio
import json
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import websockets

from server.app import serving
from server.bank_file import temporary_bank
from server.engines import Engines
from server.errors import ServerError
from server.settings import Settings, Sip
from tests.server.conftest import CHEAP, TODAY
from tests.server.staged import Ear, Judge, Meaning, Voice

OPENSSL = shutil.which("openssl")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    if OPENSSL is None:
        pytest.skip("no openssl program to make a certificate with")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    out = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([OPENSSL, "req", *kind, *names, *out], check=True, capture_output=True)
    return certificate, key


HELLO = {"type": "hello", "version": 1, "sample_rate": 16000, "encoding": "pcm16"}


@asynccontextmanager
async def served(tmp_path: Path, files: tuple[Path, Path]) -> AsyncIterator[tuple[str, Any]]:
    """The address of a server over TLS, and a client that is connected to it."""
    certificate, key = files
    settings = Settings(port=0, tls_certificate=certificate, tls_key=key)
    engines = Engines(Ear(), Judge(), Meaning(), Voice(), tmp_path / "phrases.npz")
    bank = temporary_bank(tmp_path, TODAY, cost=CHEAP)
    trusted = ssl.create_default_context(cafile=certificate)
    async with (
        serving(settings, engines, bank, today=lambda: TODAY) as url,
        websockets.connect(url, ssl=trusted) as socket,
    ):
        yield url, socket
    engines.close()
    bank.close()


async def test_a_call_is_taken_over_tls(tmp_path, files):
    async with served(tmp_path, files) as (url, socket):
        assert url.startswith("wss://")
        await socket.send(json.dumps(HELLO))
        assert json.loads(await socket.recv())["type"] == "ready"


async def test_a_plain_client_on_the_port_of_tls_is_closed_and_calls_go_on(tmp_path, files):
    async with served(tmp_path, files) as (url, socket):
        await socket.send(json.dumps(HELLO))
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        writer.write(b"GET /v1/call HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(5):
            assert b"HTTP" not in await reader.read()
        writer.close()
        assert json.loads(await socket.recv())["type"] == "ready"


@pytest.mark.parametrize("wrong", ["missing", "not a certificate", "no key", "another key"])
async def test_tls_files_that_cannot_be_used_are_named(tmp_path, files, wrong):
    certificate, key = files
    if wrong == "missing":
        certificate = tmp_path / "nowhere.pem"
    if wrong == "not a certificate":
        certificate.write_text("hello")
    if wrong == "another key":
        make = [OPENSSL, "genrsa", "-out", str(key), "2048"]
        await asyncio.to_thread(subprocess.run, make, check=True, capture_output=True)
    settings = Settings(
        port=0, tls_certificate=certificate, tls_key=None if wrong == "no key" else key
    )
    with pytest.raises(ServerError, match=r"tls_certificate .* two PEM files"):
        async with serving(settings, None, None):  # type: ignore[arg-type]
            pass


@pytest.mark.parametrize("wrong", ["missing", "not a certificate", "no key", "another key"])
async def test_a_certificate_of_sip_that_cannot_be_used_is_named(tmp_path, files, wrong):
    certificate, key = files
    both = tmp_path / "sip.pem"
    if wrong == "not a certificate":
        both.write_text("hello")
    if wrong == "no key":
        both.write_bytes(certificate.read_bytes())
    if wrong == "another key":
        make = [OPENSSL, "genrsa", "-out", str(key), "2048"]
        await asyncio.to_thread(subprocess.run, make, check=True, capture_output=True)
        both.write_bytes(certificate.read_bytes() + key.read_bytes())
    settings = Settings(port=0, sip=Sip(certificate=both))
    with pytest.raises(ServerError, match=r"sip\.certificate .*sip\.pem: .* certificate and key"):
        async with serving(settings, None, None):  # type: ignore[arg-type]
            pass
