// The statistics of `auger peer` against those of the browser at the other end of the same session: by
// the same names, and what one counts as sent the other counts as received.

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

// What webrtc-stats has for each type, as far as it fits a transport of data; `must` is ours in any case.
const NAMES = {
  "candidate-pair": {
    must: ["transportId", "localCandidateId", "remoteCandidateId", "state", "nominated", "packetsSent",
      "packetsReceived", "bytesSent", "bytesReceived", "lastPacketSentTimestamp", "lastPacketReceivedTimestamp",
      "totalRoundTripTime", "currentRoundTripTime", "requestsSent", "requestsReceived", "responsesSent",
      "responsesReceived", "consentRequestsSent", "packetsDiscardedOnSend", "bytesDiscardedOnSend"],
    beyond: ["retransmissionsSent", "priority"],
  },
  "local-candidate": {
    must: ["transportId", "candidateType", "protocol", "address", "port", "priority", "foundation",
      "usernameFragment", "networkType"],
    may: ["relatedAddress", "relatedPort", "url"],
  },
  "remote-candidate": {
    must: ["transportId", "candidateType", "protocol", "address", "port", "priority", "foundation",
      "usernameFragment"],
    may: ["relatedAddress", "relatedPort"],
  },
  transport: {
    must: ["packetsSent", "packetsReceived", "bytesSent", "bytesReceived", "iceState", "iceRole",
      "iceLocalUsernameFragment", "selectedCandidatePairId", "selectedCandidatePairChanges", "dtlsState", "dtlsRole",
      "tlsVersion", "dtlsCipher", "localCertificateId", "remoteCertificateId"],
  },
  certificate: { must: ["fingerprint", "fingerprintAlgorithm"] },
};

const ofType = (stats, type) => stats.filter((s) => s.type === type);

// The pair that data uses, and its transport.
function inUse(stats) {
  const [transport] = ofType(stats, "transport");
  const pair = ofType(stats, "candidate-pair").find((p) =>
    transport?.selectedCandidatePairId ? p.id === transport.selectedCandidatePairId : p.selected);
  return { transport, pair, end: (id) => stats.find((s) => s.id === id) };
}

// SACKs and consent cross while the two are asked, one after the other.
function near(sent, received, slack, what) {
  assert.ok(Math.abs(sent - received) <= slack, `${what}: ${sent} sent, ${received} received`);
}

function hasTheNames(ours) {
  const selected = inUse(ours).pair;
  for (const type of Object.keys(NAMES)) assert.ok(ofType(ours, type).length > 0, `no ${type}`);
  for (const stat of ours) {
    const { must, may = [], beyond = [] } = NAMES[stat.type];
    const known = ["type", "id", "timestamp", ...must, ...may, ...beyond];
    assert.deepEqual(Object.keys(stat).filter((name) => !known.includes(name)), [], stat.type);
    if (stat.type !== "candidate-pair" || stat === selected)
      assert.deepEqual(must.filter((name) => stat[name] === undefined), [], `missing in ${stat.type}`);
  }
}

for (const kind of BROWSERS) {
  describe(`statistics of auger and ${kind}`, { concurrency: 1 }, () => {
    let browser, server;
    before(async () => {
      browser = await sharedBrowser(kind);
      server = await servePage();
    });
    after(() => server?.close());

    async function session(nativeOffers, work) {
      const native = new Lines(inside(NATIVE, [AUGER, "peer"]), "auger");
      await native.wait((e) => e.ev === "ready", "readiness");
      const tab = await BrowserPeer.open(browser, server);
      try {
        await (nativeOffers ? connect(native, tab) : connect(tab, native));
        for (let i = 0; i < 5; i++) {
          await ping(native);
          await echo(tab, 65536);
        }
        // Two consent checks later the last SACK has come, and a check of the other side.
        const consents = async () => inUse(await native.call("stats")).pair.consentRequestsSent;
        const since = await consents();
        await until(async () => (await consents()) > since + 1);
        const [ours, theirs] = await Promise.all([native.call("stats"), tab.call("stats")]);
        work(ours, theirs, await native.call("explain"));
      } finally {
        await tab.end();
        await native.end();
      }
    }

    for (const nativeOffers of [true, false])
      test(`${nativeOffers ? "auger" : "the browser"} offers: the W3C's names, and numbers that mirror each other`, () =>
        session(nativeOffers, (ours, theirs, why) => {
          hasTheNames(ours);
          const us = inUse(ours), them = inUse(theirs);
          assert.ok(us.pair && them.pair, JSON.stringify(theirs));
          for (const [a, b, who] of [[us, them, "auger"], [them, us, kind]]) {
            near(a.pair.bytesSent, b.pair.bytesReceived, 3000, `bytes of ${who}`);
            if (a.pair.packetsSent !== undefined && b.pair.packetsReceived !== undefined)
              near(a.pair.packetsSent, b.pair.packetsReceived, 4, `packets of ${who}`);
            if (a.pair.responsesSent !== undefined && b.pair.responsesReceived !== undefined)
              near(a.pair.responsesSent, b.pair.responsesReceived, 2, `responses of ${who}`);
          }
          // Perhaps over more than one pair: whoever controls may choose a better one on the way.
          assert.ok(us.transport.bytesSent > 5 * 65536 && us.transport.bytesReceived > 5 * 65536);
          assert.ok(us.pair.consentRequestsSent >= 1);
          assert.equal(us.pair.state, "succeeded");
          assert.equal(us.pair.nominated, them.pair.nominated);
          assert.ok(us.pair.currentRoundTripTime > 0 && us.pair.currentRoundTripTime < 30);
          assert.equal(us.end(us.pair.localCandidateId).port, them.end(them.pair.remoteCandidateId).port);
          assert.ok(Math.abs(us.pair.lastPacketSentTimestamp - Date.now()) < 60000);
          assert.equal(why.code, "nothing");
          if (kind === "chromium") { // which counts all of it
            near(us.pair.requestsSent + us.pair.retransmissionsSent, them.pair.requestsReceived, 2,
              "requests of auger");
            near(them.pair.requestsSent, us.pair.requestsReceived, 2, "requests of chromium");
          }
          if (them.transport) {
            assert.equal(us.transport.tlsVersion, them.transport.tlsVersion);
            assert.equal(us.transport.dtlsCipher, them.transport.dtlsCipher);
            assert.notEqual(us.transport.iceRole, them.transport.iceRole);
            assert.notEqual(us.transport.dtlsRole, them.transport.dtlsRole);
            for (const name of ["iceState", "dtlsState"]) assert.equal(us.transport[name], "connected");
          }
          if (kind === "chromium") { // Firefox names certificates, and shows none
            const print = (s, id) => s.find((c) => c.id === id).fingerprint;
            assert.equal(print(ours, us.transport.remoteCertificateId), print(theirs, them.transport.localCertificateId));
            assert.equal(print(theirs, them.transport.remoteCertificateId), print(ours, us.transport.localCertificateId));
          }
        }));
  });
}
