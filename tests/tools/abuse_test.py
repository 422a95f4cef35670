#!/usr/bin/env python3
"""What the program survives of its user, its shell and its peers: options, closed descriptors, Ctrl-C.

    abuse_test.py PATH_OF_AUGER"""

import fcntl
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import program_test
from program_test import LONG, Peer, Serve, run

# Of every command that makes peers.
NET_FLAGS = ("--loopback", "--link-local", "--map-as-host", "--standby-restarts")
NET = {"--policy": "all", "--ports": "50000-50100", "--dscp": "EF", "--standby": "1", "--nat64": "64:ff9b::/96"}
NET_WRONG = {
    "--policy": ("", "none", "All", "relay,all", "$(id)"),
    "--nat64": ("", "on", "64:ff9b::", "64:ff9b::/", "64:ff9b::/95", "64:ff9b::1/96", "192.0.2.0/32", "auto "),
    "--ports": ("", "0", "5000", "5000-", "-5000", "5001-5000", "0-10", "1-65536", "1-2-3", "a-b", "1 -2"),
    "--standby": ("", "5", "-1", "x", "1x"),
    "--dscp": ("", "64", "-1", "AF99", "0x10", "ef", "8x"),
    "--only": ("", "192.0.2.0/33", "192.0.2.0/", "eth0/24", "a b", "::1/129", "a-name-that-is-too-long"),
    "--without": ("", "192.0.2.0/33", "10.0.0.0/x"),
    "--map": ("", "10.0.0.1", "=", "10.0.0.1=", "=10.0.0.1", "10.0.0.1=::1", "10.0.0.1:x=10.0.0.2", "a=b",
              "10.0.0.1=10.0.0.2=10.0.0.3", "[::1=[::2]"),
}

# Of those whose peers have sockets of their own.
TCP_COMMANDS = ("connect", "gather", "peer")
FAMILY_WRONG = ("", "IPv4", "4", "ipv4,ipv6", "none", "both ")
TCP_WRONG = ("", "tcp", "Active", "active,", ",active", "active passive", "active,,so", "so,all,x", "$(id)")

# Of each command: what it needs to be right otherwise, its flags, and its options with a good value.
COMMANDS = {
    "serve": ((), ("--loopback", "--json"),
              {"--listen": "127.0.0.1:0", "--stun": "127.0.0.1:0", "--cert": "x", "--key": "x", "--trace": "x"}),
    "connect": (("room",), ("--loopback", "--json", "--quiet", "--manual"),
                {"--server": "http://127.0.0.1:1/", "--ca": "x", "--timeout": "5", "--trace": "x"}),
    "gather": ((), (*NET_FLAGS, "--json", "--no-udp"), {**NET, "--ice-tcp": "so,passive", "--relay-family": "both", "--timeout": "5", "--trace": "x"}),
    "peer": ((), ("--loopback", "--passive"), {"--trace": "x"}),
}
ADDRESSES = ("", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:-1", "127.0.0.1:8x", "localhost:80",
             "$(id):80", "::1:80", "256.0.0.1:80")
NUMBERS = ("", "0", "-1", "601", "99999999999999999999", "5x", "x", "0x5", " 5", "5.0")


def queued(pid):
    """Bytes that wait in the UDP sockets of a process."""
    folder = pathlib.Path("/proc/%d" % pid)
    sockets = {os.readlink(fd) for fd in (folder / "fd").iterdir()}
    total = 0
    for name in ("udp", "udp6"):
        path = folder / "net" / name
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()  # tx_queue:rx_queue is the fifth, the inode the tenth
            if "socket:[%s]" % fields[9] in sockets:
                total += int(fields[4].split(":")[1], 16)
    return total


def start(*args, **options):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([program_test.AUGER, *args], **{**pipes, **options})


def until(stream, word):
    for line in stream:
        if word in line:
            return line
    raise AssertionError(f"{word} did not come")


