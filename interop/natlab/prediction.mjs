// Ours, which predicts ports, and a browser, which knows nothing of it: one of them behind a router that
// counts its ports (natbox.mjs), the other behind one of the kernel that lets in only whom it was asked for.
// There is no relay, so a channel that opens is a direct path. docs/prediction.md has the table.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Native } from "../lib/native.mjs";
import { connect } from "../lib/pair.mjs";
import { Lab } from "./lab.mjs";
import { startServer } from "./meeting.mjs";
import { Tab } from "./tab.mjs";

export const STRIDES = [1, 2, 100];
// Who stands behind the router that counts, what ours is asked for, and how many of a thousand sessions must be direct.
export const MEETINGS = {
  a: { place: "a", who: "ours", options: ["--predict"], must: 990 },
  "a, told once": { place: "a", who: "ours", options: ["--predict", "--trickle", "none"], must: 950 },
  b: { place: "b", who: "the browser", options: ["--predict"], must: 950 },
};
// A browser gives up after 11 to 15 s.
const PATIENCE_MS = 20000;
const WIRE = "delay=15, jitter=3";
const LOG = fileURLToPath(new URL("../../build/log", import.meta.url));

const drawing = (strides) => ["server (addresses=3) -- internet", "plain -- restricted (port-restricted) -- internet",
  ...strides.map((stride) => `by${stride} -- counts${stride} (APDM/APDF/sequential, stride=${stride}, ${WIRE}) -- internet`)].join("\n");

export class Prediction {
  static async build(strides = STRIDES) {
    const there = new Prediction();
    there.lab = await Lab.build(drawing(strides));
    try {
      there.server = await startServer(there.lab.host("server"));
    } catch (error) {
      await there.down();
      throw error;
    }
    return there;
  }

  hosts(place, stride) {
    const counted = this.lab.host(`by${stride}`), plain = this.lab.host("plain");
    return place === "a" ? { ours: counted, theirs: plain } : { ours: plain, theirs: counted };
  }

  startTab(place, stride, browser) {
    return Tab.start(this.hosts(place, stride).theirs, browser, this.config());
  }

  config() {
    return { iceServers: this.lab.host("server").addresses.map((address) => ({ urls: `stun:${address}` })) };
  }

  // { isDirect, ms, trace } of one session with that tab; `trace` is kept where `wanted` says so.
  async meet({ place, stride, options, oursOffers = true, isKept = () => false, name = "" }, tab) {
    const ours = await Native.start(this.hosts(place, stride).ours, ...options);
    ours.config = this.config();
    try {
      const started = Date.now();
      const isDirect = await connect(...(oursOffers ? [ours, tab] : [tab, ours]), { within: PATIENCE_MS }).then(() => true, (error) => {
        if (!/^\S+: no open channel/.test(error.message)) throw error;
        return false;
      });
      const result = { isDirect, ms: Date.now() - started };
      if (isKept(result)) result.trace = keep(ours, `prediction ${place} ${stride} ${tab.name} ${name}`);
      return result;
    } finally {
      await ours.end();
      await tab.forget();
    }
  }

  async down() {
    await this.server?.stop();
    await this.lab.down();
  }
}

function keep(peer, what) {
  const file = join(LOG, `${what}.jsonl`.replace(/[^\w.]+/g, "-"));
  mkdirSync(LOG, { recursive: true });
  copyFileSync(peer.trace, file);
  return file;
}
