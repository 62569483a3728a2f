"""One call, the same for every channel: from its line to its end."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import structlog
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.workers.runner import WorkerRunner

from dialog.bank.bank import Bank
from dialog.conversation import Conversation
from dialog.rewriting import Writer
from server.admission import Admission
from server.call.events import Event
from server.call.teller import Teller
from server.channels.line import Caller, Line
from server.channels.transport import LineTransport
from server.clock import now
from server.engines import Engines
from server.records import CallRecord
from server.settings import Settings, read_data_keys
from voice.turns import RATE

log = structlog.get_logger()

DEAD_AFTER = 15.0
"""Seconds without audio, which a line gives all the time."""
LONGEST_CALL = 3600.0
LANGUAGES = frozenset({"en"})


Watch = Callable[[str, Event], None]


@dataclass(frozen=True, slots=True)
class House:
    """What every call of the process shares.

    Attributes:
        today: Tells the day that "yesterday" is counted from.
        writer: The language model that may put replies into other words, or None.
        watch: Told the id and every event of every call, diagnostics included, whatever its wire
            can carry; or None.
    """

    settings: Settings
    engines: Engines
    bank: Bank
    admission: Admission
    today: Callable[[], date]
    writer: Writer | None = None
    watch: Watch | None = None


def new_call_id() -> str:
    """A name for a call, unique over all calls: proposals are kept under it."""
    return secrets.token_hex(8)


async def hold_call(line: Line, caller: Caller, house: House, call_id: str) -> str:
    """Hold a call until either side ends it.

    Args:
        line: The wire; closed afterwards.
        caller: Who calls.
        house: What the calls share.
        call_id: From `new_call_id`.

    Returns:
        Why it ended: "goodbye", "transfer", "hangup", "error" or "lost".
    """
    conversation = Conversation(
        bank=house.bank,
        understander=house.engines.understander,
        today=house.today(),
        call_id=call_id,
        caller_id=caller.address,
        language=caller.language,
        writer=house.writer,
    )
    record = CallRecord(house.settings.records, call_id, _seal(house, conversation))
    if caller.told is not None:
        record.add({"type": "caller", "told": caller.told})
    ended: list[str] = []
    teller = Teller(
        house.engines,
        conversation,
        call_id=call_id,
        silence=house.settings.silence,
        diagnostics=caller.diagnostics or house.watch is not None,
        ducks=caller.ducks,
        record=_noted(record, house.watch, call_id),
        on_end=ended.append,
        hand_over=line.hand_over,
        wire=lambda: line.delay,
    )
    log.info("call_started", call=call_id, channel=caller.channel, **caller.about)
    try:
        await _run(line, teller)
    finally:
        await line.close()
        await house.engines.bank.run(record.write)
        log.info("call_ended", call=call_id, reason=ended[0] if ended else "lost")
    return ended[0] if ended else "lost"


def _noted(record: CallRecord, watch: Watch | None, call_id: str) -> Callable[[Event], None]:
    """Every event goes into the record, and to who watches."""
    if watch is None:
        return record.add

    def note(event: Event) -> None:
        record.add(event)
        watch(call_id, event)

    return note


def _seal(house: House, conversation: Conversation) -> Callable[[bytes], bytes]:
    """Seals a call's record under whom was identified in it, where records are kept."""
    settings = house.settings
    if settings.records is None:
        return bytes
    vault = house.bank.vault(read_data_keys(settings.data_keys))

    def seal(data: bytes) -> bytes:
        state = conversation.state
        return vault.seal(state.call_id, data, customer_id=state.served)

    return seal


async def _run(line: Line, teller: Teller) -> None:
    """The pipeline of one call, until either side ends it."""
    transport = LineTransport(line)
    worker = PipelineWorker(
        Pipeline([transport.input(), teller, transport.output()]),
        params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE),
        enable_rtvi=False,
        enable_turn_tracking=False,
        idle_timeout_secs=None,
        check_dangling_tasks=False,
    )

    @transport.event_handler("on_client_disconnected")
    async def _gone(_transport: object, _line: object) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False, check_dangling_tasks=False)
    await runner.add_workers(worker)
    watching = asyncio.create_task(_watch(worker, transport))
    try:
        await runner.run()
    finally:
        watching.cancel()


async def _watch(worker: PipelineWorker, transport: LineTransport) -> None:
    """A line without audio is dead, and a call that never ends is none."""
    began = now()
    while now() - began < LONGEST_CALL:
        await asyncio.sleep(1.0)
        if now() - transport.last_audio_at > DEAD_AFTER:
            break
    await worker.cancel()
