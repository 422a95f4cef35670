/* tools/net_options.h - which addresses of this machine are used, what the other side is told
 * of them, and how datagrams leave: the same options of every command that makes peers. */
#ifndef AUGER_TOOLS_NET_OPTIONS_H
#define AUGER_TOOLS_NET_OPTIONS_H

#include "tools/options.h"

#include <auger/io.h>

#define NET_TURN_SERVERS_MAX 4

struct net_options {
    const char *policy, *ports, *dscp, *standby, *nat64;
    struct option_texts only, without, maps, turn, users;
    const char *turn_ca, *turn_proxy, *ice_tcp, *relay_family;
    bool loopback, link_local, map_as_host, turn_any, no_udp, port_mapping, standby_restarts;
    struct auger_ice_mapping mappings[OPTION_TEXTS_MAX];
    struct auger_net_turn_server turn_servers[NET_TURN_SERVERS_MAX];
    char names[NET_TURN_SERVERS_MAX][AUGER_TURN_USERNAME_MAX + 1]; /* of users */
};

#define NET_OPTION_ROWS(options)                                                                   \
    {"--loopback", OPTION_FLAG, .flag = &(options).loopback},                                      \
        {"--link-local", OPTION_FLAG, .flag = &(options).link_local},                              \
        {"--policy", OPTION_TEXT, .text = &(options).policy},                                      \
        {"--only", OPTION_TEXTS, .texts = &(options).only, .max = OPTION_TEXTS_MAX},               \
        {"--without", OPTION_TEXTS, .texts = &(options).without, .max = OPTION_TEXTS_MAX},         \
        {"--map", OPTION_TEXTS, .texts = &(options).maps, .max = OPTION_TEXTS_MAX},                \
        {"--map-as-host", OPTION_FLAG, .flag = &(options).map_as_host},                            \
        {"--port-mapping", OPTION_FLAG, .flag = &(options).port_mapping},                          \
        {"--nat64", OPTION_TEXT, .text = &(options).nat64},                                        \
        {"--ports", OPTION_TEXT, .text = &(options).ports},                                        \
        {"--standby", OPTION_TEXT, .text = &(options).standby},                                    \
        {"--standby-restarts", OPTION_FLAG, .flag = &(options).standby_restarts},                  \
    {                                                                                              \
        "--dscp", OPTION_TEXT, .text = &(options).dscp                                             \
    }
#define NET_HELP                                                                                   \
    "Which addresses, and what is told of them:\n"                                                 \
    "  --loopback         127.0.0.1 and ::1 too\n"                                                 \
    "  --link-local       169.254.0.0/16 and fe80::/10 too\n"                                      \
    "  --only WHAT        use nothing else: an interface, as eth0 or wlan*, or addresses, as\n"    \
    "                     192.0.2.0/24 or 2001:db8::1; up to 16\n"                                 \
    "  --without WHAT     do not use that; up to 16.  Bridges of containers (docker*, br-*,\n"     \
    "                     veth*, virbr*, cni*, lxc*...) are left out in any case where there is\n" \
    "                     something else, unless --only names them\n"                              \
    "  --policy WORD      all: every address (default).  default-route: the interface of the\n"    \
    "                     default route alone.  default-route-only: that one, and the other\n"     \
    "                     side is told what STUN servers see and no more.  proxy: nothing, as\n"   \
    "                     there is no proxy.  These are modes 1 to 4 of RFC 8828.\n"               \
    "                     no-host: every address, and none of an interface is told.\n"             \
    "                     relay: nothing is told or sent but through a relay\n"                    \
    "  --map BASE=PUBLIC  where a NAT shows us: IP[:PORT] of this machine = IP[:PORT] outside;\n"  \
    "                     0.0.0.0 and [::] stand for every address; up to 16\n"                    \
    "  --map-as-host      tell that in the place of the machine's own address, not beside it\n"    \
    "  --port-mapping     ask the gateway to let others in: PCP, NAT-PMP or UPnP\n"                \
    "  --nat64 WORD       how IPv4 is reached where there is IPv6 alone: auto, which asks the\n"   \
    "                     network for the prefix of its NAT64 (default); a prefix, as\n"           \
    "                     64:ff9b::/96; or off\n"                                                  \
    "  --ports MIN-MAX    take sockets' ports from there\n"                                        \
    "  --standby N        paths kept in reserve, if the other side can change as well: 0 to 4;\n"  \
    "                     2 by default\n"                                                          \
    "  --standby-restarts keep them towards any other side, a browser too, and restart ICE, as\n"  \
    "                     who controls, to change to one of them\n"                                \
    "  --dscp WORD        mark datagrams: 0 to 63, or a word of RFC 8837: CS1, AF11, AF21, EF...\n"

