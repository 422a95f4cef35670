// What becomes of a session when its routers do what routers do: reboot, get another address, move a mapping;
// and how two meet where no UDP passes at all. Run by interop/natlab/enter.

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { authority, certify } from "../lib/certificate.mjs";
import { test } from "../lib/check.mjs";
import { Lines } from "../lib/lines.mjs";
import { Native } from "../lib/native.mjs";
import { connect, echo, ping } from "../lib/pair.mjs";
import { Pipe } from "../lib/pipe.mjs";
import { until } from "../lib/until.mjs";
import { Lab } from "../natlab/lab.mjs";
import { startServer } from "../natlab/meeting.mjs";

const USER = "user:password";

async function restart(offerer, answerer) {
  await offerer.call("restart");
  const offer = await offerer.call("offer");
  await answerer.call("remote", { desc: offer });
  await offerer.call("remote", { desc: await answerer.call("answer") });
}

// TURN over TLS on port 443, and nothing else.
async function startSealed(host) {
  const { cert, key } = certify(authority(), { name: host.name, v4: host.address });
  const server = new Lines(host.inside([process.env.AUGER, "serve", "--json", "--tls", `${host.address}:443/tcp`, "--cert", cert, "--key", key,
    "--turn", `${host.address}:3478`, "--user", USER]), `server ${host.name}`);
  await server.wait((e) => e.turn, "addresses of the relay");
  return server;
}

