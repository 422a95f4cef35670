/* ice/consent.c - the peer's consent to receive data, and whether it is heard at
 * all: RFC 7675 and design decision 14.  Its checks are the keepalives of RFC
 * 8445 section 11 too. */
#include "ice/consent.h"

#include "ice/check.h"
#include "ice/keepalive.h"
#include "ice/lite.h"
#include "ice/nominate.h"
#include "ice/role.h"
#include "ice/route.h"

#include "base/buggify.h"
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"

#include <assert.h>
#include <string.h>

#define INTERVAL_MIN (4 * AUGER_SEC) /* 5.1: 0.8 to 1.2 times five seconds */
#define INTERVAL_SPREAD_US 2000001u
#define SILENCE (5 * AUGER_SEC)
#define LITE_SILENCE (15 * AUGER_SEC) /* in which the peer's checks came to three */
#define GRACE (500 * AUGER_MS)
#define ENTROPY_RETRY (1 * AUGER_SEC)

/* A draw of the environment's takes longer than an HMAC, however small it is (decision 090):
 * the bytes of several checks are drawn at once, and none is kept that was used. */
static int draw(struct auger_ice *ice, void *buf, uint8_t len)
{
    struct auger_consent *consent = &ice->consent;

    if (consent->ahead_len < len) {
        consent->ahead_len = 0;
        int err = auger_env_random(ice->env, consent->ahead, sizeof(consent->ahead));
        if (err < 0)
            return err;
        consent->ahead_len = sizeof(consent->ahead);
    }
    consent->ahead_len = (uint8_t)(consent->ahead_len - len);
    memcpy(buf, &consent->ahead[consent->ahead_len], len);
    memset(&consent->ahead[consent->ahead_len], 0, len);
    return 0;
}

auger_time auger_consent_interval(struct auger_ice *ice)
{
    uint32_t random;

    if (draw(ice, &random, sizeof(random)) != 0)
        random = INTERVAL_SPREAD_US / 2;
    return INTERVAL_MIN + (auger_time)(random % INTERVAL_SPREAD_US) * AUGER_US;
}

static void forget_checks(struct auger_consent *consent, uint8_t on)
{
    for (size_t i = 0; i < AUGER_CONSENT_CHECKS_MAX; i++) {
        if (consent->checks[i].on == on)
            consent->checks[i].sent_at = AUGER_NEVER;
    }
}

static bool is_asked(const struct auger_consent_asked *asked, const struct auger_pair *pair)
{
    struct auger_path path = auger_pair_path(pair);

    return asked->generation == pair->generation && auger_path_equal(&asked->path, &path);
}

/* What is out on the pair that data leaves may yet be answered, and data come back to it. */
static void turn_to(struct auger_consent *consent, const struct auger_pair *pair)
{
    if (is_asked(&consent->asked[consent->on], pair))
        return;
    consent->on ^= 1;
    if (is_asked(&consent->asked[consent->on], pair))
        return;
    forget_checks(consent, consent->on);
    consent->asked[consent->on] =
        (struct auger_consent_asked){pair->generation, auger_pair_path(pair)};
}

/* --- asking --------------------------------------------------------------------------- */