/* For commands that are clients of TURN servers. */
#define RELAY_OPTION_ROWS(options)                                                                 \
    {"--turn", OPTION_TEXTS, .texts = &(options).turn, .max = NET_TURN_SERVERS_MAX},               \
        {"--user", OPTION_TEXTS, .texts = &(options).users, .max = NET_TURN_SERVERS_MAX},          \
        {"--turn-ca", OPTION_TEXT, .text = &(options).turn_ca},                                    \
        {"--turn-proxy", OPTION_TEXT, .text = &(options).turn_proxy},                              \
        {"--relay-family", OPTION_TEXT, .text = &(options).relay_family},                          \
    {                                                                                              \
        "--turn-trust-anybody", OPTION_FLAG, .flag = &(options).turn_any                           \
    }
#define RELAY_HELP                                                                                   \
    "Relays:\n"                                                                                      \
    "  --turn URI         allocate on this TURN server: turn:HOST, turn:HOST?transport=tcp,\n"       \
    "                     turns:HOST (TLS) or turns:HOST?transport=udp (DTLS), up to four.\n"        \
    "                     With :PORT after HOST it is there; else where the DNS says (NAPTR and\n"   \
    "                     SRV records), or port 3478, of turns: 5349\n"                              \
    "  --user NAME:PASS   for it: one for all servers, or one for each --turn in their order.\n"     \
    "                     The last colon parts them\n"                                               \
    "  --turn-ca FILE     who vouches for turns: and stuns: servers, as PEM; else whom the system\n" \
    "                     trusts\n"                                                                  \
    "  --turn-proxy URL   reach TCP and TLS servers through http://[NAME:PASS@]HOST:PORT or\n"       \
    "                     socks5://[NAME:PASS@]HOST:PORT\n"                                          \
    "  --turn-trust-anybody\n"                                                                       \
    "                     believe turns: and stuns: servers whatever their certificates say\n"       \
    "  --relay-family WORD\n"                                                                        \
    "                     relayed addresses to ask for: ipv4, ipv6 or both (default)\n"

/* For commands whose peers have sockets of their own. */
#define TCP_OPTION_ROWS(options)                                                                   \
    {"--ice-tcp", OPTION_TEXT, .text = &(options).ice_tcp},                                        \
    {                                                                                              \
        "--no-udp", OPTION_FLAG, .flag = &(options).no_udp                                         \
    }
#define TCP_HELP                                                                                     \
    "Where UDP does not get through:\n"                                                              \
    "  --ice-tcp TYPES    TCP candidates too (RFC 6544).  passive: the other side connects to us,\n" \
    "                     so one of our addresses must be reachable; the only type that reaches\n"   \
    "                     a browser.  active: we connect.  so: both do at once, through NATs that\n" \
    "                     let that pass.  Several with commas between, or all\n"                     \
    "  --no-udp           no UDP socket at all: only TCP, and relays over TCP and TLS\n"

/* What was read goes into `net` and `ice`.  false: a mistake was named on standard error.
 * `options` must outlive both. */
bool net_options_apply(struct net_options *options, const char *command,
                       struct auger_net_config *net, struct auger_ice_config *ice);

/* Why no peer could be made: the first trouble of the loop if there is one, else the error. */
const char *net_options_why(struct auger_loop *loop, int err);

#endif /* AUGER_TOOLS_NET_OPTIONS_H */
