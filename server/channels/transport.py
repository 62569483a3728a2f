"""A line as pipecat's transport: the same two processors around a call, whatever the wire."""

import asyncio

import numpy as np
import structlog
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InputTransportMessageFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
    OutputTransportMessageUrgentFrame,
    StartFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import BaseTransport, TransportParams

from server.channels.line import Line
from server.channels.pace import Pace
from server.clock import now
from server.protocol import ProtocolError

log = structlog.get_logger()


class LineTransport(BaseTransport):
    """Carries one line; `on_client_disconnected` is told once the caller is gone.

    Attributes:
        last_audio_at: When audio last came, monotonic seconds; a line on hold gives empty frames.
    """

    def __init__(self, line: Line) -> None:
        super().__init__()
        params = TransportParams(
            audio_in_enabled=False,  # we push it ourselves: its queue lets keys overtake sound
            audio_out_enabled=True,
            audio_out_10ms_chunks=2,
            audio_out_end_silence_secs=0,
        )
        self._input = _Input(self, line, params)
        self._output = _Output(line, params)
        self.last_audio_at = now()
        self._register_event_handler("on_client_disconnected")

    def input(self) -> BaseInputTransport:
        """From the caller."""
        return self._input

    def output(self) -> BaseOutputTransport:
        """To the caller."""
        return self._output

    async def gone(self, line: Line) -> None:
        """The caller has left."""
        await self._call_event_handler("on_client_disconnected", line)


class _Input(BaseInputTransport):
    def __init__(self, transport: LineTransport, line: Line, params: TransportParams) -> None:
        super().__init__(params)
        self._transport = transport
        self._line = line
        self._pace = Pace()
        self._flooded = False
        self._reading: asyncio.Task[None] | None = None

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        self._reading = self.create_task(self._read())
        await self.set_transport_ready(frame)

    async def stop(self, frame: EndFrame) -> None:
        await super().stop(frame)
        await self._end()

    async def cancel(self, frame: CancelFrame) -> None:
        await super().cancel(frame)
        await self._end()

    async def cleanup(self) -> None:
        await super().cleanup()
        await self._end()

    async def _read(self) -> None:
        try:
            async for came in self._line.frames():
                if isinstance(came, InputAudioRawFrame):
                    self._transport.last_audio_at = now()
                frame = self._pressed(came) if isinstance(came, InputDTMFFrame) else came
                if isinstance(frame, InputTransportMessageFrame):
                    await self.broadcast_frame(InputTransportMessageFrame, message=frame.message)
                elif frame is not None:
                    await self.push_frame(frame)
        except Exception:
            log.exception("line_failed")
        await self._transport.gone(self._line)

    def _pressed(self, key: InputDTMFFrame) -> Frame | None:
        """A key, the error of one too many, or nothing after that: an answer is dear."""
        if self._flooded:
            return None
        try:
            self._pace.key()
        except ProtocolError as flood:
            self._flooded = True
            return InputTransportMessageFrame(message=flood)
        return key

    async def _end(self) -> None:
        reading, self._reading = self._reading, None
        if reading is not None:
            await self.cancel_task(reading)


class _Output(BaseOutputTransport):
    def __init__(self, line: Line, params: TransportParams) -> None:
        super().__init__(params)
        self._line = line

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def stop(self, frame: EndFrame) -> None:
        await super().stop(frame)
        await self._line.close()

    async def cancel(self, frame: CancelFrame) -> None:
        await super().cancel(frame)
        await self._line.close()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InterruptionFrame):
            await self._line.clear()

    async def send_message(
        self, frame: OutputTransportMessageFrame | OutputTransportMessageUrgentFrame
    ) -> None:
        await self._line.tell(frame.message)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        await self._line.play(np.frombuffer(frame.audio, np.int16))
        return True
