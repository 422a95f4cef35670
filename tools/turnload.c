/* tools/turnload.c - auger turnload: what a TURN server bears. */
#include "tools/command.h"
#include "tools/interrupt.h"
#include "tools/load_run.h"
#include "tools/load_target.h"
#include "tools/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_RATE 1000      /* packets a second */
#define DEFAULT_CHURN_RATE 100 /* allocations a second */

static const char help[] =
    "usage: auger turnload turn:HOST[:PORT] --user NAME:PASSWORD [OPTION]...\n"
    "\n"
    "Says what a TURN server bears, whoever wrote it: makes allocations on it, sends packets through\n"
    "them to a socket of its own, and counts what arrives and how long it was on its way.  It sends\n"
    "to the server, and by way of the server to itself, and to nobody else.  Load a server only if\n"
    "it is yours, or if whose it is has said so: what this command does to it, and to the network\n"
    "between, is the same as an attack.\n"
    "\n"
    "  --user NAME:PASSWORD   long-term credentials; without, the server must ask for none\n"
    "  --allocations N        how many at the same time, up to 12000; default 10\n"
    "  --size BYTES           of each packet, 24 to 1400; default 1200\n"
    "  --rate N               packets a second of all allocations together, each way; default 1000\n"
    "  --max                  no rate: raise the load until packets are lost, and stay there\n"
    "  --seconds S            how long to send, 1 to 3600; default 10\n"
    "  --channel              carry data in channels (default)\n"
    "  --send                 carry it in Send and Data indications\n"
    "  --both-ways            from the peer too\n"
    "  --back                 from the peer alone\n"
    "  --churn                send no data: make allocations and give them back, at most N alive,\n"
    "                         --rate (default 100) or --max a second\n"
    "  --server-pid PID       the server runs here: tell what it spends of processor and memory\n"
    "  --peer IP[:PORT]       where the packets go, an address of this machine that the server can\n"
    "                         reach; default: the one that leads to the server\n"
    "  --local IP             where the clients are; default: 127.0.0.2 for a server at 127.0.0.1,\n"
    "                         so that their ports are not those that it relays by\n"
    "  --no-batches           a system call for each packet: no sendmmsg, recvmmsg, GSO, GRO\n"
    "  --no-gso               send each packet as one, as most clients do, though many by one call\n"
    "  --bare IP:PORT         HOST is no TURN server but a plain forwarder: it passes what comes to\n"
    "                         HOST on to --peer, and what comes to IP:PORT back to who sent last.\n"
    "                         One that only calls recv and send shows what the machine can do\n"
    "  --json                 one JSON object a line: {\"ev\":\"progress\",...} each second, last\n"
    "                         {\"ev\":\"figures\",...}; times in milliseconds\n"
    "\n"
    "Reading the figures: what is lost was sent and has not arrived half a second after the end.\n"
    "With --server-pid \"a second and core\" is what arrived for each second of the processor's time\n"
    "that the server used; it changes little with the load and with who else runs, and is the figure\n"
    "to compare servers by, in runs that take turns on one machine.  Look at the note, if there is\n"
    "one: this program has one thread, and may be slower than the server.  Then run several.\n"
    "\n"
    "It stops by itself when the server does not answer, refuses, or is silent.  Ctrl-C ends the load,\n"
    "gives the allocations back and tells the figures so far; once more ends it at once.\n"
    "\n"
    "Exit status: 0 when all allocations were made and the load lasted as long as it should, else 1;\n"
    "2 wrong usage; 130 Ctrl-C.\n"
    "\n"
    "To try it on one machine, with coturn:\n"
    "  turnserver -n --no-cli -L 127.0.0.1 -a -u me:secret -r here --allow-loopback-peers\n"
    "  auger turnload turn:127.0.0.1 --user me:secret\n";

struct words {
    const char *uri, *user, *peer, *local;
    struct auger_addr bare;
    bool by_channel, both_ways, back;
    long rate; /* 0: not given */
};

static bool wrong(const char *option, const char *why)
{
    return options_wrong("turnload", option, why);
}

/* The last colon parts them: time-limited names have one themselves. */
static bool apply_user(struct load_plan *plan, const char *user)
{
    static char name[AUGER_TURN_USERNAME_MAX + 1];
    const char *colon = strrchr(user, ':');

    if (!colon || colon == user || !colon[1] || (size_t)(colon - user) >= sizeof(name))
        return wrong("--user", "takes NAME:PASSWORD");
    memcpy(name, user, (size_t)(colon - user));
    plan->username = name;
    plan->password = colon + 1;
    return true;
}

