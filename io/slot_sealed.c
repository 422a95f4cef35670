/* io/slot_sealed.c - the sealed paths of one peer (docs/decisions/131, 298). */
#include "io/slot_sealed.h"

#include "base/time.h"
#include "io/slot_servers.h"
#include "io/slot_socket.h"

#include <auger/peer_stats.h>

#include <stdlib.h>
#include <sys/epoll.h>

#define LET_ALONE (30 * AUGER_SEC) /* a server that was not believed, or ends what it begins */

/* --- which there are ------------------------------------------------------------------------ */

static struct auger_sealed *find(const struct auger_links *links, const struct auger_path *path,
                                 bool is_heir)
{
    for (size_t i = 0; i < links->sealed_len; i++) {
        struct auger_sealed *sealed = links->sealed[i];
        if (sealed->tls && sealed->is_heir == is_heir && auger_path_equal(&sealed->path, path))
            return sealed;
    }
    return NULL;
}

static bool is_let_alone(const struct auger_links *links, const struct auger_path *path,
                         auger_time now)
{
    for (size_t i = 0; i < links->sealed_len; i++)
        if (!links->sealed[i]->tls && now < links->sealed[i]->again_at &&
            auger_path_equal(&links->sealed[i]->path, path))
            return true;
    return false;
}

static struct auger_sealed *place_for_one(struct auger_links *links, auger_time now)
{
    for (size_t i = 0; i < links->sealed_len; i++)
        if (!links->sealed[i]->tls && now >= links->sealed[i]->again_at)
            return links->sealed[i];
    if (links->sealed_len == AUGER_LINKS_MAX)
        return NULL;
    struct auger_sealed *sealed = calloc(1, sizeof(*sealed));
    if (sealed)
        links->sealed[links->sealed_len++] = sealed;
    return sealed;
}

static struct auger_sealed *open_one(struct auger_slot *slot, const struct auger_path *path,
                                     auger_time now)
{
    struct auger_links *links = slot->links;
    const struct auger_link_server *server = auger_links_server_at(links, &path->remote);

    if (!server || !server->tls[AUGER_UDP] || is_let_alone(links, path, now))
        return NULL;
    struct auger_sealed *sealed = place_for_one(links, now);
    if (sealed &&
        auger_sealed_open(sealed, server->tls[AUGER_UDP],
                          auger_links_name_at(links, server, &path->remote), path, now) < 0)
        return NULL;
    return sealed;
}

/* At the IP address of the base. */
static bool give_own_socket(struct auger_slot *slot, struct auger_sealed *sealed)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &sealed->own};
    struct auger_addr addr = sealed->path.local;

    addr.port = 0;
    sealed->own.slot = slot;
    sealed->own.user = sealed;
    if (auger_slot_open_beside(slot, &sealed->own, &addr) < 0)
        return false;
    if (epoll_ctl(slot->epoll_fd, EPOLL_CTL_ADD, sealed->own.udp.fd, &event) == 0)
        return true;
    auger_udp_close(&sealed->own.udp);
    return false;
}

/* A full socket loses it: what is sealed cannot be taken back. */
static void send_all(struct auger_slot *slot, struct auger_sealed *sealed, auger_time now)
{
    const struct auger_watch *socket = auger_sealed_is_apart(sealed)
                                           ? &sealed->own
                                           : auger_slot_find_socket(slot, &sealed->path.local);
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;

    while ((len = auger_sealed_take(sealed, now, buf, sizeof(buf))) > 0)
        if (socket)
            (void)auger_slot_send(slot, socket, &sealed->path, buf, len);
}

/* --- begun anew ------------------------------------------------------------------------------ */

/* From a port from which nothing has come to the server yet: who was started anew may take what was
 * meant for the one before it for the beginning of something else.  NULL: it cannot be had. */
static struct auger_sealed *begin_heir(struct auger_slot *slot, const struct auger_path *path,
                                       auger_time now)
{
    struct auger_sealed *heir = NULL;

    if (auger_links_relays(slot->links, &path->remote))
        heir = open_one(slot, path, now);
    if (heir && !give_own_socket(slot, heir)) {
        auger_sealed_close(heir);
        heir = NULL;
    }
    if (!heir)
        return NULL;
    heir->is_heir = true;
    send_all(slot, heir, now);
    return heir;
}

static void crown(struct auger_slot *slot, struct auger_sealed *heir, auger_time now)
{
    const struct auger_path path = heir->path;
    struct auger_sealed *before = find(slot->links, &path, false);

    if (before) {
        auger_tls_close(before->tls, now);
        send_all(slot, before, now);
        auger_sealed_close(before);
    }
    heir->is_heir = false;
    auger_peer_path_moved(slot->peer, now, &path);
}

/* In its place, and from the port of the base unless that was left. */
static void replace(struct auger_slot *slot, struct auger_sealed *sealed, auger_time now)
{
    const struct auger_path path = sealed->path;
    bool was_apart = auger_sealed_is_apart(sealed);

    auger_sealed_close(sealed);
    struct auger_sealed *next = open_one(slot, &path, now);
    if (next && was_apart)
        (void)give_own_socket(slot, next);
    if (next)
        send_all(slot, next, now);
    if (was_apart)
        auger_peer_path_moved(slot->peer, now, &path);
}

/* What is silent may yet be heard, and is used until the other one stands.  From the same port
 * another handshake says nothing that this one does not repeat. */
static void doubt(struct auger_slot *slot, struct auger_sealed *sealed, auger_time now)
{
    sealed->asked_at = 0;
    if (find(slot->links, &sealed->path, true) || is_let_alone(slot->links, &sealed->path, now))
        return;
    if (!begin_heir(slot, &sealed->path, now) &&
        auger_tls_get_state(sealed->tls) == AUGER_TLS_CONNECTED)
        replace(slot, sealed, now);
}

