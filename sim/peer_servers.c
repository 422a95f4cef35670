/* sim/peer_servers.c - the servers that an agent is told of, and the NAT64 on its way to them.  The
 * servers themselves are stun_server.c and turn_server.c. */
#include "sim/peer.h"

#include "base/nat64.h"

static void add_stun_servers(struct sim_peer *peer, auger_time now)
{
    struct sim *sim = peer->sim;

    for (size_t i = 0; i < sim->stun_servers_len && !peer->options.no_stun; i++) {
        SIM_TELL(sim, stun_server_added, peer, &sim->stun_servers[i]);
        int err;
        do
            err = auger_ice_add_stun_server(peer->ice, now, &sim->stun_servers[i]);
        while (sim_peer_tries_again(peer, err));
        sim_peer_check(peer, err, "STUN server");
    }
}

/* By both of its addresses.  One that others name is not told, and may be used. */
static void add_turn_server(struct sim_peer *peer, auger_time now, const struct sim_turn *turn,
                            bool is_told)
{
    static const enum auger_family families[] = {AUGER_IPV4, AUGER_IPV6};
    struct auger_ice_turn_server server;

    auger_ice_turn_server_init(&server);
    server.username = SIM_TURN_USER;
    server.password = SIM_TURN_PASSWORD;
    if (peer->options.turn_families)
        server.families = peer->options.turn_families;
    for (size_t i = 0; i < 2; i++) {
        server.addr = *sim_turn_addr(turn, families[i]);
        server.addr.transport = peer->options.turn_streams ? AUGER_TCP : AUGER_UDP;
        SIM_TELL(peer->sim, turn_server_added, peer, &server.addr);
        if (!is_told)
            continue;
        int err;
        do
            err = auger_ice_add_turn_server(peer->ice, now, &server);
        while (sim_peer_tries_again(peer, err)); /* buggify.h */
        sim_peer_check(peer, err, "TURN server");
    }
}

static void add_turn_servers(struct sim_peer *peer, auger_time now)
{
    struct sim *sim = peer->sim;
    size_t number = sim->turns_len;

    for (const struct sim_turn *turn = sim->turns; turn; turn = sim_turn_next(turn)) {
        unsigned bit = 1u << --number;
        if ((peer->options.turn | peer->options.turn_named) & bit)
            add_turn_server(peer, now, turn, peer->options.turn & bit);
    }
}

/* What its agent asks then. */
static void tell_translated(struct sim_peer *peer)
{
    struct sim *sim = peer->sim;

    for (size_t i = 0; i < sim->stun_servers_len; i++)
        if (auger_nat64_reaches(&sim->stun_servers[i])) {
            struct auger_addr through = auger_nat64_synthesise(sim_nat64(), &sim->stun_servers[i]);
            SIM_TELL(sim, stun_server_added, peer, &through);
        }
}

/* Not while its machine sleeps. */
static void learn_nat64(struct sim *sim, void *user)
{
    struct sim_peer *peer = user;
    auger_time wait = sim_peer_sleeps_for(peer);
    int err;

    if (wait > 0)
        queue_put(&sim->queue, sim->now + wait, learn_nat64, peer);
    if (wait > 0 || !peer->ice)
        return;
    tell_translated(peer);
    do
        err = auger_ice_set_nat64(peer->ice, sim_peer_now(peer), sim_nat64());
    while (sim_peer_tries_again(peer, err));
    sim_peer_check(peer, err, "NAT64");
    auger_ice_end_of_local_addrs(peer->ice, sim_peer_now(peer));
    peer->is_touched = true;
}

void sim_peer_await_nat64(struct sim_peer *peer)
{
    struct sim *sim = peer->sim;

    queue_put(&sim->queue, sim->now + peer->options.nat64_late, learn_nat64, peer);
}

void sim_peer_add_servers(struct sim_peer *peer, auger_time now)
{
    if (peer->options.ice.lite)
        return;
    add_stun_servers(peer, now);
    add_turn_servers(peer, now);
}
