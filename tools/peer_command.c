/* tools/peer_command.c - auger peer: a peer that is driven by JSON lines, for test programs.  What
 * the requests do is peer_ops.c. */
#include "tools/command.h"
#include "tools/ice_options.h"
#include "tools/interrupt.h"
#include "tools/line_reader.h"
#include "tools/name_options.h"
#include "tools/net_options.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/peer_events.h"
#include "tools/peer_ops.h"
#include "tools/trace_writer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_LEN (1024 * 1024)
#define CLOSE_WITHIN (800 * AUGER_MS)

static const char help[] =
    "usage: auger peer [--passive] [OPTION]...\n"
    "\n"
    "A peer connection that reads requests from standard input and writes answers and events to\n"
    "standard output, one JSON object a line; for programs that test peers against each other.\n"
    "\n"
    "  --passive          as answerer be the DTLS server, where the offer leaves the choice\n" TRACE_HELP
        RECORD_HELP "\n" RELAY_HELP NET_HELP TCP_HELP NAME_HELP ICE_HELP "\n"
    "A request is {\"op\":NAME,\"id\":N,...}, its answer {\"id\":N,\"ok\":RESULT} or\n"
    "{\"id\":N,\"err\":TEXT}:\n"
    "\n"
    "  new      config: {iceServers}       begin; first of all\n"
    "  dc       label, init                open a data channel\n"
    "  offer, answer                       {type, sdp}, the local description from now on; answered\n"
    "                                      when it may be signalled (--trickle)\n"
    "  remote   desc: {type, sdp}          the other side's description\n"
    "  cand     cand: {candidate} or null  the other side's candidate, or the end of them\n"
    "  local                               the local description with all candidates known\n"
    "  send     label, data                a text message\n"
    "  sendbin  label, n, first            n bytes: byte i is 31 i mod 256, the first one `first`\n"
    "  rx                                  how many binary bytes came\n"
    "  pair, stats                         the path in use; W3C statistics\n"
    "  explain                             why there is no path: {code, text, evidence}\n"
    "  dcclose  label                      close a channel\n"
    "  restart                             the next offer restarts ICE\n"
    "  rollback                            take back an offer that waits for its answer\n"
    "  close, quit                         close the connection; end the program\n"
    "\n"
    "Events are {\"ev\":NAME,...}: ready, cand, state, datachannel, open, msg, dcclose, trouble,\n"
    "restartwanted (the address in use is gone, and no pair is left to try; with\n"
    "--standby-restarts also: a path in reserve is to be used).\n"
    "A text that begins with `ping` is answered with `pong` and the rest, a binary message whose\n"
    "first byte is 0xE0 with the same bytes, the first one set to 1.\n"
    "\n"
    "Exit status: 0 after quit or the end of input, 1 failed, 2 wrong usage, 130 Ctrl-C.\n"
    "\n"
    "Try: echo '{\"op\":\"new\",\"id\":1}' | auger peer\n";

struct driven {
    struct auger_loop *loop;
    struct peer_ops *ops;
    struct line_reader input;
    int interrupt_fd;
    bool ending;
    int status;
};

static void end(struct driven *driven, int status)
{
    if (driven->ending)
        return;
    driven->ending = true;
    driven->status = status;
    peer_ops_close(driven->ops);
    auger_loop_set_timer(driven->loop, auger_loop_now(driven->loop) + CLOSE_WITHIN, NULL);
}

static void read_requests(struct driven *driven)
{
    size_t len;

    while (!driven->ending && line_reader_fill(&driven->input)) {
        char *line;
        while (!driven->ending && (line = line_reader_next(&driven->input, &len)))
            if (len > 0 && !peer_ops_take_line(driven->ops, line, len))
                end(driven, EXIT_DONE);
        if (driven->input.ended)
            end(driven, EXIT_DONE);
    }
    if (!driven->ending && auger_loop_watch_fd(driven->loop, driven->input.fd, NULL) < 0)
        end(driven, EXIT_FAILED);
}

