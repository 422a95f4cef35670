/* ice/check.c - connectivity checks, the asking side: RFC 8445 section 7.2.
 * The answering side, section 7.3, is inbound.c. */
#include "ice/check.h"

#include "ice/nominate.h"
#include "ice/ours.h"
#include "ice/pace.h"
#include "ice/permit.h"
#include "ice/priority.h"
#include "ice/renominate.h"
#include "ice/role.h"
#include "ice/unseen.h"

#include "base/buggify.h"
#include "base/time.h"
#include "base/trace.h"

#include <assert.h>

/* --- sending ------------------------------------------------------------------ */

size_t auger_check_build(const struct auger_pair *pair, const struct auger_stun_tid *tid,
                         bool nominates, uint32_t nomination, uint8_t *buf, size_t cap)
{
    const struct auger_generation *generation = pair->generation;
    char username[AUGER_USERNAME_MAX];
    size_t username_len =
        auger_credentials_username(&generation->local, &generation->remote, username);
    uint16_t role_attr = generation->role == AUGER_CONTROLLING ? AUGER_STUN_ATTR_ICE_CONTROLLING
                                                               : AUGER_STUN_ATTR_ICE_CONTROLLED;
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, cap, AUGER_STUN_REQUEST, AUGER_STUN_BINDING, tid);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERNAME, username, username_len);
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_PRIORITY, auger_priority_prflx(pair->local));
    auger_stun_build_u64(&b, role_attr, generation->tie_breaker);
    if (nominates)
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
    if (nomination)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_NOMINATION, nomination);
    auger_stun_build_integrity(&b, generation->remote.key);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    return len < 0 ? 0 : (size_t)len;
}

static bool is_spent(const struct auger_ice *ice)
{
    return ice->current->unanswered >= (uint32_t)AUGER_CHECK_UNANSWERED_MAX * ice->config.pairs_max;
}

static bool may_ask(const struct auger_ice *ice, const struct auger_pair *pair)
{
    return auger_pair_was_answered(pair) || !is_spent(ice);
}

static size_t write_request(struct auger_ice *ice, auger_time now, struct auger_check *check,
                            struct auger_path *path, uint8_t *buf, size_t cap)
{
    struct auger_generation *generation = check->pair->generation;
    size_t len = auger_check_build(check->pair, &check->tx.id, check->nominates, check->nomination,
                                   buf, cap);

    auger_stun_transaction_sent(&check->tx, now);
    if (len == 0)
        return 0; /* as good as lost on the way */
    *path = auger_pair_path(check->pair);
    generation->unanswered += !auger_pair_was_answered(check->pair);
    check->pair->requests_sent++;
    check->pair->retransmissions_sent += check->tx.sent > 1;
    ice->counters.checks_sent++;
    generation->role_is_settled = true;
    auger_trace(ice->env, now, "ice:check_sent", AUGER_F_ADDR("local", &path->local),
                AUGER_F_ADDR("remote", &path->remote), AUGER_F_INT("attempt", check->tx.sent),
                AUGER_F_TEXT("role", auger_role_name(check->role)),
                AUGER_F_INT("use_candidate", check->nominates),
                AUGER_F_INT("nomination", check->nomination));
    return len;
}

/* A cancelled check can still succeed, but its failure says nothing about the
 * check that took its place (7.3.1.4). */
static void fail(struct auger_ice *ice, auger_time now, const struct auger_check *check,
                 enum auger_pair_failure why)
{
    ice->tally.checks_refused += why == AUGER_PAIR_REFUSED;
    ice->tally.checks_misanswered += why == AUGER_PAIR_ASYMMETRIC;
    if (!check->cancelled)
        auger_pair_fail(check->pair, ice->env, now, why);
}

static void give_up(struct auger_ice *ice, auger_time now, struct auger_check *check,
                    enum auger_pair_failure why)
{
    struct auger_check done = *check;

