/* tools/connect.c - auger connect: finds the other side in a room or by copy and paste, and pipes
 * standard input and output over a data channel (talk.h). */
#define _POSIX_C_SOURCE 200809L
#include "tools/command.h"
#include "tools/interrupt.h"
#include "tools/line_reader.h"
#include "tools/options.h"
#include "tools/room_client.h"
#include "tools/signalling.h"
#include "tools/talk.h"
#include "tools/trace_writer.h"

#include <auger/io.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLOSE_WITHIN (1 * AUGER_SEC)
#define PASTED_MAX (2 * AUGER_SDP_MAX)

static const char help[] =
    "usage: auger connect ROOM [--server URL] [OPTION]...\n"
    "       auger connect --manual [OPTION]...\n"
    "\n"
    "Pipes standard input and output over a data channel to whoever is in the room: a browser with\n"
    "the page of `auger serve`, another `auger connect`, or the native peer of the room `demo`.\n"
    "Waits if nobody is there.  The end of input is told to the other side, and the command ends\n"
    "when both sides have ended.\n"
    "\n"
    "  --server URL       where `auger serve` runs; default http://127.0.0.1:8080/\n"
    "  --ca FILE          trust this certificate of an https server too\n"
    "  --manual           without a server: each side's description is one line of JSON, carried\n"
    "                     over by hand.  Press Enter to make an offer, or paste the other side's;\n"
    "                     ours is shown on standard error, theirs is read before all other input.\n"
    "                     A browser's is JSON.stringify(connection.localDescription)\n"
    "  --stun URI         ask this STUN server, as stun:stun.example.org; up to four; default is\n"
    "                     port 3478 of the server's host\n"
    "  --loopback         offer 127.0.0.1 and ::1 too\n"
    "  --timeout SECONDS  for finding a path, 1 to 600; default 30\n"
    "  --json             what happens as JSON lines on standard error: {\"ev\":NAME,\"text\":...}\n"
    "  --quiet            nothing but failures on standard error\n"
    "  --trace FILE       write every decision there\n"
    "\n"
    "Exit status: 0 both sides ended, 1 failed, 2 wrong usage, 130 after Ctrl-C.\n"
    "\n"
    "A file across: `auger connect box < file` on one machine, `auger connect box > file` on the\n"
    "other, both with --server.\n";

struct connect {
    const char *room;
    struct room_client_config room_config;
    struct talk_config talk_config;
    bool manual;

    struct auger_loop *loop;
    struct talk *talk;
    int interrupt_fd;
    auger_time close_by; /* AUGER_NEVER: nobody asked us to end */
    int status;          /* of the signal that asked */
    bool failed;         /* before or beside the talk */

    /* In a room */
    struct room_client *client;
    char other[SIGNAL_NAME_MAX], session[SIGNAL_NAME_MAX]; /* "" before there is one */

    /* By hand */
    struct line_reader pasted;
    bool is_described; /* theirs was read */
};

static void fail(struct connect *connect, const char *what, const char *why)
{
    fprintf(stderr, "auger connect: %s%s%s\n", what, *why ? ": " : "", why);
    connect->failed = true;
}

static void note(const struct connect *connect, const char *text)
{
    if (connect->talk_config.json)
        fprintf(stderr, "{\"ev\":\"note\",\"text\":\"%s\"}\n", text);
    else if (!connect->talk_config.quiet)
        fprintf(stderr, "auger connect: %s\n", text);
}

/* --- in a room -------------------------------------------------------------------------------- */

/* `text` is used up. */
static void say(struct connect *connect, char *text)
{
    if (text)
        room_client_say(connect->client, text, strlen(text));
    free(text);
}

static void say_description(void *user, enum auger_sdp_type type, const char *sdp)
{
    struct connect *connect = user;

    say(connect, signal_description(type == AUGER_SDP_OFFER ? SIGNAL_OFFER : SIGNAL_ANSWER,
                                    connect->other, connect->session, sdp));
}

static void say_candidate(void *user, const char *line)
{
    struct connect *connect = user;

    if (connect->other[0])
        say(connect, signal_candidate(connect->other, connect->session, line));
}

