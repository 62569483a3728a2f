// A call over the websocket /v1/call (docs/protocol.md): 16 kHz PCM both ways through two worklets.

const RATE = 16000;

export async function callBySocket({ hello, microphone, onEvent, onEnd }) {
  const sound = new AudioContext();
  let call = null;
  try {
    await sound.audioWorklet.addModule("/page/worklets.js");
    await sound.resume();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/v1/call`);
    socket.binaryType = "arraybuffer";
    call = new SocketCall(socket, sound, microphone, onEvent, onEnd);
    await call.open({ ...hello, type: "hello", version: 1, sample_rate: RATE, encoding: "pcm16" });
    return call;
  } catch (error) {
    (call ?? sound).close();
    throw error;
  }
}

class SocketCall {
  constructor(socket, sound, microphone, onEvent, onEnd) {
    Object.assign(this, { socket, sound, microphone, onEvent, onEnd });
    this.cleared = 0;
    this.played = 0;
    this.waiting = 0;
    this.reported = 0;
    this.reportedAt = 0;
    this.closed = false;
    this.player = new AudioWorkletNode(sound, "player", { processorOptions: { rate: RATE } });
    this.player.connect(sound.destination);
    this.player.port.onmessage = ({ data }) => this.playing(data);
    this.ears = new AudioWorkletNode(sound, "ears", { processorOptions: { rate: RATE } });
    sound.createMediaStreamSource(microphone).connect(this.ears);
  }

  open(hello) {
    return new Promise((resolve, reject) => {
      let ready = false;
      this.socket.onopen = () => this.send(hello);
      this.socket.onclose = () => (ready ? this.lost() : reject(new Error("The server does not answer")));
      this.socket.onmessage = ({ data }) => {
        if (data instanceof ArrayBuffer) return this.player.port.postMessage(data, [data]);
        const event = JSON.parse(data);
        if (event.type === "ready") {
          ready = true;
          this.ears.port.onmessage = (frame) => this.sendSound(frame.data);
          resolve();
        } else if (event.type === "error" && !ready) {
          reject(new Error(event.message));
        } else if (event.type === "clear") {
          this.cleared = event.id;
          this.player.port.postMessage("clear");
        }
        this.onEvent(event);
      };
    });
  }

  sendSound(frame) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(frame);
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  playing({ played, waiting, cleared }) {
    this.played = played;
    this.waiting = waiting;
    const due = performance.now() - this.reportedAt >= 200 || waiting === 0;
    if (cleared || (played !== this.reported && due)) {
      this.reported = played;
      this.reportedAt = performance.now();
      this.send({ type: "played", samples: played, clear: this.cleared });
    }
  }

  mute(on) {
    for (const track of this.microphone.getAudioTracks()) track.enabled = !on;
  }

  async playOut() {
    while (this.waiting > 0 && !this.closed) await new Promise((done) => setTimeout(done, 50));
  }

  hangUp() {
    this.send({ type: "hangup" });
    this.close();
  }

  lost() {
    if (!this.closed) this.playOut().then(() => this.closed || this.onEnd("The call has ended"));
  }

  close() {
    if (this.closed) return;
    this.closed = true;
    this.socket.close();
    for (const track of this.microphone.getTracks()) track.stop();
    this.sound.close();
  }
}
