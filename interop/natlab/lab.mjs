// Builds a drawing (drawing.mjs) of hosts, routers and an internet in network namespaces, and takes it down.
// Only inside interop/natlab/enter, which gives the namespaces and ends with all that is in them.
//
// The internet is one segment with a bridge; its addresses are such as hosts of the internet have, and it
// forwards to what lies behind firewalls. What is sent to anywhere else goes into a hole that swallows it:
// without any route coturn ends an allocation that cannot reach a peer.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readDrawing } from "./drawing.mjs";
import { Hands } from "./hands.mjs";
import { KERNEL, hasIpv6, isReal, rfcOf, rulesOf } from "./kinds.mjs";
import { Nat64 } from "./nat64.mjs";
import { NatBox } from "./natbox.mjs";

const INTERNET = { v4: "5.5.5", gateway: "5.5.5.254", v6: "2a05:5555::", gateway6: "2a05:5555::fe" };
const INSIDE6 = "2a05:5556"; // and the number of the router
const MTU = 1500;

function run(program, args, input) {
  try {
    return execFileSync(program, args, { input, stdio: ["pipe", "pipe", "pipe"] }).toString();
  } catch (error) {
    throw new Error(`${program} ${args.join(" ")}: ${error.stderr || error.message}\n${input ?? ""}`);
  }
}

// The words that run a command in that namespace; the process id is the command's own.
export const inside = (name, command) => ["nsenter", `--net=/run/netns/${name}`, ...command];

const within = (name, command, input) => run("nsenter", [`--net=/run/netns/${name}`, ...command], input);

// Else a bridge has that of one of its ports, and another when ports come and go.
const macOf = (n) => `02:00:00:00:${(n >> 8).toString(16).padStart(2, "0")}:${(n & 255).toString(16).padStart(2, "0")}`;

// Where what is inside of a router has its addresses; the internet is inside of nothing.
class Network {
  constructor(name, prefix, { gateway = `${prefix}.1`, first = 2 } = {}) {
    Object.assign(this, { name, prefix, gateway, next: first });
  }

  take() {
    if (this.next > 250) throw new Error(`too many in the network of ${this.name}`);
    return `${this.prefix}.${this.next++}`;
  }
}

class Host {
  constructor(lab, { name, words, behind }) {
    Object.assign(this, { lab, name, words, behind });
    const network = lab.networks.get(behind), router = lab.routers.get(behind);
    this.nat64 = router?.isNat64 ? router : null;
    this.addresses = Array.from({ length: Number(words.addresses ?? 1) }, () => network.take());
    this.gateway = network.gateway;
    if (network.prefix6) {
      Object.assign(this, { address6: `${network.prefix6}::${this.address.split(".")[3]}`, gateway6: network.gateway6 });
      if (this.nat64) this.addresses = [this.address6];
    }
  }

  get address() {
    return this.addresses[0];
  }

  // Names are resolved by its router alone, if at all.
  inside(command) {
    if (!this.nat64) return inside(this.name, command);
    return inside(this.name, ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', this.nat64.resolvers(), ...command]);
  }

  // Sockets there, moved from here; one process a host.
  async hands() {
    return (this.itsHands ??= await Hands.start(this));
  }
}

class Router {
  constructor(lab, { name, words, behind }, number) {
    Object.assign(this, { lab, name, words, behind, number });
    this.kind = words.kind;
    this.rfc = rfcOf(this.kind);
    this.isReal = isReal(this.kind);
    const outside = lab.networks.get(behind);
    this.wan = outside.take();
    this.gateway = outside.gateway;
    // A router in user space has an address besides that of the system that it runs on.
    this.external = this.isReal ? this.wan : outside.take();
    this.network = new Network(name, this.prefix(), { first: 10 });
    this.isNat64 = Boolean(KERNEL[this.kind]?.isNat64);
    if (!hasIpv6(words)) return;
    if (behind !== "internet") throw new Error(`${name} has IPv6 only in front of the internet`);
    const prefix6 = `${INSIDE6}:${number}`;
    Object.assign(this.network, { prefix6, gateway6: `${prefix6}::1` });
    this.wan6 = `${INTERNET.v6}1:${number}`;
  }

  // The file that says who resolves names inside.
  resolvers() {
    const file = join(process.env.TMPDIR, `resolv-${this.name}.conf`);
    writeFileSync(file, this.words.dns ? `nameserver ${this.network.gateway6}\n` : "# none\n");
    return file;
  }

