/* tools/nat_command.c - auger nat: what NAT this host is behind, and what gets through it. */
#define _GNU_SOURCE
#include "tools/command.h"
#include "tools/interrupt.h"
#include "tools/nat_probe.h"
#include "tools/nat_words.h"
#include "tools/options.h"
#include "tools/output.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FAMILIES 2

static const char help[] =
    "usage: auger nat --server URI [--server URI]... [OPTION]...\n"
    "\n"
    "Says what NAT this host is behind, and what will get through it.  A NAT keeps a table: which\n"
    "public port stands for which socket inside, towards whom.  What matters of it:\n"
    "\n"
    "  mapping    does one public port serve every destination (endpoint-independent), or does each\n"
    "             get its own (address-dependent, address-and-port-dependent: \"symmetric\")?\n"
    "  filtering  who may send to that port: anybody, whom this host has sent to (address-dependent),\n"
    "             or that one from that very port alone (address-and-port-dependent)?\n"
    "  ports      how public ports are chosen: preserved, sequential and by how much, random, parity,\n"
    "             contiguous\n"
    "  hairpin    does what is sent to the host's own public address come back?\n"
    "  lifetime   after how long is an idle row of the table forgotten?  (--lifetime)\n"
    "  refreshed  by what goes out, or by what comes in?  (--lifetime)\n"
    "  size       the largest packet that passes whole, and whether fragments do\n"
    "\n"
    "A server of RFC 5780, which has a second address, tells all of it; two ordinary STUN servers\n"
    "tell mapping and ports.  Each family that a server has an address of is tried.\n"
    "\n"
    "  --server URI        ask this one: stun:stun.example.org or stun:192.0.2.1:3478; up to eight\n"
    "  --lifetime SECONDS  look for the lifetime of a mapping up to there, 10 to 3600, and for what\n"
    "                      refreshes it, which takes up to four times as long\n"
    "  --no-path           do not look for gateways behind gateways (datagrams that die on their way)\n"
    "  --no-portmap        do not ask the gateway for a port (PCP, NAT-PMP, UPnP: a line for each),\n"
    "                      to give it back at once\n"
    "  --no-nat64          do not ask the resolver for a NAT64 (RFC 7050)\n"
    "  --json              one JSON object a line: {\"ev\":\"stage\",...}, {\"ev\":\"round\",...},\n"
    "                      {\"ev\":\"tested\",...}, {\"ev\":\"keeping\",...}, then for each family\n"
    "                      {\"ev\":\"report\",...}, last {\"ev\":\"done\",...}; times in milliseconds\n"
    "\n"
    "It sends some two hundred datagrams in a quarter of a minute, to the servers that are named and\n"
    "to their second addresses.  Ctrl-C ends it and tells what is known so far.\n"
    "\n"
    "Exit status: 0 when a server answered, else 1; 2 wrong usage; 130 Ctrl-C.\n"
    "\n"
    "To try it on one machine: `auger serve --turn 127.0.0.1:3478 --turn 127.0.0.1:3479\n"
    "--turn 127.0.0.2:3478 --turn 127.0.0.2:3479 --user a:b` in one terminal, in the other\n"
    "`auger nat --server stun:127.0.0.1`.\n";

struct discovering {
    struct nat_targets targets[FAMILIES];
    struct nat_probe probes[FAMILIES];
    struct nat_finding findings[FAMILIES];
    bool is_on[FAMILIES];
    auger_time lifetime_max;
    bool json, no_path, no_portmap, no_nat64;
    int interrupt_fd, status;
};

/* --- progress ----------------------------------------------------------------------------------
 */

static void tell_progress(const struct discovering *discovering, size_t family)
{
    struct auger_discovery_event event;

    while (auger_discovery_poll_event(discovering->probes[family].discovery, &event)) {
        if (discovering->json)
            output_line(
                nat_words_progress_json(discovering->findings[family].local.family, &event));
        else
            nat_words_progress(stdout, &event);
    }
    fflush(stdout);
}

static void note_trouble(const struct discovering *discovering, const char *what, const char *why)
{
    char text[256];

    snprintf(text, sizeof(text), "%s: %s", what, why);
    if (discovering->json)
        output_line(json_pack("{ss so}", "ev", "trouble", "what", json_text(text, strlen(text))));
    else
        print_line("auger nat: ", text);
}

/* --- the run -------------------------------------------------------------------------------------
 */

static void begin(struct discovering *discovering)
{
    for (size_t i = 0; i < FAMILIES; i++) {
        struct nat_probe *probe = &discovering->probes[i];
        struct nat_finding *finding = &discovering->findings[i];
        if (discovering->targets[i].len == 0)
            continue;
        const char *why =
            nat_probe_open(probe, &discovering->targets[i], discovering->lifetime_max, nat_clock());
        discovering->is_on[i] = why == NULL;
        if (why) {
            note_trouble(discovering, i == 0 ? "IPv4" : "IPv6", why);
            nat_probe_close(probe);
            continue;
        }
        finding->local = probe->locals[0];
        if (i == 0 && !discovering->no_path) {
            finding->has_path = true;
            nat_path_find(&finding->path, &discovering->targets[0].addrs[0],
                          discovering->interrupt_fd);
        }
        if (i == 0 && !discovering->no_portmap) {
            finding->has_portmap = true;
            nat_portmap_ask(&finding->portmap, &finding->local, discovering->interrupt_fd);
        }
    }
}

static int wait_ms(const struct discovering *discovering)
{
    auger_time next = AUGER_NEVER, now = nat_clock();

    for (size_t i = 0; i < FAMILIES; i++) {
        if (!discovering->is_on[i])
            continue;
        auger_time mine = auger_discovery_next_timeout(discovering->probes[i].discovery);
        next = mine < next ? mine : next;
    }
    if (next <= now)
        return 0;
    auger_time wait = (next - now) / AUGER_MS + 1;
    return wait > 1000 ? 1000 : (int)wait;
}

