/* ice/inbound.c - connectivity checks, the answering side: RFC 8445 section 7.3.
 * The asking side, section 7.2, is check.c. */
#include "ice/inbound.h"

#include "ice/check.h"
#include "ice/lite.h"
#include "ice/nominate.h"
#include "ice/renominate.h"
#include "ice/role.h"

#include "base/addr.h"
#include "base/buggify.h"
#include "base/time.h"
#include "base/trace.h"

#include <assert.h>
#include <string.h>

/* How often the table of peer-reflexive candidates may be filled anew before any pair is valid, and
 * then: the bursts of a peer that predicts may come from 48 ports. */
#define PRFLX_TURNS_MAX 2u
#define PRFLX_TURNS_OF_VALID_MAX 6u
/* Fewer ports of one address are no chase before the table has been filled as often as that: a
 * peer that predicts has some sockets more. */
#define PRFLX_FEW 4u
/* The latest answer on the pair in use is older: there consent is asked for in vain. */
#define SILENT_FOR (7 * AUGER_SEC)

/* What a check says. */
struct request {
    uint32_t priority;
    enum auger_role role;
    uint64_t tie_breaker;
    bool use_candidate;
    uint32_t nomination; /* 0: none */
};

/* --- the response ------------------------------------------------------------------ */

static void respond(struct auger_ice *ice, const struct auger_generation *generation,
                    const struct auger_path *path, const struct auger_stun_msg *msg,
                    uint16_t error_code)
{
    struct auger_responses *responses = &ice->responses;

    if (responses->len == AUGER_RESPONSES_MAX || AUGER_BUGGIFY(ANSWERS_FULL)) {
        ice->counters.limited++;
        return;
    }
    struct auger_response *response =
        &responses->items[(responses->first + responses->len++) % AUGER_RESPONSES_MAX];
    *response = (struct auger_response){.generation = generation,
                                        .path = *path,
                                        .tid = msg->tid,
                                        .error_code = error_code,
                                        .sha256 = msg->integrity256_offset != 0};
    while (response->unknown_len < msg->unknown_len &&
           response->unknown_len < AUGER_UNKNOWN_LISTED_MAX) {
        response->unknown[response->unknown_len] = msg->unknown[response->unknown_len];
        response->unknown_len++;
    }
}

bool auger_inbound_has_response(const struct auger_ice *ice)
{
    return ice->responses.len > 0;
}

static size_t build(const struct auger_response *response, uint8_t *buf, size_t cap)
{
    bool ok = response->error_code == 0;
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, cap, ok ? AUGER_STUN_SUCCESS : AUGER_STUN_ERROR,
                           AUGER_STUN_BINDING, &response->tid);
    if (ok)
        auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &response->path.remote);
    else
        auger_stun_build_error(&b, response->error_code);
    if (response->error_code == AUGER_STUN_UNKNOWN_ATTRIBUTE) {
        uint8_t list[2 * AUGER_UNKNOWN_LISTED_MAX];
        for (size_t i = 0; i < response->unknown_len; i++) {
            list[2 * i] = (uint8_t)(response->unknown[i] >> 8);
            list[2 * i + 1] = (uint8_t)response->unknown[i];
        }
        auger_stun_build_bytes(&b, AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES, list,
                               2u * response->unknown_len);
    }
    if (response->sha256)
        auger_stun_build_integrity_sha256(&b, response->generation->local.key);
    else
        auger_stun_build_integrity(&b, response->generation->local.key);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    return len < 0 ? 0 : (size_t)len;
}

static void count_response(struct auger_ice *ice, const struct auger_path *path)
{
    struct auger_pair *pair = auger_ice_find_pair(ice, path);
    if (pair)
        pair->responses_sent++;
}

/* Its generation may have ended since. */
static bool is_to_be_sent(const struct auger_response *response)
{
    return response->generation && !response->generation->end_reason;
}

size_t auger_inbound_write(struct auger_ice *ice, auger_time now, struct auger_path *path,
                           uint8_t *buf, size_t cap)
{
    struct auger_responses *responses = &ice->responses;

    while (responses->len > 0) {
        const struct auger_response *response = &responses->items[responses->first];
        responses->first = (uint8_t)((responses->first + 1) % AUGER_RESPONSES_MAX);
        responses->len--;
        size_t len = is_to_be_sent(response) ? build(response, buf, cap) : 0;
        if (len) {
            *path = response->path;
            count_response(ice, path);
            auger_trace(ice->env, now, "ice:response_sent", AUGER_F_ADDR("remote", &path->remote),
                        AUGER_F_INT("code", response->error_code));
            return len;
        }
    }
    return 0;
}

