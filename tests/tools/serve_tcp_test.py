#!/usr/bin/env python3
"""`auger serve --tcp-relay` as a process: peers reached and reaching by TCP (RFC 6062).

    serve_tcp_test.py PATH_OF_AUGER

The client is that of serve_turn_test.py, which shares nothing with ours."""

import hashlib
import socket
import struct
import sys
import threading
import unittest

import serve_turn_test as turn
from serve_turn_test import LONG, PEER, RELAYED, TRANSPORT, Client, Serve, attribute, packed, unpacked

CONNECT, CONNECTION_BIND, CONNECTION_ATTEMPT, CONNECTION_ID = 0x0A, 0x0B, 0x1C, 0x2A
TCP = (*turn.TURN, "--user", "ann:secret", "--tcp-relay", "--metrics", "127.0.0.1:0")


class Allocated(Client):
    """A control connection with a TCP allocation."""

    def __init__(self, at, transport="tcp", **who):
        super().__init__(at, transport=transport, **who)
        self.at, self.waits = at, []
        answer = self.ask(turn.ALLOCATE, attribute(TRANSPORT, b"\x06\0\0\0"))
        self.code = answer.error
        if not self.code:
            self.relayed = unpacked(answer.attributes[RELAYED])

    def connect(self, peer):
        """The number of a connection, or the code of an error."""
        answer = self.ask(CONNECT, attribute(PEER, packed(peer)))
        return answer.error or answer.attributes[CONNECTION_ID]

    def attempt(self):
        """Who has come, and the number."""
        while True:
            message = turn.Message(self.receive())
            if message.kind == CONNECTION_ATTEMPT:
                return unpacked(message.attributes[PEER]), message.attributes[CONNECTION_ID]

    def fetch(self, number, transport=None, at=None):
        """A data connection; what is on it from here on is the peer's."""
        data = Client(at or self.at, self.name, self.password, transport or self.transport)
        data.code = data.ask(CONNECTION_BIND, attribute(CONNECTION_ID, number)).error
        return data


class Kept:
    """What would be sent."""

    kept = b""

    def send(self, data):
        self.kept += data


