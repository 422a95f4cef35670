// `auger connect` and posted offers against a real browser: a room that the page is in, copy and paste,
// and HTTP alone. Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { sharedBrowser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { NATIVE, inside } from "../lib/netns.mjs";
import { clickConnect, heard, type, untilStatus, untilTold } from "../lib/page.mjs";
import { Pipe } from "../lib/pipe.mjs";
import { Serve } from "../lib/serve.mjs";
import { BrowserPeer, servePage } from "../peers/browser/peer.mjs";

const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");

for (const kind of BROWSERS) {
  describe(`auger connect and ${kind}`, { concurrency: 1 }, () => {
    let browser, serve, server;
    before(async () => {
      serve = await Serve.start();
      browser = await sharedBrowser(kind);
      server = await servePage();
    });
    after(async () => {
      await serve?.interrupt();
      server?.close();
    });

    async function withPipe(args, work) {
      const pipe = new Pipe(inside(NATIVE, [process.env.AUGER, "connect", ...args]));
      try {
        return await work(pipe);
      } finally {
        await pipe.end();
      }
    }

    test("the page is in the room, auger connect joins: text both ways, and the page ends it", () =>
      withPipe(["first", "--server", serve.url], async (pipe) => {
        const page = await browser.open(`${serve.url}?room=first&auto&offer=other`);
        await untilStatus(page, "open");
        pipe.say("from the shell\n");
        await heard(page, "from the shell\n");
        await type(page, "from the page ü");
        await pipe.until("out", /^from the page ü$/);
        pipe.endInput();
        await untilTold(page, "the other side has said all it had to say");
        await type(page, "and one more");
        await pipe.until("out", /and one more$/);
        await clickConnect(page);
        assert.equal(await pipe.exited, 0, pipe.err);
        assert.deepEqual(page.errors, []);
        await page.close();
      }));

    test("the page waits in the room, auger connect comes and offers, and ends it", async () => {
      const page = await browser.open(`${serve.url}?room=second&auto`);
      await untilTold(page, "nobody else is here yet");
      await withPipe(["second", "--server", serve.url], async (pipe) => {
        await untilStatus(page, "open");
        await type(page, "hello shell");
        await pipe.until("out", /^hello shell$/);
        pipe.say("hello page");
        await heard(page, "hello page");
        pipe.child.kill("SIGINT");
        assert.equal(await pipe.exited, 130);
      });
      await untilStatus(page, "idle");
      assert.deepEqual(page.errors, []);
      await page.close();
    });

    test("auger connect waits in the room, the page comes and offers, the end of input ends it", () =>
      withPipe(["third", "--server", serve.url], async (pipe) => {
        await pipe.until("err", /waiting/);
        const page = await browser.open(`${serve.url}?room=third&auto`);
        await untilStatus(page, "open");
        const lines = Array.from({ length: 1000 }, (_, i) => `line ${i}\n`).join("");
        pipe.say(lines);
        await heard(page, lines);
        pipe.endInput();
        await untilStatus(page, "idle");
        assert.equal(await pipe.exited, 0, pipe.err);
        assert.deepEqual(page.errors, []);
        await page.close();
      }));

    async function tabPeer() {
      const tab = await BrowserPeer.open(browser, server);
      await tab.call("new", { config: { iceServers: [] } });
      return tab;
    }

    async function whole(tab) {
      await tab.wait((e) => e.ev === "cand" && e.cand === null, "end of candidates");
      return `${JSON.stringify(await tab.call("local"))}\n`;
    }

    async function talkByHand(pipe, tab) {
      await tab.wait((e) => e.ev === "open", "open channel");
      const label = tab.events.find((e) => e.ev === "open").label;
      pipe.say("by hand");
      await tab.wait((e) => e.ev === "msg" && e.data === "by hand", "message");
      await tab.call("send", { label, data: "from the browser" });
      await pipe.until("out", /^from the browser$/);
      await tab.call("close");
      assert.equal(await pipe.exited, 0, pipe.err);
      await tab.end();
    }

    test("by copy and paste, auger offers", () =>
      withPipe(["--manual"], async (pipe) => {
        const tab = await tabPeer();
        pipe.say("\n");
        const [line] = await pipe.until("err", /^\{.*\}$/m);
        await tab.call("remote", { desc: JSON.parse(line) });
        await tab.call("answer");
        pipe.say(await whole(tab));
        await talkByHand(pipe, tab);
      }));

    test("by copy and paste, the browser offers", () =>
      withPipe(["--manual"], async (pipe) => {
        const tab = await tabPeer();
        await tab.call("dc", { label: "by hand", init: {} });
        await tab.call("offer");
        pipe.say(await whole(tab));
        const [line] = await pipe.until("err", /^\{.*\}$/m);
        await tab.call("remote", { desc: JSON.parse(line) });
        await talkByHand(pipe, tab);
      }));

    test("an offer that is posted is answered, and its session ends with DELETE", async () => {
      const page = await browser.open(serve.url);
      const told = await page.evaluate(async () => {
        const pc = new RTCPeerConnection();
        const channel = pc.createDataChannel("posted");
        const happens = (target, name) => new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));
        await pc.setLocalDescription();
        while (pc.iceGatheringState !== "complete") await happens(pc, "icegatheringstatechange");
        const opened = happens(channel, "open"), closed = happens(channel, "close");
        const posted = await fetch("whip/demo", {
          method: "POST", headers: { "content-type": "application/sdp" }, body: pc.localDescription.sdp,
        });
        const location = posted.headers.get("location");
        await pc.setRemoteDescription({ type: "answer", sdp: await posted.text() });
        await opened;
        channel.send("echo this");
        const { data } = await happens(channel, "message");
        const deleted = await fetch(location, { method: "DELETE" });
        await closed;
        const again = await fetch(location, { method: "DELETE" });
        return { status: posted.status, type: posted.headers.get("content-type"), location, data, deleted: deleted.status, again: again.status };
      });
      assert.match(told.location, /^\/whip\/demo\/[\w-]{16,}$/);
      assert.deepEqual({ ...told, location: "" },
        { status: 201, type: "application/sdp", location: "", data: "echo this", deleted: 200, again: 404 });
      await page.close();
    });
  });
}
