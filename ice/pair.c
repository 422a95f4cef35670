/* ice/pair.c - one candidate pair and its states: RFC 8445 section 6.1.2.  The
 * table of pairs and their order is checklist.c. */
#include "ice/pair.h"

#include "base/addr.h"
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"

#include <assert.h>
#include <string.h>

const char *auger_ice_pair_state_name(enum auger_ice_pair_state state)
{
    switch (state) {
    case AUGER_PAIR_FROZEN:
        return "frozen";
    case AUGER_PAIR_WAITING:
        return "waiting";
    case AUGER_PAIR_IN_PROGRESS:
        return "in-progress";
    case AUGER_PAIR_SUCCEEDED:
        return "succeeded";
    case AUGER_PAIR_FAILED:
        return "failed";
    }
    return "unknown";
}

static const char *failure_name(enum auger_pair_failure failure)
{
    switch (failure) {
    case AUGER_PAIR_NOT_FAILED:
        return "";
    case AUGER_PAIR_TIMEOUT:
        return "timeout";
    case AUGER_PAIR_ASYMMETRIC:
        return "asymmetric";
    case AUGER_PAIR_REFUSED:
        return "refused";
    case AUGER_PAIR_MALFORMED:
        return "malformed";
    case AUGER_PAIR_LIMIT:
        return "limit";
    case AUGER_PAIR_NOT_PERMITTED:
        return "not-permitted";
    case AUGER_PAIR_NO_CONSENT:
        return "no-consent";
    case AUGER_PAIR_STREAM_LOST:
        return "stream-lost";
    }
    return "unknown";
}

void auger_pair_fini(struct auger_pair *pair, const struct auger_env *env)
{
    auger_env_release(env, pair->proof);
    *pair = (struct auger_pair){0};
}

bool auger_pair_prove(struct auger_pair *pair, const struct auger_env *env)
{
    if (!pair->proof)
        pair->proof = auger_env_alloc(env, 1, sizeof(*pair->proof));
    return pair->proof != NULL;
}

#define TO(state) (1u << (state))

/* Figure 6, and beside it: a triggered check puts a pair back to waiting
 * (7.3.1.4), a cancelled check may succeed late, consent may end. */
static const unsigned transitions[] = {
    [AUGER_PAIR_FROZEN] = TO(AUGER_PAIR_WAITING) | TO(AUGER_PAIR_FAILED),
    [AUGER_PAIR_WAITING] =
        TO(AUGER_PAIR_IN_PROGRESS) | TO(AUGER_PAIR_SUCCEEDED) | TO(AUGER_PAIR_FAILED),
    [AUGER_PAIR_IN_PROGRESS] =
        TO(AUGER_PAIR_WAITING) | TO(AUGER_PAIR_SUCCEEDED) | TO(AUGER_PAIR_FAILED),
    [AUGER_PAIR_SUCCEEDED] = TO(AUGER_PAIR_FAILED),
    [AUGER_PAIR_FAILED] = TO(AUGER_PAIR_WAITING) | TO(AUGER_PAIR_SUCCEEDED),
};

void auger_pair_set_state(struct auger_pair *pair, const struct auger_env *env, auger_time now,
                          enum auger_ice_pair_state state)
{
    if (pair->state == state)
        return;
    assert(transitions[pair->state] & TO(state));
    auger_trace(
        env, now, "ice:pair_state", AUGER_F_ADDR("local", &pair->local->addr),
        AUGER_F_ADDR("remote", &pair->remote->addr),
        AUGER_F_TEXT("from", auger_ice_pair_state_name((enum auger_ice_pair_state)pair->state)),
        AUGER_F_TEXT("to", auger_ice_pair_state_name(state)),
        AUGER_F_TEXT("reason", failure_name((enum auger_pair_failure)pair->failure)));
    pair->state = (uint8_t)state;
}

