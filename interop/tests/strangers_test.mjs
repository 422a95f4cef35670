// The page among strangers: two pages in one room, a third that comes, and one that means harm. What a
// peer says is text and never markup, and what it may make the page hold is bounded. Run by interop/run,
// inside the browser's namespace.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { sharedBrowser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { giveFile, heard, textOf, type, untilStatus, untilTold, waitFor } from "../lib/page.mjs";
import { Serve } from "../lib/serve.mjs";

const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");
const MARKUP = `<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>&lt;`;

// Joins a room from a tab that shows nothing, and connects to whoever waits there.
async function stranger(browser, url, room) {
  const page = await browser.open(`${url}config.json`);
  await page.evaluate(async (name, markup) => {
    const happens = (target, event) => new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));
    const socket = new WebSocket(`ws://${location.host}/ws/${name}`);
    const welcome = JSON.parse((await happens(socket, "message")).data);
    const to = welcome.peers[0].id;
    const me = { socket, pc: new RTCPeerConnection(), say: (fields) => socket.send(JSON.stringify({ to, session: "s", ...fields })) };
    me.pc.onicecandidate = ({ candidate }) => candidate?.candidate && me.say({ type: "candidate", candidate: candidate.candidate });
    me.chat = me.pc.createDataChannel(markup);
    const opened = happens(me.chat, "open");
    await me.pc.setLocalDescription();
    const answered = new Promise((resolve) => {
      const early = [];
      socket.onmessage = async ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === "bye") me.refused = true;
        if (message.type === "answer") {
          await me.pc.setRemoteDescription({ type: "answer", sdp: message.sdp });
          for (const line of early) await me.pc.addIceCandidate({ candidate: line, sdpMLineIndex: 0 });
        }
        if (message.type === "candidate" && message.candidate) {
          if (me.pc.remoteDescription) await me.pc.addIceCandidate({ candidate: message.candidate, sdpMLineIndex: 0 });
          else early.push(message.candidate);
        }
        if (message.type === "answer" || me.refused) resolve();
      };
    });
    me.say({ type: "offer", sdp: me.pc.localDescription.sdp });
    await answered;
    if (!me.refused) await opened;
    window.me = me;
  }, room, MARKUP);
  return page;
}

// Sends one file as a stranger may: any header, any bytes, any end. Resolves to the first answer, or to "closed".
function sendAnything(page, label, messages) {
  return page.evaluate((name, parts) => {
    const channel = window.me.pc.createDataChannel(name, { protocol: "auger-file" });
    channel.onopen = () => {
      for (const part of parts) channel.send(typeof part === "number" ? new Uint8Array(part) : part);
    };
    return new Promise((resolve) => {
      channel.onmessage = ({ data }) => resolve(data);
      channel.onclose = () => resolve("closed");
    });
  }, label, messages);
}