    auger_inflight_remove(&check->pair->generation->checklist.inflight, check);
    fail(ice, now, &done, why);
}

static bool is_over_stream(const struct auger_check *check)
{
    return check->pair->local->tcptype != AUGER_TCP_TYPE_NONE;
}

static auger_time given_up_at(const struct auger_check *check)
{
    return auger_time_add(check->tx.first_sent_at, AUGER_CHECK_LIFETIME);
}

static bool is_over(const struct auger_check *check, auger_time now)
{
    return now >= given_up_at(check) ||
           (!check->cancelled && auger_stun_transaction_is_expired(&check->tx, now));
}

/* The first request may still be answered.  NULL: not now. */
static struct auger_check *ask_anew(struct auger_ice *ice, auger_time now,
                                    struct auger_check *check)
{
    struct auger_inflight *inflight = &check->pair->generation->checklist.inflight;
    struct auger_check anew = *check;
    struct auger_stun_transaction tx;

    auger_pace_begin(ice, now);
    if (auger_stun_transaction_start(&tx, ice->env, now, AUGER_STUN_RTO) != 0) {
        auger_stun_transaction_sent(&check->tx, now);
        return NULL;
    }
    check->cancelled = true;
    anew.tx.id = tx.id;
    auger_ice_mark(ice, &anew.tx.id);
    check = auger_inflight_add(inflight, anew.pair);
    *check = anew;
    return check;
}

/* Whose time has run out meanwhile is given up next, and nobody would wait for what it asks now. */
static bool is_to_be_repeated(const struct auger_check *check, auger_time now)
{
    return check->pair && !check->cancelled && !is_over(check, now) &&
           auger_stun_transaction_is_due(&check->tx, now);
}

/* What may not be repeated has failed, and may still be answered. */
size_t auger_check_write_again(struct auger_ice *ice, auger_time now, struct auger_path *path,
                               uint8_t *buf, size_t cap)
{
    struct auger_inflight *inflight = &ice->current->checklist.inflight;

    for (uint16_t i = 0; inflight->used && i < inflight->slots.len; i++) {
        struct auger_check *check = auger_inflight_at(inflight, i);
        if (!is_to_be_repeated(check, now))
            continue;
        if (is_over_stream(check) && !auger_pace_allows(ice, now))
            continue; /* nor does it fail before (docs/decisions/260) */
        if (!may_ask(ice, check->pair)) {
            fail(ice, now, check, AUGER_PAIR_LIMIT);
            check->cancelled = ice->has_given_up = true;
            continue;
        }
        if (check->tx.sent > 0 && !check->nominates && AUGER_BUGGIFY(AGAIN_LOST)) {
            auger_stun_transaction_sent(&check->tx, now);
            continue;
        }
        if (is_over_stream(check) && !(check = ask_anew(ice, now, check)))
            continue;
        size_t len = write_request(ice, now, check, path, buf, cap);
        if (len)
            return len;
    }
    return 0;
}

/* 14.3.  The formula there multiplies the number of checks by itself; here it
 * stands for what the section wants. */
static auger_time retransmission_timeout(const struct auger_ice *ice)
{
    return auger_pace_rto(ice, auger_checklist_count_active(&ice->current->checklist));
}

static struct auger_pair *next_pair(const struct auger_ice *ice)
{
    const struct auger_generation *current = ice->current;

    if (!auger_credentials_are_known(&current->remote) || current->end_reason || ice->config.lite)
        return NULL;
    return auger_checklist_next(&current->checklist, auger_nominate_is_concluded(current));
}

/* Once it has answered, all is as with others: a nomination in vain takes it along (7.2.5.3.4). */
static bool is_guess(const struct auger_pair *pair)
{
    return !auger_pair_was_answered(pair) &&
           ((pair->local->is_helper && !pair->local->is_adopted) || pair->remote->is_predicted);
}

