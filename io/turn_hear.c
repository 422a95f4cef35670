/* io/turn_hear.c - messages of clients are given to the engine of a TURN service, or to another
 * service of its team. */
#include "io/turn_hear.h"

#include "io/turn_carry.h"
#include "io/turn_guests.h"
#include "io/turn_sealed.h"
#include "io/turn_streams.h"
#include "io/turn_tcp.h"

#include <string.h>

/* --- datagrams ---------------------------------------------------------------------------------
 */

void auger_turn_hear_give_on(struct auger_turn_service *service, uint16_t via, uint16_t to,
                             const struct auger_path *path, const uint8_t *buf, size_t len)
{
    struct auger_turn_mail *mail =
        auger_turn_team_begin(service->config.team, service->config.member, to, len);

    if (!mail) {
        service->stats.given_on_lost++;
        return;
    }
    mail->kind = AUGER_TURN_MAIL_DATAGRAM;
    mail->via = via;
    mail->path = *path;
    memcpy(mail->bytes, buf, len);
    auger_turn_team_send(service->config.team, service->config.member, to);
    service->stats.given_on++;
}

/* What comes from it afterwards would not find its way. */
static bool is_full(struct auger_turn_service *service, uint16_t to)
{
    if (!auger_turn_team_is_full(service->config.team, to))
        return false;
    service->stats.given_on_lost++;
    return true;
}

void auger_turn_hear_client(struct auger_turn_service *service, uint16_t via,
                            const struct auger_path *path, const uint8_t *buf, size_t len,
                            auger_time now)
{
    uint8_t *reply = auger_turn_carry_reply(service);
    struct auger_turn_server_out out;

    auger_turn_server_handle_client(service->engine, now, path, buf, len, reply,
                                    AUGER_TURN_SERVER_REPLY_MAX, &out);
    if (out.what == AUGER_TURN_SERVER_ELSEWHERE && !is_full(service, out.member))
        auger_turn_hear_give_on(service, via, out.member, path, buf, len);
    auger_turn_carry_out(service, now, &out, reply);
    if (via != service->config.member && (out.what == AUGER_TURN_SERVER_NEEDS_KEY ||
                                          auger_turn_server_is_known(service->engine, path)))
        auger_turn_guests_add(service, now, path, via);
}

/* --- datagrams of DTLS -------------------------------------------------------------------------
 */

/* With it goes what comes by its path from now on. */
static void give_on_association(struct auger_turn_service *service,
                                struct auger_turn_association *association,
                                const struct auger_path *path, uint16_t to, const uint8_t *buf,
                                size_t len)
{
    struct auger_turn_mail *mail =
        auger_turn_team_begin(service->config.team, service->config.member, to, len);

    if (!mail) {
        service->stats.given_on_lost++;
        return;
    }
    auger_turn_sealed_leave(service, association);
    auger_turn_guests_send_after(service, path, to);
    mail->kind = AUGER_TURN_MAIL_ASSOCIATION;
    mail->path = *path;
    mail->moved = association;
    memcpy(mail->bytes, buf, len);
    auger_turn_team_send(service->config.team, service->config.member, to);
    service->stats.given_on++;
}

/* false: the association has left, or is to be left alone. */
static bool hear_opened(struct auger_turn_service *service,
                        struct auger_turn_association *association, const struct auger_path *path,
                        const uint8_t *buf, size_t len, auger_time now)
{
    uint8_t *reply = auger_turn_carry_reply(service);
    struct auger_turn_server_out out;

    auger_turn_server_handle_client(service->engine, now, path, buf, len, reply,
                                    AUGER_TURN_SERVER_REPLY_MAX, &out);
    if (out.what == AUGER_TURN_SERVER_ELSEWHERE) {
        if (!is_full(service, out.member))
            give_on_association(service, association, path, out.member, buf, len);
        return false;
    }
    auger_turn_carry_out(service, now, &out, reply);
    if (out.what != AUGER_TURN_SERVER_TO_PEER)
        auger_turn_sealed_heard(service, association, now,
                                auger_turn_server_is_known(service->engine, path));
    return true;
}

