// A tab in a room of `auger serve` (docs/signalling.md), which answers every offer of one other member. The
// server hears its own pages alone, so another tab, with one of these, is in the room for it.

import { answerWhole } from "./pair.mjs";

// Resolves, once in the room, to the texts of the offers as they come; with `call` who is there is asked for one.
export async function answerIn(door, tab, room, { call = false } = {}) {
  const offers = [];
  const reply = (message) =>
    door.page.evaluate((fields) => {
      const { socket, to, session } = window.room;
      socket.send(JSON.stringify({ to, session, ...fields }));
    }, message);

  async function take(message) {
    if (message.type === "candidate") {
      await tab.call("cand", { cand: message.candidate ? { candidate: message.candidate, sdpMLineIndex: 0 } : null });
      return;
    }
    const { sdp } = await (offers.length === 0 ? begin(message) : restart(message));
    await reply({ type: "answer", sdp });
    offers.push(message.sdp);
  }
  async function begin({ sdp }) {
    await tab.call("new", { config: { iceServers: [] } });
    return answerWhole(tab, { type: "offer", sdp });
  }
  async function restart({ sdp }) {
    await tab.call("remote", { desc: { type: "offer", sdp } });
    return tab.call("answer");
  }

  let last = Promise.resolve();
  const fail = (error) => tab.events.push({ ev: "error", text: error.message });
  door.on("event", ({ message }) => (last = last.then(() => take(message)).catch(fail)));
  tab.on("event", ({ ev, cand }) => {
    if (ev === "cand" && offers.length > 0) reply({ type: "candidate", candidate: cand?.candidate ?? "" }).catch(fail);
  });
  await door.page.evaluate(async (name, calls) => {
    const socket = new WebSocket(`ws://${location.host}/ws/${name}`);
    window.room = { socket };
    const welcome = new Promise((resolve) => {
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === "welcome") resolve(message);
        if (message.type === "offer") Object.assign(window.room, { to: message.from, session: message.session });
        if (/^(offer|candidate)$/.test(message.type)) window.peerEvents.push({ ev: "room", message });
      };
    });
    const { peers } = await welcome;
    if (calls) socket.send(JSON.stringify({ type: "call", to: peers[0].id }));
  }, room, call);
  return offers;
}
