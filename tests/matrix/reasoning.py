#!/usr/bin/env python3
"""What should connect behind which NATs, and how: by reasoning from the RFCs, without running anything.

    tests/matrix/reasoning.py > tests/matrix/expected.tsv

The rules below are those of RFC 4787 (a NAT is a mapping, a filter, a choice of ports and a way with
hairpins), RFC 5128 section 3.3 (hole punching) and RFC 8445 (which checks are sent, what makes a pair
valid). They are applied to names: an address is the name of who owns it, a port the name of the mapping
it was made for. Two ports are the same if and only if a rule says so; nothing is ever guessed, so a
port that nobody announced can only be learned from a datagram that came from it.
docs/nat-matrix.md explains how the table is to be read and what is assumed.
"""

import collections
import itertools
import string
import sys

# --- what a NAT is ---------------------------------------------------------------

INDEPENDENT, BY_ADDRESS, BY_ADDRESS_AND_PORT = range(3)
MAPPINGS = {"EIM": INDEPENDENT, "ADM": BY_ADDRESS, "APDM": BY_ADDRESS_AND_PORT}
FILTERS = {"EIF": INDEPENDENT, "ADF": BY_ADDRESS, "APDF": BY_ADDRESS_AND_PORT}
PORTS = ("preserve", "overload", "sequential", "random", "parity", "contiguous")
HAIRPINS = ("none", "external", "internal")

Endpoint = collections.namedtuple("Endpoint", "address port")
Row = collections.namedtuple("Row", "inside outside remote")


def part(dependence, endpoint):
    """What of a remote endpoint a mapping or a filter looks at (RFC 4787 sections 4.1 and 5)."""
    return (None, endpoint.address, endpoint)[dependence]


class Gateway:
    """Between the network `inside` and the one `outside` it."""

    def __init__(self, kind, address, outside, hairpin="none"):
        self.address, self.outside, self.inside, self.hairpin = address, outside, Net(self), hairpin
        self.translates, self.blocks, self.rows, self.ports = "/" in kind, kind == "blocked", [], None
        self.mapping, self.filter = INDEPENDENT, BY_ADDRESS_AND_PORT  # of a firewall
        if self.translates:
            mapping, filtering, *ports = kind.split("/")
            self.mapping, self.filter = MAPPINGS[mapping], FILTERS[filtering]
            self.ports = ports[0] if ports else "random"
        outside.gateways.append(self)

    def external(self, inside, remote):
        """Where the datagrams of a flow leave: RFC 4787 sections 4.1 and 4.2."""
        if not self.translates:
            return inside
        for row in self.rows:
            if row.inside == inside and part(self.mapping, row.remote) == part(self.mapping, remote):
                return row.outside
        kept = Endpoint(self.address, inside.port)
        # 4.2.1: overloading takes the inside port always, preservation only while it is free; a
        # mapping of the same host to another destination is in its way as anybody's.
        if self.ports == "overload":
            return kept
        if self.ports == "preserve" and all(row.outside != kept for row in self.rows):
            return kept
        # No preservation: sequential, random, of the same parity (4.2.2), beside a twin (4.2.3, and
        # there is none here). However it was chosen, nobody outside knows it.
        return Endpoint(self.address, f"{self.address}.{len(self.rows)}")

    def leave(self, source, remote):
        if self.blocks:
            return None
        for row in self.rows:
            if row.inside == source and row.remote == remote:
                return row.outside
        self.rows.append(Row(source, self.external(source, remote), remote))
        return self.rows[-1].outside

    def admit(self, source, target):
        """Whom inside it goes to, or None: section 5. A filter is opened by what was sent from there."""
        if self.blocks:
            return None
        for row in self.rows:
            if row.outside == target and part(self.filter, row.remote) == part(self.filter, source):
                return row.inside
        return None

    def leads_to(self, address):
        """Whether an address is beyond it as seen from outside."""
        if self.translates:
            return address == self.address
        return address in self.inside.hosts


class Net:
    def __init__(self, gateway=None):
        self.gateway, self.gateways, self.hosts = gateway, [], set()

    def carry(self, source, target):
        """The source as the target's host sees it and the host's own endpoint; None: lost."""
        if target.address in self.hosts:
            return source, target
        for gateway in self.gateways:
            if gateway.leads_to(target.address):
                inside = gateway.admit(source, target)
                return inside and gateway.inside.carry(source, inside)
        return self.gateway and self.go_out(source, target)

    def go_out(self, source, target):
        gateway = self.gateway
        external = gateway.leave(source, target)
        if external is None:
            return None
        if not gateway.translates or target.address != gateway.address:
            return gateway.outside.carry(external, target)
        # Section 6: a hairpin. What comes back is filtered as if it had come from outside.
        inside = gateway.admit(external, target) if gateway.hairpin != "none" else None
        return inside and self.carry(external if gateway.hairpin == "external" else source, inside)


# --- what the two agents do --------------------------------------------------------

