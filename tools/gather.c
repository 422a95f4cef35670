/* tools/gather.c - auger gather: this machine's candidates, as they come. */
#include "tools/command.h"
#include "tools/interrupt.h"
#include "tools/net_options.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/trace_writer.h"

#include <auger/io.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADDRS_MAX 256 /* of the machine, that are looked at */
#define PROTOCOL_MAX 8

static const char help[] =
    "usage: auger gather [--stun URI]... [--turn URI]... [--timeout SECONDS] [OPTION]...\n"
    "\n"
    "Prints the addresses under which this machine may be reached, as they come: those of its\n"
    "interfaces (host), as STUN servers see them from outside those that a NAT gave it (srflx),\n"
    "and those that TURN servers lend it (relay), with the server and how it is spoken to.\n"
    "A srflx address that equals a host address is not printed again: there is no NAT.\n"
    "Addresses of TCP, which --ice-tcp asks for, say which side connects.\n"
    "What is left out of the machine's addresses follows, and why.\n"
    "\n"
    "  --stun URI         ask this server too, as stun:stun.example.org or stun:192.0.2.1:3478,\n"
    "                     or over DTLS, as stuns:stun.example.org; up to four\n"
    "  --timeout SECONDS  how long to wait for the servers, 1 to 60; default 5\n"
    "  --json             one JSON object a line: {\"ev\":\"candidate\",...}, {\"ev\":\"trouble\",...},\n"
    "                     {\"ev\":\"left_out\",...}, last {\"ev\":\"gathered\",...}; times in\n"
    "                     milliseconds\n" TRACE_HELP "\n" RELAY_HELP NET_HELP TCP_HELP "\n"
    "Exit status: 0 when there were candidates and no trouble, else 1; 2 wrong usage; 130 Ctrl-C.\n"
    "\n"
    "To try it on one machine: `auger serve` in one terminal, and in the other\n"
    "`auger gather --loopback --stun stun:127.0.0.1`.\n";

struct gathering {
    struct auger_loop *loop;
    struct auger_net_config net;
    struct auger_peer_config peer;
    struct auger_peer *made;
    auger_time started_at;
    int interrupt_fd;
    bool json, done, in_trouble;
    size_t found;
    int status;
};

static double elapsed_ms(const struct gathering *gathering)
{
    return (double)(auger_loop_now(gathering->loop) - gathering->started_at) / (double)AUGER_MS;
}

/* " by udp 192.0.2.1:3478": which server's, of a relayed candidate. */
static void write_server(const struct gathering *gathering, const struct auger_cand *cand,
                         char *protocol, char *server)
{
    struct auger_ice_relay_info infos[AUGER_ICE_RELAYS_MAX];
    size_t len = auger_ice_relays(auger_peer_ice(gathering->made), infos, AUGER_ICE_RELAYS_MAX);

    for (size_t i = 0; i < len; i++)
        if (auger_addr_equal(&infos[i].relayed[0], &cand->addr) ||
            auger_addr_equal(&infos[i].relayed[1], &cand->addr)) {
            snprintf(protocol, PROTOCOL_MAX, "%s", infos[i].protocol);
            auger_addr_format(&infos[i].server, server, AUGER_ADDR_TEXT_MAX);
        }
}

static void print_candidate(struct gathering *gathering, const char *line)
{
    char addr[AUGER_ADDR_TEXT_MAX], related[AUGER_ADDR_TEXT_MAX] = "";
    char server[AUGER_ADDR_TEXT_MAX] = "", protocol[PROTOCOL_MAX] = "";
    struct auger_cand cand;
    double ms = elapsed_ms(gathering);

    if (auger_cand_parse(&cand, line, strlen(line)) < 0)
        return;
    gathering->found++;
    auger_addr_format(&cand.addr, addr, sizeof(addr));
    if (cand.related.family != AUGER_FAMILY_NONE)
        auger_addr_format(&cand.related, related, sizeof(related));
    if (cand.type == AUGER_CAND_RELAY)
        write_server(gathering, &cand, protocol, server);
    const char *type = auger_cand_type_name(cand.type);
    const char *tcp_type = auger_tcp_type_name(cand.tcptype);
    bool is_tcp = cand.addr.transport == AUGER_TCP;
    if (gathering->json)
        output_line(json_pack("{ss ss ss ss ss ss ss ss sI ss sf}", "ev", "candidate", "type", type,
                              "address", addr, "transport", is_tcp ? "tcp" : "udp", "tcp_type",
                              tcp_type, "related", related, "server", server, "protocol", protocol,
                              "priority", (json_int_t)cand.priority, "candidate", line, "t", ms));
    else
        printf("%-5s  %-40s %8.1f ms%s%s%s%s%s%s%s%s\n", type, addr, ms, is_tcp ? "   tcp " : "",
               tcp_type, *related ? "   from " : "", related, *server ? "   by " : "", protocol,
               *server ? " " : "", server);
    fflush(stdout);
}

