// A live picture of one side: its candidates left, the other side's right, a line for every pair.
// A picture is {local, remote, pairs} as in docs/signalling.md, whoever it comes from.

import { asLine } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const BOX = { height: 38, gap: 12, margin: 12 };
const LETTER = 6.4; // the width of one, about
const GAP_LEAST = 52; // between the columns, for the lines
const CANDIDATES_MAX = 64;
const PAIRS_MAX = 100;

// Drawn at the size it is shown in, so that letters stay readable on a phone.
function measure(node) {
  const width = Math.max(300, node.clientWidth || 460);
  const box = Math.min(190, (width - 2 * BOX.margin - GAP_LEAST) / 2);
  return { width, box, letters: Math.floor((box - 16) / LETTER) };
}

function element(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function short(text, max) {
  const tail = Math.ceil(max / 2);
  return text.length <= max ? text : `${text.slice(0, max - tail - 1)}…${text.slice(-tail)}`;
}

function middleOf(index) {
  return BOX.margin + index * (BOX.height + BOX.gap) + BOX.height / 2;
}

function box(candidate, index, x, side, size) {
  const group = element("g", { "data-candidate": candidate.address, "data-type": candidate.type, "data-side": side });
  const y = middleOf(index) - BOX.height / 2;
  group.append(
    element("rect", { x, y, width: size.box, height: BOX.height, rx: 8 }),
    element("text", { x: x + 10, y: y + 16 }, short(candidate.address, size.letters)),
    element("text", { x: x + 10, y: y + 30, class: "kind" }, candidate.type),
    element("title", {}, `${candidate.type} ${candidate.address}, priority ${candidate.priority}`),
  );
  return group;
}

function line(pair, from, to, size) {
  const x1 = BOX.margin + size.box;
  const x2 = size.width - x1;
  const bend = (x2 - x1) / 2;
  const d = `M${x1} ${from} C${x1 + bend} ${from} ${x2 - bend} ${to} ${x2} ${to}`;
  const path = element("path", {
    d,
    "data-pair": `${pair.local} ${pair.remote}`,
    "data-state": pair.state,
    "data-selected": pair.selected ? "yes" : "no",
    "data-rtt": pair.rtt_ms ?? "",
  });
  path.append(element("title", {}, `${pair.local} to ${pair.remote}: ${pair.state}`));
  return path;
}

function indexOf(candidates, address) {
  const index = candidates.findIndex((candidate) => candidate.address === address);
  return index < 0 ? 0 : index;
}

export function draw(node, picture) {
  const { local, remote, pairs } = picture;
  const size = measure(node);
  const rows = Math.max(local.length, remote.length, 1);
  const height = BOX.margin * 2 + rows * (BOX.height + BOX.gap) - BOX.gap;
  const svg = element("svg", { viewBox: `0 0 ${size.width} ${height}`, role: "img", "aria-label": describe(picture) });

  // The one in use is drawn last, over the others.
  for (const pair of [...pairs].sort((a, b) => Number(a.selected) - Number(b.selected))) {
    const from = middleOf(indexOf(local, pair.local));
    const to = middleOf(indexOf(remote, pair.remote));
    svg.append(line(pair, from, to, size));
    if (pair.selected && pair.rtt_ms > 0)
      svg.append(element("text", { x: size.width / 2, y: (from + to) / 2 - 7, class: "rtt", "text-anchor": "middle" }, milliseconds(pair.rtt_ms)));
  }
  local.forEach((candidate, i) => svg.append(box(candidate, i, BOX.margin, "local", size)));
  remote.forEach((candidate, i) => svg.append(box(candidate, i, size.width - BOX.margin - size.box, "remote", size)));
  node.replaceChildren(svg);
}

export function milliseconds(value) {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function describe({ local, remote, pairs }) {
  const selected = pairs.find((pair) => pair.selected);
  const path = selected ? `data flows from ${selected.local} to ${selected.remote}` : "no path yet";
  return `${local.length} candidates here, ${remote.length} there, ${pairs.length} pairs; ${path}`;
}

const STATES = { __proto__: null, succeeded: "succeeded", failed: "failed", waiting: "waiting", frozen: "frozen", "in-progress": "in-progress", cancelled: "cancelled" };

function address(candidate) {
  const ip = candidate.address ?? candidate.ip;
  const port = candidate.port ? `:${candidate.port}` : "";
  if (!ip) return `hidden${port}`;
  return ip.includes(":") ? `[${ip}]${port}` : `${ip}${port}`;
}

function candidate(stat) {
  return { type: stat.candidateType, address: address(stat), priority: stat.priority };
}

function objects(value, max) {
  return Array.isArray(value) ? value.filter((each) => each && typeof each === "object").slice(0, max) : [];
}

function readCandidate({ type, address, priority }) {
  return { type: asLine(type, 10), address: asLine(address, 100), priority: Number(priority) || 0 };
}

function readPair({ local, remote, state, nominated, selected, rtt_ms: rtt }) {
  return {
    local: asLine(local, 100),
    remote: asLine(remote, 100),
    state: STATES[state] ?? "waiting",
    nominated: nominated === true,
    selected: selected === true,
    rtt_ms: Number.isFinite(rtt) && rtt > 0 ? rtt : 0,
  };
}

// A picture that came from the other side, whatever it is.
export function readPicture(value) {
  const { local, remote, pairs } = value && typeof value === "object" ? value : {};
  return {
    local: objects(local, CANDIDATES_MAX).map(readCandidate),
    remote: objects(remote, CANDIDATES_MAX).map(readCandidate),
    pairs: objects(pairs, PAIRS_MAX).map(readPair),
  };
}

// Firefox tells some candidates twice, as they were signalled and as their checks showed them, and so it
// does their pairs.
function once(candidates) {
  return [...new Map(candidates.map((each) => [`${each.type} ${each.address}`, each])).values()];
}

function best(pairs) {
  const worth = (pair) => (pair.selected ? 2 : 0) + (pair.state === "succeeded" ? 1 : 0);
  const kept = new Map();
  for (const pair of pairs) {
    const ends = `${pair.local} ${pair.remote}`;
    if (!kept.has(ends) || worth(pair) > worth(kept.get(ends))) kept.set(ends, pair);
  }
  return [...kept.values()];
}

// The same picture, read from getStats() of this browser.
export async function pictureOf(pc) {
  const stats = [...(await pc.getStats()).values()];
  const byId = new Map(stats.map((stat) => [stat.id, stat]));
  const transport = stats.find((stat) => stat.type === "transport");
  const isSelected = (stat) =>
    transport?.selectedCandidatePairId ? stat.id === transport.selectedCandidatePairId : Boolean(stat.selected);
  const udp = (stat) => stat.protocol !== "tcp";
  const local = stats.filter((stat) => stat.type === "local-candidate" && udp(stat)).map(candidate);
  const remote = stats.filter((stat) => stat.type === "remote-candidate" && udp(stat)).map(candidate);
  const pairs = stats
    .filter((stat) => stat.type === "candidate-pair" && byId.has(stat.localCandidateId) && byId.has(stat.remoteCandidateId))
    .map((stat) => ({
      local: address(byId.get(stat.localCandidateId)),
      remote: address(byId.get(stat.remoteCandidateId)),
      state: STATES[stat.state] ?? "waiting",
      nominated: Boolean(stat.nominated),
      selected: isSelected(stat),
      rtt_ms: (stat.currentRoundTripTime ?? 0) * 1000,
    }));
  return { local: once(local), remote: once(remote), pairs: best(pairs), dtls: dtlsOf(transport) };
}

function dtlsOf(transport) {
  if (!transport?.tlsVersion) return "";
  const versions = { FEFF: "DTLS 1.0", FEFD: "DTLS 1.2", FEFC: "DTLS 1.3" };
  const cipher = (transport.dtlsCipher ?? "?").replace(/^TLS_/, "").replaceAll("_", " ");
  return `${versions[transport.tlsVersion.toUpperCase()] ?? transport.tlsVersion}, ${cipher}`;
}
