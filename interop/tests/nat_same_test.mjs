// The NAT of the simulated internet held against that of the Linux kernel: the same datagrams through
// both, in cases that say something and in sequences that are drawn. Run by interop/natlab/enter.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { test } from "../lib/check.mjs";
import { Lab } from "../natlab/lab.mjs";
import { openServer } from "../natlab/probe.mjs";
import { both } from "../natlab/same.mjs";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));
const SEQUENCES = 3, STEPS = 40;

// Linux keeps a port for all destinations but those towards which somebody else has it, and whatever passes,
// either way, keeps the flow.
const LINUX = { kind: "EIM/APDF/preserve", reuse: true, refresh: "both" };

// Of each kind: what it is in the simulated internet, and whether two hosts may have the same port inside.
// Routers that learn whose a port is know one owner of each, so there they may not.
const KINDS = {
  "port-restricted": { thought: LINUX, isShared: true },
  symmetric: { thought: { ...LINUX, kind: "APDM/APDF/random" }, isShared: true },
  "address-restricted": { thought: { ...LINUX, kind: "EIM/ADF/preserve" } },
  "full-cone": { thought: { ...LINUX, kind: "EIM/EIF/preserve" } },
  firewall: { thought: { kind: "firewall", refresh: "both" }, isShared: true },
};

const CASES = {
  "a mapping for every destination, or one for each": [
    ["a1", "to", "s0"], ["a1", "to", "s1"], ["a1", "to", "s2"], ["a1", "to", "s3"], ["a1", "to", "s0"]],
  "who was sent to answers": [["a1", "to", "s0"], ["s0", "to", "a1", "at s0"], ["s0", "to", "a1", "at s0"]],
  "who was not sent to does not, but where filters are open": [
    ["a1", "to", "s0"], ["s1", "to", "a1", "at s0"], ["s2", "to", "a1", "at s0"], ["s3", "to", "a1", "at s0"]],
  "a datagram opens the filter for its destination, and for what else the filter takes for that": [
    ["a1", "to", "s0"], ["s2", "to", "a1", "at s0"], ["a1", "to", "s2"], ["s2", "to", "a1", "at s0"], ["s3", "to", "a1", "at s0"],
    ["s2", "to", "a1", "at s2"], ["s3", "to", "a1", "at s2"]],
  "what was refused makes no mapping, and none that is in the way": [
    ["a1", "to", "s0"], ["s2", "to", "a1", "at s0"], ["a1", "to", "s2"], ["s2", "to", "a1", "at s2"]],
  "one socket's filter is not another's": [
    ["a1", "to", "s0"], ["a2", "to", "s2"], ["s2", "to", "a1", "at s0"], ["s0", "to", "a2", "at s2"]],
};
// Where two hosts have the same port.
const COLLISIONS = {
  "two hosts with one port, to one destination": [
    ["a1", "to", "s0"], ["b1", "to", "s0"], ["s0", "to", "a1", "at s0"], ["s0", "to", "b1", "at s0"]],
  "two hosts with one port, to two destinations": [
    ["a1", "to", "s0"], ["b1", "to", "s2"], ["s0", "to", "a1", "at s0"], ["s2", "to", "b1", "at s2"], ["a1", "to", "s2"], ["b1", "to", "s0"]],
  "who has lost a port towards one destination is shown the other one from then on": [
    ["a1", "to", "s0"], ["b1", "to", "s1"], ["b1", "to", "s0"], ["b1", "to", "s2"], ["a1", "to", "s2"], ["a1", "to", "s3"], ["b1", "to", "s1"],
    ["s2", "to", "b1", "at s2"], ["s2", "to", "a1", "at s2"]],
};

// mulberry32: the same sequence for the same seed.
function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return (list) => list[next() % list.length];
}