/* Each check is a transaction of its own and is sent once (5.1). */
size_t auger_consent_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                           uint8_t *buf, size_t cap)
{
    struct auger_consent *consent = &ice->consent;
    struct auger_pair *pair = consent->pair;

    if (!pair || now < consent->next_at || !auger_pair_is_usable(pair, now))
        return 0;
    if (ice->config.lite) { /* it obtains no consent (7675 section 2) */
        consent->next_at = auger_lite_next_keepalive(ice, now);
        return auger_lite_write_keepalive(ice, now, path, buf, cap);
    }
    struct auger_consent_check check = {.sent_at = now,
                                        .silence = auger_keepalive_silence(ice, now),
                                        .role_switches = pair->generation->role_switches,
                                        .on = consent->on};
    if (AUGER_BUGGIFY(CONSENT_NO_ENTROPY) ||
        draw(ice, check.tid.bytes, sizeof(check.tid.bytes)) != 0) {
        consent->next_at = auger_time_add(now, ENTROPY_RETRY);
        return 0;
    }
    auger_ice_mark(ice, &check.tid);
    consent->next_at = auger_time_add(now, auger_consent_interval(ice));
    consent->asked_at = auger_time_min(consent->asked_at, now);
    consent->checks[consent->checks_next] = check;
    consent->checks_next = (uint8_t)((consent->checks_next + 1) % AUGER_CONSENT_CHECKS_MAX);

    /* What a restart has replaced may have been about to nominate another. */
    bool nominates = pair->generation == ice->current && auger_nominate_repeats(pair);
    uint32_t value = nominates ? pair->generation->nomination.said : 0;
    size_t len = auger_check_build(pair, &check.tid, nominates, value, buf, cap);
    if (len == 0)
        return 0;
    *path = auger_pair_path(pair);
    pair->requests_sent++;
    pair->proof->tally.consent_requests_sent++;
    ice->counters.checks_sent++;
    auger_trace(ice->env, now, "ice:consent_asked", AUGER_F_ADDR("remote", &path->remote));
    return len;
}

/* --- the answer ------------------------------------------------------------------------- */

static struct auger_pair *pair_of(const struct auger_consent_asked *asked)
{
    return asked->generation ? auger_checklist_find(&asked->generation->checklist, &asked->path)
                             : NULL;
}

struct auger_consent_check *auger_consent_find(struct auger_ice *ice,
                                               const struct auger_stun_tid *tid,
                                               struct auger_pair **pair)
{
    struct auger_consent *consent = &ice->consent;

    for (size_t i = 0; i < AUGER_CONSENT_CHECKS_MAX; i++) {
        struct auger_consent_check *check = &consent->checks[i];
        if (check->sent_at != AUGER_NEVER &&
            memcmp(check->tid.bytes, tid->bytes, sizeof(tid->bytes)) == 0) {
            *pair = pair_of(&consent->asked[check->on]);
            return *pair ? check : NULL;
        }
    }
    return NULL;
}

/* Of ours, before the first check that had no answer. */
static auger_time silence_before_loss(const struct auger_ice *ice)
{
    const struct auger_consent_check *first = NULL;

    for (size_t i = 0; i < AUGER_CONSENT_CHECKS_MAX; i++) {
        const struct auger_consent_check *check = &ice->consent.checks[i];
        if (check->sent_at != AUGER_NEVER && auger_consent_is_current(&ice->consent, check) &&
            check->sent_at > ice->consent.pair->proof->answered_at &&
            (!first || check->sent_at < first->sent_at))
            first = check;
    }
    return first ? first->silence : 0;
}

static void fail(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    auger_pair_fail(pair, ice->env, now, AUGER_PAIR_NO_CONSENT);
    auger_inflight_remove_pair(&pair->generation->checklist.inflight, pair);
    auger_route_update(ice, now);
}

static void lose(struct auger_ice *ice, auger_time now, const char *reason)
{
    struct auger_pair *pair = ice->consent.pair;
    struct auger_generation *generation = pair->generation;

    fail(ice, now, pair);
    if (!auger_checklist_best(&generation->checklist, now, generation->role))
        auger_ice_give_up(ice, now, generation, reason);
}

bool auger_consent_take(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                        auger_time sent_at, const struct auger_path *path,
                        const struct auger_stun_msg *msg)
{
    struct auger_path asked = auger_pair_path(pair);

    if (!auger_path_equal(path, &asked) || !auger_pair_is_usable(pair, now) ||
        now - sent_at > AUGER_CONSENT_LIFETIME) {
        ice->counters.unmatched++;
        return false;
    }
    auger_ice_heard(ice, now, path);
    pair->proof->responses_received++;
    ice->tally.responses_received++;
    if (msg->class_ == AUGER_STUN_SUCCESS) {
        pair->proof->answered_at = now;
        pair->proof->rtt = now - sent_at;
        pair->proof->tally.rtt_total += pair->proof->rtt;
        auger_checklist_excuse(&pair->generation->checklist, pair);
    }
    return true;
}

