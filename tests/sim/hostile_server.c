/* tests/sim/hostile_server.c - a STUN server that does not tell the truth; the honest one
 * is stun_server.c. */
#include "tests/sim/attack.h"

#include <assert.h>

#define HOSTILE_STUN_PORT 3479

/* The peer's own address, what is nobody's, and what must never be sent to. */
static struct auger_addr lie(struct sim *sim, struct sim_attacker *attacker,
                             const struct auger_path *path)
{
    struct auger_addr targets[ATTACK_TARGETS_MAX];
    size_t len = sim_attack_targets(sim, targets);
    bool is_same_family = prng_permille(&attacker->random, 800);

    if (len > 0 && prng_permille(&attacker->random, 300))
        return targets[prng_below(&attacker->random, len)];
    return sim_attack_any_addr(&attacker->random,
                               is_same_family == (path->remote.family == AUGER_IPV4) ? AUGER_IPV4
                                                                                     : AUGER_IPV6);
}

static void receive(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                    const uint8_t *buf, size_t len)
{
    struct sim_attacker *attacker = host->owner;
    enum sim_attack attack = (enum sim_attack)prng_between(&attacker->random, SIM_ATTACK_SERVER_LIE,
                                                           SIM_ATTACK_SERVER_EMPTY);
    struct auger_addr mapped = path->remote, other = lie(sim, attacker, path);
    struct auger_stun_msg msg;
    uint8_t reply[ATTACK_DATAGRAM_MAX];
    auger_time late = 0;

    if (!auger_stun_is_message(buf, len) || auger_stun_msg_parse(&msg, buf, len) < 0 ||
        msg.class_ != AUGER_STUN_REQUEST)
        return;
    struct forgery f = {.class_ = AUGER_STUN_SUCCESS,
                        .tid = msg.tid,
                        .mapped = &mapped,
                        .no_fingerprint = prng_permille(&attacker->random, 500)};
    sim_attack_count(sim, attack);
    if (attack == SIM_ATTACK_SERVER_SILENT)
        return;
    if (attack == SIM_ATTACK_SERVER_LIE)
        mapped = other;
    else if (attack == SIM_ATTACK_SERVER_ERROR)
        f.class_ = AUGER_STUN_ERROR, f.mapped = NULL,
        f.error_code = (uint16_t)prng_between(&attacker->random, 400, 699);
    else if (attack == SIM_ATTACK_SERVER_ALTERNATE)
        f.class_ = AUGER_STUN_ERROR, f.mapped = NULL, f.error_code = AUGER_STUN_TRY_ALTERNATE,
        f.alternate = &other;
    else if (attack == SIM_ATTACK_SERVER_EMPTY)
        f.mapped = NULL;
    else if (attack == SIM_ATTACK_SERVER_LATE)
        late = prng_between(&attacker->random, 0, 60 * AUGER_SEC);
    size_t reply_len = forge(&f, reply);
    sim_host_send_later(sim, host, late, path, reply, reply_len);
    if (attack == SIM_ATTACK_SERVER_TWICE) {
        mapped = other;
        reply_len = forge(&f, reply);
        sim_host_send_later(sim, host, AUGER_MS, path, reply, reply_len);
    }
}

void sim_add_hostile_stun_server(struct sim *sim)
{
    assert(sim->stun_servers_len + 2 <= sizeof(sim->stun_servers) / sizeof(sim->stun_servers[0]));
    struct sim_attacker *attacker =
        sim_attacker_new(sim, "bad-stun", &(struct sim_attack_options){0}, 0);
    struct sim_host *host = attacker->host;

    host->receive = receive;
    sim->stun_servers[sim->stun_servers_len++] =
        sim_host_attach(host, sim->internet, AUGER_IPV4, HOSTILE_STUN_PORT);
    sim->stun_servers[sim->stun_servers_len++] =
        sim_host_attach(host, sim->internet, AUGER_IPV6, HOSTILE_STUN_PORT);
}
