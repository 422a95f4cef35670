// A firewall that lets TCP through and nothing else: no datagram leaves that host or comes in.

import { execFileSync } from "node:child_process";
import { inside } from "./netns.mjs";

export async function withoutUdp(host, work) {
  const nft = (rule) => {
    const [program, ...words] = inside(host, ["nft", rule]);
    execFileSync(program, words, { stdio: ["ignore", "pipe", "pipe"] });
  };
  nft("add table inet blocked");
  try {
    for (const hook of ["input", "output"])
      nft(`add chain inet blocked ${hook} { type filter hook ${hook} priority 0; meta l4proto udp drop; }`);
    await work();
  } finally {
    nft("delete table inet blocked");
  }
}
