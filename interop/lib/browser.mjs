// The browsers of the machine, headless, in their default configuration: host addresses stay hidden
// (a test of peers_test.mjs holds that). What is switched off is what would call home; what they save
// goes to a folder of its own. Beside their makers' authorities they trust that of certificate.mjs.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { authority } from "./certificate.mjs";

const PATHS = {
  chromium: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"],
  firefox: ["/usr/bin/firefox-esr", "/usr/bin/firefox"],
};

const CHROMIUM_FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--no-proxy-server", "--disable-dev-shm-usage",
  "--window-size=1280,900",
];

const FIREFOX_FLAGS = ["--width=1280", "--height=900"];

const FIREFOX_PREFS = {
  "network.proxy.type": 0,
  "network.connectivity-service.enabled": false,
  "network.captive-portal-service.enabled": false,
  "app.normandy.enabled": false,
  "datareporting.healthreport.uploadEnabled": false,
  "media.gmp-manager.url": "",
};

// On a busy machine.
const STARTS_WITHIN_MS = 120000, LOADED_WITHIN_MS = 60000, SAVED_WITHIN_MS = 60000, ENDS_WITHIN_MS = 8000;

function executable(kind) {
  const path = PATHS[kind].find(existsSync);
  if (!path) throw new Error(`no ${kind} on this machine: scripts/setup installs it`);
  return path;
}

// Every page may use the camera, as a user lets a page of calls: Firefox knows it by this setting.
const FIREFOX_CAMERA = { "permissions.default.camera": 1 };

function options(kind, profile, downloads, { camera }) {
  const common = {
    executablePath: executable(kind), headless: true, userDataDir: profile, timeout: STARTS_WITHIN_MS,
    protocolTimeout: 120000, handleSIGINT: false,
    defaultViewport: null, // Firefox has no command for it
  };
  if (kind === "chromium")
    return { ...common, pipe: true, args: CHROMIUM_FLAGS, downloadBehavior: { policy: "allow", downloadPath: downloads } };
  const prefs = { ...FIREFOX_PREFS, ...(camera && FIREFOX_CAMERA), "browser.download.folderList": 2, "browser.download.dir": downloads };
  return { ...common, browser: "firefox", protocol: "webDriverBiDi", args: FIREFOX_FLAGS, extraPrefsFirefox: prefs };
}

// Both browsers read the NSS database of a user who has told them of an authority: Firefox has one in each
// profile, Chromium one in each home (docs/decisions/140).
function trust(kind, folder, profile) {
  const database = kind === "firefox" ? profile : join(folder, "home", ".pki", "nssdb");
  mkdirSync(database, { recursive: true });
  const certutil = (...args) => execFileSync("certutil", [...args, "-d", `sql:${database}`], { stdio: ["ignore", "pipe", "pipe"] });
  certutil("-N", "--empty-password");
  certutil("-A", "-n", "auger interop", "-t", "C,,", "-i", authority().cert);
}

const remove = (folder) => rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Browser {
  // With `camera` its pages may use the camera: then neither browser hides addresses any more.
  static async launch(kind, { camera = false } = {}) {
    const folder = mkdtempSync(join(tmpdir(), `auger-${kind}-`));
    const profile = join(folder, "profile"), downloads = join(folder, "downloads");
    mkdirSync(profile);
    mkdirSync(downloads);
    try {
      trust(kind, folder, profile);
      const env = { ...process.env, HOME: join(folder, "home") };
      const browser = await puppeteer.launch({ ...options(kind, profile, downloads, { camera }), env });
      return new Browser(kind, folder, downloads, browser, camera);
    } catch (error) {
      try {
        remove(folder);
      } catch {
        // A browser that did not start in time still writes there; why it failed is what counts.
      }
      throw error;
    }
  }

  constructor(kind, folder, downloads, browser, camera) {
    this.kind = kind;
    this.folder = folder;
    this.downloads = downloads;
    this.browser = browser;
    this.camera = camera;
  }

  // A new tab; its errors are kept in page.errors.
  async open(url) {
    if (this.camera && this.kind === "chromium")
      await this.browser.defaultBrowserContext().overridePermissions(new URL(url).origin, ["camera"]);
    const page = await this.browser.newPage();
    page.setDefaultNavigationTimeout(LOADED_WITHIN_MS);
    page.errors = [];
    page.on("pageerror", (error) => {
      // Firefox calls a refused WebSocket an error of the page, which takes it as the event that it is.
      if (!/establish a connection to the server at ws/.test(error)) page.errors.push(String(error));
    });
    await page.goto(url);
    return page;
  }

  // The bytes of a file that a page let be saved under that name, once they are all there.
  async saved(name, size) {
    const path = join(this.downloads, name);
    for (const started = Date.now(); Date.now() - started < SAVED_WITHIN_MS; await pause(20))
      if (statSync(path, { throwIfNoEntry: false })?.size === size) return readFileSync(path);
    throw new Error(`${this.kind} did not save ${name}, ${size} bytes`);
  }

  // What it writes until it has ended would be in the way of its folder's removal.
  async close() {
    const process = this.browser.process();
    const ended = process.exitCode === null && process.signalCode === null && once(process, "exit");
    const timer = setTimeout(() => process.kill("SIGKILL"), ENDS_WITHIN_MS);
    this.browser.close().catch(() => {});
    await ended;
    clearTimeout(timer);
    remove(this.folder);
  }
}

const shared = new Map();

// One of each kind for all tests of a run: to start one takes longer than most tests.
export function sharedBrowser(kind) {
  if (!shared.has(kind)) {
    const browser = Browser.launch(kind);
    browser.catch(() => shared.delete(kind)); // who comes next tries again
    shared.set(kind, browser);
  }
  return shared.get(kind);
}

export async function closeSharedBrowsers() {
  for (const browser of shared.values()) await browser.then((each) => each.close(), () => {});
  shared.clear();
}
