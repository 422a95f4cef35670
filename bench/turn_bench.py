#!/usr/bin/env python3
"""TURN relays side by side: coturn, a bare forwarder of the same system calls, and auger's server.

    turn_bench.py [--json] [--quick] [--build FOLDER] [PART_OF_A_NAME]

They take turns, in several rounds of a second for each case, so that what else the machine does
falls on all of them alike; a figure is the median of the rounds. The server has one core and what
loads it the other. Needs coturn; for what is measured over a veth or under a flood also root, for
network namespaces of its own."""

import argparse
import contextlib
import functools
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LONG = 60  # seconds; a bound for what never ends, not a measure
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
PORT, FAR_PORT, PEER_PORT = 17478, 17479, 17480
USER = "me:secret"


def on_core(core):
    return lambda: os.sched_setaffinity(0, {core})


def run(*command):
    subprocess.run(command, check=True, capture_output=True, timeout=LONG)


class Bench:
    """What was asked for, and what is told."""

    def __init__(self, options):
        self.options = options
        self.rounds = 1 if options.quick else 5
        self.told = 0

    def wants(self, name):
        return not self.options.part or self.options.part in name

    def tell(self, name, unit, values):
        if not self.wants(name) or not values:
            return
        self.told += 1
        figure = {"name": name, "unit": unit, "value": round(statistics.median(values), 3)}
        if len(values) > 1:
            figure.update(min=round(min(values), 3), max=round(max(values), 3))
        if self.options.json:
            print(json.dumps(figure), flush=True)
        else:
            spread = f"   ({figure['min']:,} to {figure['max']:,})" if "min" in figure else ""
            print(f"{name:<60} {figure['value']:>14,.2f} {unit}{spread}", flush=True)

    @functools.cache
    def may_make_namespaces(self):
        if os.geteuid() == 0:
            return True
        print("turn_bench: not root: nothing over a veth, and no flood", file=sys.stderr)
        return False


# --- where it happens ---------------------------------------------------------------------------


class Loopback:
    name = "loopback"
    server_ip = peer_ip = "127.0.0.1"
    at_server = at_client = ()


class Veth:
    """Two namespaces and a cable between them. With `segmented` no packet passes it that is more
    than one datagram."""

    server_ip, peer_ip = "10.77.0.1", "10.77.0.2"

    def __init__(self, segmented=False):
        self.name = "veth_segmented" if segmented else "veth"
        self.spaces = [f"turnbench-{side}-{os.getpid()}" for side in ("server", "client")]
        self.segmented = segmented
        self.at_server, self.at_client = (("ip", "netns", "exec", space) for space in self.spaces)

    def __enter__(self):
        try:
            for space in self.spaces:
                run("ip", "netns", "add", space)
            run("ip", "link", "add", "turnbench0", "netns", self.spaces[0], "type", "veth", "peer", "name",
                "turnbench1", "netns", self.spaces[1])
            for side, (at, ip) in enumerate(((self.at_server, self.server_ip), (self.at_client, self.peer_ip))):
                run(*at, "ip", "addr", "add", f"{ip}/24", "dev", f"turnbench{side}")
                if self.segmented:
                    run(*at, "ip", "link", "set", f"turnbench{side}", "gso_max_segs", "1")
                run(*at, "ip", "link", "set", "lo", "up")
                run(*at, "ip", "link", "set", f"turnbench{side}", "up")
            run(*self.at_server, "ip", "route", "add", "default", "via", self.peer_ip)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for space in self.spaces:
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True, timeout=LONG)


# --- who is measured ------------------------------------------------------------------------------


