// The page of `auger serve` in a real browser: connect, talk, a file there and back, closing from
// either side, and a reload. Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { sharedBrowser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { NATIVE, SECOND, SEGMENT, setRoutes } from "../lib/netns.mjs";
import { clickConnect, giveFile, say, textOf, untilStatus, untilTold } from "../lib/page.mjs";
import { Serve } from "../lib/serve.mjs";
import { until } from "../lib/until.mjs";

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

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

for (const kind of BROWSERS) {
  describe(`the page in ${kind}`, { concurrency: 1 }, () => {
    let browser, serve, folder;
    before(async () => {
      serve = await Serve.start();
      browser = await sharedBrowser(kind);
      folder = mkdtempSync(join(tmpdir(), "auger-file-"));
    });
    after(async () => {
      await serve?.interrupt();
      if (folder) rmSync(folder, { recursive: true, force: true });
    });

    async function withPage(query, work) {
      const page = await browser.open(serve.url + query);
      try {
        await work(page);
        assert.deepEqual(page.errors, []);
      } finally {
        await page.close().catch(() => {});
      }
    }

    function file(name, bytes) {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      return path;
    }

    for (const offerer of ["me", "other"]) {
      test(`connects and talks when ${offerer === "me" ? "the browser" : "auger"} offers`, () =>
        withPage(`?offer=${offerer}`, async (page) => {
          await clickConnect(page);
          await untilStatus(page, "open");
          assert.equal(await say(page, "hello <b>there</b> ü"), "hello <b>there</b> ü");
        }));
    }

    test("a file of 16 MiB goes there and comes back, and is saved, byte for byte", () =>
      withPage("?auto", async (page) => {
        const bytes = noise(FILE_SIZE);
        await untilStatus(page, "open");
        const verdict = await giveFile(page, file("noise.bin", bytes));
        assert.equal(verdict.ok, "yes", verdict.text);
        assert.ok(verdict.text.includes(sha256(bytes)), verdict.text);
        await page.click("#transfers li:first-child a");
        assert.equal(sha256(await browser.saved("noise.bin", FILE_SIZE)), sha256(bytes));
      }));

    test("an empty file and one of a single byte come back too", () =>
      withPage("?auto", async (page) => {
        await untilStatus(page, "open");
        for (const size of [0, 1]) {
          const bytes = noise(size);
          const verdict = await giveFile(page, file(`${size}.bin`, bytes));
          assert.equal(verdict.ok, "yes", verdict.text);
          assert.ok(verdict.text.includes(sha256(bytes)), verdict.text);
        }
      }));

    test("a file that is too large is refused before it is sent", () =>
      withPage("?auto", async (page) => {
        await untilStatus(page, "open");
        const verdict = await giveFile(page, file("large.bin", Buffer.alloc(64 * 1024 * 1024 + 1)));
        assert.deepEqual(verdict, { ok: "no", text: "not sent: larger than 64 MiB" });
        assert.equal(await say(page, "and it goes on"), "and it goes on");
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

    test("auger closes: the page says so, and connects again to another", async () => {
      const own = await Serve.start();
      const page = await browser.open(`${own.url}?auto`);
      await untilStatus(page, "open");
      assert.equal(await own.interrupt(), 130);
      await untilStatus(page, "idle");
      await page.goto(`${serve.url}?auto`);
      await untilStatus(page, "open");
      assert.equal(await say(page, "here too"), "here too");
      await page.close();
    });

    for (const offerer of ["me", "other"])
      test(`the page restarts ICE when ${offerer === "me" ? "it" : "auger"} had offered, and talk goes on`, () =>
        withPage(`?auto&offer=${offerer}`, async (page) => {
          const ufrag = () => page.evaluate(() => /ice-ufrag:(\S+)/.exec(window.auger.session.pc.currentRemoteDescription.sdp)[1]);
          await untilStatus(page, "open");
          const before = await ufrag();
          await page.evaluate(() => window.auger.session.restart());
          assert.ok(await until(async () => (await ufrag()) !== before));
          assert.equal(await say(page, "after the restart"), "after the restart");
        }));

    // The room is over IPv6 and the path over IPv4, so that only the latter goes.
    test("auger's address goes: it restarts ICE over the room, and talk goes on from another", async () => {
      const addr = (verb, cidr) => execFileSync("ip", ["-n", NATIVE.ns, "addr", verb, cidr, "dev", "wire"]);
      const own = await Serve.startAt(`[${NATIVE.v6}]:0`, "--only", SEGMENT);
      const page = await browser.open(`${own.url}?auto`);
      try {
        await untilStatus(page, "open");
        addr("del", `${NATIVE.v4}/24`);
        await untilTold(page, "the other side restarts ICE");
        addr("add", SECOND);
        await untilStatus(page, "open");
        assert.equal(await say(page, "from elsewhere"), "from elsewhere");
        assert.deepEqual(page.errors, []);
      } finally {
        await page.close();
        await own.interrupt();
        addr("add", `${NATIVE.v4}/24`);
        try {
          addr("del", SECOND);
        } catch {
          // It had not come yet.
        }
        setRoutes(NATIVE);
      }
    });

    test("without a server there is a word for it", () =>
      withPage("", async (page) => {
        await page.$eval("#room", (node) => (node.value = "x".repeat(65))); // no name of a room
        await page.evaluate(() => document.getElementById("connect").onsubmit(new Event("submit")));
        await untilStatus(page, "failed");
        assert.match(await textOf(page, "#trouble"), /server/);
      }));
  });
}
