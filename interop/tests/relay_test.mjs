// Real browsers and ours with a relay between, coturn or our own, over UDP, TCP and TLS: the browser may use
// nothing else, or ours may not, or neither, or nothing else gets through. Run by interop/run, inside the
// browser's namespace.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { sharedBrowser } from "../lib/browser.mjs";
import { authority, certify, newAuthority } from "../lib/certificate.mjs";
import { test } from "../lib/check.mjs";
import { Coturn } from "../lib/coturn.mjs";
import { withoutUdp } from "../lib/firewall.mjs";
import { Native } from "../lib/native.mjs";
import { NATIVE, RELAY } from "../lib/netns.mjs";
import { connect, echo, ping } from "../lib/pair.mjs";
import { PASSWORD, USER, relayedBy, stunUri, uriOf } from "../lib/relay.mjs";
import { Serve } from "../lib/serve.mjs";
import { BrowserPeer, servePage } from "../peers/browser/peer.mjs";

const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");

const OVERS = ["udp", "tcp", "tls"];
const RELAYS = [
  { name: "coturn", start: () => Coturn.start() },
  { name: "auger serve", start: () => Serve.relay("--relay-to-relay") },
];

async function talk(native, tab) {
  await ping(native);
  await ping(tab);
  await echo(native, 65536);
  assert.equal((await echo(tab, 65536)).intact, true);
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

// What `auger peer` says to use that relay beside all else.
const using = (over) => ["--turn", uriOf(over), "--user", `${USER}:${PASSWORD}`, "--turn-ca", authority().cert];
const onlyBy = (over) => [...using(over), "--policy", "relay"];

// What a page says to learn its own address: its name under .local is for its link, which a relay is not on.
const reflexive = { iceServers: [{ urls: stunUri }] };

// Which ends the pair in use has, [type, host]; a relay may give addresses of both families.
async function isBetween(native, ours, theirs) {
  const { local, remote } = await native.selected();
  for (const [candidate, end] of [[local, ours], [remote, theirs]].filter(([, end]) => end)) {
    const [type, { v4, v6 }] = end;
    assert.equal(candidate.candidateType, type);
    assert.ok([v4, v6].includes(candidate.address), candidate.address);
  }
}

const HOST = ["host", NATIVE], AT_RELAY = ["relay", RELAY];

for (const { name, start } of RELAYS)
  aRelay(`a relay between, which is ${name}`, start, (open) => {
    async function together(kind, nativeOffers, { args = [], config }, work) {
      const native = await Native.start(NATIVE, ...args);
      const tab = await open(kind);
      tab.config = config;
      native.config = {};
      try {
        await connect(...(nativeOffers ? [native, tab] : [tab, native]));
        await talk(native, tab);
        await work(native, tab);
      } finally {
        await tab.end();
        await native.end();
      }
    }

    for (const kind of BROWSERS)
      for (const over of OVERS) {
        for (const nativeOffers of [true, false]) {
          const how = `${kind}, by ${over}, ${nativeOffers ? "auger" : "the browser"} offers`;

          test(`the browser may use nothing else: ${how}`, () =>
            together(kind, nativeOffers, { config: relayedBy(over) }, async (native, tab) => {
              await isBetween(native, HOST, AT_RELAY);
              assert.equal((await selectedBy(tab)).relayProtocol, over);
            }));

          test(`auger may use nothing else: ${how}`, () =>
            together(kind, nativeOffers, { args: onlyBy(over), config: reflexive }, async (native) => {
              await isBetween(native, AT_RELAY);
              const { lines, sdp } = await native.told();
              for (const line of lines) assert.match(line, / typ relay /);
              for (const address of [NATIVE.v4, NATIVE.v6]) assert.ok(!`${lines}${sdp}`.includes(address), sdp);
            }));
        }

        const either = over === "tcp";
        test(`neither may use anything else: ${kind}, by ${over}, ${either ? "auger" : "the browser"} offers`, () =>
          together(kind, either, { args: onlyBy(over), config: relayedBy(over) }, (native) => isBetween(native, AT_RELAY, AT_RELAY)));

        if (over !== "udp")
          test(`no datagram gets through at auger's: ${kind}, by ${over}, ${either ? "the browser" : "auger"} offers`, () =>
            withoutUdp(NATIVE, () => together(kind, !either, { args: using(over), config: reflexive }, (native) => isBetween(native, AT_RELAY))));
      }
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
