/* tools/serve.c - auger serve: STUN, rooms, the page and the native peer of the room "demo", in one
 * process and one thread. */
#define _POSIX_C_SOURCE 200809L
#include "tools/command.h"
#include "tools/demo_peer.h"
#include "tools/ice_options.h"
#include "tools/interrupt.h"
#include "tools/net_options.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/rooms.h"
#include "tools/server.h"
#include "tools/trace_writer.h"

#include <auger/io.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STUN_PORT 3478
#define DEMO_ROOM "demo"
#define CLOSE_WITHIN (1 * AUGER_SEC)

static const char help[] =
    "usage: auger serve [--listen IP:PORT] [--stun IP:PORT] [--cert FILE --key FILE]\n"
    "                   [--mux PORT] [--json] [OPTION]...\n"
    "\n"
    "Serves, in one process, what two peers need to meet: a page to connect with, rooms in which\n"
    "peers find each other (docs/signalling.md), and a STUN server.  In the room `demo` a native\n"
    "peer answers: it echoes messages and gives files back with their SHA-256.\n"
    "\n"
    "  --listen IP:PORT  of HTTP and WebSocket; default 127.0.0.1:8080, port 0 takes any;\n"
    "                    0.0.0.0:8080 is for every machine that reaches this one\n"
    "  --stun IP:PORT    of STUN; default is the address of --listen, port 3478\n"
    "  --cert FILE       a certificate chain in PEM: HTTPS, which browsers on other machines\n"
    "  --key FILE        need, and its key\n"
    "  --mux PORT        all sessions of the native peer share this UDP port of each address, 0 takes\n"
    "                    any; else each session has ports of its own.  With --json a check that\n"
    "                    names nobody is told: {\"ev\":\"unknown\",\"ours\":...,\"theirs\":...}\n"
    "  --json            one JSON object a line, first {\"ev\":\"serving\",\"url\":...,\"stun\":...}\n" TRACE_HELP
    "\n"
    "Of the native peer in the room `demo` (browsers do not use loopback addresses):\n"
    "\n" NET_HELP ICE_HELP "\n"
    "Exit status: 0 never, 1 failed, 2 wrong usage, 130 after Ctrl-C.\n"
    "\n"
    "To try it: run `auger serve`, open the page that it names, press Connect; or, in another\n"
    "terminal, `echo hello | auger connect demo`.\n";

struct serve {
    struct auger_addr listen, stun;
    const char *cert, *key;
    struct auger_net_config net; /* of the native peer */
    struct auger_peer_config peer;
    long mux_port; /* -1: none */
    bool json;

    struct auger_loop *loop;
    struct rooms *rooms;
    struct member *native;
    struct demo *demo;
    struct server *server;
    int interrupt_fd;
    auger_time close_by; /* AUGER_NEVER: nobody asked us to end */
    int status;
};

static bool failed(const char *what, const char *why)
{
    fprintf(stderr, "auger serve: %s: %s\n", what, why);
    return false;
}

static const char *error_text(int err)
{
    return err == AUGER_ERR_SYSTEM ? strerror(errno) : auger_strerror(err);
}

/* --- the room demo ---------------------------------------------------------------------------- */

static void deliver(void *user, const char *text, size_t len)
{
    struct serve *serve = user;

    demo_take(serve->demo, text, len);
}

static void say(void *user, const char *text, size_t len)
{
    struct serve *serve = user;

    rooms_say(serve->native, auger_loop_now(serve->loop), text, len);
}

static bool open_mux(struct serve *serve)
{
    struct auger_net_config net = serve->net;
    char what[40];

    if (serve->mux_port < 0)
        return true;
    net.port_min = net.port_max = (uint16_t)serve->mux_port;
    int err = auger_loop_mux_new(serve->loop, &net, &serve->net.mux);
    snprintf(what, sizeof(what), "cannot open --mux %ld", serve->mux_port);
    return err == 0 || failed(what, error_text(err));
}

static bool open_room(struct serve *serve)
{
    const char *why = "out of memory";

    serve->rooms = rooms_new();
    serve->demo = demo_new(serve->loop, &serve->peer, &serve->net, say, serve);
    if (serve->rooms && serve->demo)
        serve->native = rooms_join(serve->rooms, DEMO_ROOM, true, deliver, serve, &why);
    return serve->native || failed("cannot open the room " DEMO_ROOM, why);
}

/* --- beginning ---------------------------------------------------------------------------------
 */

