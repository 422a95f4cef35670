// What the page draws, held against what both ends know: the browser's getStats(), and the trace of
// `auger serve`. Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { Browser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { textOf, untilSamePath, untilStatus, waitFor } from "../lib/page.mjs";
import { Serve } from "../lib/serve.mjs";

const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");

// What is drawn: {candidates: ["local host 10.0.0.1:5"], pairs: ["local remote state selected"]}.
function drawn(page, side) {
  return page.$eval(`#picture-${side}`, (node) => ({
    candidates: [...node.querySelectorAll("g")].map((g) => `${g.dataset.side} ${g.dataset.type} ${g.dataset.candidate}`).sort(),
    pairs: [...node.querySelectorAll("path")].map((p) => `${p.dataset.pair} ${p.dataset.state} ${p.dataset.selected}`).sort(),
  }));
}

// The same from getStats(), read here and not by the page's own code. What Firefox tells twice counts
// once, a pair as the best of what is told of it.
async function told(page) {
  const { candidates, pairs } = await page.evaluate(async () => {
    const stats = [...(await window.auger.session.pc.getStats()).values()];
    const place = (id) => {
      const { address, port } = stats.find((stat) => stat.id === id);
      if (!address) return `hidden:${port}`;
      return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    };
    const chosen = stats.find((stat) => stat.type === "transport")?.selectedCandidatePairId;
    return {
      candidates: stats.filter((stat) => /^(local|remote)-candidate$/.test(stat.type) && stat.protocol === "udp")
        .map((stat) => `${stat.type.replace("-candidate", "")} ${stat.candidateType} ${place(stat.id)}`),
      pairs: stats.filter((stat) => stat.type === "candidate-pair").map((stat) => ({
        ends: `${place(stat.localCandidateId)} ${place(stat.remoteCandidateId)}`,
        state: `${stat.state} ${(chosen ? stat.id === chosen : stat.selected) ? "yes" : "no"}`,
      })),
    };
  });
  const worth = ({ state }) => 1 + ["succeeded no", "succeeded yes"].indexOf(state);
  pairs.sort((a, b) => worth(b) - worth(a));
  const best = new Map();
  for (const { ends, state } of pairs) if (!best.has(ends)) best.set(ends, state);
  return { candidates: [...new Set(candidates)].sort(), pairs: [...best].map(([ends, state]) => `${ends} ${state}`).sort() };
}

// The same from the trace: its records folded into what stands at their end. A candidate that a check
// showed first (prflx) is, once it is told, what it was told to be.
function traced(path) {
  const candidates = new Map(), pairs = new Map();
  let selected = "";
  for (const line of readFileSync(path, "utf8").split("\n").filter(Boolean)) {
    const { name, data = {} } = JSON.parse(line); // the header has neither
    const pair = `${data.local} ${data.remote}`;
    if (name === "ice:local_candidate") candidates.set(`local ${data.addr}`, data.type);
    if (name === "ice:remote_candidate" && (data.type !== "prflx" || !candidates.has(`remote ${data.addr}`)))
      candidates.set(`remote ${data.addr}`, data.type);
    if (name === "ice:pair_added") pairs.set(pair, "frozen");
    if (name === "ice:pair_state") pairs.set(pair, data.to);
    if (name === "ice:selected") selected = pair;
  }
  return {
    candidates: [...candidates].map(([cand, type]) => cand.replace(" ", ` ${type} `)).sort(),
    pairs: [...pairs].map(([pair, state]) => `${pair} ${state} ${pair === selected ? "yes" : "no"}`).sort(),
  };
}

// Until both accounts agree and `holds` of them: what is drawn follows what happens, and a browser may
// change its pair. What was wrong last is told.
async function agree(drawnNow, toldNow, holds = () => {}) {
  let difference;
  for (let tries = 0; tries < 200; tries++) {
    try {
      const [a, b] = [await drawnNow(), await toldNow()];
      assert.deepEqual(a, b);
      holds(a);
      return a;
    } catch (error) {
      difference = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw difference;
}

// Of a browser no host candidate is asked for: Chromium announces one name a second, and does not
// gather on once it is connected by a reflexive candidate or by our check.
function hasPath(side) {
  assert.equal(side.pairs.filter((pair) => pair.endsWith(" succeeded yes")).length, 1, side.pairs.join("\n"));
  assert.ok(side.candidates.some((each) => each.startsWith("local ")), side.candidates.join("\n"));
}

function isWhole(side) {
  hasPath(side);
  assert.ok(side.candidates.some((each) => each.startsWith("local host ")), side.candidates.join("\n"));
}

for (const kind of BROWSERS) {
  describe(`the picture in ${kind}`, { concurrency: 1 }, () => {
    let browser, folder;
    before(async () => {
      browser = await Browser.launch(kind);
      folder = mkdtempSync(join(tmpdir(), "auger-trace-"));
    });
    after(async () => {
      await browser?.close();
      if (folder) rmSync(folder, { recursive: true, force: true });
    });

    async function compare(page, trace) {
      await untilStatus(page, "open");
      await untilSamePath(page);
      const here = await agree(() => drawn(page, "here"), () => told(page), hasPath);
      const there = await agree(() => drawn(page, "there"), () => traced(trace), isWhole);
      const native = (list, side) => list.filter((each) => each.startsWith(`${side} host `)).map((each) => each.split(" ")[2]);
      // Chromium lists those candidates of ours that it has made pairs of.
      const ours = native(there.candidates, "local");
      for (const each of native(here.candidates, "remote")) assert.ok(ours.includes(each), each);
      await waitFor(page, () => /^[\d.]+ ms$/.test(document.getElementById("fact-rtt").textContent), "round-trip time");
      await agree(async () => (await textOf(page, "#fact-path")).split(", ").at(-1),
        async () => (await told(page)).pairs.find((pair) => pair.endsWith(" yes"))?.split(" ")[1]);
      assert.deepEqual(page.errors, []);
    }

    for (const offerer of ["me", "other"]) {
      test(`shows what getStats() and auger tell when ${offerer === "me" ? "the browser" : "auger"} offers`, async () => {
        const trace = join(folder, offerer);
        const serve = await Serve.start("--trace", trace);
        const page = await browser.open(`${serve.url}?auto&offer=${offerer}`);
        try {
          await compare(page, trace);
        } finally {
          await page.close();
          await serve.interrupt();
        }
      });
    }
  });
}
