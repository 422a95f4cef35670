/* turn/server_refresh.c - a Refresh request: RFC 8656 section 8.2.  One with a ticket comes from
 * another address, and is server_mobility.c first. */
#include "turn/server_refresh.h"

#include "base/time.h"
#include "base/trace.h"
#include "turn/server_allocation.h"
#include "turn/server_answer.h"
#include "turn/server_mobility.h"

/* Which relays it is about: bit 0 IPv4, bit 1 IPv6; 0: none that there is. */
static unsigned read_families(const struct auger_server_request *r)
{
    const struct auger_server_allocation *a = r->allocation;
    unsigned all = (a->relays[0] ? 1u : 0) | (a->relays[1] ? 2u : 0);
    struct auger_bytes value;

    if (!auger_stun_msg_bytes(r->msg, AUGER_STUN_ATTR_REQUESTED_ADDRESS_FAMILY, &value))
        return all;
    return value.data[0] == 1 || value.data[0] == 2 ? all & value.data[0] : 0;
}

static void answer(struct auger_server_request *r, uint32_t lifetime_s)
{
    struct auger_stun_builder b;

    auger_server_begin(r, AUGER_STUN_SUCCESS, &b);
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_LIFETIME, lifetime_s);
    if (lifetime_s > 0 && auger_stun_msg_has(r->msg, AUGER_STUN_ATTR_MOBILITY_TICKET))
        auger_server_mobility_add_ticket(r->allocation, &b);
    auger_server_end(r, &b);
}

static void extend(struct auger_server_request *r, unsigned families)
{
    uint32_t lifetime_s = auger_server_allocation_lifetime(r);

    for (size_t family = 0; family < 2; family++)
        if (families & 1u << family)
            auger_server_timer_set(&r->server->timers, &r->allocation->relays[family]->timer,
                                   auger_time_add(r->now, lifetime_s * AUGER_SEC));
    auger_trace(r->server->env, r->now, "turn:server_refreshed",
                AUGER_F_ADDR("client", &r->path->remote), AUGER_F_INT("lifetime_s", lifetime_s));
    answer(r, lifetime_s);
}

static void release(struct auger_server_request *r, unsigned families)
{
    struct auger_server_allocation *a = r->allocation;
    unsigned all = (a->relays[0] ? 1u : 0) | (a->relays[1] ? 2u : 0);

    answer(r, 0);
    if (families == all)
        auger_server_allocation_end(r->server, r->now, a, AUGER_TURN_SERVER_END_RELEASED);
    else
        auger_server_allocation_end_relay(r->server, r->now, a, families == 2,
                                          AUGER_TURN_SERVER_END_RELEASED);
}

void auger_server_refresh(struct auger_server_request *r)
{
    uint32_t lifetime_s;

    if (!auger_server_mobility_judge_refresh(r) || !auger_server_allocation_is_there(r))
        return;
    unsigned families = read_families(r);
    if (families == 0)
        auger_server_refuse(r, AUGER_STUN_PEER_ADDRESS_FAMILY_MISMATCH);
    else if (auger_stun_msg_u32(r->msg, AUGER_STUN_ATTR_LIFETIME, &lifetime_s) && lifetime_s == 0)
        release(r, families);
    else
        extend(r, families);
}
