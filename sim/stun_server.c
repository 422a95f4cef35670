/* sim/stun_server.c - a host on the internet that runs our Binding server. */
#include "sim/world.h"

#include <auger/stun.h>

#include <assert.h>

#define STUN_PORT 3478

static void answer(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                   const uint8_t *buf, size_t len)
{
    uint8_t reply[AUGER_DATAGRAM_MAX];
    size_t reply_len = auger_stun_server_answer(&path->remote, buf, len, reply, sizeof(reply));

    if (reply_len > 0)
        sim_host_send(sim, host, path, reply, reply_len);
}

struct sim_host *sim_add_stun_server(struct sim *sim)
{
    assert(sim->stun_servers_len + 2 <= SIM_STUN_SERVERS_MAX);
    char name[SIM_NAME_MAX];

    snprintf(name, sizeof(name), "stun%zu", sim->stun_servers_len / 2);
    struct sim_host *host = sim_host_new(sim, name);
    host->receive = answer;
    sim->stun_servers[sim->stun_servers_len++] =
        sim_host_attach(host, sim->internet, AUGER_IPV4, STUN_PORT);
    sim->stun_servers[sim->stun_servers_len++] =
        sim_host_attach(host, sim->internet, AUGER_IPV6, STUN_PORT);
    return host;
}
