/* sim/stun_server.c - a host on the internet that runs our Binding server. */
#include "sim/world.h"

#include <auger/stun.h>

#include <assert.h>

#define STUN_PORT 3478

/* As servers answer that clients of RFC 3489 use as well. */
static size_t answer_in_both_ways(const struct auger_addr *from, const uint8_t *buf, size_t len,
                                  uint8_t *reply, size_t cap)
{
    struct auger_stun_builder b;
    struct auger_stun_msg msg;

    if (!auger_stun_is_message(buf, len) || auger_stun_msg_parse(&msg, buf, len) < 0 ||
        msg.class_ != AUGER_STUN_REQUEST || msg.method != AUGER_STUN_BINDING)
        return 0;
    auger_stun_build_begin(&b, reply, cap, AUGER_STUN_SUCCESS, AUGER_STUN_BINDING, &msg.tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_MAPPED_ADDRESS, from);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, from);
    int reply_len = auger_stun_build_end(&b);
    assert(reply_len > 0);
    return (size_t)reply_len;
}

static void answer(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                   const uint8_t *buf, size_t len)
{
    uint8_t reply[AUGER_DATAGRAM_MAX];
    size_t reply_len =
        sim->servers_answer_twice
            ? answer_in_both_ways(&path->remote, buf, len, reply, sizeof(reply))
            : auger_stun_server_answer(&path->remote, buf, len, reply, sizeof(reply));

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

void sim_answer_in_both_ways(struct sim *sim)
{
    sim->servers_answer_twice = true;
}
