// Predicted ports through routers: ours with --predict and another side without, `auger connect` or a
// browser, one of them behind a NAT that counts, the other behind one that lets in only whom it has asked.
// How often it works `interop/run prediction` measures. Run by interop/natlab/enter.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, describe } from "node:test";
import { fileURLToPath } from "node:url";
import { test } from "../lib/check.mjs";
import { until } from "../lib/until.mjs";
import { Lab } from "../natlab/lab.mjs";
import { MEETINGS, Prediction } from "../natlab/prediction.mjs";

const AUGER = process.env.AUGER ?? fileURLToPath(new URL("../../build/dev/auger", import.meta.url));
const PATIENCE_S = 20;

function run(host, args) {
  const [program, ...words] = host.inside([AUGER, ...args]);
  const child = spawn(program, words, { stdio: ["pipe", "pipe", "pipe"] });
  const said = { child, out: "", err: "", code: null };
  child.stdout.on("data", (data) => (said.out += data));
  child.stderr.on("data", (data) => (said.err += data));
  child.on("exit", (code) => (said.code = code ?? -1));
  return said;
}

// Whether a line gets from one to the other, and what the first said of it.
async function meet(drawing, options) {
  const lab = await Lab.build(`${drawing}\n server (addresses=2) -- internet`);
  const all = [];
  try {
    const server = lab.host("server");
    for (const address of server.addresses) {
      const serving = run(server, ["serve", "--json", "--listen", `${address}:8080`, "--stun", `${address}:3478`]);
      all.push(serving);
      await until(() => serving.out.includes("serving"));
    }
    const [first, second] = server.addresses;
    const common = ["connect", "room", "--server", `http://${first}:8080/`, "--stun", `stun:${first}`, "--stun", `stun:${second}`,
      "--timeout", String(PATIENCE_S), "--json"];
    const alice = run(lab.host("alice"), [...common, ...options]);
    const bob = run(lab.host("bob"), common);
    all.push(alice, bob);
    alice.child.stdin.write("through the hole\n");
    await until(() => bob.out.includes("through the hole") || alice.code !== null, 1000 * (PATIENCE_S + 20));
    return { isThrough: bob.out.includes("through the hole"), said: alice.err };
  } finally {
    for (const { child } of all) child.kill();
    await lab.down();
  }
}

describe("behind a NAT that counts its ports", () => {
  for (const stride of [1, 2, 100])
    test(`+${stride}: with prediction a line gets through`, async () => {
      const { isThrough, said } = await meet(
        `alice -- hers (APDM/APDF/sequential, stride=${stride}) -- internet\n bob -- his (port-restricted) -- internet`, ["--predict"]);
      assert.ok(isThrough, said);
    });

  test("without prediction none does", async () => {
    const { isThrough, said } = await meet(
      "alice -- hers (APDM/APDF/sequential) -- internet\n bob -- his (port-restricted) -- internet", []);
    assert.ok(!isThrough, said);
  });
});

// One session may fail by chance.
const TRIES = 2;

for (const browser of (process.env.BROWSERS ?? "chromium,firefox").split(","))
  describe(`ours and ${browser}, without a relay`, () => {
    const strides = { a: 2, "a, told once": 100, b: 1 };
    let there;
    before(async () => {
      there = await Prediction.build(Object.values(strides));
    });
    after(() => there?.down());

    for (const [meeting, { place, who, options }] of Object.entries(MEETINGS))
      describe(`(${meeting}) with ${who} behind a NAT that counts`, () => {
        const stride = strides[meeting];
        let tab;
        before(async () => {
          tab = await there.startTab(place, stride, browser);
        });
        after(() => tab?.end());
        const meet = (said, oursOffers) => there.meet({ place, stride, options: said, oursOffers, isKept: () => true, name: `${meeting} ${said.join()}` }, tab);

        test(`+${stride}: with prediction there is a path`, async () => {
          const results = [];
          for (let i = 0; i < TRIES && !results.at(-1)?.isDirect; i++) results.push(await meet(options, i % 2 === 0));
          assert.ok(results.at(-1).isDirect, `traces: ${results.map(({ trace }) => trace).join(", ")}`);
        });
        test("without prediction there is none", async () => {
          const { isDirect, trace } = await meet([], true);
          assert.ok(!isDirect, `trace: ${trace}`);
        });
      });
  });
