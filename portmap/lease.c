/* portmap/lease.c - one mapping: when it is asked for, renewed and given back. */
#include "portmap/lease.h"

#include "base/time.h"

#include <assert.h>

/* RFC 6887, 11.2.1: renewals are never closer. */
#define RENEWAL_LEAST (4 * AUGER_SEC)
/* Then the owner hears that nobody answers: 21 s of PCP, 32 s of NAT-PMP. */
#define TIMES_TOLD_PCP 3
#define TIMES_TOLD_NATPMP 7
/* RFC 6886, 3.1: it is enough to say it once or twice more. */
#define GOODBYES_MAX 3
#define RENEWALS_MAX 16

const struct auger_lease_pace auger_lease_pcp = {3 * AUGER_SEC, 1024 * AUGER_SEC};
const struct auger_lease_pace auger_lease_natpmp = {250 * AUGER_MS, 64 * AUGER_SEC};

/* `chance` of 2^32 parts of `span`. */
static auger_time part(auger_time span, uint32_t chance)
{
    return (auger_time)((uint64_t)span / 65536 * (chance / 65536));
}

bool auger_lease_stands(const struct auger_lease *lease)
{
    return lease->state == AUGER_LEASE_HELD || lease->state == AUGER_LEASE_REMAKING;
}

static void ask_anew(struct auger_lease *lease, enum auger_lease_state state, auger_time at)
{
    lease->state = state;
    lease->next_at = at;
    lease->rt = 0;
    lease->times = 0;
    lease->is_asked = false;
}

void auger_lease_begin(struct auger_lease *lease, auger_time at)
{
    ask_anew(lease, AUGER_LEASE_ASKING, at);
}

void auger_lease_again(struct auger_lease *lease, auger_time at)
{
    if (lease->state == AUGER_LEASE_ASKING || lease->state == AUGER_LEASE_LEAVING)
        ask_anew(lease, lease->state, at);
}

void auger_lease_remake(struct auger_lease *lease, auger_time at)
{
    if (auger_lease_stands(lease))
        ask_anew(lease, AUGER_LEASE_REMAKING, at);
}

/* The (k+1)th renewal: 1/2 to 5/8 of the lifetime, 3/4 to 13/16, 7/8 to 29/32 and so on. */
static auger_time renewal_at(const struct auger_lease *lease, uint8_t k, uint32_t chance)
{
    auger_time whole = lease->expires_at - lease->granted_at;

    return lease->expires_at - (whole >> (k + 1)) + part(whole >> (k + 3), chance);
}

/* RFC 6887, 8.1.1: RT = (1 + RAND) * MIN(2 * RTprev, MRT), RAND from -0.1 to +0.1. */
static void back_off(struct auger_lease *lease, auger_time now, const struct auger_lease_pace *pace,
                     uint32_t chance)
{
    auger_time base = lease->rt == 0 ? pace->first : auger_time_min(2 * lease->rt, pace->most);

    lease->rt = base - base / 10 + part(base / 5, chance);
    lease->next_at = auger_time_add(now, lease->rt);
}

/* Whoever was told that it stands is told that it does not. */
static void tell_end(struct auger_lease *lease, enum auger_portmap_error error)
{
    lease->news = lease->told.family != AUGER_FAMILY_NONE ? AUGER_LEASE_LOST : AUGER_LEASE_FAILED;
    lease->error = error;
}

static void tell_silence(struct auger_lease *lease, const struct auger_lease_pace *pace)
{
    uint8_t enough = pace == &auger_lease_pcp ? TIMES_TOLD_PCP : TIMES_TOLD_NATPMP;

    if (lease->state == AUGER_LEASE_ASKING && lease->times == enough + 1)
        tell_end(lease, AUGER_PORTMAP_ERROR_NO_ANSWER);
}

void auger_lease_sent(struct auger_lease *lease, auger_time now,
                      const struct auger_lease_pace *pace, uint32_t chance)
{
    assert(lease->state != AUGER_LEASE_FREE && lease->state != AUGER_LEASE_REFUSED);
    lease->is_asked = true;
    if (lease->times < UINT8_MAX)
        lease->times++;
    tell_silence(lease, pace);
    if (lease->state == AUGER_LEASE_HELD) {
        uint8_t k = lease->times < RENEWALS_MAX ? lease->times : RENEWALS_MAX;
        lease->next_at =
            auger_time_max(renewal_at(lease, k, chance), auger_time_add(now, RENEWAL_LEAST));
    } else {
        back_off(lease, now, pace, chance);
        lease->may_stand = true;
    }
}

void auger_lease_granted(struct auger_lease *lease, auger_time now,
                         const struct auger_addr *external, uint32_t lifetime_s, uint32_t chance)
{
    assert(lifetime_s > 0);
    lease->external = *external;
    lease->lifetime_s = lifetime_s;
    lease->granted_at = now;
    lease->expires_at = auger_time_add(now, lifetime_s * AUGER_SEC);
    ask_anew(lease, AUGER_LEASE_HELD, 0);
    lease->next_at =
        auger_time_max(renewal_at(lease, 0, chance), auger_time_add(now, RENEWAL_LEAST));
    lease->may_stand = true;
    if (auger_addr_equal(&lease->told, external)) {
        lease->news = AUGER_LEASE_QUIET; /* what was to be told is not so any more */
        return;
    }
    lease->news = AUGER_LEASE_MAPPED;
    lease->error = AUGER_PORTMAP_ERROR_NONE;
}

void auger_lease_refused(struct auger_lease *lease, auger_time now, enum auger_portmap_error error,
                         auger_time hold)
{
    tell_end(lease, error);
    lease->may_stand = false;
    ask_anew(lease, AUGER_LEASE_REFUSED, auger_time_add(now, hold));
}

void auger_lease_put_off(struct auger_lease *lease, auger_time now, auger_time hold)
{
    lease->state = AUGER_LEASE_HELD;
    lease->is_asked = false;
    lease->next_at = auger_time_add(now, auger_time_max(hold, RENEWAL_LEAST));
}

void auger_lease_give_back(struct auger_lease *lease, auger_time now, bool once)
{
    lease->news = AUGER_LEASE_QUIET;
    if (!lease->may_stand) {
        lease->state = AUGER_LEASE_FREE;
        return;
    }
    ask_anew(lease, AUGER_LEASE_LEAVING, now);
    lease->times = once ? GOODBYES_MAX - 1 : 0;
}

bool auger_lease_is_due(const struct auger_lease *lease, auger_time now)
{
    switch (lease->state) {
    case AUGER_LEASE_FREE:
    case AUGER_LEASE_REFUSED:
        return false;
    case AUGER_LEASE_ASKING:
    case AUGER_LEASE_HELD:
    case AUGER_LEASE_REMAKING:
        return now >= lease->next_at;
    case AUGER_LEASE_LEAVING:
        return lease->times < GOODBYES_MAX && now >= lease->next_at;
    }
    return false;
}

void auger_lease_handle_timeout(struct auger_lease *lease, auger_time now)
{
    if (auger_lease_stands(lease) && now >= lease->expires_at) {
        tell_end(lease, AUGER_PORTMAP_ERROR_EXPIRED);
        lease->may_stand = false;
        auger_lease_begin(lease, now);
    } else if (lease->state == AUGER_LEASE_REFUSED && now >= lease->next_at) {
        auger_lease_begin(lease, now);
    } else if (lease->state == AUGER_LEASE_LEAVING && lease->times >= GOODBYES_MAX &&
               now >= lease->next_at) {
        lease->state = AUGER_LEASE_FREE;
    }
}