/* --- the request --------------------------------------------------------------------- */

/* Before the peer's new credentials are known a check may name any, as with a first
 * offer (7.3), but for those of another generation: its sender would have mixed two. */
static bool is_mixed(const struct auger_ice *ice, const struct auger_bytes *username)
{
    const struct auger_generation *old[] = {ice->current, ice->previous};

    for (size_t i = 0; i < 2; i++) {
        if (old[i] && auger_credentials_are_known(&old[i]->remote) &&
            auger_credentials_sent(&old[i]->remote, username))
            return true;
    }
    return false;
}

/* Both halves of USERNAME are of one generation; NULL: of none that is alive. */
static struct auger_generation *addressed(const struct auger_ice *ice,
                                          const struct auger_bytes *username)
{
    struct auger_generation *all[] = {ice->next, ice->current, ice->previous};

    for (size_t i = 0; i < 3; i++) {
        struct auger_generation *generation = all[i];
        if (generation && !generation->end_reason &&
            auger_credentials_accept(&generation->local, &generation->remote, username))
            return generation == ice->next && is_mixed(ice, username) ? NULL : generation;
    }
    return NULL;
}

/* The generation that the request is for.  7.3, 8489 section 9.1.3.  Who does not
 * know our password gets no answer, not even the 400 or 401 that the latter
 * describes: docs/decisions/010. */
static struct auger_generation *authenticate(struct auger_ice *ice,
                                             const struct auger_stun_msg *msg)
{
    struct auger_generation *generation = NULL;
    struct auger_bytes username;

    if (!auger_stun_msg_fingerprint_ok(msg)) {
        ice->counters.no_fingerprint++;
        return NULL;
    }
    if (auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_USERNAME, &username))
        generation = addressed(ice, &username);
    if (!generation || auger_stun_msg_verify(msg, generation->local.key) != 0) {
        ice->counters.unauthenticated++;
        ice->tally.unproved_checks++;
        return NULL;
    }
    return generation;
}

/* False for what no agent may send: 7.1. */
static bool read_request(struct request *request, const struct auger_stun_msg *msg)
{
    uint64_t controlling, controlled;
    bool is_controlling = auger_stun_msg_u64(msg, AUGER_STUN_ATTR_ICE_CONTROLLING, &controlling);
    bool is_controlled = auger_stun_msg_u64(msg, AUGER_STUN_ATTR_ICE_CONTROLLED, &controlled);

    if (is_controlling == is_controlled ||
        !auger_stun_msg_u32(msg, AUGER_STUN_ATTR_PRIORITY, &request->priority))
        return false;
    request->role = is_controlling ? AUGER_CONTROLLING : AUGER_CONTROLLED;
    request->tie_breaker = is_controlling ? controlling : controlled;
    request->use_candidate = auger_stun_msg_has(msg, AUGER_STUN_ATTR_USE_CANDIDATE);
    return is_controlling || !request->use_candidate;
}

/* A peer-reflexive candidate of which every pair has failed, or was given up; the room is better
 * used by one that has just been heard.  Where the peer has answered it may ask again: of those
 * the one that did so least recently is the last resort (docs/decisions/295). */
static struct auger_ice_cand *dead_prflx(const struct auger_generation *generation)
{
    const struct auger_checklist *list = &generation->checklist;
    struct auger_ice_cand *dead = NULL;

    for (uint16_t i = 0; i < generation->remotes.len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&generation->remotes, i);
        if (cand->addr.family == AUGER_FAMILY_NONE || cand->type != AUGER_CAND_PRFLX ||
            !auger_checklist_is_dead(list, cand))
            continue;
        if (!dead ||
            auger_checklist_answered_at(list, cand) < auger_checklist_answered_at(list, dead))
            dead = cand;
    }
    return dead;
}

/* Ports of that IP address that have been learned at that base. */
static unsigned count_prflx_of_ip(const struct auger_checklist *list,
                                  const struct auger_ice_cand *local, const struct auger_addr *addr)
{
    unsigned count = 0;

    for (uint16_t i = 0; i < list->len; i++) {
        const struct auger_pair *pair = list->order[i];
        count += pair->local == local && pair->remote->type == AUGER_CAND_PRFLX &&
                 auger_addr_ip_equal(&pair->remote->addr, addr);
    }
    return count;
}

