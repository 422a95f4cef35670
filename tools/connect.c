/* tools/connect.c - auger connect: finds the other side in a room or by copy and paste, and pipes
 * standard input and output over a data channel (talk.h). */
#define _POSIX_C_SOURCE 200809L
#include "tools/command.h"
#include "tools/ice_options.h"
#include "tools/interrupt.h"
#include "tools/meet_manual.h"
#include "tools/meet_room.h"
#include "tools/name_options.h"
#include "tools/net_options.h"
#include "tools/options.h"
#include "tools/trace_writer.h"

#include <auger/io.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLOSE_WITHIN (1 * AUGER_SEC)

static const char help[] =
    "usage: auger connect ROOM [--server URL] [OPTION]...\n"
    "       auger connect --manual [OPTION]...\n"
    "\n"
    "Pipes standard input and output over a data channel to whoever is in the room: a browser with\n"
    "the page of `auger serve`, another `auger connect`, or the native peer of the room `demo`.\n"
    "Waits if nobody is there.  The end of input is told to the other side, and the command ends\n"
    "when both sides have ended.  Ctrl-C ends it at once; what came and is not written yet is lost.\n"
    "\n"
    "  --server URL       where `auger serve` runs; default http://127.0.0.1:8080/\n"
    "  --ca FILE          trust this certificate of an https server too\n"
    "  --manual           without a server: each side's description is one line of JSON, carried\n"
    "                     over by hand.  Press Enter to make an offer, or paste the other side's;\n"
    "                     ours is shown on standard error, theirs is read before all other input.\n"
    "                     A browser's is JSON.stringify(connection.localDescription)\n"
    "  --stun URI         ask this STUN server, as stun:stun.example.org, or stuns:HOST over DTLS;\n"
    "                     up to four; default is port 3478 of the server's host\n"
    "  --timeout SECONDS  for finding a path, 1 to 600; default 30\n"
    "  --json             what happens as JSON lines on standard error: {\"ev\":NAME,\"text\":...}\n"
    "  --quiet            nothing but failures on standard error\n" TRACE_HELP RECORD_HELP
    "\n" RELAY_HELP NET_HELP TCP_HELP NAME_HELP ICE_HELP "\n"
    "Exit status: 0 both sides ended, 1 failed, 2 wrong usage, 130 after Ctrl-C.\n"
    "\n"
    "A file across: `auger connect box < file` on one machine, `auger connect box > file` on the\n"
    "other, both with --server.\n";

struct connect {
    const char *room, *ca; /* no room: by hand */
    struct server_url server;
    struct talk_config talk_config;
    bool manual;

    struct auger_loop *loop;
    struct talk *talk;
    struct meet_room in_room;
    struct meet_manual by_hand;
    int interrupt_fd;
    auger_time close_by; /* AUGER_NEVER: nobody asked us to end */
    int status;          /* of the signal that asked */
};

/* --- the loop ----------------------------------------------------------------------------- */

static void begin_to_end(struct connect *connect, int status)
{
    if (status == 0 || connect->close_by != AUGER_NEVER)
        return;
    connect->status = status;
    connect->close_by = auger_loop_now(connect->loop) + CLOSE_WITHIN;
    talk_interrupt(connect->talk);
}

static void take_readable(struct connect *connect, int fd)
{
    if (fd == connect->interrupt_fd)
        begin_to_end(connect, interrupt_take(fd));
    else if (connect->manual && !connect->by_hand.is_described)
        meet_manual_take_input(&connect->by_hand);
    else
        talk_take_input(connect->talk);
}

static void take(struct connect *connect, const struct auger_loop_event *event)
{
    switch (event->type) {
    case AUGER_LOOP_EVENT_PEER:
        talk_take_event(connect->talk, &event->event);
        break;
    case AUGER_LOOP_EVENT_TROUBLE:
        talk_tell(&connect->talk_config, "trouble", event->what);
        break;
    case AUGER_LOOP_EVENT_TIMER:
        talk_handle_timeout(connect->talk);
        break;
    case AUGER_LOOP_EVENT_FD:
        take_readable(connect, event->fd);
        break;
    case AUGER_LOOP_EVENT_UNKNOWN:
    case AUGER_LOOP_EVENT_TURN:
    case AUGER_LOOP_EVENT_WAKE:
        break;
    }
}