class Options(unittest.TestCase):
    def refuse(self, command, *args, names):
        done = run(command, *COMMANDS[command][0], *args)
        with self.subTest(command=command, args=[a[:40] for a in args]):
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertEqual(done.stdout, b"")
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertIn(names.encode(), done.stderr)
            self.assertLess(len(done.stderr), 300)

    def test_an_option_without_its_value_is_named(self):
        for command, (_, _, options) in COMMANDS.items():
            for name in options:
                for args in ((name,), (name, ""), (name + "=",), (name, "--json"), (name, "-x"), (name, "--")):
                    self.refuse(command, *args, names=name)

    def test_addresses_ports_and_marks_that_are_none_are_named(self):
        for command in COMMANDS:
            for name, values in NET_WRONG.items():
                for value in values if command == "gather" else values[-1:]:
                    self.refuse(command, name, value, names=name)

    def test_every_command_takes_and_teaches_the_same_options_of_addresses(self):
        for command in COMMANDS:
            text = run(command, "--help").stdout.decode()
            for name in (*NET_FLAGS, *NET_WRONG):
                self.assertIn(f"\n  {name} ", text, command)

    def test_types_of_tcp_candidates_that_are_none_are_named_and_the_right_ones_taught(self):
        for command in TCP_COMMANDS:
            text = run(command, "--help").stdout.decode()
            for name in ("--ice-tcp", "--no-udp"):
                self.assertIn(f"\n  {name} ", text, command)
            for value in TCP_WRONG if command == "gather" else TCP_WRONG[-1:]:
                self.refuse(command, "--ice-tcp", value, names="--ice-tcp")
            self.refuse(command, "--no-udp", names="--no-udp")
            self.assertIn("\n  --relay-family ", text, command)
            for value in FAMILY_WRONG if command == "gather" else FAMILY_WRONG[-1:]:
                self.refuse(command, "--relay-family", value, names="--relay-family")

    def test_an_option_that_comes_twice_or_with_a_value_it_does_not_take_is_named(self):
        for command, (_, flags, options) in COMMANDS.items():
            for name, value in options.items():
                self.refuse(command, f"{name}={value}", name, value, names=name)
            for name in flags:
                self.refuse(command, name, name, names=name)
                self.refuse(command, name + "=1", names=name)

    def test_an_option_that_there_is_not_is_named_on_one_line(self):
        for command in COMMANDS:
            for word, shown in (("--nonsense", "--nonsense"), ("-x", "-x"), ("--listen1", "--listen1"), ("--JSON", "--JSON"),
                                ("--json-", "--json-"), ("--a\nb\x1b[31m", "--a?b?[31m"), ("--" + "x" * 100_000, "--xxxx")):
                self.refuse(command, word, names=shown)
            self.refuse(command, "extra", "more", names="")
            self.refuse(command, "--", "--json", "more", names="")

    def test_values_that_are_none_are_refused(self):
        for value in ADDRESSES:
            self.refuse("serve", "--listen=" + value, names="--listen")
            self.refuse("serve", "--stun=" + value, names="--stun")
        for value in NUMBERS:
            self.refuse("connect", "--timeout=" + value, names="--timeout")
            self.refuse("gather", "--timeout=" + value, names="--timeout")
        for value in ("ftp://x", "http://", "x", "http://u:p@x/", "http://$(id)/", "http://;rm/", "http://[x]/", "http://[::1", "http://x:0/", "http://x:99999/", "http://" + "x" * 100_000):
            self.refuse("connect", "--server=" + value, names="--server")
        self.refuse("gather", *(["--stun", "stun:127.0.0.1:1"] * 5), names="--stun")

    def test_no_secret_of_a_url_is_shown(self):
        for url in ("http://user:secret@127.0.0.1:1/", "https://secret@x/y", "secret"):
            done = run("connect", "room", "--server", url)
            with self.subTest(url=url):
                self.assertNotEqual(done.returncode, 0)
                self.assertNotIn(b"secret", done.stderr + done.stdout)

    def test_no_shell_reads_what_is_given(self):
        with tempfile.TemporaryDirectory() as folder:
            mark = pathlib.Path(folder) / "mark"
            for word in (f"$(touch {mark})", f"`touch {mark}`", f";touch {mark}", f"x|touch {mark}"):
                run("gather", "--loopback", "--stun", "stun:" + word, "--timeout", "1")
                run("connect", "room", "--server", f"http://{word}/")
                run("connect", word)
                run("serve", "--cert", word, "--key", word)
            self.assertFalse(mark.exists())


