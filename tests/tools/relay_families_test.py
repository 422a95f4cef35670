#!/usr/bin/env python3
"""The program through coturn and through `auger serve`, both with addresses as hosts of the internet have and with
their own rules about peers: by each transport, over IPv4 and IPv6, with relayed addresses of either and of both.

    relay_families_test.py PATH_OF_AUGER

Runs in network namespaces of its own: ours, and that of the servers on the other end of a wire."""

import concurrent.futures
import contextlib
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

import program_test
from program_test import Peer, run
from relay_test import Coturn, renegotiate, servers_at

OURS = {4: "5.5.5.1", 6: "2a05:5555::1"}
THEIRS = {4: "5.5.5.3", 6: "2a05:5555::3"}
LENGTH = {4: 24, 6: 64}
AT_SERVER = ("nsenter", "--net=/run/netns/server")
TRANSPORTS = ("udp", "tcp", "tls", "dtls")
FAMILIES = {"ipv4": (4,), "ipv6": (6,), "both": (4, 6)}
AT_ONCE = 16


def enter():
    """This program once more, as root of what nobody else sees."""
    own = ["unshare", *(() if os.geteuid() == 0 else ("--user", "--map-root-user")), "--mount", "--net"]
    os.environ["RELAY_FAMILIES"] = "inside"
    os.execvp(own[0], [*own, sys.executable, *sys.argv])


def build():
    for command in ("mount -t tmpfs none /run", "ip netns add server", "ip link set lo up",
                    "ip link add wire type veth peer name wire netns server"):
        subprocess.run(command.split(), check=True)
    for words, ips in (((), OURS), (AT_SERVER, THEIRS)):
        for family, ip in ips.items():
            subprocess.run([*words, "ip", "addr", "add", f"{ip}/{LENGTH[family]}", "dev", "wire",
                            *(("nodad",) if family == 6 else ())], check=True)
        for device in ("lo", "wire"):
            subprocess.run([*words, "ip", "link", "set", device, "up"], check=True)


class TheirServer(Coturn):
    """On both addresses, or those of `ips`, for alice whose password is secret."""
    STALE, FIRST_PORT = ("--stale-nonce=1",), 4000

    def __init__(self, number, *options, ips=tuple(THEIRS.values())):
        first = self.FIRST_PORT + 4 * number
        super().__init__(None, *options, ip=ips[0], more_ips=ips[1:], ports=(first, first + 2), inside=AT_SERVER)


class OurServer(TheirServer):
    STALE, FIRST_PORT = ("--nonce-lifetime", "1"), 5000

    def command(self):
        hosts = [f"[{ip}]" if ":" in ip else ip for ip in self.ips]
        return [*AT_SERVER, program_test.AUGER, "serve", *(word for host in hosts for word in (
                    "--turn", f"{host}:{self.port}", "--tls", f"{host}:{self.tls_port}")),
                "--cert", self.certificate, "--key", self.key, "--realm", "example.org", "--user", "alice:secret",
                "--user-allocations", "1000", "--ip-allocations", "1000", *self.options]


SERVERS = {"coturn": TheirServer, "auger serve": OurServer}


class Session:
    """One that has nothing but that relay, and one that is reached directly."""

    def __init__(self, server, transport, over, relayed="both"):
        self.over, self.relayed, self.exits = over, relayed, contextlib.ExitStack()
        self.trace = pathlib.Path(self.exits.enter_context(tempfile.TemporaryDirectory()), "trace")
        self.a = self.exits.enter_context(Peer("--turn-ca", server.certificate, "--relay-family", relayed,
                                               "--trace", str(self.trace), where=()))
        self.b = self.exits.enter_context(Peer(where=()))
        self.a.call("new", config={"iceServers": servers_at(server.uris(THEIRS[over])[transport]),
                                   "iceTransportPolicy": "relay"})
        self.b.call("new", config={})

    def connect(self):
        a, b = self.a, self.b
        a.call("dc", label="d", init={})
        a.call("offer")
        a.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
        b.call("remote", desc=a.call("local"))
        b.call("answer")
        b.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
        a.call("remote", desc=b.call("local"))
        for peer in (a, b):
            peer.wait(lambda e: e.get("ev") == "open" and e["label"] == "d")

    def relays(self):
        """{(address, port)} of all that were told so far."""
        return set(re.findall(r"(\S+) (\d+) typ relay", json.dumps([e for e in self.a.events if e.get("ev") == "cand"])))

    def until_told(self, count, before):
        """That many relayed candidates besides those."""
        for _ in range(count):
            told = self.a.wait(lambda e: e.get("ev") == "cand" and e["cand"] and self.is_new(e["cand"]["candidate"], before))
            before = before | {tuple(told["cand"]["candidate"].split()[4:6])}
            yield told["cand"]

    @staticmethod
    def is_new(line, before):
        return " typ relay " in line and tuple(line.split()[4:6]) not in before

    def challenges(self):
        return [data["code"] for data in self.traced("turn:challenged")]

    def troubles(self):
        return [e["what"] for peer in (self.a, self.b) for e in peer.events if e.get("ev") == "trouble"]

    def talk(self, size):
        for sender, receiver in ((self.a, self.b), (self.b, self.a)):
            sender.call("sendbin", label="d", n=size, first=0)
            receiver.wait(lambda e: e.get("ev") == "msg" and e.get("n") == size)

    def traced(self, name):
        records = [json.loads(line) for line in self.trace.read_text(encoding="utf-8").split("\n")[:-1]]
        return [record["data"] for record in records if record.get("name") == name]

    def __enter__(self):
        return self

    def __exit__(self, *how):
        return self.exits.__exit__(*how)