/* With a port or without. */
static bool read_addr(struct auger_addr *out, const char *text, const char *option)
{
    if (auger_addr_parse_ip(out, text, strlen(text), 0) == 0 || auger_addr_parse(out, text) == 0)
        return true;
    return wrong(option, "takes an IP address of this machine");
}

static bool apply_addrs(struct load_plan *plan, const struct words *words)
{
    plan->local = load_target_local(&plan->server);
    if (words->local && !read_addr(&plan->local, words->local, "--local"))
        return false;
    if (words->peer && !read_addr(&plan->peer, words->peer, "--peer"))
        return false;
    if (plan->local.family && plan->local.family != plan->server.family)
        return wrong("--local", "is of another family than the server");
    plan->is_bare = words->bare.family != AUGER_FAMILY_NONE;
    plan->bare_relay = words->bare;
    return true;
}

static bool apply_target(struct load_plan *plan, const struct words *words)
{
    struct load_target target;

    if (!words->uri)
        return wrong("turn:HOST", "is missing");
    const char *why = load_target_parse(&target, words->uri);
    if (why)
        return wrong(words->uri, why);
    interrupt_exits(true);
    why = load_target_resolve(&target, &plan->server);
    interrupt_exits(false);
    return !why || wrong(words->uri, why);
}

static bool apply_ways(struct load_plan *plan, const struct words *words)
{
    if (words->by_channel && plan->by_send)
        return wrong("--send", "and --channel exclude each other");
    if (words->both_ways && words->back)
        return wrong("--back", "and --both-ways exclude each other");
    if (words->rate > 0 && plan->is_max)
        return wrong("--max", "and --rate exclude each other");
    if (plan->is_churn && words->bare.family != AUGER_FAMILY_NONE)
        return wrong("--bare", "has no allocations for --churn");
    plan->to_peer = !words->back;
    plan->from_peer = words->back || words->both_ways;
    plan->rate = words->rate > 0 ? words->rate : plan->is_churn ? DEFAULT_CHURN_RATE : DEFAULT_RATE;
    return true;
}

static int run(int argc, char **argv)
{
    static struct load_plan plan;
    struct words words = {0};
    int status;

    plan = (struct load_plan){.clients = 10, .size = 1200, .seconds = 10};
    const struct option items[] = {
        {"--user", OPTION_TEXT, .text = &words.user},
        {"--allocations", OPTION_NUMBER, .number = &plan.clients, .min = 1,
         .max = LOAD_CLIENTS_MAX},
        {"--size", OPTION_NUMBER, .number = &plan.size, .min = LOAD_MARK_LEN, .max = LOAD_SIZE_MAX},
        {"--rate", OPTION_NUMBER, .number = &words.rate, .min = 1, .max = LOAD_RATE_MAX},
        {"--max", OPTION_FLAG, .flag = &plan.is_max},
        {"--seconds", OPTION_NUMBER, .number = &plan.seconds, .min = 1, .max = LOAD_SECONDS_MAX},
        {"--channel", OPTION_FLAG, .flag = &words.by_channel},
        {"--send", OPTION_FLAG, .flag = &plan.by_send},
        {"--both-ways", OPTION_FLAG, .flag = &words.both_ways},
        {"--back", OPTION_FLAG, .flag = &words.back},
        {"--churn", OPTION_FLAG, .flag = &plan.is_churn},
        {"--server-pid", OPTION_NUMBER, .number = &plan.server_pid, .min = 1, .max = 1L << 22},
        {"--peer", OPTION_TEXT, .text = &words.peer},
        {"--local", OPTION_TEXT, .text = &words.local},
        {"--no-batches", OPTION_FLAG, .flag = &plan.no_batches},
        {"--no-gso", OPTION_FLAG, .flag = &plan.no_gso},
        {"--bare", OPTION_ADDRESS, .address = &words.bare},
        {"--json", OPTION_FLAG, .flag = &plan.json},
    };
    const struct options options = {.items = items,
                                    .len = sizeof(items) / sizeof(items[0]),
                                    .words = &words.uri,
                                    .words_max = 1,
                                    .help = help};
    if (!options_read(&options, argc, argv, &status))
        return status;
    if (!apply_ways(&plan, &words) || (words.user && !apply_user(&plan, words.user)) ||
        !apply_target(&plan, &words) || !apply_addrs(&plan, &words))
        return EXIT_USAGE;

    int interrupt_fd = interrupt_open();
    if (interrupt_fd < 0)
        return EXIT_FAILED;
    status = load_run(&plan, interrupt_fd);
    close(interrupt_fd);
    return status;
}

const struct command turnload_command = {
    .name = "turnload",
    .summary = "say what a TURN server bears: load it, and count what arrives",
    .help = help,
    .run = run,
};
