// Twenty tabs of a real browser at once, all on one UDP port of ours: `auger serve --mux`.
// Run by interop/run, inside the browser's namespace.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { Browser } from "../lib/browser.mjs";
import { test } from "../lib/check.mjs";
import { Serve } from "../lib/serve.mjs";

const BROWSERS = (process.env.BROWSERS ?? "chromium,firefox").split(",");
const TABS = 20;
const PORT = 7077;

// In the tab: a connection whose offer is ready to be posted.
async function prepare(name) {
  const pc = new RTCPeerConnection();
  const channel = pc.createDataChannel(name);
  const happens = (target, event) => new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));
  await pc.setLocalDescription();
  while (pc.iceGatheringState !== "complete") await happens(pc, "icegatheringstatechange");
  const echoes = [];
  channel.onmessage = ({ data }) => echoes.push(data);
  Object.assign(window, { pc, channel, echoes, happens });
}

async function post() {
  const opened = window.happens(window.channel, "open");
  const posted = await fetch("whip/demo", {
    method: "POST", headers: { "content-type": "application/sdp" }, body: window.pc.localDescription.sdp,
  });
  const sdp = await posted.text();
  await window.pc.setRemoteDescription({ type: "answer", sdp });
  await opened;
  return sdp;
}

async function echo(texts) {
  for (const text of texts) window.channel.send(text);
  while (window.echoes.length < texts.length) await window.happens(window.channel, "message");
  return window.echoes.splice(0);
}

for (const kind of BROWSERS) {
  describe(`${kind} on one port of ours`, { concurrency: 1 }, () => {
    let browser, serve;
    before(async () => {
      serve = await Serve.start("--mux", String(PORT));
      browser = await Browser.launch(kind); // whose twenty names keep nobody else waiting
    });
    after(async () => {
      await browser?.close();
      await serve?.interrupt();
    });

    test(`${TABS} tabs at once: each is connected to that port and gets its own messages back`, async () => {
      const tabs = [];
      try {
        for (let i = 0; i < TABS; i++) tabs.push(await browser.open(serve.url));
        await Promise.all(tabs.map((tab, i) => tab.evaluate(prepare, `tab ${i}`)));

        const answers = await Promise.all(tabs.map((tab) => tab.evaluate(post)));
        for (const answer of answers) {
          const ports = [...answer.matchAll(/^a=candidate:\S+ 1 udp \d+ \S+ (\d+) /gim)].map(([, port]) => Number(port));
          assert.ok(ports.length > 0, answer);
          assert.deepEqual([...new Set(ports)], [PORT]);
        }
        const names = new Set(answers.map((answer) => answer.match(/^a=ice-ufrag:(\S+)/m)[1]));
        assert.equal(names.size, TABS);

        const texts = tabs.map((_, i) => Array.from({ length: 50 }, (_, j) => `tab ${i}, message ${j}, ${Math.random()}`));
        const echoes = await Promise.all(tabs.map((tab, i) => tab.evaluate(echo, texts[i])));
        assert.deepEqual(echoes, texts);
      } finally {
        await Promise.all(tabs.map((tab) => tab.close().catch(() => {})));
      }
    });

    test("a tab that is gone leaves its session, and its checks are told as of nobody", async () => {
      const tab = await browser.open(serve.url);
      try {
        await tab.evaluate(prepare, "orphan");
        const since = serve.events.length;
        const [, ufrag] = (await tab.evaluate(async () => {
          const posted = await fetch("whip/demo", {
            method: "POST", headers: { "content-type": "application/sdp" }, body: window.pc.localDescription.sdp,
          });
          const sdp = await posted.text();
          await fetch(posted.headers.get("location"), { method: "DELETE" });
          await window.pc.setRemoteDescription({ type: "answer", sdp });
          return sdp;
        })).match(/^a=ice-ufrag:(\S+)/m);
        const unknown = await serve.wait((e) => e.ev === "unknown" && e.ours === ufrag, "check of nobody", since);
        assert.match(unknown.theirs, /^[A-Za-z0-9+/]{4,}$/);
      } finally {
        await tab.close();
      }
    });
  });
}
