// Two peers, whatever they are, brought together: one offers, one answers, candidates trickle.

// Forwards a's candidates to b; those that come before b knows a's description wait.
function trickle(a, b) {
  const gate = { open: false, waiting: [] };
  const pass = (cand) => b.call("cand", { cand }).catch((error) => b.candidateErrors?.push(error.message));
  const take = (event) => {
    if (event.ev !== "cand") return;
    const cand = event.cand ? { sdpMLineIndex: 0, ...event.cand } : null;
    if (gate.open) pass(cand);
    else gate.waiting.push(cand);
  };
  a.events.forEach(take);
  a.on("event", take);
  return async () => {
    gate.open = true;
    for (const cand of gate.waiting.splice(0)) await pass(cand);
  };
}

// A description without those of its candidates.
const without = ({ type, sdp }, goes) => ({ type, sdp: sdp.replace(/^a=(candidate:.*|end-of-candidates)\r?\n/gm, (line) => (goes(line) ? "" : line)) });

// A peer that has a `config` of its own takes that. `rewrite` changes the offer on its way. Of a peer that is `unheard` the other side learns no candidate.
export async function connect(offerer, answerer, { channel = {}, config = { iceServers: [] }, rewrite = (sdp) => sdp, unheard, within } = {}) {
  const { label = "d", init = {} } = channel;
  for (const peer of [offerer, answerer]) await peer.call("new", { config: peer.config ?? config });
  const nothing = async () => {};
  const openAnswerer = offerer === unheard ? nothing : trickle(offerer, answerer);
  const openOfferer = answerer === unheard ? nothing : trickle(answerer, offerer);
  const passed = (peer, description) => without(description, () => peer === unheard);

  await offerer.call("dc", { label, init });
  const offer = await offerer.call("offer");
  await answerer.call("remote", { desc: passed(offerer, { ...offer, sdp: rewrite(offer.sdp) }) });
  await openAnswerer();
  const answer = await answerer.call("answer");
  await offerer.call("remote", { desc: passed(answerer, answer) });
  await openOfferer();
  const opened = (peer) => peer.wait((e) => e.ev === "open" && e.label === label, `open channel “${label}”`, 0, within);
  await Promise.all([opened(offerer), opened(answerer)]);
  return { offer, answer };
}

// The answer of a tab that learns none of the offerer's candidates before it has all of its own: a browser that
// connects fast gathers no more.
export async function answerWhole(tab, offer) {
  await tab.call("remote", { desc: without(offer, () => true) });
  await tab.call("answer");
  await tab.wait((e) => e.ev === "cand" && !e.cand, "end of candidates");
  for (const [, candidate] of offer.sdp.matchAll(/^a=(candidate:.*?)\r?$/gm)) await tab.call("cand", { cand: { candidate, sdpMLineIndex: 0 } });
  return tab.call("local");
}

// A further channel, opened by `from`; open at both ends when it resolves.
export async function openChannel(from, to, label, init = {}) {
  await from.call("dc", { label, init });
  const opened = (peer) => peer.wait((e) => e.ev === "open" && e.label === label, `open channel “${label}”`);
  await Promise.all([opened(from), opened(to)]);
}

export async function ping(from, label = "d") {
  const text = `ping ${Math.random()}`;
  const since = from.events.length;
  await from.call("send", { label, data: text });
  await from.wait((e) => e.ev === "msg" && e.data === text.replace("ping", "pong"), "pong", since);
}

// n bytes there and back; the pattern is checked where the peer can.
export async function echo(from, n, label = "d") {
  const since = from.events.length;
  await from.call("sendbin", { label, n, first: 0xe0 });
  return from.wait((e) => e.ev === "msg" && e.bin && e.n === n && e.label === label, `echo of ${n} bytes`, since);
}
