// node-datachannel, which is libdatachannel with libjuice, behind the peer protocol (lib/lines.mjs): as much
// of it as lib/pair.mjs needs to bring two peers together.

import { createInterface } from "node:readline";
import ndc from "node-datachannel";

const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

let connection, described;
const channels = new Map();

// libjuice takes relays over UDP alone, and a user and a password inside the URI.
function serverOf({ urls, username, credential }) {
  const [, scheme, host, port] = urls.match(/^(stun|turn):([^:?]+):?(\d+)?/);
  if (/transport=tcp/.test(urls)) return [];
  return [scheme === "stun" ? `stun:${host}:${port ?? 3478}` : `turn:${username}:${credential}@${host}:${port ?? 3478}`];
}

function adopt(channel) {
  const label = channel.getLabel();
  channels.set(label, channel);
  channel.onOpen(() => tell({ ev: "open", label }));
  channel.onMessage((data) => {
    if (typeof data === "string" && data.startsWith("ping")) channel.sendMessage(`pong${data.slice(4)}`);
    tell({ ev: "msg", label, bin: typeof data !== "string", n: data.length, data: typeof data === "string" ? data : undefined });
  });
}

const OPS = {
  new({ config }) {
    connection = new ndc.PeerConnection("peer", { iceServers: config.iceServers.flatMap(serverOf) });
    described = new Promise((resolve) => connection.onLocalDescription((sdp, type) => resolve({ type, sdp })));
    connection.onLocalCandidate((candidate, mid) => tell({ ev: "cand", cand: { candidate: candidate.replace(/^a=/, ""), sdpMid: mid, sdpMLineIndex: 0 } }));
    connection.onGatheringStateChange((state) => state === "complete" && tell({ ev: "cand", cand: null }));
    connection.onStateChange((value) => tell({ ev: "state", which: "conn", value }));
    connection.onDataChannel(adopt);
  },
  dc: ({ label }) => adopt(connection.createDataChannel(label)),
  offer: () => described,
  answer: () => described,
  remote: ({ desc }) => connection.setRemoteDescription(desc.sdp, desc.type),
  cand: ({ cand }) => cand && connection.addRemoteCandidate(cand.candidate, cand.sdpMid ?? "0"),
  send: ({ label, data }) => channels.get(label).sendMessage(data),
  pair: () => connection.getSelectedCandidatePair(),
  close: () => connection.close(),
};

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { op, id, ...fields } = JSON.parse(line);
  try {
    tell({ id, ok: (await OPS[op](fields)) ?? null });
  } catch (error) {
    tell({ id, err: error.message });
  }
}).on("close", () => process.kill(process.pid, "SIGKILL")); // its threads keep an exit waiting for seconds
tell({ ev: "ready" });