static size_t begin(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                    const struct auger_stun_transaction *tx, bool nominates, uint32_t nomination,
                    struct auger_path *path, uint8_t *buf, size_t cap)
{
    struct auger_generation *generation = pair->generation;
    struct auger_check *check = auger_inflight_add(&generation->checklist.inflight, pair);

    check->tx = *tx;
    if (is_over_stream(check)) { /* which is given up by its lifetime */
        check->tx.rto = AUGER_CHECK_STREAM_ANEW;
        check->tx.rc = AUGER_CHECK_STREAM_MAX;
    }
    if (is_guess(pair)) {
        check->tx.rc = AUGER_CHECK_GUESSED_MAX;
        check->tx.rto = AUGER_STUN_RTO;
    }
    auger_ice_mark(ice, &check->tx.id);
    check->role = (uint8_t)generation->role;
    check->role_switches = generation->role_switches;
    check->nominates = nominates;
    check->nomination = nomination;
    return write_request(ice, now, check, path, buf, cap);
}

size_t auger_check_write_nomination(struct auger_ice *ice, auger_time now, struct auger_path *path,
                                    uint8_t *buf, size_t cap)
{
    struct auger_nomination *nomination = &ice->current->nomination;
    struct auger_stun_transaction tx;

    if (now < nomination->ask_at)
        return 0;
    if (auger_stun_transaction_start(&tx, ice->env, now, AUGER_STUN_RTO) != 0) {
        nomination->ask_at = auger_time_add(now, ice->pacing);
        return 0;
    }
    nomination->ask_at = AUGER_NEVER;
    nomination->pair->ticket = 0;
    auger_checklist_cancel(&ice->current->checklist, nomination->pair);
    return begin(ice, now, nomination->pair, &tx, true, auger_renominate_next(ice), path, buf, cap);
}

/* What is checked later, to be kept in reserve, is not nominated by that; and with candidates of
 * TCP regular nomination is a must (RFC 6544 section 8). */
static bool nominates_at_once(const struct auger_ice *ice)
{
    const struct auger_generation *current = ice->current;

    return current->role == AUGER_CONTROLLING && ice->config.nominate_at_once &&
           ice->config.tcp == 0 &&
           !(auger_nominate_is_concluded(current) && auger_renominate_is_agreed(ice));
}

/* It is for the caller to see that it may. */
static size_t begin_first(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                          struct auger_path *path, uint8_t *buf, size_t cap)
{
    struct auger_stun_transaction tx;

    if (auger_stun_transaction_start(&tx, ice->env, now, retransmission_timeout(ice)) != 0)
        return 0; /* no entropy: again when Ta fires */
    pair->ticket = 0;
    if (pair->state == AUGER_PAIR_FROZEN)
        auger_pair_set_state(pair, ice->env, now, AUGER_PAIR_WAITING);
    if (pair->state == AUGER_PAIR_WAITING)
        auger_pair_set_state(pair, ice->env, now, AUGER_PAIR_IN_PROGRESS);
    return begin(ice, now, pair, &tx, nominates_at_once(ice), 0, path, buf, cap);
}

size_t auger_check_write_unpaced(struct auger_ice *ice, auger_time now, struct auger_pair *pair,
                                 struct auger_path *path, uint8_t *buf, size_t cap)
{
    if (pair->requests_sent > 0 || pair->state == AUGER_PAIR_FAILED || !may_ask(ice, pair))
        return 0;
    return begin_first(ice, now, pair, path, buf, cap);
}

size_t auger_check_write_next(struct auger_ice *ice, auger_time now, struct auger_path *path,
                              uint8_t *buf, size_t cap)
{
    struct auger_pair *pair = next_pair(ice);

    if (!pair || !auger_pace_allows(ice, now))
        return 0;
    while (pair && !may_ask(ice, pair)) {
        auger_pair_fail(pair, ice->env, now, AUGER_PAIR_LIMIT);
        ice->has_given_up = true;
        pair = next_pair(ice);
    }
    if (!pair)
        return 0;

    auger_pace_begin(ice, now);
    ice->has_checked = true;
    if (!auger_permit_obtain(ice, now, pair)) /* which takes its turn (8656 section 9) */
        return 0;
    return begin_first(ice, now, pair, path, buf, cap);
}

