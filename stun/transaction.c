/* stun/transaction.c - when a request is sent, sent again, and given up. */
#include "stun/transaction.h"
#include "base/buggify.h"
#include "base/env.h"
#include "base/time.h"

#include <string.h>

int auger_stun_transaction_start(struct auger_stun_transaction *t, const struct auger_env *env,
                                 auger_time now, auger_time rto)
{
    struct auger_stun_transaction fresh = {
        .first_sent_at = AUGER_NEVER,
        .last_sent_at = now,
        .rto = rto,
        .rc = AUGER_STUN_RC,
        .rm = AUGER_STUN_RM,
    };

    if (AUGER_BUGGIFY(NO_ENTROPY))
        return AUGER_ERR_ENTROPY;
    int err = auger_env_random(env, fresh.id.bytes, sizeof(fresh.id.bytes));
    if (err < 0)
        return err;
    *t = fresh;
    return 0;
}

static auger_time doubled(auger_time wait, unsigned times)
{
    while (times-- > 0)
        wait = auger_time_add(wait, wait);
    return wait;
}

/* 6.2.1: the wait doubles with each request; behind the last it is Rm times the
 * first.  Counted from the latest request, so that a late caller sends no burst. */
auger_time auger_stun_transaction_next_timeout(const struct auger_stun_transaction *t)
{
    if (t->sent == 0)
        return t->last_sent_at;
    auger_time wait = t->sent < t->rc ? doubled(t->rto, t->sent - 1u) : t->rto * t->rm;
    return auger_time_add(t->last_sent_at, wait);
}

void auger_stun_transaction_sent(struct auger_stun_transaction *t, auger_time now)
{
    if (t->sent == 0)
        t->first_sent_at = now;
    t->last_sent_at = now;
    t->sent++;
}

bool auger_stun_transaction_is_due(const struct auger_stun_transaction *t, auger_time now)
{
    return t->sent < t->rc && now >= auger_stun_transaction_next_timeout(t);
}

bool auger_stun_transaction_is_expired(const struct auger_stun_transaction *t, auger_time now)
{
    return t->sent >= t->rc && now >= auger_stun_transaction_next_timeout(t);
}

bool auger_stun_transaction_matches(const struct auger_stun_transaction *t,
                                    const struct auger_stun_tid *id)
{
    return t->sent > 0 && memcmp(t->id.bytes, id->bytes, sizeof(id->bytes)) == 0;
}
