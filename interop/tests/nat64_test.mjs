// IPv6 alone behind a NAT64 of tayga, towards those that have IPv4 alone; and IPv6 through firewalls that
// translate nothing. Run by interop/natlab/enter.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { test } from "../lib/check.mjs";
import { Native } from "../lib/native.mjs";
import { connect, echo, ping } from "../lib/pair.mjs";
import { Lab } from "../natlab/lab.mjs";
import { iceServersOf, startNative, startServer } from "../natlab/meeting.mjs";
import { Tab } from "../natlab/tab.mjs";

const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");
const USER = ["--user", "user:password"];

async function withPeers(peers, work) {
  const all = [];
  try {
    for (const start of peers) all.push(await start());
    await work(...all);
  } finally {
    for (const peer of all) await peer.end();
  }
}

const isIpv6 = (address) => address.includes(":");

// Data goes both ways, from an address of IPv6 of hers or what it is outside.
async function talk(alice, other) {
  await ping(alice);
  await ping(other);
  await echo(alice, 65536);
  assert.equal(alice.named("ice:translation").length, 1, "the agent was told the prefix");
}

describe("behind a NAT64", { concurrency: 1 }, () => {
  let lab, server;
  before(async () => {
    lab = await Lab.build(`
      ann -- asked (nat64, dns) -- internet
      pat -- said (nat64, pref64) -- internet
      none -- silent (nat64) -- internet
      bob -- his (port-restricted) -- internet
      server -- internet`);
    server = await startServer(lab.host("server"));
  });
  after(async () => {
    await server?.stop();
    await lab?.down();
  });

  const started = async (name, uri, ...args) => Object.assign(await Native.start(lab.host(name), "--turn", uri, ...USER, ...args), { config: {} });
  const native = (name, ...args) => () => started(name, server.uris[0], ...args);
  const bob = () => startNative(lab.host("bob"), server);

  test("the host has no IPv4, and the server is written as an address of it", () => {
    assert.ok(isIpv6(lab.host("ann").address));
    assert.match(server.uris[0], /^turn:5\.5\.5\.\d+$/);
  });

  for (const [what, name, args] of [
    ["the DNS tells the prefix", "ann", []],
    ["a router advertises it", "pat", []],
    ["it is given", "none", ["--nat64", "64:ff9b::/96"]],
  ]) {
    test(`${what}: ours meets ours, directly`, () =>
      withPeers([native(name, ...args), bob], async (alice, other) => {
        await connect(alice, other);
        await talk(alice, other);
        const { local, remote } = await alice.selected();
        assert.notEqual(local.candidateType, "relay");
        assert.notEqual(remote.candidateType, "relay");
        assert.ok(isIpv6(remote.address), remote.address);
      }));

    test(`${what}: and by a relay`, () =>
      withPeers([native(name, "--policy", "relay", ...args), bob], async (alice, other) => {
        await connect(alice, other);
        await talk(alice, other);
        assert.equal((await alice.selected()).local.candidateType, "relay");
      }));
  }

  test("a relay over TCP is reached through it", () =>
    withPeers([() => started("ann", server.uris[1], "--policy", "relay"), bob], async (alice, other) => {
      await connect(alice, other);
      await talk(alice, other);
      const { local } = await alice.selected();
      assert.deepEqual([local.candidateType, local.relayProtocol], ["relay", "tcp"]);
    }));

  for (const args of [["--nat64", "off"], []])
    test(`without a prefix they do not meet (${args.join(" ") || "nobody tells it"})`, () =>
      withPeers([native("none", ...args), bob], async (alice, other) => {
        await Promise.race([
          assert.rejects(connect(alice, other)),
          alice.wait((e) => e.ev === "state" && e.value === "failed", "failure", 0, 90000),
        ]);
        assert.deepEqual(alice.named("ice:translation"), []);
        assert.ok(!alice.events.some((e) => e.ev === "open"));
      }));

  for (const kind of BROWSERS)
    describe(`${kind}, which has IPv4 alone`, { concurrency: 1 }, () => {
      let tab;
      before(async () => (tab = await Tab.start(lab.host("bob"), kind, { iceServers: iceServersOf(server) })));
      after(() => tab?.end());

      for (const weOffer of [true, false])
        for (const relayed of [false, true])
          test(`${weOffer ? "auger" : "the browser"} offers${relayed ? ", by a relay of ours" : ""}`, async () => {
            await tab.forget();
            await withPeers([native("ann", ...(relayed ? ["--policy", "relay"] : []))], async (alice) => {
              await connect(...(weOffer ? [alice, tab] : [tab, alice]), { config: {} });
              await ping(alice);
              await ping(tab);
              await echo(alice, 65536);
              if (relayed) assert.equal((await alice.selected()).local.candidateType, "relay");
            });
          });
    });
});

describe("IPv6 behind firewalls that translate nothing", { concurrency: 1 }, () => {
  let lab;
  before(async () => {
    lab = await Lab.build(`
      carl -- hers (firewall, ipv6) -- internet
      dora -- his (firewall, ipv6) -- internet
      out -- internet`);
  });
  after(() => lab?.down());

  const ipv6 = (name, ...args) => () => Native.start(lab.host(name), "--only", "2a05::/16", ...args);

  test("both ask, and each lets in whom it has asked", () =>
    withPeers([ipv6("carl"), ipv6("dora")], async (carl, dora) => {
      await connect(carl, dora);
      await ping(carl);
      await ping(dora);
      const { local, remote } = await carl.selected();
      assert.deepEqual([local.address, remote.address], [lab.host("carl").address6, lab.host("dora").address6]);
    }));

  test("who is asked from outside alone answers nobody", () =>
    withPeers([ipv6("carl"), ipv6("out")], async (carl, out) => {
      // carl does not know whom to ask.
      await assert.rejects(connect(out, carl, { unheard: out }));
      assert.ok(!carl.events.some((e) => e.ev === "open"));
    }));
});
