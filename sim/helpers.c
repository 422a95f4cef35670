/* sim/helpers.c - helper sockets of a peer whose agent predicts ports: more ports at the addresses
 * that its host has (<auger/ice_predict.h>). */
#include "sim/peer.h"
#include "sim/watch.h"

#include <auger/ice_predict.h>

#include <assert.h>
#include <string.h>

const struct sim_attachment *sim_helper_at(const struct sim_host *host,
                                           const struct auger_addr *addr)
{
    for (size_t i = 0; i < host->helpers_len; i++)
        if (auger_addr_equal(&host->helpers[i].addr, addr))
            return &host->helpers[i];
    return NULL;
}

/* A system gives a port again that has been free for a while, and whose mapping the NAT may still
 * remember; but not one that is in use. */
static bool is_in_use(const struct sim_host *host, const struct auger_addr *addr)
{
    for (size_t i = 0; i < host->at_len; i++)
        if (auger_addr_equal(&host->at[i].addr, addr))
            return true;
    return sim_helper_at(host, addr) != NULL;
}

static struct auger_addr open_one(struct sim_peer *peer, const struct sim_attachment *beside)
{
    struct sim_host *host = peer->host;
    struct sim_attachment helper = *beside;

    do
        helper.addr.port = (uint16_t)prng_between(peer->random, 32768, 60999);
    while (is_in_use(host, &helper.addr));
    host->helpers = sim_resize(host->helpers, host->helpers_len + 1, sizeof(*host->helpers));
    host->helpers[host->helpers_len++] = helper;
    peer->story.helpers_opened++;
    SIM_TELL(peer->sim, helper_added, peer, &helper.addr);
    return helper.addr;
}

void sim_helpers_open(struct sim_peer *peer, const struct auger_ice_helpers *wanted)
{
    struct auger_addr addrs[AUGER_ICE_PREDICT_SOCKETS_MAX];
    size_t len = 0;

    assert(wanted->count <= AUGER_ICE_PREDICT_SOCKETS_MAX);
    for (size_t i = 0; i < peer->host->at_len && !peer->options.no_helpers; i++)
        if (auger_addr_equal(&peer->host->at[i].addr, &wanted->base))
            while (len < wanted->count)
                addrs[len++] = open_one(peer, &peer->host->at[i]);
    if (auger_ice_add_helper_addrs(peer->ice, sim_peer_now(peer), addrs, len) < 0)
        sim_break(peer->sim, "%s: helpers that it asked for are refused", peer->name);
    peer->story.helpers_open = (unsigned)peer->host->helpers_len;
}

void sim_helpers_close(struct sim_peer *peer)
{
    struct sim_host *host = peer->host;
    size_t kept = 0;

    for (size_t i = 0; i < host->helpers_len; i++)
        if (auger_ice_helper_is_wanted(peer->ice, &host->helpers[i].addr))
            host->helpers[kept++] = host->helpers[i];
    host->helpers_len = kept;
    peer->story.helpers_open = (unsigned)kept;
}
