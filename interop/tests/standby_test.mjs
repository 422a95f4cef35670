// The path in use dies while another one works, and at the other end is a browser, which has not offered
// renomination: with --standby-restarts the session goes over to the other path by a restart, whatever
// program of ours it is (docs/decisions/072). Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { Browser, sharedBrowser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { Lines } from "../lib/lines.mjs";
import { NATIVE, inside } from "../lib/netns.mjs";
import { answerWhole, ping } from "../lib/pair.mjs";
import { Pipe } from "../lib/pipe.mjs";
import { answerIn } from "../lib/room.mjs";
import { Serve } from "../lib/serve.mjs";
import { until } from "../lib/until.mjs";
import { BrowserPeer, servePage } from "../peers/browser/peer.mjs";

const AUGER = process.env.AUGER;
const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");
const OPTION = "--standby-restarts";
const WITHIN_MS = 120000; // silence is believed after 13 s, and the machine is busy

// --- the network -------------------------------------------------------------------

const TABLE = "inet standby";
const nft = (rule) => execFileSync("ip", ["netns", "exec", NATIVE.ns, "nft", rule], { stdio: ["ignore", "pipe", "pipe"] });
const familyOf = (address) => (address.includes(":") ? "ip6" : "ip");

function raiseFirewall() {
  nft(`add table ${TABLE}`);
  for (const hook of ["input", "output"]) nft(`add chain ${TABLE} ${hook} { type filter hook ${hook} priority 0; }`);
}

// From now on nothing leaves that socket of the native side, and nothing reaches it.
function kill({ address, port }) {
  nft(`add rule ${TABLE} input ${familyOf(address)} daddr ${address} udp dport ${port} drop`);
  nft(`add rule ${TABLE} output ${familyOf(address)} saddr ${address} udp sport ${port} drop`);
}

// The native end of the path that the browser uses.
async function nativeEnd(tab) {
  const pair = await tab.call("pair");
  return pair && { address: pair.remote[2].replace(/[[\]]/g, ""), port: pair.remote[3] };
}

// --- three programs of ours ----------------------------------------------------------

// What one side says of its candidates from now on, and of ours from the beginning.
function pass(native, tab) {
  const to = (peer) => ({ ev, cand }) => ev === "cand" && peer.call("cand", { cand: cand && { sdpMLineIndex: 0, ...cand } }).catch(() => {});
  native.events.forEach(to(tab));
  native.on("event", to(tab));
  tab.on("event", to(native));
}

async function message(peer, text, since) {
  await peer.wait((e) => e.ev === "msg" && e.data === text, `message “${text}”`, since);
}

// Of each: brings it together with a tab, as who offers, and so controls. Resolves to the tab, the offers
// that it was made so far, what talks both ways, and what ends all.
const programs = {
  async "auger peer"(browser, { server, options }) {
    const native = new Lines(inside(NATIVE, [AUGER, "peer", ...options]), "auger");
    const tab = await BrowserPeer.open(browser, server);
    const offers = [];
    const config = { iceServers: [] };
    for (const peer of [native, tab]) await peer.call("new", { config });
    await native.call("dc", { label: "d", init: {} });
    const offer = await native.call("offer");
    await native.call("remote", { desc: await answerWhole(tab, offer) });
    offers.push(offer.sdp);
    pass(native, tab);
    await tab.wait((e) => e.ev === "open", "open channel");
    native.on("event", async (event) => {
      if (event.ev !== "restartwanted") return;
      await native.call("restart");
      const again = await native.call("offer");
      await tab.call("remote", { desc: again });
      await native.call("remote", { desc: await tab.call("answer") });
      offers.push(again.sdp);
    });
    return {
      tab, offers,
      talk: async () => {
        await ping(native);
        await ping(tab);
      },
      end: async () => {
        await tab.end();
        await native.end();
      },
    };
  },

  async "auger connect"(browser, { others, server, serve, options }) {
    const tab = await BrowserPeer.open(browser, server);
    const door = await BrowserPeer.openAt(others, `${serve.url}config.json`);
    const offers = await answerIn(door, tab, "standby");
    const pipe = new Pipe(inside(NATIVE, [AUGER, "connect", "standby", "--server", serve.url, "--json", ...options]));
    await tab.wait((e) => e.ev === "open", "open channel");
    let line = 0;
    return {
      tab, offers,
      talk: async () => {
        const [down, up] = [`down ${++line}\n`, `up ${line}\n`];
        pipe.say(down);
        await message(tab, down);
        await tab.call("send", { label: "pipe", data: up });
        await pipe.until("out", new RegExp(`^${up}`, "m"));
      },
      end: async () => {
        await pipe.end();
        await tab.end();
        await door.end();
      },
    };
  },

  async "auger serve"(browser, { others, server, options }) {
    const serve = await Serve.start(...options);
    const tab = await BrowserPeer.open(browser, server);
    const door = await BrowserPeer.openAt(others, `${serve.url}config.json`);
    const offers = await answerIn(door, tab, "demo", { call: true });
    await tab.wait((e) => e.ev === "open", "open channel");
    let line = 0;
    return {
      tab, offers,
      talk: async () => { // it echoes
        const text = `text ${++line}`;
        await tab.call("send", { label: "chat", data: text });
        await message(tab, text);
      },
      end: async () => {
        await tab.end();
        await door.end();
        await serve.interrupt();
      },
    };
  },
};

