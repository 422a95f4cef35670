/* ice/renominate.c - nominations in the order of the values that they carry, NOMINATION
 * (0xC001) of draft-thatcher-ice-renomination, and docs/decisions/071. */
#include "ice/renominate.h"

#include "base/trace.h"

/* A lite agent does not offer it: it selects what the peer keeps asking on. */
bool auger_renominate_is_agreed(const struct auger_ice *ice)
{
    return ice->config.renomination && ice->peer_renominates && !ice->config.lite;
}

void auger_ice_set_remote_renomination(struct auger_ice *ice, auger_time now, bool offered)
{
    if (ice->peer_renominates == offered)
        return;
    ice->peer_renominates = offered;
    auger_trace(ice->env, now, "ice:renomination",
                AUGER_F_INT("agreed", auger_renominate_is_agreed(ice)));
}

bool auger_renominate_may(const struct auger_ice *ice)
{
    return auger_renominate_is_agreed(ice) && ice->current->role == AUGER_CONTROLLING &&
           ice->current->nomination.said < AUGER_NOMINATION_MAX;
}

uint32_t auger_renominate_next(struct auger_ice *ice)
{
    struct auger_nomination *nomination = &ice->current->nomination;

    if (!auger_renominate_may(ice))
        return 0;
    nomination->said_of = nomination->pair;
    return ++nomination->said;
}

bool auger_renominate_has_named(const struct auger_pair *pair)
{
    const struct auger_nomination *nomination = &pair->generation->nomination;

    return nomination->said == 0 || nomination->said_of == pair;
}

/* The upper eight bits are reserved.  Of a peer that has not offered it, it is an attribute
 * that we do not know. */
uint32_t auger_renominate_read(const struct auger_ice *ice, const struct auger_stun_msg *msg)
{
    uint32_t value;

    if (!auger_renominate_is_agreed(ice) ||
        !auger_stun_msg_u32(msg, AUGER_STUN_ATTR_NOMINATION, &value))
        return 0;
    return value & AUGER_NOMINATION_MAX;
}

/* Once there are values, a nomination without one is older than all of them.  A pair that we
 * had given up and that the peer still names is taken again. */
enum auger_renomination auger_renominate_judge(const struct auger_pair *pair, uint32_t value)
{
    const struct auger_nomination *nomination = &pair->generation->nomination;

    if (value == 0 && nomination->followed == 0)
        return AUGER_RENOMINATION_UNORDERED;
    if (value > nomination->followed || (value == nomination->followed && !nomination->selected))
        return AUGER_RENOMINATION_LATER;
    return value == nomination->followed && pair == nomination->selected
               ? AUGER_RENOMINATION_REPEATED
               : AUGER_RENOMINATION_OUTDATED;
}
