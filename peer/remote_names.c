/* peer/remote_names.c - candidates of the peer's that have a name in place of an address,
 * until it is resolved (draft-ietf-mmusic-mdns-ice-candidates section 3.2).  Our names are
 * local_names.c. */
#include "peer/peer.h"

#include <auger/ice_explain.h>

#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"

#include <string.h>

/* Longer than multicast DNS takes; whatever the driver does, a name is not open for ever. */
#define OPEN_TIME (10 * AUGER_SEC)

/* --- taking ---------------------------------------------------------------------------- */

static void ignore(struct auger_peer *peer, auger_time now, const char *name, const char *why)
{
    peer->name_counters.ignored++;
    auger_trace(peer->env, now, "peer:name_ignored", AUGER_F_TEXT("name", name),
                AUGER_F_TEXT("why", why));
}

static struct auger_remote_names *table_of(struct auger_peer *peer)
{
    if (!peer->remote_names)
        peer->remote_names = auger_env_alloc(peer->env, 1, sizeof(*peer->remote_names));
    return peer->remote_names;
}

static bool is_open(const struct auger_peer_question *question)
{
    return question->state != AUGER_PEER_NAME_FREE;
}

/* A line that came in the description and comes again by trickle asks once. */
static bool is_same(const struct auger_peer_question *question, const char *name,
                    const struct auger_cand *cand)
{
    return is_open(question) && strcmp(question->name, name) == 0 &&
           question->cand.addr.port == cand->addr.port &&
           strcmp(question->cand.ufrag, cand->ufrag) == 0;
}

static bool is_known(const struct auger_remote_names *names, const char *name,
                     const struct auger_cand *cand)
{
    for (size_t i = 0; i < AUGER_PEER_NAMES_MAX; i++)
        if (is_same(&names->questions[i], name, cand))
            return true;
    return false;
}

static struct auger_peer_question *find_free(struct auger_remote_names *names)
{
    for (size_t i = 0; i < AUGER_PEER_NAMES_MAX; i++)
        if (!is_open(&names->questions[i]))
            return &names->questions[i];
    return NULL;
}

/* Without a ufrag it belongs to the credentials of today, whenever its address comes. */
static void set_generation(const struct auger_peer *peer, struct auger_cand *cand)
{
    struct auger_sdp sdp;

    if (cand->ufrag[0])
        return;
    auger_peer_reread_remote(peer, &sdp);
    struct auger_text ufrag = auger_sdp_carrier(&sdp, peer->remote_type)->transport.ufrag;
    memcpy(cand->ufrag, ufrag.data, ufrag.len);
}

static int open_question(struct auger_peer *peer, auger_time now, const char *name,
                         const struct auger_cand *cand)
{
    struct auger_remote_names *names = table_of(peer);

    if (!names)
        return AUGER_ERR_NO_MEMORY;
    if (is_known(names, name, cand))
        return 0;
    struct auger_peer_question *question = find_free(names);
    if (!question || names->taken == peer->config.ice.remote_cands_max) {
        ignore(peer, now, name, "limit");
        return AUGER_ERR_LIMIT;
    }
    names->taken++;
    *question = (struct auger_peer_question){.state = AUGER_PEER_NAME_TOLD,
                                             .token = ++names->tokens,
                                             .give_up_at = auger_time_add(now, OPEN_TIME),
                                             .cand = *cand};
    memcpy(question->name, name, AUGER_MDNS_NAME_MAX);
    return 0;
}

/* An active candidate makes no pair: its address shows when it comes (RFC 6544 section 6.2). */
static bool is_of_use(const struct auger_peer *peer, const struct auger_cand *cand)
{
    return cand->tcptype == AUGER_TCP_TYPE_NONE ||
           (cand->tcptype != AUGER_TCP_TYPE_ACTIVE && peer->config.ice.tcp);
}

int auger_remote_names_add(struct auger_peer *peer, auger_time now, const char *name,
                           const struct auger_cand *cand)
{
    struct auger_cand whole = *cand;

    if (!is_of_use(peer, cand)) {
        ignore(peer, now, name, "TCP to which no connection of ours would lead");
        return AUGER_ERR_UNSUPPORTED;
    }
    if (!peer->config.resolve_names || !auger_mdns_is_name(name, strlen(name))) {
        ignore(peer, now, name,
               peer->config.resolve_names ? "not a UUID under .local" : "resolving is off");
        return AUGER_ERR_UNSUPPORTED;
    }
    set_generation(peer, &whole);
    return open_question(peer, now, name, &whole);
}

/* --- the end of candidates --------------------------------------------------------------- */

static bool any_is_open(const struct auger_remote_names *names)
{
    for (size_t i = 0; names && i < AUGER_PEER_NAMES_MAX; i++)
        if (is_open(&names->questions[i]))
            return true;
    return false;
}

void auger_remote_names_end(struct auger_peer *peer, auger_time now)
{
    if (any_is_open(peer->remote_names))
        peer->remote_names->ended = true;
    else
        auger_record_end_of_remote_cands(peer->config.recorder, peer->ice, now);
}

