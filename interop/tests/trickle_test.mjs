// Candidates one by one (RFC 8838) between ours and browsers, which always trickle in full: ours in full, by
// half and not at all, either side offering. Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { sharedBrowser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { Native } from "../lib/native.mjs";
import { BROWSER, NATIVE } from "../lib/netns.mjs";
import { connect, echo, ping } from "../lib/pair.mjs";
import { BrowserPeer, servePage } from "../peers/browser/peer.mjs";

const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");

// Of a STUN server that never answers, so that gathering takes ten seconds.
const SILENT = { iceServers: [{ urls: `stun:${BROWSER.v4}:9` }] };

const saysTrickle = ({ sdp }) => /^a=ice-options:(.* )?trickle\b/m.test(sdp);
const isWhole = ({ sdp }) => /^a=candidate:/m.test(sdp) && /^a=end-of-candidates\r?$/m.test(sdp);
const toldBy = (peer) => peer.events.filter((e) => e.ev === "cand" && e.cand?.candidate);

// Whether ours goes before its candidates: an answer of half a trickle does, since the browser's offer says trickle.
const goesAtOnce = (trickle, nativeOffers) => trickle === "full" || (trickle === "half" && !nativeOffers);

async function talk(native, tab) {
  await ping(native);
  await ping(tab);
  await echo(native, 65536);
  assert.equal((await echo(tab, 65536)).intact, true);
}

for (const kind of BROWSERS) {
  describe(`candidates one by one with ${kind}`, { concurrency: 1 }, () => {
    let browser, server;
    before(async () => {
      browser = await sharedBrowser(kind);
      server = await servePage();
    });
    after(() => server?.close());

    async function together(trickle, nativeOffers) {
      const native = await Native.start(NATIVE, "--trickle", trickle);
      const tab = await BrowserPeer.open(browser, server);
      const atOnce = goesAtOnce(trickle, nativeOffers);
      if (atOnce) native.config = SILENT;
      try {
        const { offer, answer } = await connect(...(nativeOffers ? [native, tab] : [tab, native]));
        await talk(native, tab);
        const [ours, theirs] = nativeOffers ? [offer, answer] : [answer, offer];

        assert.ok(saysTrickle(theirs), theirs.sdp);
        assert.ok(!isWhole(theirs), theirs.sdp);
        assert.ok(toldBy(tab).length > 0);

        assert.equal(saysTrickle(ours), trickle !== "none", ours.sdp);
        assert.equal(isWhole(ours), !atOnce, ours.sdp);
        if (atOnce) assert.deepEqual(native.named("ice:gathered"), []); // and they talk already
        if (trickle === "full") assert.ok(toldBy(native).length > 0);
        if (trickle === "none") assert.deepEqual(toldBy(native), []);
      } finally {
        await tab.end();
        await native.end();
      }
    }

    for (const trickle of ["full", "half", "none"])
      for (const nativeOffers of [true, false])
        test(`ours: ${trickle}, and ${nativeOffers ? "auger" : "the browser"} offers`, () => together(trickle, nativeOffers));
  });
}
