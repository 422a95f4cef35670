#!/usr/bin/env python3
"""A router that says which prefix its NAT64 has: an advertisement a second (RFC 4861) with the option of
RFC 8781, and nothing else, so that hosts get no address or route by it.

    advertise.py INTERFACE PREFIX/96
"""

import ipaddress
import socket
import struct
import sys
import time

LIFETIME_S, PREF64, ALL_NODES = 1800, 38, "ff02::1"


def main():
    interface, prefix = sys.argv[1], ipaddress.IPv6Network(sys.argv[2])
    assert prefix.prefixlen == 96, "the length whose code is 0"
    sender = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    advertisement = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 0, 0, 0)
    option = struct.pack("!BBH", PREF64, 2, LIFETIME_S // 8 << 3) + prefix.network_address.packed[:12]
    while True:
        sender.sendto(advertisement + option, (ALL_NODES, 0, 0, socket.if_nametoindex(interface)))
        time.sleep(1)


main()
