/* sim/busy.c - other hosts behind a NAT, of which nothing is seen but the mappings that they take:
 * so many a second, at any moment (Poisson). */
#include "sim/world.h"

#include <math.h>
#include <string.h>

#define FIRST_HOST 200 /* of the network's addresses these are theirs */
#define HOSTS 50

static void plan(struct sim *sim, struct sim_gateway *gateway);

static void open_mapping(struct sim *sim, void *user)
{
    struct sim_gateway *gateway = user;
    struct prng *random = &gateway->busy_random;
    struct auger_addr from = {.family = AUGER_IPV4}, to = {.family = AUGER_IPV4, .port = 443};

    memcpy(from.ip, gateway->inside->prefix4, 3);
    from.ip[3] = (uint8_t)(FIRST_HOST + prng_below(random, HOSTS));
    from.port = (uint16_t)prng_between(random, 1024, 65535);
    to.ip[0] = 99; /* where nobody is */
    prng_fill(random, &to.ip[1], 3);
    nat_outbound(gateway->nat, sim->now, &from, &to);
    plan(sim, gateway);
}

static void plan(struct sim *sim, struct sim_gateway *gateway)
{
    double even = ((double)(prng_next(&gateway->busy_random) >> 11) + 1) / 9007199254740992.0;
    double wait_s = -log(even) / gateway->busy_per_second;

    sim_schedule(sim, (auger_time)(wait_s * (double)AUGER_SEC), open_mapping, gateway);
}

void sim_gateway_make_busy(struct sim *sim, struct sim_gateway *gateway, unsigned per_second)
{
    char name[SIM_NAME_MAX + 8];

    snprintf(name, sizeof(name), "%s:busy", gateway->name);
    prng_init(&gateway->busy_random, sim->options.seed, name);
    gateway->busy_per_second = per_second;
    plan(sim, gateway);
}
