#!/usr/bin/env python3
"""The program through a TURN server that is not ours, coturn, on loopback and by each transport.

    relay_test.py PATH_OF_AUGER"""

import contextlib
import ipaddress
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import program_test
from program_test import LONG, Peer, run

TURNSERVER = shutil.which("turnserver")


def free_port(ip="127.0.0.1"):
    """One that is free for both; nobody else is asked for it between now and its use."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    for _ in range(20):
        with socket.socket(family, socket.SOCK_DGRAM) as udp, socket.socket(family) as tcp:
            udp.bind((ip, 0))
            with contextlib.suppress(OSError):
                tcp.bind((ip, udp.getsockname()[1]))
                return udp.getsockname()[1]
    raise AssertionError("no port is free for UDP and TCP")


class Coturn:
    """`turnserver` on ports of its own, for alice whose password is secret.  `inside`: the words that run it elsewhere."""

    def __init__(self, name=None, *options, ip="127.0.0.1", more_ips=(), ports=None, inside=()):
        self.ip, self.ips, self.inside = ip, (ip, *more_ips), inside
        name = name or ",".join(f"IP:{each}" for each in self.ips)
        self.folder = tempfile.TemporaryDirectory()
        self.certificate = str(pathlib.Path(self.folder.name, "cert.pem"))
        key = str(pathlib.Path(self.folder.name, "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", self.certificate, "-days", "2", "-subj", "/CN=coturn",
                        "-addext", f"subjectAltName={name}"], check=True, capture_output=True, timeout=LONG)
        self.port, self.tls_port = ports or (free_port(ip), free_port(ip))
        self.log = open(pathlib.Path(self.folder.name, "log"), "w+", encoding="utf-8")
        self.key, self.options = key, options
        self.begin()

    def command(self):
        return [
             *self.inside, TURNSERVER, "-n", "--verbose", "--log-file=stdout", "--no-cli",
             *(f"--{what}-ip={ip}" for ip in self.ips for what in ("listening", "relay")),
             f"--listening-port={self.port}", f"--tls-listening-port={self.tls_port}", "--min-port=40000",
             "--max-port=48999", "--lt-cred-mech", "--user=alice:secret", "--realm=example.org",
             "--allow-loopback-peers", f"--cert={self.certificate}", f"--pkey={self.key}",
             f"--pidfile={self.folder.name}/pid", f"--userdb={self.folder.name}/db",
             *self.options]

    def begin(self):
        self.process = subprocess.Popen(
            self.command(),
            stdout=self.log, stderr=subprocess.STDOUT, cwd=self.folder.name)
        self.wait_until_it_listens()

    def wait_until_it_listens(self):
        until, port = time.monotonic() + LONG, self.port if "--no-tls" in self.options else self.tls_port
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection((self.ip, port), LONG):
                return
            time.sleep(0.05)
        self.log.seek(0)
        raise AssertionError(self.log.read())

    def uris(self, ip=None):
        host = f"[{ip}]" if ":" in (ip := ip or self.ip) else ip
        clear, sealed = f"turn:{host}:{self.port}", f"turns:{host}:{self.tls_port}"
        return {"udp": f"{clear}?transport=udp", "tcp": f"{clear}?transport=tcp",
                "tls": f"{sealed}?transport=tcp", "dtls": f"{sealed}?transport=udp"}

    def told(self):
        return pathlib.Path(self.folder.name, "log").read_text(encoding="utf-8", errors="replace")

    def end(self):
        self.process.kill()
        self.process.wait(timeout=LONG)

    def restart(self):
        """At the same ports, and it knows of no allocation."""
        self.end()
        self.begin()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        self.log.close()
        self.folder.cleanup()


class Proxy:
    """Speaks HTTP CONNECT, or SOCKS5 for alice whose password is secret, and counts whom it let through."""

    def __init__(self, kind, ip="127.0.0.1"):
        self.kind, self.let_through, self.asked_for = kind, 0, []
        is_ipv6 = ":" in ip
        self.listener = socket.create_server((ip, 0), family=socket.AF_INET6 if is_ipv6 else socket.AF_INET)
        self.url = "{}{}:{}".format({"http": "http://", "socks5": "socks5://alice:secret@"}[kind],
                                    f"[{ip}]" if is_ipv6 else ip, self.listener.getsockname()[1])
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.carry, args=(self.listener.accept()[0],), daemon=True).start()

    @staticmethod
    def ask_http(client):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        host, _, port = head.split()[1].decode().rpartition(":")
        assert (":" in host) == (host[:1] + host[-1:] == "[]"), host
        return host.strip("[]"), int(port), b"HTTP/1.1 200 OK\r\n\r\n"

    @staticmethod
    def ask_socks5(client):
        assert client.recv(4, socket.MSG_WAITALL) == b"\5\2\0\2"
        client.sendall(b"\5\2")
        assert client.recv(14, socket.MSG_WAITALL) == b"\1\5alice\6secret"
        client.sendall(b"\1\0")
        head = client.recv(4, socket.MSG_WAITALL)
        size = client.recv(1)[0] if head[3] == 3 else {1: 4, 4: 16}[head[3]]
        host = client.recv(size, socket.MSG_WAITALL)
        port = int.from_bytes(client.recv(2, socket.MSG_WAITALL), "big")
        named = host.decode() if head[3] == 3 else str(ipaddress.ip_address(host))
        return named, port, b"\5\0\0\4" + bytes(18) if head[3] == 4 else b"\5\0\0\1" + bytes(6)

    def carry(self, client):
        with client:
            host, port, answer = getattr(self, f"ask_{self.kind}")(client)
            self.asked_for.append(host)
            with socket.create_connection((host, port), LONG) as server:
                self.let_through += 1
                client.sendall(answer)
                there = threading.Thread(target=self.copy, args=(client, server), daemon=True)
                there.start()
                self.copy(server, client)
                there.join(LONG)

    @staticmethod
    def copy(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def meet(first, second, servers):
    """Both have but relays, and are connected; each candidate that was told is one."""
    for peer in (first, second):
        peer.call("new", config={"iceServers": servers, "iceTransportPolicy": "relay"})
    first.call("dc", label="d", init={})
    first.call("offer")
    first.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
    second.call("remote", desc=first.call("local"))
    second.call("answer")
    second.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
    first.call("remote", desc=second.call("local"))
    for peer in (first, second):
        peer.wait(lambda e: e.get("ev") == "open" and e["label"] == "d")
        told = [e["cand"]["candidate"] for e in peer.events if e.get("ev") == "cand" and e["cand"]]
        assert told and all(" typ relay " in line for line in told), told


def renegotiate(first, second):
    """A restart of ICE, all candidates in the descriptions."""
    for peer in (first, second):
        peer.events.clear()
    first.call("restart")
    first.call("offer")
    first.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
    second.call("remote", desc=first.call("local"))
    second.call("answer")
    second.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
    first.call("remote", desc=second.call("local"))


def servers_at(uri):
    return [{"urls": [uri], "username": "alice", "credential": "secret"}]


class Relay(unittest.TestCase):
    def setUp(self):
        self.assertIsNotNone(TURNSERVER, "turnserver is missing: scripts/setup installs coturn")

    def test_two_meet_through_relays_alone_by_each_transport(self):
        with Coturn() as coturn:
            for transport, uri in coturn.uris().items():
                trust = ("--turn-ca", coturn.certificate)
                with self.subTest(transport=transport), Peer(*trust) as a, Peer(*trust) as b:
                    meet(a, b, servers_at(uri))
                    for size in (1, 1000, 65536, 262144):
                        a.call("sendbin", label="d", n=size, first=0)
                        b.wait(lambda e, n=size: e.get("ev") == "msg" and e.get("n") == n)
                    self.assertEqual([], [e for e in a.events + b.events if e.get("ev") == "trouble"])

    def test_without_a_transport_the_other_one_is_asked_where_the_first_is_shut(self):
        for shut, transport, shown in (("--no-udp", "tcp", "tcp"), ("--no-tls", "dtls", "udp")):
            with self.subTest(shut=shut), Coturn(None, shut) as coturn:
                uri = coturn.uris()[transport].partition("?")[0]
                _, out, _ = self.gather("--turn", uri, "--user", "alice:secret", "--turn-ca",
                                        coturn.certificate, "--policy", "relay")
                self.assertRegex(out, rf"(?m)^relay  127\.0\.0\.1:\d+ .* by {shown} 127\.0\.0\.1:")

    def gather(self, *args):
        done = run("gather", "--loopback", "--only", "lo", "--timeout", "5", *args)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_a_relayed_candidate_is_shown_with_its_server_and_protocol(self):
        with Coturn() as coturn:
            for transport, uri in coturn.uris().items():
                with self.subTest(transport=transport):
                    status, out, err = self.gather("--turn", uri, "--user", "alice:secret", "--turn-ca",
                                                   coturn.certificate, "--policy", "relay")
                    self.assertEqual((0, ""), (status, err))
                    shown = {"dtls": "udp"}.get(transport, transport)
                    port = coturn.tls_port if uri.startswith("turns:") else coturn.port
                    self.assertRegex(out, rf"(?m)^relay  127\.0\.0\.1:\d+ .* by {shown} 127\.0\.0\.1:{port}$")
                    self.assertNotIn("host  ", out)

    def test_a_wrong_password_is_named(self):
        with Coturn() as coturn:
            for transport, uri in coturn.uris().items():
                with self.subTest(transport=transport):
                    status, _, err = self.gather("--turn", uri, "--user", "alice:wrong", "--turn-ca",
                                                 coturn.certificate)
                    self.assertEqual(1, status)
                    self.assertIn(f"{uri} (127.0.0.1:", err)
                    self.assertIn("name or password is wrong (401)", err)

    def test_a_certificate_for_somebody_else_is_named(self):
        with Coturn("DNS:other.example") as coturn:
            for transport in ("tls", "dtls"):
                with self.subTest(transport=transport):
                    status, out, err = self.gather("--turn", coturn.uris()[transport], "--user", "alice:secret",
                                                   "--turn-ca", coturn.certificate)
                    self.assertEqual(1, status)
                    self.assertIn("the certificate is for other.example, not 127.0.0.1", err)
                    self.assertNotIn("relay", out)
                    status, out, _ = self.gather("--turn", coturn.uris()[transport], "--user", "alice:secret",
                                                 "--turn-trust-anybody")
                    self.assertEqual(0, status)
                    self.assertIn("relay  ", out)

    def test_a_server_that_nobody_vouches_for_is_named(self):
        with Coturn() as coturn:
            _, out, err = self.gather("--turn", coturn.uris()["tls"], "--user", "alice:secret")
            self.assertIn("the certificate is signed by itself, and not trusted", err)
            self.assertNotIn("relay", out)

    def test_a_server_that_dies_in_a_session_is_noticed(self):
        for transport in ("tcp", "tls"):
            with self.subTest(transport=transport), Coturn() as coturn:
                trust = ("--turn-ca", coturn.certificate)
                with Peer(*trust) as a, Peer(*trust) as b:
                    meet(a, b, servers_at(coturn.uris()[transport]))
                    coturn.end()
                    for peer in (a, b):
                        told = peer.wait(lambda e: e.get("ev") == "trouble")["what"]
                        self.assertTrue(told.startswith(coturn.uris()[transport]), told)
                        peer.wait(lambda e: e.get("ev") == "state" and e.get("which") == "conn"
                                  and e.get("value") in ("disconnected", "failed"))

    @staticmethod
    def relays_in(events):
        return set(re.findall(r"(\d+) typ relay", json.dumps(events)))

    def pass_on_the_new_relay(self, sender, receiver, before):
        """It stands in the description, or comes as a candidate: before the end of candidates or behind it."""
        told = sender.wait(lambda e: self.relays_in(e) - before)
        if told.get("ev") == "cand":
            receiver.call("cand", cand=told["cand"])

    def test_a_server_that_restarts_in_a_session_relays_again(self):
        """It has forgotten its allocations. A stream says so, and the restart asks for others; over UDP it offers the relay of
        before, and who notices that it is gone gets another one, and trickles it; over DTLS from another port, since coturn is
        deaf to the one that it knew."""
        for transport in ("udp", "tcp", "tls", "dtls"):
            with self.subTest(transport=transport), Coturn() as coturn:
                trust = ("--turn-ca", coturn.certificate)
                with Peer(*trust) as a, Peer(*trust) as b:
                    meet(a, b, servers_at(coturn.uris()[transport]))
                    before = self.relays_in(a.events + b.events)
                    coturn.restart()
                    renegotiate(a, b)
                    if transport in ("udp", "dtls"):
                        self.pass_on_the_new_relay(a, b, before)
                        self.pass_on_the_new_relay(b, a, before)
                    self.send(a, b, 2000)
                    self.send(b, a, 3000)

    @staticmethod
    def send(sender, receiver, size):
        sender.call("sendbin", label="d", n=size, first=0)
        receiver.wait(lambda e: e.get("ev") == "msg" and e.get("n") == size)

    def test_who_was_killed_has_a_relay_again_at_the_same_port(self):
        """The server still has the allocation of before, of the same 5-tuple."""
        port = free_port()
        with Coturn() as coturn:
            for _ in range(2):
                with Peer("--ports", f"{port}-{port}") as a, Peer() as b:
                    meet(a, b, servers_at(coturn.uris()["udp"]))
                    a.process.kill()

    def test_a_stale_nonce(self):
        """Each is good for a second: permissions for the other's new relay meet 438, and are asked for anew."""
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport), Coturn("IP:127.0.0.1", "--stale-nonce=1") as coturn, \
                    Peer() as a, Peer() as b:
                meet(a, b, servers_at(coturn.uris()[transport]))
                before = coturn.told().count("error 438")
                time.sleep(3)
                renegotiate(a, b)
                self.send(a, b, 2000)
                self.send(b, a, 3000)
                self.assertGreater(coturn.told().count("error 438"), before)
                self.assertEqual([], [e for e in a.events + b.events if e.get("ev") == "trouble"])

    def test_proxies_carry_tcp_and_tls(self):
        with Coturn("DNS:localhost") as coturn:
            for kind in ("http", "socks5"):
                for uri in (f"turn:localhost:{coturn.port}?transport=tcp", f"turns:localhost:{coturn.tls_port}"):
                    with self.subTest(kind=kind, uri=uri), Proxy(kind) as proxy:
                        status, out, err = self.gather("--turn", uri, "--user", "alice:secret", "--turn-ca",
                                                       coturn.certificate, "--turn-proxy", proxy.url)
                        self.assertEqual((0, ""), (status, err))
                        self.assertIn("relay  ", out)
                        self.assertEqual(1, proxy.let_through)

    def test_proxies_at_ipv6_and_servers_there_behind_them(self):
        for at, ip in (("::1", "127.0.0.1"), ("127.0.0.1", "::1"), ("::1", "::1")):
            with Coturn(ip=ip) as coturn:
                for kind in ("http", "socks5"):
                    for uri in (coturn.uris()["tcp"], coturn.uris()["tls"]):
                        with self.subTest(at=at, kind=kind, uri=uri), Proxy(kind, at) as proxy:
                            family = "ipv6" if ":" in ip else "ipv4"
                            status, out, err = self.gather("--turn", uri, "--user", "alice:secret", "--turn-ca",
                                                           coturn.certificate, "--turn-proxy", proxy.url,
                                                           "--relay-family", family)
                            self.assertEqual((0, ""), (status, err))
                            self.assertRegex(out, rf"(?m)^relay  \[?{ip}\]?:\d+ ")
                            self.assertEqual(([ip], 1), (proxy.asked_for, proxy.let_through))

    def test_a_proxy_carries_no_udp(self):
        _, _, err = self.gather("--turn", "turn:127.0.0.1", "--user", "a:b", "--turn-proxy", "http://127.0.0.1")
        self.assertIn("a proxy carries TCP and TLS alone", err)

    def test_nobody_at_the_servers_port_is_named(self):
        port = free_port()
        for uri in (f"turn:127.0.0.1:{port}?transport=tcp", f"turns:127.0.0.1:{port}"):
            _, _, err = self.gather("--turn", uri, "--user", "alice:secret")
            self.assertIn(f"{uri} (127.0.0.1:{port}): Connection refused", err)

    def test_what_is_given_back_when_a_peer_ends_is_gone_at_the_server(self):
        with Coturn() as coturn:
            for transport, uri in coturn.uris().items():
                with self.subTest(transport=transport):
                    before = self.closed(coturn)
                    self.gather("--turn", uri, "--user", "alice:secret", "--turn-ca", coturn.certificate)
                    until = time.monotonic() + LONG
                    while self.closed(coturn) == before and time.monotonic() < until:
                        time.sleep(0.05)
                    self.assertGreater(self.closed(coturn), before)

    @staticmethod
    def closed(coturn):
        text = pathlib.Path(coturn.folder.name, "log").read_text(encoding="utf-8", errors="replace")
        return text.count("lifetime=0") + text.count("closed (2nd stage)")