static void note_trouble(struct gathering *gathering, const char *what)
{
    gathering->in_trouble = true;
    if (gathering->json)
        output_line(json_pack("{ss so sf}", "ev", "trouble", "what", json_text(what, strlen(what)),
                              "t", elapsed_ms(gathering)));
    else
        print_line("auger gather: ", what);
}

/* What the words of struct auger_net_addr mean. */
static const char *reason_of(const char *word)
{
    static const struct {
        const char *word, *reason;
    } reasons[] = {
        {"down", "the interface is down"},
        {"family", "that family is not used"},
        {"loopback", "reaches nobody but this machine; --loopback uses it"},
        {"link-local", "reaches the link alone; --link-local uses it"},
        {"unusable", "no candidate may have such an address"},
        {"tentative", "not known to be unique on its link"},
        {"deprecated", "its preferred lifetime is over"},
        {"filter", "--only or --without"},
        {"route", "not on the interface of the default route; --policy all uses it"},
        {"bridge", "a bridge of containers; --only with its name uses it"},
        {"permanent", "a temporary address stands for it"},
        {"limit", "there are too many"},
        {"policy", "used, and kept from the other side by --policy"},
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(word, reasons[i].word) == 0)
            return reasons[i].reason;
    return word;
}

static void print_left_out(const struct gathering *gathering, const struct auger_net_addr *addr)
{
    char ip[AUGER_ADDR_TEXT_MAX];

    auger_addr_format_ip(&addr->addr, ip, sizeof(ip));
    if (gathering->json)
        output_line(json_pack("{ss ss so ss ss}", "ev", "left_out", "address", ip, "interface",
                              json_text(addr->interface, strlen(addr->interface)), "why",
                              addr->left_out, "text", reason_of(addr->left_out)));
    else
        printf("%-5s  %-40s %s: %s\n", "-", ip, addr->interface, reason_of(addr->left_out));
}

static bool keeps_hosts(const struct gathering *gathering)
{
    return gathering->peer.ice.policy != AUGER_ICE_POLICY_ALL ||
           gathering->net.ip_handling >= AUGER_IP_DEFAULT_ROUTE_ONLY;
}

static void print_all_left_out(const struct gathering *gathering)
{
    struct auger_net_addr addrs[ADDRS_MAX];
    int len = auger_net_addrs(&gathering->net, addrs, ADDRS_MAX);

    for (int i = 0; i < len; i++) {
        if (!addrs[i].left_out && keeps_hosts(gathering))
            addrs[i].left_out = "policy";
        if (addrs[i].left_out)
            print_left_out(gathering, &addrs[i]);
    }
}

/* Servers that said nothing in that time; what others said is told already. */
static void tell_silent_servers(struct gathering *gathering)
{
    struct auger_ice_relay_info infos[AUGER_ICE_RELAYS_MAX];
    char server[AUGER_ADDR_TEXT_MAX], what[AUGER_ADDR_TEXT_MAX + 64];
    size_t len = auger_ice_relays(auger_peer_ice(gathering->made), infos, AUGER_ICE_RELAYS_MAX);

    for (size_t i = 0; i < len; i++) {
        if (infos[i].error != AUGER_TURN_ERROR_NONE ||
            infos[i].relayed[0].family != AUGER_FAMILY_NONE ||
            infos[i].relayed[1].family != AUGER_FAMILY_NONE)
            continue;
        snprintf(what, sizeof(what), "the TURN server at %s did not answer in time",
                 auger_addr_format(&infos[i].server, server, sizeof(server)));
        note_trouble(gathering, what);
    }
}

static void finish(struct gathering *gathering)
{
    tell_silent_servers(gathering);
    print_all_left_out(gathering);
    gathering->done = true;
    gathering->status = gathering->found > 0 && !gathering->in_trouble ? EXIT_DONE : EXIT_FAILED;
    if (gathering->json)
        output_line(json_pack("{ss sI sf}", "ev", "gathered", "candidates",
                              (json_int_t)gathering->found, "t", elapsed_ms(gathering)));
    else
        printf("%zu candidate%s in %.1f ms\n", gathering->found, gathering->found == 1 ? "" : "s",
               elapsed_ms(gathering));
}

