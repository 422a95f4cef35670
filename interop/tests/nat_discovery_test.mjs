// `auger nat` behind routers: it names each as it was drawn, by our own server and by coturn, and
// coturn's own turnutils_natdiscovery is of the same opinion. Run by interop/natlab/enter.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { test } from "../lib/check.mjs";
import { until } from "../lib/until.mjs";
import { Lab, inside } from "../natlab/lab.mjs";
import { expected } from "../natlab/probe.mjs";

const PORTS = [3478, 3479];
const DEPENDENCE = { EIM: "endpoint-independent", ADM: "address-dependent", APDM: "address-and-port-dependent",
  EIF: "endpoint-independent", ADF: "address-dependent", APDF: "address-and-port-dependent" };
const AS_SEEN = { preserve: "preserved" };

// What ends with the test, and all that it said.
function start(command) {
  const child = spawn(command[0], command.slice(1), { stdio: ["ignore", "pipe", "pipe"], cwd: start.folder });
  const said = { text: "", child };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (said.text += data));
  said.exited = new Promise((resolve) => child.on("close", resolve));
  child.on("error", (error) => (said.text += error.message));
  return said;
}

async function startOurs(host) {
  const turns = host.addresses.flatMap((address) => PORTS.flatMap((port) => ["--turn", `${address}:${port}`]));
  const serve = start(host.inside([process.env.AUGER, "serve", "--listen", "127.0.0.1:0", ...turns, "--user", "a:b"]));
  assert.ok(await until(() => serve.text.split("TURN:").length > 4), serve.text);
  return serve;
}

async function startCoturn(host) {
  const serve = start(host.inside(["turnserver", "-n", "--no-cli", "--no-auth", "--no-tls", "--no-dtls", "-p", PORTS[0],
    "--alt-listening-port", PORTS[1], ...host.addresses.flatMap((each) => ["-L", each]), "--log-file=stdout",
    "--pidfile=pid", "--userdb=db"].map(String)));
  assert.ok(await until(() => serve.text.includes("DB connection success")), serve.text);
  return serve;
}

async function discover(host, servers, ...more) {
  const said = start(host.inside([process.env.AUGER, "nat", "--json", "--no-nat64",
    ...servers.flatMap((each) => ["--server", `stun:${each}`]), ...more]));
  const status = await said.exited;
  const lines = said.text.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  const report = lines.find(({ ev }) => ev === "report");
  assert.ok(report, said.text);
  return { ...report, status, lines };
}

