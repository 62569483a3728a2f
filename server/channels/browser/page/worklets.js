// Microphone and speaker at the wire's rate, whatever the device's: a windowed sinc both ways.

const REACH = 16; // samples of the lower rate to either side

class Resampler {
  constructor(from, to) {
    this.step = from / to;
    this.slower = Math.max(1, this.step);
    this.reach = Math.ceil(REACH * this.slower);
    this.held = new Float32Array(this.reach);
    this.at = this.reach; // of the next output sample, within `held`
  }

  process(samples) {
    const all = new Float32Array(this.held.length + samples.length);
    all.set(this.held);
    all.set(samples, this.held.length);
    const out = [];
    while (this.at + this.reach < all.length) {
      out.push(this.value(all, this.at));
      this.at += this.step;
    }
    const keep = Math.max(0, Math.floor(this.at) - this.reach);
    this.held = all.slice(keep);
    this.at -= keep;
    return out;
  }

  value(samples, at) {
    let sum = 0;
    let weights = 0;
    for (let i = Math.ceil(at - this.reach); i <= at + this.reach; i++) {
      const x = (i - at) / this.slower;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * x * 0.94) / (Math.PI * x * 0.94);
      const weight = sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / REACH));
      sum += weight * (samples[i] ?? 0);
      weights += weight;
    }
    return sum / weights;
  }
}

class Ears extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate } }) {
    super();
    this.resampler = new Resampler(sampleRate, rate);
    this.size = rate / 50;
    this.frame = [];
  }

  process([[samples]]) {
    this.frame.push(...this.resampler.process(samples ?? new Float32Array(128)));
    while (this.frame.length >= this.size) {
      const frame = Int16Array.from(this.frame.splice(0, this.size), (value) =>
        Math.max(-32768, Math.min(32767, Math.round(value * 32768))),
      );
      this.port.postMessage(frame.buffer, [frame.buffer]);
    }
    return true;
  }
}

class Player extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate } }) {
    super();
    this.rate = rate;
    this.ratio = rate / sampleRate;
    this.start();
    this.played = 0;
    this.ticks = 0;
    this.port.onmessage = ({ data }) => (data === "clear" ? this.clear() : this.take(data));
  }

  start() {
    this.resampler = new Resampler(this.rate, sampleRate);
    this.queue = [];
    this.first = 0;
  }

  clear() {
    this.start();
    this.tell(true);
  }

  take(buffer) {
    const samples = Float32Array.from(new Int16Array(buffer), (value) => value / 32768);
    this.queue.push(...this.resampler.process(samples));
  }

  process(_, [[left, right]]) {
    const count = Math.min(left.length, this.queue.length - this.first);
    for (let i = 0; i < count; i++) left[i] = this.queue[this.first + i];
    if (right) right.set(left);
    this.first += count;
    this.played += count * this.ratio;
    if (this.first > 48000) {
      this.queue.splice(0, this.first);
      this.first = 0;
    }
    if (++this.ticks % 16 === 0) this.tell(false);
    return true;
  }

  tell(cleared) {
    const waiting = this.queue.length - this.first;
    this.port.postMessage({ played: Math.floor(this.played), waiting, cleared });
  }
}

registerProcessor("ears", Ears);
registerProcessor("player", Player);
