// A browser tab that answers the peer protocol: the same face as lib/lines.mjs, so that a test does not
// care which side is native.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const WAIT_MS = 30000;
const POLL_MS = 15;
const script = readFileSync(new URL("page.js", import.meta.url), "utf8");

// http://localhost is a secure context, as real pages are.
export function servePage() {
  const html = `<!doctype html><meta charset="utf-8"><title>peer</title><script>${script}</script>`;
  const server = createServer((request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(html);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

export class BrowserPeer {
  static async open(browser, server) {
    const page = await browser.open(`http://localhost:${server.address().port}/`);
    return new BrowserPeer(browser.kind, page);
  }

  // A tab of that page, which speaks the protocol beside whatever it is.
  static async openAt(browser, url) {
    const page = await browser.open(url);
    await page.evaluate(script);
    return new BrowserPeer(browser.kind, page);
  }

  constructor(name, page) {
    this.name = name;
    this.page = page;
    this.events = [];
    this.listeners = [];
    this.polling = this.poll();
  }

  async poll() {
    while (!this.ended) {
      const events = await this.page.evaluate(() => window.peerEvents.splice(0)).catch(() => null);
      if (!events) return;
      for (const event of events) {
        this.events.push(event);
        for (const listener of [...this.listeners]) listener(event);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  on(_, listener) {
    this.listeners.push(listener);
  }

  async call(op, fields = {}) {
    const answer = await this.page.evaluate((request) => window.peerOp(request), { op, ...fields });
    if (answer.err) throw new Error(`${this.name} ${op}: ${answer.err}`);
    return answer.ok;
  }

  wait(condition, what, since = 0) {
    const before = this.events.slice(since).find(condition);
    if (before) return Promise.resolve(before);
    return new Promise((resolve, reject) => {
      const listener = (event) => {
        if (!condition(event)) return;
        clearTimeout(timer);
        resolve(event);
      };
      const timer = setTimeout(() => {
        const last = this.events.slice(-8).map((event) => JSON.stringify(event).slice(0, 200)).join("\n  ");
        reject(new Error(`${this.name}: no ${what} within ${WAIT_MS / 1000} s\n  ${last}`));
      }, WAIT_MS);
      this.listeners.push(listener);
    });
  }

  // A page that goes says nothing to the other side, which then waits before it ends.
  async end() {
    this.ended = true;
    await this.call("close").catch(() => {});
    await this.page.close().catch(() => {});
  }
}
