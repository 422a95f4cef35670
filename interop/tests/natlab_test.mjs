// The laboratory of NATs: every router is what its name says, as found out by who sends through it, and
// nothing is left when a laboratory ends, whatever ends it. Run by interop/natlab/enter.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { fileURLToPath } from "node:url";
import { test } from "../lib/check.mjs";
import { until } from "../lib/until.mjs";
import { readDrawing } from "../natlab/drawing.mjs";
import { Lab } from "../natlab/lab.mjs";
import { arrives, expected, nameOfPorts, openServer, probe, shownAs } from "../natlab/probe.mjs";

const ENTER = fileURLToPath(new URL("../natlab/enter", import.meta.url));

describe("a drawing", () => {
  test("is read from hosts outwards, and a router comes after the one that it is behind", () => {
    const { hosts, routers } = readDrawing(`
      alice -- home (port-restricted, timeout=3) -- carrier (symmetric) -- internet
      anna  -- home
      bob (addresses=2) -- internet`);
    assert.deepEqual(hosts, [
      { name: "alice", words: {}, behind: "home" },
      { name: "anna", words: {}, behind: "home" },
      { name: "bob", words: { addresses: "2" }, behind: "internet" },
    ]);
    assert.deepEqual(routers, [
      { name: "carrier", words: { kind: "symmetric" }, behind: "internet" },
      { name: "home", words: { kind: "port-restricted", timeout: "3" }, behind: "carrier" },
    ]);
  });

  for (const [what, drawing, why] of [
    ["a host that leads nowhere", "alice", /leads nowhere/],
    ["a path that does not reach the internet", "alice -- home (symmetric)", /does not reach the internet/],
    ["a router of no kind", "alice -- home -- internet", /what kind of router is home/],
    ["a host that is there twice", "alice -- internet\nalice -- internet", /drawn twice: alice/],
    ["a router that is described twice", "alice -- home (symmetric) -- internet\nanna -- home (firewall)", /drawn twice: home/],
    ["a router that is led on twice", "alice -- home (symmetric) -- internet\nanna -- home -- internet", /drawn twice: home/],
    ["a name that no interface can have", "Alice! -- internet", /not the name/],
  ])
    test(`with ${what} is refused`, () => assert.throws(() => readDrawing(drawing), why));
});

test("ports outside are named by what they have to do with those inside", () => {
  const inside = [40000, 41234, 35111, 50000];
  assert.deepEqual(nameOfPorts(inside, inside), { ports: "preserve" });
  assert.deepEqual(nameOfPorts(inside, [300, 302, 304, 306]), { ports: "sequential", step: 2 });
  assert.deepEqual(nameOfPorts(inside, [1300, 5302, 1305, 9306]), { ports: "parity" });
  assert.deepEqual(nameOfPorts(inside, [1301, 5302, 1305, 9306]), { ports: "random" });
});

async function inLab(drawing, work) {
  const lab = await Lab.build(drawing);
  try {
    await work(lab, await openServer(lab.host("server")));
  } finally {
    await lab.down();
  }
}