void auger_pair_fail(struct auger_pair *pair, const struct auger_env *env, auger_time now,
                     enum auger_pair_failure why)
{
    assert(why != AUGER_PAIR_NOT_FAILED);
    pair->failure = (uint8_t)why;
    if (pair->proof)
        pair->proof->seen_as = NULL;
    pair->ticket = 0;
    pair->awaits_permission = false;
    pair->use_when_valid = false;
    pair->nomination = 0;
    auger_pair_set_state(pair, env, now, AUGER_PAIR_FAILED);
}

void auger_pair_validate(struct auger_pair *pair, const struct auger_env *env, auger_time now,
                         struct auger_ice_cand *seen_as)
{
    assert(pair->proof && pair->failure != AUGER_PAIR_NO_CONSENT);
    pair->failure = AUGER_PAIR_NOT_FAILED;
    if (!auger_pair_is_valid(pair))
        pair->proof->valid_since = now;
    pair->proof->seen_as = seen_as;
    pair->ticket = 0;
    pair->proof->answered_at = now;
    auger_pair_set_state(pair, env, now, AUGER_PAIR_SUCCEEDED);
}

bool auger_pair_was_answered(const struct auger_pair *pair)
{
    return pair->proof && pair->proof->responses_received > 0;
}

uint64_t auger_pair_priority_of(const struct auger_ice_cand *local,
                                const struct auger_ice_cand *remote, enum auger_role role)
{
    uint64_t g = role == AUGER_CONTROLLING ? local->priority : remote->priority;
    uint64_t d = role == AUGER_CONTROLLING ? remote->priority : local->priority;

    return ((g < d ? g : d) << 32) + 2 * (g > d ? g : d) + (g > d);
}

uint64_t auger_pair_priority(const struct auger_pair *pair, enum auger_role role)
{
    return auger_pair_priority_of(pair->local, pair->remote, role);
}

uint64_t auger_pair_valid_priority(const struct auger_pair *pair, enum auger_role role)
{
    assert(auger_pair_is_valid(pair));
    return auger_pair_priority_of(pair->proof->seen_as, pair->remote, role);
}

bool auger_pair_has_same_foundation(const struct auger_pair *a, const struct auger_pair *b)
{
    return strcmp(a->local->foundation, b->local->foundation) == 0 &&
           strcmp(a->remote->foundation, b->remote->foundation) == 0;
}

bool auger_pair_is_usable(const struct auger_pair *pair, auger_time now)
{
    if (auger_pair_is_barred(pair, now))
        return false;
    return auger_pair_is_valid(pair) &&
           now < auger_time_add(pair->proof->answered_at, AUGER_CONSENT_LIFETIME);
}

bool auger_pair_is_lasting(const struct auger_pair *pair, auger_time now)
{
    return auger_pair_is_usable(pair, now) &&
           now < auger_time_add(pair->proof->answered_at, AUGER_CONSENT_LIFETIME / 2);
}

bool auger_pair_is_barred(const struct auger_pair *pair, auger_time now)
{
    return pair->proof && now < pair->proof->barred_until;
}

bool auger_pair_is_relayed(const struct auger_pair *pair)
{
    return pair->local->type == AUGER_CAND_RELAY || pair->remote->type == AUGER_CAND_RELAY;
}

bool auger_pair_is_over(const struct auger_pair *pair)
{
    bool opens = auger_tcp_opens((enum auger_tcp_type)pair->local->tcptype);

    return pair->failure == AUGER_PAIR_NO_CONSENT ||
           (pair->failure == AUGER_PAIR_STREAM_LOST &&
            (!opens || pair->streams_lost >= AUGER_STREAMS_LOST_MAX));
}

bool auger_pair_is_open(const struct auger_pair *pair)
{
    return pair->state == AUGER_PAIR_FROZEN || pair->state == AUGER_PAIR_WAITING ||
           pair->state == AUGER_PAIR_IN_PROGRESS;
}

/* The scope of a link-local address means something on this host alone: it is
 * that of our base, not what the peer may have told. */
struct auger_path auger_pair_path(const struct auger_pair *pair)
{
    struct auger_path path = {*pair->local->base, pair->remote->addr};
    if (auger_addr_is_link_local(&path.remote))
        path.remote.scope = path.local.scope;
    return path;
}
