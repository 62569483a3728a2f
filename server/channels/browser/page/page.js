// The page: buttons, the conversation, and one call at a time over either wire.

import { callBySocket } from "/page/socket.js";
import { callByWebRtc } from "/page/webrtc.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const NAMES = { "*": "star", "#": "hash" };
const ENDS = { goodbye: "Goodbye", transfer: "Handed over to a person", error: "Ended by a fault" };
const byId = (id) => document.getElementById(id);

let attempt = null; // the call under way, or being set up: what an older one tells is stale
let call = null; // once it stands
let muted = false;

byId("call").addEventListener("click", () => (attempt ? hangUp() : start()));
byId("mute").addEventListener("click", () => mute(!muted));
byId("captions").addEventListener("click", () => {
  const shown = byId("captions").getAttribute("aria-pressed") !== "true";
  byId("captions").setAttribute("aria-pressed", String(shown));
  byId("caption").hidden = !shown;
});
document.addEventListener("keydown", (event) => {
  const off = !byId("keyboard").checked; // WCAG 2.1.4: who speaks to their computer sends it keys
  const typing = event.target.closest("input:not([type=checkbox]), select") || event.ctrlKey || event.metaKey || event.altKey;
  if (!off && !typing && KEYS.includes(event.key)) press(event.key);
});
for (const key of KEYS) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = key;
  if (NAMES[key]) button.setAttribute("aria-label", NAMES[key]);
  button.disabled = true;
  button.addEventListener("click", () => press(key));
  byId("keypad").append(button);
}

async function start() {
  const mine = (attempt = {});
  const current = (react) => (told) => attempt === mine && react(told);
  let microphone = null;
  let opened = null;
  setCalling(true);
  mute(false);
  status("Connecting …");
  byId("conversation").replaceChildren();
  byId("latency").replaceChildren();
  const hello = { language: "en", diagnostics: true };
  if (byId("token").value) hello.token = byId("token").value;
  const open = byId("wire").value === "webrtc" ? callByWebRtc : callBySocket;
  try {
    microphone = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    const ears = { microphone, speaker: byId("speaker") };
    if (attempt === mine) opened = await open({ hello, ...ears, onEvent: current(take), onEnd: current(ended) });
  } catch (error) {
    if (attempt === mine) ended(error.message || String(error));
  }
  if (attempt === mine) {
    call = opened;
    mute(muted); // as chosen while it connected
    status("Connected: speak, or press keys");
  } else {
    opened?.hangUp();
    for (const track of microphone?.getTracks() ?? []) track.stop();
  }
}

function hangUp() {
  call?.hangUp();
  ended("You have hung up");
}

function ended(why) {
  call?.close();
  attempt = call = null;
  setCalling(false);
  status(why);
}

function setCalling(calling) {
  byId("call").textContent = calling ? "Hang up" : "Call";
  byId("mute").disabled = !calling;
  byId("wire").disabled = calling;
  for (const button of byId("keypad").children) button.disabled = !calling;
}

function mute(on) {
  muted = on;
  byId("mute").setAttribute("aria-pressed", String(on));
  if (call) call.mute(on);
}

function press(key) {
  if (call) call.send({ type: "dtmf", digit: key });
}

function take(event) {
  switch (event.type) {
    case "said":
      if (event.interrupted) return cutOff(event.text);
      add("theirs", "Assistant", event.text);
      byId("caption").textContent = event.text;
      status("Speaking: you may talk over it");
      break;
    case "heard":
      if (event.text) add("ours", "You", event.text);
      break;
    case "turn_started":
      status("Listening …");
      break;
    case "turn_ended":
      status("Thinking …");
      break;
    case "listening":
      status("Connected: speak, or press keys");
      showLatency(event);
      break;
    case "error":
      status(event.message);
      break;
    case "hangup":
      playedOut(call, ENDS[event.reason] || "The call has ended");
  }
}

async function playedOut(running, why) {
  await running?.playOut();
  if (call === running) ended(why);
}

function add(side, who, text) {
  const line = document.createElement("li");
  const name = document.createElement("span");
  line.className = side;
  name.className = "who";
  name.textContent = who;
  line.append(name, text);
  byId("conversation").append(line);
  byId("conversation").scrollTop = byId("conversation").scrollHeight;
}

function cutOff(heard) {
  const last = [...document.querySelectorAll("#conversation .theirs")].pop();
  if (!last) return;
  const all = last.lastChild.textContent;
  const rest = document.createElement("span");
  rest.className = "cut";
  rest.textContent = all.slice(heard.length);
  last.lastChild.textContent = all.slice(0, heard.length);
  last.append(rest);
}

function showLatency(event) {
  const parts = Object.entries(event.parts || {});
  if (!parts.length) return;
  const row = byId("latency").insertRow();
  const sum = parts.reduce((total, [, ms]) => total + ms, 0);
  row.insertCell().textContent = event.turn;
  row.insertCell().textContent = Math.round(sum);
  row.insertCell().textContent = parts.map(([name, ms]) => `${name.replace("_", " ")} ${Math.round(ms)}`).join(", ");
}

function status(text) {
  byId("status").textContent = text;
}
