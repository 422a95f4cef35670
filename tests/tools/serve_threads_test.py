#!/usr/bin/env python3
"""`auger serve --threads`: clients that come back by another 5-tuple, and so to another thread.

    serve_threads_test.py PATH_OF_AUGER

The clients are those of serve_turn_test.py and serve_tcp_test.py, which share nothing with ours.
The system draws lots which thread a 5-tuple reaches, and with these many each has some."""

import sys
import threading
import unittest

import serve_tcp_test as tcp
import serve_turn_test as turn
from serve_turn_test import ALLOCATE, LIFETIME, REFRESH, RELAYED, TRANSPORT, Client, Echo, Serve, attribute, unpacked

EVEN_PORT, TOKEN, TICKET = 0x18, 0x22, 0x8030
UDP = attribute(TRANSPORT, b"\x11\0\0\0")
COMES_BACK = 24  # how often
THREADS = ("--threads", "3", "--user", "ann:secret", "--user-allocations", "200", "--ip-allocations", "200",
           "--metrics", "127.0.0.1:0")


def is_there(case, client, echo):
    """Whether data goes both ways."""
    case.assertEqual(client.permit(echo.address), 0)
    client.send(echo.address, b"there")
    case.assertEqual(echo.answer(), b"there")
    case.assertEqual(echo.source, client.relayed)
    case.assertEqual(client.hear(), (echo.address, b"there"))


class Threads(turn.Folder):
    def serve(self, *options):
        return Serve(*turn.TURN, *THREADS, "--tls", "127.0.0.1:0", *self.certificate("localhost"), *options)

    @staticmethod
    def at(serve, transport):
        return serve.tls_at if transport == "tls" else serve.at

    def was_given_on(self, serve):
        told = turn.Told.metrics(self, serve)
        self.assertEqual(told["auger_turn_given_on_lost_total"], 0)
        return told["auger_turn_given_on_total"]


class Reserved(Threads):
    def reserve(self, at, transport):
        """A client, and the token for the next port."""
        client = Client(at, transport=transport)
        self.addCleanup(client.close)
        answer = client.ask(ALLOCATE, UDP + attribute(EVEN_PORT, b"\x80"))
        self.assertEqual(answer.error, 0)
        client.relayed = unpacked(answer.attributes[RELAYED])
        return client, answer.attributes[TOKEN]

    def test_the_next_port_is_had_by_whatever_thread(self):
        for transport in ("udp", "tcp", "tls"):
            with self.subTest(transport=transport), self.serve() as serve, Echo() as echo:
                for _ in range(COMES_BACK):
                    first, token = self.reserve(self.at(serve, transport), transport)
                    second = Client(self.at(serve, transport), transport=transport)
                    self.addCleanup(second.close)
                    answer = second.ask(ALLOCATE, UDP + attribute(TOKEN, token))
                    self.assertEqual(answer.error, 0)
                    second.relayed = unpacked(answer.attributes[RELAYED])
                    self.assertEqual(second.relayed, (first.relayed[0], first.relayed[1] + 1))
                    is_there(self, second, echo)
                    self.assertEqual((second.release(), first.release()), (0, 0))
                self.assertGreater(self.was_given_on(serve), 0)
                self.assertEqual(turn.Told.metrics(self, serve)["auger_turn_allocations"], 0)

    def test_a_token_of_nobody_is_refused(self):
        with self.serve() as serve:
            for first in range(0, 256, 5):
                with Client(serve.at) as client:
                    answer = client.ask(ALLOCATE, UDP + attribute(TOKEN, bytes([first]) * 8))
                    self.assertEqual(answer.error, 508)
            self.assertEqual(turn.Told.metrics(self, serve)["auger_turn_allocations"], 0)

    def test_who_came_with_a_token_may_come_again_without(self):
        """Its 5-tuple stays with the thread that the token led to, and no longer than it has something there."""
        with self.serve() as serve, Echo() as echo:
            for _ in range(COMES_BACK):
                first, token = self.reserve(serve.at, "udp")
                second = Client(serve.at)
                self.addCleanup(second.close)
                self.assertEqual(second.ask(ALLOCATE, UDP + attribute(TOKEN, token)).error, 0)
                self.assertEqual((second.release(), second.allocate()), (0, 0))
                is_there(self, second, echo)