static bool has_failed(const struct connect *connect)
{
    return connect->in_room.failed || connect->by_hand.failed;
}

static bool is_over(const struct connect *connect)
{
    return has_failed(connect) || talk_state(connect->talk) != TALK_GOES_ON ||
           auger_loop_now(connect->loop) >= connect->close_by;
}

/* Does all there is to do; what an event makes our side say leaves with the next poll. */
static void turn(struct connect *connect)
{
    struct auger_loop_event event;

    do {
        auger_time next = talk_next_timeout(connect->talk);
        auger_loop_set_timer(connect->loop, next < connect->close_by ? next : connect->close_by,
                             NULL);
        if (!auger_loop_poll(connect->loop, &event))
            break;
        take(connect, &event);
    } while (!is_over(connect));
}

/* Of a room, libwebsockets waits; without one, the loop itself. */
static void wait_and_turn(struct connect *connect)
{
    struct auger_loop_event event;

    if (!connect->manual)
        room_client_wait(connect->in_room.client);
    else if (auger_loop_next(connect->loop, &event))
        take(connect, &event);
    turn(connect);
}

static bool meet(struct connect *connect)
{
    connect->by_hand.talk = connect->in_room.talk = connect->talk;
    if (connect->manual)
        return meet_manual_begin(&connect->by_hand, connect->loop);
    return meet_room_begin(&connect->in_room, connect->loop, &connect->server, connect->room,
                           connect->ca);
}

static int talk_until_over(struct connect *connect)
{
    struct auger_loop_event event;

    if (!meet(connect))
        return EXIT_FAILED;
    turn(connect);
    while (!is_over(connect))
        wait_and_turn(connect);
    /* The last words: what the end has put out is sent. */
    while (auger_loop_poll(connect->loop, &event))
        ;
    if (connect->status)
        return connect->status;
    return !has_failed(connect) && talk_state(connect->talk) == TALK_DONE ? EXIT_DONE : EXIT_FAILED;
}

static void configure_talk(struct connect *connect)
{
    struct talk_config *config = &connect->talk_config;

    connect->by_hand.config = connect->in_room.config = config;
    if (connect->manual) {
        config->user = &connect->by_hand;
        config->whole = true;
        config->described = meet_manual_described;
    } else {
        config->user = &connect->in_room;
        config->described = meet_room_described;
        config->candidate = meet_room_candidate;
    }
}

static int begin(struct connect *connect, struct trace_writer *writer)
{
    struct auger_loop_config config;

    connect->close_by = AUGER_NEVER;
    configure_talk(connect);
    connect->talk_config.peer.recorder = trace_writer_recorder(writer);
    auger_loop_config_init(&config);
    trace_writer_attach(writer, &config);
    int err = auger_loop_new(&connect->loop, &config);
    if (err == 0)
        err = auger_loop_watch_fd(connect->loop, connect->interrupt_fd, NULL);
    if (err < 0) {
        fprintf(stderr, "auger connect: cannot begin: %s\n",
                err == AUGER_ERR_SYSTEM ? strerror(errno) : auger_strerror(err));
        return EXIT_FAILED;
    }
    connect->talk = talk_new(connect->loop, &connect->talk_config);
    return connect->talk ? talk_until_over(connect) : EXIT_FAILED;
}

static void end(struct connect *connect)
{
    meet_room_end(&connect->in_room);
    meet_manual_end(&connect->by_hand);
    talk_free(connect->talk);
    auger_loop_free(connect->loop);
}

/* --- the command -------------------------------------------------------------------------- */

static bool wrong(const char *why)
{
    fprintf(stderr, "auger connect: %s; see auger help connect\n", why);
    return false;
}

