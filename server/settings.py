"""The settings: one TOML file, `TELLERLINE_*` variables over it, both checked."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
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
    """A service that carries letters: https://, and the token that it knows us by."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(pattern="^https?://")]
    token: str | None = Field(default=None, repr=False)


class Settings(BaseSettings):
    """Everything that can be configured.

    Attributes:
        host, port: Where the server listens.
        tls_certificate, tls_key: PEM files; without them callers off loopback are refused.
        tokens: Who may call; mandatory off loopback.
        max_calls: Calls at once; the next one is told that we are busy.
        diagnostics: Whether a client off loopback may ask for intents, scores and latency parts.
        database: SQLAlchemy URL of the bank; None is an embedded one with demo customers.
        pepper_file: The bank's secret: mixed into every PIN before it is hashed, and where the keys
            of the audit and of one-time codes come from; created where missing.
        audit_checkpoints: File that is told how far the audit has come; keep it where the
            database's administrators cannot write. None puts it beside this user's own data.
        sms, email: Services that carry the bank's letters; None writes them into a file.
        models: Folder of prepared models.
        recogniser, voice, encoder: A model's name in the manifest, or a folder.
        intents: Folder of an intent model that `tellerline nlu train` made of our intents; None is
            the packaged one.
        device: "auto" takes CUDA where there is one.
        threads: Of each engine.
        records: Folder of the calls' records (JSON lines); None keeps none.
        silence: Seconds of the caller's silence before the assistant asks.
        language: Spoken by callers who do not say.
    """

    model_config = SettingsConfigDict(env_prefix="TELLERLINE_", extra="forbid")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8765
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tokens: list[Token] = []
    max_calls: Annotated[int, Field(ge=1)] = 8
    diagnostics: bool = False
    database: str | None = None
    pepper_file: Path = _home("XDG_CONFIG_HOME", ".config") / "pepper"
    audit_checkpoints: Path | None = None
    sms: Service | None = None
    email: Service | None = None
    models: Path = _home("XDG_CACHE_HOME", ".cache") / "models"
    recogniser: str = "whisper-base"
    voice: str = "voice-joe"
    encoder: str = "minilm-l6"
    intents: Path | None = None
    device: str = "auto"
    threads: Annotated[int, Field(ge=1)] = 2
    records: Path | None = None
    silence: Annotated[float, Field(gt=0)] = 7.0
    language: str = "en"


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
