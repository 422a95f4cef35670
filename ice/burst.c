/* ice/burst.c - one burst: two requests from fresh sockets to a server, checks from another one,
 * and two requests more, with nothing between them.  When and why is predict.c. */
#include "ice/burst.h"

#include "ice/check.h"
#include "ice/predicted.h"

#include "base/addr.h"
#include "base/time.h"
#include "base/trace.h"

#include <string.h>

#define SAMPLER_RTO (250 * AUGER_MS)
#define SAMPLER_REQUESTS 3
#define BEFORE (AUGER_SAMPLERS / 2)

/* --- making ----------------------------------------------------------------------------- */

/* The pair of a check: towards a candidate that the peer has told, or to where it is expected. */
static bool make_pair(struct auger_ice *ice, auger_time now, struct auger_ice_cand *prober,
                      const struct auger_addr *target)
{
    struct auger_generation *current = ice->current;
    struct auger_ice_cand *remote =
        auger_cands_find(&current->remotes, target, AUGER_TCP_TYPE_NONE);

    if (!remote)
        remote = auger_predicted_add_remote(&current->remotes, target);
    return remote && auger_cand_can_pair(prober, remote) &&
           auger_checklist_add(&current->checklist, now, prober, remote, current->role);
}

static bool make_pairs(struct auger_ice *ice, auger_time now, struct auger_ice_cand *prober)
{
    struct auger_prediction *p = ice->prediction;
    const size_t wanted = p->targets_len;

    for (size_t i = 0; i < p->targets_len; i++)
        if (!make_pair(ice, now, prober, &p->targets[i]))
            p->targets_len = (uint8_t)i; /* the others go with it */
    return p->targets_len == wanted || p->targets_len > 0;
}

static bool start_samplers(struct auger_ice *ice, auger_time now, const struct auger_addr *helpers)
{
    struct auger_prediction *p = ice->prediction;

    for (size_t i = 0; i < AUGER_SAMPLERS; i++) {
        struct auger_sampler *sampler = &p->samplers[i];
        *sampler = (struct auger_sampler){.addr = helpers[i < BEFORE ? i : i + 1]};
        if (auger_stun_question_start(&sampler->question, ice->env, now, SAMPLER_RTO) != 0)
            return false;
        sampler->question.tx.rc = SAMPLER_REQUESTS;
    }
    return true;
}

bool auger_burst_begin(struct auger_ice *ice, auger_time now, const struct auger_addr *helpers)
{
    struct auger_prediction *p = ice->prediction;
    const struct auger_ice_cand *host = auger_cands_find_base(&ice->locals, &p->base);
    struct auger_ice_cand *prober =
        host ? auger_predicted_add_helper(&ice->locals, host, &helpers[BEFORE]) : NULL;

    p->written = 0;
    p->prober = helpers[BEFORE];
    return prober && make_pairs(ice, now, prober) && start_samplers(ice, now, helpers);
}

void auger_burst_end(struct auger_prediction *prediction)
{
    memset(prediction->samplers, 0, sizeof(prediction->samplers));
}

/* --- writing ---------------------------------------------------------------------------- */

static size_t ask(struct auger_ice *ice, auger_time now, struct auger_sampler *sampler,
                  struct auger_path *path, uint8_t *buf, size_t cap)
{
    size_t len = auger_stun_question_write(&sampler->question, now, buf, cap);

    if (len == 0)
        return 0;
    *path = (struct auger_path){sampler->addr, ice->prediction->server};
    ice->tally.server_requests++;
    auger_trace(ice->env, now, "ice:server_asked", AUGER_F_ADDR("base", &path->local),
                AUGER_F_ADDR("server", &path->remote),
                AUGER_F_INT("attempt", sampler->question.tx.sent));
    return len;
}

static size_t check(struct auger_ice *ice, auger_time now, const struct auger_addr *target,
                    struct auger_path *path, uint8_t *buf, size_t cap)
{
    const struct auger_path along = {ice->prediction->prober, *target};
    struct auger_pair *pair = auger_checklist_find(&ice->current->checklist, &along);

    return pair ? auger_check_write_unpaced(ice, now, pair, path, buf, cap) : 0;
}