/* 5.2 */
static void revoke(struct auger_ice *ice, auger_time now, struct auger_pair *pair)
{
    if (pair != ice->consent.pair) { /* data has left it, and the session lives elsewhere */
        fail(ice, now, pair);
        return;
    }
    ice->tally.consent_was_revoked = true;
    lose(ice, now, "consent revoked");
}

void auger_consent_handle_response(struct auger_ice *ice, auger_time now,
                                   struct auger_consent_check *check, struct auger_pair *pair,
                                   const struct auger_path *path, const struct auger_stun_msg *msg)
{
    bool is_current = pair == ice->consent.pair && auger_consent_is_current(&ice->consent, check);

    assert(check->sent_at != AUGER_NEVER);
    if (!auger_consent_take(ice, now, pair, check->sent_at, path, msg))
        return;
    check->sent_at = AUGER_NEVER;
    if (msg->class_ == AUGER_STUN_SUCCESS) {
        if (is_current)
            auger_keepalive_shown(ice, now, msg, check->silence);
        return;
    }
    if (msg->error_code == AUGER_STUN_ROLE_CONFLICT) { /* 8445 section 7.2.5.1 */
        if (is_current && check->role_switches == pair->generation->role_switches)
            ice->consent.next_at = now; /* in the other role */
        auger_role_yield(ice, pair->generation, now, check->role_switches);
    } else if (msg->error_code == AUGER_STUN_FORBIDDEN) {
        revoke(ice, now, pair);
    }
}

/* --- time ------------------------------------------------------------------------------- */

/* When the peer will have been silent too long: for five seconds, in which a
 * check of ours has had the time to be answered.  Two quiet agents may well go
 * six seconds without a word. */
static auger_time silent_at(const struct auger_ice *ice)
{
    if (ice->config.lite && !ice->peer_is_lite)
        return auger_time_add(ice->heard_at, LITE_SILENCE);
    if (ice->consent.asked_at == AUGER_NEVER)
        return AUGER_NEVER;
    auger_time grace = auger_time_max(GRACE, 3 * ice->consent.pair->proof->rtt);
    return auger_time_max(auger_time_add(ice->heard_at, SILENCE),
                          auger_time_add(ice->consent.asked_at, grace));
}

static void watch(struct auger_ice *ice, auger_time now)
{
    struct auger_consent *consent = &ice->consent;

    consent->pair = ice->route;
    if (!auger_ice_is_silent(ice))
        consent->asked_at = AUGER_NEVER;
    consent->watched_at = now;
    if (consent->pair)
        turn_to(consent, consent->pair);
    auger_keepalive_watch(ice, now);
    if (consent->pair && ice->config.lite)
        consent->next_at = auger_lite_next_keepalive(ice, now);
    else if (consent->pair)
        consent->next_at = auger_time_max(
            now, auger_time_add(consent->pair->proof->answered_at, auger_consent_interval(ice)));
}

void auger_consent_follow(struct auger_ice *ice, auger_time now)
{
    if (ice->consent.pair != ice->route)
        watch(ice, now);
    if (!ice->consent.pair)
        return;
    if (auger_nominate_is_to_be_repeated(ice->consent.pair))
        ice->consent.next_at = now;
    if (now >= silent_at(ice))
        auger_ice_set_state(ice, now, AUGER_ICE_DISCONNECTED, "silence");
    else
        auger_ice_set_state(ice, now, AUGER_ICE_CONNECTED, "heard");
}

void auger_consent_expire(struct auger_ice *ice, auger_time now)
{
    if (!ice->consent.pair || auger_pair_is_usable(ice->consent.pair, now))
        return;
    auger_keepalive_lost(ice, now, silence_before_loss(ice));
    lose(ice, now, "consent expired"); /* 5.1 */
}

auger_time auger_consent_next_timeout(const struct auger_ice *ice)
{
    const struct auger_pair *pair = ice->consent.pair;
    if (!pair)
        return AUGER_NEVER;
    auger_time at = auger_time_min(
        ice->consent.next_at, auger_time_add(pair->proof->answered_at, AUGER_CONSENT_LIFETIME));
    return ice->state == AUGER_ICE_CONNECTED ? auger_time_min(at, silent_at(ice)) : at;
}
