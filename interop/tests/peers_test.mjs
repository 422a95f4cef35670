// `auger peer` against a real browser in its default configuration: who offers, who is the DTLS client,
// what kinds of channels and messages, who closes. Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { sharedBrowser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { Lines } from "../lib/lines.mjs";
import { BROWSER, NATIVE, inside } from "../lib/netns.mjs";
import { connect, echo, openChannel, ping } from "../lib/pair.mjs";
import { BrowserPeer, servePage } from "../peers/browser/peer.mjs";

const AUGER = process.env.AUGER;
const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");
const SIZES = [1, 100, 1200, 16384, 65535, 65536, 262144];

async function nativePeer(...args) {
  const peer = new Lines(inside(NATIVE, [AUGER, "peer", ...args]), "auger");
  await peer.wait((e) => e.ev === "ready", "readiness");
  return peer;
}

for (const kind of BROWSERS) {
  describe(`${kind} and auger`, { concurrency: 1 }, () => {
    let browser, server;
    before(async () => {
      browser = await sharedBrowser(kind);
      server = await servePage();
    });
    after(() => server?.close());

    async function together(work, { nativeOffers, args = [], channel, rewrite }) {
      const native = await nativePeer(...args);
      const tab = await BrowserPeer.open(browser, server);
      try {
        const [a, b] = nativeOffers ? [native, tab] : [tab, native];
        await work(native, tab, await connect(a, b, { channel, rewrite }));
      } finally {
        await tab.end();
        await native.end();
      }
    }

    async function everySize(native, tab, label) {
      for (const from of [native, tab]) {
        await ping(from, label);
        for (const n of SIZES) {
          const back = await echo(from, n, label);
          if (from === tab) assert.equal(back.intact, true, `${n} bytes came back changed`);
        }
      }
      assert.deepEqual(tab.events.filter((e) => e.ev === "msg" && e.intact === false), []);
    }

    test("the browser hides its addresses: it offers names that end in .local alone", async () => {
      const tab = await BrowserPeer.open(browser, server);
      await tab.call("new", { config: { iceServers: [] } });
      await tab.call("dc", { label: "d", init: {} });
      await tab.call("offer");
      await tab.wait((e) => e.ev === "cand" && e.cand === null, "end of candidates");
      const lines = tab.events.filter((e) => e.ev === "cand" && e.cand).map((e) => e.cand.candidate);
      const { sdp } = await tab.call("local");
      await tab.end();
      assert.ok(lines.length > 0);
      for (const line of lines) assert.match(line, /^candidate:\S+ 1 (udp|tcp) \d+ [0-9a-f-]{36}\.local \d+ typ host/i);
      for (const address of [BROWSER.v4, BROWSER.v6]) assert.ok(!sdp.includes(address), sdp);
    });

    // Who is the DTLS client is the answerer's choice, unless the offer has made it.
    const roles = [
      { nativeOffers: true, answer: "active", role: "server" },
      { nativeOffers: true, answer: "passive", role: "client", rewrite: (sdp) => sdp.replace("a=setup:actpass", "a=setup:active") },
      { nativeOffers: false, answer: "active", role: "client" },
      { nativeOffers: false, answer: "passive", role: "server", args: ["--passive"] },
    ];
    for (const { answer: setup, role, ...how } of roles) {
      test(`${how.nativeOffers ? "auger" : "the browser"} offers, auger is the DTLS ${role}: messages of 1 B to 256 KiB both ways`, () =>
        together(async (native, tab, { answer }) => {
          assert.match(answer.sdp, new RegExp(`a=setup:${setup}\\b`));
          await everySize(native, tab, "d");
          assert.equal((await native.call("pair")).role, role);
        }, how));
    }

    for (const nativeOffers of [true, false]) {
      test(`${nativeOffers ? "auger" : "the browser"} offers an unordered channel: messages of 1 B to 256 KiB both ways`, () =>
        together(async (native, tab) => {
          const answerer = nativeOffers ? tab : native;
          assert.equal(answerer.events.find((e) => e.ev === "datachannel").ordered, false);
          await everySize(native, tab, "d");
        }, { nativeOffers, channel: { init: { ordered: false } } }));
    }

    test("channels of each kind, opened by either side, keep label, protocol and order", () =>
      together(async (native, tab) => {
        await openChannel(native, tab, "from auger, unordered", { ordered: false, protocol: "p1" });
        await openChannel(tab, native, "from the browser, ü", { ordered: false, protocol: "p2" });
        const seen = (peer, label) => peer.events.find((e) => e.ev === "datachannel" && e.label === label);
        const there = seen(tab, "from auger, unordered");
        const here = seen(native, "from the browser, ü");
        assert.deepEqual([there.ordered, there.protocol], [false, "p1"]);
        assert.deepEqual([here.ordered, here.protocol], [false, "p2"]);
        for (const label of ["d", "from auger, unordered", "from the browser, ü"]) {
          await ping(native, label);
          await ping(tab, label);
          await echo(tab, 70000, label);
        }
      }, { nativeOffers: true }));

    test("an empty message arrives empty", () =>
      together(async (native, tab) => {
        const since = native.events.length;
        await tab.call("send", { data: "" });
        await native.wait((e) => e.ev === "msg" && !e.bin && e.n === 0, "empty text", since);
        const sinceTab = tab.events.length;
        await native.call("send", { data: "" });
        await tab.wait((e) => e.ev === "msg" && !e.bin && e.n === 0, "empty text", sinceTab);
      }, { nativeOffers: false }));

    test("the browser closes: auger hears of it", () =>
      together(async (native, tab) => {
        await tab.call("close");
        await native.wait((e) => e.ev === "dcclose" && e.label === "d", "closed channel");
        await native.wait((e) => e.ev === "state" && e.which === "conn" && e.value === "closed", "closed connection");
      }, { nativeOffers: false }));

    test("auger closes: the browser hears of it", () =>
      together(async (native, tab) => {
        await native.call("close");
        await tab.wait((e) => e.ev === "dcclose" && e.label === "d", "closed channel");
      }, { nativeOffers: true }));
  });
}