/* Who comes last offers to who is there. */
static void take_welcome(struct connect *connect, const struct signal *signal)
{
    const char *id = json_string_value(json_object_get(json_array_get(signal->peers, 0), "id"));

    if (!id) {
        note(connect, "nobody is in the room yet: waiting");
        return;
    }
    if (!signal_is_name(id, strlen(id)) || signal_random_name(connect->session) < 0) {
        fail(connect, "the server's welcome is not understood", "");
        return;
    }
    strcpy(connect->other, id);
    talk_offer(connect->talk);
}

static void take_offer(struct connect *connect, const struct signal *signal)
{
    if (connect->other[0]) {
        say(connect, signal_plain(SIGNAL_BYE, signal->from, signal->session));
        return;
    }
    strcpy(connect->other, signal->from);
    strcpy(connect->session, signal->session);
    if (!talk_take_description(connect->talk, AUGER_SDP_OFFER, signal->sdp))
        say(connect, signal_plain(SIGNAL_BYE, connect->other, connect->session));
}

static bool is_of_ours(const struct connect *connect, const struct signal *signal)
{
    return connect->other[0] && strcmp(signal->from, connect->other) == 0 &&
           strcmp(signal->session, connect->session) == 0;
}

static void take_call(struct connect *connect, const struct signal *signal)
{
    if (connect->other[0] || signal_random_name(connect->session) < 0)
        return;
    strcpy(connect->other, signal->from);
    talk_offer(connect->talk);
}

static void take_signal(struct connect *connect, const struct signal *signal)
{
    bool ours = is_of_ours(connect, signal);

    switch (signal->type) {
    case SIGNAL_WELCOME:
        take_welcome(connect, signal);
        break;
    case SIGNAL_OFFER:
        take_offer(connect, signal);
        break;
    case SIGNAL_CALL:
        take_call(connect, signal);
        break;
    case SIGNAL_ANSWER:
        if (ours)
            talk_take_description(connect->talk, AUGER_SDP_ANSWER, signal->sdp);
        break;
    case SIGNAL_CANDIDATE:
        if (ours)
            talk_take_candidate(connect->talk, signal->candidate);
        break;
    case SIGNAL_BYE:
        if (ours)
            talk_take_bye(connect->talk);
        break;
    case SIGNAL_ERROR:
        note(connect, "the server did not take what was sent");
        break;
    case SIGNAL_JOINED:
    case SIGNAL_LEFT: /* the connection itself tells when it is gone */
    case SIGNAL_PICTURE:
        break;
    }
}

static void take_text(void *user, const char *text, size_t len)
{
    struct connect *connect = user;
    struct signal signal;
    const char *why;

    if (!signal_parse(&signal, text, len, &why))
        return; /* the room is open to all */
    take_signal(connect, &signal);
    signal_release(&signal);
}

/* A path that stands needs no server. */
static void server_gone(void *user, const char *why)
{
    struct connect *connect = user;
    char what[SERVER_HOST_MAX + 60];

    if (connect->talk && talk_next_timeout(connect->talk) == AUGER_NEVER && connect->other[0])
        return;
    snprintf(what, sizeof(what), "no server at %s port %u (see --server)",
             connect->room_config.url.host, connect->room_config.url.port);
    fail(connect, what, why);
}

static bool enter_room(struct connect *connect)
{
    connect->room_config.room = connect->room;
    connect->room_config.message = take_text;
    connect->room_config.closed = server_gone;
    connect->room_config.user = connect;
    connect->client = room_client_new(&connect->room_config, connect->loop);
    return connect->client;
}

/* --- by hand ------------------------------------------------------------------------------------
 */

static void show_description(void *user, enum auger_sdp_type type, const char *sdp)
{
    struct connect *connect = user;
    bool is_offer = type == AUGER_SDP_OFFER;
    json_t *json = json_pack("{ss ss}", "type", is_offer ? "offer" : "answer", "sdp", sdp);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    if (text) {
        note(connect, is_offer ? "give this line to the other side, and paste its answer here:"
                               : "give this line to the other side:");
        fprintf(stderr, "%s\n", text);
    }
    free(text);
    json_decref(json);
}

