// The main job on real input, for scripts/demo: `auger serve` in one process, its page in a headless
// browser, messages and a file there and back, and what happened.
//
//   node interop/demo.mjs --auger PATH [--browser chromium|firefox] [--file PATH]

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { Browser } from "./lib/browser.mjs";
import { Lines } from "./lib/lines.mjs";
import { clickConnect, giveFile, say, textOf, untilSamePath, untilStatus } from "./lib/page.mjs";

const MESSAGES = 10;

function wrong(why) {
  console.error(`demo: ${why}`);
  process.exit(2);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        auger: { type: "string" },
        browser: { type: "string", default: "chromium" },
        file: { type: "string" },
      },
    });
    return values;
  } catch (error) {
    return wrong(`${error.message}; see scripts/demo --help`);
  }
}

const options = readOptions();
if (!options.auger) wrong("say --auger PATH, the program that was built");
if (!["chromium", "firefox"].includes(options.browser)) wrong(`--browser is chromium or firefox, not ${options.browser}`);
if (options.file && !statSync(options.file, { throwIfNoEntry: false })?.isFile()) wrong(`there is no file ${options.file}`);

const tell = (text) => console.log(`  ${text}`);

function someFile(folder) {
  if (options.file) return options.file;
  const path = join(folder, "a-file-for-auger.bin");
  const bytes = Buffer.alloc(16 * 1024 * 1024);
  for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE(Math.imul(i, 0x9e3779b1) >>> 0, i);
  writeFileSync(path, bytes);
  return path;
}

async function connect(page) {
  const started = Date.now();
  await clickConnect(page);
  await untilStatus(page, "open");
  tell(`connected ${Date.now() - started} ms after the click; the channel was open after ${await textOf(page, "#fact-open")}`);
}

async function talk(page) {
  const started = Date.now();
  for (let i = 1; i <= MESSAGES; i++) {
    const text = `hello ${i}`;
    const answer = await say(page, text);
    if (answer !== text) throw new Error(`the echo of “${text}” was “${answer}”`);
  }
  tell(`${MESSAGES} messages went there and came back as they were, in ${Date.now() - started} ms with the typing`);
}

async function sendFile(page, file) {
  const size = statSync(file).size;
  const started = Date.now();
  const verdict = await giveFile(page, file);
  const seconds = (Date.now() - started) / 1000;
  const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
  if (verdict.ok !== "yes" || !verdict.text.includes(hash)) throw new Error(`the file: ${verdict.text}`);
  tell(`${basename(file)}, ${size.toLocaleString("en")} bytes, went there and came back in ${seconds.toFixed(2)} s, every byte`);
  tell(`    SHA-256 ${hash} at both ends`);
}

function tellPicture({ local, remote, pairs }, who) {
  tell(`as ${who} sees it:`);
  for (const [name, side] of [["ours", local], ["theirs", remote]])
    for (const each of side) tell(`    candidate  ${name.padEnd(6)}  ${each.type.padEnd(5)}  ${each.address}`);
  for (const pair of pairs) {
    const rtt = pair.selected && pair.rtt_ms > 0 ? `, round trip ${pair.rtt_ms.toFixed(2)} ms` : "";
    tell(`    ${pair.selected ? "PATH" : "pair"}       ${pair.local} to ${pair.remote}: ${pair.state}${rtt}`);
  }
}

async function tellPaths(page, browser) {
  await untilSamePath(page);
  tellPicture(await page.evaluate(() => window.auger.pictureOf(window.auger.session.pc)), browser);
  tellPicture(await page.evaluate(() => window.auger.theirs), "auger");
  tell(`encryption: ${await textOf(page, "#fact-dtls")}`);
}

async function show(held) {
  held.serve = new Lines([options.auger, "serve", "--json", "--listen", "127.0.0.1:0", "--stun", "127.0.0.1:0"], "auger serve");
  const { url } = await held.serve.wait((e) => e.url, "URL");
  tell(`serving at ${url}`);
  held.browser = await Browser.launch(options.browser);
  tell(`opened it in ${await held.browser.browser.version()}`);
  const page = await held.browser.open(url);
  await connect(page);
  await tellPaths(page, options.browser);
  await talk(page);
  await sendFile(page, someFile(held.folder));
  if (page.errors.length) throw new Error(page.errors.join("\n"));
}

async function end({ serve, browser, folder }) {
  await browser?.close();
  if (serve) {
    serve.child.kill("SIGINT");
    await serve.exited;
  }
  rmSync(folder, { recursive: true, force: true });
}

class Interrupted extends Error {}
const interrupted = new Promise((_, reject) => process.once("SIGINT", () => reject(new Interrupted())));

const held = { folder: mkdtempSync(join(tmpdir(), "auger-demo-")) };
let status = 0;
try {
  await Promise.race([show(held), interrupted]);
} catch (error) {
  // Ctrl-C ends the commands that run then as well.
  status = error instanceof Interrupted || error.signal === "SIGINT" ? 130 : 1;
  if (status === 1) console.error(`demo failed: ${error.message}`);
}
await end(held);
process.exit(status);
