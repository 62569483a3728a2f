"""The peer: a stock pipecat bot with its own Whisper and Piper services, nothing subclassed.

    python -m server.bench.peer_bot --whisper DIR --voice FILE.onnx [--stop-secs S] …

The pipeline is pipecat's own for a websocket: transport, WhisperSTTService, the user aggregator
with Silero and Smart Turn, an answer, PiperTTSService, transport. Where a language model would
stand, `Reply` gives the words that the caller's end has named before, at no cost, and tells what
was heard. Prints `{"url": …}` when it answers; ends with its input.
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.turn.smart_turn.base_smart_turn import SmartTurnParams
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import (
    Frame,
    InputTransportMessageFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    OutputTransportMessageUrgentFrame,
    StartFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.protobuf import ProtobufFrameSerializer
from pipecat.services.piper.tts import PiperTTSService
from pipecat.services.whisper.stt import WhisperSTTService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.turns.user_stop import TurnAnalyzerUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from server.bench.peer_wire import RATE


class Reply(FrameProcessor):
    """Answers every turn with the words that were named last."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Take the words to answer with; answer what was understood as a turn."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InputTransportMessageFrame):
            self._words = frame.message["reply"]
        elif isinstance(frame, LLMContextFrame):
            message: Any = frame.context.get_messages()[-1]
            heard = str(message["content"])
            await self.push_frame(OutputTransportMessageUrgentFrame(message={"heard": heard}))
            await self.push_frame(LLMFullResponseStartFrame())
            await self.push_frame(LLMTextFrame(self._words))
            await self.push_frame(LLMFullResponseEndFrame())
        else:
            await self.push_frame(frame, direction)
            if isinstance(frame, StartFrame):
                await self.push_frame(OutputTransportMessageUrgentFrame(message={"ready": True}))


async def answer(websocket: WebSocket, options: argparse.Namespace) -> None:
    """Hold one call."""
    transport = FastAPIWebsocketTransport(
        websocket=websocket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, serializer=ProtobufFrameSerializer()
        ),
    )
    user, assistant = LLMContextAggregatorPair(
        LLMContext(),
        user_params=LLMUserAggregatorParams(
            vad_analyzer=SileroVADAnalyzer(params=VADParams(stop_secs=options.stop_secs)),
            user_turn_strategies=_strategies(options),
        ),
    )
    stt = WhisperSTTService(
        device="cpu",
        compute_type="int8",
        trailing_silence_secs=options.trailing_silence,
        settings=WhisperSTTService.Settings(model=options.whisper),
    )
    tts = PiperTTSService(
        download_dir=options.voice.parent,
        settings=PiperTTSService.Settings(voice=options.voice.stem),
    )
    worker = PipelineWorker(
        Pipeline([transport.input(), stt, user, Reply(), tts, transport.output(), assistant]),
        params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE),
        idle_timeout_secs=None,
    )

    @transport.event_handler("on_client_disconnected")
    async def _gone(_transport: object, _websocket: object) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


def _strategies(options: argparse.Namespace) -> UserTurnStrategies | None:
    """None leaves pipecat's default in place: Silero starts a turn, Smart Turn v3 ends it."""
    if options.smart_turn_stop_secs is None:
        return None
    judge = LocalSmartTurnAnalyzerV3(params=SmartTurnParams(stop_secs=options.smart_turn_stop_secs))
    return UserTurnStrategies(stop=[TurnAnalyzerUserTurnStopStrategy(turn_analyzer=judge)])


async def serve(options: argparse.Namespace) -> None:
    """Answer on a free port until the input ends."""
    app = FastAPI()

    @app.websocket("/")
    async def call(websocket: WebSocket) -> None:
        await websocket.accept()
        await answer(websocket, options)

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    print(json.dumps({"url": f"ws://127.0.0.1:{port}/"}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await running


def _options(arguments: list[str] | None = None) -> Any:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--whisper", required=True, help="Whisper in CTranslate2 form")
    parser.add_argument("--voice", type=Path, required=True, help="a Piper voice, .onnx")
    parser.add_argument("--stop-secs", type=float, default=0.2, help="VADParams.stop_secs")
    parser.add_argument("--trailing-silence", type=float, default=0.5, help="padding of Whisper")
    parser.add_argument("--smart-turn-stop-secs", type=float, help="silence that ends any turn")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us closes our input
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    asyncio.run(serve(_options()))