  prefix() {
    if (this.words.lan) return this.words.lan;
    if (this.kind === "firewall") return `5.5.${100 + this.number}`;
    return this.isCarrier() ? `100.64.${this.number}` : `192.168.${this.number}`;
  }

  isCarrier() {
    return this.lab.drawn.routers.some(({ behind }) => behind === this.name);
  }
}

export class Lab {
  static async build(drawing) {
    if (process.env.NATLAB !== "inside") throw new Error("a laboratory has namespaces of its own: run this by interop/natlab/enter");
    const lab = new Lab(readDrawing(drawing));
    try {
      lab.wire();
      await lab.startBoxes();
    } catch (error) {
      await lab.down();
      throw error;
    }
    return lab;
  }

  constructor(drawn) {
    this.drawn = drawn;
    this.networks = new Map([["internet", new Network("internet", INTERNET.v4, { gateway: INTERNET.gateway, first: 1 })]]);
    this.boxes = [];
    this.routers = new Map();
    this.hosts = new Map();
    // Hosts of the internet have the first of its addresses.
    for (const isPublic of [true, false]) {
      if (!isPublic) this.numberRouters();
      for (const each of drawn.hosts.filter(({ behind }) => (behind === "internet") === isPublic))
        this.hosts.set(each.name, new Host(this, each));
    }
  }

  numberRouters() {
    this.drawn.routers.forEach((each, i) => {
      const router = new Router(this, each, i + 1);
      this.routers.set(router.name, router);
      this.networks.set(router.name, router.network);
    });
  }

  host(name) {
    const host = this.hosts.get(name);
    if (!host) throw new Error(`nobody drew a host ${name}`);
    return host;
  }

  router(name) {
    const router = this.routers.get(name);
    if (!router) throw new Error(`nobody drew a router ${name}`);
    return router;
  }

  // The routers between a host and the internet, from inside.
  path(host) {
    const path = [];
    for (let at = host.behind; at !== "internet"; at = this.routers.get(at).behind) path.push(this.routers.get(at));
    return path;
  }

  wire() {
    const names = ["internet", ...this.routers.keys(), ...this.hosts.keys()];
    const links = [...this.routers.values(), ...this.hosts.values()].map(({ name, behind }) =>
      `link add ${this.routers.has(name) ? "wan" : "eth0"} netns ${name} mtu ${MTU} type veth peer name ${name} mtu ${MTU} netns ${behind}`);
    run("ip", ["-batch", "-"], [...names.map((name) => `netns add ${name}`), ...links].join("\n"));
    this.wireInternet();
    for (const router of this.routers.values()) this.wireRouter(router);
    for (const host of this.hosts.values()) this.wireHost(host);
  }

  // The system's settings, then what `ip` does, in one go.
  configure(name, { sysctls = [], ip, nft = "" }) {
    // Nobody else can have our addresses, and looking for who does takes seconds.
    const quiet = ["net/ipv6/conf/*/accept_dad=0", "net/ipv4/conf/*/send_redirects=0"];
    const set = [...quiet, ...sysctls].map((each) => each.split("=")).map(([key, value]) => `for f in /proc/sys/${key}; do echo ${value} >$f; done`);
    within(name, ["sh", "-ec", set.join("\n")]);
    within(name, ["ip", "-batch", "-"], ["link set lo up", ...ip].join("\n"));
    if (nft) within(name, ["nft", "-f", "-"], nft);
  }

  // The bridge of a network, with all that is plugged into it.
  bridge(device, number, network) {
    const plugged = [...this.routers.values(), ...this.hosts.values()].filter(({ behind }) => behind === network);
    return [
      `link add ${device} address ${macOf(number)} type bridge mcast_snooping 0`, `link set dev ${device} up`,
      ...plugged.map(({ name }) => `link set dev ${name} master ${device} up`),
    ];
  }

  wireInternet() {
    const firewalls = [...this.routers.values()].filter(({ kind }) => kind === "firewall");
    const of6 = [...this.routers.values()].filter(({ wan6 }) => wan6);
    this.configure("internet", {
      sysctls: ["net/ipv4/ip_forward=1", "net/ipv6/conf/all/forwarding=1"],
      ip: [
        ...this.bridge("wire", 0, "internet"),
        `addr add ${INTERNET.gateway}/24 dev wire`, `addr add ${INTERNET.gateway6}/64 dev wire nodad`,
        "route add blackhole default",
        ...firewalls.map(({ network, wan }) => `route add ${network.prefix}.0/24 via ${wan}`),
        ...of6.map(({ network, wan6 }) => `route add ${network.prefix6}::/64 via ${wan6}`),
      ],
    });
  }