static bool is_silent(const struct auger_ice *ice, auger_time now)
{
    return !ice->route || now >= auger_time_add(ice->route->proof->answered_at, SILENT_FOR);
}

/* Beside a pair that works a new port may be that of a peer that has moved: if that one is silent,
 * or once all checks that a chase had caused are over. */
static bool may_have_moved(const struct auger_ice *ice, const struct auger_generation *generation,
                           auger_time now)
{
    return generation->nomination.valid_at != AUGER_NEVER &&
           (now >= auger_time_add(generation->prflx_at, AUGER_CHECK_LIFETIME) ||
            is_silent(ice, now));
}

static bool has_had_its_turns(const struct auger_generation *generation, bool are_few)
{
    unsigned turns = generation->nomination.valid_at == AUGER_NEVER && !are_few
                         ? PRFLX_TURNS_MAX
                         : PRFLX_TURNS_OF_VALID_MAX;

    return generation->remotes.prflx_made >= turns * generation->remotes.prflx_max;
}

/* Between two NATs that map by destination and filter nothing each answer comes from a new
 * port, and so does the check that it causes: a chase without an end, which would use up
 * all requests before the pairs that work have had theirs.  One that comes from elsewhere, or
 * to another base, may be the way around it.  Who opens a stream is where it comes from. */
static bool is_chase(const struct auger_ice *ice, const struct auger_generation *generation,
                     auger_time now, const struct auger_ice_cand *local,
                     const struct auger_addr *source)
{
    if (local->tcptype != AUGER_TCP_TYPE_NONE || !has_had_its_turns(generation, false) ||
        may_have_moved(ice, generation, now))
        return false;
    unsigned ports = count_prflx_of_ip(&generation->checklist, local, source);
    return ports > 0 && has_had_its_turns(generation, ports < PRFLX_FEW);
}

/* 7.3.1.3: known, or learned now; NULL if it may not be sent to or there is no room. */
static struct auger_ice_cand *remote_at(struct auger_ice *ice, struct auger_generation *generation,
                                        auger_time now, const struct auger_ice_cand *local,
                                        const struct auger_addr *source, uint32_t priority)
{
    struct auger_cands *remotes = &generation->remotes;
    enum auger_tcp_type tcptype = auger_tcp_opposite((enum auger_tcp_type)local->tcptype);
    struct auger_addr addr = *source;
    addr.scope = 0;

    struct auger_ice_cand *cand = auger_cands_find(remotes, &addr, tcptype);
    if (cand || !auger_cand_addr_is_usable(&addr, &ice->policy))
        return cand;
    if (remotes->prflx == remotes->prflx_max && !is_chase(ice, generation, now, local, &addr)) {
        struct auger_ice_cand *dead = dead_prflx(generation);
        if (dead) {
            auger_checklist_remove_cand(&generation->checklist, dead);
            auger_cands_remove(remotes, dead);
        }
    }
    cand = auger_cands_add_remote_prflx(remotes, &addr, tcptype, priority);
    if (!cand)
        return NULL;
    generation->prflx_at = now;
    auger_trace(ice->env, now, "ice:remote_candidate", AUGER_F_ADDR("addr", &cand->addr),
                AUGER_F_TEXT("type", "prflx"), AUGER_F_INT("priority", priority));
    return cand;
}

/* A passive candidate of ours and one for simultaneous open may have one base: the peer's says
 * which of them is meant. */
static struct auger_ice_cand *local_towards(const struct auger_ice *ice,
                                            const struct auger_generation *generation,
                                            struct auger_ice_cand *local,
                                            const struct auger_addr *source)
{
    struct auger_ice_cand *so = auger_cands_find(&ice->locals, &local->addr, AUGER_TCP_TYPE_SO);

    return so && auger_cands_find(&generation->remotes, source, AUGER_TCP_TYPE_SO) ? so : local;
}

/* 7.3.1.4: the pair along which the request came. */
static struct auger_pair *pair_along(struct auger_ice *ice, struct auger_generation *generation,
                                     auger_time now, const struct auger_path *path,
                                     struct auger_ice_cand *local, uint32_t priority)
{
    struct auger_pair *pair = auger_checklist_find(&generation->checklist, path);
    if (pair)
        return pair;
    local = local_towards(ice, generation, local, &path->remote);
    struct auger_ice_cand *remote = remote_at(ice, generation, now, local, &path->remote, priority);
    if (!remote || !auger_cand_can_pair(local, remote))
        return NULL;
    return auger_checklist_add(&generation->checklist, now, local, remote, generation->role);
}

