"""The tables of a bench in a Markdown file, between two comments that name it."""

import os
import platform
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from server.bench.report import Report
from server.errors import ServerError


def machine() -> str:
    """This machine in one line: processor, cores, load."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def as_typed(arguments: Sequence[str]) -> str:
    """A command line without what only says where its output goes."""
    kept, skip = [], False
    for argument in arguments:
        if skip or argument == "--json":
            skip = False
        elif argument in ("--write", "--picture"):
            skip = True
        else:
            kept.append(argument)
    return shlex.join(["tellerline", *kept])


def into_markdown(file: Path, report: Report, command: str) -> None:
    """Replace what stands between `<!-- bench NAME -->` and `<!-- end NAME -->`.

    Args:
        file: Markdown.
        report: Whose tables.
        command: That measured them.

    Raises:
        ServerError: The file cannot be read, or has no such place.
    """
    start, end = f"<!-- bench {report.bench} -->", f"<!-- end {report.bench} -->"
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ServerError(f"{file}: cannot be read: {error.strerror}") from error
    place = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not place.search(text):
        raise ServerError(f"{file}: no place for these tables: add the lines {start} and {end}")
    parts = [sheet.markdown() for sheet in report.sheets]
    notes = [f"{note[0].upper()}{note[1:]}." for note in report.notes]
    fresh = "\n\n".join([start, *parts, *notes, f"Measured by `{command}` on {machine()}.", end])
    file.write_text(place.sub(lambda _: fresh, text), encoding="utf-8")