  wireRouter(router) {
    const { words, wan, gateway, network, number } = router;
    const timeouts = words.timeout && router.isReal
      ? ["udp_timeout", "udp_timeout_stream"].map((each) => `net/netfilter/nf_conntrack_${each}=${words.timeout}`) : [];
    // Connection tracking, and its settings, are there from the first rule that asks for it.
    this.rule(router);
    const ipv6 = router.wan6
      ? [`addr add ${network.gateway6}/64 dev lan nodad`, `addr add ${router.wan6}/64 dev wan nodad`, `route add default via ${INTERNET.gateway6}`] : [];
    this.configure(router.name, {
      sysctls: ["net/ipv4/ip_forward=1", ...timeouts, ...(router.wan6 ? ["net/ipv6/conf/all/forwarding=1"] : [])],
      ip: [
        ...this.bridge("lan", number, router.name), ...(router.isNat64 ? [] : [`addr add ${network.gateway}/24 dev lan`]),
        `addr add ${wan}/24 dev wan`, "link set wan up", `route add default via ${gateway}`, ...ipv6,
      ],
    });
    if (words.rate) this.limit(router.name, words.rate);
  }

  // The rules of a router of the kernel, and nothing that they have learned.
  rule({ name, words, wan, network, isReal }) {
    if (!isReal) return;
    const [dmz] = [...this.hosts.values()].filter(({ behind }) => behind === name);
    const inner = [...this.routers.values()].find(({ behind }) => behind === name);
    within(name, ["nft", "-f", "-"], `flush ruleset\n${rulesOf(words, { wan, lan: `${network.prefix}.0/24`, dmz: dmz?.address ?? inner?.wan })}`);
  }

  // It forgets all that its table has: the kernel drops what it masquerades when the wire outside is gone.
  async reboot(name) {
    const router = this.router(name);
    if (!router.isReal) return router.box.say("reboot");
    within(name, ["ip", "-batch", "-"], `link set wan down\nlink set wan up\nroute add default via ${router.gateway}`);
    this.rule(router);
  }

  // Its provider gives it another address. Of a router of the kernel.
  renumber(name) {
    const router = this.router(name), before = router.wan;
    if (!router.isReal) throw new Error(`${name} keeps its address`);
    router.wan = router.external = this.networks.get(router.behind).take();
    within(name, ["ip", "-batch", "-"], `addr del ${before}/24 dev wan\naddr add ${router.wan}/24 dev wan\nroute add default via ${router.gateway}`);
    this.rule(router);
  }

  // How fast each end of a wire sends, in Mbit/s: what is more waits, and is lost where that takes too long.
  limit(name, rate) {
    for (const device of ["wan", "lan"])
      within(name, ["tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", `${rate}mbit`, "burst", "16kb", "latency", "400ms"]);
  }

  wireHost({ name, addresses, gateway, behind, address6, gateway6, nat64 }) {
    if (address6) this.configure(name, { ip: [`addr add ${address6}/64 dev eth0 nodad`, "link set eth0 up", `route add default via ${gateway6}`] });
    if (nat64) return;
    const last = addresses[0].split(".")[3];
    const public6 = behind === "internet"
      ? [`addr add ${INTERNET.v6}${last}/64 dev eth0 nodad`, `route add default via ${INTERNET.gateway6}`] : [];
    this.configure(name, {
      ip: [...addresses.map((each) => `addr add ${each}/24 dev eth0`), "link set eth0 up", `route add default via ${gateway}`, ...public6],
    });
  }

  async startBoxes() {
    for (const router of this.routers.values())
      if (router.isNat64) this.boxes.push(await Nat64.start(router, (command) => inside(router.name, command), (what) => this.configure(router.name, what)));
    for (const router of this.routers.values())
      if (!router.isReal) {
        router.box = await NatBox.start(router, (command) => inside(router.name, command), (what) => this.configure(router.name, what));
        this.boxes.push(router.box);
      }
  }

  // What runs there, and the namespaces.
  async down() {
    const ended = [...this.hosts.values()].map((host) => host.itsHands?.end());
    await Promise.all([...ended, ...this.boxes.map((box) => box.end())]);
    const there = run("ip", ["netns", "list"]).split("\n").map((line) => line.split(" ")[0]).filter(Boolean);
    run("ip", ["-batch", "-"], there.map((name) => `netns del ${name}\n`).join(""));
  }
}