SERVER = Endpoint("server", "stun")
ROUNDS = 4
CODES = string.ascii_letters + string.digits + string.punctuation
DIRECT = "direct"
HOST, PRFLX, SRFLX, RELAY = "host", "prflx", "srflx", "relay"


class Base:
    """What datagrams are sent from, and what was learned from those that came to it."""

    def __init__(self, name, net):
        self.endpoint, self.net, self.learned = Endpoint(name, f"{name}.own"), net, []
        net.hosts.add(name)


def relay_base(name, internet):
    """8656 section 3: one address for all peers, and nothing comes in but from an IP address that has
    a permission (section 9). An agent asks for one before it sends there: 8445 5.1.1.2 makes the
    relayed candidate a base of its own. How the client reaches its server changes nothing behind it:
    over UDP, or over TCP where UDP is blocked."""
    return Base(f"{name}.relay", Gateway("EIM/ADF/overload", f"{name}.turn", internet).inside)


class Agent:
    def __init__(self, name, net, relay=None):
        self.net, self.bases = net, [Base(name, net)] + ([relay] if relay else [])
        self.base, self.relay = self.bases[0].endpoint, relay
        self.valid, self.was_reached = set(), False

    def gather(self):
        """8445 5.1.1: a host candidate, the address that a STUN server sees, if it is another, and the
        relayed one."""
        seen = self.net.carry(self.base, SERVER)
        self.candidates = {self.base: HOST}
        if seen:
            self.candidates.setdefault(seen[0], SRFLX)
        if self.relay:
            self.candidates[self.relay.net.carry(self.relay.endpoint, SERVER)[0]] = RELAY

    def kind(self, endpoint):
        return self.candidates.get(endpoint, PRFLX)


def check(agent, base, peer, remote):
    """A check and its answer. 8445 7.3.1.3 and 7.3.1.4: who is checked learns where from, and checks
    back from there. 7.2.5.2.1: the answer counts only when it comes from where the check went."""
    there = base.net.carry(base.endpoint, remote)
    reached = there and next((x for x in peer.bases if x.endpoint == there[1]), None)
    if not reached:
        return
    peer.was_reached = True
    if there[0] not in reached.learned:
        reached.learned.append(there[0])
    back = reached.net.carry(reached.endpoint, there[0])
    if back == (remote, base.endpoint):
        agent.valid.add((there[0], remote))


def connect(a, b):
    """Checks are repeated for longer than all of this takes (8445 14.3, 8489 6.2.1), so what is lost at
    a filter that opens later is not lost for good, and the order does not matter. Mappings outlive it
    (4787 4.3). A new port may show another new one, but then neither is ever shown twice: after as many
    rounds as it takes for each side to answer a port it learned, nothing changes any more but names."""
    a.gather()
    b.gather()
    for _ in range(ROUNDS):
        for agent, peer in ((a, b), (b, a)):
            for base in agent.bases:
                for remote in [*peer.candidates, *base.learned]:
                    check(agent, base, peer, remote)
    mirrored = {(remote, local) for local, remote in b.valid}
    paths = {(a.kind(local), b.kind(remote)) for local, remote in a.valid & mirrored}
    return sorted(paths, key=rank)


def rank(path):
    """8445 6.1.2.3: of two paths the one with the better candidate, where the worse ones are alike.  What
    is left is a matter of the roles, and stands here by its name."""
    return sorted(map((HOST, PRFLX, SRFLX, RELAY).index, path)), path


# --- why -------------------------------------------------------------------------

WHY = {
    "blocked": "UDP does not pass",
    "lan": "both host addresses are in one network",
    "public": "public addresses; the checks of each side open its firewall, if it has one",
    "stable": "the announced address serves every destination, and each side's checks open its own filter",
    "one new": "one side's checks come from a port that nobody announced; the other's filter admits it",
    "both new": "both ports are learned from checks: a filter admits the first, and the answers find back",
    "inside": "the carrier shows an inside address, or there is one: the path never leaves the carrier",
    "hairpin": "by way of the carrier's hairpin",
    "no hairpin": "the carrier turns nothing back to its inside",
    "shut out": "one mapping depends on the destination; the other's filter wants a port it was told, not a new one",
    "both shut out": "both mappings depend on the destination, and no filter admits a port that nobody announced",
    "half": "one side's filter is open to all, but what it answers comes from a port that the other's filter refuses",
    "chase": "checks arrive both ways, but each is from yet another port, and no answer comes from where the check went",
}


def is_stable(agent, peer_candidates):
    """Whether the peer's public address is shown what the STUN server is."""
    shown = {agent.net.carry(agent.base, SERVER)[0]}
    for remote in peer_candidates:
        gateway, source = agent.net.gateway, agent.base
        while gateway:
            source = gateway.external(source, remote)
            gateway = gateway.outside.gateway
        shown.add(source)
    return len(shown) == 1


