// One connection to one other member: RTCPeerConnection, its descriptions and candidates. What it
// looks like on the page is app.js's affair.

const SILENT_MS = 2000; // a path that is silent no longer than this may come back by itself

export class Session extends EventTarget {
  constructor(signalling, other, id, iceServers) {
    super();
    this.signalling = signalling;
    this.other = other;
    this.id = id;
    this.early = []; // candidates that came before the description
    this.offered = false; // the first offer was ours: where two cross it goes first
    this.offering = false; // one is being made
    this.wasConnected = false;
    this.startedAt = performance.now();
    this.pc = new RTCPeerConnection({ iceServers });
    this.pc.onicecandidate = ({ candidate }) => this.signalCandidate(candidate);
    this.pc.oniceconnectionstatechange = () => this.iceChanged(this.pc.iceConnectionState);
    this.pc.onconnectionstatechange = () => this.tell("state", this.pc.connectionState);
    this.pc.ondatachannel = ({ channel }) => this.tell("channel", channel);
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  send(type, fields) {
    this.signalling.send({ type, to: this.other, session: this.id, ...fields });
  }

  // Firefox says "" before null; both mean the end, and the other side hears it once.
  signalCandidate(candidate) {
    if (candidate && candidate.candidate === "") return;
    this.send("candidate", { candidate: candidate ? candidate.candidate : "" });
    if (candidate) this.tell("candidate", { side: "here", line: candidate.candidate });
  }

  iceChanged(state) {
    this.tell("ice", state);
    clearTimeout(this.silence);
    if (state === "connected" || state === "completed") this.wasConnected = true;
    else if (this.wasConnected && (state === "disconnected" || state === "failed"))
      this.silence = setTimeout(() => this.restart().catch(() => {}), state === "failed" ? 0 : SILENT_MS);
  }

  // An offer that waits, of either side, is a restart as good as this one.
  async restart() {
    if (this.pc.signalingState !== "stable" || this.offering) return;
    this.tell("restart", "here");
    this.pc.restartIce();
    await this.describe("offer");
  }

  async describe(type) {
    this.offering = type === "offer";
    try {
      await this.pc.setLocalDescription();
      this.send(type, { sdp: this.pc.localDescription.sdp });
    } finally {
      this.offering = false;
    }
  }

  async offer() {
    this.offered = true;
    const chat = this.pc.createDataChannel("chat");
    this.tell("channel", chat);
    await this.describe("offer");
  }

  async takeOffer(sdp) {
    if (this.offered && (this.offering || this.pc.signalingState === "have-local-offer")) return;
    if (this.pc.remoteDescription) this.tell("restart", "there");
    // Takes an offer of ours back, if one waits.
    await this.pc.setRemoteDescription({ type: "offer", sdp });
    await this.describe("answer");
    await this.takeEarly();
  }

  async takeAnswer(sdp) {
    await this.pc.setRemoteDescription({ type: "answer", sdp });
    await this.takeEarly();
  }

  async takeCandidate(line) {
    if (!this.pc.remoteDescription) {
      this.early.push(line);
      return;
    }
    if (line) this.tell("candidate", { side: "there", line });
    await this.pc.addIceCandidate(line ? { candidate: line, sdpMLineIndex: 0 } : undefined);
  }

  async takeEarly() {
    for (const line of this.early.splice(0)) await this.takeCandidate(line);
  }

  close() {
    this.send("bye", {});
    this.end();
  }

  end() {
    clearTimeout(this.silence);
    this.pc.onconnectionstatechange = this.pc.oniceconnectionstatechange = null;
    this.pc.close();
  }
}
