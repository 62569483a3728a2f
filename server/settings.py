"""The settings: one TOML file, `TELLERLINE_*` variables over it, both checked."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from cryptography.fernet import Fernet
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.errors import SettingsError


def _home(variable: str, fallback: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / fallback) / "tellerline"


def data_folder() -> Path:
    """Where this user's own data lie."""
    return _home("XDG_DATA_HOME", ".local/share")


class Token(BaseModel):
    """A device or bridge that may call: its token's SHA-256, never the token itself."""

    model_config = ConfigDict(extra="forbid")

    name: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    max_calls: Annotated[int, Field(ge=1)] = 1


class Service(BaseModel):
    """A service outside: https://, and the token that it knows us by."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(pattern="^https?://")]
    token: str | None = Field(default=None, repr=False)


class LanguageModel(BaseModel):
    """A service with OpenAI's chat completions that may put replies into other words.

    Attributes:
        url: Its base, as in "http://127.0.0.1:8080/v1".
        model: The model's name there.
        token: That it knows us by.
        deadline: Seconds that it may take; then our own words are said.
    """

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(pattern="^https?://")]
    model: str
    token: str | None = Field(default=None, repr=False)
    deadline: Annotated[float, Field(gt=0, le=3)] = 0.8


class Sip(BaseModel):
    """Calls of a telephone trunk. Nobody is asked for a password: who may call is `allow`.

    Attributes:
        host: Address to listen on; 0.0.0.0 takes all. Where others than your trunk can reach it,
            put a proxy in front that limits rates (deploy/kamailio.cfg).
        port: UDP and TCP; TLS listens on the next one where there is a certificate.
        user: The part before the @ of our address.
        certificate: PEM file with certificate and key, for TLS.
        allow: Networks that may call; this machine always may. Others are told busy.
        codecs: In the order in which we like them.
        encryption: Of the sound: "srtp" (SDES) or "dtls_srtp", where the caller offers it;
            "srtp-mand" takes no call without.
        keys_in_sound: Tones in the sound are keys, too. For a trunk that can do neither RFC 4733
            nor INFO; a key moves money, so nobody looks for one in a voice without need.
        hand_over: SIP URI of the person who takes callers over (REFER).
        tells_summary: The REFER carries the summary for the person (`X-Tellerline-Summary`), not
            only our name of the call (`X-Tellerline-Call`), under which the records have it. Off,
            because a long Refer-To crashes some telephones (Debian's baresip 1.0.0).
        numbers_are_true: The trunk vouches for its callers' numbers (STIR/SHAKEN level A), so wrong
            PINs are counted by number.
        rtp_ports: Range of UDP ports for sound.
        rtp_timeout: Seconds without any packet after which a caller is gone.
    """

    model_config = ConfigDict(extra="forbid")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65534)] = 5060
    user: str = "bank"
    certificate: Path | None = None
    allow: tuple[IPvAnyNetwork, ...] = ()
    codecs: tuple[Literal["opus", "g722", "pcma", "pcmu"], ...] = ("opus", "g722", "pcma", "pcmu")
    encryption: Literal["off", "srtp", "srtp-mand", "dtls_srtp"] = "off"
    keys_in_sound: bool = False
    hand_over: Annotated[str, Field(pattern=r"^sips?:[^\s<>?]+$")] | None = None
    tells_summary: bool = False
    numbers_are_true: bool = False
    rtp_ports: Annotated[str, Field(pattern=r"^\d+-\d+$")] = "16384-32768"
    rtp_timeout: Annotated[int, Field(ge=0)] = 30

    @property
    def uri(self) -> str:
        """Where to call."""
        return f"sip:{self.user}@{self.host}:{self.port}"


class AudioSocket(BaseModel):
    """Calls of an Asterisk over AudioSocket, which knows no password.

    Attributes:
        host, port: Where to listen.
        allow: Networks that may call; this machine always may.
    """

    model_config = ConfigDict(extra="forbid")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9092
    allow: tuple[IPvAnyNetwork, ...] = ()


ProviderName = Literal[
    "twilio", "telnyx", "plivo", "exotel", "vonage", "jambonz", "genesys", "asterisk"
]


class Settings(BaseSettings):
    """Everything that can be configured.

    Attributes:
        host, port: Where the server listens.
        tls_certificate, tls_key: PEM files; without them callers off loopback are refused.
        tokens: Who may call; mandatory off loopback.
        devices_file: Tokens that `tellerline devices` issues.
        max_calls: Calls at once; the next one is told that we are busy.
        latest: Seconds that callers' turns may wait for an engine before no further call is taken.
        diagnostics: Whether a client off loopback may ask for intents, scores and latency parts.
        database: SQLAlchemy URL of the bank; None is an embedded one with demo customers.
        pepper_file: The bank's secret: mixed into every PIN before it is hashed, and where the keys
            of the audit and of one-time codes come from; created where missing.
        audit_checkpoints: File that is told how far the audit has come; keep it where the
            database's administrators cannot write. None puts it beside this user's own data.
        sms, email: Services that carry the bank's letters; None writes them into a file.
        core_banking: Service that makes cards; None keeps them in a file.
        survey_share: Of calls that came to something, how many are asked how they were before the
            goodbye, 0 to 1; nobody is asked twice within survey_days.
        back_office: Whether `serve` runs the workflows that outlive a call.
        models: Folder of prepared models.
        recogniser, voice, encoder: A model's name in the manifest, or a folder.
        intents: Folder of an intent model that `tellerline nlu train` made of our intents; None is
            the packaged one. The server takes it up again at SIGHUP.
        shadow: Folder of another such model: it answers nobody, and where it differs is logged.
        documents: Folder of the bank's own documents (Markdown, CSV) that questions are answered
            from; None is the packaged bank's.
        device: "auto" takes CUDA where there is one.
        threads: Of each engine.
        records: Folder of the calls' records, encrypted (`tellerline privacy open` reads one); None
            keeps none.
        data_keys: File with the keys that the calls' own keys are wrapped with, the newest first;
            created where missing. Keep it apart from the database and from the records.
        retention_days: How long a call can be read; its key is destroyed then.
        words_days: How long what was told and written in a matter is kept once it is over: orders,
            letters, complaints, survey answers, loan applications, tasks, trips, summaries of
            callers handed over; and for how long codes, counted tries and callers' addresses are
            known that are not used again. At least 90: a call may be booked two months ahead.
        silence: Seconds of the caller's silence before the assistant asks.
        language: Spoken by callers who do not say.
        llm: A language model for other words; None is none, and never asked where money is
            confirmed.
        sip: Telephone trunks; None answers none.
        audiosocket: Asterisk's calls; None answers none.
        providers: Telephone providers that may call, and the secret by which each is known: its
            auth token, signature secret or public key (docs/channels.md).
        public_url: Our address as providers know it, where a proxy hides it; loopback then needs a
            token, too. Their signatures are
            over its exact letters.
        ice_servers: STUN and TURN urls for browsers behind other networks' walls.
        drain: Seconds that running calls may still take once the server is told to end (SIGTERM).
    """

    model_config = SettingsConfigDict(env_prefix="TELLERLINE_", extra="forbid")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8765
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tokens: list[Token] = []
    devices_file: Path = data_folder() / "devices.json"
    max_calls: Annotated[int, Field(ge=1)] = 8
    latest: Annotated[float, Field(gt=0)] = 0.5
    diagnostics: bool = False
    database: str | None = None
    pepper_file: Path = _home("XDG_CONFIG_HOME", ".config") / "pepper"
    audit_checkpoints: Path | None = None
    sms: Service | None = None
    email: Service | None = None
    core_banking: Service | None = None
    survey_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    survey_days: Annotated[int, Field(ge=0)] = 90
    back_office: bool = True
    models: Path = _home("XDG_CACHE_HOME", ".cache") / "models"
    recogniser: str = "whisper-base-telephone"
    voice: str = "voice-joe"
    encoder: str = "minilm-l6"
    intents: Path | None = None
    shadow: Path | None = None
    documents: Path | None = None
    device: str = "auto"
    threads: Annotated[int, Field(ge=1)] = 2
    records: Path | None = None
    data_keys: Path = _home("XDG_CONFIG_HOME", ".config") / "data-keys"
    retention_days: Annotated[int, Field(ge=1)] = 180
    words_days: Annotated[int, Field(ge=90)] = 730
    silence: Annotated[float, Field(gt=0)] = 7.0
    language: str = "en"
    llm: LanguageModel | None = None
    sip: Sip | None = None
    audiosocket: AudioSocket | None = None
    providers: dict[ProviderName, SecretStr] = {}
    public_url: Annotated[str, Field(pattern="^https?://[^?#]+$")] | None = None
    ice_servers: list[str] = []
    drain: Annotated[float, Field(ge=0)] = 60.0


def load_settings(file: Path | None = None, **overrides: Any) -> Settings:
    """The settings: a TOML file, the environment over it, and what is passed in over both.

    Args:
        file: The settings file; else `TELLERLINE_CONFIG` names one, or there is none.
        **overrides: Settings by name; None leaves one alone.

    Raises:
        SettingsError: A file that cannot be read, an unknown or a wrong setting.
    """
    named = file or os.environ.get("TELLERLINE_CONFIG")
    configured = _read_toml(Path(named)) if named else {}
    given = {name: value for name, value in overrides.items() if value is not None}
    environment = {name for name in configured if f"TELLERLINE_{name.upper()}" in os.environ}
    try:
        return Settings(**{k: v for k, v in configured.items() if k not in environment} | given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"setting {name}: {first['msg']}") from error


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"settings file {file}: {error}") from error


def read_pepper(path: Path) -> bytes:
    """The pepper of the PINs, 32 bytes; a new one is made where there is none yet.

    Raises:
        SettingsError: The file cannot be read or written, or is too short to be secret.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(os.urandom(32))
        pepper = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"pepper_file {path}: {error.strerror}") from error
    if len(pepper) < 32:
        raise SettingsError(f"pepper_file {path}: shorter than 32 bytes: restore it from backup")
    return pepper


def read_data_keys(path: Path) -> list[bytes]:
    """The ring of keys, the newest first; made with one key where the file is missing.

    Raises:
        SettingsError: It cannot be read or written, or a line is no key.
    """
    if not path.exists():
        write_data_keys(path, [Fernet.generate_key()])
    try:
        keys = path.read_bytes().split()
        for key in keys:
            Fernet(key)
    except OSError as error:
        raise SettingsError(f"data_keys {path}: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"data_keys {path}: a line is no Fernet key: restore it") from error
    if not keys:
        raise SettingsError(f"data_keys {path}: empty: restore it from backup")
    return keys


def write_data_keys(path: Path, keys: list[bytes]) -> None:
    """Write the ring, for its owner only, all of it or nothing.

    Raises:
        SettingsError: It cannot be written.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(fresh, flags, 0o600), "wb") as stream:
            stream.write(b"\n".join(keys) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    except OSError as error:
        raise SettingsError(f"data_keys {path}: {error.strerror}") from error
