// `auger peer` against a real browser in its default configuration: who offers, who is the DTLS client,
// what kinds of channels and messages, who closes. Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { Browser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { Lines } from "../lib/lines.mjs";
import { NATIVE, inside } from "../lib/netns.mjs";
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
      browser = await Browser.launch(kind);
      server = await servePage();
    });
    after(async () => {
      await browser?.close();
      server?.close();
    });

    async function together(work, { nativeOffers, args = [], channel }) {
      const native = await nativePeer(...args);
      const tab = await BrowserPeer.open(browser, server);
      try {
        const descriptions = nativeOffers
          ? await connect(native, tab, { channel })
          : await connect(tab, native, { channel });
        await work(native, tab, descriptions);
      } finally {
        await tab.end();
        await native.end();
      }
    }

    const everySize = async (native, tab) => {
      await ping(native);
      await ping(tab);
      for (const n of SIZES) {
        await echo(native, n);
        const back = await echo(tab, n);
        assert.equal(back.intact, true, `${n} bytes came back changed`);
      }
    };

    test("auger offers, the browser answers: messages of 1 B to 256 KiB both ways", () =>
      together(async (native, tab, { answer }) => {
        assert.match(answer.sdp, /a=setup:active/);
        await everySize(native, tab);
        assert.equal((await native.call("pair")).role, "server");
      }, { nativeOffers: true }));

    test("the browser offers, auger answers as DTLS client: messages of 1 B to 256 KiB", () =>
      together(async (native, tab, { answer }) => {
        assert.match(answer.sdp, /a=setup:active/);
        await everySize(native, tab);
        assert.equal((await native.call("pair")).role, "client");
      }, { nativeOffers: false }));

    test("the browser offers, auger answers as DTLS server: messages of 1 B to 256 KiB", () =>
      together(async (native, tab, { answer }) => {
        assert.match(answer.sdp, /a=setup:passive/);
        await everySize(native, tab);
      }, { nativeOffers: false, args: ["--passive"] }));

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