describe("a session and its routers", { concurrency: 6 }, () => {
  let lab, server, sealed;
  before(async () => {
    lab = await Lab.build(`
      north (addresses=2) -- internet
      south -- internet
      amy -- reboots (port-restricted) -- internet
      ann -- other1 (port-restricted) -- internet
      bea -- moves1 (port-restricted) -- internet
      ben -- other2 (full-cone) -- internet
      cat -- moves2 (port-restricted) -- internet
      cid -- other3 (port-restricted) -- internet
      gil -- short1 (port-restricted, timeout=5) -- internet
      gus -- short2 (port-restricted, timeout=5) -- internet
      hal -- short3 (EIM/APDF/random, timeout=3) -- internet
      hug -- short4 (EIM/APDF/random, timeout=3) -- internet
      ida -- short5 (EIM/APDF/random, timeout=3) -- internet
      ian -- other6 (full-cone) -- internet
      dan -- rebinds (EIM/APDF/random) -- internet
      dee -- other4 (address-restricted) -- internet
      eve -- wall1 (udp-blocked) -- internet
      eli -- wall2 (udp-blocked) -- internet
      una -- wall4 (udp-blocked) -- internet
      udo -- wall5 (udp-blocked) -- internet
      fay -- wall3 (tcp443-only) -- internet
      fox -- other5 (port-restricted) -- internet
      desk -- internet
      kim -- shifts (EIM/APDF/random) -- internet
      kay -- shifts`);
    server = await startServer(lab.host("north"));
    sealed = await startSealed(lab.host("south"));
  });
  after(async () => {
    await server?.stop();
    await sealed?.end();
    await lab?.down();
  });

  // Options of each.
  const together = async (names, work, options = [[], []]) => {
    const peers = [];
    try {
      for (const [i, name] of names.entries()) {
        peers.push(await Native.start(lab.host(name), ...options[i]));
        peers[i].config = { iceServers: [{ urls: server.stunUris[0] }] };
      }
      await connect(...peers);
      await ping(peers[0]);
      await work(...peers);
    } finally {
      await Promise.all(peers.map((peer) => peer.end()));
    }
  };
  const goesOn = async (...peers) => {
    for (const peer of peers) await ping(peer);
    await echo(peers[0], 65536);
  };
  // Where its data goes to; statistics hide a peer-reflexive address.
  const aimOf = (peer) => peer.named("ice:selected").at(-1)?.remote;

  test("a router of the kernel reboots, and its port is the same again", () =>
    together(["amy", "ann"], async (inner, outer) => {
      await lab.reboot("reboots");
      await goesOn(inner, outer);
    }));

  test("a router gets another address, and who is let in by the other tells it by what it sends", () =>
    together(["bea", "ben"], async (inner, outer) => {
      lab.renumber("moves1");
      await goesOn(inner, outer);
      assert.ok(await until(() => aimOf(outer)?.startsWith(`${lab.router("moves1").wan}:`)), aimOf(outer));
    }));

  test("a router gets another address, the other lets in nobody new, and a restart finds the way", () =>
    together(["cat", "cid"], async (inner, outer) => {
      lab.renumber("moves2");
      await inner.wait((e) => e.ev === "state" && e.which === "conn" && e.value === "disconnected", "end of silence");
      await restart(inner, outer);
      await goesOn(inner, outer);
      assert.ok(await until(() => aimOf(outer)?.startsWith(`${lab.router("moves2").wan}:`)), aimOf(outer));
    }));

  test("a router moves a mapping to another port in mid-session", () =>
    together(["dan", "dee"], async (inner, outer) => {
      const before = aimOf(outer);
      await lab.router("rebinds").box.say("rebind");
      await goesOn(inner, outer);
      assert.ok(await until(() => aimOf(outer) !== before), before);
    }));

  test("a router moves the mappings of two sessions that have one port on the other side", async () => {
    const at = lab.host("desk").address, callers = [];
    const desk = new Lines(lab.host("desk").inside([process.env.AUGER, "serve", "--json", "--listen", `${at}:8080`, "--mux", "7077"]), "desk");
    const eachIsEchoed = async (when) => {
      for (const [i, caller] of callers.entries()) caller.say(`${when}, ${i}\n`);
      for (const [i, caller] of callers.entries()) await caller.until("out", new RegExp(`${when}, ${i}\n`));
    };
    try {
      await desk.wait((e) => e.url, "URL");
      for (const name of ["kim", "kay"])
        callers.push(new Pipe(lab.host(name).inside([process.env.AUGER, "connect", "demo", "--server", `http://${at}:8080/`, "--json"])));
      await eachIsEchoed("before");
      await lab.router("shifts").box.say("rebind");
      await eachIsEchoed("after");
      for (const [i, caller] of callers.entries()) assert.ok(!caller.out.includes(`, ${1 - i}`), caller.out);
    } finally {
      for (const each of [desk, ...callers]) await each.end();
    }
  });

  // Consent is asked every four to six seconds, and what was forgotten has its port again (docs/decisions/227).
  test("routers forget within five seconds, and nothing is said for longer", () =>
    together(["gil", "gus"], async (...peers) => {
      await new Promise((resolve) => setTimeout(resolve, 14000));
      await goesOn(...peers);
      const { local, remote } = await peers[0].selected();
      assert.ok(![local.candidateType, remote.candidateType].includes("relay"));
    }));

  // docs/decisions/191
  const silences = (peer) => peer.named("ice:state").filter(({ to }) => to === "disconnected");
  test("routers forget within three seconds and give another port, which is known, and nothing is said for longer", () =>
    together(["hal", "hug"], async (...peers) => {
      await new Promise((resolve) => setTimeout(resolve, 14000));
      await goesOn(...peers);
      assert.deepEqual(peers.flatMap(silences), []);
    }, [["--keepalive", "1"], ["--keepalive", "2"]]));

  // The first silence was a pause of consent, of up to six seconds, and half of that may still be too long.
  test("a router forgets within three seconds, which is noticed, and no more after the second time", () =>
    together(["ida", "ian"], async (inner, outer) => {
      const noticed = () => inner.named("ice:mapping_forgotten");
      assert.ok(await until(() => aimOf(outer)), "nothing was selected");
      const first = aimOf(outer);
      assert.ok(await until(() => noticed().length > 0, 60000), "nothing was noticed");
      assert.equal(noticed()[0].reason, "another port");
      assert.ok(await until(() => aimOf(outer) !== first, 40000), "the other one does not follow");
      let times, before;
      do {
        times = noticed().length;
        before = aimOf(outer);
        await new Promise((resolve) => setTimeout(resolve, 14000));
      } while (noticed().length !== times);
      assert.ok(times <= 2, JSON.stringify(noticed()));
      assert.equal(aimOf(outer), before, JSON.stringify(noticed()));
      await goesOn(inner, outer);
    }));

  // Each SYN opens its own router for the other's (6544, 5382 REQ-2).
  test("two without UDP open TCP to each other at once, through both routers", () =>
    together(["eve", "eli"], async (...peers) => {
      await goesOn(...peers);
      const { local, remote } = await peers[0].selected();
      assert.deepEqual([local.protocol, local.tcpType, remote.protocol, remote.tcpType], ["tcp", "so", "tcp", "so"]);
    }, ["wall1", "wall2"].map((name) => ["--ice-tcp", "so", "--map", `0.0.0.0=${lab.router(name).wan}`])));

  // What a STUN server over TCP sees of the ports at which they listen (6544 5.2).
  test("two without UDP whom nobody told of their routers ask how they are seen, and open TCP at once", () =>
    together(["una", "udo"], async (...peers) => {
      await goesOn(...peers);
      const { local, remote } = await peers[0].selected();
      assert.deepEqual([local.protocol, local.tcpType, remote.protocol, remote.tcpType], ["tcp", "so", "tcp", "so"]);
    }, [["--ice-tcp", "so"], ["--ice-tcp", "so"]]));

  test("where nothing but port 443 passes the relay is reached by TLS", () => {
    const relay = ["--turn", `turns:${lab.host("south").address}:443?transport=tcp`, "--user", USER, "--turn-ca", authority().cert];
    return together(["fay", "fox"], async (...peers) => {
      await goesOn(...peers);
      const { local } = await peers[0].selected();
      assert.deepEqual([local.candidateType, local.relayProtocol], ["relay", "tls"]);
    }, [relay, []]);
  });
});