/* What is opened is shorter than what was sealed, and stays where that lay until it is sent. */
void auger_turn_hear_sealed(struct auger_turn_service *service, const struct auger_watch *watch,
                            const struct auger_path *path, uint8_t *buf, size_t len, auger_time now)
{
    bool began_anew;
    size_t at = 0, opened;

    struct auger_turn_association *association =
        auger_turn_sealed_feed(service, watch, now, path, buf, len, &began_anew);
    if (began_anew)
        auger_turn_server_stream_closed(service->engine, now, path);
    while (association &&
           (opened = auger_turn_sealed_read(service, association, now, buf + at, len - at)) > 0) {
        if (!hear_opened(service, association, path, buf + at, opened, now))
            break;
        at += opened;
    }
}

void auger_turn_hear_association(struct auger_turn_service *service, uint16_t from,
                                 struct auger_turn_mail *mail, auger_time now)
{
    struct auger_watch *by = auger_turn_carry_listener(service, &mail->path.local);
    struct auger_turn_association *association = mail->moved;

    auger_turn_guests_add(service, now, &mail->path, from);
    if (auger_turn_sealed_enter(service, by, now, association))
        (void)hear_opened(service, association, &mail->path, mail->bytes, mail->len, now);
}

/* --- streams -----------------------------------------------------------------------------------
 */

/* false: it belongs to *whose, with the stream. */
static bool hear_frame(struct auger_turn_service *service, struct auger_turn_stream *stream,
                       const uint8_t *frame, size_t len, auger_time now, uint16_t *whose)
{
    uint8_t *reply = auger_turn_carry_reply(service);
    struct auger_turn_server_out out;

    auger_turn_server_handle_client(service->engine, now, &stream->node.path, frame, len, reply,
                                    AUGER_TURN_SERVER_REPLY_MAX, &out);
    *whose = out.member;
    if (out.what == AUGER_TURN_SERVER_ELSEWHERE)
        return false;
    auger_turn_carry_out(service, now, &out, reply);
    if (stream->stranger.is_one || out.what != AUGER_TURN_SERVER_TO_PEER)
        auger_turn_stream_heard(service, stream, now,
                                auger_turn_server_is_known(service->engine, &stream->node.path));
    return true;
}

/* With what was read of it.  A request that is lost would not be repeated. */
static void give_on_stream(struct auger_turn_service *service, struct auger_turn_stream *stream,
                           uint16_t to, const uint8_t *bytes, size_t len)
{
    struct auger_turn_mail *mail =
        auger_turn_team_begin(service->config.team, service->config.member, to, len);

    if (!mail) {
        service->stats.given_on_lost++;
        auger_turn_stream_shut(service, stream);
        return;
    }
    auger_turn_stream_leave(service, stream);
    mail->kind = AUGER_TURN_MAIL_STREAM;
    mail->moved = stream;
    memcpy(mail->bytes, bytes, len);
    auger_turn_team_send(service->config.team, service->config.member, to);
    service->stats.given_on++;
}

void auger_turn_hear_frames(struct auger_turn_service *service, struct auger_turn_stream *stream,
                            const uint8_t *at, size_t left, auger_time now)
{
    size_t frames = 0;
    uint16_t whose;

    while (left > 0 && !stream->is_dead && !stream->peer) {
        int len = auger_turn_server_frame_len(service->engine, at, left);
        if (len == AUGER_ERR_MALFORMED)
            auger_turn_stream_shut(service, stream);
        if (len < 0 || (size_t)len > left)
            break;
        if (!hear_frame(service, stream, at, (size_t)len, now, &whose)) {
            auger_turn_carry_flush(service);
            give_on_stream(service, stream, whose, at, left);
            return;
        }
        if (++frames % AUGER_UDP_MANY == 0)
            auger_turn_carry_flush(service);
        at += len;
        left -= (size_t)len;
    }
    auger_turn_carry_flush(service);
    if (stream->peer)
        auger_turn_tcp_from_client(service, now, stream, at, left);
    else
        auger_turn_stream_keep(service, stream, at, left);
}
