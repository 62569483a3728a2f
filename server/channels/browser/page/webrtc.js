// A call over WebRTC: sound as Opus, the events of docs/protocol.md on a data channel.

const ALIVE_EVERY = 1000;

export async function callByWebRtc({ hello, microphone, speaker, onEvent, onEnd }) {
  const peer = new RTCPeerConnection({ iceServers: [] });
  const call = new PeerCall(peer, microphone, speaker, onEvent, onEnd);
  try {
    await call.open(hello);
    return call;
  } catch (error) {
    call.close();
    throw error;
  }
}

class PeerCall {
  constructor(peer, microphone, speaker, onEvent, onEnd) {
    Object.assign(this, { peer, microphone, speaker, onEvent, onEnd });
    this.closed = false;
    this.events = peer.createDataChannel("events", { ordered: true });
    this.events.onmessage = ({ data }) => this.onEvent(JSON.parse(data));
    for (const track of microphone.getAudioTracks()) peer.addTrack(track, microphone);
    peer.ontrack = ({ track, streams }) => {
      speaker.srcObject = streams[0] ?? new MediaStream([track]);
      speaker.play();
    };
    peer.onconnectionstatechange = () => {
      if (["failed", "closed", "disconnected"].includes(peer.connectionState)) this.lost();
    };
  }

  async open(hello) {
    await this.peer.setLocalDescription(await this.peer.createOffer());
    await this.gathered();
    const { sdp, type } = this.peer.localDescription;
    const response = await fetch("/v1/webrtc", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...hello, sdp, sdp_type: type }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.message || "The server refused the call");
    await this.peer.setRemoteDescription({ sdp: answer.sdp, type: answer.type });
    this.alive = setInterval(() => this.events.readyState === "open" && this.events.send("ping"), ALIVE_EVERY);
  }

  gathered() {
    return new Promise((done) => {
      if (this.peer.iceGatheringState === "complete") return done();
      this.peer.onicegatheringstatechange = () => this.peer.iceGatheringState === "complete" && done();
      setTimeout(done, 2000);
    });
  }

  send(message) {
    if (this.events.readyState === "open") this.events.send(JSON.stringify(message));
  }

  mute(on) {
    for (const track of this.microphone.getAudioTracks()) track.enabled = !on;
  }

  playOut() {
    return new Promise((done) => setTimeout(done, 300)); // what the browser still buffers
  }

  hangUp() {
    this.send({ type: "hangup" });
    this.close();
  }

  lost() {
    if (!this.closed) this.onEnd("The call has ended");
  }

  close() {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.alive);
    for (const track of this.microphone.getTracks()) track.stop();
    setTimeout(() => this.peer.close(), 200); // lets a hang-up out first
  }
}