for (const kind of BROWSERS) {
  describe(`strangers and the page in ${kind}`, { concurrency: 1 }, () => {
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

    async function waitingIn(room) {
      const page = await browser.open(`${serve.url}?room=${room}&auto`);
      await untilTold(page, "nobody else is here yet");
      return page;
    }

    async function unharmed(page) {
      assert.deepEqual(page.errors, []);
      assert.equal(await page.evaluate(() => window.harmed), undefined);
      assert.equal(await page.$$eval("main img, main script, main iframe, main b[onerror]", (nodes) => nodes.length), 0);
    }

    test("two pages meet in a room, talk, and a file is taken and saved", async () => {
      const first = await waitingIn("two");
      const second = await browser.open(`${serve.url}?room=two&auto`);
      await untilStatus(first, "open");
      await untilStatus(second, "open");
      await type(first, "to the second");
      await heard(second, "to the second");
      await type(second, "to the first");
      await heard(first, "to the first");
      const bytes = Buffer.from(Array.from({ length: 300000 }, (_, i) => i % 251));
      const path = join(folder, "between pages.bin");
      writeFileSync(path, bytes);
      const verdict = await giveFile(second, path);
      assert.deepEqual(verdict, { ok: "yes", text: "taken by the other side" });
      assert.equal(await textOf(first, "#transfers li:first-child .verdict"), "received");
      await first.bringToFront();
      await first.click("#transfers li:first-child a");
      assert.ok((await browser.saved("between pages.bin", bytes.length)).equals(bytes));
      await unharmed(first);
      await unharmed(second);
      await second.close();
      await untilStatus(first, "idle");
      await first.close();
    });

    test("a third one does not take the place of the second, and may come when that has left", async () => {
      const first = await waitingIn("three");
      const second = await browser.open(`${serve.url}?room=three&auto`);
      await untilStatus(first, "open");
      const third = await stranger(browser, serve.url, "three");
      assert.equal(await third.evaluate(() => window.me.refused), true);
      await type(second, "still here");
      await heard(first, "still here");
      await third.close();
      await second.close();
      await untilStatus(first, "idle");
      const fourth = await stranger(browser, serve.url, "three");
      await untilStatus(first, "open");
      await unharmed(first);
      await fourth.close();
      await first.close();
    });

    test("markup stays text: in messages, labels, names of files, candidates, pictures and errors", async () => {
      const page = await waitingIn("markup");
      const other = await stranger(browser, serve.url, "markup");
      await untilStatus(page, "open");
      await other.evaluate((markup) => {
        const { me } = window;
        me.chat.send(markup);
        me.say({ type: "candidate", candidate: `candidate:1 1 udp 1 ${markup} 1 typ host` });
        me.say({
          type: "picture",
          picture: {
            local: [{ type: markup, address: markup, priority: markup }], remote: [{ type: markup, address: "x" }],
            pairs: [{ local: markup, remote: "x", state: markup, selected: true, rtt_ms: markup }],
          },
        });
      }, MARKUP);
      await heard(page, MARKUP);
      await untilTold(page, MARKUP);
      await waitFor(page, () => document.querySelector("#picture-there g") !== null, "picture");
      assert.equal(await page.$eval("#picture-there g", (node) => node.dataset.candidate), MARKUP.length > 100 ? `${MARKUP.slice(0, 100)}…` : MARKUP);

      const name = `${MARKUP}\u202efdp.exe`;
      const bytes = 5;
      await sendAnything(other, MARKUP, [JSON.stringify({ name, size: bytes, type: MARKUP }), bytes, `{"end":true}`]);
      await waitFor(page, () => document.querySelector("#transfers li:first-child a") !== null, "link");
      assert.equal(await textOf(page, "#transfers li:first-child a"), name.replace("\u202e", "\ufffd"));
      await sendAnything(other, "x", [JSON.stringify({ error: MARKUP })]);
      await waitFor(page, () => document.querySelector("#transfers li:first-child [data-ok=no]") !== null, "refusal");
      assert.equal(await textOf(page, "#transfers li:first-child .verdict"), `not received: ${MARKUP}`);
      await unharmed(page);
      await other.close();
      await page.close();
    });

    test("a room's name that is markup is nobody's", async () => {
      const page = await browser.open(`${serve.url}?auto&room=${encodeURIComponent(MARKUP)}`);
      await untilStatus(page, "failed");
      await unharmed(page);
      await page.close();
    });

    test("pictures, files and messages that are none leave the page as it was", async () => {
      const page = await waitingIn("nonsense");
      const other = await stranger(browser, serve.url, "nonsense");
      await untilStatus(page, "open");
      await other.evaluate(() => {
        const pictures = [
          { local: 1, remote: "x", pairs: { length: 9 } }, { local: [null, 1, "x", {}], remote: [[]], pairs: [null, {}, 7] },
          { pairs: [{ local: 1, remote: null, state: "__proto__", selected: 1, rtt_ms: "1" }, { selected: true, rtt_ms: -1 }, { rtt_ms: 1e308 }] }, {},
        ];
        for (const picture of pictures) window.me.say({ type: "picture", picture });
        window.me.say({ type: "candidate", candidate: "nonsense" });
        window.me.say({ type: "answer", sdp: "nonsense", session: "another" });
        window.me.say({ type: "bye", session: "another" });
        window.me.pc.createDataChannel("a second one to talk");
      });
      const refused = [
        ["null"], ["[]"], ["nonsense"], [7], [`{"size":-1}`], [`{"name":"x","size":1e99}`], [`{"name":"x","size":"5"}`],
        [`{"name":"x","size":67108865}`], [`{"name":"x","size":3}`, 4], [`{"name":"x","size":3}`, 2, `{"end":true}`],
        [`{"name":"x","size":3}`, `{"name":"y","size":3}`],
      ];
      for (const messages of refused) assert.equal(await sendAnything(other, "x", messages), "closed", String(messages));
      await other.evaluate(() => window.me.chat.send("and it goes on"));
      await heard(page, "and it goes on");
      assert.equal(await page.$$eval("#transfers a", (nodes) => nodes.length), 0);
      await unharmed(page);
      await other.close();
      await page.close();
    });

    test("what a stranger can fill is bounded", async () => {
      const page = await waitingIn("flood");
      const other = await stranger(browser, serve.url, "flood");
      await untilStatus(page, "open");
      await other.evaluate((long) => {
        const { me } = window;
        for (let i = 0; i < 2000; i++) me.chat.send(`message ${i}`);
        me.chat.send(long);
        for (let i = 0; i < 40; i++) me.pc.createDataChannel(`file ${i}`, { protocol: "auger-file" });
      }, "x".repeat(200000));
      await waitFor(page, () => document.querySelector("#messages .theirs:last-child")?.textContent.startsWith("xxxx"), "the last message");
      const sizes = await page.evaluate(() => ({
        messages: document.querySelectorAll("#messages li").length,
        longest: document.querySelector("#messages li:last-child").textContent.length,
        story: document.querySelectorAll("#story li").length,
      }));
      assert.deepEqual({ ...sizes, story: 0 }, { messages: 400, longest: 10001, story: 0 });
      assert.ok(sizes.story <= 400);
      assert.ok((await page.$$eval("#transfers progress", (nodes) => nodes.length)) <= 4);
      await unharmed(page);
      await other.close();
      await page.close();
    });
  });
}