def why(a, b, paths):
    if any(SRFLX not in x.candidates.values() and not x.net.carry(x.base, SERVER) for x in (a, b)):
        return "lan" if paths else "blocked"
    if a.net is b.net and a.net.gateway:
        return "lan"
    carrier = shared_gateway(a, b)
    if carrier and paths:
        turns = [carrier.address in (local.address, remote.address) for local, remote in a.valid]
        return "hairpin" if all(turns) else "inside"
    if carrier and carrier.hairpin == "none":
        return "no hairpin"
    if paths:
        return {0: "public" if paths == [(HOST, HOST)] else "stable",
                1: "one new", 2: "both new"}[paths[0].count(PRFLX)]
    if a.was_reached and b.was_reached:
        return "chase"
    if a.was_reached or b.was_reached:
        return "half"
    stable = [is_stable(x, y.candidates) for x, y in ((a, b), (b, a))]
    return "shut out" if any(stable) else "both shut out"


def shared_gateway(a, b):
    outer = lambda agent: outermost(agent.net.gateway)
    return outer(a) if outer(a) and outer(a) is outer(b) else None


def outermost(gateway):
    while gateway and gateway.outside.gateway:
        gateway = gateway.outside.gateway
    return gateway


# --- the worlds -------------------------------------------------------------------

NATS = [f"{m}/{f}" for m in MAPPINGS for f in FILTERS]
# For the mapping that serves every destination nothing hangs on the choice of the port; for the others
# only whether it is the inside one always (RFC 4787 4.2.1). So `overload` is told apart only there, and
# the others stand for any of their kinds.
OVERLOADED = [f"{m}/{f}/overload" for m in ("ADM", "APDM") for f in FILTERS]
ENDS = ["none", "firewall", "blocked"]
ALONE = ENDS + [f"{nat}/{ports}" for nat in NATS for ports in PORTS]
FAR = ENDS + NATS + OVERLOADED
HOMES = ["none"] + NATS
CARRIERS = [f"{nat}+{hairpin}" for nat in NATS + OVERLOADED for hairpin in HAIRPINS]


def internet():
    net = Net()
    net.hosts.add(SERVER.address)
    return net


def front(net, name, chain):
    """The network of a host behind a chain of gateways, the outermost last: home<carrier."""
    for depth, kind in enumerate(reversed(chain.split("<"))):
        if kind != "none":
            net = Gateway(kind, f"{name}{depth}", net).inside
    return net


def agents(net, inner_a, inner_b, relays):
    """`relays`: who has one, each on a server of its own."""
    return [Agent(name, inner, relay_base(name, net) if name in relays else None)
            for name, inner in (("a", inner_a), ("b", inner_b))]


def apart(kind_a, kind_b, relays):
    net = internet()
    return agents(net, front(net, "ga", kind_a), front(net, "gb", kind_b), relays)


def neighbours(home_pair, carrier, relays):
    kind, hairpin = carrier.split("+")
    outside = internet()
    net = Gateway(kind, "carrier", outside, hairpin).inside
    home_a, home_b = home_pair.split(" ")
    return agents(outside, front(net, "ga", home_a), front(net, "gb", home_b), relays)


def together(kind, _, relays):
    outside = internet()
    net = front(outside, "g", kind)
    return agents(outside, net, net, relays)


CHAINS = [f"{home}<{carrier}" for home in NATS + OVERLOADED for carrier in NATS + OVERLOADED]
NESTED = [f"{home}<{carrier}" for home in NATS for carrier in NATS]
GROUPS = [
    ("alone", ALONE, ALONE, apart),
    ("nested", CHAINS, FAR, apart),
    ("both-nested", NESTED, NESTED, apart),
    ("neighbours", [f"{a} {b}" for a, b in itertools.product(HOMES, HOMES)], CARRIERS, neighbours),
    ("together", ALONE, ["itself"], together),
]


def named(paths):
    return ",".join("-".join(path) for path in paths) or "-"


def outcome(make, row, column):
    """A relay opens no mapping and no filter for anybody else, and stands below all the other paths: it
    matters where there is no other."""
    a, b = make(row, column, "")
    paths = connect(a, b)
    relayed = [DIRECT if paths else named(connect(*make(row, column, relays)))
               for relays in ("ab", "a", "b")]
    return named(paths), *relayed, why(a, b, paths)


def main():
    outcomes, grids = {}, []
    for group, rows, columns, make in GROUPS:
        grids.append(("columns", group, " ".join(c.replace(" ", "_") for c in columns)))
        for row in rows:
            cells = [outcome(make, row, column) for column in columns]
            grids.append(("row", group, row, "".join(
                CODES[outcomes.setdefault(cell, len(outcomes))] for cell in cells)))
    print("# Generated by tests/matrix/reasoning.py; docs/nat-matrix.md says how it is read.")
    print("# outcome\tcode\tpaths without a relay, a's candidate first\twith relays of both\twith a's"
          "\twith b's\twhy")
    for (*paths, reason), number in outcomes.items():
        print("outcome", CODES[number], *paths, WHY[reason], sep="\t")
    for line in grids:
        print(*line, sep="\t")


if __name__ == "__main__":
    sys.exit(main())
