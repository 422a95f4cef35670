// The page: what was pressed, what came, and what is shown. Texts from a peer are only ever put into
// textContent.

import { PROTOCOL, equal, receive, send as sendFile, sha256 } from "./files.js";
import { draw, milliseconds, pictureOf } from "./picture.js";
import { Session } from "./session.js";
import { Signalling } from "./signalling.js";

const $ = (id) => document.getElementById(id);
const params = new URLSearchParams(location.search);
const POLL_MS = 400;

let config = { room: "demo" };
let signalling = null;
let session = null;
let chat = null;
let poll = null;
let theirRtt = 0; // as the other side measures it: Firefox tells none of its own
let startedAt = performance.now();

// --- what is shown --------------------------------------------------------------

const STATUS = {
  idle: "not connected",
  waiting: "waiting for somebody",
  busy: "looking for a path",
  open: "connected",
  failed: "no connection",
};

function show(state, text) {
  $("status").dataset.state = state === "waiting" ? "busy" : state;
  $("status").textContent = text ?? STATUS[state];
  $("connect-button").textContent = state === "idle" || state === "failed" ? "Connect" : "Disconnect";
}

function tell(text) {
  const time = document.createElement("time");
  const what = document.createElement("span");
  const item = document.createElement("li");
  time.textContent = milliseconds(performance.now() - startedAt);
  what.textContent = text;
  item.append(time, what);
  $("story").append(item);
  item.scrollIntoView({ block: "nearest" });
}

function say(text, mine) {
  const item = document.createElement("li");
  item.textContent = text;
  item.className = mine ? "mine" : "theirs";
  $("messages").append(item);
  $("messages").scrollTop = $("messages").scrollHeight;
}

function enable(on) {
  for (const node of document.querySelectorAll("#chat input, #chat button, #file")) node.disabled = !on;
}

function showFacts(picture) {
  const pair = picture.pairs.find((each) => each.selected);
  $("facts").hidden = !pair;
  if (!pair) return;
  const kind = (side, address) => side.find((each) => each.address === address)?.type ?? "?";
  $("fact-path").textContent = `${kind(picture.local, pair.local)} to ${kind(picture.remote, pair.remote)}, ${pair.remote}`;
  const rtt = pair.rtt_ms || theirRtt;
  $("fact-rtt").textContent = rtt > 0 ? milliseconds(rtt) : "–";
  $("fact-dtls").textContent = picture.dtls || "–";
}

async function look() {
  if (!session) return;
  const picture = await pictureOf(session.pc);
  draw($("picture-here"), picture);
  showFacts(picture);
}

function addresses(value) {
  return Array.isArray(value) ? value : [];
}

function showTheirs(picture) {
  if (!picture || typeof picture !== "object") return;
  theirRtt = Number(addresses(picture.pairs).find((pair) => pair?.selected)?.rtt_ms) || 0;
  draw($("picture-there"), {
    local: addresses(picture.local),
    remote: addresses(picture.remote),
    pairs: addresses(picture.pairs),
  });
}

// --- one session ----------------------------------------------------------------

function newSession(other, id) {
  endSession();
  startedAt = performance.now();
  const iceServers = config.stunPort ? [{ urls: `stun:${location.hostname}:${config.stunPort}` }] : [];
  session = new Session(signalling, other, id, iceServers);
  session.addEventListener("candidate", ({ detail }) =>
    tell(`${detail.side === "here" ? "our" : "their"} candidate: ${detail.line.replace(/^candidate:/, "")}`));
  session.addEventListener("ice", ({ detail }) => {
    tell(`ICE is ${detail}`);
    look();
  });
  session.addEventListener("state", ({ detail }) => stateChanged(detail));
  session.addEventListener("channel", ({ detail }) => takeChannel(detail));
  poll = setInterval(look, POLL_MS);
  show("busy");
  return session;
}

function stateChanged(state) {
  tell(`the connection is ${state}`);
  if (state === "failed") {
    show("failed");
    enable(false);
  }
  if (state === "disconnected") show("busy", "path lost, waiting");
  if (state === "connected" && chat?.readyState === "open") show("open");
  if (state === "closed") endSession();
}

function endSession() {
  clearInterval(poll);
  session?.end();
  session = chat = null;
  theirRtt = 0;
  enable(false);
}

function takeChannel(channel) {
  if (channel.protocol === PROTOCOL) {
    takeFile(channel);
    return;
  }
  channel.binaryType = "arraybuffer";
  channel.onmessage = ({ data }) => say(typeof data === "string" ? data : `${data.byteLength} bytes`, false);
  if (channel.readyState === "open") chatOpened(channel);
  else channel.onopen = () => chatOpened(channel);
  channel.onclose = () => {
    tell(`the channel “${channel.label}” is closed`);
    if (chat !== channel) return;
    enable(false);
    show("idle", "closed by the other side");
    endSession();
  };
}

// Firefox may hand over a channel that is open and say so again.
function chatOpened(channel) {
  if (chat) return;
  chat = channel;
  const after = performance.now() - session.startedAt;
  tell(`the channel “${channel.label}” is open`);
  $("fact-open").textContent = milliseconds(after);
  show("open");
  enable(true);
  look();
}

// --- files ----------------------------------------------------------------------

