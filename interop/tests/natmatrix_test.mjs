// Ours to ours behind routers of the kernel and in user space: every outcome of the matrix of NATs once, in
// a minute. `interop/run natmatrix` has all the kinds against each other. Run by interop/natlab/enter.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { test } from "../lib/check.mjs";
import { ping } from "../lib/pair.mjs";
import { Lab } from "../natlab/lab.mjs";
import { Matrix, byName } from "../natlab/matrix.mjs";
import { buildLibnice, isRelayed, meetNatives, startLibnice, startNative, startServer } from "../natlab/meeting.mjs";

const MEETINGS = [
  ["none", "symmetric"],
  ["firewall", "port-restricted"],
  ["full cone", "symmetric, ports + 1"],
  ["port-restricted", "port-restricted"],
  ["port-restricted", "symmetric"],
  ["port-restricted", "UDP blocked"],
  ["symmetric", "symmetric"],
  ["symmetric", "address-restricted"],
  ["symmetric, open to all", "symmetric by address, address-restricted"],
  ["UDP blocked", "TCP to 443 alone"],
  ["port-restricted behind the same", "address-restricted"],
  ["full cone behind a symmetric one", "full cone"],
];

describe("behind two routers ours meets ours by the best path that there is", { concurrency: 4 }, () => {
  let matrix;
  before(async () => {
    matrix = await Matrix.build([...new Set(MEETINGS.flat())].map(byName));
    await matrix.verify();
  });
  after(() => matrix?.down());

  for (const names of MEETINGS)
    test(names.join(", and "), async () => {
      const { path, isAsExpected, traces } = await matrix.meet(...names.map(byName));
      const [should] = matrix.expectation(...names.map(byName)).paths;
      assert.ok(isAsExpected, `it is ${path.join("-")}, not ${should.join("-")}; ${traces}`);
    });

  test("libnice meets itself there too, with and without a relay", async () => {
    buildLibnice();
    const [kind, other] = ["port-restricted", "symmetric"].map(byName);
    const direct = await matrix.meetOthers(kind, kind, startLibnice, { turn: false });
    assert.ok(direct.path.length && !isRelayed(direct.path), direct.error);
    const relayed = await matrix.meetOthers(kind, other, startLibnice);
    assert.ok(isRelayed(relayed.path), relayed.error);
  });
});

describe("ours meets ours in places that are not a router each", { concurrency: 3 }, () => {
  let lab, servers;
  before(async () => {
    lab = await Lab.build(`
      north (addresses=2) -- internet
      south (addresses=2) -- internet
      ann -- one (symmetric) -- internet
      ben -- one
      cat -- left (port-restricted, lan=192.168.0) -- internet
      dan -- right (address-restricted, lan=192.168.0) -- internet
      eve -- flat1 (port-restricted) -- turns (full-cone, hairpin) -- internet
      fay -- flat2 (port-restricted) -- turns
      gil -- flat3 (port-restricted) -- plain (port-restricted) -- internet
      hal -- flat4 (port-restricted) -- plain
      ivy -- kept (EIM/APDF/preserve) -- internet
      jon -- drawn (EIM/EIF/random) -- internet
      kay -- other (full-cone) -- internet`);
    servers = [await startServer(lab.host("north")), await startServer(lab.host("south"))];
  });
  after(async () => {
    await Promise.all((servers ?? []).map((server) => server.stop()));
    await lab?.down();
  });

  const together = async (names, paths, work = () => {}) => {
    const peers = [];
    try {
      for (const [i, name] of names.entries()) peers.push(await startNative(lab.host(name), servers[i]));
      const { path, isAsExpected } = await meetNatives(...peers, { paths });
      assert.ok(isAsExpected, `it is ${path.join("-")}`);
      await work(...peers);
    } finally {
      await Promise.all(peers.map((peer) => peer.end()));
    }
  };

  test("two hosts behind one router need nothing of it", () => together(["ann", "ben"], [["host", "host"]]));
  test("two homes with the same addresses inside", () => together(["cat", "dan"], [["srflx", "srflx"]]));
  test("two homes behind a carrier that turns them back", () => together(["eve", "fay"], [["srflx", "srflx"]]));
  test("two homes behind a carrier that does not need a relay", () =>
    together(["gil", "hal"], [["srflx", "relay"], ["prflx", "relay"], ["relay", "prflx"], ["relay", "srflx"]]));

  // What a rebooted router forgot is made anew by whoever sends next from inside.
  for (const [what, name] of [["the port that it had", "ivy"], ["another port", "jon"]])
    test(`a router reboots in mid-session and gives ${what}`, () =>
      together([name, "kay"], [["srflx", "srflx"]], async (inner, outer) => {
        await lab.path(lab.host(name))[0].box.say("reboot");
        await ping(inner);
        await ping(outer);
      }));
});
