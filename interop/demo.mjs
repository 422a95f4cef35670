// The main job on real input, for scripts/demo: `auger serve` in one process, its page in a headless
// Chromium, messages and a file there and back, and what happened. Both live in a network namespace of
// their own, so that it runs the same on every machine; without root they use the machine's addresses.
//
//   node interop/demo.mjs --auger PATH [--browser chromium|firefox] [--file PATH] [--keep-serving]

import { createHash } from "node:crypto";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { Lines } from "./lib/lines.mjs";
import { BROWSER, down, up } from "./lib/netns.mjs";
import { clickConnect, giveFile, say, untilStatus, waitFor } from "./lib/page.mjs";

const { values: options } = parseArgs({
  options: {
    auger: { type: "string" },
    browser: { type: "string", default: "chromium" },
    file: { type: "string" },
    "keep-serving": { type: "boolean", default: false },
    inside: { type: "boolean", default: false },
  },
});
if (!options.auger) {
  console.error("demo: say --auger PATH, the program that was built");
  process.exit(2);
}

const step = (text) => console.log(`  ${text}`);

// Node and the browser must share the namespace, so the demo starts itself again inside it.
function inNamespace() {
  up();
  try {
    const again = ["netns", "exec", BROWSER.ns, process.execPath, ...process.argv.slice(1), "--inside"];
    return spawnSync("ip", again, { stdio: "inherit" }).status ?? 1;
  } finally {
    down();
  }
}

function someFile(folder) {
  if (options.file) return options.file;
  const path = join(folder, "a-file-for-auger.bin");
  const bytes = Buffer.alloc(16 * 1024 * 1024);
  for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE(Math.imul(i, 0x9e3779b1) >>> 0, i);
  writeFileSync(path, bytes);
  return path;
}

function tellPath(picture, who) {
  const pair = picture.pairs.find((each) => each.selected);
  step(`${who}: ${picture.local.length} candidates here, ${picture.remote.length} there, ${picture.pairs.length} pairs checked`);
  for (const [name, side] of [["here", picture.local], ["there", picture.remote]])
    for (const each of side) step(`    ${name.padEnd(5)} ${each.type.padEnd(5)} ${each.address}`);
  if (pair) step(`    path  ${pair.local} to ${pair.remote}, round trip ${pair.rtt_ms.toFixed(2)} ms`);
}

async function show(page, file) {
  const started = Date.now();
  await clickConnect(page);
  await untilStatus(page, "open");
  step(`connected ${Date.now() - started} ms after the click; the channel was open after ${await page.$eval("#fact-open", (n) => n.textContent)}`);
  const text = "hello through the hole";
  const answer = await say(page, text);
  if (answer !== text) throw new Error(`the echo was “${answer}”`);
  step(`said “${text}”, and it came back`);

  const size = statSync(file).size;
  const sent = Date.now();
  const verdict = await giveFile(page, file);
  const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
  if (verdict.ok !== "yes" || !verdict.text.includes(hash)) throw new Error(`the file: ${verdict.text}`);
  const seconds = (Date.now() - sent) / 1000;
  step(`${basename(file)}, ${size.toLocaleString("en")} bytes, went there and came back in ${seconds.toFixed(2)} s`);
  step(`    SHA-256 ${hash} at both ends`);

  await waitFor(page, () => document.querySelector("#picture-there path[data-selected=yes]"), "picture of the other side");
  tellPath(await page.evaluate(() => window.auger.pictureOf(window.auger.session.pc)), "the browser");
  step(`    ${await page.$eval("#fact-dtls", (n) => n.textContent)}`);
}

async function demo() {
  const { Browser } = await import("./lib/browser.mjs");
  const folder = mkdtempSync(join(tmpdir(), "auger-demo-"));
  let serve, browser;
  try {
    serve = new Lines([options.auger, "serve", "--json", "--listen", "127.0.0.1:0", "--stun", "127.0.0.1:0"], "auger serve");
    const { url } = await serve.wait((e) => e.url, "URL");
    step(`serving at ${url}`);
    browser = await Browser.launch(options.browser);
    step(`opened it in ${await browser.browser.version()}`);
    const page = await browser.open(url);
    await show(page, someFile(folder));
    if (page.errors.length) throw new Error(page.errors.join("\n"));
    return 0;
  } catch (error) {
    console.error(`demo failed: ${error.message}`);
    return 1;
  } finally {
    await browser?.close();
    if (serve) {
      serve.child.kill("SIGINT");
      await serve.exited;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function keepServing() {
  console.log("\nNow it is your turn: this serves until Ctrl-C.");
  const child = spawn(options.auger, ["serve"], { stdio: "inherit" });
  process.on("SIGINT", () => {});
  return new Promise((resolve) => child.on("exit", () => resolve(0)));
}

const isRoot = process.getuid?.() === 0;
if (!options.inside && !isRoot) console.log("  (without root there is no namespace of its own: using this machine's addresses)");
let status = !options.inside && isRoot ? inNamespace() : await demo();
if (status === 0 && !options.inside && options["keep-serving"] && process.stdout.isTTY) status = await keepServing();
process.exit(status);