static bool open_stun(struct serve *serve)
{
    char addr[AUGER_ADDR_TEXT_MAX], what[160];

    auger_addr_format(&serve->stun, addr, sizeof(addr));
    int err = auger_loop_serve_stun(serve->loop, &serve->stun);
    if (err == 0)
        return true;
    snprintf(what, sizeof(what), "cannot serve STUN at %s (choose another with --stun)", addr);
    return failed(what, error_text(err));
}

static bool open_server(struct serve *serve)
{
    char ip[AUGER_ADDR_TEXT_MAX];
    const struct server_config config = {
        .address = auger_addr_format_ip(&serve->listen, ip, sizeof(ip)),
        .port = serve->listen.port,
        .cert = serve->cert,
        .key = serve->key,
        .stun_port = serve->stun.port,
        .demo_room = DEMO_ROOM,
    };

    serve->server = server_new(&config, serve->loop, serve->rooms, serve->demo);
    if (!serve->server)
        return failed("cannot serve HTTP", "choose another address with --listen");
    serve->listen.port = server_port(serve->server);
    return true;
}

static struct auger_addr loopback_of(const struct auger_addr *addr)
{
    const char *ip = addr->family == AUGER_IPV4 ? "127.0.0.1" : "::1";
    struct auger_addr loopback = *addr;

    return auger_addr_parse_ip(&loopback, ip, strlen(ip), addr->port) < 0 ? *addr : loopback;
}

/* A browser does not open 0.0.0.0, so that the page is shown where it is on this machine. */
static void print_where(const struct serve *serve)
{
    struct auger_addr shown = serve->listen;
    char page[AUGER_ADDR_TEXT_MAX], stun[AUGER_ADDR_TEXT_MAX], url[AUGER_ADDR_TEXT_MAX + 16];

    auger_addr_format_ip(&shown, page, sizeof(page));
    if (strcmp(page, "0.0.0.0") == 0 || strcmp(page, "::") == 0)
        shown = loopback_of(&shown);
    auger_addr_format(&shown, page, sizeof(page));
    auger_addr_format(&serve->stun, stun, sizeof(stun));
    snprintf(url, sizeof(url), "http%s://%s/", serve->cert ? "s" : "", page);
    if (serve->json)
        output_line(json_pack("{ss ss ss ss}", "ev", "serving", "url", url, "stun", stun, "room",
                              DEMO_ROOM));
    else
        printf("The page:   %s\nSTUN:       %s\nCtrl-C ends.\n", url, stun);
    fflush(stdout);
}

static bool begin(struct serve *serve, struct trace_writer *writer)
{
    struct auger_loop_config config;

    auger_loop_config_init(&config);
    trace_writer_attach(writer, &config);
    int err = auger_loop_new(&serve->loop, &config);
    if (err == 0)
        err = auger_loop_watch_fd(serve->loop, serve->interrupt_fd, NULL);
    if (err < 0)
        return failed("cannot begin", error_text(err));
    return open_stun(serve) && open_mux(serve) && open_room(serve) && open_server(serve);
}

/* --- serving ------------------------------------------------------------------------------------
 */

static void begin_to_end(struct serve *serve, int status)
{
    if (status == 0 || serve->close_by != AUGER_NEVER)
        return;
    serve->status = status;
    serve->close_by = auger_loop_now(serve->loop) + CLOSE_WITHIN;
    demo_close(serve->demo);
}

static void note_trouble(const struct serve *serve, const struct auger_loop_event *event)
{
    if (serve->json)
        output_line(json_pack("{ss so}", "ev", "trouble", "what",
                              json_text(event->what, strlen(event->what))));
    else
        print_line("auger serve: ", event->what);
}

/* Somebody checks a path to nobody: its session is over, or never was here. */
static void note_unknown(const struct serve *serve, const struct auger_mux_event *unknown)
{
    char from[AUGER_ADDR_TEXT_MAX];

    auger_addr_format(&unknown->path.remote, from, sizeof(from));
    if (serve->json)
        output_line(json_pack("{ss ss ss ss}", "ev", "unknown", "ours", unknown->ours, "theirs",
                              unknown->theirs, "from", from));
}

static void take(struct serve *serve, const struct auger_loop_event *event)
{
    switch (event->type) {
    case AUGER_LOOP_EVENT_PEER:
        demo_take_event(serve->demo, event);
        break;
    case AUGER_LOOP_EVENT_TROUBLE:
        note_trouble(serve, event);
        break;
    case AUGER_LOOP_EVENT_TIMER:
        demo_handle_timeout(serve->demo, auger_loop_now(serve->loop));
        break;
    case AUGER_LOOP_EVENT_FD:
        begin_to_end(serve, interrupt_take(serve->interrupt_fd));
        break;
    case AUGER_LOOP_EVENT_UNKNOWN:
        note_unknown(serve, event->unknown);
        break;
    case AUGER_LOOP_EVENT_WAKE:
        break;
    }
}