// All at once: each waits for most of its time, until silence is an answer. Two behind one router that counts
// would take each other's ports.
describe("auger nat", { concurrency: 50 }, () => {
  const kinds = ["EIM", "ADM", "APDM"].flatMap((mapping) => ["EIF", "ADF", "APDF"].map((filter) => [mapping, filter]));
  const ports = ["sequential", "random", "parity", "contiguous"];
  let lab, ours, coturn;
  const running = [];
  before(async () => {
    start.folder = mkdtempSync(join(tmpdir(), "auger-nat-"));
    lab = await Lab.build(`
      kim -- internet
      carl -- office (firewall) -- internet
      pia -- pr (port-restricted) -- internet
      dora -- ar (address-restricted) -- internet
      lea -- fc (full-cone) -- internet
      ines -- sy (symmetric) -- internet
      fred -- fr (fully-random) -- internet
      gina -- ub (udp-blocked) -- internet
      anna -- h2 (port-restricted) -- c2 (symmetric) -- internet
      tom -- tr (port-restricted, timeout=6) -- internet
      ted -- t4 (port-restricted, timeout=6) -- internet
      tia -- t5 (EIM/APDF/random, timeout=6) -- internet
      tea -- t6 (EIM/APDF/preserve, timeout=6, refresh=inbound) -- internet
      tim -- t7 (APDM/APDF/random, timeout=6, refresh=both) -- internet
      ${kinds.map(([mapping, filter], i) => `k${i} -- n${i} (${mapping}/${filter}/${ports[i % 4]}) -- internet`).join("\n")}
      by2 -- s2 (APDM/APDF/sequential, stride=2) -- internet
      twain -- t2 (APDM/APDF/sequential, stride=2) -- internet
      by100 -- s100 (APDM/APDF/sequential, stride=100) -- internet
      a1 -- ext (EIM/EIF/random, hairpin=external) -- internet
      a2 -- int (EIM/EIF/random, hairpin=internal) -- internet
      mia -- giving (port-restricted) -- internet
      server (addresses=2) -- internet
      other (addresses=2) -- internet`);
    ours = lab.host("server");
    coturn = lab.host("other");
    running.push(await startOurs(ours), await startCoturn(coturn));
  });
  after(async () => {
    for (const each of running) each.child.kill("SIGTERM");
    await Promise.all(running.map(({ exited }) => exited));
    await lab?.down();
    rmSync(start.folder, { recursive: true, force: true });
  });

  const found = ({ mapping, filtering, ports: which }) => ({ mapping, filtering, ports: which });
  const drawn = (host) => {
    const [mapping, filtering, which] = expected(lab.path(host)).split("/");
    return { mapping: DEPENDENCE[mapping], filtering: DEPENDENCE[filtering], ports: AS_SEEN[which] ?? which };
  };
  const isAsDrawn = (name, more = {}) => async () => {
    const host = lab.host(name), report = await discover(host, [ours.address]);
    assert.deepEqual(found(report), drawn(host), JSON.stringify(report));
    assert.equal(report.nat, "yes");
    for (const [key, value] of Object.entries(more)) assert.deepEqual(report[key], value, key);
    return report;
  };

  test("sees that there is no NAT", async () => {
    const report = await discover(lab.host("kim"), [ours.address]);
    assert.deepEqual([report.nat, report.filtering, report.mtu, report.fragments], ["no", "endpoint-independent", 1500, "yes"]);
  });
  test("sees that there is a firewall", async () => {
    const report = await discover(lab.host("carl"), [ours.address]);
    assert.deepEqual([report.nat, report.filtering], ["no", "address-and-port-dependent"]);
  });
  test("sees that no UDP passes", async () => {
    const report = await discover(lab.host("gina"), [ours.address]);
    assert.deepEqual([report.udp, report.outlook.open, report.status], ["no", "relay", 1]);
  });
  for (const [name, kind] of [["pia", "port-restricted"], ["dora", "address-restricted"], ["lea", "full cone"],
    ["ines", "symmetric"], ["fred", "symmetric, fully random"]])
    test(`knows a router of the kernel: ${kind}`, isAsDrawn(name));
  kinds.forEach(([mapping, filter], i) =>
    test(`knows a router in user space: ${mapping}, ${filter}, ${ports[i % 4]}`,
      isAsDrawn(`k${i}`, { step: ports[i % 4] === "sequential" ? 1 : 0 })));
  test("counts ports two apart", isAsDrawn("by2", { step: 2 }));
  test("counts ports a hundred apart", isAsDrawn("by100", { step: 100 }));
  test("sees a hairpin with the source from outside", isAsDrawn("a1", { hairpin: "external" }));
  test("sees a hairpin with the source from inside, if the host takes what seems to come from itself", async () => {
    const { hairpin } = await discover(lab.host("a2"), [ours.address]);
    assert.equal(hairpin, "none");
    await start(lab.host("a2").inside(["sh", "-c", `cd /proc/sys/net/ipv4/conf
      for f in */rp_filter; do echo 0 >$f; done; for f in */accept_local; do echo 1 >$f; done`])).exited;
    await isAsDrawn("a2", { hairpin: "internal" })();
  });
  test("sees one gateway behind another", async () => {
    const report = await isAsDrawn("anna")();
    const path = lab.path(lab.host("anna"));
    assert.deepEqual(report.path.slice(0, 2), [{ address: path[0].network.gateway, scope: "private" },
      { address: path[1].network.gateway, scope: "carrier" }]);
  });
  const lives = async (name, outbound, inbound) => {
    const report = await discover(lab.host(name), [ours.address], "--lifetime", "20");
    // The kernel forgets by its own clock, and looks now and then.
    assert.ok(report.lifetime_alive > 3000 && report.lifetime_alive < 9000, JSON.stringify(report));
    assert.ok(report.lifetime_dead > report.lifetime_alive && report.lifetime_dead < 12000, JSON.stringify(report));
    assert.deepEqual([report.refreshed_by_outbound, report.refreshed_by_inbound], [outbound, inbound], JSON.stringify(report));
  };
  test("finds for how long a mapping lives, and that either direction keeps it", () => lives("tom", "yes", "yes"));
  test("finds it of a kernel that has more patience with what went on for a while, too", async () => {
    await start(inside("t4", ["sh", "-c", "echo 30 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream"])).exited;
    await lives("ted", "yes", "yes");
  });
  for (const [name, outbound, inbound] of [["tia", "yes", "no"], ["tea", "no", "yes"], ["tim", "yes", "yes"]])
    test(`finds what keeps a mapping in user space: outbound ${outbound}, inbound ${inbound}`, () => lives(name, outbound, inbound));

  test("says that a gateway maps ports on request, and gives back what it got", async () => {
    writeFileSync(join(start.folder, "miniupnpd.conf"), ["ext_ifname=wan", "listening_ip=lan", "enable_natpmp=yes",
      "enable_upnp=yes", "secure_mode=yes", "uuid=00000000-0000-0000-0000-000000000001", "allow 1024-65535 0.0.0.0/0 1024-65535",
      `lease_file=${join(start.folder, "leases")}`, ""].join("\n"));
    // The chains that it puts its rules into; where they lead is not asked here.
    await start(inside("giving", ["nft", "table inet filter { chain miniupnpd {}; chain prerouting_miniupnpd {}; chain postrouting_miniupnpd {}; }"])).exited;
    const daemon = start(inside("giving", ["miniupnpd", "-d", "-f", "miniupnpd.conf", "-P", join(start.folder, "upnp.pid")]));
    running.push(daemon);
    assert.ok(await until(() => /istening for NAT-PMP/.test(daemon.text)), daemon.text);
    const { portmap } = await discover(lab.host("mia"), [ours.address]);
    assert.equal(portmap.gateway, lab.router("giving").network.gateway);
    for (const way of ["pcp", "nat-pmp", "upnp"])
      assert.match(portmap[way].external ?? portmap[way].why, new RegExp(`^${lab.router("giving").wan}:`), way + daemon.text);
    const none = await discover(lab.host("pia"), [ours.address]);
    assert.deepEqual(["pcp", "nat-pmp", "upnp"].map((way) => none.portmap[way].external), [null, null, null]);
  });

  for (const name of ["pia", "dora", "lea", "ines"])
    test(`has the same opinion of coturn's answers: ${name}`, async () => {
      const host = lab.host(name), report = await discover(host, [coturn.address]);
      assert.ok(report.rfc5780, JSON.stringify(report));
      assert.deepEqual(found(report), drawn(host), JSON.stringify(report));
    });

  const OPINION = { "endpoint-independent": "Endpoint Independent", "address-dependent": "Address Dependent",
    "address-and-port-dependent": "Address and Port Dependent" };
  for (const name of ["pia", "lea", "k8"])
    test(`turnutils_natdiscovery says the same: ${name}`, async () => {
      const host = lab.host(name), { mapping, filtering } = drawn(host);
      const said = start(host.inside(["turnutils_natdiscovery", "-m", "-f", "-p", `${PORTS[0]}`, coturn.address]));
      await said.exited;
      assert.match(said.text, new RegExp(`NAT with ${OPINION[mapping]} Mapping!`));
      assert.match(said.text, new RegExp(`NAT with ${OPINION[filtering]} Filtering!`));
    });

  test("learns the mapping from servers that know no RFC 5780", async () => {
    const plain = await Promise.all([ours, coturn].map(async (host) => {
      const serve = start(host.inside([process.env.AUGER, "serve", "--listen", "127.0.0.1:0", "--stun", `${host.address}:5000`]));
      assert.ok(await until(() => /STUN/.test(serve.text)), serve.text);
      running.push(serve);
      return `${host.address}:5000`;
    }));
    const [home, symmetric] = await Promise.all(["pia", "twain"].map((name) => discover(lab.host(name), plain)));
    assert.deepEqual([home.rfc5780, home.mapping, home.filtering], [false, "endpoint-independent", "unknown"]);
    assert.deepEqual([symmetric.mapping, symmetric.ports, symmetric.step], ["dependent", "sequential", 2]);
    assert.equal(symmetric.outlook["port-restricted"], "predicted");
  });
});
