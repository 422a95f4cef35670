// What a router of the kind "nat64" has besides the rules of its kernel: Debian's tayga (RFC 6145), which
// makes IPv4 of IPv6, one address of the pool for each host inside. Its words in a drawing say what the
// network tells of the prefix: `dns` (dnsmasq, with what a DNS64 answers for ipv4only.arpa), `pref64` (an
// option in advertisements of the router, advertise.py).

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Lines } from "../lib/lines.mjs";
import { until } from "../lib/until.mjs";

const DEVICE = "nat64", POOL = "192.168.255";
export const PREFIX = "64:ff9b::/96";
const NAME = "ipv4only.arpa", ITS_V4 = "192.0.0.170", ITS_V6 = "64:ff9b::c000:aa"; // RFC 7050 section 2.2
const ADVERTISE = fileURLToPath(new URL("advertise.py", import.meta.url));

export class Nat64 {
  static async start(router, inside, configure) {
    const nat64 = new Nat64();
    const folder = join(process.env.TMPDIR, `tayga-${router.name}`), config = join(folder, "tayga.conf");
    mkdirSync(folder, { recursive: true });
    writeFileSync(config, [`tun-device ${DEVICE}`, `ipv4-addr ${POOL}.1`, `ipv6-addr ${router.network.prefix6}::64`, `prefix ${PREFIX}`, `dynamic-pool ${POOL}.0/24`, `data-dir ${folder}`, ""].join("\n"));
    const [program, ...words] = inside(["tayga", "--mktun", "-d", "-c", config]);
    execFileSync(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    configure({ ip: [`link set dev ${DEVICE} up`, `route add ${POOL}.0/24 dev ${DEVICE}`, `route add ${PREFIX} dev ${DEVICE}`] });
    nat64.run("tayga", inside(["tayga", "--nodetach", "-c", config]));
    if (router.words.dns) await nat64.resolve(router, inside);
    if (router.words.pref64) nat64.run("advertise", inside(["python3", ADVERTISE, "lan", PREFIX]));
    return nat64;
  }

  constructor() {
    this.programs = [];
  }

  run(name, command) {
    const program = new Lines(command, name);
    this.programs.push(program);
    return program;
  }

  async resolve({ network }, inside) {
    const resolver = this.run("dnsmasq", inside(["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
      "--user=root", "--pid-file=", "--bind-interfaces", `--listen-address=${network.gateway6}`, `--host-record=${NAME},${ITS_V4},${ITS_V6}`, "--log-facility=-"]));
    if (!(await until(() => resolver.stderr.includes("started")))) throw new Error(resolver.describe("dnsmasq does not start"));
  }

  async end() {
    for (const program of this.programs) program.child.kill("SIGTERM");
    await Promise.all(this.programs.map((program) => program.exited));
  }
}
