// The kinds of router, by their names in a drawing: what each is by RFC 4787, as docs/nat-matrix.md writes
// it (mapping/filtering/ports), and the rules of nftables that make one of the Linux kernel. A kind that is
// written by RFC 4787 itself, as ADM/APDF/random, is a router in user space (natbox.mjs): no real one.

// Linux keeps the inside port while it is free, so that masquerading alone maps every destination alike,
// and a flow of connection tracking admits nobody but its own remote end.
const MASQUERADE = 'oifname "wan" masquerade';
// Whose an outside port is, and whom it sent to: what a filter that is more open than connection tracking
// asks, and a hairpin. A nat chain sees the first datagram of a flow alone; this one sees all, translated.
const LEARN = `
  map inside_of { type inet_service : ipv4_addr . inet_service; size 65535; flags dynamic,timeout; timeout 300s; }
  set sent_to { type ipv4_addr . inet_service; size 65535; flags dynamic,timeout; timeout 300s; }
  chain learn_inside { type filter hook postrouting priority 150;
    oifname "wan" meta l4proto udp update @inside_of { udp sport : ct original ip saddr . ct original proto-src }
    oifname "wan" meta l4proto udp update @sent_to { ip daddr . udp sport }
  }`;

export const KERNEL = {
  "port-restricted": { rfc: "EIM/APDF/preserve", snat: MASQUERADE },
  "address-restricted": {
    rfc: "EIM/ADF/preserve", snat: MASQUERADE, learns: true,
    dnat: "ip saddr . udp dport @sent_to dnat to udp dport map @inside_of",
  },
  "full-cone": { rfc: "EIM/EIF/preserve", snat: MASQUERADE, learns: true, dnat: "dnat to udp dport map @inside_of" },
  // All that nothing else claims goes to one host, at the same port.
  "static-full-cone": { rfc: "EIM/EIF/preserve", snat: MASQUERADE, dnat: ({ dmz }) => `dnat to ${dmz}` },
  symmetric: { rfc: "APDM/APDF/random", snat: `${MASQUERADE} random` },
  "fully-random": { rfc: "APDM/APDF/random", snat: `${MASQUERADE} fully-random` },
  firewall: { rfc: "firewall" },
  // Inside there is IPv6 alone; what of it is for IPv4 comes out of nat64.mjs, and is masqueraded.
  nat64: { rfc: "EIM/APDF/preserve", snat: MASQUERADE, isNat64: true },
  "udp-blocked": { rfc: "blocked", snat: MASQUERADE, refuse: "meta l4proto udp drop" },
  "tcp-relays-only": { rfc: "blocked", snat: MASQUERADE, refuse: "meta l4proto != tcp drop; tcp dport != { 443, 3478 } drop" },
  "tcp443-only": { rfc: "blocked", snat: MASQUERADE, refuse: "meta l4proto != tcp drop; tcp dport != 443 drop" },
  // Without the rule that drops what comes to the router itself: a stranger's early datagram has a flow
  // of its own then, which is in the way of ours. Not a kind of RFC 4787, and no hole punching is sure.
  "open-input": { rfc: "unsure", snat: MASQUERADE, isOpenInput: true },
};

const BY_RFC = /^(EIM|ADM|APDM)\/(EIF|ADF|APDF)\/(preserve|overload|sequential|random|parity|contiguous)$/;

// Which routers let IPv6 through, untranslated: a NAT64, and a firewall that says so.
export const hasIpv6 = ({ kind, ipv6 }) => Boolean(KERNEL[kind]?.isNat64 || (kind === "firewall" && ipv6));

export const isReal = (kind) => kind in KERNEL;

export function rfcOf(kind) {
  if (isReal(kind)) return KERNEL[kind].rfc;
  if (BY_RFC.test(kind)) return kind;
  throw new Error(`no such kind of router: ${kind}; there are ${Object.keys(KERNEL).join(", ")} and those of RFC 4787, as APDM/APDF/sequential`);
}

// 4787 6: both hosts are inside; who is reached sees the other as from outside.
function hairpinRules({ lan, wan }) {
  return {
    dnat: `iifname "lan" ip daddr ${wan} meta l4proto udp dnat to udp dport map @inside_of`,
    snat: `oifname "lan" ip saddr ${lan} ct status dnat snat to ${wan}`,
  };
}

// A firewall as in front of a home: who is inside has to have sent first.
const FIREWALL6 = `table ip6 filtering {
  chain to_router { type filter hook input priority 0;
    iifname "wan" meta l4proto != ipv6-icmp ct state new,invalid drop
  }
  chain through { type filter hook forward priority 0;
    ct state established,related accept
    iifname "wan" drop
  }
}
`;

// The rules of a router, for `nft -f`. `wan` is its address outside, `lan` its network inside.
export function rulesOf(words, { wan, lan, dmz }) {
  const kind = KERNEL[words.kind];
  const dnat = typeof kind.dnat === "function" ? kind.dnat({ dmz }) : kind.dnat;
  const hairpin = words.hairpin ? hairpinRules({ lan, wan }) : {};
  const lossy = words.loss ? `meta l4proto udp numgen random mod 100 < ${Number(words.loss)} drop` : "";
  return `table ip nat {${kind.learns || words.hairpin ? LEARN : ""}
  chain to_inside { type nat hook prerouting priority dstnat;
    ${hairpin.dnat ?? ""}
    ${dnat ? `iifname "wan" ip daddr ${wan} meta l4proto udp ${dnat}` : ""}
  }
  chain to_outside { type nat hook postrouting priority srcnat;
    ${hairpin.snat ?? ""}
    ${kind.snat ?? ""}
  }
}
table ip filtering {
  chain to_router { type filter hook input priority 0;
    ${kind.isOpenInput ? "" : 'iifname "wan" ct state new,invalid drop'}
  }
  chain refused {
    ${kind.refuse ?? ""}
  }
  chain lost { type filter hook forward priority -10;
    ${lossy}
  }
  chain through { type filter hook forward priority 0;
    iifname "lan" oifname "wan" jump refused
    ct state established,related accept
    ct status dnat accept
    iifname "wan" drop
  }
}
${hasIpv6(words) ? FIREWALL6 : ""}`;
}