static void take_pasted(struct connect *connect, const char *line, size_t len)
{
    json_t *json = json_loadb(line, len, 0, NULL);
    const char *type = json_string_value(json_object_get(json, "type"));
    const char *sdp = json_string_value(json_object_get(json, "sdp"));
    bool is_offer = type && strcmp(type, "offer") == 0;

    if (sdp && (is_offer || (type && strcmp(type, "answer") == 0)))
        connect->is_described = talk_take_description(
            connect->talk, is_offer ? AUGER_SDP_OFFER : AUGER_SDP_ANSWER, sdp);
    else
        fail(connect, "that line is no description: {\"type\":\"offer\",\"sdp\":\"...\"}", "");
    json_decref(json);
}

/* The first lines are descriptions; the talk has the rest. */
static void read_pasted(struct connect *connect)
{
    size_t len;

    while (!connect->is_described && !connect->failed && line_reader_fill(&connect->pasted)) {
        char *line;
        while (!connect->is_described && !connect->failed &&
               (line = line_reader_next(&connect->pasted, &len))) {
            if (len == 0)
                talk_offer(connect->talk);
            else
                take_pasted(connect, line, len);
        }
        if (connect->pasted.ended && !connect->is_described && !connect->failed)
            fail(connect, "the input ended before the other side's description", "");
    }
    if (connect->is_described || connect->failed) {
        const char *rest = line_reader_rest(&connect->pasted, &len);
        talk_give_input(connect->talk, rest, len);
    } else if (auger_loop_watch_fd(connect->loop, STDIN_FILENO, NULL) < 0) {
        fail(connect, "standard input cannot be read", strerror(errno));
    }
}

static bool begin_by_hand(struct connect *connect)
{
    if (!line_reader_init(&connect->pasted, STDIN_FILENO, PASTED_MAX))
        return false;
    note(connect, "paste the other side's line, or press Enter to make the first one");
    read_pasted(connect);
    return true;
}

/* --- the loop
 * ------------------------------------------------------------------------------------- */

static void begin_to_end(struct connect *connect, int status)
{
    if (status == 0 || connect->close_by != AUGER_NEVER)
        return;
    connect->status = status;
    connect->close_by = auger_loop_now(connect->loop) + CLOSE_WITHIN;
    talk_close(connect->talk);
}

static void take_readable(struct connect *connect, int fd)
{
    if (fd == connect->interrupt_fd)
        begin_to_end(connect, interrupt_take(fd));
    else if (connect->manual && !connect->is_described)
        read_pasted(connect);
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
        note(connect, event->what);
        break;
    case AUGER_LOOP_EVENT_TIMER:
        talk_handle_timeout(connect->talk);
        break;
    case AUGER_LOOP_EVENT_FD:
        take_readable(connect, event->fd);
        break;
    }
}

static bool is_over(const struct connect *connect)
{
    return connect->failed || talk_state(connect->talk) != TALK_GOES_ON ||
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

    if (connect->client)
        room_client_wait(connect->client);
    else if (auger_loop_next(connect->loop, &event))
        take(connect, &event);
    turn(connect);
}

static int talk_until_over(struct connect *connect)
{
    bool begun = connect->manual ? begin_by_hand(connect) : enter_room(connect);

    if (!begun)
        return EXIT_FAILED;
    turn(connect);
    while (!is_over(connect))
        wait_and_turn(connect);
    /* The last words: what the end has put out is sent. */
    struct auger_loop_event event;
    while (auger_loop_poll(connect->loop, &event))
        ;
    if (connect->status)
        return connect->status;
    return !connect->failed && talk_state(connect->talk) == TALK_DONE ? EXIT_DONE : EXIT_FAILED;
}

static int begin(struct connect *connect, const struct auger_env *env)
{
    struct auger_loop_config config;

    connect->close_by = AUGER_NEVER;
    connect->talk_config.user = connect;
    connect->talk_config.whole = connect->manual;
    connect->talk_config.described = connect->manual ? show_description : say_description;
    connect->talk_config.candidate = say_candidate;
    auger_loop_config_init(&config);
    config.env = env;
    int err = auger_loop_new(&connect->loop, &config);
    if (err == 0)
        err = auger_loop_watch_fd(connect->loop, connect->interrupt_fd, NULL);
    if (err < 0) {
        fail(connect, "cannot begin",
             err == AUGER_ERR_SYSTEM ? strerror(errno) : auger_strerror(err));
        return EXIT_FAILED;
    }
    connect->talk = talk_new(connect->loop, &connect->talk_config);
    return connect->talk ? talk_until_over(connect) : EXIT_FAILED;
}

