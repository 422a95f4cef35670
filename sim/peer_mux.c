/* sim/peer_mux.c - agents that share the sockets of one host: what comes is brought to whom
 * it belongs by our own mux. */
#include "sim/peer.h"

#include <auger/mux.h>

struct sim_mux {
    struct sim *sim;
    struct auger_env env;
    struct prng random;
    struct auger_mux *mux;
    unsigned peers;
};

static int draw(void *user, uint8_t *buf, size_t len)
{
    struct sim_mux *mux = user;

    prng_fill(&mux->random, buf, len);
    return 0;
}

static void *take(void *user, size_t size)
{
    struct sim_mux *mux = user;

    if (sim_is_block_missing(mux->sim, SIM_MEMORY_OF_MUXES, size))
        return NULL;
    return sim_alloc(size ? size : 1);
}

static void give_back(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

static void receive(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                    const uint8_t *buf, size_t len)
{
    struct sim_mux *mux = host->owner;
    struct auger_mux_session *session = auger_mux_find(mux->mux, sim->now, path, buf, len);

    if (session)
        sim_peer_hear(auger_mux_user(session), path, buf, len);
    else
        sim_log(sim, "%s: for nobody here", host->name);
}

struct sim_mux *sim_mux_new(struct sim *sim, struct sim_host *host)
{
    struct sim_mux *mux = sim_alloc(sizeof(*mux));

    mux->sim = sim;
    mux->env = (struct auger_env){mux, draw, take, give_back, NULL};
    prng_init(&mux->random, sim->options.seed, "mux");
    if (auger_mux_new(&mux->mux, &mux->env, NULL) != 0)
        abort();
    host->receive = receive;
    host->owner = mux;
    return mux;
}

void sim_mux_join(struct sim_mux *mux, struct sim_peer *peer)
{
    peer->mux = mux;
    mux->peers++;
    if (auger_mux_add(mux->mux, peer, &peer->session) != 0 ||
        auger_ice_share_sockets(peer->ice, auger_mux_tag(peer->session)) != 0)
        abort();
}

void sim_mux_leave(struct sim_peer *peer)
{
    struct sim_mux *mux = peer->mux;

    peer->mux = NULL;
    auger_mux_remove(mux->mux, peer->session);
    if (--mux->peers > 0)
        return;
    peer->host->is_dead = true; /* nobody hears what comes */
    auger_mux_free(mux->mux);
    free(mux);
}

void sim_mux_settle(struct sim_peer *peer)
{
    struct auger_path taken;
    int err;

    for (;;) {
        err = auger_mux_settle(peer->mux->mux, peer->session, peer->ice, &taken);
        if (sim_peer_tries_again(peer, err))
            continue;
        if (err != AUGER_ERR_PATH_TAKEN)
            break;
        sim_log(peer->sim, "%s: that path is another's", peer->name);
        if (auger_ice_refuse_path(peer->ice, sim_peer_now(peer), &taken) < 0)
            sim_break(peer->sim, "%s: a path is refused that is none", peer->name);
    }
    if (err < 0)
        sim_break(peer->sim, "%s: mux: %s", peer->name, auger_strerror(err));
}