/* An answer would make a pair at the peer alone: docs/decisions/063. */
static void drop(struct auger_ice *ice, auger_time now, const struct auger_path *path)
{
    ice->counters.limited++;
    auger_trace(ice->env, now, "ice:check_dropped", AUGER_F_ADDR("local", &path->local),
                AUGER_F_ADDR("remote", &path->remote));
}

/* Checks that come before the peer's credentials make pairs too; their own
 * checks leave once the credentials are there (7.3). */
static void learn(struct auger_ice *ice, struct auger_generation *generation, auger_time now,
                  struct auger_pair *pair, const struct request *request)
{
    pair->requests_received++;
    if (pair->failure == AUGER_PAIR_NO_CONSENT)
        return;
    if (ice->config.lite) {
        auger_lite_asked(ice, now, pair, request->use_candidate);
        return;
    }
    if ((request->use_candidate || request->nomination) && generation->role == AUGER_CONTROLLED)
        auger_nominate_asked(ice, now, pair, request->nomination);
    /* After the nomination too: the peer's mapping may have changed.  And what waits to be used
     * has to renew its consent. */
    if (!auger_pair_is_usable(pair, now) ||
        (generation->role == AUGER_CONTROLLED && pair->use_when_valid))
        auger_checklist_trigger(&generation->checklist, now, pair);
}

static bool is_barred(const struct auger_generation *generation, auger_time now,
                      const struct auger_path *path)
{
    const struct auger_pair *pair = auger_checklist_find(&generation->checklist, path);

    return pair && auger_pair_is_barred(pair, now);
}

void auger_inbound_handle_request(struct auger_ice *ice, auger_time now,
                                  const struct auger_path *path, const struct auger_stun_msg *msg)
{
    struct auger_generation *generation = authenticate(ice, msg);
    struct auger_ice_cand *local = auger_cands_find_base(&ice->locals, &path->local);
    struct request request = {0};

    assert(msg->class_ == AUGER_STUN_REQUEST);
    if (!generation)
        return;
    if (!local || local->is_barred) { /* barred: an answer would show the address */
        ice->counters.unmatched++;
        return;
    }
    ice->counters.checks_received++;
    auger_generation_asked(generation, now);
    auger_ice_heard(ice, now, path);
    if (msg->unknown_len > 0) { /* 8489 section 6.3.1 */
        respond(ice, generation, path, msg, AUGER_STUN_UNKNOWN_ATTRIBUTE);
        return;
    }
    if (!read_request(&request, msg)) {
        respond(ice, generation, path, msg, AUGER_STUN_BAD_REQUEST);
        return;
    }
    if (request.role == AUGER_CONTROLLING)
        request.nomination = auger_renominate_read(ice, msg);
    auger_trace(ice->env, now, "ice:check_received", AUGER_F_ADDR("local", &path->local),
                AUGER_F_ADDR("remote", &path->remote),
                AUGER_F_TEXT("role", auger_role_name(request.role)),
                AUGER_F_INT("use_candidate", request.use_candidate),
                AUGER_F_INT("nomination", request.nomination));
    if (!auger_role_resolve(ice, generation, now, request.role,
                            request.tie_breaker)) { /* 7.3.1.1 */
        respond(ice, generation, path, msg, AUGER_STUN_ROLE_CONFLICT);
        return;
    }
    if (generation->end_reason)
        return;
    if (is_barred(generation, now, path)) { /* share.h */
        respond(ice, generation, path, msg, AUGER_STUN_SERVER_ERROR);
        return;
    }
    /* After a move: locals.c. */
    bool forms_more = generation->checklist.pairs_prflx && !ice->config.lite &&
                      !auger_checklist_find(&generation->checklist, path);
    struct auger_pair *pair = pair_along(ice, generation, now, path, local, request.priority);
    if (!pair) {
        drop(ice, now, path);
        return;
    }
    respond(ice, generation, path, msg, 0);
    learn(ice, generation, now, pair, &request);
    if (forms_more) /* this pair waits for its own check, and makes no room for those */
        auger_generation_form_pairs_of(generation, now, &ice->locals, pair->remote);
}
