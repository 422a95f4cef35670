// scripts/demo as somebody at a terminal runs it. It makes the namespaces itself, so that interop/run
// runs this outside of them.

import assert from "node:assert/strict";
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "node:test";
import { fileURLToPath } from "node:url";
import { test } from "../lib/check.mjs";
import { Pipe } from "../lib/pipe.mjs";

const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");
const DEMO = fileURLToPath(new URL("../../scripts/demo", import.meta.url));
const CTRL_C = "\x03";

// On a terminal of its own, as script(1) makes one.
function onTerminal(...args) {
  return new Pipe(["script", "-qefc", [DEMO, "--auger", process.env.AUGER, ...args].join(" "), "/dev/null"]);
}

function processesIn(namespace) {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/ns/net`) === `net:[${namespace}]`;
    } catch {
      return false; // it has ended
    }
  });
}

const NAMESPACES = ["/run/netns/auger-native", "/run/netns/auger-browser"];
const numberOf = (path) => statSync(path, { throwIfNoEntry: false })?.ino;

// What the demo holds while it has the lock of the namespaces. Later another run may have the same names;
// with its files open a namespace keeps its number.
function held() {
  const fds = NAMESPACES.map((path) => openSync(path));
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith("auger-interop."));
  assert.equal(folders.length, 1);
  return { fds, folder: join(tmpdir(), folders[0]) };
}

function nothingIsLeft({ fds, folder }) {
  for (const [i, fd] of fds.entries()) {
    const namespace = fstatSync(fd).ino;
    assert.notEqual(numberOf(NAMESPACES[i]), namespace);
    assert.deepEqual(processesIn(namespace), []);
    closeSync(fd);
  }
  assert.equal(existsSync(folder), false);
}

describe("scripts/demo", { concurrency: 1 }, () => {
  for (const kind of BROWSERS) {
    test(`shows the whole path in ${kind}, then serves until Ctrl-C`, async () => {
      const demo = onTerminal("--browser", kind);
      try {
        await demo.until("out", /serving at/);
        const its = held();
        await demo.until("out", /candidate +ours +host +\S+/);
        await demo.until("out", /PATH +\S+ to \S+: succeeded, round trip [\d.]+ ms/);
        await demo.until("out", /messages went there and came back as they were/);
        await demo.until("out", /16,777,216 bytes, went there and came back in [\d.]+ s, every byte\s+SHA-256 [0-9a-f]{64} at both ends/);
        await demo.until("out", /the demo took \d+/);
        const [, url] = await demo.until("out", /Now it is your turn[^]*The page: +(http\S+)/);
        nothingIsLeft(its);
        assert.equal((await fetch(url)).status, 200);
        demo.say(CTRL_C);
        assert.equal(await demo.exited, 130, demo.out);
      } finally {
        await demo.end();
      }
    });
  }

  for (const [when, line] of [["the browser starts", /serving at/], ["it is connected", /connected \d+ ms/]]) {
    test(`Ctrl-C while ${when} leaves nothing behind`, async () => {
      const demo = onTerminal("--browser", BROWSERS[0]);
      try {
        await demo.until("out", line);
        const its = held();
        demo.say(CTRL_C);
        assert.equal(await demo.exited, 130, demo.out);
        nothingIsLeft(its);
      } finally {
        await demo.end();
      }
    });
  }

  test("a file of one's own is sent, and one that is not there is named", async () => {
    const missing = new Pipe([DEMO, "--auger", process.env.AUGER, "--file", "/no/such/file"]);
    assert.equal(await missing.exited, 2);
    assert.match(missing.err, /no file \/no\/such\/file/);
    const demo = new Pipe([DEMO, "--auger", process.env.AUGER, "--browser", BROWSERS[0], "--file", DEMO]);
    assert.equal(await demo.exited, 0, demo.err);
    assert.match(demo.out, /demo, [\d,]+ bytes, went there and came back/);
    assert.doesNotMatch(demo.out, /your turn/);
  });
});
