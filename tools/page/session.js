// One connection to one other member: RTCPeerConnection, its descriptions and candidates. What it
// looks like on the page is app.js's affair.

export class Session extends EventTarget {
  constructor(signalling, other, id, iceServers) {
    super();
    this.signalling = signalling;
    this.other = other;
    this.id = id;
    this.early = []; // candidates that came before the description
    this.startedAt = performance.now();
    this.pc = new RTCPeerConnection({ iceServers });
    this.pc.onicecandidate = ({ candidate }) => this.signalCandidate(candidate);
    this.pc.oniceconnectionstatechange = () => this.tell("ice", this.pc.iceConnectionState);
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

  async offer() {
    const chat = this.pc.createDataChannel("chat");
    this.tell("channel", chat);
    await this.pc.setLocalDescription();
    this.send("offer", { sdp: this.pc.localDescription.sdp });
  }

  async takeOffer(sdp) {
    await this.pc.setRemoteDescription({ type: "offer", sdp });
    await this.pc.setLocalDescription();
    this.send("answer", { sdp: this.pc.localDescription.sdp });
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
    this.pc.onconnectionstatechange = this.pc.oniceconnectionstatechange = null;
    this.pc.close();
  }
}