static bool is_over(const struct serve *serve)
{
    if (serve->close_by == AUGER_NEVER)
        return ferror(stdout);
    return demo_sessions(serve->demo) == 0 || auger_loop_now(serve->loop) >= serve->close_by;
}

static void turn(struct serve *serve)
{
    struct auger_loop_event event;

    while (auger_loop_poll(serve->loop, &event))
        take(serve, &event);
    auger_time next = demo_next_timeout(serve->demo);
    auger_loop_set_timer(serve->loop, next < serve->close_by ? next : serve->close_by, NULL);
    /* What the demo has just asked of its peers leaves now. */
    while (auger_loop_poll(serve->loop, &event))
        take(serve, &event);
}

static int run_until_over(struct serve *serve, struct trace_writer *writer)
{
    serve->close_by = AUGER_NEVER;
    if (!begin(serve, writer))
        return EXIT_FAILED;
    print_where(serve);
    turn(serve);
    while (!is_over(serve)) {
        server_wait(serve->server);
        turn(serve);
    }
    return serve->status;
}

static void end(struct serve *serve)
{
    /* First of all nobody may speak to the demo any more, then nobody wait for it. */
    rooms_leave(serve->native);
    server_free(serve->server);
    demo_free(serve->demo);
    rooms_free(serve->rooms);
    auger_loop_free(serve->loop);
}

/* --- the command -------------------------------------------------------------------------- */

static bool is_readable(const char *option, const char *path)
{
    char what[300];

    if (!path || access(path, R_OK) == 0)
        return true;
    snprintf(what, sizeof(what), "%s %.200s", option, path);
    return failed(what, strerror(errno));
}

static bool check_tls(const struct serve *serve)
{
    if (!serve->cert != !serve->key)
        return failed(serve->cert ? "--cert" : "--key", "takes --cert and --key together");
    return is_readable("--cert", serve->cert) && is_readable("--key", serve->key);
}

static int run(int argc, char **argv)
{
    struct serve serve = {.mux_port = -1};
    struct trace_options trace = TRACE_OPTIONS_DEFAULT;
    struct net_options net_options = {0};
    struct ice_options ice_options = {0};
    int status;

    auger_net_config_init(&serve.net);
    auger_peer_config_init(&serve.peer);
    if (auger_addr_parse(&serve.listen, "127.0.0.1:8080") < 0)
        return EXIT_FAILED;
    const struct option items[] = {
        {"--listen", OPTION_ADDRESS, .address = &serve.listen},
        {"--stun", OPTION_ADDRESS, .address = &serve.stun},
        {"--cert", OPTION_TEXT, .text = &serve.cert},
        {"--key", OPTION_TEXT, .text = &serve.key},
        {"--mux", OPTION_NUMBER, .number = &serve.mux_port, .min = 0, .max = 65535},
        {"--json", OPTION_FLAG, .flag = &serve.json},
        TRACE_OPTION_ROWS(trace),
        NET_OPTION_ROWS(net_options),
        ICE_OPTION_ROWS(ice_options),
    };
    const struct options options = {
        .items = items, .len = sizeof(items) / sizeof(items[0]), .help = help};
    if (!options_read(&options, argc, argv, &status))
        return status;
    if (!check_tls(&serve) ||
        !net_options_apply(&net_options, "serve", &serve.net, &serve.peer.ice) ||
        !ice_options_apply(&ice_options, "serve", &serve.peer))
        return EXIT_USAGE;
    if (serve.stun.family == AUGER_FAMILY_NONE) {
        serve.stun = serve.listen;
        serve.stun.port = STUN_PORT;
    }

    struct trace_writer *writer = trace_writer_new(&trace, "auger serve");
    serve.interrupt_fd = interrupt_open();
    if (!writer || serve.interrupt_fd < 0) {
        trace_writer_free(writer);
        return EXIT_FAILED;
    }
    status = run_until_over(&serve, writer);
    end(&serve);
    trace_writer_free(writer);
    close(serve.interrupt_fd);
    return status;
}

const struct command serve_command = {
    .name = "serve",
    .summary = "the page, rooms, a STUN server and a native peer to talk to",
    .help = help,
    .run = run,
};