static void close_question(struct auger_peer *peer, auger_time now,
                           struct auger_peer_question *question)
{
    struct auger_remote_names *names = peer->remote_names;

    question->state = AUGER_PEER_NAME_FREE;
    if (!names->ended || any_is_open(names))
        return;
    names->ended = false;
    auger_record_end_of_remote_cands(peer->config.recorder, peer->ice, now);
}

void auger_remote_names_restart(struct auger_peer *peer, const char *ufrag)
{
    struct auger_remote_names *names = peer->remote_names;

    if (!names)
        return;
    names->taken = 0;
    names->ended = false;
    for (size_t i = 0; i < AUGER_PEER_NAMES_MAX; i++)
        if (strcmp(names->questions[i].cand.ufrag, ufrag) != 0)
            names->questions[i].state = AUGER_PEER_NAME_FREE;
}

/* --- asking -------------------------------------------------------------------------------- */

bool auger_peer_poll_name(struct auger_peer *peer, auger_time now, struct auger_peer_name *name)
{
    struct auger_remote_names *names = peer->remote_names;

    for (size_t i = 0; names && !auger_peer_is_over(peer) && i < AUGER_PEER_NAMES_MAX; i++) {
        struct auger_peer_question *question = &names->questions[i];
        if (question->state != AUGER_PEER_NAME_TOLD)
            continue;
        question->state = AUGER_PEER_NAME_ASKED;
        name->token = question->token;
        memcpy(name->name, question->name, sizeof(name->name));
        peer->name_counters.asked++;
        auger_trace(peer->env, now, "peer:name_asked", AUGER_F_TEXT("name", question->name),
                    AUGER_F_INT("port", question->cand.addr.port));
        return true;
    }
    return false;
}

static void fail(struct auger_peer *peer, auger_time now, struct auger_peer_question *question,
                 const char *why)
{
    peer->name_counters.failed++;
    auger_record_note_unusable_cand(peer->config.recorder, peer->ice);
    auger_trace(peer->env, now, "peer:name_failed", AUGER_F_TEXT("name", question->name),
                AUGER_F_TEXT("why", why));
    close_question(peer, now, question);
}

/* The candidate that it was, now with its address: judged as any other is. */
static void resolve(struct auger_peer *peer, auger_time now, struct auger_peer_question *question,
                    const struct auger_addr *addr)
{
    struct auger_cand cand = question->cand;

    cand.addr.family = addr->family;
    memcpy(cand.addr.ip, addr->ip, sizeof(cand.addr.ip));
    int err = auger_record_add_remote_cand(peer->config.recorder, peer->ice, now, &cand);
    if (err < 0) {
        fail(peer, now, question, auger_strerror(err));
        return;
    }
    peer->name_counters.resolved++;
    auger_trace(peer->env, now, "peer:name_resolved", AUGER_F_TEXT("name", question->name),
                AUGER_F_ADDR("addr", &cand.addr));
    close_question(peer, now, question);
}

static struct auger_peer_question *find(const struct auger_peer *peer, uint64_t token)
{
    struct auger_remote_names *names = peer->remote_names;

    for (size_t i = 0; names && i < AUGER_PEER_NAMES_MAX; i++)
        if (is_open(&names->questions[i]) && names->questions[i].token == token)
            return &names->questions[i];
    return NULL;
}

void auger_peer_name_resolved(struct auger_peer *peer, auger_time now, uint64_t token,
                              const struct auger_addr *addr)
{
    struct auger_peer_question *question = find(peer, token);

    if (!question || auger_peer_is_over(peer))
        return;
    auger_ready_mark(peer->ready);
    if (addr && addr->family != AUGER_FAMILY_NONE)
        resolve(peer, now, question, addr);
    else
        fail(peer, now, question, "no answer");
    auger_peer_advance(peer, now);
}

/* --- time ---------------------------------------------------------------------------------- */

void auger_remote_names_handle_timeout(struct auger_peer *peer, auger_time now)
{
    struct auger_remote_names *names = peer->remote_names;

    for (size_t i = 0; names && i < AUGER_PEER_NAMES_MAX; i++)
        if (is_open(&names->questions[i]) && now >= names->questions[i].give_up_at)
            fail(peer, now, &names->questions[i], "time is up");
}

auger_time auger_remote_names_next_timeout(const struct auger_peer *peer)
{
    const struct auger_remote_names *names = peer->remote_names;
    auger_time at = AUGER_NEVER;

    for (size_t i = 0; names && i < AUGER_PEER_NAMES_MAX; i++)
        if (is_open(&names->questions[i]))
            at = auger_time_min(at, names->questions[i].give_up_at);
    return at;
}

void auger_peer_name_counters_sized(const struct auger_peer *peer,
                                    struct auger_peer_name_counters *counters, size_t size)
{
    const struct auger_peer_name_counters *all = &peer->name_counters;

    memset(counters, 0, size);
    memcpy(counters, all, size < sizeof(*all) ? size : sizeof(*all));
}
