// Three hosts on one segment, in network namespaces of our own: where the browser runs, where the native
// side runs, and where relays run, whose bridge joins them. All have IPv4 and IPv6 and a default route of
// each (Firefox gathers nothing without that of IPv4). The addresses are such as hosts of the internet
// have, since a relay by default refuses private ones and those of documents. in_namespaces is what makes
// and removes the hosts, and nothing leaves them.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

export const NATIVE = { ns: "auger-native", v4: "5.5.5.1", v6: "2a05:5555::1" };
export const BROWSER = { ns: "auger-browser", v4: "5.5.5.2", v6: "2a05:5555::2" };
export const RELAY = { ns: "auger-relay", v4: "5.5.5.3", v6: "2a05:5555::3", name: "relay.auger.test" };
// What all of IPv4 is in, and one that NATIVE may have besides: of another prefix length, since as a
// secondary address of the first it would go with it.
export const SEGMENT = "5.5.5.0/24", SECOND = "5.5.5.9/25";

const HOSTS = [NATIVE, BROWSER, RELAY];
// A router that nobody is. Without any route coturn cannot send to an address that it never heard of, and
// then ends the whole allocation.
const NOWHERE = { v4: "5.5.5.254", v6: "2a05:5555::fe", mac: "02:00:00:00:00:fe" };
const BRIDGE_MAC = "02:00:00:00:77:03"; // else it changes with what is joined

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
  until(() => !HOSTS.some(tentative), "an address that looks for duplicates");
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
  for (const host of HOSTS) rmSync(files(host), { recursive: true, force: true });
  const named = ip("netns", "list").split("\n").map((line) => line.split(" ")[0]);
  for (const { ns } of HOSTS.filter((each) => named.includes(each.ns))) {
    try {
      endAllIn(ns);
    } finally {
      ip("netns", "del", ns);
    }
  }
}

// What `ip netns exec` puts in the place of files in /etc: the relay has a name, without which Firefox
// takes no TLS to it, and there is no name server to wait for.
const files = ({ ns }) => `/etc/netns/${ns}`;

function writeFiles(host) {
  // Chromium asks for a STUN server's name with a full stop at its end.
  const lines = [RELAY.v4, RELAY.v6].map((address) => `${address} ${RELAY.name} ${RELAY.name}.\n`).join("");
  mkdirSync(files(host), { recursive: true });
  writeFileSync(`${files(host)}/hosts`, `${readFileSync("/etc/hosts")}\n${lines}`);
  writeFileSync(`${files(host)}/resolv.conf`, "# none\n");
}

// Each end of the wires has the name `wire`, also that of the bridge.
export function up() {
  down();
  for (const { ns } of HOSTS) {
    ip("netns", "add", ns);
    // Nobody else can have our addresses, and looking for who does takes seconds.
    for (const which of ["all", "default"])
      ip("netns", "exec", ns, "sh", "-c", `echo 0 >/proc/sys/net/ipv6/conf/${which}/accept_dad`);
    ip("-n", ns, "link", "set", "lo", "up");
  }
  ip("-n", RELAY.ns, "link", "add", "wire", "address", BRIDGE_MAC, "type", "bridge", "mcast_snooping", "0");
  for (const { ns } of [NATIVE, BROWSER]) {
    ip("-n", ns, "link", "add", "wire", "type", "veth", "peer", "name", ns, "netns", RELAY.ns);
    ip("-n", RELAY.ns, "link", "set", ns, "master", "wire", "up");
  }
  for (const { ns, v4, v6 } of HOSTS) {
    ip("-n", ns, "addr", "add", `${v4}/24`, "dev", "wire");
    ip("-n", ns, "addr", "add", `${v6}/64`, "dev", "wire", "nodad");
    ip("-n", ns, "link", "set", "wire", "up");
    for (const router of [NOWHERE.v4, NOWHERE.v6])
      ip("-n", ns, "neigh", "replace", router, "lladdr", NOWHERE.mac, "dev", "wire", "nud", "permanent");
    setRoutes({ ns });
  }
  HOSTS.forEach(writeFiles);
  settle();
}

// The default routes, which go with the address that they are reached by.
export function setRoutes({ ns }) {
  ip("-n", ns, "-4", "route", "replace", "default", "via", NOWHERE.v4, "dev", "wire");
  ip("-n", ns, "-6", "route", "replace", "default", "via", NOWHERE.v6, "dev", "wire");
}

// The words that start a command inside a namespace; `ip netns exec` keeps the process id. A host of the
// laboratory of NATs (natlab/lab.mjs) has words of its own.
export function inside(host, command) {
  if (host?.inside) return host.inside(command);
  return host ? ["ip", "netns", "exec", host.ns, ...command] : command;
}
