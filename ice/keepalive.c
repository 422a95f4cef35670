/* ice/keepalive.c - what keeps a NAT's mapping between two consent checks: RFC 8445 section 11. */
#include "ice/keepalive.h"

#include "base/addr.h"
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"
#include "ice/pair.h"

void auger_keepalive_init(struct auger_ice *ice)
{
    ice->keepalive.tr = ice->config.keepalive > 0 ? ice->config.keepalive : AUGER_NEVER;
}

/* Not authenticated, and FINGERPRINT alone. */
size_t auger_keepalive_build(const struct auger_ice *ice, uint8_t *buf, size_t cap)
{
    struct auger_stun_builder b;
    struct auger_stun_tid tid;

    if (auger_env_random(ice->env, tid.bytes, sizeof(tid.bytes)) != 0)
        return 0;
    auger_stun_build_begin(&b, buf, cap, AUGER_STUN_INDICATION, AUGER_STUN_BINDING, &tid);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    return len < 0 ? 0 : (size_t)len;
}

/* --- silence -------------------------------------------------------------------------- */

void auger_keepalive_watch(struct auger_ice *ice, auger_time now)
{
    const struct auger_pair *pair = ice->consent.pair;
    const struct auger_ice_cand *seen_as = pair ? auger_pair_seen_as(pair) : NULL;

    ice->keepalive.sent_at = now;
    ice->keepalive.seen = seen_as ? seen_as->addr : (struct auger_addr){0};
}

void auger_keepalive_left(struct auger_ice *ice, auger_time now, const struct auger_path *path)
{
    if (!ice->consent.pair)
        return;
    struct auger_path kept = auger_pair_path(ice->consent.pair);
    if (auger_path_equal(&kept, path))
        ice->keepalive.sent_at = now;
}

auger_time auger_keepalive_silence(const struct auger_ice *ice, auger_time now)
{
    return now - ice->keepalive.sent_at;
}

/* --- a NAT that forgets ------------------------------------------------------------------ */

/* What was forgotten after that long is kept by half of it from now on.  Where something had just
 * left it was no matter of silence. */
static void shorten(struct auger_ice *ice, auger_time now, auger_time silence, const char *reason)
{
    auger_time tr = auger_time_max(silence / 2, AUGER_KEEPALIVE_MIN);

    if (silence < AUGER_KEEPALIVE_MIN || tr >= ice->keepalive.tr)
        return;
    ice->keepalive.tr = tr;
    ice->counters.mappings_forgotten++;
    auger_trace(ice->env, now, "ice:mapping_forgotten",
                AUGER_F_ADDR("remote", &ice->consent.pair->remote->addr),
                AUGER_F_TIME("silence", silence), AUGER_F_TIME("keepalive", tr),
                AUGER_F_TEXT("reason", reason));
}

/* Another IP address is another NAT, or its provider's doing. */
void auger_keepalive_shown(struct auger_ice *ice, auger_time now, const struct auger_stun_msg *msg,
                           auger_time silence)
{
    struct auger_addr *seen = &ice->keepalive.seen, mapped;

    if (!auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped))
        return;
    bool is_moved = auger_addr_ip_equal(seen, &mapped) && seen->port != mapped.port;
    *seen = mapped;
    if (is_moved)
        shorten(ice, now, silence, "another port");
}

/* Whether it was the NAT is not known then: to suspect it costs a few datagrams. */
void auger_keepalive_lost(struct auger_ice *ice, auger_time now, auger_time silence)
{
    const struct auger_ice_cand *seen_as = auger_pair_seen_as(ice->consent.pair);

    if (seen_as && (seen_as->type == AUGER_CAND_SRFLX || seen_as->type == AUGER_CAND_PRFLX))
        shorten(ice, now, silence, "consent expired");
}

/* --- keeping -------------------------------------------------------------------------------- */

/* A stream is kept by TCP, and a lite agent has its own rule. */
static auger_time due_at(const struct auger_ice *ice)
{
    const struct auger_pair *pair = ice->consent.pair;

    if (!pair || ice->config.lite || pair->local->addr.transport != AUGER_UDP)
        return AUGER_NEVER;
    return auger_time_add(ice->keepalive.sent_at, ice->keepalive.tr);
}

size_t auger_keepalive_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                             uint8_t *buf, size_t cap)
{
    if (now < due_at(ice) || !auger_pair_is_usable(ice->consent.pair, now))
        return 0;
    ice->keepalive.sent_at = now;
    size_t len = auger_keepalive_build(ice, buf, cap);
    if (len == 0)
        return 0;
    *path = auger_pair_path(ice->consent.pair);
    auger_trace(ice->env, now, "ice:keepalive", AUGER_F_ADDR("remote", &path->remote));
    return len;
}

auger_time auger_keepalive_next_timeout(const struct auger_ice *ice)
{
    return due_at(ice);
}
