// The page of `auger serve` in a real browser: connect, talk, a file there and back, the picture held
// against getStats(), closing from either side, and a reload. Run by interop/run, inside the browser's
// namespace.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { Browser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { Lines } from "../lib/lines.mjs";
import { NATIVE, inside } from "../lib/netns.mjs";
import { clickConnect, giveFile, say, untilStatus, waitFor } from "../lib/page.mjs";

const AUGER = process.env.AUGER;
const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");
const FILE_SIZE = 16 * 1024 * 1024;

// Bytes without a pattern, the same in each run.
function noise(n) {
  const bytes = Buffer.alloc(n);
  let x = 0x9e3779b9;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = x;
  }
  return bytes;
}

for (const kind of BROWSERS) {
  describe(`the page in ${kind}`, { concurrency: 1 }, () => {
    let browser, serve, url, folder, file, hash;
    before(async () => {
      serve = new Lines(
        inside(NATIVE, [AUGER, "serve", "--json", "--listen", `${NATIVE.v4}:0`, "--stun", `${NATIVE.v4}:0`]), "auger serve");
      url = (await serve.wait((e) => e.url, "URL")).url;
      browser = await Browser.launch(kind);
      folder = mkdtempSync(join(tmpdir(), "auger-file-"));
      file = join(folder, "noise.bin");
      const bytes = noise(FILE_SIZE);
      writeFileSync(file, bytes);
      hash = createHash("sha256").update(bytes).digest("hex");
    });
    after(async () => {
      await browser?.close();
      if (serve) {
        serve.child.kill("SIGINT");
        await serve.exited;
      }
      if (folder) rmSync(folder, { recursive: true, force: true });
    });

    async function withPage(query, work) {
      const page = await browser.open(url + query);
      try {
        await work(page);
        assert.deepEqual(page.errors, []);
      } finally {
        await page.close().catch(() => {});
      }
    }

    for (const offerer of ["me", "other"]) {
      test(`connects and talks when ${offerer === "me" ? "the browser" : "auger"} offers`, () =>
        withPage(`?offer=${offerer}`, async (page) => {
          await clickConnect(page);
          await untilStatus(page, "open");
          assert.equal(await say(page, "hello <b>there</b> ü"), "hello <b>there</b> ü");
        }));
    }

    test("a file of 16 MiB goes there and comes back, byte for byte", () =>
      withPage("?auto", async (page) => {
        await untilStatus(page, "open");
        const verdict = await giveFile(page, file);
        assert.equal(verdict.ok, "yes", verdict.text);
        assert.ok(verdict.text.includes(hash), verdict.text);
      }));

    test("the picture shows the pairs and the path that getStats() tells", () =>
      withPage("?auto", async (page) => {
        await untilStatus(page, "open");
        // Their selected pair is ours seen from the other end: the same port of the native side. The
        // controlling side may choose a better pair after the first, and each picture follows.
        await waitFor(page, () => {
          const selected = (side) => document.querySelector(`#picture-${side} path[data-selected=yes]`)?.dataset.pair.split(" ");
          const [ours, theirs] = [selected("here"), selected("there")];
          return ours && theirs && ours[1] === theirs[0];
        }, "same path on both sides");
        const { drawn, told } = await page.evaluate(async () => {
          const told = await window.auger.pictureOf(window.auger.session.pc);
          await window.auger.look();
          const paths = [...document.querySelectorAll("#picture-here path")];
          const drawn = paths.map((p) => ({ pair: p.dataset.pair, selected: p.dataset.selected === "yes" }));
          return { drawn, told: told.pairs.map((p) => ({ pair: `${p.local} ${p.remote}`, selected: p.selected })) };
        });
        const sorted = (pairs) => pairs.map((p) => `${p.pair} ${p.selected}`).sort();
        assert.ok(told.length > 0);
        assert.deepEqual(sorted(drawn), sorted(told));
        assert.equal(drawn.filter((p) => p.selected).length, 1);
        assert.notEqual(await page.$eval("#fact-rtt", (node) => node.textContent), "–");
      }));

    test("the browser disconnects and connects again", () =>
      withPage("?auto", async (page) => {
        await untilStatus(page, "open");
        await clickConnect(page);
        await untilStatus(page, "idle");
        await clickConnect(page);
        await untilStatus(page, "open");
        assert.equal(await say(page, "again"), "again");
      }));

    test("the page is reloaded and connects again", () =>
      withPage("?auto", async (page) => {
        await untilStatus(page, "open");
        await page.reload();
        await untilStatus(page, "open");
        assert.equal(await say(page, "after the reload"), "after the reload");
      }));

    test("the server ends: the page says so", async () => {
      const own = new Lines(
        inside(NATIVE, [AUGER, "serve", "--json", "--listen", `${NATIVE.v4}:0`, "--stun", `${NATIVE.v4}:0`]), "auger serve");
      const { url: at } = await own.wait((e) => e.url, "URL");
      const page = await browser.open(`${at}?auto`);
      await untilStatus(page, "open");
      own.child.kill("SIGINT");
      assert.equal(await own.exited, 130);
      await untilStatus(page, "idle");
      await page.close();
    });
  });
}
