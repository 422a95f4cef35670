/* tools/serve.c - auger serve: STUN, TURN, rooms, the page and the native peer of the room "demo",
 * in one process. */
#define _POSIX_C_SOURCE 200809L
#include "tools/command.h"
#include "tools/demo_peer.h"
#include "tools/interrupt.h"
#include "tools/output.h"
#include "tools/rooms.h"
#include "tools/serve_config.h"
#include "tools/server.h"
#include "tools/turn_host.h"

#include <auger/io.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEMO_ROOM "demo"
#define CLOSE_WITHIN (1 * AUGER_SEC)

struct serve {
    int argc;
    char **argv;
    struct serve_config config;
    struct serve_config *latest; /* where users, secrets and rules stand now; NULL: in config */

    struct auger_loop *loop;
    struct turn_host *turn;
    /* With config.listen alone: */
    struct rooms *rooms;
    struct member *native;
    struct demo *demo;
    struct server *server;
    int interrupt_fd, hangup_fd;
    auger_time close_by; /* AUGER_NEVER: nobody asked us to end */
    bool drains;         /* until then what lives may live on */
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
    struct auger_net_config net = serve->config.net;
    char what[40];

    if (serve->config.mux_port < 0)
        return true;
    net.port_min = net.port_max = (uint16_t)serve->config.mux_port;
    int err = auger_loop_mux_new(serve->loop, &net, &serve->config.net.mux);
    snprintf(what, sizeof(what), "cannot open --mux %ld", serve->config.mux_port);
    return err == 0 || failed(what, error_text(err));
}

static bool open_room(struct serve *serve)
{
    const char *why = "out of memory";

    serve->rooms = rooms_new();
    serve->demo = demo_new(serve->loop, &serve->config.peer, &serve->config.net, say, serve);
    if (serve->rooms && serve->demo)
        serve->native = rooms_join(serve->rooms, DEMO_ROOM, true, deliver, serve, &why);
    return serve->native || failed("cannot open the room " DEMO_ROOM, why);
}

/* --- beginning ---------------------------------------------------------------------------------
 */

static bool open_stun(struct serve *serve)
{
    char addr[AUGER_ADDR_TEXT_MAX], what[160];

    if (serve->config.stun.family == AUGER_FAMILY_NONE)
        return true;
    auger_addr_format(&serve->config.stun, addr, sizeof(addr));
    int err = auger_loop_serve_stun(serve->loop, &serve->config.stun);
    if (err == 0)
        return true;
    snprintf(what, sizeof(what), "cannot serve STUN at %s (choose another with --stun)", addr);
    return failed(what, error_text(err));
}

static bool open_turn(struct serve *serve)
{
    if (!serve_config_has_turn(&serve->config))
        return true;
    serve->turn = turn_host_new(&serve->config.turn, serve->loop, serve->config.json);
    return serve->turn;
}

static void fill_page(const struct serve *serve, struct server_config *config)
{
    config->port = serve->config.listen.port;
    config->cert = serve->config.cert;
    config->key = serve->config.key;
    config->stun_port = serve->config.stun.family == AUGER_FAMILY_NONE ? turn_host_port(serve->turn)
                                                                       : serve->config.stun.port;
}

static bool open_server(struct serve *serve)
{
    char ip[AUGER_ADDR_TEXT_MAX], metrics_ip[AUGER_ADDR_TEXT_MAX];
    struct server_config config = {.demo_room = DEMO_ROOM};

    if (serve->config.listen.family != AUGER_FAMILY_NONE) {
        config.address = auger_addr_format_ip(&serve->config.listen, ip, sizeof(ip));
        fill_page(serve, &config);
    }
    if (serve->config.metrics.family != AUGER_FAMILY_NONE) {
        config.metrics_address =
            auger_addr_format_ip(&serve->config.metrics, metrics_ip, sizeof(metrics_ip));
        config.metrics_port = serve->config.metrics.port;
        config.metrics = turn_host_metrics;
        config.metrics_user = serve->turn;
    }
    if (!config.address && !config.metrics_address)
        return true;
    serve->server = server_new(&config, serve->loop, serve->rooms, serve->demo);
    if (!serve->server)
        return failed("cannot serve HTTP",
                      "choose another address with --listen, or with --metrics");
    if (config.address)
        serve->config.listen.port = server_port(serve->server);
    if (config.metrics_address)
        serve->config.metrics.port = server_metrics_port(serve->server);
    return true;
}

static struct auger_addr loopback_of(const struct auger_addr *addr)
{
    const char *ip = addr->family == AUGER_IPV4 ? "127.0.0.1" : "::1";
    struct auger_addr loopback = *addr;

    return auger_addr_parse_ip(&loopback, ip, strlen(ip), addr->port) < 0 ? *addr : loopback;
}