class Descriptors(unittest.TestCase):
    def shell(self, redirections, *args):
        """Runs it with descriptors that a shell has closed."""
        return subprocess.run(["sh", "-c", f'exec "$@" {redirections}', "sh", program_test.AUGER, *args],
                              capture_output=True, timeout=LONG, check=False)

    def test_closed_input_is_input_that_ended(self):
        with Serve() as serve:
            done = self.shell("<&-", "connect", "demo", "--server", serve.url, "--loopback")
        self.assertEqual((done.returncode, done.stdout), (0, b""), done.stderr)
        self.assertEqual(self.shell("<&-", "peer").returncode, 0)
        done = self.shell("<&-", "connect", "--manual", "--loopback")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"description", done.stderr)

    def test_closed_output_is_a_failure(self):
        for args in (("gather", "--loopback"), ("gather", "--loopback", "--json"), ("help",), ("gather", "--help")):
            with self.subTest(args=args):
                done = self.shell(">&-", *args)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(self.shell(">/dev/full", *args).returncode, 1)
        with Serve() as serve:
            talking = start("connect", "demo", "--server", serve.url, "--loopback")
            talking.stdout.close()
            try:
                talking.stdin.write(b"x" * 100_000)
                talking.stdin.close()
            except BrokenPipeError:
                pass  # it ended at the first that came back
            self.assertIn(b"output was closed", talking.stderr.read())
            self.assertEqual(talking.wait(LONG), 1)
            talking.stderr.close()

    def test_all_three_closed_is_survived(self):
        for args in (("gather", "--loopback"), ("peer",), ("help",), ("nonsense",), ("connect", "--manual")):
            with self.subTest(args=args):
                self.assertIn(self.shell("<&- >&- 2>&-", *args).returncode, (0, 1, 2))

    def test_serve_ends_when_nobody_reads_what_it_says(self):
        done = self.shell(">&-", "serve", "--json", "--listen", "127.0.0.1:0", "--stun", "127.0.0.1:0")
        self.assertEqual(done.returncode, 1)


