/* sim/peer_socket.c - what an agent's datagrams meet before they are on a wire: a socket that
 * refuses some (EPERM, ENETUNREACH, ECONNREFUSED), that is full for a while (EAGAIN, ENOBUFS),
 * or a machine without a route.  A program does then what io/slot.c does: what is refused is
 * lost, what found no room is kept, and nothing more is asked for until it has left. */
#include "sim/peer.h"
#include "sim/stream.h"
#include "sim/tcp.h"

#include <auger/ice.h>

#include <string.h>

void sim_peer_init_socket(struct sim_peer *peer)
{
    char name[SIM_NAME_MAX + 16];

    snprintf(name, sizeof(name), "%s's socket", peer->name);
    prng_init(&peer->socket.random, peer->sim->options.seed, name);
    peer->socket.errors = peer->options.errors;
}

void sim_peer_set_errors(struct sim_peer *peer, const struct sim_send_errors *errors)
{
    peer->socket.errors = *errors;
}

void sim_peer_set_tunnel(struct sim_peer *peer, struct sim_net *net, bool is_strict)
{
    peer->host->tunnel = net;
    peer->host->tunnel_is_strict = is_strict;
}

bool sim_peer_is_full(const struct sim_peer *peer)
{
    return peer->socket.kept != NULL;
}

static void leave(struct sim *sim, void *user)
{
    struct sim_peer *peer = user;
    struct sim_kept *kept = peer->socket.kept;
    auger_time sleeps_for = sim_peer_sleeps_for(peer);

    if (sleeps_for > 0) {
        sim_schedule(sim, sleeps_for, leave, peer);
        return;
    }
    peer->socket.kept = NULL;
    if (peer->ice) {
        sim_host_send(sim, peer->host, &kept->path, kept->bytes, kept->len);
        peer->is_touched = true;
    }
    free(kept);
}

static void keep(struct sim_peer *peer, const struct auger_path *path, const uint8_t *buf,
                 size_t len)
{
    struct sim_kept *kept = sim_alloc(sizeof(*kept) + len);
    auger_time wait = prng_between(&peer->socket.random, 1, peer->socket.errors.full_for);

    *kept = (struct sim_kept){.path = *path, .len = len};
    memcpy(kept->bytes, buf, len);
    peer->socket.kept = kept;
    peer->story.sends_kept++;
    sim_log(peer->sim, "the socket of %s is full", peer->name);
    sim_schedule(peer->sim, wait, leave, peer);
}

/* By the clock of the world: errors come and go there. */
static bool is_refused(struct sim_peer *peer)
{
    const struct sim_send_errors *errors = &peer->socket.errors;

    return errors->has_no_route || prng_permille(&peer->socket.random, errors->refused_permille);
}

static bool put_on_wire(struct sim_peer *peer, const struct auger_path *path, const uint8_t *buf,
                        size_t len)
{
    const struct sim_send_errors *errors = &peer->socket.errors;

    if (is_refused(peer)) {
        peer->story.sends_refused++;
        sim_log(peer->sim, "the socket of %s refuses %zu bytes", peer->name, len);
        return false;
    }
    if (errors->full_for > 0 && !sim_peer_is_full(peer) &&
        prng_permille(&peer->socket.random, errors->full_permille))
        keep(peer, path, buf, len);
    else
        sim_host_send(peer->sim, peer->host, path, buf, len);
    return true;
}

bool sim_peer_wants_stream(const struct sim_host *host, const struct auger_path *path)
{
    const struct sim_peer *peer = host->owner;

    return peer->ice && auger_ice_stream_is_wanted(peer->ice, sim_peer_now(peer), path);
}

bool sim_peer_put(struct sim_peer *peer, const struct auger_path *path, const uint8_t *buf,
                  size_t len)
{
    bool may_open = path->local.port == 0 || (peer->options.ice.tcp & AUGER_ICE_TCP_SO);

    if (auger_ice_stream_is_framed(peer->ice, path))
        sim_tcp_send(peer->sim, peer->host, path, may_open, buf, len);
    else if (path->remote.transport == AUGER_TCP)
        sim_stream_send(peer->sim, peer->host, path, buf, len);
    else
        return put_on_wire(peer, path, buf, len);
    return true;
}

void sim_peer_fini_socket(struct sim_peer *peer)
{
    free(peer->socket.kept);
    peer->socket.kept = NULL;
}
