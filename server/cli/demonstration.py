"""`tellerline demo`: the recorded demo call on a bank that is thrown away."""

from pathlib import Path
from tempfile import TemporaryDirectory

from server.app import serving
from server.bank_file import temporary_bank
from server.callfiles import call_files
from server.cli.root import progress_console
from server.engines import Engines
from server.errors import ServerError
from server.replay.scenario import load_scenario
from server.settings import Settings

DEMO = Path(__file__).parents[2] / "audio_samples" / "demo"


async def demonstrate(settings: Settings, engines: Engines, record: Path) -> int:
    """Play the demo call in real time; the exit code of the call."""
    file = DEMO / "scenario.yaml"
    if not file.is_file():
        raise ServerError(f"{file} is missing: run the demo from a checkout of the project")
    scenario = load_scenario(file)
    wavs = [DEMO / turn.wav for turn in scenario.turns if turn.wav]
    progress_console.print(f"[dim]{scenario.about}[/]")
    with TemporaryDirectory() as folder:
        bank = temporary_bank(Path(folder), scenario.today)
        try:
            async with serving(settings, engines, bank, today=lambda: scenario.today) as url:
                record.parent.mkdir(parents=True, exist_ok=True)
                code = await call_files(
                    url, wavs, record=record, sample_rate=scenario.caller.sample_rate
                )
            for transfer in bank.books()["transfers"]:
                progress_console.print(
                    f"in the books: {transfer['amount']} {transfer['currency']} "
                    f"from {transfer['source']} to {transfer['to']}"
                )
        finally:
            bank.close()
    return code
