"""The models: one manifest, one folder of prepared files, every file checked by its SHA-256."""

import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from server.errors import ModelError

STOCK_RECOGNISER = "whisper-base"
"""The packaged one, not fitted to anything: what peers hear with, and what is fitted."""

MANIFEST = Path(__file__).with_name("models.toml")
BLOCK = 1 << 20
SEAL = "prepared.json"

Progress = Callable[[str, int, int], None]
"""Called with a label, the bytes done and the bytes in all."""


class ModelFile(BaseModel):
    """One file of a model: the parts that it is joined from, and its hash."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    parts: list[str] = Field(alias="from", min_length=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Model(BaseModel):
    """One entry of the manifest."""

    model_config = ConfigDict(extra="forbid")

    name: str
    about: str
    licence: str
    prepare: Literal["join", "fit", "convert-voice", "none"]
    install: str
    files: dict[str, ModelFile]


def read_manifest(path: Path = MANIFEST) -> dict[str, Model]:
    """The models of a manifest by name; one that names another as `base` has its files, too."""
    with path.open("rb") as stream:
        table = tomllib.load(stream)
    for entry in table.values():
        base = table[entry.pop("base")] if "base" in entry else {"files": {}}
        entry["files"] = base["files"] | entry["files"]
    return {name: Model(name=name, **entry) for name, entry in table.items()}


def _quiet(_label: str, _done: int, _total: int) -> None:
    """Shows nothing."""


class ModelStore:
    """Prepared models in one folder.

    Args:
        root: The folder; created at the first preparation.
        manifest: The models that can be had.
    """

    def __init__(self, root: Path, manifest: Path = MANIFEST) -> None:
        self.root = root
        self.models = read_manifest(manifest)

    def path(self, name: str, *, verify: bool = True) -> Path:
        """The folder of a prepared model; any folder may be given instead of a name.

        Raises:
            ModelError: Unknown, not prepared or damaged; the message says how to get it.
        """
        if name not in self.models:
            return self._folder(name)
        model = self.models[name]
        folder = self.root / name
        if not (folder / SEAL).is_file():
            raise ModelError(
                f"model {name}: not prepared in {folder}: run `tellerline models prepare`"
            )
        if verify:
            self._check_seal(model, folder)
        return folder

    def _folder(self, name: str) -> Path:
        folder = Path(name)
        if not folder.is_dir():
            known = ", ".join(self.models)
            raise ModelError(f"model {name}: neither a folder nor one of {known}")
        return folder

    def is_ready(self, name: str) -> bool:
        """Whether the model is prepared and undamaged."""
        try:
            self.path(name)
        except ModelError:
            return False
        return True

    def prepare(self, name: str, progress: Progress = _quiet) -> Path:
        """Make the model's folder from its source, checking every hash on the way.

        Raises:
            ModelError: A source is missing (with the command that installs it) or damaged.
        """
        model = self.models.get(name)
        if model is None:
            return self.path(name)
        if self.is_ready(name):
            return self.root / name
        with _replacing(self.root / name) as fresh:
            for file, entry in model.files.items():
                _join(model, file, entry, fresh / file, progress)
            if model.prepare == "convert-voice":
                _convert_voice(name, fresh, progress)
            elif model.prepare == "fit":
                _fit(fresh)
            _seal(model, fresh)
        return self.root / name

    def _check_seal(self, model: Model, folder: Path) -> None:
        seal = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        if seal["sources"] != _sources(model):
            raise ModelError(
                f"model {model.name}: {folder} was prepared from another version: "
                "run `tellerline models prepare`"
            )
        for file, expected in seal["files"].items():
            found = folder / file
            if not found.is_file() or _sha256(found) != expected:
                state = "damaged" if found.is_file() else "missing"
                raise ModelError(
                    f"model {model.name}: {found} is {state}: run `tellerline models prepare`"
                )


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A fresh folder beside the target that takes its place when all went well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield fresh
        old = fresh.with_name(fresh.name + "-old")
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _join(model: Model, file: str, entry: ModelFile, target: Path, progress: Progress) -> None:
    parts = [_locate(model, part) for part in entry.parts]
    total = sum(part.stat().st_size for part in parts)
    digest, done = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        for part in parts:
            with part.open("rb") as stream:
                while block := stream.read(BLOCK):
                    digest.update(block)
                    out.write(block)
                    done += len(block)
                    progress(f"{model.name}/{file}", done, total)
    if digest.hexdigest() != entry.sha256:
        raise ModelError(
            f"model {model.name}: {file} from {entry.parts[0]} is damaged "
            f"(SHA-256 {digest.hexdigest()[:12]}…): {model.install} --force-reinstall"
        )


def _locate(model: Model, source: str) -> Path:
    kind, _, rest = source.partition(":")
    if kind == "package":
        package, _, inside = rest.partition("/")
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ModelError(f"model {model.name}: package {package} is missing: {model.install}")
        path = Path(next(iter(spec.submodule_search_locations))) / inside
    elif kind == "hub":
        path = _from_hub(model, rest)
    else:
        path = Path(rest)
    if not path.is_file():
        raise ModelError(f"model {model.name}: {path} is missing: {model.install}")
    return path


def _from_hub(model: Model, rest: str) -> Path:
    """ORG/NAME/FILE of a Hugging Face hub, fetched while preparing, never during a call."""
    from huggingface_hub import hf_hub_download

    organisation, name, file = rest.split("/", 2)
    try:
        return Path(hf_hub_download(f"{organisation}/{name}", file))
    except Exception as error:
        raise ModelError(f"model {model.name}: cannot fetch {rest}: {error}") from error


def _fit(folder: Path) -> None:
    from voice.ctranslate2_file import add_difference

    difference = folder / "difference.safetensors"
    add_difference(folder / "model.bin", difference)
    difference.unlink()


def _convert_voice(name: str, folder: Path, progress: Progress) -> None:
    from voice.voice_conversion import convert  # Coqui takes seconds to import

    progress(f"{name}: converting to Coqui", 0, 1)
    converted = folder / "coqui"
    convert(folder / "voice.onnx", folder / "voice.onnx.json", converted)
    for file in converted.iterdir():
        file.rename(folder / file.name)
    converted.rmdir()
    (folder / "voice.onnx").unlink()
    (folder / "voice.onnx.json").unlink()
    progress(f"{name}: converting to Coqui", 1, 1)


def _sources(model: Model) -> dict[str, str]:
    return {file: entry.sha256 for file, entry in model.files.items()}


def _seal(model: Model, folder: Path) -> None:
    """Written last: a folder without it was never finished."""
    files = {str(p.relative_to(folder)): _sha256(p) for p in sorted(folder.rglob("*"))}
    text = json.dumps({"sources": _sources(model), "files": files}, indent=1)
    (folder / SEAL).write_text(text, encoding="utf-8")
    os.sync()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