class Server:
    """A process with a port, on its core; ends with the block."""

    def __init__(self, place, command):
        self.place = place
        self.process = subprocess.Popen([*place.at_server, *command], preexec_fn=on_core(SERVER_CORE),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.pid = self.process.pid
        until = time.monotonic() + LONG
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise SystemExit(f"turn_bench: does not begin: {' '.join(command)}")
            time.sleep(0.02)

    def listens(self):
        with contextlib.suppress(OSError):
            table = pathlib.Path(f"/proc/{self.pid}/net/udp").read_text()
            return f":{PORT:04X} " in table
        return False

    def memory(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=LONG)


class Coturn:
    name = "coturn"
    is_turn = True

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.load_options = ("--user", USER)

    def start(self, place):
        return Server(place, ["turnserver", "-n", "--no-cli", "-L", place.server_ip, "-p", str(PORT), "-a", "-u", USER,
                              "-r", "here", "--allow-loopback-peers", "--no-tls", "--no-dtls", "--relay-threads=1",
                              "--log-file", "/dev/null", "--simple-log", "--pidfile", f"{self.folder.name}/pid",
                              "--db", f"{self.folder.name}/db"])


class Ours:
    name = "auger"
    is_turn = True
    load_options = ("--user", USER)

    def __init__(self, auger):
        self.auger = auger

    def is_there(self):
        try:
            with self.start(Loopback()):
                return True
        except SystemExit as error:
            print(f"{error}; left out", file=sys.stderr)
            return False

    def start(self, place):
        return Server(place, [self.auger, "serve", "--turn", f"{place.server_ip}:{PORT}", "--user", USER, "--allow-peer",
                              f"{place.peer_ip}/32", "--user-allocations", "20000", "--ip-allocations", "20000",
                              "--allocations", "16000", "--loopback-unlimited"])


class Forwarder:
    """No TURN at all."""

    is_turn = False

    def __init__(self, kind, build):
        self.kind, self.program = kind, str(build / "bench/turn_forwarder")
        self.name = f"bare_{kind}"

    def start(self, place):
        self.load_options = ("--bare", f"{place.server_ip}:{FAR_PORT}", "--peer", f"{place.peer_ip}:{PEER_PORT}")
        return Server(place, [self.program, self.kind, f"{place.server_ip}:{PORT}", f"{place.server_ip}:{FAR_PORT}",
                              f"{place.peer_ip}:{PEER_PORT}"])


class BareCalls:
    """The system calls of an allocation, with a load of its own."""

    name = "bare_calls"

    def __init__(self, build):
        self.program = str(build / "bench/turn_allocator")

    def made(self):
        done = subprocess.run([self.program, str(SERVER_CORE), str(LOAD_CORE), "1"], capture_output=True, text=True,
                              timeout=LONG, check=True)
        return float(done.stdout)


class Load:
    """auger turnload, on the other core."""

    def __init__(self, auger):
        self.auger = auger

    def command(self, server, *options):
        place = server.place
        return [*place.at_client, self.auger, "turnload", f"turn:{place.server_ip}:{PORT}", "--json", "--server-pid",
                str(server.pid), *options]

    def figures(self, server, *options):
        done = subprocess.run(self.command(server, *options), capture_output=True, text=True, timeout=LONG,
                              check=False, preexec_fn=on_core(LOAD_CORE))
        if done.returncode:
            raise SystemExit(f"turn_bench: {' '.join(done.args)}: {done.stderr}{done.stdout[-1000:]}")
        return json.loads(done.stdout.splitlines()[-1])


def in_turns(rounds, contenders, measure):
    """measure(contender) for each in each round, another one first each time; its values by name."""
    values = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        turn = number % len(contenders)
        for contender in contenders[turn:] + contenders[:turn]:
            values[contender.name].append(measure(contender))
    return values


# --- what is measured --------------------------------------------------------------------------------

WAYS = {"to_peer": (), "from_peer": ("--back",)}
CARRIERS = {"channel": (), "send": ("--send",)}


def tell_with_ratios(bench, name, unit, values):
    """Each contender's figure, and auger's and coturn's as parts of what they are compared with,
    round by round."""
    for contender, figures in values.items():
        bench.tell(f"{name}/{contender}", unit, figures)
    for of, to in (("auger", "bare_mmsg"), ("auger", "bare_gso"), ("auger", "coturn"), ("auger", "bare_calls"),
                   ("coturn", "bare_plain")):
        if of in values and to in values:
            bench.tell(f"{name}/{of}_of_{to}", "times", [a / b for a, b in zip(values[of], values[to])])


def relay(bench, load, contenders, place, name, options):
    """One case: packets a second of the server's core."""
    wanted = [c for c in contenders if bench.wants(f"{name}/{c.name}") or bench.wants(f"{name}/auger_of_")]
    if not wanted:
        return

    def measure(contender):
        with contender.start(place) as server:
            figures = load.figures(server, *contender.load_options, *options, "--allocations", "1", "--max",
                                   "--seconds", "1")
        return figures["server"]["per_second_and_core"] / 1e3

    tell_with_ratios(bench, name, "kpps/core", in_turns(bench.rounds, wanted, measure))


def relays(bench, load, contenders):
    """Each packet by itself, over the loopback interface."""
    place = Loopback()
    for size in (120, 1200):
        for carrier, by in CARRIERS.items():
            for way, back in WAYS.items():
                options = ("--no-gso", "--size", str(size), *by, *back)
                some = contenders if carrier == "channel" else [c for c in contenders if c.is_turn]
                relay(bench, load, some, place, f"relay/single/{size}B/{carrier}/{way}",
                      options)


def batches(bench, load, contenders):
    """Many packets at a time leave the client and reach the peer, where the network lets them."""
    places = [Loopback()]
    wanted = bench.wants("relay/batched/veth") or "veth" in (bench.options.part or "")
    if wanted and bench.may_make_namespaces():
        places += [Veth(), Veth(segmented=True)]
    for place in places:
        name = f"relay/batched/{place.name}/1200B/channel"
        if not any(bench.wants(f"{name}/{way}/{c.name}") for way in WAYS for c in contenders):
            continue
        with place if isinstance(place, Veth) else contextlib.nullcontext():
            for way, back in WAYS.items():
                relay(bench, load, contenders, place, f"{name}/{way}", ("--size", "1200", *back))


def latencies(bench, load, contenders):
    """At half of the load that each bears."""
    place = Loopback()
    some = [c for c in contenders if bench.wants(f"relay/latency_at_half_load/p50/{c.name}")
            or bench.wants(f"relay/latency_at_half_load/p99/{c.name}")]
    if not some:
        return

    def measure(contender):
        with contender.start(place) as server:
            options = (*contender.load_options, "--allocations", "1", "--no-gso", "--seconds", "1")
            full = load.figures(server, *options, "--max")["to_peer"]
            half = load.figures(server, *options, "--rate", str(max(1, int(full["arrived_per_second"] / 2))))
        return half["to_peer"]["latency_ms"]

    values = in_turns(bench.rounds, some, measure)
    for contender, times in values.items():
        for part in ("p50", "p99"):
            bench.tell(f"relay/latency_at_half_load/{part}/{contender}", "us", [at[part] * 1e3 for at in times])


def allocations(bench, load, servers, bare):
    """Made and given back, and what one costs that is alive."""
    place = Loopback()

    def churn(contender):
        if contender is bare:
            return bare.made()
        with contender.start(place) as server:
            figures = load.figures(server, *contender.load_options, "--churn", "--max", "--allocations", "64",
                                   "--seconds", "1")
        return figures["server"]["per_second_and_core"]

    def memory(contender):
        with contender.start(place) as server:
            figures = load.figures(server, *contender.load_options, "--max", "--allocations", "4000", "--size", "24",
                                   "--seconds", "1")
        return figures["server"]["bytes_an_allocation"] / 1024

    for name, unit, measure, contenders in (("relay/allocations", "/s/core", churn, [*servers, bare]),
                                            ("relay/memory_an_allocation", "KiB", memory, servers)):
        some = [c for c in contenders if any(bench.wants(f"{name}/{which}")
                                             for which in (c.name, "auger_of_coturn", "auger_of_bare_calls"))]
        if some:
            tell_with_ratios(bench, name, unit, in_turns(bench.rounds, some, measure))


STRANGERS = {
    "binding": b"\x00\x01\x00\x00\x21\x12\xa4\x42",
    "allocate": b"\x00\x03\x00\x08\x21\x12\xa4\x42",
}
REQUESTED_TRANSPORT = b"\x00\x19\x00\x04\x11\x00\x00\x00"
HEADERS = 28  # IPv4 and UDP


def amplification(bench, servers):
    """Bytes on the wire that a stranger's request causes, for each of its own."""
    for contender in servers:
        with contender.start(Loopback()):
            for name, head in STRANGERS.items():
                request = head + os.urandom(12) + (REQUESTED_TRANSPORT if name == "allocate" else b"")
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                    stranger.settimeout(5)
                    stranger.sendto(request, ("127.0.0.1", PORT))
                    try:
                        got = len(stranger.recv(2000)) + HEADERS
                    except TimeoutError:
                        got = 0
                bench.tell(f"relay/bytes_out_per_byte_in/{name}/{contender.name}", "times",
                           [got / (len(request) + HEADERS)])


FLOOD, FLOOD_SECONDS = 100_000, 2
HONEST = {"latency": ("--allocations", "1", "--rate", "200"), "allocation": ("--churn",)}


def flood(bench, load, servers, build):
    """100,000 requests a second from addresses that are not the sender's: what a client notices
    that has an allocation, and those that ask for one; and what memory they take."""
    some = [c for c in servers if any(bench.wants(f"relay/flood/{part}/{c.name}")
                                      for part in ("sent", "memory", "latency", "allocation"))]
    if some and not bench.may_make_namespaces():
        return
    for contender in some:
        with Veth() as place, contender.start(place) as server:
            quiet = {what: tried(load, server, contender, options) for what, options in HONEST.items()}
            before, sent, noisy = server.memory(), 0, {}
            for what, options in HONEST.items():
                attack = subprocess.Popen([*place.at_client, str(build / "bench/turn_flood"),
                                           f"{place.server_ip}:{PORT}", "10.78.0.0:1", str(FLOOD), str(FLOOD_SECONDS)],
                                          stdout=subprocess.PIPE, text=True)
                time.sleep(0.3)
                noisy[what] = tried(load, server, contender, options)
                sent += int(attack.communicate(timeout=LONG)[0])
            bench.tell(f"relay/flood/sent/{contender.name}", "requests/s", [sent / FLOOD_SECONDS / len(HONEST)])
            bench.tell(f"relay/flood/memory/{contender.name}", "MiB more", [(server.memory() - before) / 1024])
            tell_flood(bench, contender.name, quiet, noisy)


def tried(load, server, contender, options):
    """For a second. Under a flood a load may fail: that is a result."""
    done = subprocess.run(load.command(server, *contender.load_options, *options, "--seconds", "1"),
                          capture_output=True, text=True, timeout=LONG, check=False, preexec_fn=on_core(LOAD_CORE))
    return json.loads(done.stdout.splitlines()[-1])


def tell_flood(bench, name, quiet, noisy):
    for when, figures in (("quiet", quiet), ("flooded", noisy)):
        way = figures["latency"]["to_peer"]
        if way and way["sent"]:
            bench.tell(f"relay/flood/latency/{name}/{when}/p50", "us", [way["latency_ms"]["p50"] * 1e3])
            bench.tell(f"relay/flood/latency/{name}/{when}/lost", "%", [100 * way["lost"] / way["sent"]])
        bench.tell(f"relay/flood/allocation/{name}/{when}/p50", "ms", [figures["allocation"]["allocation_ms"]["p50"]])
        bench.tell(f"relay/flood/allocation/{name}/{when}/made", "/s",
                   [figures["allocation"]["allocations_per_second"]])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--quick", action="store_true", help="one round alone")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("part", nargs="?", help="only the figures with this in their name")
    options = parser.parse_args()
    if not shutil.which("turnserver"):
        sys.exit("turn_bench: coturn is missing: apt-get install coturn")

    bench, auger = Bench(options), str(options.build / "auger")
    load, ours = Load(auger), Ours(auger)
    servers = [Coturn()] + ([ours] if ours.is_there() else [])
    contenders = servers + [Forwarder(kind, options.build) for kind in ("plain", "mmsg", "gso")]
    relays(bench, load, contenders)
    batches(bench, load, contenders)
    latencies(bench, load, contenders)
    allocations(bench, load, servers, BareCalls(options.build))
    if bench.wants("relay/bytes_out_per_byte_in") or "bytes_out" in (options.part or ""):
        amplification(bench, servers)
    flood(bench, load, servers, options.build)
    return 0 if bench.told else 1


if __name__ == "__main__":
    sys.exit(main())