function transferRow(name) {
  const row = document.createElement("li");
  const title = document.createElement("span");
  const bar = document.createElement("progress");
  const verdict = document.createElement("div");
  title.textContent = name;
  verdict.className = "verdict";
  bar.value = 0;
  row.append(title, bar, verdict);
  $("transfers").prepend(row);
  return {
    row,
    progress: (done, whole) => {
      bar.max = whole || 1;
      bar.value = done;
      verdict.textContent = `${Math.round((done / (whole || 1)) * 100)} %`;
    },
    conclude: (text, ok) => {
      bar.remove();
      verdict.textContent = text;
      verdict.dataset.ok = ok ? "yes" : "no";
    },
    offer: (bytes, header) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
      link.download = title.textContent;
      link.textContent = `${header} (${bytes.length.toLocaleString()} bytes)`;
      title.replaceChildren(link);
    },
  };
}

// Ours goes there and comes back; the bytes are compared, and the hash where the browser can make one.
async function giveFile(file) {
  const row = transferRow(file.name);
  const channel = session.pc.createDataChannel(`file ${file.name}`.slice(0, 200), { protocol: PROTOCOL });
  try {
    const answer = receive(channel, row.progress);
    answer.catch(() => {});
    await sendFile(channel, file, row.progress);
    const { header, bytes } = await answer;
    const ours = new Uint8Array(await file.arrayBuffer());
    const hash = await sha256(ours);
    const same = (header.kept || equal(ours, bytes)) && (!hash || hash === header.sha256);
    row.conclude(same ? `${header.kept ? "taken" : "there and back, every byte"}; SHA-256 ${header.sha256}`
      : "what came back is not what was sent", same);
  } catch (error) {
    row.conclude(`not sent: ${error.message}`, false);
  } finally {
    channel.close();
  }
}

async function takeFile(channel) {
  const row = transferRow(channel.label);
  try {
    const { header, bytes } = await receive(channel, row.progress);
    const hash = await sha256(bytes);
    channel.send(JSON.stringify({ name: header.name, size: bytes.length, type: header.type, sha256: hash ?? "", kept: true }));
    row.offer(bytes, String(header.name));
    row.conclude(hash ? `received; SHA-256 ${hash}` : "received", true);
  } catch (error) {
    row.conclude(`not received: ${error.message}`, false);
  }
}

// --- the room -------------------------------------------------------------------

function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function begin(other) {
  if ($("offerer").value === "other") {
    signalling.send({ type: "call", to: other });
    tell("asked the other side to offer");
    return;
  }
  newSession(other, randomId()).offer().catch(failed);
  tell("offered");
}

function failed(error) {
  tell(`stopped: ${error.message}`);
  show("failed");
}

function welcome({ peers }) {
  const others = Array.isArray(peers) ? peers : [];
  const first = others.find((peer) => peer.native) ?? others[0];
  if (first) begin(first.id);
  else {
    show("waiting");
    tell("nobody else is here yet");
  }
}

const ours = (message) => session && session.id === message.session;

const handlers = {
  welcome,
  joined: () => tell("somebody joined"),
  left: ({ id }) => {
    if (session?.other === id) tell("the other side left the room");
  },
  call: ({ from }) => newSession(from, randomId()).offer().catch(failed),
  offer: (message) => {
    newSession(message.from, message.session).takeOffer(message.sdp).catch(failed);
    tell("took an offer, answered");
  },
  answer: (message) => {
    if (!ours(message)) return;
    tell("the answer came");
    session.takeAnswer(message.sdp).catch(failed);
  },
  candidate: (message) => {
    if (ours(message)) session.takeCandidate(String(message.candidate)).catch((error) => tell(`a candidate was not taken: ${error.message}`));
  },
  picture: (message) => {
    if (ours(message)) showTheirs(message.picture);
  },
  bye: (message) => {
    if (!ours(message)) return;
    tell("the other side ended the session");
    endSession();
    show("idle", "ended by the other side");
  },
  error: ({ reason }) => tell(`the server says: ${reason}`),
  closed: () => {
    tell("the server is gone");
    signalling = null;
    if ($("status").dataset.state === "busy") failed(new Error("no signalling"));
  },
};

function join(room) {
  startedAt = performance.now();
  $("story").replaceChildren();
  signalling = new Signalling(room);
  for (const [type, handle] of Object.entries(handlers))
    signalling.addEventListener(type, ({ detail }) => handle(detail));
  show("busy", "joining");
}

function leave() {
  session?.close();
  endSession();
  signalling?.close();
  signalling = null;
  show("idle");
  tell("disconnected");
}

// --- what was pressed -----------------------------------------------------------

$("connect").onsubmit = (event) => {
  event.preventDefault();
  const connected = $("connect-button").textContent === "Disconnect";
  if (signalling) leave();
  if (!connected) join($("room").value);
};

$("chat").onsubmit = (event) => {
  event.preventDefault();
  const text = $("text").value;
  if (!text || chat?.readyState !== "open") return;
  chat.send(text);
  say(text, true);
  $("text").value = "";
};

$("file").onchange = ({ target }) => {
  for (const file of target.files) giveFile(file);
  target.value = "";
};
for (const type of ["dragenter", "dragover"]) {
  $("drop").addEventListener(type, (event) => {
    event.preventDefault();
    $("drop").classList.add("over");
  });
}
for (const type of ["dragleave", "drop"])
  $("drop").addEventListener(type, () => $("drop").classList.remove("over"));
$("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  if (!$("file").disabled) for (const file of event.dataTransfer.files) giveFile(file);
});
addEventListener("pagehide", () => session?.close());

// For the tests that hold the picture against getStats(), and for the curious.
window.auger = { get session() { return session; }, get chat() { return chat; }, pictureOf, look };

try {
  config = await (await fetch("config.json")).json();
} catch {
  tell("the server gave no configuration");
}
$("room").value = params.get("room") ?? config.room ?? "demo";
if (params.get("offer") === "other") $("offerer").value = "other";
if (params.has("auto")) join($("room").value);