function drawSteps(pick) {
  const steps = [], shown = [];
  while (steps.length < STEPS) {
    if (shown.length && pick([true, true, false])) {
      steps.push([pick(["s0", "s1", "s2", "s3"]), "to", ...pick(shown)]);
      continue;
    }
    const socket = pick(["a1", "a2", "b1"]), place = pick(["s0", "s1", "s2", "s3"]);
    steps.push([socket, "to", place]);
    shown.push([socket, `at ${place}`]);
  }
  return steps;
}

let nextPort = 20000;

// Each router has hosts of its own, so that what waits for one of them holds up no other.
describe("the simulated NAT and the kernel's do the same", { concurrency: 7 }, () => {
  let lab, server;
  before(async () => {
    const homes = Object.keys(KINDS).map((kind, i) => `
      a${i} -- r${i} (${kind}) -- internet
      b${i} -- r${i}`);
    lab = await Lab.build(`
      server (addresses=2) -- internet
      ${homes.join("")}
      aq -- quick (port-restricted, timeout=2) -- internet
      ah -- turns (full-cone, hairpin) -- internet
      bh -- turns`);
    server = await openServer(lab.host("server"));
  });
  after(() => lab?.down());

  const through = (i, kind, steps) => {
    const { thought, isShared } = KINDS[kind];
    const [first, second, third] = [nextPort++, nextPort++, nextPort++];
    const hosts = { a: [lab.host(`a${i}`), first, second], b: [lab.host(`b${i}`), isShared ? first : third] };
    return both({ router: lab.router(`r${i}`), hosts, server, thought, steps });
  };

  Object.entries(KINDS).forEach(([kind, { isShared }], i) => describe(kind, { concurrency: 1 }, () => {
    for (const [what, steps] of Object.entries({ ...CASES, ...(isShared && COLLISIONS) }))
      test(`${kind}: ${what}`, async () => {
        const { kernel, simulated } = await through(i, kind, steps);
        assert.deepEqual(simulated, kernel);
      });
    for (let n = 0; n < SEQUENCES; n++)
      test(`${kind}: sequence ${n + 1} of seed ${SEED}`, async () => {
        const { kernel, simulated } = await through(i, kind, drawSteps(random(SEED + 1000 * n + i)));
        assert.deepEqual(simulated, kernel);
      });
  }));

  test("a hairpin shows the source as from outside", async () => {
    const { kernel, simulated } = await both({
      router: lab.router("turns"), hosts: { a: [lab.host("ah"), nextPort++], b: [lab.host("bh"), nextPort++] }, server,
      thought: { ...KINDS["full-cone"].thought, hairpin: "external" },
      steps: [["a1", "to", "s0"], ["b1", "to", "s0"], ["a1", "to", "b1", "at s0"], ["b1", "to", "a1", "at s0"]],
    });
    assert.deepEqual(simulated, kernel);
    assert.equal(kernel[2], "a1 to b1 at s0: b1 from kept");
  });

  // Both are told of the same waits, as the clock had them: on a busy machine they are longer, for both.
  describe("by the clock", { concurrency: 1 }, () => [
    ["a mapping that nothing refreshes is forgotten", [["a1", "to", "s0"], ["wait", 3000], ["s0", "to", "a1", "at s0"]]],
    ["what comes in refreshes too", [["a1", "to", "s0"], ["wait", 1100], ["s0", "to", "a1", "at s0"], ["wait", 1100], ["s0", "to", "a1", "at s0"]]],
  ].forEach(([what, steps]) =>
    test(`by the clock: ${what}`, async () => {
      const thought = { ...LINUX, timeout: "2" };
      for (let tries = 0; ; tries++) {
        const { kernel, simulated, waits } = await both({
          router: lab.router("quick"), hosts: { a: [lab.host("aq"), nextPort++] }, server, thought, steps });
        // What took nearly as long as a mapping lives says nothing of either.
        if (waits.some((ms) => Math.abs(ms - 2000) < 400) && tries < 5) continue;
        assert.deepEqual(simulated, kernel);
        break;
      }
    })));
});