/* --- ends ------------------------------------------------------------------------------------ */

static struct auger_sealed *follow(struct auger_slot *slot, const struct auger_path *path,
                                   auger_time now)
{
    struct auger_sealed *heir = begin_heir(slot, path, now);

    if (heir)
        heir->follow_at = auger_time_add(now, LET_ALONE);
    return heir;
}

/* One that the server has answered on is begun anew at once, as a stream is, unless it has followed
 * another so just before: the server could have us open ports for ever.  false: it is not. */
static bool succeed(struct auger_slot *slot, const struct auger_sealed *sealed, auger_time now)
{
    const struct auger_path path = sealed->path;
    bool may_follow = sealed->is_answered && now >= sealed->follow_at;
    struct auger_sealed *heir = find(slot->links, &path, true);

    if (!heir && may_follow)
        heir = follow(slot, &path, now);
    if (heir)
        crown(slot, heir, now);
    else
        auger_peer_stream_lost(slot->peer, now, &path);
    return heir || may_follow;
}

static void end(struct auger_slot *slot, struct auger_sealed *sealed, const char *reason,
                auger_time now)
{
    bool was_heir = sealed->is_heir;
    bool may_be_starting = was_heir && auger_tls_get_failure(sealed->tls) == AUGER_TLS_TIMEOUT;

    auger_slot_tell_trouble(slot, &sealed->path.remote, AUGER_ERR_NO_PATH, reason);
    auger_sealed_close(sealed);
    if (!was_heir && succeed(slot, sealed, now))
        return;
    if (!may_be_starting)
        sealed->again_at = auger_time_add(now, LET_ALONE);
    if (!was_heir)
        auger_slot_give_up_server(slot, &sealed->path.remote, now);
}

static void end_what_is_over(struct auger_slot *slot, auger_time now)
{
    struct auger_links *links = slot->links;
    const char *reason;

    for (size_t i = 0; i < links->sealed_len; i++)
        if (links->sealed[i]->tls && auger_sealed_is_over(links->sealed[i], &reason))
            end(slot, links->sealed[i], reason, now);
}

/* --- both ways ------------------------------------------------------------------------------- */

void auger_slot_send_sealed(struct auger_slot *slot, auger_time now, const struct auger_path *path,
                            const uint8_t *buf, size_t len)
{
    struct auger_sealed *sealed = find(slot->links, path, false);

    if (!sealed)
        sealed = open_one(slot, path, now);
    if (!sealed)
        return;
    if (auger_sealed_send(sealed, now, buf, len) < 0)
        auger_peer_note_discarded(slot->peer, path, buf, len);
    send_all(slot, sealed, now);
    end_what_is_over(slot, now);
}

/* The one in use is not silent after all. */
static void keep_to(struct auger_slot *slot, const struct auger_sealed *sealed)
{
    struct auger_sealed *heir = find(slot->links, &sealed->path, true);

    if (heir)
        auger_sealed_close(heir);
}

/* The server can be reached, and has the first word if it still knows us: its answer is one round
 * trip away, and the end of the other handshake two. */
static void ask_again(struct auger_slot *slot, const struct auger_sealed *heir, auger_time now)
{
    struct auger_sealed *sealed = find(slot->links, &heir->path, false);

    if (!sealed)
        return;
    auger_sealed_ask_again(sealed, now);
    send_all(slot, sealed, now);
}

static void hear(struct auger_slot *slot, struct auger_sealed *sealed, auger_time now,
                 const uint8_t *buf, size_t len)
{
    const struct auger_path path = sealed->path;
    uint8_t clear[AUGER_UDP_DATAGRAM_MAX];
    size_t n;

    if (sealed->is_heir && !sealed->is_reached)
        ask_again(slot, sealed, now);
    auger_sealed_feed(sealed, now, buf, len);
    if (sealed->is_heir && auger_tls_get_state(sealed->tls) == AUGER_TLS_CONNECTED)
        crown(slot, sealed, now);
    while ((n = auger_sealed_read(sealed, now, clear, sizeof(clear))) > 0) {
        keep_to(slot, sealed);
        auger_slot_hear(slot, now, &path, clear, n);
    }
    send_all(slot, sealed, now);
    end_what_is_over(slot, now);
    auger_ready_mark(&slot->ready); /* for its next timeout */
}

void auger_slot_hear_sealed(struct auger_slot *slot, auger_time now, const struct auger_path *path,
                            const uint8_t *buf, size_t len)
{
    struct auger_sealed *sealed = find(slot->links, path, false);

    if (sealed && !auger_sealed_is_apart(sealed))
        hear(slot, sealed, now, buf, len);
}

void auger_slot_receive_sealed(struct auger_watch *own, struct auger_udp_batch *batch,
                               auger_time now)
{
    struct auger_sealed *sealed = own->user;
    struct auger_slot *slot = own->slot;
    size_t len = auger_udp_receive(&own->udp, batch);

    for (size_t i = 0; i < len && sealed->tls; i++)
        if (auger_addr_equal(&batch->from[i], &sealed->path.remote))
            hear(slot, sealed, now, batch->bufs[i], batch->lens[i]);
}

void auger_slot_sealed_handle_timeout(struct auger_slot *slot, auger_time now)
{
    struct auger_links *links = slot->links;

    for (size_t i = 0; i < links->sealed_len; i++) {
        struct auger_sealed *sealed = links->sealed[i];
        if (!sealed->tls)
            continue;
        auger_tls_handle_timeout(sealed->tls, now);
        send_all(slot, sealed, now);
        if (!sealed->is_heir && auger_sealed_is_silent(sealed, now))
            doubt(slot, sealed, now);
    }
    end_what_is_over(slot, now);
}
