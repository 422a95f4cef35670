// The page: what was pressed, what came, and what is shown. Texts from a peer are only ever put into
// textContent.

import { PROTOCOL, equal, receive, send as sendFile, sha256 } from "./files.js";
import { draw, milliseconds, pictureOf, readPicture } from "./picture.js";
import { Session } from "./session.js";
import { Signalling } from "./signalling.js";
import { asLine, shorten } from "./text.js";

const $ = (id) => document.getElementById(id);
const params = new URLSearchParams(location.search);
const POLL_MS = 400;
const PIPE = "auger-pipe"; // the protocol of a channel of `auger connect`
// What is shown, and held, at the most of what others send.
const STORY_MAX = 400;
const MESSAGES_MAX = 400;
const MESSAGE_MAX = 10000; // characters
const TRANSFERS_MAX = 20;
const INCOMING_MAX = 4;

let config = { room: "demo" };
let signalling = null;
let session = null;
let chat = null;
let poll = null;
let theirs = null; // the picture as the other side sees it
let incoming = 0; // files on their way to us
let startedAt = performance.now();

// --- what is shown --------------------------------------------------------------

const STATUS = {
  idle: "not connected",
  waiting: "waiting for somebody",
  busy: "looking for a path",
  open: "connected",
  failed: "no connection",
};

function show(state, text, trouble = "") {
  $("trouble").textContent = trouble;
  $("status").dataset.state = state === "waiting" ? "busy" : state;
  $("status").textContent = text ?? STATUS[state];
  $("connect-button").textContent = state === "idle" || state === "failed" ? "Connect" : "Disconnect";
}

// To scroll is to lay out, which a flood must not cause for each of its messages.
const toScroll = new Set();

const bytesText = (n) => `${n.toLocaleString()} ${n === 1 ? "byte" : "bytes"}`;

function scrollSoon(list) {
  if (toScroll.size === 0)
    requestAnimationFrame(() => {
      for (const each of toScroll) each.scrollTop = each.scrollHeight;
      toScroll.clear();
    });
  toScroll.add(list);
}

function add(list, item, max) {
  list.append(item);
  while (list.childElementCount > max) list.firstElementChild.remove();
  scrollSoon(list);
}

function tell(text) {
  const time = document.createElement("time");
  const what = document.createElement("span");
  const item = document.createElement("li");
  time.textContent = milliseconds(performance.now() - startedAt);
  what.textContent = asLine(text, 300);
  item.append(time, what);
  add($("story"), item, STORY_MAX);
}

function say(text, mine) {
  const item = document.createElement("li");
  item.textContent = shorten(text, MESSAGE_MAX);
  item.className = mine ? "mine" : "theirs";
  add($("messages"), item, MESSAGES_MAX);
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
  // Firefox tells none of its own, the other side measures the same way.
  const rtt = pair.rtt_ms || theirs?.pairs.find((each) => each.selected)?.rtt_ms;
  $("fact-rtt").textContent = rtt > 0 ? milliseconds(rtt) : "–";
  $("fact-dtls").textContent = picture.dtls || "–";
}

async function look() {
  if (!session) return;
  const picture = await pictureOf(session.pc);
  draw($("picture-here"), picture);
  showFacts(picture);
}

function showTheirs(picture) {
  theirs = readPicture(picture);
  draw($("picture-there"), theirs);
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
  session.addEventListener("restart", ({ detail }) =>
    tell(detail === "here" ? "we restart ICE" : "the other side restarts ICE"));
  session.addEventListener("state", ({ detail }) => stateChanged(detail));
  session.addEventListener("channel", ({ detail }) => takeChannel(detail));
  poll = setInterval(look, POLL_MS);
  show("busy");
  return session;
}

const NO_PATH = "No path was found. Perhaps UDP is blocked between the two, or the other side is gone. What was tried is told below.";

function stateChanged(state) {
  tell(`the connection is ${state}`);
  if (state === "failed") {
    show("failed", undefined, NO_PATH);
    enable(false);
  }
  if (state === "disconnected") show("busy", "path lost, waiting");
  if (state === "connected" && chat?.readyState === "open") {
    show("open");
    enable(true);
  }
  if (state === "closed") endSession();
}

function endSession() {
  clearInterval(poll);
  session?.end();
  session = chat = theirs = null;
  enable(false);
}

// The first channel is for talking, what others there are but those of files are closed again.
function takeChannel(channel) {
  if (channel.protocol === PROTOCOL) {
    takeFile(channel);
    return;
  }
  if (chat) {
    channel.close();
    return;
  }
  chat = channel;
  channel.binaryType = "arraybuffer";
  channel.onmessage = ({ data }) => takeMessage(channel, data);
  channel.onclose = () => chatClosed(channel);
  // Firefox may hand over a channel that is open and say so again.
  channel.onopen = () => {
    channel.onopen = null;
    chatOpened(channel);
  };
  if (channel.readyState === "open") channel.onopen();
}

