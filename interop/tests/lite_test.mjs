// `auger peer --lite` and a real browser in its defaults, either offering: the browser controls and asks,
// ours answers and asks nothing, and ICE restarts by either side go on in the same way.
// Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { sharedBrowser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { Lines } from "../lib/lines.mjs";
import { NATIVE, inside } from "../lib/netns.mjs";
import { connect, echo, ping } from "../lib/pair.mjs";
import { BrowserPeer, servePage } from "../peers/browser/peer.mjs";

const AUGER = process.env.AUGER;
const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");

// Longer than a lite agent waits for the browser's next check before it calls the path silent.
const QUIET_MS = 17000;

async function talk(native, tab) {
  await ping(native);
  await ping(tab);
  assert.equal((await echo(tab, 65536)).intact, true);
}

async function restart(offerer, answerer) {
  await offerer.call("restart");
  const offer = await offerer.call("offer");
  await answerer.call("remote", { desc: offer });
  const answer = await answerer.call("answer");
  await offerer.call("remote", { desc: answer });
}

// Ours sent no check, and is controlled.
async function askedNothing(native) {
  const stats = await native.call("stats");
  const pairs = stats.filter((s) => s.type === "candidate-pair");
  assert.ok(pairs.length > 0);
  assert.deepEqual(pairs.map((s) => s.requestsSent + s.consentRequestsSent), pairs.map(() => 0));
  assert.ok(pairs.some((s) => s.requestsReceived > 0 && s.nominated));
  assert.equal(stats.find((s) => s.type === "transport").iceRole, "controlled");
  assert.deepEqual(stats.filter((s) => s.type === "local-candidate" && s.candidateType !== "host"), []);
}

for (const kind of BROWSERS) {
  describe(`ICE-lite with ${kind}`, { concurrency: 4 }, () => {
    let browser, server;
    before(async () => {
      browser = await sharedBrowser(kind);
      server = await servePage();
    });
    after(() => server?.close());

    async function together(nativeOffers, work) {
      const native = new Lines(inside(NATIVE, [AUGER, "peer", "--lite"]), "auger");
      await native.wait((e) => e.ev === "ready", "readiness");
      const tab = await BrowserPeer.open(browser, server);
      try {
        const first = await (nativeOffers ? connect(native, tab) : connect(tab, native));
        assert.match((nativeOffers ? first.offer : first.answer).sdp, /^a=ice-lite\r?$/m);
        await work(native, tab);
        const wrong = native.events.filter((e) => e.ev === "state" && e.which === "conn" && /disconnected|failed|closed/.test(e.value));
        assert.deepEqual(wrong, []);
      } finally {
        await tab.end();
        await native.end();
      }
    }

    for (const nativeOffers of [true, false]) {
      const who = nativeOffers ? "auger" : "the browser";

      test(`${who} offers, and the path outlives silence`, () =>
        together(nativeOffers, async (native, tab) => {
          await talk(native, tab);
          await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
          await talk(native, tab);
          await askedNothing(native);
        }));

      test(`${who} offers, and each restarts`, () =>
        together(nativeOffers, async (native, tab) => {
          await talk(native, tab);
          await restart(native, tab);
          await talk(native, tab);
          await restart(tab, native);
          await talk(native, tab);
          await askedNothing(native);
        }));
    }
  });
}
