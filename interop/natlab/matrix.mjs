// Every kind of router against every other, on real routers where there are such: which meetings the
// laboratory has, and how they come out. docs/interop.md has the table.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Lab } from "./lab.mjs";
import { isReal } from "./kinds.mjs";
import { iceServersOf, meetNatives, meetOther, meetOthers, startNative, startServer } from "./meeting.mjs";
import { expected, openServer, probe } from "./probe.mjs";
import { expectedOf, isPredictable } from "./table.mjs";
import { Tab } from "./tab.mjs";

// The routers of a path, the one at home first, as they stand in a drawing.
const kind = (name, ...path) => ({ name, path, isReal: path.every((words) => isReal(words.split(",")[0])) });

export const KINDS = [
  kind("none"),
  kind("firewall", "firewall"),
  kind("full cone", "full-cone"),
  kind("full cone by a fixed rule", "static-full-cone"),
  kind("address-restricted", "address-restricted"),
  kind("port-restricted", "port-restricted"),
  kind("port-restricted, with hairpins", "port-restricted, hairpin"),
  kind("symmetric", "symmetric"),
  kind("symmetric, fully random", "fully-random"),
  kind("UDP blocked", "udp-blocked"),
  kind("TCP to 443 alone", "tcp443-only"),
  kind("port-restricted behind the same", "port-restricted", "port-restricted"),
  kind("address-restricted behind a full cone", "address-restricted", "full-cone"),
  kind("full cone behind a symmetric one", "full-cone", "symmetric"),
  kind("symmetric, ports + 1", "APDM/APDF/sequential"),
  kind("symmetric, ports + 2", "APDM/APDF/sequential, stride=2"),
  kind("symmetric, ports + 100", "APDM/APDF/sequential, stride=100"),
  kind("symmetric by address, port-restricted", "ADM/APDF/random"),
  kind("symmetric by address, address-restricted", "ADM/ADF/random"),
  kind("symmetric, open to all", "APDM/EIF/random"),
];

export const byName = (name) => KINDS.find((each) => each.name === name);

const SIDES = ["a", "b"];

// A host on each side for each kind, behind routers of its own.
function drawing(kinds) {
  const lines = ["north (addresses=2) -- internet", "south (addresses=2) -- internet"];
  for (const side of SIDES)
    for (const { path } of kinds) {
      const name = hostName(side, path);
      lines.push([name, ...path.map((words, depth) => `${name}-${depth + 1} (${words})`), "internet"].join(" -- "));
    }
  return lines.join("\n");
}

const hostName = (side, path) => `${side}${KINDS.findIndex((each) => each.path === path)}`;

const LOG = fileURLToPath(new URL("../../build/log", import.meta.url));

function keepTrace(peer, what) {
  const file = join(LOG, `nat ${what}.jsonl`.replace(/[^\w.]+/g, "-"));
  mkdirSync(LOG, { recursive: true });
  copyFileSync(peer.trace, file);
  return file;
}

// At most so many at a time; the results in the order of the list.
export async function inTurns(list, width, work) {
  const results = [], waiting = [...list.entries()];
  const worker = async () => {
    for (let next; (next = waiting.shift()); ) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

export class Matrix {
  static async build(kinds) {
    const matrix = new Matrix();
    matrix.kinds = kinds;
    matrix.lab = await Lab.build(drawing(kinds));
    matrix.servers = { a: await startServer(matrix.lab.host("north")), b: await startServer(matrix.lab.host("south")) };
    return matrix;
  }

  host(side, { path }) {
    return this.lab.host(hostName(side, path));
  }

  // Whether each router is what it is drawn as; throws for the first that is not.
  async verify(width = 4) {
    const server = await openServer(this.lab.host("north"));
    const hosts = SIDES.flatMap((side) => this.kinds.map((each) => this.host(side, each)));
    await inTurns(hosts, width, async (host) => {
      const found = await probe(host, server), should = expected(this.lab.path(host));
      if (found.rfc !== should) throw new Error(`behind ${this.lab.path(host).map((each) => each.kind)} it is ${JSON.stringify(found)}, not ${should}`);
      await host.itsHands.end();
      host.itsHands = undefined;
    });
  }

  expectation(a, b) {
    const rfcs = SIDES.map((side, i) => this.lab.path(this.host(side, [a, b][i])).map(({ rfc }) => rfc));
    return expectedOf(...rfcs);
  }

  // The same where both predict ports.
  expectationPredicted(a, b) {
    const rfcs = SIDES.map((side, i) => this.lab.path(this.host(side, [a, b][i])).map(({ rfc }) => rfc));
    return { ...expectedOf(...rfcs), isDirect: expectedOf(...rfcs).isDirect || rfcs.every(isPredictable) };
  }

  // Ours behind a offers, ours behind b answers: { path, isAsExpected }. Of what is not as expected the traces
  // are kept.
  async meet(a, b) {
    return this.withNatives(a, b, {}, (peers) => meetNatives(...peers, this.expectation(a, b)));
  }

  // The same where both predict, by which they may come to paths of other kinds.
  async meetPredicting(a, b) {
    return this.withNatives(a, b, { predicts: true }, (peers) => meetOther(...peers, this.expectationPredicted(a, b), true));
  }

  async withNatives(a, b, options, work) {
    const peers = [];
    try {
      for (const [side, kind] of [["a", a], ["b", b]]) peers.push(await startNative(this.host(side, kind), this.servers[side], options));
      const result = await work(peers);
      if (!result.isAsExpected) result.traces = peers.map((peer, i) => keepTrace(peer, `${a.name}, ${b.name}, ${SIDES[i]}`));
      return result;
    } finally {
      await Promise.all(peers.map((peer) => peer.end()));
    }
  }

  // Peers that are not ours behind both; `start` starts one, of meeting.mjs.
  async meetOthers(a, b, start, options) {
    const peers = [];
    try {
      for (const [side, kind] of [["a", a], ["b", b]]) peers.push(await start(this.host(side, kind), this.servers[side], options));
      return await meetOthers(...peers);
    } finally {
      await Promise.all(peers.map((peer) => peer.end()));
    }
  }

  // Ours behind a, and a peer that is not ours and stands behind b already.
  async meetOther(a, b, other) {
    const native = await startNative(this.host("a", a), this.servers.a);
    try {
      return await meetOther(native, other, this.expectation(a, b), true);
    } finally {
      await native.end();
      await other.forget();
    }
  }

  // A browser on side b.
  startTab(b, browser) {
    return Tab.start(this.host("b", b), browser, { iceServers: iceServersOf(this.servers.b) });
  }

  async down() {
    await Promise.all(Object.values(this.servers).map((server) => server.stop()));
    await this.lab.down();
  }
}
