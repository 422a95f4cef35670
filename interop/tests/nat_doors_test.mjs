// One and the same configuration in four networks, each of which shuts one more door: two meet by UDP, by TCP
// that both open at once, by TURN over TCP, by TURN over TLS on port 443. Run by interop/natlab/enter.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { authority, certify } from "../lib/certificate.mjs";
import { test } from "../lib/check.mjs";
import { Lines } from "../lib/lines.mjs";
import { Native } from "../lib/native.mjs";
import { connect, echo, ping } from "../lib/pair.mjs";
import { until } from "../lib/until.mjs";
import { Lab } from "../natlab/lab.mjs";

const USER = "user:password";
const SETTLES_WITHIN_MS = 60000; // on a busy machine
const STAYS_MS = 2000;

// What one end says of the path, in a word.
const wayOf = ({ candidateType, relayProtocol, protocol, tcpType }) =>
  candidateType === "relay" ? `relay by ${relayProtocol}` : protocol === "tcp" ? `tcp ${tcpType}` : protocol;

// Of a network: what it lets out, and by which way two behind such meet.
const DOORS = [
  ["all is open", "port-restricted", "udp"],
  ["UDP is shut", "udp-blocked", "tcp so"],
  ["and TCP to whom is no server of a relay", "tcp-relays-only", "relay by tcp"],
  ["and all ports but 443", "tcp443-only", "relay by tls"],
];

async function startServer(host) {
  const { cert, key } = certify(authority(), { name: host.name, v4: host.address });
  const server = new Lines(host.inside([process.env.AUGER, "serve", "--json", "--turn", `${host.address}:3478`, "--tls", `${host.address}:443/tcp`,
    "--cert", cert, "--key", key, "--user", USER, "--relay-to-relay", "--user-allocations", "1000", "--ip-allocations", "1000"]), "server");
  await server.wait((e) => e.turn, "addresses of the relay");
  return server;
}

describe("one configuration, and networks that shut one door after the other", { concurrency: 4 }, () => {
  let lab, server, options, config;
  before(async () => {
    const homes = DOORS.flatMap(([, kind], i) => ["ann", "ben"].map((name) => `${name}${i} -- ${name}-door${i} (${kind}) -- internet`));
    lab = await Lab.build(["server -- internet", ...homes].join("\n"));
    const { address } = lab.host("server");
    server = await startServer(lab.host("server"));
    const relays = [`turn:${address}`, `turn:${address}:3478?transport=tcp`, `turns:${address}:443?transport=tcp`];
    options = ["--ice-tcp", "so", ...relays.flatMap((uri) => ["--turn", uri]), "--user", USER, "--turn-ca", authority().cert];
    config = { iceServers: [{ urls: `stun:${address}` }] };
  });
  after(async () => {
    await server?.end();
    await lab?.down();
  });

  DOORS.forEach(([what, , way], i) =>
    test(`${what}: ${way}`, async () => {
      const peers = [];
      const ways = async () => {
        const ends = await Promise.all(peers.map(async (peer) => (await peer.selected()).local));
        return ends.map(wayOf).join(", ");
      };
      const should = `${way}, ${way}`;
      try {
        for (const name of ["ann", "ben"]) peers.push(Object.assign(await Native.start(lab.host(`${name}${i}`), ...options), { config }));
        await connect(...peers);
        let last;
        await until(async () => (last = await ways().catch(() => last)) === should, SETTLES_WITHIN_MS);
        await new Promise((resolve) => setTimeout(resolve, STAYS_MS));
        assert.equal(await ways(), should);
        for (const peer of peers) await ping(peer);
        await echo(peers[0], 65536);
      } finally {
        await Promise.all(peers.map((peer) => peer.end()));
      }
    }));
});
