// A caller's page: pipecat's client with its websocket; what it is told and hears is noted.
import { PipecatClient } from "@pipecat-ai/client-js";
import { WavMediaManager, WebSocketTransport } from "@pipecat-ai/websocket-transport";

const RATE = 16000; // of the microphone

window.told = [];
window.heard = { samples: 0, peak: 0 };

class Listening extends WavMediaManager {
  bufferBotAudio(data, id) {
    window.heard.samples += data.length;
    for (const sample of data) window.heard.peak = Math.max(window.heard.peak, Math.abs(sample));
    return super.bufferBotAudio(data, id);
  }
}

const names = [
  "onBotReady", "onUserTranscript", "onBotOutput", "onBotStartedSpeaking", "onBotStoppedSpeaking",
  "onUserStartedSpeaking", "onUserStoppedSpeaking", "onServerMessage", "onError", "onMessageError",
  "onDisconnected",
];
const note = (name) => [name, (data) => window.told.push({ name, data })];

window.client = new PipecatClient({
  transport: new WebSocketTransport({
    mediaManager: new Listening(512, RATE),
    recorderSampleRate: RATE,
  }),
  enableMic: true,
  callbacks: Object.fromEntries(names.map(note)),
});