class Moved(Threads):
    def allocate(self, at, transport):
        client = Client(at, transport=transport)
        self.addCleanup(client.close)
        answer = client.ask(ALLOCATE, UDP + attribute(TICKET, b""))
        self.assertEqual(answer.error, 0)
        client.relayed, client.ticket = unpacked(answer.attributes[RELAYED]), answer.attributes[TICKET]
        return client

    def move(self, client, at, transport):
        """From the next 5-tuple: the same allocation."""
        moved = Client(at, transport=transport)
        self.addCleanup(moved.close)
        answer = moved.ask(REFRESH, attribute(TICKET, client.ticket))
        self.assertEqual(answer.error, 0)
        moved.relayed, moved.ticket = client.relayed, answer.attributes[TICKET]
        return moved

    def test_an_allocation_follows_its_client_to_whatever_thread(self):
        for transport in ("udp", "tcp", "tls"):
            with self.subTest(transport=transport), self.serve("--mobility") as serve, Echo() as echo, \
                    Echo() as other:
                client = self.allocate(self.at(serve, transport), transport)
                is_there(self, client, echo)
                for _ in range(COMES_BACK):
                    client = self.move(client, self.at(serve, transport), transport)
                    is_there(self, client, echo)
                    self.assertEqual(client.bind(other.address), 0)
                    client.send_channel(b"by channel")
                    self.assertEqual(other.answer(), b"by channel")
                    self.assertEqual(client.hear(), (0x4001, b"by channel"))
                    self.assertEqual(turn.Told.metrics(self, serve)["auger_turn_allocations"], 1)
                self.assertEqual(client.release(), 0)
                self.assertGreater(self.was_given_on(serve), 0)

    def test_a_ticket_of_nobody_is_refused(self):
        with self.serve("--mobility") as serve:
            for last in (1, 2, 3, 4, 5, 255):
                with Client(serve.at) as client:
                    answer = client.ask(REFRESH, attribute(TICKET, b"\x01" * 23 + bytes([last])))
                    self.assertEqual(answer.error, 437)


class Fetched(Threads):
    def test_connections_are_fetched_by_whatever_thread(self):
        for transport in ("tcp", "tls"):
            with self.subTest(transport=transport), self.serve("--tcp-relay") as serve:
                at = self.at(serve, transport)
                for turn_ in range(COMES_BACK):
                    with tcp.Allocated(at, transport) as control, tcp.Peer() as peer:
                        data = control.fetch(control.connect(peer.address))
                        there, source = peer.accept()
                        self.assertEqual((data.code, source), (0, control.relayed))
                        sent = tcp.pattern(b"%d" % turn_, 200_000)
                        thread = threading.Thread(target=data.socket.sendall, args=(sent,))
                        thread.start()
                        self.assertTrue(tcp.read(there, len(sent)) == sent)
                        thread.join()
                        there.sendall(b"answer")
                        self.assertEqual(tcp.read(data, 6), b"answer")
                        data.close()
                        there.close()
                self.assertGreater(self.was_given_on(serve), 0)

    def test_a_number_of_nobody_is_refused(self):
        with self.serve("--tcp-relay") as serve:
            for first in range(0, 256, 5):
                with Client(serve.at, transport="tcp") as client:
                    number = attribute(tcp.CONNECTION_ID, bytes([first]) * 4)
                    self.assertNotEqual(client.ask(tcp.CONNECTION_BIND, number).error, 0)


def with_threads(case):
    """What holds of one thread holds of several."""
    return type(case.__name__ + "WithThreads", (case,), {"OPTIONS": (*tcp.TCP, "--threads", "3")})


ConnectingWithThreads = with_threads(tcp.Connecting)
ComingWithThreads = with_threads(tcp.Coming)


if __name__ == "__main__":
    turn.AUGER = sys.argv.pop(1)
    unittest.main()