/* False: all is done, or somebody has enough of it. */
static bool turn(struct discovering *discovering)
{
    struct pollfd fds[FAMILIES * AUGER_DISCOVERY_SOCKETS + 1];
    bool goes_on = false;
    size_t len = 0;

    for (size_t i = 0; i < FAMILIES; i++) {
        if (!discovering->is_on[i])
            continue;
        nat_probe_turn(&discovering->probes[i], nat_clock());
        tell_progress(discovering, i);
        goes_on = goes_on ||
                  auger_discovery_next_timeout(discovering->probes[i].discovery) != AUGER_NEVER;
        len += nat_probe_watch(&discovering->probes[i], fds + len);
    }
    if (!goes_on || ferror(stdout))
        return false;
    fds[len++] = (struct pollfd){.fd = discovering->interrupt_fd, .events = POLLIN};
    (void)!poll(fds, len, wait_ms(discovering));
    discovering->status = interrupt_take(discovering->interrupt_fd);
    return discovering->status == 0;
}

static void tell_nat64(const struct discovering *discovering)
{
    struct auger_addr somewhere, local, prefix = {.family = AUGER_IPV6};
    struct auger_nat64 nat64 = {.prefix_len = 0};
    char ip[AUGER_ADDR_TEXT_MAX];

    if (discovering->no_nat64 || discovering->status != 0 ||
        auger_addr_parse(&somewhere, "[2001:4860::1]:9") != 0 ||
        !nat_probe_local(&somewhere, &local)) /* without IPv6 there is none */
        return;
    interrupt_exits(true);
    bool is_there = nat64_find(&nat64);
    interrupt_exits(false);
    memcpy(prefix.ip, nat64.prefix, sizeof(nat64.prefix));
    auger_addr_format_ip(&prefix, ip, sizeof(ip));
    if (discovering->json)
        output_line(json_pack("{ss ss si}", "ev", "nat64", "prefix", is_there ? ip : "", "length",
                              (int)nat64.prefix_len));
    else if (is_there)
        printf("NAT64: there is one, and shows IPv4 under %s/%u (RFC 7050).\n", ip,
               nat64.prefix_len);
    else
        puts("NAT64: none that the resolver knows of.");
}

static void tell_all(struct discovering *discovering)
{
    size_t answered = 0;

    for (size_t i = 0; i < FAMILIES; i++) {
        struct nat_finding *finding = &discovering->findings[i];
        if (!discovering->is_on[i])
            continue;
        auger_discovery_get_report(discovering->probes[i].discovery, &finding->report);
        answered += finding->report.udp == AUGER_DISCOVERY_YES;
        if (discovering->json) {
            output_line(nat_words_json(finding));
        } else {
            putchar('\n');
            nat_words_print(stdout, finding);
        }
    }
    tell_nat64(discovering);
    if (discovering->json)
        output_line(json_pack("{ss si}", "ev", "done", "answered", (int)answered));
    if (discovering->status == 0)
        discovering->status = answered > 0 ? EXIT_DONE : EXIT_FAILED;
}

static int discover(struct discovering *discovering)
{
    begin(discovering);
    while (turn(discovering))
        continue;
    tell_all(discovering);
    fflush(stdout);
    for (size_t i = 0; i < FAMILIES; i++)
        if (discovering->is_on[i])
            nat_probe_close(&discovering->probes[i]);
    return discovering->status;
}

/* One name that leads nowhere does not keep the others from being asked. */
static bool resolve(struct discovering *discovering, const struct option_texts *servers)
{
    for (size_t i = 0; i < servers->len; i++) {
        const char *why =
            nat_target_add(servers->items[i], &discovering->targets[0], &discovering->targets[1]);
        if (why)
            note_trouble(discovering, servers->items[i], why);
    }
    return discovering->targets[0].len + discovering->targets[1].len > 0;
}

static int run(int argc, char **argv)
{
    static struct discovering discovering;
    struct option_texts servers = {0};
    long lifetime_s = 0;
    int status;

    const struct option items[] = {
        {"--server", OPTION_TEXTS, .texts = &servers, .max = AUGER_DISCOVERY_SERVERS_MAX},
        {"--lifetime", OPTION_NUMBER, .number = &lifetime_s, .min = 10, .max = 3600},
        {"--no-path", OPTION_FLAG, .flag = &discovering.no_path},
        {"--no-portmap", OPTION_FLAG, .flag = &discovering.no_portmap},
        {"--no-nat64", OPTION_FLAG, .flag = &discovering.no_nat64},
        {"--json", OPTION_FLAG, .flag = &discovering.json},
    };
    const struct options options = {
        .items = items, .len = sizeof(items) / sizeof(items[0]), .help = help};
    if (!options_read(&options, argc, argv, &status))
        return status;
    if (servers.len == 0) {
        options_wrong("nat", "--server", "is missing: name a STUN server, or two");
        return EXIT_USAGE;
    }
    discovering.lifetime_max = lifetime_s * AUGER_SEC;
    discovering.interrupt_fd = interrupt_open();
    if (discovering.interrupt_fd < 0)
        return EXIT_FAILED;
    interrupt_exits(true);
    bool is_known = resolve(&discovering, &servers);
    interrupt_exits(false);
    status = is_known ? discover(&discovering) : EXIT_FAILED;
    close(discovering.interrupt_fd);
    return status;
}

const struct command nat_command = {
    .name = "nat",
    .summary = "say what NAT this host is behind, and what gets through it",
    .help = help,
    .run = run,
};