/* A browser does not open 0.0.0.0, so that the page is shown where it is on this machine. */
static const char *format_url(const struct serve *serve, char *url, size_t cap)
{
    struct auger_addr shown = serve->config.listen;
    char page[AUGER_ADDR_TEXT_MAX];

    auger_addr_format_ip(&shown, page, sizeof(page));
    if (strcmp(page, "0.0.0.0") == 0 || strcmp(page, "::") == 0)
        shown = loopback_of(&shown);
    auger_addr_format(&shown, page, sizeof(page));
    snprintf(url, cap, "http%s://%s/", serve->config.cert ? "s" : "", page);
    return url;
}

/* NULL where it is not served. */
static const char *format_if(const struct auger_addr *addr, char *text, size_t cap)
{
    return addr->family == AUGER_FAMILY_NONE ? NULL : auger_addr_format(addr, text, cap);
}

static void print_where_json(const struct serve *serve)
{
    const struct serve_config *config = &serve->config;
    char text[AUGER_ADDR_TEXT_MAX], url[AUGER_ADDR_TEXT_MAX + 16];
    json_t *json = json_pack("{ss}", "ev", "serving");

    if (config->listen.family != AUGER_FAMILY_NONE)
        (void)json_object_update_new(
            json,
            json_pack("{ss ss}", "url", format_url(serve, url, sizeof(url)), "room", DEMO_ROOM));
    if (format_if(&config->stun, text, sizeof(text)))
        (void)json_object_set_new(json, "stun", json_string(text));
    if (serve->turn)
        (void)json_object_set_new(json, "turn", turn_host_addrs_json(serve->turn, false));
    if (serve->config.turn.tls_listen_len > 0)
        (void)json_object_set_new(json, "tls", turn_host_addrs_json(serve->turn, true));
    if (format_if(&config->metrics, text, sizeof(text)))
        (void)json_object_set_new(json, "metrics", json_sprintf("http://%s/metrics", text));
    if (config->unpaced)
        (void)json_object_set_new(json, "unpaced", json_true());
    output_line(json);
}

static void print_where(const struct serve *serve)
{
    const struct serve_config *config = &serve->config;
    char text[AUGER_ADDR_TEXT_MAX], url[AUGER_ADDR_TEXT_MAX + 16];

    if (config->listen.family != AUGER_FAMILY_NONE)
        printf("The page:   %s\n", format_url(serve, url, sizeof(url)));
    if (format_if(&config->stun, text, sizeof(text)))
        printf("STUN:       %s\n", text);
    if (serve->turn)
        turn_host_print_where(serve->turn);
    if (format_if(&config->metrics, text, sizeof(text)))
        printf("Metrics:    http://%s/metrics\n", text);
    if (config->unpaced)
        puts("Pace:       each session its own; all together no bound (--unpaced)");
    puts("Ctrl-C ends.");
    fflush(stdout);
}

static bool begin(struct serve *serve, struct trace_writer *writer)
{
    struct auger_loop_config config;

    auger_loop_config_init(&config);
    config.unpaced = serve->config.unpaced;
    trace_writer_attach(writer, &config);
    int err = auger_loop_new(&serve->loop, &config);
    if (err == 0)
        err = auger_loop_watch_fd(serve->loop, serve->interrupt_fd, NULL);
    if (err == 0)
        err = auger_loop_watch_fd(serve->loop, serve->hangup_fd, NULL);
    if (err < 0)
        return failed("cannot begin", error_text(err));
    if (!open_stun(serve) || !open_turn(serve))
        return false;
    if (serve->config.listen.family != AUGER_FAMILY_NONE && (!open_mux(serve) || !open_room(serve)))
        return false;
    return open_server(serve);
}

/* --- serving ------------------------------------------------------------------------------------
 */

/* SIGTERM lets what lives on a TURN server live on for a while; told twice, or by Ctrl-C, it ends
 * at once, but for what the native peer has to say. */
static void begin_to_end(struct serve *serve, int status)
{
    auger_time now = auger_loop_now(serve->loop);
    bool drains = serve->turn && status == 128 + SIGTERM && serve->close_by == AUGER_NEVER;

    if (status == 0 || (serve->close_by != AUGER_NEVER && !serve->drains))
        return;
    if (serve->demo && serve->close_by == AUGER_NEVER)
        demo_close(serve->demo);
    serve->status = drains ? EXIT_DONE : status;
    serve->drains = drains;
    serve->close_by = now + (drains ? serve->config.turn.drain_s * AUGER_SEC : CLOSE_WITHIN);
    if (drains)
        turn_host_drain(serve->turn);
}

/* The command line and the file are read once more; a mistake changes nothing. */
static void read_again(struct serve *serve)
{
    struct serve_config *fresh = serve->turn ? calloc(1, sizeof(*fresh)) : NULL;
    int status;

    if (fresh && serve_config_read(fresh, serve->argc, serve->argv, &status) &&
        turn_host_reload(serve->turn, &fresh->turn)) {
        struct serve_config *before = serve->latest;
        serve->latest = fresh;
        fresh = before;
    }
    if (fresh)
        serve_config_fini(fresh);
    free(fresh);
}

