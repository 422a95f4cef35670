/* tools/talk.c - one connection used as a pipe. */
#define _POSIX_C_SOURCE 200809L
#include "tools/talk.h"
#include "tools/interrupt.h"
#include "tools/net_options.h"
#include "tools/output.h"
#include "tools/reoffer.h"

#include <auger/peer_explain.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_MAX (16 * 1024) /* one message; what every peer takes */
#define WAITING_MAX (512 * 1024)
#define WAITING_LOW (128 * 1024)

struct talk {
    struct talk_config config;
    struct auger_loop *loop;
    struct auger_peer *peer;
    enum talk_state state;
    enum auger_sdp_type type; /* of our description */
    bool gathered;            /* all our candidates are known */
    bool described;           /* we have a description of ours */
    bool signalled;           /* and it has left */
    bool offered;             /* the first offer was ours */
    bool connected;           /* the pipe stands */
    bool has_channel, is_open, is_pipe;
    auger_channel channel;
    bool input_ended, output_ended, closing;
    bool output_is_terminal, output_given_up;
    auger_time connect_by;
    uint8_t *given; /* input that others read */
    size_t given_at, given_len;
    size_t piece_len; /* read and not yet taken by the channel */
    uint8_t piece[PIECE_MAX];
    char sdp[AUGER_SDP_MAX + 1];
};

/* --- telling ---------------------------------------------------------------------------------- */

void talk_tell(const struct talk_config *config, const char *event, const char *text)
{
    if (config->json) {
        json_t *json = json_pack("{ss so}", "ev", event, "text", json_text(text, strlen(text)));
        char *line = json ? json_dumps(json, JSON_COMPACT) : NULL;
        fprintf(stderr, "%s\n", line ? line : "{}");
        free(line);
        json_decref(json);
    } else if (!config->quiet) {
        print_line("auger connect: ", text);
    }
}

void talk_tell_failure(const struct talk_config *config, const char *why)
{
    if (config->json)
        talk_tell(config, "failed", why);
    else
        print_line("auger connect: ", why);
}

static void tell(const struct talk *talk, const char *event, const char *text)
{
    talk_tell(&talk->config, event, text);
}

static void fail(struct talk *talk, const char *why)
{
    if (talk->state != TALK_GOES_ON)
        return;
    talk->state = TALK_FAILED;
    talk_tell_failure(&talk->config, why);
}

/* `what` happened; why, the peer's record says. */
static void fail_because(struct talk *talk, const char *what)
{
    struct auger_peer_explanation why;

    if (talk->state != TALK_GOES_ON)
        return;
    talk->state = TALK_FAILED;
    auger_peer_explain(talk->peer, &why);
    if (!talk->config.json) {
        fprintf(stderr, "auger connect: %s: %s\n  %s: %s\n", what, why.text, why.code,
                why.evidence);
        return;
    }
    json_t *json =
        json_pack("{ss so ss ss}", "ev", "failed", "text", json_sprintf("%s: %s", what, why.text),
                  "code", why.code, "evidence", why.evidence);
    json_dumpf(json, stderr, JSON_COMPACT);
    fputc('\n', stderr);
    json_decref(json);
}

static void done(struct talk *talk)
{
    if (talk->state == TALK_GOES_ON)
        talk->state = TALK_DONE;
}

/* --- life ---------------------------------------------------------------------------------------
 */

struct talk *talk_new(struct auger_loop *loop, const struct talk_config *config)
{
    struct talk *talk = calloc(1, sizeof(*talk));

    if (!talk)
        return NULL;
    talk->config = *config;
    talk->loop = loop;
    talk->connect_by = AUGER_NEVER;
    talk->output_is_terminal = isatty(STDOUT_FILENO);
    int err = auger_loop_peer_new(loop, &talk->config.peer, &talk->config.net, &talk->peer);
    if (err < 0) {
        fprintf(stderr, "auger connect: cannot begin: %s\n", net_options_why(loop, err));
        free(talk);
        return NULL;
    }
    return talk;
}

void talk_free(struct talk *talk)
{
    if (!talk)
        return;
    auger_loop_peer_free(talk->loop, talk->peer);
    free(talk->given);
    free(talk);
}

enum talk_state talk_state(const struct talk *talk)
{
    return talk->state;
}

void talk_close(struct talk *talk)
{
    auger_peer_close(talk->peer, auger_loop_now(talk->loop));
}

void talk_interrupt(struct talk *talk)
{
    talk->output_given_up = true;
    talk_close(talk);
}

