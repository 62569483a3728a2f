// A caller's page: pipecat's client over the wire that the address names; what it is told and hears
// is noted.
import { PipecatClient } from "@pipecat-ai/client-js";
import {
  SmallWebRTCTransport,
  WavMediaManager as WebRtcMedia,
} from "@pipecat-ai/small-webrtc-transport";
import { WavMediaManager, WebSocketTransport } from "@pipecat-ai/websocket-transport";

const RATE = 16000; // of the microphone

window.told = [];
window.heard = { samples: 0, peak: 0 };

function hear(samples) {
  window.heard.samples += samples.length;
  for (const sample of samples) window.heard.peak = Math.max(window.heard.peak, Math.abs(sample));
}

class Listening extends WavMediaManager {
  bufferBotAudio(data, id) {
    hear(data);
    return super.bufferBotAudio(data, id);
  }
}

// What comes over WebRTC is for the page to play; it is looked at 48,000 times a second beside it.
function listen(track) {
  const stream = new MediaStream([track]);
  const player = Object.assign(new Audio(), { srcObject: stream });
  const context = new AudioContext({ sampleRate: 48000 });
  const analyser = new AnalyserNode(context, { fftSize: 8192 });
  context.createMediaStreamSource(stream).connect(analyser);
  const window_ = new Float32Array(analyser.fftSize);
  player.play();
  setInterval(() => {
    analyser.getFloatTimeDomainData(window_);
    hear(window_.map((sample) => sample * 32768));
  }, (1000 * window_.length) / context.sampleRate);
}

const websocket = () =>
  new WebSocketTransport({ mediaManager: new Listening(512, RATE), recorderSampleRate: RATE });
const webrtc = () => new SmallWebRTCTransport({ mediaManager: new WebRtcMedia(512, RATE) });

const names = [
  "onBotReady", "onUserTranscript", "onBotOutput", "onBotStartedSpeaking", "onBotStoppedSpeaking",
  "onUserStartedSpeaking", "onUserStoppedSpeaking", "onServerMessage", "onError", "onMessageError",
  "onDisconnected",
];
const note = (name) => [name, (data) => window.told.push({ name, data })];

window.client = new PipecatClient({
  transport: location.hash === "#webrtc" ? webrtc() : websocket(),
  enableMic: true,
  callbacks: {
    ...Object.fromEntries(names.map(note)),
    onTrackStarted: (track, who) => {
      if (location.hash === "#webrtc" && !who?.local && track.kind === "audio") listen(track);
    },
  },
});