// `auger connect` tells the end of its input by an empty message.
function takeMessage(channel, data) {
  if (typeof data === "string") say(data, false);
  else if (data.byteLength === 0 && channel.protocol === PIPE) tell("the other side has said all it had to say");
  else say(bytesText(data.byteLength), false);
}

function chatOpened(channel) {
  tell(`the channel “${channel.label}” is open`);
  $("fact-open").textContent = milliseconds(performance.now() - session.startedAt);
  show("open");
  enable(true);
  look();
}

function chatClosed(channel) {
  if (chat !== channel) return;
  tell(`the channel “${channel.label}” is closed`);
  endSession();
  show("idle", "closed by the other side");
}

// --- files ----------------------------------------------------------------------

function addTransfer(row) {
  const list = $("transfers");
  list.prepend(row);
  while (list.childElementCount > TRANSFERS_MAX) {
    const link = list.lastElementChild.querySelector("a");
    if (link) URL.revokeObjectURL(link.href);
    list.lastElementChild.remove();
  }
}

function transferRow(name) {
  const row = document.createElement("li");
  const title = document.createElement("bdi");
  const bar = document.createElement("progress");
  const verdict = document.createElement("div");
  title.textContent = asLine(name, 200);
  verdict.className = "verdict";
  bar.value = 0;
  row.append(title, bar, verdict);
  addTransfer(row);
  return {
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
    // Only to be saved: what came is never opened as a page of ours.
    keep: (bytes, name) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
      link.download = name;
      link.textContent = name;
      title.replaceChildren(link, ` (${bytesText(bytes.length)})`);
    },
  };
}

// What the other side made of a file of ours: gave it back, or kept it.
async function judge(file, { header, bytes }) {
  const ours = new Uint8Array(await file.arrayBuffer());
  const hash = await sha256(ours);
  const told = header.sha256 ? `; SHA-256 ${header.sha256}` : "";
  const same = header.size === ours.length && (header.kept || equal(ours, bytes)) &&
    (!hash || !header.sha256 || hash === header.sha256);
  if (!same) return { text: "what came back is not what was sent", ok: false };
  return { text: `${header.kept ? "taken by the other side" : "there and back, every byte"}${told}`, ok: true };
}

async function giveFile(file) {
  const row = transferRow(file.name);
  const channel = session.pc.createDataChannel(`file ${file.name}`.slice(0, 200), { protocol: PROTOCOL });
  try {
    const coming = receive(channel, row.progress);
    coming.catch(() => {});
    await sendFile(channel, file, row.progress);
    const answer = await coming;
    const { text, ok } = await judge(file, answer);
    if (ok && !answer.header.kept) row.keep(answer.bytes, answer.header.name);
    row.conclude(text, ok);
  } catch (error) {
    row.conclude(`not sent: ${error.message}`, false);
  } finally {
    channel.close();
  }
}

async function takeFile(channel) {
  if (incoming >= INCOMING_MAX) {
    channel.close();
    return;
  }
  incoming++;
  const row = transferRow(channel.label);
  try {
    const { header, bytes } = await receive(channel, row.progress);
    const hash = await sha256(bytes);
    channel.send(JSON.stringify({ name: header.name, size: bytes.length, type: header.type, sha256: hash ?? "", kept: true }));
    row.keep(bytes, header.name);
    row.conclude(hash ? `received; SHA-256 ${hash}` : "received", true);
  } catch (error) {
    row.conclude(`not received: ${error.message}`, false);
    channel.close();
  } finally {
    incoming--;
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
  endSession();
  show("failed", undefined, asLine(error.message, 300));
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

// Of our session, and from whom it is with.
const ours = (message) => session && session.id === message.session && session.other === message.from;

// A third one does not take the place of somebody who is still here.
const isTaken = (from) =>
  session && session.other !== from && !session.otherLeft && session.pc.connectionState !== "failed";

function refuse({ from, session: id }) {
  if (id) signalling.send({ type: "bye", to: from, session: id });
  tell("somebody else wanted to connect");
}

const handlers = {
  welcome,
  joined: () => tell("somebody joined"),
  left: ({ id }) => {
    if (session?.other !== id) return;
    session.otherLeft = true;
    tell("the other side left the room");
  },
  call: (message) => {
    if (isTaken(message.from)) refuse(message);
    else newSession(message.from, randomId()).offer().catch(failed);
  },
  offer: (message) => {
    if (ours(message)) {
      session.takeOffer(message.sdp).catch(failed);
      return;
    }
    if (isTaken(message.from)) {
      refuse(message);
      return;
    }
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
    if ($("status").dataset.state === "busy") failed(new Error("The server did not let us in, or is gone."));
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
window.auger = { get session() { return session; }, get theirs() { return theirs; }, pictureOf, look };

try {
  config = await (await fetch("config.json")).json();
} catch {
  tell("the server gave no configuration");
}
$("room").value = params.get("room") ?? config.room ?? "demo";
if (params.get("offer") === "other") $("offerer").value = "other";
if (params.has("auto")) join($("room").value);