class Usage(unittest.TestCase):
    def refused(self, *args):
        done = run("gather", "--loopback", *args)
        return done.returncode, done.stderr.decode()

    def test_who_is_none_is_refused(self):
        for user in ("alice", ":secret", "alice:"):
            status, err = self.refused("--turn", "turn:127.0.0.1", "--user", user)
            self.assertEqual(2, status)
            self.assertIn("--user takes NAME:PASSWORD", err)

    def test_names_are_as_many_as_servers_or_one(self):
        status, err = self.refused("--turn", "turn:127.0.0.1", "--user", "a:b", "--user", "c:d")
        self.assertEqual(2, status)
        self.assertIn("--user is given once, or as often as --turn", err)

    def test_a_uri_that_is_none_is_told_with_the_place(self):
        status, err = self.refused("--turn", "turn:127.0.0.1?transport=sctp", "--user", "a:b", "--timeout", "1")
        self.assertEqual(1, status)
        self.assertIn("turn:127.0.0.1?transport=sctp: not a turn: URI", err)
        self.assertIn("from character 26 on", err)

    def test_a_file_of_authorities_that_is_none_is_named(self):
        status, err = self.refused("--turn", "turns:127.0.0.1", "--user", "a:b", "--turn-ca", "/nowhere/ca.pem",
                                   "--timeout", "1")
        self.assertEqual(1, status)
        self.assertIn("no certificates to trust in /nowhere/ca.pem", err)


if __name__ == "__main__":
    program_test.AUGER = sys.argv.pop(1)
    unittest.main()