class Matrix(unittest.TestCase):
    def each(self, work, *axes):
        """work(*cell) of all cells, several at once; a cell that fails is named."""
        cells = list(itertools.product(SERVERS, TRANSPORTS, OURS, *axes))
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            running = {cell: pool.submit(work, *cell) for cell in cells}
        for cell, done in running.items():
            with self.subTest(cell=cell):
                done.result()

    def one_of_each(self, *options):
        return {name: self.enterContext(make(0, *options)) for name, make in SERVERS.items()}

    def test_data_goes_by_each_transport_over_each_family_to_each_family(self):
        servers = self.one_of_each()

        def work(name, transport, over, relayed):
            with Session(servers[name], transport, over, relayed) as session:
                session.connect()
                self.assertEqual({ip for ip, _ in session.relays()}, {THEIRS[family] for family in FAMILIES[relayed]})
                session.talk(65536)
                pair = session.a.call("pair")
                self.assertEqual(pair["local"][0], "relay", pair)
                self.assertEqual(session.troubles(), [])

        self.each(work, FAMILIES)

    def test_of_a_server_with_one_family_who_asks_for_both_gets_that(self):
        for (name, make), family in itertools.product(SERVERS.items(), THEIRS):
            with self.subTest(server=name, family=family), make(2, ips=(THEIRS[family],)) as server:
                status, out, err = self.gather(server, "udp", family)
                self.assertEqual((status, err), (0, ""))
                self.assertEqual(self.ips(out), {THEIRS[family]})

    @staticmethod
    def ips(out):
        """Of the relayed candidates that `auger gather` shows."""
        return {ip.strip("[]") for ip in re.findall(r"(?m)^relay +(\S+):\d+ ", out)}

    @staticmethod
    def gather(server, transport, over, user="alice:secret"):
        done = run("gather", "--turn", server.uris(THEIRS[over])[transport], "--user", user, "--turn-ca",
                   server.certificate, "--policy", "relay")
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_a_wrong_password_is_named_by_each_transport_over_each_family(self):
        servers = self.one_of_each()

        def work(name, transport, over):
            status, out, err = self.gather(servers[name], transport, over, "alice:wrong")
            self.assertEqual((status, self.ips(out)), (1, set()))
            self.assertIn("name or password is wrong (401)", err)

        self.each(work)

    def test_a_stale_nonce_is_no_end(self):
        """Each is good for a second: what is asked for after a restart of ICE meets 438, and is asked for anew."""
        servers = {name: self.enterContext(make(1, *make.STALE)) for name, make in SERVERS.items()}

        def work(name, transport, over):
            with Session(servers[name], transport, over) as session:
                session.connect()
                time.sleep(3)
                before = session.challenges()
                renegotiate(session.a, session.b)
                session.talk(2000)
                self.assertIn(438, session.challenges()[len(before):])
                self.assertEqual(session.troubles(), [])

        self.each(work)

    def test_a_server_that_restarts_in_a_session_relays_again(self):
        """It has forgotten all.  Its client notices, allocates anew and tells: nobody restarts ICE."""
        number = itertools.count(10)

        def work(name, transport, over):
            with SERVERS[name](next(number)) as server, Session(server, transport, over) as session:
                session.connect()
                session.talk(1000)
                before = session.relays()
                server.restart()
                for new in session.until_told(len(FAMILIES["both"]), before):
                    session.b.call("cand", cand=new)
                session.talk(2000)

        self.each(work)  # over DTLS from another port: to the one that it knew coturn is deaf (docs/decisions/298)


if __name__ == "__main__":
    if os.environ.get("RELAY_FAMILIES") != "inside":
        enter()
    build()
    program_test.AUGER = os.path.abspath(sys.argv.pop(1))
    unittest.main()