class Peer:
    """Listens, and is connected to."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.settimeout(LONG)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.address = self.listener.getsockname()

    def accept(self):
        taken, source = self.listener.accept()
        taken.settimeout(LONG)
        return taken, source

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def read(source, size):
    """That many bytes; `source` is a socket, or a Client, whose answers may have left some of them."""
    if isinstance(source, Client):
        return source.take(size)
    taken = bytearray()
    while len(taken) < size:
        got = source.recv(min(65536, size - len(taken)))
        if not got:
            raise ConnectionError
        taken += got
    return bytes(taken)


def pattern(seed, size):
    return hashlib.shake_128(seed).digest(size)


class Connecting(turn.Folder):
    OPTIONS = TCP

    def test_it_is_off_by_default(self):
        with Serve(*turn.TURN, "--user", "ann:secret") as serve, Allocated(serve.at) as control:
            self.assertEqual(control.code, 442)

    def test_a_peer_is_reached_from_the_relayed_address(self):
        with Serve(*self.OPTIONS) as serve, Allocated(serve.at) as control, Peer() as peer:
            data = control.fetch(control.connect(peer.address))
            there, source = peer.accept()
            self.assertEqual((data.code, source), (0, control.relayed))
            data.socket.sendall(b"question")
            self.assertEqual(read(there, 8), b"question")
            there.sendall(b"answer")
            self.assertEqual(read(data, 6), b"answer")
            self.assertEqual(control.connect(peer.address), 446)
            told = turn.Told.metrics(self, serve)
            for name, value in (("connections", 1), ("connections_open", 1), ("connections_total", 1),
                                ('bytes_total{to="peer"}', 8), ('bytes_total{to="client"}', 6)):
                with self.subTest(name=name):
                    self.assertEqual(told["auger_turn_" + name], value)
            self.assertEqual(serve.line("allocated")["relayed_transport"], "tcp")
            data.close()
            there.close()

    def test_by_tls_as_well(self):
        with Serve(*self.OPTIONS, "--tls", "127.0.0.1:0", *self.certificate("localhost")) as serve, \
                Allocated(serve.tls_at, "tls") as control, Peer() as peer:
            data = control.fetch(control.connect(peer.address))
            there, _ = peer.accept()
            sent = pattern(b"tls", 3_000_000)
            thread = threading.Thread(target=data.socket.sendall, args=(sent,))
            thread.start()
            self.assertEqual(hashlib.sha256(read(there, len(sent))).digest(), hashlib.sha256(sent).digest())
            thread.join()
            there.sendall(b"the last")
            there.close()
            self.assertEqual(read(data, 8), b"the last")
            with self.assertRaises(ConnectionError):
                read(data, 1)
            data.close()

    def test_who_is_not_there_is_told(self):
        with Serve(*self.OPTIONS) as serve, Allocated(serve.at) as control, Peer() as peer:
            peer.listener.close()
            self.assertEqual(control.connect(peer.address), 447)
            self.assertEqual(control.connect(peer.address), 447)
            self.assertEqual(control.connect(("127.0.0.2", 1)), 403)

    def test_what_the_peer_said_before_comes_through(self):
        with Serve(*self.OPTIONS) as serve, Allocated(serve.at) as control, Peer() as peer:
            number = control.connect(peer.address)
            there, _ = peer.accept()
            there.sendall(b"early")
            there.shutdown(socket.SHUT_WR)
            data = control.fetch(number)
            self.assertEqual(read(data, 5), b"early")
            data.socket.sendall(b"heard")
            self.assertEqual(read(there, 5), b"heard")
            data.close()
            there.close()

    def test_data_may_follow_the_bind_at_once(self):
        with Serve(*self.OPTIONS) as serve, Allocated(serve.at) as control, Peer() as peer:
            number = control.connect(peer.address)
            there, _ = peer.accept()
            data = Client(serve.at, transport="tcp")
            data.ask(turn.REFRESH)  # for a nonce
            raw, data.socket = data.socket, Kept()
            data.write(CONNECTION_BIND, attribute(CONNECTION_ID, number))
            raw.sendall(data.socket.kept + b"at once")
            data.socket = raw
            self.assertEqual(turn.Message(data.receive()).error, 0)
            self.assertEqual(read(there, 7), b"at once")
            data.close()
            there.close()


class Coming(turn.Folder):
    OPTIONS = TCP

    def test_a_peer_with_a_permission_is_fetched(self):
        with Serve(*self.OPTIONS) as serve, Allocated(serve.at) as control:
            with socket.create_connection(control.relayed, LONG) as stranger:
                self.assertEqual(stranger.recv(1), b"")
            self.assertEqual(control.permit(("127.0.0.1", 9)), 0)
            with socket.create_connection(control.relayed, LONG) as peer:
                who, number = control.attempt()
                self.assertEqual(who, peer.getsockname())
                peer.sendall(b"hello")
                data = control.fetch(number)
                self.assertEqual((data.code, read(data, 5)), (0, b"hello"))
                data.socket.sendall(b"welcome")
                self.assertEqual(read(peer, 7), b"welcome")
                data.close()
                self.assertEqual(peer.recv(1), b"")

    def test_two_clients_of_one_server(self):
        with Serve(*self.OPTIONS, "--relay-to-relay") as serve, Allocated(serve.at) as one, Allocated(serve.at) as other:
            self.assertEqual(other.permit(one.relayed), 0)
            mine = one.fetch(one.connect(other.relayed))
            who, number = other.attempt()
            self.assertEqual(who, one.relayed)
            theirs = other.fetch(number)
            mine.socket.sendall(b"through two relays")
            self.assertEqual(read(theirs, 18), b"through two relays")
            mine.close()
            self.assertEqual(theirs.socket.recv(1), b"")
            theirs.close()


class Carrying(turn.Folder):
    OPTIONS = TCP

    def spliced(self, serve):
        control, peer = Allocated(serve.at), Peer()
        data = control.fetch(control.connect(peer.address))
        there, _ = peer.accept()
        for one in (peer.listener, there, control.socket, data.socket):
            self.addCleanup(one.close)
        return control, data, there

    def test_much_goes_both_ways_at_once(self):
        with Serve(*self.OPTIONS) as serve:
            _, data, there = self.spliced(serve)
            up, down = pattern(b"up", 8_000_000), pattern(b"down", 8_000_000)
            senders = [threading.Thread(target=data.socket.sendall, args=(up,)),
                       threading.Thread(target=there.sendall, args=(down,))]
            heard = {}
            readers = [threading.Thread(target=lambda: heard.update(up=read(there, len(up)))),
                       threading.Thread(target=lambda: heard.update(down=read(data, len(down))))]
            for thread in senders + readers:
                thread.start()
            for thread in senders + readers:
                thread.join(LONG)
            self.assertTrue(heard["up"] == up and heard["down"] == down)

    def test_who_does_not_read_stops_who_writes(self):
        for way in ("to the peer", "to the client"):
            with self.subTest(way=way), Serve(*self.OPTIONS) as serve:
                _, data, there = self.spliced(serve)
                writes, reads = (data.socket, there) if way == "to the peer" else (there, data)
                # What the kernel keeps at the two ends does not grow; in between the server bounds it.
                for one, buffer in ((data.socket, socket.SO_RCVBUF), (data.socket, socket.SO_SNDBUF),
                                    (there, socket.SO_RCVBUF), (there, socket.SO_SNDBUF)):
                    one.setsockopt(socket.SOL_SOCKET, buffer, 256 * 1024)
                sent = pattern(way.encode(), 12_000_000)
                writes.settimeout(2)
                went = 0
                try:
                    while went < len(sent):
                        went += writes.send(sent[went:went + 65536])
                except TimeoutError:
                    pass
                self.assertLess(went, 6_000_000)
                writes.settimeout(LONG)
                rest = threading.Thread(target=writes.sendall, args=(sent[went:],))
                rest.start()
                got = read(reads, len(sent))
                rest.join(LONG)
                self.assertTrue(got == sent)

    def test_one_way_may_end_before_the_other(self):
        with Serve(*self.OPTIONS) as serve:
            _, data, there = self.spliced(serve)
            asked, answered = pattern(b"asked", 500_000), pattern(b"answered", 500_000)
            threading.Thread(target=lambda: (data.socket.sendall(asked),
                                             data.socket.shutdown(socket.SHUT_WR))).start()
            self.assertTrue(read(there, len(asked)) == asked)
            self.assertEqual(there.recv(1), b"")
            threading.Thread(target=lambda: (there.sendall(answered), there.close())).start()
            self.assertTrue(read(data, len(answered)) == answered)
            with self.assertRaises(ConnectionError):
                read(data, 1)

    def test_a_reset_is_the_end_of_both(self):
        for way in ("peer", "client"):
            with self.subTest(way=way), Serve(*self.OPTIONS) as serve:
                control, data, there = self.spliced(serve)
                ends, stays = (there, data.socket) if way == "peer" else (data.socket, there)
                ends.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                ends.close()
                try:
                    self.assertEqual(stays.recv(1), b"")
                except ConnectionResetError:
                    pass
                self.assertEqual(control.ask(turn.REFRESH).error, 0)
                told = turn.Told.metrics(self, serve)
                self.assertEqual(told["auger_turn_connections_open"], 0)

    def test_all_ends_with_the_allocation(self):
        with Serve(*self.OPTIONS) as serve:
            control, data, there = self.spliced(serve)
            self.assertEqual(control.release(), 0)
            self.assertEqual((there.recv(1), data.socket.recv(1)), (b"", b""))
            with self.assertRaises(OSError):
                socket.create_connection(control.relayed, LONG).close()

    def test_all_ends_with_the_control_connection(self):
        with Serve(*self.OPTIONS) as serve:
            control, data, there = self.spliced(serve)
            control.close()
            self.assertEqual((there.recv(1), data.socket.recv(1)), (b"", b""))

    def test_a_rate_holds(self):
        with Serve(*self.OPTIONS, "--user-rate", "100000") as serve:
            _, data, there = self.spliced(serve)
            sent = pattern(b"slowly", 300_000)
            threading.Thread(target=data.socket.sendall, args=(sent,)).start()
            self.assertTrue(read(there, len(sent)) == sent)
            self.assertEqual(turn.Told.metrics(self, serve)['auger_turn_bytes_total{to="peer"}'], 300_000)

    def test_a_rule_that_is_read_later_ends_it(self):
        config = "turn 127.0.0.1:0\nuser ann:secret\ntcp-relay\nloopback-unlimited\n"
        path = self.write("serve.conf", config + "allow-peer 127.0.0.1\n")
        with Serve("--config", path) as serve:
            _, data, there = self.spliced(serve)
            self.write("serve.conf", config)
            serve.hang_up()
            serve.line("reloaded")
            data.socket.sendall(b"too late")
            self.assertEqual((there.recv(1), data.socket.recv(1)), (b"", b""))


if __name__ == "__main__":
    turn.AUGER = sys.argv.pop(1)
    unittest.main()
