// Two peers behind routers of the laboratory, brought together, and the path that they end on. Each has a
// STUN and TURN server of its own, over UDP, and over TCP on port 443 for who has nothing else.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Lines } from "../lib/lines.mjs";
import { Native } from "../lib/native.mjs";
import { connect, echo, ping } from "../lib/pair.mjs";
import { until } from "../lib/until.mjs";

const USER = "user", PASSWORD = "password";
const SETTLES_WITHIN_MS = 40000; // on a busy machine
const STAYS_MS = 2000;

// `auger serve` on a host of the internet, with its default policy about peers.
export async function startServer(host) {
  const at = [...host.addresses.map((address) => `${address}:3478`), `${host.address}:443`];
  const server = new Lines(host.inside([process.env.AUGER, "serve", "--json", ...at.flatMap((each) => ["--turn", each]),
    "--user", `${USER}:${PASSWORD}`, "--relay-to-relay", "--user-allocations", "100000", "--ip-allocations", "100000"]), `server ${host.name}`);
  await server.wait((e) => e.turn, "addresses of the relay");
  server.stunUris = host.addresses.map((address) => `stun:${address}`);
  server.uris = [`turn:${host.address}`, `turn:${host.address}:443?transport=tcp`];
  server.stop = () => {
    server.child.kill("SIGINT");
    return server.exited;
  };
  return server;
}

// What a page says to use that server; `turn`: as a relay too.
export function iceServersOf({ uris, stunUris }, turn = true) {
  return [{ urls: stunUris[0] }, ...(turn ? uris : []).map((urls) => ({ urls, username: USER, credential: PASSWORD }))];
}

// Who predicts compares what two addresses of the server see.
export async function startNative(host, { uris, stunUris }, { predicts = false } = {}) {
  const peer = await Native.start(host, ...uris.flatMap((uri) => ["--turn", uri]), "--user", `${USER}:${PASSWORD}`, ...(predicts ? ["--predict"] : []));
  peer.config = predicts ? { iceServers: stunUris.map((urls) => ({ urls })) } : {};
  return peer;
}

const sortOf = (path) => [...path].sort().join();
export const isRelayed = (path) => path.includes("relay");

// Of several best paths, which one comes is a matter of roles (8445 6.1.2.3).
const best = ({ paths }) => paths.filter((path) => sortOf(path) === sortOf(paths[0])).map((path) => path.join("-"));

async function pathOf(native) {
  const { local, remote } = await native.selected();
  return [local.candidateType, remote.candidateType];
}

// Until what the native peer sends on is what it should be, and two seconds later it still is: only then a
// relay was not on its way to something better. { path, isAsExpected }, `path` with the native's end first.
async function settle(native, isRight) {
  let path = [];
  const arrived = async () => isRight((path = await pathOf(native).catch(() => path)));
  if (!(await until(arrived, SETTLES_WITHIN_MS))) return { path, isAsExpected: false };
  await new Promise((resolve) => setTimeout(resolve, STAYS_MS));
  return { isAsExpected: await arrived(), path };
}

// a and b, which are native, with the expectation of table.mjs.
export async function meetNatives(a, b, expectation) {
  if (!expectation.paths.length) throw new Error("with relays at both ends there is always a path");
  await connect(a, b);
  const settled = await settle(a, (path) => best(expectation).includes(path.join("-")));
  await ping(a);
  await ping(b);
  await echo(a, 65536);
  return settled;
}

// A native peer and another, a browser or one that predicts: which of its candidates that takes is its own
// affair, but whether one of them is relayed is not.
export async function meetOther(native, other, expectation, nativeOffers) {
  await connect(...(nativeOffers ? [native, other] : [other, native]));
  const settled = await settle(native, (path) => path.length > 0 && isRelayed(path) !== expectation.isDirect);
  await ping(native);
  await ping(other);
  return settled;
}

// Two peers that are not ours: nothing is expected of them. { path }, empty where they did not meet.
export async function meetOthers(a, b) {
  try {
    await connect(a, b);
    await ping(a);
    await ping(b);
    await new Promise((resolve) => setTimeout(resolve, STAYS_MS));
    const { local, remote } = await a.call("pair");
    return { path: [local.type, remote.type] };
  } catch (error) {
    return { path: [], error: error.message.split("\n")[0] };
  }
}

const DATACHANNEL = fileURLToPath(new URL("../peers/datachannel/peer.mjs", import.meta.url));

export async function startDataChannel(host, server, { turn } = {}) {
  const peer = new Lines(host.inside(["node", DATACHANNEL]), "node-datachannel");
  peer.config = { iceServers: iceServersOf(server, turn) };
  await peer.wait((e) => e.ev === "ready", "readiness");
  return peer;
}

const LIBNICE = fileURLToPath(new URL("../peers/nice/peer.c", import.meta.url));
const LIBNICE_BUILT = fileURLToPath(new URL("../../build/interop/nice_peer", import.meta.url));
const LIBNICE_PACKAGES = ["nice", "jansson"];

// Our program around the libnice that the system has; built where it is not, or its text is newer.
export function buildLibnice() {
  if (existsSync(LIBNICE_BUILT) && statSync(LIBNICE_BUILT).mtimeMs > statSync(LIBNICE).mtimeMs) return;
  const words = (...args) => execFileSync("pkg-config", args).toString().trim().split(/\s+/);
  mkdirSync(dirname(LIBNICE_BUILT), { recursive: true });
  execFileSync("cc", ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", ...words("--cflags", ...LIBNICE_PACKAGES), "-o", LIBNICE_BUILT, LIBNICE,
    ...words("--libs", ...LIBNICE_PACKAGES)]);
}

export const libniceVersion = () => execFileSync("pkg-config", ["--modversion", "nice"]).toString().trim();

export async function startLibnice(host, server, { turn } = {}) {
  const peer = new Lines(host.inside([LIBNICE_BUILT]), "libnice");
  peer.config = { iceServers: iceServersOf(server, turn) };
  await peer.wait((e) => e.ev === "ready", "readiness");
  return peer;
}
