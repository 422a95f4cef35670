// The browsers of the machine, headless, in their default configuration: host addresses stay hidden.
// What is switched off is what would call home.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

const PATHS = {
  chromium: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"],
  firefox: ["/usr/bin/firefox-esr", "/usr/bin/firefox"],
};

const CHROMIUM_FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--no-proxy-server", "--disable-dev-shm-usage",
];

const FIREFOX_PREFS = {
  "network.proxy.type": 0,
  "network.connectivity-service.enabled": false,
  "network.captive-portal-service.enabled": false,
  "app.normandy.enabled": false,
  "datareporting.healthreport.uploadEnabled": false,
  "media.gmp-manager.url": "",
};

function executable(kind) {
  const path = PATHS[kind].find(existsSync);
  if (!path) throw new Error(`no ${kind} on this machine: scripts/setup installs it`);
  return path;
}

function options(kind, profile) {
  const common = { executablePath: executable(kind), headless: true, userDataDir: profile, protocolTimeout: 120000 };
  return kind === "chromium"
    ? { ...common, pipe: true, args: CHROMIUM_FLAGS }
    : { ...common, browser: "firefox", protocol: "webDriverBiDi", extraPrefsFirefox: FIREFOX_PREFS };
}

export class Browser {
  static async launch(kind) {
    const profile = mkdtempSync(join(tmpdir(), `auger-${kind}-`));
    try {
      return new Browser(kind, profile, await puppeteer.launch(options(kind, profile)));
    } catch (error) {
      rmSync(profile, { recursive: true, force: true });
      throw error;
    }
  }

  constructor(kind, profile, browser) {
    this.kind = kind;
    this.profile = profile;
    this.browser = browser;
  }

  // A new tab; its errors are kept in page.errors.
  async open(url, { width = 1280, height = 900 } = {}) {
    const page = await this.browser.newPage();
    page.errors = [];
    page.on("pageerror", (error) => page.errors.push(String(error)));
    await page.setViewport({ width, height });
    await page.goto(url);
    return page;
  }

  async close() {
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, 8000)));
    await Promise.race([this.browser.close().catch(() => {}), late]);
    clearTimeout(timer);
    this.browser.process()?.kill("SIGKILL");
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 3 });
  }
}
