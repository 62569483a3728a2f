"""Tokens of devices that call by themselves: issued, rotated, revoked while the server runs.

The file holds hashes only; a token is shown once, when it is made. A rotated token's predecessor is
good for a while longer, so that the device can be told the new one.
"""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from server.errors import SettingsError
from server.settings import Token

OVERLAP = timedelta(hours=24)
"""How long a rotated token stays good."""

Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Device(BaseModel):
    """One device.

    Attributes:
        name: Of the device.
        sha256: Of its token.
        max_calls: Calls at once.
        issued: When the token was made.
        former: Hash of the token before it, and until when that is good.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")]
    sha256: Hash
    max_calls: Annotated[int, Field(ge=1)] = 1
    issued: datetime
    former: tuple[Hash, datetime] | None = None


_FILE = TypeAdapter(list[Device])


class Devices:
    """The devices' file.

    Args:
        path: Where it is; made by the first device.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._devices: dict[str, Device] = {}

    def all(self) -> list[Device]:
        """By name; read again where the file has changed.

        Raises:
            SettingsError: The file is damaged.
        """
        self._read()
        return sorted(self._devices.values(), key=lambda device: device.name)

    def tokens(self, now: datetime) -> list[Token]:
        """What may call now."""
        good = []
        for device in self.all():
            hashes = [device.sha256]
            if device.former is not None and now < device.former[1]:
                hashes.append(device.former[0])
            good += [Token(name=device.name, sha256=h, max_calls=device.max_calls) for h in hashes]
        return good

    def issue(self, name: str, now: datetime, *, max_calls: int = 1) -> str:
        """A new device's token, which is shown nowhere again.

        Raises:
            SettingsError: It has one already, or its name cannot be used.
        """
        with self._alone():
            if name in self._devices:
                raise SettingsError(f"device {name} has a token: rotate or revoke it")
            return self._put(name, now, max_calls, None)

    def rotate(self, name: str, now: datetime) -> str:
        """A device's next token; the one before is good for another day.

        Raises:
            SettingsError: There is no such device.
        """
        with self._alone():
            device = self._device(name)
            return self._put(name, now, device.max_calls, (device.sha256, now + OVERLAP))

    def revoke(self, name: str) -> None:
        """Take a device's tokens away; a call under way goes on.

        Raises:
            SettingsError: There is no such device.
        """
        with self._alone():
            self._device(name)
            del self._devices[name]
            self._write()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """What the file holds now, and nobody else changes it meanwhile."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(f"{self._path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._read()
            yield

    def _device(self, name: str) -> Device:
        if name not in self._devices:
            raise SettingsError(f"there is no device {name}: `tellerline devices list` shows them")
        return self._devices[name]

    def _put(
        self, name: str, now: datetime, max_calls: int, former: tuple[str, datetime] | None
    ) -> str:
        token = secrets.token_urlsafe(32)
        digest = hashlib.sha256(token.encode()).hexdigest()
        try:
            device = Device(
                name=name, sha256=digest, max_calls=max_calls, issued=now, former=former
            )
        except ValidationError as error:
            raise SettingsError(f"device {name!r}: {error.errors()[0]['msg']}") from None
        self._devices[name] = device
        self._write()
        return token

    def _read(self) -> None:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp == self._read_at:
                return
            found = _FILE.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            found, stamp = [], (0, 0)
        except (OSError, ValidationError) as error:
            raise SettingsError(f"devices file {self._path}: {error}") from error
        self._devices, self._read_at = {device.name: device for device in found}, stamp

    def _write(self) -> None:
        data = json.dumps([d.model_dump(mode="json") for d in self._devices.values()], indent=1)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(data, encoding="utf-8")
        draft.replace(self._path)
        self._read_at = None