auger_time talk_next_timeout(const struct talk *talk)
{
    return talk->connected ? AUGER_NEVER : talk->connect_by;
}

void talk_handle_timeout(struct talk *talk)
{
    if (auger_loop_now(talk->loop) >= talk_next_timeout(talk))
        fail_because(talk,
                     "no path in time (--timeout; --stun names a STUN server, --turn a relay)");
}

/* --- descriptions -------------------------------------------------------------------------------
 */

static bool may_signal(const struct talk *talk)
{
    return talk->config.whole ? talk->gathered : auger_peer_may_signal(talk->peer);
}

static void describe(struct talk *talk)
{
    if (!talk->described || talk->signalled || !may_signal(talk))
        return;
    if (auger_peer_local_description(talk->peer, talk->sdp, sizeof(talk->sdp)) < 0) {
        fail(talk, "our description is too long");
        return;
    }
    talk->signalled = true;
    talk->config.described(talk->config.user, talk->type, talk->sdp);
}

static void begin_clock(struct talk *talk)
{
    if (talk->connect_by == AUGER_NEVER)
        talk->connect_by = auger_loop_now(talk->loop) + talk->config.connect_in;
}

void talk_offer(struct talk *talk)
{
    auger_time now = auger_loop_now(talk->loop);
    const struct auger_channel_options options = {.label = "pipe", .protocol = TALK_PROTOCOL};

    talk->type = AUGER_SDP_OFFER;
    int err = auger_peer_channel_open(talk->peer, now, &options, &talk->channel);
    if (err == 0)
        err = auger_peer_create_offer(talk->peer, now, talk->sdp, sizeof(talk->sdp));
    if (err < 0) {
        fail(talk, auger_strerror(err));
        return;
    }
    talk->has_channel = talk->is_pipe = talk->described = talk->offered = true;
    describe(talk);
}

bool talk_take_description(struct talk *talk, enum auger_sdp_type type, const char *sdp)
{
    auger_time now = auger_loop_now(talk->loop);
    struct auger_sdp_error where = {0};
    char why[200];

    int err = auger_peer_set_remote_description(talk->peer, now, type, sdp, strlen(sdp), &where);
    if (err == 0 && type == AUGER_SDP_OFFER)
        err = auger_peer_create_answer(talk->peer, now, talk->sdp, sizeof(talk->sdp));
    if (err < 0) {
        snprintf(why, sizeof(why), "the other side's description cannot be used: %s%s%s",
                 auger_strerror(err), where.what ? ": " : "", where.what ? where.what : "");
        fail(talk, why);
        return false;
    }
    begin_clock(talk);
    if (type == AUGER_SDP_OFFER) {
        talk->type = AUGER_SDP_ANSWER;
        talk->described = true;
        describe(talk);
    }
    return true;
}

bool talk_take_reoffer(struct talk *talk, const char *sdp)
{
    int len = reoffer_take(talk->peer, auger_loop_now(talk->loop), talk->offered, sdp, talk->sdp,
                           sizeof(talk->sdp));

    if (len < 0) {
        fail(talk, "the other side's new offer cannot be used");
        return false;
    }
    if (len > 0) {
        tell(talk, "restart", "the other side restarts ICE");
        talk->config.described(talk->config.user, AUGER_SDP_ANSWER, talk->sdp);
    }
    return true;
}

static void tell_why(struct talk *talk)
{
    struct auger_peer_info info;

    auger_peer_get_info(talk->peer, &info);
    if (info.has_path)
        tell(talk, "reserve",
             "a path in reserve is to be used: the other side is to change as well");
    else
        tell(talk, "adrift", "the address in use is gone, and no other works yet");
}

/* By hand nothing is carried any more: a new address may find the way by itself. */
static void restart(struct talk *talk)
{
    int len;

    tell_why(talk);
    if (talk->config.whole)
        return;
    len = reoffer_make(talk->peer, auger_loop_now(talk->loop), talk->sdp, sizeof(talk->sdp));
    if (len < 0) {
        tell(talk, "note", auger_strerror(len));
        return;
    }
    tell(talk, "restart", "we restart ICE");
    talk->config.described(talk->config.user, AUGER_SDP_OFFER, talk->sdp);
}

void talk_take_candidate(struct talk *talk, const char *line)
{
    int err =
        auger_peer_add_remote_candidate(talk->peer, auger_loop_now(talk->loop), line, strlen(line));
    (void)err; /* a name, TCP: of no use to us */
}