/* --- the answer ----------------------------------------------------------------- */

static void ask_again(struct auger_generation *generation, auger_time now,
                      const struct auger_check *check)
{
    if (!generation->end_reason && !check->cancelled)
        auger_checklist_trigger(&generation->checklist, now, check->pair);
}

/* 7.2.5.1: the peer holds the role in which we asked. */
static void retry_in_other_role(struct auger_ice *ice, auger_time now,
                                const struct auger_check *check)
{
    struct auger_generation *generation = check->pair->generation;

    auger_role_yield(ice, generation, now, check->role_switches);
    ask_again(generation, now, check);
}

/* 7.2.5.3.1: the candidate under which the peer saw us, made on the spot if a
 * NAT gave us an address that we did not know.  NULL when the table is full. */
static struct auger_ice_cand *local_as_seen_by_peer(struct auger_ice *ice,
                                                    const struct auger_check *check,
                                                    const struct auger_addr *mapped)
{
    struct auger_ice_cand *known =
        auger_cands_find_mapped(&ice->locals, check->pair->local, mapped);
    if (known)
        return known;
    auger_unseen_make_room(ice);
    struct auger_ice_cand *learned = auger_ours_add_local_prflx(
        &ice->locals, check->pair->local, mapped, auger_priority_prflx(check->pair->local));
    /* The generation that is offered meanwhile does not know of it. */
    if (learned && check->pair->generation != auger_ice_newest(ice))
        learned->telling = AUGER_CAND_OUTDATED;
    return learned;
}

/* A round trip is known only if the answer can belong to one request alone. */
static void measure(struct auger_pair_proof *proof, const struct auger_check *check, auger_time now)
{
    if (check->tx.sent == 1)
        proof->rtt = now - check->tx.first_sent_at;
    else if (proof->rtt == 0)
        proof->rtt = now - check->tx.last_sent_at;
}

static void succeed(struct auger_ice *ice, auger_time now, const struct auger_check *check,
                    struct auger_ice_cand *seen_as)
{
    struct auger_pair *pair = check->pair;
    struct auger_generation *generation = pair->generation;
    bool nominating = check->nominates && check->role == generation->role;

    auger_checklist_excuse(&generation->checklist, pair);
    measure(pair->proof, check, now);
    pair->proof->tally.rtt_total += pair->proof->rtt;
    pair->proof->responses_received++;
    ice->tally.responses_received++;
    auger_pair_validate(pair, ice->env, now, seen_as);           /* 7.2.5.3.2 */
    auger_checklist_unfreeze(&generation->checklist, now, pair); /* 7.2.5.3.3 */
    auger_trace(ice->env, now, "ice:check_succeeded", AUGER_F_ADDR("local", &pair->local->addr),
                AUGER_F_ADDR("remote", &pair->remote->addr), AUGER_F_ADDR("mapped", &seen_as->addr),
                AUGER_F_TIME("rtt", pair->proof->rtt));
    auger_nominate_succeeded(ice, now, pair, nominating, check->nomination); /* 7.2.5.3.4 */
}

/* RFC 7675 section 5.1: consent is the answer to a request of the last 30 s, and which datagram of
 * a check it answers nobody knows.  But the last of them may be what makes a pair valid. */
static bool is_of_long_ago(const struct auger_check *check, auger_time now)
{
    bool may_be_last = !check->cancelled && !auger_pair_is_valid(check->pair);

    return now - (may_be_last ? check->tx.last_sent_at : check->tx.first_sent_at) >
           AUGER_CONSENT_LIFETIME;
}

