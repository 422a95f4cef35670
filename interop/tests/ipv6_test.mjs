// IPv6 alone. First auger's host has no IPv4 address, and the browser's has one; then neither has. What
// browsers in their defaults cannot do there is docs/decisions/081. Run by interop/run, in namespaces
// for itself, inside the browser's.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe } from "node:test";
import { Browser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { NAME, Native } from "../lib/native.mjs";
import { BROWSER, NATIVE } from "../lib/netns.mjs";
import { connect, echo, ping } from "../lib/pair.mjs";
import { Serve } from "../lib/serve.mjs";
import { BrowserPeer, servePage } from "../peers/browser/peer.mjs";

const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");

const ip = (host, ...args) => execFileSync("ip", ["-n", host.ns, ...args]).toString();

// A browser that is open at the time takes it for a change of network.
function takeIpv4From(host) {
  ip(host, "-4", "addr", "flush", "dev", "wire");
  const left = ip(host, "-4", "-oneline", "addr").trim().split("\n").filter((line) => !line.includes(" 127.0.0.1/8 "));
  assert.deepEqual(left.filter(Boolean), []);
}

async function end(...peers) {
  for (const peer of peers) await peer.end();
}

const addressOf = (line) => line.split(" ")[4];
const toldBy = (peer) => peer.events.filter((e) => e.ev === "cand" && e.cand?.candidate).map((e) => e.cand.candidate);

function eachToldBy(peer, check) {
  const told = toldBy(peer);
  assert.ok(told.length > 0, "no candidate was told");
  told.forEach((line) => check(line));
}

async function talk(native, tab) {
  await ping(native);
  await ping(tab);
  await echo(native, 65536);
  assert.equal((await echo(tab, 65536)).intact, true);
}

// Data goes from the one IPv6 address to the other, by the word of both ends.
async function isOverIpv6(native, tab) {
  const { local } = await native.selected();
  assert.deepEqual([local.candidateType, local.address, local.protocol], ["host", NATIVE.v6, "udp"]);
  const [, protocol, address] = (await tab.call("pair")).remote;
  assert.deepEqual([protocol.toLowerCase(), address.replace(/[[\]]/g, "")], ["udp", NATIVE.v6]);
  eachToldBy(native, (line) => assert.equal(addressOf(line), NATIVE.v6));
}

// Two sessions with a new browser, each side offering one.
function withBrowser(kind, { camera, config = async () => ({ iceServers: [] }) }, work) {
  describe(kind, { concurrency: 1 }, () => {
    let browser, server;
    before(async () => {
      server = await servePage();
      browser = await Browser.launch(kind, { camera });
    });
    after(async () => {
      server?.close();
      await browser?.close();
    });

    for (const nativeOffers of [true, false])
      test(nativeOffers ? "auger offers" : "the browser offers", async () => {
        const native = await Native.start(NATIVE);
        const tab = await BrowserPeer.open(browser, server);
        try {
          await connect(...(nativeOffers ? [native, tab] : [tab, native]), { config: await config() });
          await talk(native, tab);
          await isOverIpv6(native, tab);
          await work(native, tab);
        } finally {
          await end(tab, native);
        }
      });
  });
}

describe("auger has IPv6 alone, and the browser in its defaults has both", { concurrency: 1 }, () => {
  before(() => takeIpv4From(NATIVE));
  for (const kind of BROWSERS)
    withBrowser(kind, {}, async (native, tab) => {
      eachToldBy(tab, (line) => assert.match(addressOf(line), NAME));
      assert.deepEqual(native.named("peer:name_resolved"), []); // browsers answer over IPv4 alone
    });
});

describe("neither side has IPv4", { concurrency: 1 }, () => {
  before(() => [NATIVE, BROWSER].forEach(takeIpv4From));

  for (const kind of BROWSERS)
    describe("the page may use the camera", { concurrency: 1 }, () =>
      withBrowser(kind, { camera: true }, async (native, tab) => {
        assert.equal((await native.selected()).remote.address, BROWSER.v6);
        eachToldBy(tab, (line) => assert.equal(addressOf(line), BROWSER.v6));
      }));

  if (BROWSERS.includes("chromium"))
    describe("in its defaults, with a STUN server", { concurrency: 1 }, () => {
      let serve;
      before(async () => (serve = await Serve.startAt(`[${NATIVE.v6}]:0`)));
      after(() => serve?.interrupt());

      const config = async () => ({ iceServers: [{ urls: `stun:${serve.stun}` }] });
      withBrowser("chromium", { config }, async (native, tab) => {
        eachToldBy(tab, (line) => assert.ok(line.includes(` ${BROWSER.v6} `) && line.includes(" typ srflx "), line));
      });
    });

  if (BROWSERS.includes("firefox"))
    test("firefox in its defaults, which needs an IPv4 route to gather: it fails at once, and says so", async () => {
      const server = await servePage(), browser = await Browser.launch("firefox");
      try {
        const tab = await BrowserPeer.open(browser, server);
        await tab.call("new", { config: { iceServers: [{ urls: `stun:[${NATIVE.v6}]:3478` }] } });
        await tab.call("dc", { label: "d", init: {} });
        await tab.call("offer");
        await tab.wait((e) => e.ev === "state" && e.which === "ice" && e.value === "failed", "failure of ICE");
        assert.deepEqual(toldBy(tab), []);
        await tab.end();
      } finally {
        await browser.close();
        server.close();
      }
    });

  for (const unheard of [false, true])
    test(`two of ours, both hide${unheard ? ", one does not know the other's candidates" : ""}: resolved by name`, async () => {
      const a = await Native.start(NATIVE, "--mdns"), b = await Native.start(BROWSER, "--mdns");
      try {
        await connect(a, b, { unheard: unheard ? b : undefined });
        await ping(a);
        for (const peer of [a, b]) eachToldBy(peer, (line) => assert.match(addressOf(line), NAME));
        assert.equal((await b.untilNamed("peer:name_resolved")).addr.replace(/^\[(.*)\]:\d+$/, "$1"), NATIVE.v6);
        assert.equal((await b.selected()).local.address, BROWSER.v6);
      } finally {
        await end(a, b);
      }
    });
});