describe("routers of the kernel", { concurrency: 8 }, () => {
  let lab, server;
  before(async () => {
    lab = await Lab.build(`
      kim -- internet
      carl -- office (firewall) -- internet
      pia -- pr (port-restricted) -- internet
      paul -- pr
      jan -- prh (port-restricted, hairpin) -- internet
      jim -- prh
      dora -- ar (address-restricted) -- internet
      dirk -- ar
      lea -- fc (full-cone) -- internet
      bob -- fch (full-cone, hairpin) -- internet
      bert -- fch
      emil -- sf (static-full-cone) -- internet
      ines -- sy (symmetric) -- internet
      fred -- fr (fully-random) -- internet
      gina -- ub (udp-blocked) -- internet
      hans -- t4 (tcp443-only) -- internet
      alice -- h1 (full-cone) -- c1 (symmetric) -- internet
      anna -- h2 (port-restricted) -- c2 (port-restricted) -- internet
      arno -- h3 (full-cone) -- c3 (full-cone) -- internet
      axel -- h4 (address-restricted) -- c4 (full-cone) -- internet
      server (addresses=2) -- internet`);
    server = await openServer(lab.host("server"));
  });
  after(() => lab?.down());

  const isAsDrawn = (name, neighbour, hairpin) => async () => {
    const host = lab.host(name);
    const found = await probe(host, server, { neighbour: neighbour && lab.host(neighbour) });
    assert.equal(found.rfc, expected(lab.path(host)), JSON.stringify(found));
    if (neighbour) assert.equal(found.hairpin, hairpin);
  };

  test("none: a host of the internet", isAsDrawn("kim"));
  test("a firewall admits whom one has sent to", isAsDrawn("carl"));
  test("port-restricted, no hairpin", isAsDrawn("pia", "paul", "none"));
  test("port-restricted, with hairpin", isAsDrawn("jan", "jim", "external"));
  test("address-restricted, no hairpin", isAsDrawn("dora", "dirk", "none"));
  test("full cone", isAsDrawn("lea"));
  test("full cone, with hairpin", isAsDrawn("bob", "bert", "external"));
  test("all that nobody claims goes to one host", isAsDrawn("emil"));
  test("symmetric", isAsDrawn("ines"));
  test("symmetric, another way to draw ports", isAsDrawn("fred"));
  test("UDP does not pass", isAsDrawn("gina"));
  test("nothing but TCP to port 443 passes", isAsDrawn("hans"));
  test("a full cone behind a symmetric carrier", isAsDrawn("alice"));
  test("one behind another, both port-restricted", isAsDrawn("anna"));
  test("one behind another, both full cones", isAsDrawn("arno"));
  test("an address-restricted home behind a full cone", isAsDrawn("axel"));

  test("where UDP does not pass TCP does, and where only port 443 passes nothing else does", async () => {
    const [to443, toOther] = ["443", "80"].map((port) => `${lab.host("server").address}:${port}`);
    const refused = "ECONNREFUSED"; // by the server: it got there
    const reach = async (name, to) => (await lab.host(name).hands()).reach(to);
    assert.deepEqual([await reach("gina", to443), await reach("gina", toOther)], [refused, refused]);
    assert.deepEqual([await reach("hans", to443), await reach("hans", toOther)], [refused, "ETIMEDOUT"]);
  });
});

