// A browser on a host of the laboratory, with one page that speaks the peer protocol: to a test it has the
// face of lib/lines.mjs. The process there is this file too, since Firefox is driven through a port of the
// host that it runs on.

import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Lines } from "../lib/lines.mjs";

const STARTS_WITHIN_MS = 180000;

export class Tab extends Lines {
  static async start(host, kind, config) {
    const tab = new Tab(host.inside(["node", fileURLToPath(import.meta.url), "--tab", kind]), kind);
    tab.config = config;
    await tab.wait((e) => e.ev === "ready", "readiness", 0, STARTS_WITHIN_MS);
    return tab;
  }

  // As if it had just been opened.
  async forget() {
    await this.call("close").catch(() => {});
    this.events.splice(0);
    this.removeAllListeners("event"); // of who met it
  }
}

// --- the process there ------------------------------------------------------------

const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function run(kind) {
  const { Browser } = await import("../lib/browser.mjs");
  const { BrowserPeer, servePage } = await import("../peers/browser/peer.mjs");
  const browser = await Browser.launch(kind);
  const server = await servePage();
  const peer = await BrowserPeer.open(browser, server);
  peer.on("event", tell);
  createInterface({ input: process.stdin }).on("line", (line) => {
    const { op, id, ...fields } = JSON.parse(line);
    peer.call(op, fields).then((ok) => tell({ id, ok: ok ?? null }), (error) => tell({ id, err: error.message }));
  }).on("close", async () => {
    await peer.end();
    await browser.close();
    process.exit(0);
  });
  tell({ ev: "ready" });
}

if (process.argv[2] === "--tab") await run(process.argv[3]);
