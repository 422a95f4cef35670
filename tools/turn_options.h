/* tools/turn_options.h - what `auger serve` is told of its TURN server, on the command line or in a
 * file.  Who runs it is turn_host.h. */
#ifndef AUGER_TOOLS_TURN_OPTIONS_H
#define AUGER_TOOLS_TURN_OPTIONS_H

#include "tools/options.h"

#include <auger/io_turn.h>

#define TURN_LISTEN_MAX 16
#define TURN_USERS_MAX 64 /* beside those of a file */
#define TURN_SECRETS_MAX 4
#define TURN_RULES_MAX 64
#define TURN_THREADS_MAX 64

struct turn_texts {
    const char *items[TURN_RULES_MAX];
    size_t len;
};

struct turn_options {
    struct auger_addr listen[2 * TURN_LISTEN_MAX]; /* UDP and TCP of each --turn */
    size_t listen_len;
    struct auger_addr tls_listen[2 * TURN_LISTEN_MAX]; /* DTLS and TLS of each --tls */
    size_t tls_listen_len;
    const char *cert, *key; /* PEM files; with tls_listen */
    const char *realm;
    struct turn_texts users; /* NAME:PASSWORD */
    const char *users_file;
    struct turn_texts secrets;
    const char *secret_file;
    struct turn_texts allow, deny;
    struct auger_turn_server_relay_ip relay_ips[2];
    size_t relay_ips_len;
    uint16_t port_min, port_max;
    long user_allocations, ip_allocations, allocations;
    long user_rate, ip_rate, rate, nonce_lifetime_s;
    bool mobility, relay_to_relay, old_channels, loopback_unlimited, no_gso, tcp_relay;
    long threads, drain_s, status_s;
};

#define TURN_OPTIONS_DEFAULT                                                                       \
    {                                                                                              \
        .realm = "auger", .port_min = 49152, .port_max = 65535, .user_allocations = 10,            \
        .ip_allocations = 40, .nonce_lifetime_s = 600, .threads = 1, .drain_s = 30                 \
    }

option_take turn_take_listen, turn_take_tls, turn_take_realm, turn_take_user, turn_take_secret,
    turn_take_allow, turn_take_deny, turn_take_relay_ip, turn_take_external, turn_take_ports;

#define TURN_NUMBER(name, field, least, most)                                                      \
    {                                                                                              \
        name, OPTION_NUMBER, .number = &(field), .min = (least), .max = (most)                     \
    }
#define TURN_PARSED(name, options, how, most)                                                      \
    {                                                                                              \
        name, OPTION_PARSED, .to = &(options), .take = (how), .max = (most)                        \
    }
#define TURN_OPTION_ROWS(options)                                                                  \
    TURN_PARSED("--turn", options, turn_take_listen, TURN_LISTEN_MAX),                             \
        TURN_PARSED("--tls", options, turn_take_tls, TURN_LISTEN_MAX),                             \
        TURN_PARSED("--realm", options, turn_take_realm, 1),                                       \
        TURN_PARSED("--user", options, turn_take_user, TURN_USERS_MAX),                            \
        {"--users", OPTION_TEXT, .text = &(options).users_file},                                   \
        TURN_PARSED("--secret", options, turn_take_secret, TURN_SECRETS_MAX),                      \
        {"--secret-file", OPTION_TEXT, .text = &(options).secret_file},                            \
        TURN_PARSED("--allow-peer", options, turn_take_allow, TURN_RULES_MAX),                     \
        TURN_PARSED("--deny-peer", options, turn_take_deny, TURN_RULES_MAX),                       \
        TURN_PARSED("--relay-ip", options, turn_take_relay_ip, 2),                                 \
        TURN_PARSED("--external", options, turn_take_external, 2),                                 \
        TURN_PARSED("--relay-ports", options, turn_take_ports, 1),                                 \
        TURN_NUMBER("--user-allocations", (options).user_allocations, 1, 1000000),                 \
        TURN_NUMBER("--ip-allocations", (options).ip_allocations, 1, 1000000),                     \
        TURN_NUMBER("--allocations", (options).allocations, 1, 1000000),                           \
        TURN_NUMBER("--user-rate", (options).user_rate, 1, 1000000000000),                         \
        TURN_NUMBER("--ip-rate", (options).ip_rate, 1, 1000000000000),                             \
        TURN_NUMBER("--rate", (options).rate, 1, 1000000000000),                                   \
        TURN_NUMBER("--nonce-lifetime", (options).nonce_lifetime_s, 1, 3600),                      \
        {"--mobility", OPTION_FLAG, .flag = &(options).mobility},                                  \
        {"--tcp-relay", OPTION_FLAG, .flag = &(options).tcp_relay},                                \
        {"--relay-to-relay", OPTION_FLAG, .flag = &(options).relay_to_relay},                      \
        {"--old-channels", OPTION_FLAG, .flag = &(options).old_channels},                          \
        {"--loopback-unlimited", OPTION_FLAG, .flag = &(options).loopback_unlimited},              \
        {"--no-gso", OPTION_FLAG, .flag = &(options).no_gso},                                      \
        TURN_NUMBER("--threads", (options).threads, 1, TURN_THREADS_MAX),                          \
        TURN_NUMBER("--drain", (options).drain_s, 0, 86400),                                       \
        TURN_NUMBER("--status", (options).status_s, 1, 86400)

