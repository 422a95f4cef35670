// ICE restarts between `auger peer` and a real browser in its defaults, by either side, whoever offered
// first, and twice in a row: messages go on in both directions, and both ends come to the new generation.
// Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { sharedBrowser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { Lines } from "../lib/lines.mjs";
import { NATIVE, inside } from "../lib/netns.mjs";
import { connect, echo, ping } from "../lib/pair.mjs";
import { until } from "../lib/until.mjs";
import { BrowserPeer, servePage } from "../peers/browser/peer.mjs";

const AUGER = process.env.AUGER;
const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");

const ufragOf = (description) => /^a=ice-ufrag:(.*?)\r?$/m.exec(description.sdp)[1];

async function restart(offerer, answerer) {
  await offerer.call("restart");
  const offer = await offerer.call("offer");
  await answerer.call("remote", { desc: offer });
  const answer = await answerer.call("answer");
  await offerer.call("remote", { desc: answer });
  return { offer, answer };
}

// Until our selected pair is one of the generation of that user name fragment.
async function untilSelectedIn(native, ufrag) {
  const selected = await until(async () => {
    const stats = await native.call("stats");
    const transport = stats.find((s) => s.type === "transport");
    const pair = stats.find((s) => s.id === transport?.selectedCandidatePairId);
    const local = stats.find((s) => s.id === pair?.localCandidateId);
    return transport?.iceLocalUsernameFragment === ufrag && local?.usernameFragment === ufrag && pair.state === "succeeded";
  });
  assert.ok(selected, `no pair was selected in the generation ${ufrag}`);
}

for (const kind of BROWSERS) {
  describe(`ICE restarts with ${kind}`, { concurrency: 1 }, () => {
    let browser, server;
    before(async () => {
      browser = await sharedBrowser(kind);
      server = await servePage();
    });
    after(() => server?.close());

    async function together(nativeOffers, work) {
      const native = new Lines(inside(NATIVE, [AUGER, "peer"]), "auger");
      await native.wait((e) => e.ev === "ready", "readiness");
      const tab = await BrowserPeer.open(browser, server);
      try {
        const first = await (nativeOffers ? connect(native, tab) : connect(tab, native));
        await work(native, tab, nativeOffers ? first.offer : first.answer);
      } finally {
        await tab.end();
        await native.end();
      }
    }

    async function talk(native, tab) {
      await ping(native);
      await ping(tab);
      await echo(native, 65536);
      assert.equal((await echo(tab, 65536)).intact, true);
    }

    for (const nativeOffers of [true, false])
      for (const nativeRestarts of [true, false])
        test(`${nativeOffers ? "auger" : "the browser"} offered, ${nativeRestarts ? "auger" : "the browser"} restarts, twice`, () =>
          together(nativeOffers, async (native, tab, ours) => {
            let known = ufragOf(ours);
            await talk(native, tab);
            for (let times = 0; times < 2; times++) {
              const { offer, answer } = await (nativeRestarts ? restart(native, tab) : restart(tab, native));
              const ufrag = ufragOf(nativeRestarts ? offer : answer);
              assert.notEqual(ufrag, known);
              await talk(native, tab);
              await untilSelectedIn(native, ufrag);
              await talk(native, tab);
              known = ufrag;
            }
            const wrong = native.events.filter((e) => e.ev === "state" && e.which === "conn" && /disconnected|failed|closed/.test(e.value));
            assert.deepEqual(wrong, []);
          }));
  });
}
