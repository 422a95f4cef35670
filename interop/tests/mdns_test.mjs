// Names in place of addresses, both ways, with browsers in their defaults, which hide theirs. Who has
// resolved whom is proved by keeping the candidates of one side from the other: then a name is the only way.
// Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { Browser, sharedBrowser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { NAME, Native } from "../lib/native.mjs";
import { BROWSER, NATIVE, inside } from "../lib/netns.mjs";
import { connect, ping } from "../lib/pair.mjs";
import { Pipe } from "../lib/pipe.mjs";
import { BrowserPeer, servePage } from "../peers/browser/peer.mjs";

const AUGER = process.env.AUGER;
const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");

const host = (addr) => addr.replace(/^\[(.*)\]:\d+$|:\d+$/, "$1");

// The pairs of the trace's check list with the address that a name turned out to be.
function pairsOf(native, { addr }) {
  return native.named("ice:pair_added").filter(({ remote }) => remote === addr);
}

async function hides(native, ...addresses) {
  const { lines, sdp } = await native.told();
  assert.ok(lines.length > 0);
  for (const line of lines) {
    assert.match(line.split(" ")[4], NAME);
    assert.ok(sdp.includes(line.split(" ")[4]), sdp);
  }
  for (const address of addresses) assert.ok(!`${sdp}${lines}`.includes(address), sdp);
}

async function end(...peers) {
  for (const peer of peers) await peer.end();
}

for (const kind of BROWSERS) {
  describe(`names of ${kind} and of auger`, { concurrency: 1 }, () => {
    let server;
    before(async () => (server = await servePage()));
    after(() => server?.close());

    // Chromium says one thing a second, so that names of a second session, begun seconds after the first,
    // are said when the news of the first are over: it has a new browser for each. So has who is to answer
    // before it ever had a name to resolve itself.
    async function together(work, { nativeOffers, args = [], unheard }) {
      const isNew = kind === "chromium" || unheard === "native";
      const browser = await (isNew ? Browser.launch(kind) : sharedBrowser(kind));
      const tab = await BrowserPeer.open(browser, server);
      const native = await Native.start(NATIVE, ...args);
      try {
        const [a, b] = nativeOffers ? [native, tab] : [tab, native];
        await connect(a, b, { unheard: { native, tab }[unheard] });
        await ping(native);
        await ping(tab);
        await work(native, tab);
      } finally {
        await end(tab, native);
        if (isNew) await browser.close();
      }
    }

    const who = (nativeOffers) => (nativeOffers ? "auger offers" : "the browser offers");

    for (const nativeOffers of [true, false]) {
      test(`${who(nativeOffers)}, the browser knows no candidate of ours: its name is resolved, and the pair is with that`, () =>
        together(async (native) => {
          const resolved = await native.untilNamed("peer:name_resolved");
          assert.ok([BROWSER.v4, BROWSER.v6].includes(host(resolved.addr)), resolved.addr);
          const told = native.named("ice:remote_candidate").find(({ addr }) => addr === resolved.addr);
          assert.equal(told.type, "host"); // before any check of the browser's
          assert.ok(pairsOf(native, resolved).length > 0);
          const { remote } = await native.selected();
          assert.deepEqual([remote.candidateType, remote.address], ["host", null]);
        }, { nativeOffers, unheard: "native" }));

      test(`${who(nativeOffers)}, ours is hidden, and we know no candidate of the browser's: it resolves our name`, () =>
        together(async (native) => {
          await hides(native, NATIVE.v4, NATIVE.v6);
          assert.deepEqual(native.named("peer:name_asked"), []);
          assert.equal((await native.selected()).remote.candidateType, "prflx");
        }, { nativeOffers, args: ["--mdns"], unheard: "tab" }));

      test(`${who(nativeOffers)}, both hide: each resolves the other`, () =>
        together(async (native) => {
          await hides(native, NATIVE.v4, NATIVE.v6);
          const resolved = await native.untilNamed("peer:name_resolved");
          assert.ok([BROWSER.v4, BROWSER.v6].includes(host(resolved.addr)), resolved.addr);
          assert.ok(pairsOf(native, resolved).length > 0);
          assert.equal((await native.selected()).remote.address, null);
        }, { nativeOffers, args: ["--mdns"] }));
    }

    test("--no-resolve-mdns asks for nothing, and the browser's checks show the path", () =>
      together(async (native) => {
        assert.deepEqual(native.named("peer:name_asked"), []);
        assert.ok(native.named("peer:name_ignored").length > 0);
        assert.equal((await native.selected()).remote.candidateType, "prflx");
      }, { nativeOffers: true, args: ["--no-resolve-mdns"] }));
  });
}

describe("names of two of ours", { concurrency: 1 }, () => {
  for (const unheard of [false, true])
    test(`auger peer, both hide${unheard ? ", one does not know the other's candidates" : ""}: resolved by name`, async () => {
      const a = await Native.start(NATIVE, "--mdns");
      const b = await Native.start(BROWSER, "--mdns");
      try {
        await connect(a, b, { unheard: unheard ? b : undefined });
        await ping(a);
        await hides(a, NATIVE.v4, NATIVE.v6);
        await hides(b, BROWSER.v4, BROWSER.v6);
        const of = { a: await a.call("local"), b: await b.call("local") };
        const seen = await b.untilNamed("peer:name_resolved");
        assert.ok(of.a.sdp.includes(seen.name));
        assert.ok([NATIVE.v4, NATIVE.v6].includes(host(seen.addr)));
        if (!unheard) assert.ok(of.b.sdp.includes((await a.untilNamed("peer:name_resolved")).name));
      } finally {
        await end(a, b);
      }
    });

  test("auger connect by hand, both hide: what is carried over has no address, and the pipe stands", async () => {
    const start = (at) => new Pipe(inside(at, [AUGER, "connect", "--manual", "--mdns"]));
    const a = start(NATIVE), b = start(BROWSER);
    try {
      a.say("\n");
      const [offer] = await a.until("err", /^\{.*\}$/m);
      b.say(`${offer}\n`);
      const [answer] = await b.until("err", /^\{.*\}$/m);
      a.say(`${answer}\n`);
      for (const text of [offer, answer]) {
        assert.match(text, /[0-9a-f]{12}\.local/);
        for (const address of [NATIVE, BROWSER].flatMap(({ v4, v6 }) => [v4, v6])) assert.ok(!text.includes(address), text);
      }
      a.say("over\n");
      await b.until("out", /^over$/m);
      a.endInput();
      b.endInput();
      assert.deepEqual(await Promise.all([a.exited, b.exited]), [0, 0]);
    } finally {
      await end(a, b);
    }
  });
});