void talk_take_bye(struct talk *talk)
{
    if (!talk->connected)
        fail(talk, "the other side does not want to connect");
    else
        talk_close(talk);
}

/* --- from standard input --------------------------------------------------------------------- */

/* Text if it is text: what is typed reaches a page as text. */
static enum auger_message_kind kind_of(const uint8_t *data, size_t len)
{
    json_t *text = json_stringn((const char *)data, len);

    json_decref(text);
    return text ? AUGER_MESSAGE_TEXT : AUGER_MESSAGE_BINARY;
}

/* false: the channel takes no more now. */
static bool send_piece(struct talk *talk)
{
    if (talk->piece_len == 0)
        return true;
    int err = auger_peer_send(talk->peer, auger_loop_now(talk->loop), talk->channel,
                              kind_of(talk->piece, talk->piece_len), talk->piece, talk->piece_len);
    if (err == AUGER_ERR_AGAIN)
        return false;
    if (err < 0)
        fail(talk, auger_strerror(err));
    talk->piece_len = 0;
    return err == 0;
}

static void finish_if_both_ended(struct talk *talk)
{
    if (!talk->closing && talk->input_ended && talk->output_ended) {
        talk->closing = true;
        talk_close(talk);
    }
}

static void end_input(struct talk *talk)
{
    auger_time now = auger_loop_now(talk->loop);
    int err;

    talk->input_ended = true;
    if (talk->is_pipe)
        err = auger_peer_send(talk->peer, now, talk->channel, AUGER_MESSAGE_BINARY, "", 0);
    else
        err = auger_peer_channel_close(talk->peer, now, talk->channel);
    if (err < 0)
        fail(talk, auger_strerror(err));
    finish_if_both_ended(talk);
}

void talk_give_input(struct talk *talk, const char *data, size_t len)
{
    talk->given = len ? malloc(len) : NULL;
    if (talk->given)
        memcpy(talk->given, data, len);
    else if (len)
        fail(talk, auger_strerror(AUGER_ERR_NO_MEMORY));
    talk->given_len = talk->given ? len : 0;
}

/* The next piece of what was given; false when all of it is used up. */
static bool take_given(struct talk *talk)
{
    size_t left = talk->given_len - talk->given_at;

    if (left == 0)
        return false;
    talk->piece_len = left < sizeof(talk->piece) ? left : sizeof(talk->piece);
    memcpy(talk->piece, talk->given + talk->given_at, talk->piece_len);
    talk->given_at += talk->piece_len;
    return true;
}

static bool is_full(const struct talk *talk)
{
    return auger_peer_buffered_amount(talk->peer, talk->channel) >= WAITING_MAX;
}

static void watch_input(struct talk *talk)
{
    if (auger_loop_watch_fd(talk->loop, STDIN_FILENO, talk) < 0)
        fail(talk, "standard input cannot be read");
}

void talk_take_input(struct talk *talk)
{
    struct pollfd readable = {.fd = STDIN_FILENO, .events = POLLIN};

    while (talk->is_open && !talk->input_ended && talk->state == TALK_GOES_ON) {
        if (!send_piece(talk) || is_full(talk))
            return; /* low water comes */
        if (take_given(talk))
            continue;
        if (poll(&readable, 1, 0) <= 0) {
            watch_input(talk);
            return;
        }
        ssize_t got = read(STDIN_FILENO, talk->piece, sizeof(talk->piece));
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            end_input(talk);
        else
            talk->piece_len = (size_t)got;
    }
}

/* --- to standard output ---------------------------------------------------------------------- */

/* Who reads slowly is waited for, unless we are asked to end. */
static void write_all(struct talk *talk, const uint8_t *data, size_t len)
{
    while (len > 0 && !talk->output_given_up) {
        if (!interrupt_wait_writable(talk->config.interrupt_fd, STDOUT_FILENO)) {
            talk->output_given_up = true;
            return;
        }
        ssize_t put = write(STDOUT_FILENO, data, len < PIPE_BUF ? len : PIPE_BUF);
        if (put < 0 && errno != EINTR && errno != EAGAIN) {
            fail(talk, "standard output was closed");
            return;
        }
        data += put > 0 ? put : 0;
        len -= put > 0 ? (size_t)put : 0;
    }
}

static void write_out(struct talk *talk, const struct auger_bytes *data)
{
    write_all(talk, data->data, data->len);
    if (talk->output_is_terminal && data->len > 0 && data->data[data->len - 1] != '\n')
        write_all(talk, (const uint8_t *)"\n", 1);
}