class Pipe(unittest.TestCase):
    """Bytes of every value through a channel, and memory that does not grow with them."""

    SIZE = 48 * 1024 * 1024
    GROWTH = 16 * 1024  # KiB, beyond what it has once it talks

    def peak(self, process):
        """The most memory it had, in KiB."""
        for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
        raise AssertionError("no VmHWM")

    def test_binary_input_crosses_byte_by_byte_within_bounded_memory(self):
        block = bytes(range(256)) * 4096  # 1 MiB
        options = {"env": {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}}
        with Serve() as serve:
            args = ("connect", "binary", "--server", serve.url, "--loopback", "--quiet")
            sender, receiver = start(*args, **options), start(*args, **options)

            def feed():
                for _ in range(self.SIZE // len(block)):
                    sender.stdin.write(block)
                sender.stdin.close()

            feeding = threading.Thread(target=feed)
            receiver.stdin.close()
            feeding.start()
            peaks = []
            for i in range(self.SIZE // len(block)):
                self.assertEqual(receiver.stdout.read(len(block)), block, f"of block {i}")
                peaks.append([self.peak(process) for process in (sender, receiver)])
            self.assertEqual(receiver.stdout.read(), b"")
            feeding.join()
            self.assertEqual((sender.wait(LONG), receiver.wait(LONG)), (0, 0))
            for process in (sender, receiver):
                process.stdout.close()
                process.stderr.close()
        for first, last in zip(peaks[3], peaks[-1]):
            self.assertLess(last - first, self.GROWTH, peaks)

    def test_a_reader_that_pauses_stops_the_writer(self):
        with Serve() as serve:
            args = ("connect", "pause", "--server", serve.url, "--loopback", "--quiet")
            sender, receiver = start(*args), start(*args)
            receiver.stdin.close()
            os.set_blocking(sender.stdin.fileno(), False)
            block, taken, full = bytes(65536), 0, 0
            while full < 20:  # nothing was taken for so long that nothing will be
                try:
                    taken += os.write(sender.stdin.fileno(), block)
                    full = 0
                except BlockingIOError:
                    full += 1
                    try:
                        sender.wait(0.1)
                        self.fail("the sender ended")
                    except subprocess.TimeoutExpired:
                        pass
                self.assertLess(taken, 64 * 1024 * 1024)
            sender.stdin.close()
            self.assertEqual(len(receiver.stdout.read()), taken)
            self.assertEqual((sender.wait(LONG), receiver.wait(LONG)), (0, 0))
            for process in (sender, receiver):
                process.stdout.close()
                process.stderr.close()


class Interrupted(unittest.TestCase):
    """Ctrl-C in each phase."""

    def interrupt(self, process, number=signal.SIGINT):
        process.send_signal(number)
        status = process.wait(LONG)  # though its input goes on, and nobody reads its output
        process.stdout.close()
        if process.stdin:
            process.stdin.close()
        with process.stderr as stream:
            err = stream.read()
        self.assertEqual(status, 128 + number, err)
        self.assertNotIn(b"Sanitizer", err)
        self.assertNotIn(b"closed", err)  # by us

    def test_while_it_gathers(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            silent.settimeout(LONG)
            for number in (signal.SIGINT, signal.SIGTERM):
                gathering = start("gather", "--loopback", "--timeout", "60", "--stun",
                                  "stun:127.0.0.1:%d" % silent.getsockname()[1])
                silent.recv(1500)  # it asks, and is not answered
                self.interrupt(gathering, number)

    def test_while_it_waits_for_a_text(self):
        waiting = start("connect", "--manual", "--loopback")
        until(waiting.stderr, b"paste")
        self.interrupt(waiting)

    def test_while_it_looks_for_a_path(self):
        offer = start("connect", "--manual", "--loopback")
        offer.stdin.write(b"\n")
        offer.stdin.flush()
        line = until(offer.stderr, b'"offer"')
        answer = start("connect", "--manual", "--loopback", "--json")
        answer.stdin.write(line)
        answer.stdin.flush()
        until(answer.stderr, b'"answer"')
        self.interrupt(answer)  # the other side never hears of it
        self.interrupt(offer)

    def test_while_it_transfers(self):
        with Serve() as serve:
            with open("/dev/zero", "rb") as endless:
                talking = start("connect", "demo", "--server", serve.url, "--loopback", stdin=endless)
            talking.stdout.read(1_000_000)
            self.interrupt(talking)

    def drain(self, pipe):
        """Reads until nothing has come for a while."""
        os.set_blocking(pipe.fileno(), False)
        empty = 0
        while empty < 5:
            try:
                os.read(pipe.fileno(), 65536)
                empty = 0
            except BlockingIOError:
                empty += 1
                time.sleep(0.02)

    def test_before_what_waits_to_be_written(self):
        with Serve() as serve:
            with open("/dev/zero", "rb") as endless:
                talking = start("connect", "demo", "--server", serve.url, "--loopback", stdin=endless)
            talking.stdout.read(1_000_000)
            serve.process.send_signal(signal.SIGSTOP)
            self.drain(talking.stdout)
            talking.send_signal(signal.SIGSTOP)
            talking.send_signal(signal.SIGINT)  # the first that it hears of once it goes on
            fcntl.fcntl(talking.stdout.fileno(), fcntl.F_SETPIPE_SZ, 4096)
            before = queued(talking.pid)
            serve.process.send_signal(signal.SIGCONT)
            end = time.monotonic() + LONG
            while queued(talking.pid) <= before + 100_000:  # more than acknowledgements: what was echoed
                self.assertLess(time.monotonic(), end)
                time.sleep(0.01)
            talking.send_signal(signal.SIGCONT)
            self.interrupt(talking)

    def test_while_nobody_reads_what_it_prints(self):
        peer = Peer()
        peer.call("new", config={})
        os.set_blocking(peer.process.stdin.fileno(), False)
        full = 0
        while full < 20:  # it waits for its output, and so reads no more
            try:
                os.write(peer.process.stdin.fileno(), b'{"op":"stats","id":7}\n' * 100)
                full = 0
            except BlockingIOError:
                full += 1
                self.assertRaises(subprocess.TimeoutExpired, peer.process.wait, 0.05)
        peer.process.send_signal(signal.SIGINT)
        self.assertEqual(peer.process.wait(LONG), 130)
        peer.process.stdout.close()
        try:
            peer.process.stdin.close()
        except BrokenPipeError:
            pass

    def test_while_it_serves_sessions(self):
        serve = Serve()
        talking = start("connect", "demo", "--server", serve.url, "--loopback")
        until(talking.stderr, b"connected")
        self.assertEqual(serve.end(), (130, ""))
        serve.process.stdout.close()
        serve.process.stderr.close()
        talking.communicate(timeout=LONG)

    def test_while_it_is_driven(self):
        for begun in (False, True):
            with Peer() as peer:
                if begun:
                    peer.call("new", config={})
                    peer.call("dc", label="x", init={})
                    peer.call("offer")
                peer.process.send_signal(signal.SIGINT)
                self.assertEqual(peer.process.wait(LONG), 130)


class Json(unittest.TestCase):
    """What --json prints is JSON, whatever others say."""

    def lines(self, data):
        return [json.loads(line) for line in data.decode().splitlines()]

    def test_bytes_that_are_no_text_come_out_as_text(self):
        uri = b"stun:\xff\xfe\n\x1b[31m"
        done = run("gather", "--json", "--loopback", "--stun", uri, "--timeout", "1")
        told = [line for line in self.lines(done.stdout) if line["ev"] == "trouble"]
        self.assertIn("\ufffd\ufffd\n\x1b[31m", told[0]["what"])
        with Serve() as serve:
            done = run("connect", "demo", "--json", "--server", serve.url, "--loopback", "--stun", uri, stdin=b"x")
        self.assertEqual(done.returncode, 0)
        self.assertIn("trouble", [line["ev"] for line in self.lines(done.stderr)])

    def test_a_terminal_gets_no_control_characters_of_others(self):
        done = run("gather", "--loopback", "--stun", b"stun:\x1b[31m", "--timeout", "1")
        self.assertIn(b"?[31m", done.stderr)
        self.assertNotIn(b"\x1b", done.stderr)

    def test_failures_are_told_as_json_too(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            server = f"http://127.0.0.1:{unused.getsockname()[1]}/"
            for args, stdin in ((("room", "--server", server), b""), (("--manual", "--loopback"), b"nonsense\n"),
                                (("--manual", "--loopback"), b'{"type":"offer","sdp":"v=0"}\n')):
                done = run("connect", "--json", *args, stdin=stdin)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(self.lines(done.stderr)[-1]["ev"], "failed", done.stderr)

    def test_labels_and_messages_of_a_peer_stay_inside_their_line(self):
        label = 'a"b\\\n\u2028</script>\x1b[31m\U0001F600'
        with Peer() as a, Peer() as b:
            for peer in (a, b):
                peer.call("new", config={})
            a.call("dc", label=label, init={"protocol": "p\n\"q"})
            b.call("remote", desc=a.call("offer"))
            a.call("remote", desc=b.call("answer"))
            for peer, other in ((a, b), (b, a)):
                peer.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
                for event in [e for e in peer.events if e.get("ev") == "cand" and e["cand"]]:
                    other.call("cand", cand=event["cand"])
            opened = b.wait(lambda e: e.get("ev") == "datachannel")
            self.assertEqual((opened["label"], opened["protocol"]), (label, "p\n\"q"))
            a.wait(lambda e: e.get("ev") == "open")
            a.call("send", label=opened["label"], data=label)
            self.assertEqual(b.wait(lambda e: e.get("ev") == "msg")["data"], label)

    def test_requests_that_are_none_are_answered_in_json(self):
        with start("peer", "--loopback") as peer:
            out, _ = peer.communicate(b'\xff\xfe\n[]\n{}\n"x"\n{"op":1}\n{"op":"new","id":"\\u0000"}\n'
                                      + b"[" * 100_000 + b"\n" + b'{"op":"offer","id":1}\n{"op":"quit","id":9}\n', timeout=LONG)
        self.assertEqual(peer.returncode, 0)
        self.assertEqual(self.lines(out)[0]["ev"], "ready")
        self.assertEqual(self.lines(out)[-1].get("id"), 9)


class Traced(unittest.TestCase):
    def test_a_trace_holds_no_password(self):
        with tempfile.TemporaryDirectory() as folder, Serve() as serve:
            path = pathlib.Path(folder) / "trace"
            with Peer("--trace", str(path)) as peer:
                peer.call("new", config={})
                peer.call("dc", label="x", init={})
                peer.call("offer")
                peer.wait(lambda e: e.get("ev") == "cand" and e["cand"] is None)
                sdp = peer.call("local")["sdp"]
            password = next(line.split(":", 1)[1] for line in sdp.splitlines() if line.startswith("a=ice-pwd:"))
            self.assertGreater(path.stat().st_size, 0)
            self.assertNotIn(password, path.read_text())
            self.assertTrue(serve.url)


class Listening(unittest.TestCase):
    def test_it_listens_where_it_is_told_and_nowhere_else(self):
        serve = start("serve", "--json", "--listen", "127.0.0.2:0", "--stun", "127.0.0.3:0")
        told = json.loads(serve.stdout.readline())
        self.assertTrue(told["url"].startswith("http://127.0.0.2:"))
        self.assertTrue(told["stun"].startswith("127.0.0.3:"))
        port = int(told["url"].rstrip("/").rsplit(":", 1)[1])
        self.assertEqual(program_test.request(told["url"])[0], 200)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), LONG)
        serve.send_signal(signal.SIGINT)
        serve.communicate(timeout=LONG)
        self.assertEqual(serve.returncode, 130)


class Https(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.cert, cls.key = (os.path.join(cls.folder.name, name) for name in ("cert.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", cls.key, "-out", cls.cert, "-days", "2", "-subj", "/CN=auger",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def serve(self):
        return Serve("--cert", self.cert, "--key", self.key)

    def test_the_page_and_the_rooms_are_behind_the_certificate(self):
        with self.serve() as serve:
            self.assertTrue(serve.url.startswith("https://"))
            host, port = serve.url.rstrip("/").split("//")[1].rsplit(":", 1)
            with socket.create_connection((host, int(port)), timeout=LONG) as plain:
                with ssl.create_default_context(cafile=self.cert).wrap_socket(plain, server_hostname=host) as wire:
                    self.assertIn(wire.version(), ("TLSv1.2", "TLSv1.3"))
                    wire.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    self.assertTrue(wire.recv(100).startswith(b"HTTP/1.1 200 "))
            done = run("connect", "demo", "--server", serve.url, "--ca", self.cert, "--loopback", stdin=b"secret\n")
            self.assertEqual((done.returncode, done.stdout), (0, b"secret\n"), done.stderr)

    def test_who_does_not_know_the_certificate_does_not_connect(self):
        with self.serve() as serve:
            done = run("connect", "demo", "--server", serve.url, "--loopback", stdin=b"secret\n")
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            with socket.create_connection(("127.0.0.1", int(serve.url.rstrip("/").rsplit(":", 1)[1])), LONG) as plain:
                plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                try:
                    self.assertNotIn(b" 200 ", plain.recv(100))
                except ConnectionResetError:
                    pass

    def test_files_that_are_no_certificate_are_named(self):
        for args, word in ((("--cert", self.cert), "--key"), (("--key", self.key), "--cert"),
                           (("--cert", "/nonexistent", "--key", self.key), "--cert"),
                           (("--cert", self.cert, "--key", "/nonexistent"), "--key")):
            done = run("serve", "--listen", "127.0.0.1:0", "--stun", "127.0.0.1:0", *args)
            with self.subTest(args=args):
                self.assertEqual((done.returncode, done.stdout), (2, b""))
                self.assertIn(word, done.stderr.decode())
        done = run("serve", "--listen", "127.0.0.1:0", "--stun", "127.0.0.1:0", "--cert", self.key, "--key", self.cert)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertTrue(done.stderr)


if __name__ == "__main__":
    program_test.AUGER = sys.argv.pop(1)
    unittest.main()