describe("routers in user space", { concurrency: 8 }, () => {
  const NAMES = { EIM: "one mapping for all", ADM: "one for each address", APDM: "one for each port" };
  const ports = ["sequential", "random", "parity", "contiguous", "preserve"];
  const kinds = Object.keys(NAMES).flatMap((mapping) => ["EIF", "ADF", "APDF"].map((filter) => [mapping, filter]));
  let lab, server;
  before(async () => {
    lab = await Lab.build(`
      server (addresses=2) -- internet
      ${kinds.map(([mapping, filter], i) => `k${i} -- n${i} (${mapping}/${filter}/${ports[(i * 2) % 4]}) -- internet`).join("\n")}
      keep -- kept (EIM/APDF/preserve) -- internet
      by2 -- s2 (APDM/APDF/sequential, stride=2) -- internet
      by100 -- s100 (APDM/APDF/sequential, stride=100) -- internet
      home -- inner (EIM/ADF/random) -- outer (APDM/APDF/sequential) -- internet
      a1 -- ext (EIM/EIF/random, hairpin=external) -- internet
      b1 -- ext
      a2 -- int (EIM/EIF/random, hairpin=internal) -- internet
      b2 -- int
      a3 -- no (EIM/EIF/random) -- internet
      b3 -- no
      far -- late (EIM/APDF/random, delay=300) -- internet
      in -- fromin (EIM/EIF/random, timeout=2, refresh=inbound) -- internet
      out -- fromout (EIM/EIF/random, timeout=2) -- internet`);
    server = await openServer(lab.host("server"));
  });
  after(() => lab?.down());

  const isAsDrawn = async (name, more = {}, neighbour) => {
    const host = lab.host(name);
    const { shown, ...found } = await probe(host, server, { neighbour: neighbour && lab.host(neighbour) });
    assert.deepEqual(found, { rfc: expected(lab.path(host)), ...more }, shown);
  };
  kinds.forEach(([mapping, filter], i) =>
    test(`${NAMES[mapping]}, ${filter}, ${ports[(i * 2) % 4]}`, () => isAsDrawn(`k${i}`, ports[(i * 2) % 4] === "sequential" ? { step: 1 } : {})));
  test("ports that are kept", () => isAsDrawn("keep"));
  test("ports two apart", () => isAsDrawn("by2", { step: 2 }));
  test("ports a hundred apart", () => isAsDrawn("by100", { step: 100 }));
  test("one behind another", () => isAsDrawn("home", { step: 1 }));
  test("a hairpin that shows the source as from outside", () => isAsDrawn("a1", { hairpin: "external" }, "b1"));
  test("a hairpin that shows the source as it is", () => isAsDrawn("a2", { hairpin: "internal" }, "b2"));
  test("no hairpin", () => isAsDrawn("a3", { hairpin: "none" }, "b3"));

  test("a datagram is late where the wire is long", async () => {
    const socket = await (await lab.host("far").hands()).open(), [place] = server.places;
    const before = performance.now();
    await socket.send(place.at, "far");
    await place.untilHeard("far");
    assert.ok(performance.now() - before >= 300);
  });

  // Refreshed one way every half second, for longer than a mapping lives.
  const livesBy = async (name, isInbound) => {
    const [place] = server.places, socket = await (await lab.host(name).hands()).open();
    const shown = await shownAs(socket, place);
    for (let i = 0; i < 6; i++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      if (isInbound) await place.send(shown, "refresh");
      else await socket.send(place.at, "refresh");
    }
    const rows = (await lab.path(lab.host(name))[0].box.say("rows")).rows;
    return rows.some(([external]) => external === shown);
  };
  test("a mapping lives by what its kind refreshes it with, and dies of the other way alone", async () => {
    assert.equal(await livesBy("in", false), false);
    assert.equal(await livesBy("out", true), false);
  });

  test("a router that reboots has forgotten its mappings", async () => {
    const [place] = server.places, hands = await lab.host("keep").hands(), socket = await hands.open(), other = await hands.open();
    const shown = await shownAs(socket, place);
    assert.ok(await arrives(place, shown, socket, other, await shownAs(other, place)));
    await lab.router("kept").box.say("reboot");
    assert.equal(await arrives(place, shown, socket, other, await shownAs(other, place)), undefined);
  });

  test("TCP passes", async () =>
    assert.equal(await (await lab.host("by2").hands()).reach(`${lab.host("server").address}:443`), "ECONNREFUSED"));
});

// What a stranger sends to the port that ours is about to have makes a flow of its own at a Linux router
// that lets it in, and then ours is shown another port.
const early = (kind, work) => () =>
  inLab(`pia -- home (${kind}) -- internet
         server (addresses=2) -- internet`, async (lab, { places: [, , stranger] }) => {
    const socket = await (await lab.host("pia").hands()).open();
    const kept = `${lab.router("home").wan}:${socket.port}`;
    await stranger.send(kept, "early");
    work(await shownAs(socket, stranger), kept);
  });
test("a stranger's early datagram is in nobody's way at a router that drops it", early("port-restricted", assert.equal));
test("at one that lets it in it is, and hole punching fails", early("open-input", assert.notEqual));

test("a mapping that nothing refreshes is forgotten after its time", () =>
  inLab(`pia -- home (port-restricted, timeout=1) -- internet
         paul -- other (port-restricted) -- internet
         server (addresses=2) -- internet`, async (lab, { places: [first] }) => {
    const isRemembered = async (name) => {
      const hands = await lab.host(name).hands(), socket = await hands.open();
      const shown = await shownAs(socket, first);
      await new Promise((resolve) => setTimeout(resolve, 2500));
      const fresh = await hands.open();
      return Boolean(await arrives(first, shown, socket, fresh, await shownAs(fresh, first)));
    };
    assert.deepEqual(await Promise.all([isRemembered("pia"), isRemembered("paul")]), [false, true]);
  }));

