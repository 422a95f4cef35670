// A router in user space for what the kernel's cannot do: the NAT of the simulated internet (tests/natbox)
// on a TUN device, with the router's system around it. Its external address is on no interface: the system
// answers for it on the wire outside and routes it into the device, as it does all that comes from inside.

import { Lines } from "../lib/lines.mjs";
import { built } from "./built.mjs";

const DEVICE = "nat0", TABLE = 77;

const program = () => built("natbox", "router in user space");

// Words of a drawing that are options of the program.
const OPTIONS = ["stride", "ports", "hairpin", "timeout", "refresh", "delay", "jitter", "loss", "seed", "reuse"];

export function optionsOf(words) {
  return OPTIONS.filter((each) => words[each] !== undefined).flatMap((each) => (words[each] === true ? [`--${each}`] : [`--${each}`, words[each]]));
}

export class NatBox extends Lines {
  static async start({ words, external, network, name, number }, inside, configure) {
    const lan = `${network.prefix}.0/24`;
    configure({
      sysctls: ["net/ipv4/conf/*/rp_filter=0", "net/ipv4/conf/wan/proxy_arp=1", "net/ipv4/neigh/wan/proxy_delay=0"],
      ip: [],
    });
    const command = [program(), words.kind, "--external", external, "--inside", lan, "--tun", DEVICE, ...optionsOf({ seed: String(number), ...words })];
    const box = new NatBox(inside(command), `natbox of ${name}`);
    await box.wait((e) => e.ev === "ready", "readiness");
    configure({
      ip: [
        `link set dev ${DEVICE} up`, `route add ${external}/32 dev ${DEVICE}`,
        `route add default dev ${DEVICE} table ${TABLE}`, `rule add iif lan lookup ${TABLE} pref 100`,
        `rule add to ${lan} lookup main pref 90`,
      ],
    });
    return box;
  }

  // The same program without packets: what its NAT would make of them, in a time that stands still.
  static async thought({ kind, external, inside, ...words }) {
    const translating = external ? ["--external", external] : [];
    const box = new NatBox([program(), kind, ...translating, "--inside", inside, ...optionsOf(words)], "natbox");
    await box.wait((e) => e.ev === "ready", "readiness");
    return box;
  }

  // A line of words, and the object that answers it.
  say(...words) {
    const since = this.events.length;
    this.child.stdin.write(`${words.join(" ")}\n`);
    return this.wait(() => true, `answer to ${words.join(" ")}`, since);
  }
}