#define TURN_HELP                                                                                      \
    "A TURN server, which carries what no hole lets through (RFC 8656):\n"                             \
    "  --turn IP:PORT       clients reach it there by UDP and TCP, up to 16 times; without\n"          \
    "                       --listen nothing else is served.  It answers STUN as well, so that\n"      \
    "                       --stun has no default then\n"                                              \
    "  --tls IP:PORT        by TLS and DTLS as well, with --cert and --key, which SIGHUP has read\n"   \
    "                       again; up to 16 times.  IP:PORT/tcp is TLS alone, IP:PORT/udp DTLS.\n"     \
    "                       Browsers need a name and a certificate that they trust\n"                  \
    "  --realm NAME         what passwords are made for; default auger\n"                              \
    "  --user NAME:PASSWORD somebody who may use it, up to 64 times.  On a command line others\n"      \
    "                       of this machine can read it: better in a file\n"                           \
    "  --users FILE         one user a line, as `auger turn-user` prints them; read again when\n"      \
    "                       it changes, and on SIGHUP\n"                                               \
    "  --secret TEXT        users whose names carry a time, as `auger turn-credential` makes\n"        \
    "                       them of this secret with SHA-1 or SHA-256; up to 4 times\n"                \
    "  --secret-file FILE   the same, a secret a line\n"                                               \
    "  --allow-peer WHAT    192.0.2.0/24, 2001:db8::/32 or one address: clients may reach it\n"        \
    "                       through the relay.  By default that is everything but special\n"           \
    "                       ranges, as loopback and private ones, in every spelling; up to 64\n"       \
    "  --deny-peer WHAT     clients may not; the longest prefix decides; up to 64\n"                   \
    "  --relay-ports A-B    of relayed addresses; default 49152-65535\n"                               \
    "  --relay-ip IP        what relays are bound to, one a family; default is the first IP of\n"      \
    "                       --turn, or the first of this machine where that is 0.0.0.0 or [::]\n"      \
    "  --external IP        what clients are told instead, where a NAT with a fixed rule stands\n"     \
    "                       before this machine; one a family\n"                                       \
    "  --user-allocations N alive at once, of one user; default 10\n"                                  \
    "  --ip-allocations N   of one IP address; default 40\n"                                           \
    "  --allocations N      of all; default half of the ports\n"                                       \
    "  --user-rate N        bytes a second that a user may have carried, both ways together;\n"        \
    "  --ip-rate N          so of an IP address;\n"                                                    \
    "  --rate N             so of all.  By default there is no bound\n"                                \
    "  --nonce-lifetime S   how long what a client proves its password with is good, in seconds;\n"    \
    "                       default 600, 3600 at most\n"                                               \
    "  --mobility           allocations may follow clients to other addresses (RFC 8016)\n"            \
    "  --tcp-relay          clients that come by TCP or TLS may connect to peers by TCP, and be\n"     \
    "                       connected to, within the same rules (RFC 6062)\n"                          \
    "  --relay-to-relay     clients of this server may reach each other by their relays\n"             \
    "  --old-channels       clients of RFC 5766 may bind channels up to 0x7FFE, as some do; RFC\n"     \
    "                       8656 ends at 0x4FFF\n"                                                     \
    "  --loopback-unlimited strangers on this machine get every answer; else so many a second\n"       \
    "  --threads N          serve with so many; default 1, 64 at most.  Each client stays with one.\n" \
    "                       Ports, --allocations and --rate are divided among them; the bounds of\n"   \
    "                       a user and of an IP address are each thread's own\n"                       \
    "  --no-gso             datagrams come and leave one by one, also where the system takes\n"        \
    "                       several as one\n"                                                          \
    "  --drain SECONDS      how long SIGTERM waits for allocations to end; default 30.  Told\n"        \
    "                       twice, or by Ctrl-C, it ends at once\n"                                    \
    "  --status SECONDS     tell what is carried, that often\n"                                        \
    "  --metrics IP:PORT    its counters for Prometheus, at http://IP:PORT/metrics; for who asks\n"    \
    "                       from anywhere that this address can be reached from\n"

#endif /* AUGER_TOOLS_TURN_OPTIONS_H */
