// Real browsers that may use relays alone, and coturn, which is neither theirs nor ours: over UDP, TCP and
// TLS, either side offering. Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { sharedBrowser } from "../lib/browser.mjs";
import { certify, newAuthority } from "../lib/certificate.mjs";
import { test } from "../lib/check.mjs";
import { Coturn } from "../lib/coturn.mjs";
import { Native } from "../lib/native.mjs";
import { NATIVE, RELAY } from "../lib/netns.mjs";
import { connect, echo, ping } from "../lib/pair.mjs";
import { relayedBy } from "../lib/relay.mjs";
import { BrowserPeer, servePage } from "../peers/browser/peer.mjs";

const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");

const RELAYS = [
  { name: "coturn", overs: ["udp", "tcp", "tls"], start: () => Coturn.start() },
];

async function talk(native, tab) {
  await ping(native);
  await ping(tab);
  await echo(native, 65536);
  assert.equal((await echo(tab, 65536)).intact, true);
}

// That end of the pair in use is at the relay.
function isRelayed(candidate) {
  assert.deepEqual([candidate.candidateType, candidate.address], ["relay", RELAY.v4]);
}

// What the browser tells of its end of the pair in use.
async function selectedBy(tab) {
  const stats = await tab.call("stats");
  const transport = stats.find((s) => s.type === "transport");
  const pair = stats.find((s) => s.type === "candidate-pair" &&
    (transport?.selectedCandidatePairId ? s.id === transport.selectedCandidatePairId : s.selected));
  return stats.find((s) => s.id === pair.localCandidateId);
}

function aRelay(what, start, work) {
  describe(what, { concurrency: 1 }, () => {
    let server, relay;
    before(async () => {
      server = await servePage();
      relay = await start();
    });
    after(async () => {
      server?.close();
      await relay?.stop();
    });
    work(async (kind) => BrowserPeer.open(await sharedBrowser(kind), server));
  });
}

for (const { name, overs, start } of RELAYS)
  aRelay(`a relay between, which is ${name}`, start, (open) => {
    for (const kind of BROWSERS)
      for (const over of overs)
        for (const nativeOffers of [true, false])
          test(`${kind} by ${over}, auger without, ${nativeOffers ? "auger" : "the browser"} offers`, async () => {
            const native = await Native.start(NATIVE);
            const tab = await open(kind);
            tab.config = relayedBy(over);
            try {
              await connect(...(nativeOffers ? [native, tab] : [tab, native]));
              await talk(native, tab);
              const { local, remote } = await native.selected();
              isRelayed(remote);
              assert.deepEqual([local.candidateType, local.address], ["host", NATIVE.v4]);
              assert.equal((await selectedBy(tab)).relayProtocol, over);
            } finally {
              await tab.end();
              await native.end();
            }
          });
  });

const nobodys = () => Coturn.start({ certificate: certify(newAuthority("nobody")) });
aRelay("a relay whose certificate is nobody's", nobodys, (open) => {
  for (const kind of BROWSERS)
    test(`${kind} takes none of its addresses, and says that it failed`, async () => {
      const tab = await open(kind);
      try {
        await tab.call("new", { config: relayedBy("tls") });
        await tab.call("dc", { label: "d", init: {} });
        await tab.call("offer");
        await tab.wait((e) => e.ev === "cand" && e.cand === null, "end of candidates");
        assert.deepEqual(tab.events.filter((e) => e.ev === "cand" && e.cand), []);
        assert.ok(tab.events.some((e) => e.ev === "canderr" && e.code === 701));
      } finally {
        await tab.end();
      }
    });
});
