// `auger peer` that leaves a trace, for tests that ask why.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lines } from "./lines.mjs";
import { inside } from "./netns.mjs";
import { until } from "./until.mjs";

// What stands for an address: draft-ietf-mmusic-mdns-ice-candidates, section 3.1.1.
export const NAME = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.local$/;

export class Native extends Lines {
  static async start(host, ...args) {
    const folder = mkdtempSync(join(tmpdir(), "auger-trace-")), trace = join(folder, "trace.jsonl");
    const peer = new Native(inside(host, [process.env.AUGER, "peer", "--trace", trace, ...args]), "auger");
    Object.assign(peer, { folder, trace });
    await peer.wait((e) => e.ev === "ready", "readiness");
    return peer;
  }

  // What is whole of the trace so far.
  records() {
    const lines = readFileSync(this.trace, "utf8").split("\n");
    return lines.slice(0, -1).map((line) => JSON.parse(line)).filter(({ name }) => name);
  }

  named(name) {
    return this.records().filter((record) => record.name === name).map(({ data }) => data);
  }

  // Until the trace has such a record, with a name of the look of ours.
  async untilNamed(name) {
    const first = await until(() => this.named(name)[0]);
    if (!first) throw new Error(this.describe(`no ${name} in the trace`));
    assert.match(first.name.toLowerCase(), NAME);
    return first;
  }

  // The candidates of the pair that data uses, as statistics have them.
  async selected() {
    const stats = await this.call("stats");
    const transport = stats.find((s) => s.type === "transport");
    const pair = stats.find((s) => s.id === transport.selectedCandidatePairId);
    const candidate = (id) => stats.find((s) => s.id === id);
    return { local: candidate(pair.localCandidateId), remote: candidate(pair.remoteCandidateId) };
  }

  // All that was signalled to the other side.
  async told() {
    const lines = this.events.filter((e) => e.ev === "cand" && e.cand).map((e) => e.cand.candidate);
    return { lines, sdp: (await this.call("local")).sdp };
  }

  async end() {
    await super.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
