// Two hosts on one wire, in network namespaces of our own: where the browser runs, and where the
// native side runs. Both have IPv4 and IPv6 and a default route of each (Firefox gathers nothing without
// that of IPv4). in_namespaces is what makes and removes them.

import { execFileSync } from "node:child_process";

export const NATIVE = { ns: "auger-native", v4: "10.77.0.1", v6: "fd77::1" };
export const BROWSER = { ns: "auger-browser", v4: "10.77.0.2", v6: "fd77::2" };

function ip(...args) {
  return execFileSync("ip", args, { stdio: ["ignore", "pipe", "pipe"] }).toString();
}

// Addresses that still look for duplicates appear a second later. Chromium, started in between, takes
// that for a change of network and gathers nothing for its first connection.
function settle() {
  const tentative = ({ ns }) => ip("-n", ns, "-6", "addr", "show", "tentative").trim() !== "";
  for (let tries = 0; tries < 100 && [NATIVE, BROWSER].some(tentative); tries++)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
}

function endAllIn(ns) {
  for (const pid of ip("netns", "pids", ns).split("\n").filter(Boolean)) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}

// The namespaces, and whatever still runs in them.
export function down() {
  for (const { ns } of [NATIVE, BROWSER]) {
    try {
      endAllIn(ns);
      ip("netns", "del", ns);
    } catch {
      // It was not there.
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
