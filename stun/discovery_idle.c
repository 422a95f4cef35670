/* stun/discovery_idle.c - a mapping that is opened, left idle, and tested: RFC 5780, 4.6. */
#include "stun/discovery_idle.h"

#include "base/addr.h"
#include "stun/discovery_probe.h"

#define TRIES 2 /* of RESPONSE-PORT, before those of the rows */

struct auger_probe *auger_idle_opening(struct auger_discovery *discovery, size_t row)
{
    return &discovery->probes[discovery->age.probes_at + TRIES + row];
}

struct auger_probe *auger_idle_testing(struct auger_discovery *discovery, size_t row)
{
    return &discovery->probes[discovery->age.probes_at + TRIES + AUGER_DISCOVERY_PAIRED + row];
}

void auger_idle_open(struct auger_discovery *discovery, size_t row, const struct auger_addr *server)
{
    auger_probe_renew(auger_idle_opening(discovery, row), AUGER_PROBE_AGE_OPEN,
                      AUGER_DISCOVERY_FIRST_PAIR + row, server);
}

void auger_idle_ask_for(struct auger_probe *probe, const struct auger_probe *opened)
{
    auger_probe_renew(probe, AUGER_PROBE_AGE, AUGER_DISCOVERY_MAIN, &opened->to);
    probe->hears = opened->socket;
    probe->response_port = opened->mapped.port;
}

void auger_idle_test(struct auger_discovery *discovery, size_t row)
{
    struct auger_probe *probe = auger_idle_testing(discovery, row);
    const struct auger_probe *opened = auger_idle_opening(discovery, row);

    if (discovery->age.by_own_port)
        auger_probe_renew(probe, AUGER_PROBE_AGE, opened->socket, &opened->to);
    else
        auger_idle_ask_for(probe, opened);
}

static enum auger_discovery_answer yes(bool is_so)
{
    return is_so ? AUGER_DISCOVERY_YES : AUGER_DISCOVERY_NO;
}

/* 4.6: it is gone if nothing came, or if what came did so at the other socket, which got its port.
 */
enum auger_discovery_answer auger_idle_judge(struct auger_discovery *discovery, size_t row)
{
    const struct auger_probe *probe = auger_idle_testing(discovery, row);
    const struct auger_probe *opened = auger_idle_opening(discovery, row);
    bool is_answered = probe->state == AUGER_PROBE_ANSWERED;

    if (discovery->age.by_own_port)
        return is_answered ? yes(auger_addr_equal(&probe->mapped, &opened->mapped))
                           : AUGER_DISCOVERY_UNKNOWN;
    if (is_answered || probe->state == AUGER_PROBE_SILENT || probe->was_elsewhere)
        return yes(is_answered);
    return AUGER_DISCOVERY_UNKNOWN;
}