static void end(struct connect *connect)
{
    room_client_free(connect->client);
    line_reader_fini(&connect->pasted);
    talk_free(connect->talk);
    auger_loop_free(connect->loop);
}

/* --- the command
 * ------------------------------------------------------------------------------------ */

static bool wrong(const char *why)
{
    fprintf(stderr, "auger connect: %s; see auger help connect\n", why);
    return false;
}

static bool check(struct connect *connect, const char *server)
{
    if (connect->manual)
        return !connect->room || wrong("--manual takes no room");
    if (!connect->room)
        return wrong("name a room, as in: auger connect demo");
    if (!signal_is_name(connect->room, strlen(connect->room)))
        return wrong("a room's name is 1 to 64 of A-Z a-z 0-9 _ -");
    if (!server_url_parse(&connect->room_config.url, server))
        return wrong("--server takes a URL, as http://192.0.2.1:8080/");
    if (connect->room_config.ca && access(connect->room_config.ca, R_OK) != 0)
        return wrong("the file of --ca cannot be read");
    return true;
}

/* `auger serve` has a STUN server beside the page. */
static void add_default_stun(const struct connect *connect, struct option_texts *stun, char *uri,
                             size_t cap)
{
    const char *host = connect->room_config.url.host;

    if (connect->manual || stun->len > 0)
        return;
    snprintf(uri, cap, strchr(host, ':') ? "stun:[%s]" : "stun:%s", host);
    stun->items[stun->len++] = uri;
}

static int run(int argc, char **argv)
{
    struct connect connect = {0};
    struct option_texts stun = {0};
    const char *server = "http://127.0.0.1:8080/", *trace = NULL;
    char default_stun[SERVER_HOST_MAX + 16];
    struct auger_net_config *net = &connect.talk_config.net;
    long timeout_s = 30;
    int status;

    auger_net_config_init(net);
    const struct option items[] = {
        {"--server", OPTION_TEXT, .text = &server},
        {"--ca", OPTION_TEXT, .text = &connect.room_config.ca},
        {"--manual", OPTION_FLAG, .flag = &connect.manual},
        {"--stun", OPTION_TEXTS, .texts = &stun},
        {"--loopback", OPTION_FLAG, .flag = &net->loopback},
        {"--timeout", OPTION_NUMBER, .number = &timeout_s, .min = 1, .max = 600},
        {"--json", OPTION_FLAG, .flag = &connect.talk_config.json},
        {"--quiet", OPTION_FLAG, .flag = &connect.talk_config.quiet},
        {"--trace", OPTION_TEXT, .text = &trace},
    };
    const struct options options = {.items = items,
                                    .len = sizeof(items) / sizeof(items[0]),
                                    .words = &connect.room,
                                    .words_max = 1,
                                    .help = help};
    if (!options_read(&options, argc, argv, &status))
        return status;
    if (!check(&connect, server))
        return EXIT_USAGE;
    add_default_stun(&connect, &stun, default_stun, sizeof(default_stun));
    net->stun_servers = stun.items;
    net->stun_servers_len = stun.len;
    connect.talk_config.connect_in = timeout_s * AUGER_SEC;

    struct trace_writer *writer = trace_writer_new(trace);
    connect.interrupt_fd = interrupt_open();
    if (!writer || connect.interrupt_fd < 0) {
        trace_writer_free(writer);
        return EXIT_FAILED;
    }
    status = begin(&connect, trace_writer_env(writer));
    end(&connect);
    trace_writer_free(writer);
    close(connect.interrupt_fd);
    return status;
}

const struct command connect_command = {
    .name = "connect",
    .summary = "standard input and output over a data channel, to a browser or to another shell",
    .help = help,
    .run = run,
};