static void take_signal(struct serve *serve, int fd)
{
    if (fd == serve->interrupt_fd)
        begin_to_end(serve, interrupt_take(fd));
    else if (interrupt_take(fd) > 0)
        read_again(serve);
    /* It told once. */
    (void)!auger_loop_watch_fd(serve->loop, fd, NULL);
}

static void note_trouble(const struct serve *serve, const struct auger_loop_event *event)
{
    if (serve->config.json)
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
    if (serve->config.json)
        output_line(json_pack("{ss ss ss ss}", "ev", "unknown", "ours", unknown->ours, "theirs",
                              unknown->theirs, "from", from));
}

static void handle_timeout(struct serve *serve, auger_time now)
{
    if (serve->demo)
        demo_handle_timeout(serve->demo, now);
    if (serve->turn)
        turn_host_handle_timeout(serve->turn, now);
}

static auger_time next_timeout(const struct serve *serve)
{
    auger_time at = serve->close_by;
    auger_time demo = serve->demo ? demo_next_timeout(serve->demo) : AUGER_NEVER;
    auger_time turn = serve->turn ? turn_host_next_timeout(serve->turn) : AUGER_NEVER;

    at = demo < at ? demo : at;
    return turn < at ? turn : at;
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
        handle_timeout(serve, auger_loop_now(serve->loop));
        break;
    case AUGER_LOOP_EVENT_FD:
        take_signal(serve, event->fd);
        break;
    case AUGER_LOOP_EVENT_UNKNOWN:
        note_unknown(serve, event->unknown);
        break;
    case AUGER_LOOP_EVENT_TURN:
        turn_host_take(serve->turn, event);
        break;
    case AUGER_LOOP_EVENT_WAKE:
        if (serve->turn)
            turn_host_wake(serve->turn);
        break;
    }
}

static bool is_over(const struct serve *serve)
{
    if (serve->close_by == AUGER_NEVER)
        return ferror(stdout);
    if (auger_loop_now(serve->loop) >= serve->close_by)
        return true;
    return (!serve->demo || demo_sessions(serve->demo) == 0) &&
           (!serve->drains || turn_host_allocations(serve->turn) == 0);
}

static void take_all(struct serve *serve)
{
    struct auger_loop_event event;

    while (auger_loop_poll(serve->loop, &event))
        take(serve, &event);
}

/* What is taken may ask for an earlier, or another, time to be woken at; and what the demo has
 * asked of its peers leaves now. */
static void turn(struct serve *serve)
{
    auger_time at;

    take_all(serve);
    do {
        at = next_timeout(serve);
        auger_loop_set_timer(serve->loop, at, NULL);
        take_all(serve);
    } while (next_timeout(serve) != at);
}

/* With a page, whose library waits for us. */
static void wait_with_server(struct serve *serve)
{
    server_wait(serve->server);
    turn(serve);
}

/* Without one nothing but an event changes what there is to do. */
static void wait(struct serve *serve)
{
    struct auger_loop_event event;

    if (auger_loop_next(serve->loop, &event))
        take(serve, &event);
    auger_loop_set_timer(serve->loop, next_timeout(serve), NULL);
}

static int run_until_over(struct serve *serve, struct trace_writer *writer)
{
    serve->close_by = AUGER_NEVER;
    if (!begin(serve, writer))
        return EXIT_FAILED;
    if (serve->config.json)
        print_where_json(serve);
    else
        print_where(serve);
    turn(serve);
    while (!is_over(serve)) {
        if (serve->server)
            wait_with_server(serve);
        else
            wait(serve);
    }
    return serve->status;
}

static void end(struct serve *serve)
{
    /* First of all nobody may speak to the demo any more, then nobody wait for it. */
    if (serve->native)
        rooms_leave(serve->native);
    server_free(serve->server);
    demo_free(serve->demo);
    rooms_free(serve->rooms);
    turn_host_free(serve->turn);
    auger_loop_free(serve->loop);
}

/* --- the command ---------------------------------------------------------------------------- */

static int run(int argc, char **argv)
{
    struct serve serve = {.argc = argc, .argv = argv};
    int status = EXIT_FAILED;

    if (!serve_config_read(&serve.config, argc, argv, &status)) {
        serve_config_fini(&serve.config);
        return status;
    }
    struct trace_writer *writer = trace_writer_new(&serve.config.trace, "auger serve");
    serve.interrupt_fd = interrupt_open();
    serve.hangup_fd = interrupt_open_hangup();
    status = EXIT_FAILED;
    if (writer && serve.interrupt_fd >= 0 && serve.hangup_fd >= 0) {
        status = run_until_over(&serve, writer);
        end(&serve);
    }
    trace_writer_free(writer);
    if (serve.latest)
        serve_config_fini(serve.latest);
    free(serve.latest);
    serve_config_fini(&serve.config);
    close(serve.interrupt_fd);
    close(serve.hangup_fd);
    return status;
}

const struct command serve_command = {
    .name = "serve",
    .summary = "the page, rooms, STUN and TURN servers, and a native peer to talk to",
    .help = serve_help,
    .run = run,
};
