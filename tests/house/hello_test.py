#!/usr/bin/env python3
"""docs/hello.c does what the README says: it answers an offer, and a message comes back.

    hello_test.py HELLO CALLER"""

import subprocess
import sys
import unittest

HELLO, CALLER = None, None
PIPE = subprocess.PIPE


class Hello(unittest.TestCase):
    def test_a_message_comes_back(self):
        with subprocess.Popen([CALLER], stdin=PIPE, stdout=PIPE) as caller, \
             subprocess.Popen([HELLO], stdin=PIPE, stdout=PIPE) as hello:
            try:
                hello.stdin.write(caller.stdout.read())
                hello.stdin.close()
                answer = b"".join(iter(hello.stdout.readline, b"\n"))
                self.assertTrue(answer.startswith(b"v=0\r\n"), answer)
                caller.stdin.write(answer)
                caller.stdin.close()
                self.assertEqual(0, caller.wait(30))
                self.assertEqual(0, hello.wait(30))
            finally:
                caller.kill()
                hello.kill()


if __name__ == "__main__":
    HELLO, CALLER = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