/* false: all is over. */
static bool take(struct driven *driven, const struct auger_loop_event *event)
{
    switch (event->type) {
    case AUGER_LOOP_EVENT_PEER:
        peer_events_take(driven->ops, &event->event);
        break;
    case AUGER_LOOP_EVENT_TROUBLE:
        output_line(json_pack("{ss so}", "ev", "trouble", "what",
                              json_text(event->what, strlen(event->what))));
        break;
    case AUGER_LOOP_EVENT_TIMER:
        return !driven->ending;
    case AUGER_LOOP_EVENT_FD:
        if (event->fd == driven->interrupt_fd)
            end(driven, interrupt_take(driven->interrupt_fd));
        else
            read_requests(driven);
        break;
    case AUGER_LOOP_EVENT_UNKNOWN:
    case AUGER_LOOP_EVENT_TURN:
    case AUGER_LOOP_EVENT_WAKE:
        break;
    }
    return !driven->ending || !peer_ops_is_closed(driven->ops);
}

static int drive(struct driven *driven, const struct peer_ops_config *config)
{
    struct auger_loop_event event;

    driven->ops = peer_ops_new(driven->loop, config);
    if (!driven->ops || !line_reader_init(&driven->input, STDIN_FILENO, LINE_MAX_LEN) ||
        auger_loop_watch_fd(driven->loop, driven->interrupt_fd, NULL) < 0)
        return EXIT_FAILED;
    output_line(json_pack("{ss ss}", "ev", "ready", "ua", "auger 0.1.0"));
    read_requests(driven);
    if (driven->ending && peer_ops_is_closed(driven->ops))
        return driven->status;
    while (!ferror(stdout) && auger_loop_next(driven->loop, &event) && take(driven, &event))
        ;
    return driven->status;
}

static int run(int argc, char **argv)
{
    struct peer_ops_config config = {0};
    struct driven driven = {0};
    struct trace_options trace = TRACE_OPTIONS_DEFAULT;
    struct net_options net_options = {0};
    struct name_options names = {0};
    struct ice_options ice_options = {0};
    int status;

    auger_net_config_init(&config.net);
    auger_peer_config_init(&config.peer);
    const struct option items[] = {
        {"--passive", OPTION_FLAG, .flag = &config.passive},
        TRACE_OPTION_ROWS(trace),
        RECORD_OPTION_ROW(trace),
        NET_OPTION_ROWS(net_options),
        TCP_OPTION_ROWS(net_options),
        RELAY_OPTION_ROWS(net_options),
        NAME_OPTION_ROWS(names),
        ICE_OPTION_ROWS(ice_options),
    };
    const struct options options = {
        .items = items, .len = sizeof(items) / sizeof(items[0]), .help = help};
    if (!options_read(&options, argc, argv, &status))
        return status;
    if (!net_options_apply(&net_options, "peer", &config.net, &config.peer.ice) ||
        !ice_options_apply(&ice_options, "peer", &config.peer))
        return EXIT_USAGE;
    config.turn_ca = net_options.turn_ca;
    config.turn_any = net_options.turn_any;
    name_options_apply(&names, &config.peer);

    struct trace_writer *writer = trace_writer_new(&trace, "auger peer");
    driven.interrupt_fd = interrupt_open();
    if (!writer || driven.interrupt_fd < 0) {
        trace_writer_free(writer);
        return EXIT_FAILED;
    }
    struct auger_loop_config loop_config;
    config.peer.recorder = trace_writer_recorder(writer);
    auger_loop_config_init(&loop_config);
    trace_writer_attach(writer, &loop_config);
    int err = auger_loop_new(&driven.loop, &loop_config);
    if (err < 0)
        fprintf(stderr, "auger peer: cannot begin: %s\n", auger_strerror(err));
    status = err < 0 ? EXIT_FAILED : drive(&driven, &config);
    peer_ops_free(driven.ops);
    line_reader_fini(&driven.input);
    auger_loop_free(driven.loop);
    trace_writer_free(writer);
    close(driven.interrupt_fd);
    return status;
}

const struct command peer_command = {
    .name = "peer",
    .summary = "a peer that is driven by JSON lines, for test programs",
    .help = help,
    .run = run,
};
