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

// The path that data takes by the account of each end, as ports of ours and of theirs; ours says also how
// often it has changed.
function paths({ ours, theirs }) {
  const us = inUse(ours), them = inUse(theirs);
  const ends = ({ pair, end }) => pair && [end(pair.localCandidateId).port, end(pair.remoteCandidateId).port];
  return { ours: ends(us), theirs: ends(them)?.reverse(), changes: us.transport.selectedCandidatePairChanges };
}

// What both ends tell once data goes both ways over the pair that both have selected: so it was before
// the data, and so it is after it. Who controls may choose a better pair at any time, whose numbers
// begin at nothing. What `holds` asserts may take a while: SACKs and checks are under way, and a browser
// tells for some time what it told last.
async function settled(native, tab, holds = () => {}) {
  const both = async () => {
    const [ours, theirs] = await Promise.all([native.call("stats"), tab.call("stats")]);
    return { ours, theirs };
  };
  let wrong;
  const agreed = await until(async () => {
    const before = await both();
    for (const from of [native, tab]) await ping(from);
    const now = await both(), here = paths(now);
    try {
      assert.deepEqual(here.ours, here.theirs);
      assert.deepEqual(paths(before), here);
      holds(now);
      return now;
    } catch (error) {
      wrong = error;
      return null;
    }
  });
  if (!agreed) throw wrong;
  return agreed;
}

// SACKs and consent cross while the two are asked.
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

// What one end has sent over the selected pair the other has received, as far as both count it.
function mirrored(kind, { ours, theirs }) {
  const us = inUse(ours), them = inUse(theirs);
  assert.ok(us.pair.consentRequestsSent > 0);
  for (const [a, b, who] of [[us.pair, them.pair, "auger"], [them.pair, us.pair, kind]]) {
    near(a.bytesSent, b.bytesReceived, 3000, `bytes of ${who}`);
    if (a.packetsSent !== undefined && b.packetsReceived !== undefined)
      near(a.packetsSent, b.packetsReceived, 4, `packets of ${who}`);
    if (a.responsesSent !== undefined && b.responsesReceived !== undefined)
      near(a.responsesSent, b.responsesReceived, 2, `responses of ${who}`);
  }
  if (kind === "chromium") { // which counts all of it
    near(us.pair.requestsSent + us.pair.retransmissionsSent, them.pair.requestsReceived, 2, "requests of auger");
    near(them.pair.requestsSent, us.pair.requestsReceived, 2, "requests of chromium");
  }
}

for (const kind of BROWSERS) {
  describe(`statistics of auger and ${kind}`, { concurrency: 3 }, () => {
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
        await work(native, tab);
      } finally {
        await tab.end();
        await native.end();
      }
    }

    for (const nativeOffers of [true, false])
      test(`${nativeOffers ? "auger" : "the browser"} offers: the W3C's names, and numbers that mirror each other`, () =>
        session(nativeOffers, async (native, tab) => {
          for (let i = 0; i < 5; i++) {
            await ping(native);
            await echo(tab, 65536);
          }
          const { ours, theirs } = await settled(native, tab, (now) => mirrored(kind, now));
          hasTheNames(ours);
          const us = inUse(ours), them = inUse(theirs);
          assert.ok(us.pair && them.pair, JSON.stringify(theirs));
          // Perhaps over more than one pair: whoever controls may choose a better one on the way.
          assert.ok(us.transport.bytesSent > 5 * 65536 && us.transport.bytesReceived > 5 * 65536);
          assert.equal(us.pair.state, "succeeded");
          assert.equal(us.pair.nominated, them.pair.nominated);
          assert.ok(us.pair.currentRoundTripTime > 0 && us.pair.currentRoundTripTime < 30);
          assert.equal(us.end(us.pair.localCandidateId).port, them.end(them.pair.remoteCandidateId).port);
          assert.ok(Math.abs(us.pair.lastPacketSentTimestamp - Date.now()) < 60000);
          const from = Date.now(), [{ timestamp }] = await native.call("stats"); // milliseconds of the wall's clock
          assert.ok(timestamp >= from && timestamp <= Date.now() + 1, `${timestamp}, asked at ${from}`);
          assert.equal((await native.call("explain")).code, "nothing");
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
