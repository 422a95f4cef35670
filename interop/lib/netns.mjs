// Two hosts on one wire, in network namespaces of our own: where the browser runs, and where the
// native side runs. Both have IPv4 and IPv6 and a default route of each (Firefox gathers nothing without
// that of IPv4). in_namespaces is what makes and removes them.

import { execFileSync } from "node:child_process";

export const NATIVE = { ns: "auger-native", v4: "10.77.0.1", v6: "fd77::1" };
export const BROWSER = { ns: "auger-browser", v4: "10.77.0.2", v6: "fd77::2" };

const WAIT_MS = 30000;

function ip(...args) {
  return execFileSync("ip", args, { stdio: ["ignore", "pipe", "pipe"] }).toString();
}

function until(condition, what) {
  for (const started = Date.now(); !condition(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50))
    if (Date.now() - started > WAIT_MS) throw new Error(`after ${WAIT_MS / 1000} s still ${what}`);
}

// Addresses that still look for duplicates appear a second later. Chromium, started in between, takes
// that for a change of network and gathers nothing for its first connection.
function settle() {
  const tentative = ({ ns }) => ip("-n", ns, "-6", "addr", "show", "tentative").trim() !== "";
  until(() => ![NATIVE, BROWSER].some(tentative), "an address that looks for duplicates");
}

// A process that was killed may be there a moment longer.
function endAllIn(ns) {
  const kill = (pid) => {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself.
    }
  };
  until(() => {
    const pids = ip("netns", "pids", ns).split("\n").filter(Boolean);
    pids.forEach(kill);
    return pids.length === 0;
  }, `a process in ${ns}`);
}

// The namespaces, and whatever still runs in them.
export function down() {
  const named = ip("netns", "list").split("\n").map((line) => line.split(" ")[0]);
  for (const { ns } of [NATIVE, BROWSER].filter((each) => named.includes(each.ns))) {
    try {
      endAllIn(ns);
    } finally {
      ip("netns", "del", ns);
    }
  }
}

export function up() {
  down();
  for (const { ns } of [NATIVE, BROWSER]) {
    ip("netns", "add", ns);
    ip("-n", ns, "link", "set", "lo", "up");
  }
  ip("-n", NATIVE.ns, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", BROWSER.ns);
  for (const [here, there] of [[NATIVE, BROWSER], [BROWSER, NATIVE]]) {
    ip("-n", here.ns, "addr", "add", `${here.v4}/24`, "dev", "wire");
    ip("-n", here.ns, "addr", "add", `${here.v6}/64`, "dev", "wire", "nodad");
    ip("-n", here.ns, "link", "set", "wire", "up");
    ip("-n", here.ns, "route", "add", "default", "via", there.v4);
    ip("-n", here.ns, "-6", "route", "add", "default", "via", there.v6);
  }
  settle();
}

// The words that start a command inside a namespace; `ip netns exec` keeps the process id.
export function inside(host, command) {
  return host ? ["ip", "netns", "exec", host.ns, ...command] : command;
}
