/* sim/prober.c - a host that sends what it is told to and keeps what it hears. */
#include "sim/world.h"

#include <string.h>

#define PROBER_PORT 4000
#define PROBER_TEXT_MAX 64

struct sim_prober {
    struct sim_host *host;
    char heard[PROBER_TEXT_MAX];
    struct auger_addr heard_from;
    size_t count;
    struct sim_prober *next;
};

static void hear(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                 const uint8_t *buf, size_t len)
{
    struct sim_prober *prober = host->owner;

    (void)sim;
    snprintf(prober->heard, sizeof(prober->heard), "%.*s", (int)len, (const char *)buf);
    prober->heard_from = path->remote;
    prober->count++;
}

struct sim_prober *sim_add_prober(struct sim *sim, const char *name, struct sim_net *net,
                                  enum auger_family family)
{
    struct sim_prober *prober = sim_alloc(sizeof(*prober));

    prober->host = sim_host_new(sim, name);
    prober->host->receive = hear;
    prober->host->owner = prober;
    sim_host_attach(prober->host, net, family, PROBER_PORT);
    prober->next = sim->probers;
    sim->probers = prober;
    return prober;
}

struct auger_addr sim_prober_addr(const struct sim_prober *prober)
{
    return prober->host->at[0].addr;
}

void sim_prober_send(struct sim *sim, struct sim_prober *prober, const struct auger_addr *to,
                     const char *text)
{
    struct auger_path path = {.local = sim_prober_addr(prober), .remote = *to};

    sim_host_send(sim, prober->host, &path, (const uint8_t *)text, strlen(text));
}

const char *sim_prober_heard(const struct sim_prober *prober, struct auger_addr *from)
{
    if (from)
        *from = prober->heard_from;
    return prober->count ? prober->heard : NULL;
}

size_t sim_prober_count(const struct sim_prober *prober)
{
    return prober->count;
}

void sim_probers_free(struct sim *sim)
{
    for (struct sim_prober *prober = sim->probers, *next; prober; prober = next) {
        next = prober->next;
        free(prober);
    }
}