static bool check(struct connect *connect, const char *server, bool restarts)
{
    if (connect->manual && restarts)
        return wrong("--manual carries no restart: leave --standby-restarts out");
    if (connect->manual)
        return !connect->room || wrong("--manual takes no room");
    if (!connect->room)
        return wrong("name a room, as in: auger connect demo");
    if (!signal_is_name(connect->room, strlen(connect->room)))
        return wrong("a room's name is 1 to 64 of A-Z a-z 0-9 _ -");
    if (!server_url_parse(&connect->server, server))
        return wrong("--server takes a URL, as http://192.0.2.1:8080/");
    if (connect->ca && access(connect->ca, R_OK) != 0)
        return wrong("the file of --ca cannot be read");
    return true;
}

/* `auger serve` has a STUN server beside the page. */
static void add_default_stun(const struct connect *connect, struct option_texts *stun, char *uri,
                             size_t cap)
{
    const char *host = connect->server.host;

    if (connect->manual || stun->len > 0 || connect->talk_config.peer.ice.lite)
        return;
    snprintf(uri, cap, strchr(host, ':') ? "stun:[%s]" : "stun:%s", host);
    stun->items[stun->len++] = uri;
}

static int converse(struct connect *connect, const struct trace_options *trace)
{
    struct trace_writer *writer = trace_writer_new(trace, "auger connect");

    connect->interrupt_fd = connect->talk_config.interrupt_fd = interrupt_open();
    if (!writer || connect->interrupt_fd < 0) {
        trace_writer_free(writer);
        return EXIT_FAILED;
    }
    int status = begin(connect, writer);
    end(connect);
    trace_writer_free(writer);
    close(connect->interrupt_fd);
    return status;
}

static int run(int argc, char **argv)
{
    struct connect connect = {0};
    struct option_texts stun = {0};
    struct net_options net_options = {0};
    struct name_options names = {0};
    struct ice_options ice_options = {0};
    const char *server = "http://127.0.0.1:8080/";
    struct trace_options trace = TRACE_OPTIONS_DEFAULT;
    char default_stun[SERVER_HOST_MAX + 16];
    struct auger_net_config *net = &connect.talk_config.net;
    long timeout_s = 30;
    int status;

    auger_net_config_init(net);
    auger_peer_config_init(&connect.talk_config.peer);
    const struct option items[] = {
        {"--server", OPTION_TEXT, .text = &server},
        {"--ca", OPTION_TEXT, .text = &connect.ca},
        {"--manual", OPTION_FLAG, .flag = &connect.manual},
        {"--stun", OPTION_TEXTS, .texts = &stun},
        {"--timeout", OPTION_NUMBER, .number = &timeout_s, .min = 1, .max = 600},
        {"--json", OPTION_FLAG, .flag = &connect.talk_config.json},
        {"--quiet", OPTION_FLAG, .flag = &connect.talk_config.quiet},
        TRACE_OPTION_ROWS(trace),
        RECORD_OPTION_ROW(trace),
        NET_OPTION_ROWS(net_options),
        TCP_OPTION_ROWS(net_options),
        RELAY_OPTION_ROWS(net_options),
        NAME_OPTION_ROWS(names),
        ICE_OPTION_ROWS(ice_options),
    };
    const struct options options = {.items = items,
                                    .len = sizeof(items) / sizeof(items[0]),
                                    .words = &connect.room,
                                    .words_max = 1,
                                    .help = help};
    if (!options_read(&options, argc, argv, &status))
        return status;
    if (!check(&connect, server, net_options.standby_restarts) ||
        !net_options_apply(&net_options, "connect", net, &connect.talk_config.peer.ice) ||
        !ice_options_apply(&ice_options, "connect", &connect.talk_config.peer))
        return EXIT_USAGE;
    if (ice_options.lite && stun.len > 0) {
        wrong("--lite asks no STUN server: leave --stun out");
        return EXIT_USAGE;
    }
    name_options_apply(&names, &connect.talk_config.peer);
    add_default_stun(&connect, &stun, default_stun, sizeof(default_stun));
    net->stun_servers = stun.items;
    net->stun_servers_len = stun.len;
    connect.talk_config.connect_in = timeout_s * AUGER_SEC;

    return converse(&connect, &trace);
}

const struct command connect_command = {
    .name = "connect",
    .summary = "standard input and output over a data channel, to a browser or to another shell",
    .help = help,
    .run = run,
};