/* Its `index`-th datagram: two requests, the checks, two requests. */
static size_t write_at(struct auger_ice *ice, auger_time now, size_t index, struct auger_path *path,
                       uint8_t *buf, size_t cap)
{
    struct auger_prediction *p = ice->prediction;

    if (index < BEFORE)
        return ask(ice, now, &p->samplers[index], path, buf, cap);
    if (index < BEFORE + (size_t)p->targets_len)
        return check(ice, now, &p->targets[index - BEFORE], path, buf, cap);
    return ask(ice, now, &p->samplers[index - p->targets_len], path, buf, cap);
}

static size_t write_again(struct auger_ice *ice, auger_time now, struct auger_path *path,
                          uint8_t *buf, size_t cap)
{
    size_t len = 0;

    for (size_t i = 0; i < AUGER_SAMPLERS && len == 0; i++)
        if (ice->prediction->samplers[i].addr.family != AUGER_FAMILY_NONE)
            len = ask(ice, now, &ice->prediction->samplers[i], path, buf, cap);
    return len;
}

/* A check that cannot be sent leaves a place that nobody has taken: what is between is unclear
 * then, and so it will be found. */
size_t auger_burst_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                         uint8_t *buf, size_t cap)
{
    struct auger_prediction *p = ice->prediction;
    size_t all = AUGER_SAMPLERS + (size_t)p->targets_len;

    if (p->written == all)
        return write_again(ice, now, path, buf, cap);
    size_t len = 0;
    while (len == 0 && p->written < all)
        len = write_at(ice, now, p->written++, path, buf, cap);
    return len;
}

/* --- answers ---------------------------------------------------------------------------- */

bool auger_burst_handle_response(struct auger_ice *ice, const struct auger_path *path,
                                 const struct auger_stun_msg *msg)
{
    struct auger_prediction *p = ice->prediction;
    struct auger_addr mapped;

    for (size_t i = 0; i < AUGER_SAMPLERS; i++) {
        struct auger_sampler *sampler = &p->samplers[i];
        if (!auger_addr_equal(&sampler->addr, &path->local) ||
            !auger_stun_question_handle_response(&sampler->question, &p->server, &path->remote, msg,
                                                 &mapped))
            continue;
        ice->tally.server_answers++;
        if (sampler->question.state == AUGER_STUN_CLIENT_ANSWERED && mapped.family == AUGER_IPV4)
            sampler->seen_at = mapped;
        return true;
    }
    return false;
}

bool auger_burst_is_answered(const struct auger_prediction *prediction)
{
    for (size_t i = 0; i < AUGER_SAMPLERS; i++)
        if (prediction->samplers[i].seen_at.family == AUGER_FAMILY_NONE)
            return false;
    return true;
}

static bool are_of_one_ip(const struct auger_prediction *prediction)
{
    for (size_t i = 1; i < AUGER_SAMPLERS; i++)
        if (!auger_addr_ip_equal(&prediction->samplers[i].seen_at,
                                 &prediction->samplers[0].seen_at))
            return false;
    return true;
}

void auger_burst_solve(const struct auger_prediction *prediction, struct auger_port_guess *guess)
{
    const struct auger_sampler *s = prediction->samplers;
    const uint16_t seen[AUGER_SAMPLERS] = {s[0].seen_at.port, s[1].seen_at.port, s[2].seen_at.port,
                                           s[3].seen_at.port};
    const struct auger_port_bracket bracket = {{s[0].seen_at.port, s[1].seen_at.port},
                                               {s[2].seen_at.port, s[3].seen_at.port},
                                               prediction->targets_len};

    *guess = (struct auger_port_guess){.verdict = AUGER_PORTS_UNCLEAR};
    if (!auger_burst_is_answered(prediction))
        return;
    guess->verdict = AUGER_PORTS_RANDOM;
    if (are_of_one_ip(prediction) && bracket.between > 0)
        auger_port_bracket_solve(&bracket, guess);
    else if (are_of_one_ip(prediction))
        auger_port_next_solve(seen, AUGER_SAMPLERS, guess);
}

auger_time auger_burst_next_timeout(const struct auger_prediction *prediction)
{
    auger_time at = AUGER_NEVER;

    if (prediction->written < AUGER_SAMPLERS + prediction->targets_len)
        return 0;
    for (size_t i = 0; i < AUGER_SAMPLERS; i++) {
        const struct auger_stun_question *question = &prediction->samplers[i].question;
        if (prediction->samplers[i].addr.family != AUGER_FAMILY_NONE &&
            question->tx.sent < question->tx.rc)
            at = auger_time_min(at, auger_stun_question_next_timeout(question));
    }
    return at;
}