test("half of all datagrams are lost where a router is said to lose half", () =>
  inLab(`pia -- home (port-restricted, loss=50) -- internet
         server (addresses=2) -- internet`, async (lab, { places: [first] }) => {
    const socket = await (await lab.host("pia").hands()).open();
    for (let i = 0; i < 400; i++) await socket.send(first.at, `datagram ${i}`);
    await until(() => first.heard("datagram 399"), 300);
    const heard = first.hands.events.filter((e) => e.text?.startsWith("datagram ")).length;
    assert.ok(heard > 140 && heard < 260, `${heard} of 400`); // six standard deviations
  }));

// 62 kB at 1 Mbit/s, of which 16 kB may leave at once.
test("what a router is to send faster than its rate waits", () =>
  inLab(`pia -- home (port-restricted, rate=1) -- internet
         server (addresses=2) -- internet`, async (lab, { places: [first] }) => {
    const socket = await (await lab.host("pia").hands()).open();
    await shownAs(socket, first);
    const texts = Array.from({ length: 60 }, (_, i) => `datagram ${i} `.padEnd(1000, "x")), before = performance.now();
    for (const text of texts) socket.send(first.at, text);
    await Promise.all(texts.map((text) => first.untilHeard(text)));
    assert.ok(performance.now() - before > 300);
  }));

describe("whatever ends a laboratory, nothing is left of it", { concurrency: 5 }, () => {
  // Every process here is named by its process id in our /proc, those of laboratories inside too.
  const running = (mark) => readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark);
    } catch {
      return false; // it has just ended
    }
  });

  const program = (mark, then) => `
    import { Lab } from ${JSON.stringify(new URL("../natlab/lab.mjs", import.meta.url).href)};
    const lab = await Lab.build("alice -- home (symmetric) -- internet");
    const { spawn } = await import("node:child_process");
    spawn("nsenter", ["--net=/run/netns/alice", "sh", "-c", "sleep 1000; : ${mark}"], { detached: true, stdio: "ignore" });
    console.log("built");
    ${then}`;

  for (const [what, then, signal, status] of [
    ["the end of its command", "process.exit(0)", null, 0],
    ["an error", "throw new Error('on purpose')", null, 1],
    ["SIGINT", "await new Promise((resolve) => setTimeout(resolve, 1e6))", "SIGINT", 130],
    ["SIGTERM", "await new Promise((resolve) => setTimeout(resolve, 1e6))", "SIGTERM", 143],
    ["SIGKILL", "await new Promise((resolve) => setTimeout(resolve, 1e6))", "SIGKILL", "SIGKILL"],
  ])
    test(what, async () => {
      const mark = `mark-${Math.random()}`, folder = mkdtempSync(join(tmpdir(), "natlab-end-"));
      const child = spawn(ENTER, ["node", "--input-type=module", "-e", program(mark, then)],
        { stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, TMPDIR: folder } });
      const ended = once(child, "exit");
      await once(child.stdout, "data");
      assert.notDeepEqual(running(mark), []);
      if (signal) child.kill(signal);
      const [code, killed] = await ended;
      assert.equal(code ?? killed, status);
      assert.ok(await until(() => running(mark).length === 0), `still there: ${running(mark)}`);
      if (signal !== "SIGKILL") assert.deepEqual(readdirSync(folder), []);
    });
});

test("where there are no namespaces it says so, and runs nothing", async () => {
  const deny = 'echo 0 >/proc/sys/user/max_net_namespaces; exec "$0" echo ran';
  const child = spawn("unshare", ["--user", "--map-root-user", "sh", "-c", deny, ENTER], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "", err = "";
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (err += data));
  const [code] = await once(child, "close");
  assert.deepEqual({ code, out }, { code: 2, out: "" });
  assert.match(err, /gives no network namespaces .* nothing can be said of NATs/);
});