static void conclude(struct auger_ice *ice, auger_time now, const struct auger_check *check,
                     const struct auger_path *path, const struct auger_stun_msg *msg)
{
    struct auger_path asked = auger_pair_path(check->pair);
    struct auger_addr mapped;

    /* Wherever it comes from: behind a NAT whose mappings depend on the destination a peer
     * that has not yet asked us answers from another port. */
    if (msg->error_code == AUGER_STUN_ROLE_CONFLICT && !auger_role_is_given(ice)) {
        auger_ice_heard(ice, now, path);
        retry_in_other_role(ice, now, check);
        return;
    }
    if (!auger_path_equal(path, &asked)) { /* 7.2.5.2.1 */
        fail(ice, now, check, AUGER_PAIR_ASYMMETRIC);
        return;
    }
    auger_ice_heard(ice, now, path);
    if (msg->class_ == AUGER_STUN_ERROR) {
        fail(ice, now, check, AUGER_PAIR_REFUSED); /* 7.2.5.2.4 */
        return;
    }
    if (msg->unknown_len > 0 || /* 8489 section 6.3.3 */
        !auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped)) {
        fail(ice, now, check, AUGER_PAIR_MALFORMED);
        return;
    }
    mapped.transport = asked.local.transport; /* of which it says nothing */
    if (check->pair->failure == AUGER_PAIR_NO_CONSENT)
        return;
    if (is_of_long_ago(check, now)) {
        ask_again(check->pair->generation, now, check);
        return;
    }
    struct auger_ice_cand *seen_as = local_as_seen_by_peer(ice, check, &mapped);
    if (seen_as && auger_pair_prove(check->pair, ice->env))
        succeed(ice, now, check, seen_as);
    else
        fail(ice, now, check, AUGER_PAIR_LIMIT);
}

void auger_check_handle_response(struct auger_ice *ice, auger_time now, struct auger_check *check,
                                 const struct auger_path *path, const struct auger_stun_msg *msg)
{
    struct auger_check done = *check;

    assert(msg->class_ == AUGER_STUN_SUCCESS || msg->class_ == AUGER_STUN_ERROR);
    auger_inflight_remove(&check->pair->generation->checklist.inflight, check);
    conclude(ice, now, &done, path, msg);
}

/* --- time ------------------------------------------------------------------------- */

bool auger_check_resume(struct auger_ice *ice, auger_time now, struct auger_check *check)
{
    check->cancelled = false;
    if (!is_over(check, now))
        return true;
    give_up(ice, now, check, AUGER_PAIR_TIMEOUT);
    return false;
}

void auger_check_handle_timeout(struct auger_ice *ice, auger_time now)
{
    struct auger_inflight *inflight = &ice->current->checklist.inflight;

    for (uint16_t i = 0; inflight->used && i < inflight->slots.len; i++) {
        struct auger_check *check = auger_inflight_at(inflight, i);
        if (check->pair && is_over(check, now))
            give_up(ice, now, check, AUGER_PAIR_TIMEOUT); /* 7.2.5.2.3 */
    }
}

auger_time auger_check_next_timeout(const struct auger_ice *ice)
{
    const struct auger_inflight *inflight = &ice->current->checklist.inflight;
    auger_time at = next_pair(ice) ? ice->pace_at : AUGER_NEVER;

    for (uint16_t i = 0; inflight->used && i < inflight->slots.len; i++) {
        const struct auger_check *check = auger_inflight_at(inflight, i);
        if (!check->pair)
            continue;
        at = auger_time_min(at, given_up_at(check));
        if (check->cancelled)
            continue;
        auger_time next = auger_stun_transaction_next_timeout(&check->tx);
        if (is_over_stream(check)) /* which is asked anew at the pace of Ta */
            next = auger_time_max(next, ice->pace_at);
        at = auger_time_min(at, next);
    }
    return at;
}
