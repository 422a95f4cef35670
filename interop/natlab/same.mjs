// The same datagrams through a router of the kernel and through the NAT of the simulated internet: what
// becomes of each has to be the same. A step is one of
//
//   ["a1", "to", "s0"]            a socket inside sends to a place of the server
//   ["s2", "to", "a1", "at s0"]   a place sends to where that socket was shown when it last sent to s0
//   ["a1", "to", "b1", "at s0"]   so does a socket inside, which has sent to a place before: a hairpin
//   ["wait", 1200]                milliseconds
//
// and what becomes of it is told in words: who got it, and with which port the sender was shown: its own
// (`kept`), or the first, the second... other port that anybody was shown with.

import { NatBox } from "./natbox.mjs";
import { follows, newText, shownAs } from "./probe.mjs";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const portOf = (at) => at.split(":")[1];

class Story {
  // `inside` and `places` are names to addresses with ports.
  constructor(inside, places) {
    Object.assign(this, { inside, places, shown: new Map(), drawn: [] });
  }

  nameOf(at) {
    const all = { ...this.inside, ...this.places };
    return Object.keys(all).find((name) => all[name] === at) ?? at;
  }

  // Ports that are drawn differ; which of them are one may not.
  sourceOf(source, from) {
    if (source in this.places) return this.nameOf(from);
    if (from === this.inside[source]) return "itself";
    const port = portOf(from);
    if (port === portOf(this.inside[source])) return "kept";
    if (!this.drawn.includes(port)) this.drawn.push(port);
    return `port ${this.drawn.indexOf(port) + 1}`;
  }

  async step([source, verb, target, where]) {
    if (source === "wait") return this.wait(verb);
    const to = where ? this.shown.get(`${target} ${where}`) : this.places[target];
    if (!to) throw new Error(`${target} was never shown ${where}`);
    const got = await this.send(source, to);
    if (got && !where) this.shown.set(`${source} at ${target}`, got.from);
    return got ? `${this.nameOf(got.at)} from ${this.sourceOf(source, got.from)}` : "lost";
  }
}

class Kernel extends Story {
  // `sockets` has one for each name; `open` is another one on each host inside, which is in nobody's way.
  constructor(inside, places, sockets, open) {
    super(inside, places);
    Object.assign(this, { sockets, open, lastPlace: {}, since: performance.now(), waits: [] });
  }

  // { at, from }, or undefined: nobody got it.
  async send(source, to) {
    const socket = this.sockets[source], place = Object.keys(this.places).find((name) => this.places[name] === to);
    if (place) {
      this.lastPlace[source] = this.sockets[place];
      return { at: to, from: await shownAs(socket, this.sockets[place]) };
    }
    const text = newText(source);
    await socket.send(to, text);
    await this.settle(socket, this.lastPlace[source]);
    const heard = Object.values(this.sockets).map((each) => each.heard(text)).find(Boolean);
    return heard && { at: heard.socket, from: heard.from };
  }

  // Until what a socket has sent is where it goes to: from inside, what it sends after that to a place, where
  // it changes nothing any more, is there, and so is what that place, or the socket, sends to all hosts.
  async settle(socket, place) {
    if (place) await follows(socket, place.at, place);
    for (const each of this.open) await follows(place ?? socket, await shownAs(each, place ?? socket), each);
  }

  // How long it was since the wait before, as the clock has it.
  async wait(ms) {
    await pause(ms);
    const now = performance.now();
    this.waits.push(Math.round(now - this.since));
    this.since = now;
    return "waited";
  }
}

class Thought extends Story {
  constructor(inside, places, box, waits) {
    super(inside, places);
    Object.assign(this, { box, waits: [...waits] });
  }

  async send(source, to) {
    const isInside = source in this.inside;
    const { verdict, src, dst } = await this.box.say(isInside ? "out" : "in", (isInside ? this.inside : this.places)[source], to);
    return ["forwarded", "turned back"].includes(verdict) ? { at: dst, from: src } : undefined;
  }

  async wait() {
    await this.box.say("wait", this.waits.shift());
    return "waited";
  }
}

async function run(story, steps) {
  const told = [];
  for (const step of steps) told.push(`${step.join(" ")}: ${await story.step(step)}`);
  return told;
}

// Runs the steps through `router`; hosts are { name: [host, port of a socket...] }, whose sockets are
// name1, name2... `thought` is how the simulated NAT is configured. { kernel, simulated, waits }.
export async function both({ router, hosts, server, thought, steps }) {
  const sockets = {}, inside = {}, places = {}, open = [];
  for (const [name, [host, ...ports]] of Object.entries(hosts)) {
    const hands = await host.hands();
    for (const [i, port] of ports.entries()) sockets[`${name}${i + 1}`] = await hands.open({ port });
    open.push(await hands.open());
  }
  for (const [name, socket] of Object.entries(sockets)) inside[name] = socket.at;
  server.places.forEach((place, i) => {
    sockets[`s${i}`] = place;
    places[`s${i}`] = place.at;
  });
  const kernel = new Kernel(inside, places, sockets, open);
  const lan = `${router.network.prefix}.0/24`;
  const box = await NatBox.thought({ external: router.kind === "firewall" ? undefined : router.wan, inside: lan, ...thought });
  try {
    const told = await run(kernel, steps);
    return { kernel: told, simulated: await run(new Thought(inside, places, box, kernel.waits), steps), waits: kernel.waits };
  } finally {
    await Promise.all([...open, ...Object.keys(inside).map((name) => sockets[name])].map((socket) => socket.close()));
    await box.end();
  }
}