static void take_message(struct talk *talk, const struct auger_peer_event *event)
{
    if (!talk->has_channel || event->channel != talk->channel)
        return;
    if (talk->is_pipe && event->kind == AUGER_MESSAGE_BINARY && event->data.len == 0) {
        talk->output_ended = true;
        finish_if_both_ended(talk);
    } else {
        write_out(talk, &event->data);
    }
}

/* --- events ---------------------------------------------------------------------------------- */

static void open_pipe(struct talk *talk)
{
    talk->is_open = talk->connected = true;
    int err = auger_peer_set_low_water(talk->peer, talk->channel, WAITING_LOW);
    if (err < 0)
        fail(talk, auger_strerror(err));
    tell(talk, "open", "connected");
    talk_take_input(talk);
}

/* The first channel is the pipe, others are closed again. */
static void take_channel(struct talk *talk, auger_channel channel)
{
    struct auger_channel_options options;

    if (talk->has_channel || auger_peer_channel_options(talk->peer, channel, &options) < 0) {
        int err = auger_peer_channel_close(talk->peer, auger_loop_now(talk->loop), channel);
        (void)err; /* it may be gone */
        return;
    }
    talk->has_channel = true;
    talk->channel = channel;
    talk->is_pipe = options.protocol && strcmp(options.protocol, TALK_PROTOCOL) == 0;
    open_pipe(talk);
}

static void tell_path(struct talk *talk)
{
    char local[AUGER_ADDR_TEXT_MAX], remote[AUGER_ADDR_TEXT_MAX], text[200];
    struct auger_peer_info info;

    auger_peer_get_info(talk->peer, &info);
    if (!info.has_path)
        return;
    auger_addr_format(&info.selected.local.addr, local, sizeof(local));
    auger_addr_format(&info.selected.remote.addr, remote, sizeof(remote));
    snprintf(text, sizeof(text), "path %s to %s", local, remote);
    tell(talk, "path", text);
}

static void take_state(struct talk *talk, const struct auger_peer_event *event)
{
    if (event->state == AUGER_PEER_CLOSED) {
        if (talk->connected)
            done(talk);
        else if (event->reason == AUGER_PEER_CLOSED_HERE)
            talk->state = TALK_FAILED; /* as we were asked to, so that there is nothing to tell */
        else
            fail(talk, "the other side closed the connection");
    } else if (event->state == AUGER_PEER_FAILED) {
        fail_because(talk, talk->connected ? "the connection is lost" : "not connected");
    }
}

static void take_gathered(struct talk *talk)
{
    talk->gathered = true;
    if (!talk->signalled)
        describe(talk);
    else if (!talk->config.whole)
        talk->config.candidate(talk->config.user, "");
}

void talk_take_event(struct talk *talk, const struct auger_peer_event *event)
{
    switch (event->type) {
    case AUGER_PEER_EVENT_CANDIDATE:
        if (talk->signalled && !talk->config.whole) /* else it is in the description */
            talk->config.candidate(talk->config.user, event->candidate);
        break;
    case AUGER_PEER_EVENT_GATHERED:
        take_gathered(talk);
        break;
    case AUGER_PEER_EVENT_STATE:
        take_state(talk, event);
        break;
    case AUGER_PEER_EVENT_PATH:
        tell_path(talk);
        break;
    case AUGER_PEER_EVENT_CHANNEL:
        take_channel(talk, event->channel);
        break;
    case AUGER_PEER_EVENT_CHANNEL_OPEN:
        if (event->channel == talk->channel)
            open_pipe(talk);
        break;
    case AUGER_PEER_EVENT_MESSAGE:
        take_message(talk, event);
        break;
    case AUGER_PEER_EVENT_LOW_WATER:
        talk_take_input(talk);
        break;
    case AUGER_PEER_EVENT_CHANNEL_CLOSED:
        if (talk->has_channel && event->channel == talk->channel && !talk->closing) {
            talk->closing = true;
            talk->is_open = false;
            talk_close(talk);
        }
        break;
    case AUGER_PEER_EVENT_RESTART_WANTED:
        restart(talk);
        break;
    case AUGER_PEER_EVENT_ICE_STATE:
    case AUGER_PEER_EVENT_RESTART_FAILED:
    case AUGER_PEER_EVENT_HELPERS_WANTED: /* the loop sees to them */
    case AUGER_PEER_EVENT_HELPERS_DONE:
        break;
    }
}
