// ICE over TCP (RFC 6544) with real browsers, which connect and are not connected to: to the passive
// candidates of ours, when no datagram gets through at the browser's. What each offers is written down in
// docs/decisions/164. Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { Browser, sharedBrowser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { withoutUdp } from "../lib/firewall.mjs";
import { Native } from "../lib/native.mjs";
import { BROWSER, NATIVE } from "../lib/netns.mjs";
import { connect, echo, ping } from "../lib/pair.mjs";
import { BrowserPeer, servePage } from "../peers/browser/peer.mjs";

const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");

// Whether it tells TCP candidates in its defaults, where it hides its addresses, and where a page may use the
// camera, so that it does not.
const OFFERS = {
  chromium: { hidden: false, shown: true },
  firefox: { hidden: true, shown: true },
};

async function talk(native, tab) {
  await ping(native);
  await ping(tab);
  await echo(native, 65536);
  assert.equal((await echo(tab, 65536)).intact, true);
}

for (const kind of BROWSERS)
  describe(`ICE over TCP with ${kind}`, { concurrency: 1 }, () => {
    let server;
    before(async () => (server = await servePage()));
    after(() => server?.close());

    async function together({ nativeOffers, camera = false, args = [] }, work) {
      const browser = await (camera ? Browser.launch(kind, { camera }) : sharedBrowser(kind));
      const tab = await BrowserPeer.open(browser, server);
      const native = await Native.start(NATIVE, "--ice-tcp", "passive", ...args);
      try {
        await connect(...(nativeOffers ? [native, tab] : [tab, native]));
        await talk(native, tab);
        await work(native, tab);
      } finally {
        await tab.end();
        await native.end();
        if (camera) await browser.close();
      }
    }

    async function isOverTcp(native) {
      const { local, remote } = await native.selected();
      assert.deepEqual([local.protocol, local.tcpType, remote.protocol], ["tcp", "passive", "tcp"]);
      assert.ok([NATIVE.v4, NATIVE.v6].includes(local.address), local.address);
    }

    for (const nativeOffers of [true, false]) {
      const who = nativeOffers ? "auger offers" : "the browser offers";

      test(`no datagram gets through, and it connects to our passive candidate: ${who}`, () =>
        withoutUdp(BROWSER, () => together({ nativeOffers }, isOverTcp)));

      test(`the same where its addresses are not hidden: ${who}`, () =>
        withoutUdp(BROWSER, () => together({ nativeOffers, camera: true }, isOverTcp)));
    }

    test("we have no UDP at all", () => together({ nativeOffers: true, args: ["--no-udp"] }, isOverTcp));

    test("UDP is taken where it gets through", () =>
      together({ nativeOffers: false }, async (native) => {
        const { local, remote } = await native.selected();
        assert.deepEqual([local.protocol, remote.protocol], ["udp", "udp"]);
      }));

    // Before it is connected to anybody: Chromium, once it is, looks for no more addresses.
    async function offered(camera) {
      const browser = await (camera ? Browser.launch(kind, { camera }) : sharedBrowser(kind));
      const tab = await BrowserPeer.open(browser, server);
      try {
        await tab.call("new", { config: { iceServers: [] } });
        await tab.call("dc", { label: "d", init: {} });
        await tab.call("offer");
        await tab.wait((e) => e.ev === "cand" && e.cand === null, "end of candidates");
        return tab.events.filter((e) => e.ev === "cand" && e.cand).map((e) => e.cand.candidate);
      } finally {
        await tab.end();
        if (camera) await browser.close();
      }
    }

    for (const camera of [false, true])
      test(`what it offers of TCP is what is written down: its addresses are ${camera ? "shown" : "hidden"}`, async () => {
        const lines = (await offered(camera)).filter((line) => / tcp /i.test(line));
        assert.equal(lines.length > 0, OFFERS[kind][camera ? "shown" : "hidden"], lines.join("\n"));
        for (const line of lines) assert.match(line, / 9 typ host .*tcptype active/);
        if (process.env.SHOW) console.log(`# ${kind} ${camera}`, lines);
      });
  });