static void take(struct gathering *gathering, const struct auger_loop_event *event)
{
    switch (event->type) {
    case AUGER_LOOP_EVENT_PEER:
        if (event->event.type == AUGER_PEER_EVENT_CANDIDATE)
            print_candidate(gathering, event->event.candidate);
        else if (event->event.type == AUGER_PEER_EVENT_GATHERED)
            finish(gathering);
        break;
    case AUGER_LOOP_EVENT_TROUBLE:
        note_trouble(gathering, event->what);
        break;
    case AUGER_LOOP_EVENT_TIMER:
        note_trouble(gathering, "a name was not resolved in time");
        finish(gathering);
        break;
    case AUGER_LOOP_EVENT_FD:
        gathering->status = interrupt_take(gathering->interrupt_fd);
        gathering->done = gathering->status != 0;
        break;
    case AUGER_LOOP_EVENT_UNKNOWN:
    case AUGER_LOOP_EVENT_TURN:
    case AUGER_LOOP_EVENT_WAKE:
        break;
    }
}

static int begin(struct gathering *gathering)
{
    gathering->started_at = auger_loop_now(gathering->loop);
    int err = auger_loop_watch_fd(gathering->loop, gathering->interrupt_fd, NULL);
    if (err == 0)
        err = auger_loop_peer_new(gathering->loop, &gathering->peer, &gathering->net,
                                  &gathering->made);
    /* The agent's own limit begins when all names are known; this one is for those. */
    auger_loop_set_timer(gathering->loop,
                         gathering->started_at + gathering->peer.ice.gather_timeout + AUGER_SEC,
                         NULL);
    return err;
}

static int gather(struct gathering *gathering, struct trace_writer *writer)
{
    struct auger_loop_config config;
    struct auger_loop_event event;

    auger_loop_config_init(&config);
    trace_writer_attach(writer, &config);
    int err = auger_loop_new(&gathering->loop, &config);
    if (err == 0)
        err = begin(gathering);
    if (err < 0) {
        fprintf(stderr, "auger gather: cannot begin: %s\n", net_options_why(gathering->loop, err));
        print_all_left_out(gathering);
        gathering->status = EXIT_FAILED;
        gathering->done = true;
    }
    while (!gathering->done && !ferror(stdout) && auger_loop_next(gathering->loop, &event))
        take(gathering, &event);
    auger_loop_free(gathering->loop);
    return gathering->status;
}

static int run(int argc, char **argv)
{
    struct gathering gathering = {0};
    struct net_options net_options = {0};
    struct option_texts stun = {0};
    struct trace_options trace = TRACE_OPTIONS_DEFAULT;
    long timeout_s = 5;
    int status;

    auger_net_config_init(&gathering.net);
    auger_peer_config_init(&gathering.peer);
    const struct option items[] = {
        {"--stun", OPTION_TEXTS, .texts = &stun},
        {"--timeout", OPTION_NUMBER, .number = &timeout_s, .min = 1, .max = 60},
        {"--json", OPTION_FLAG, .flag = &gathering.json},
        TRACE_OPTION_ROWS(trace),
        NET_OPTION_ROWS(net_options),
        TCP_OPTION_ROWS(net_options),
        RELAY_OPTION_ROWS(net_options),
    };
    const struct options options = {
        .items = items, .len = sizeof(items) / sizeof(items[0]), .help = help};
    if (!options_read(&options, argc, argv, &status))
        return status;
    if (!net_options_apply(&net_options, "gather", &gathering.net, &gathering.peer.ice))
        return EXIT_USAGE;

    gathering.peer.ice.gather_timeout = timeout_s * AUGER_SEC;
    gathering.net.stun_servers = stun.items;
    gathering.net.stun_servers_len = stun.len;
    struct trace_writer *writer = trace_writer_new(&trace, "auger gather");
    gathering.interrupt_fd = interrupt_open();
    if (!writer || gathering.interrupt_fd < 0) {
        trace_writer_free(writer);
        return EXIT_FAILED;
    }
    status = gather(&gathering, writer);
    trace_writer_free(writer);
    close(gathering.interrupt_fd);
    return status;
}

const struct command gather_command = {
    .name = "gather",
    .summary = "print the addresses under which this machine may be reached",
    .help = help,
    .run = run,
};