// --- the test ----------------------------------------------------------------------

const ufragOf = (sdp) => /^a=ice-ufrag:(.*?)\r?$/m.exec(sdp)[1];

// What is whole of a trace so far.
function named(trace, name) {
  const lines = readFileSync(trace, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line)).filter((record) => record.name === name).map(({ data }) => data);
}

// Until both use the pair that was selected, and one of the other family is in reserve: the native end of the former.
async function untilInReserve(tab, trace) {
  const ipOf = ({ local }) => local.replace(/:\d+$/, "").replace(/[[\]]/g, "");
  const first = await until(async () => {
    const used = await nativeEnd(tab), selected = named(trace, "ice:selected").at(-1);
    const kept = named(trace, "ice:standby").map((pair) => familyOf(ipOf(pair)));
    return used && selected && used.address === ipOf(selected) && kept.some((family) => family !== familyOf(used.address)) && used;
  }, WITHIN_MS);
  assert.ok(first, `nothing of another family is in reserve: ${JSON.stringify(await nativeEnd(tab))}`);
  return first;
}

async function changeOver({ tab, offers, talk }, trace) {
  await talk();
  const first = await untilInReserve(tab, trace), family = familyOf(first.address);
  await talk();
  const known = offers.length, told = named(trace, "ice:restart").length;
  kill(first);
  assert.ok(await until(() => offers.length > known, WITHIN_MS), "the browser was offered no restart");
  const moved = await until(async () => {
    const now = await nativeEnd(tab);
    return now && familyOf(now.address) !== family;
  }, WITHIN_MS);
  assert.ok(moved, `the browser stayed on ${JSON.stringify(first)}`);
  await talk();

  assert.equal(new Set(offers.map(ufragOf)).size, offers.length);
  assert.ok(named(trace, "ice:restart").length > told);
  assert.deepEqual(named(trace, "dtls:state").map(({ state }) => state).filter((state) => state === "connected"), ["connected"]);
  assert.deepEqual(tab.events.filter((e) => e.ev === "error" || e.ev === "dcclose" || e.value === "closed"), []);
  assert.equal(tab.events.filter((e) => e.ev === "open").length, 1);
}

// A page that may use the camera checks from all of its addresses: else Chromium leaves the second family out
// when the first connects fast.
for (const kind of BROWSERS) {
  describe(`a path in reserve, and ${kind}`, { concurrency: Object.keys(programs).length }, () => {
    let browser, others, server, serve, folder;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "auger-standby-"));
      raiseFirewall();
      browser = await Browser.launch(kind, { camera: true });
      others = await sharedBrowser(kind); // Chromium has no camera for a page without TLS
      server = await servePage();
      serve = await Serve.start();
    });
    after(async () => {
      await serve?.interrupt();
      await browser?.close();
      server?.close();
      nft(`delete table ${TABLE}`);
      rmSync(folder, { recursive: true, force: true });
    });

    for (const [name, begin] of Object.entries(programs))
      test(`the path in use dies, and ${name} restarts to change over`, async () => {
        const trace = join(folder, `${name.replace(" ", "-")}.jsonl`);
        const session = await begin(browser, { others, server, serve, options: [OPTION, "--trace", trace] });
        try {
          await changeOver(session, trace);
        } finally {
          await session.end();
        }
      });
  });
}
