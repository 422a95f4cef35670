// The peer protocol inside a browser: window.peerOp() does one request, window.peerEvents holds what
// happened since it was last emptied.

const SIZE_OF_BATCH = 200;
window.peerEvents = [];
const peer = { pc: null, channels: new Map(), received: 0, startedAt: 0 };

function tell(ev, fields = {}) {
  window.peerEvents.push({ ev, t: performance.now() - peer.startedAt, ...fields });
}

function pattern(n, first) {
  const bytes = new Uint8Array(n);
  for (let i = 0; i < n; i++) bytes[i] = (31 * i) & 255;
  if (n > 0) bytes[0] = first;
  return bytes;
}

function takeMessage(channel, data) {
  if (typeof data === "string") {
    tell("msg", { label: channel.label, bin: false, n: data.length, data: data.slice(0, SIZE_OF_BATCH) });
    if (data.startsWith("ping")) channel.send(`pong${data.slice(4)}`);
    return;
  }
  const bytes = new Uint8Array(data);
  peer.received += bytes.length;
  const expected = bytes.length ? pattern(bytes.length, bytes[0]) : bytes;
  tell("msg", { label: channel.label, bin: true, n: bytes.length, first: bytes[0], intact: bytes.every((b, i) => b === expected[i]) });
  if (bytes.length && bytes[0] === 0xe0) {
    bytes[0] = 1;
    channel.send(bytes);
  }
}

function adopt(channel) {
  peer.channels.set(channel.label, channel);
  channel.binaryType = "arraybuffer";
  let open = false;
  const opened = () => {
    if (!open) tell("open", { label: channel.label, dcid: channel.id });
    open = true;
  };
  if (channel.readyState === "open") opened();
  channel.addEventListener("open", opened);
  channel.onclose = () => tell("dcclose", { label: channel.label });
  channel.onmessage = ({ data }) => takeMessage(channel, data);
}

const ops = {
  new({ config }) {
    const pc = new RTCPeerConnection(config);
    peer.pc = pc;
    pc.onicecandidate = ({ candidate }) => {
      if (candidate && candidate.candidate === "") return;
      tell("cand", { cand: candidate && candidate.toJSON() });
    };
    pc.onicecandidateerror = (event) => tell("canderr", { code: event.errorCode, text: event.errorText });
    pc.oniceconnectionstatechange = () => tell("state", { which: "ice", value: pc.iceConnectionState });
    pc.onconnectionstatechange = () => tell("state", { which: "conn", value: pc.connectionState });
    pc.ondatachannel = ({ channel }) => {
      tell("datachannel", { label: channel.label, protocol: channel.protocol, ordered: channel.ordered });
      adopt(channel);
    };
    return null;
  },
  dc({ label, init }) {
    adopt(peer.pc.createDataChannel(label, init));
    return null;
  },
  restart() {
    peer.pc.restartIce();
    return null;
  },
  async offer() {
    peer.startedAt = performance.now();
    await peer.pc.setLocalDescription(await peer.pc.createOffer());
    return peer.pc.localDescription.toJSON();
  },
  async answer() {
    peer.startedAt = performance.now();
    await peer.pc.setLocalDescription(await peer.pc.createAnswer());
    return peer.pc.localDescription.toJSON();
  },
  async remote({ desc }) {
    await peer.pc.setRemoteDescription(desc);
    return null;
  },
  async cand({ cand }) {
    await peer.pc.addIceCandidate(cand ?? undefined);
    return null;
  },
  local: () => peer.pc.localDescription.toJSON(),
  send({ label = "d", data }) {
    peer.channels.get(label).send(data);
    return null;
  },
  sendbin({ label = "d", n, first }) {
    peer.channels.get(label).send(pattern(n, first));
    return null;
  },
  rx: () => peer.received,
  async pair() {
    const stats = [...(await peer.pc.getStats()).values()];
    const transport = stats.find((s) => s.type === "transport");
    const pair = stats.find((s) => s.type === "candidate-pair" &&
      (transport?.selectedCandidatePairId ? s.id === transport.selectedCandidatePairId : s.selected));
    if (!pair) return null;
    const end = (id) => {
      const s = stats.find((each) => each.id === id);
      return [s.candidateType, s.protocol, s.address ?? "", s.port];
    };
    return {
      local: end(pair.localCandidateId), remote: end(pair.remoteCandidateId), rtt: pair.currentRoundTripTime,
      tls: transport?.tlsVersion, cipher: transport?.dtlsCipher, role: transport?.dtlsRole,
    };
  },
  stats: async () => [...(await peer.pc.getStats()).values()],
  dcclose({ label = "d" }) {
    peer.channels.get(label).close();
    return null;
  },
  close() {
    peer.pc.close();
    return null;
  },
};

window.peerOp = async (request) => {
  try {
    return { ok: (await ops[request.op](request)) ?? null };
  } catch (error) {
    return { err: String(error) };
  }
};
