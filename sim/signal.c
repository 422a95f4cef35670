/* sim/signal.c - signalling between two peers: a description with credentials,
 * candidates as lines of text, and the end of candidates. */
#include "sim/peer.h"

#include <auger/ice_explain.h>
#include <auger/mdns.h>

#include "base/time.h"

#include <assert.h>
#include <string.h>

#define PACING_UNSAID (50 * AUGER_MS) /* RFC 8839 section 5.5 */

enum message_type { DESCRIPTION, CANDIDATE, END };

struct sim_message {
    struct sim_peer *to;
    struct sim_message *next; /* of those held back */
    enum message_type type;
    bool is_hostile; /* may be refused */
    bool restarts;   /* a description: of a later generation than the first */
    unsigned offer,
        answers; /* its number if it is an offer to restart; that of the one it answers */
    char ufrag[AUGER_UFRAG_MAX], password[AUGER_PASSWORD_MAX];
    char line[AUGER_CAND_LINE_MAX];
};

/* --- arriving --------------------------------------------------------------- */

static void describe(struct sim_peer *peer);
static void post_restart(struct sim_peer *peer, unsigned offer, unsigned answers);

/* The agent may have answered the restart with credentials of its own. */
static void tell_watch(struct sim_peer *peer, const struct sim_message *message)
{
    if (strcmp(peer->ufrag, auger_ice_ufrag(peer->ice)) != 0)
        sim_signal_renew(peer);
    SIM_TELL(peer->sim, remote_set, peer, message->ufrag, message->password);
}

static void take_credentials(struct sim *sim, struct sim_peer *peer,
                             const struct sim_message *message)
{
    int err;

    do
        err = auger_ice_set_remote_credentials(peer->ice, sim_peer_now(peer), message->ufrag,
                                               message->password);
    while (sim_peer_tries_again(peer, err));
    if (err < 0 && !message->is_hostile)
        sim_break(sim, "%s: credentials: %s", peer->name, auger_strerror(err));
    if (err == 0)
        tell_watch(peer, message);
}

/* What else its description says.  RFC 8839 sections 5.3 and 5.5: a lite agent says nothing
 * of its pace. */
static void tell_of_partner(struct sim_peer *peer, const struct auger_ice_config *partner)
{
    auger_time pacing = partner->lite ? PACING_UNSAID : partner->pacing;

    auger_ice_set_remote_lite(peer->ice, partner->lite);
    auger_ice_set_remote_pacing(peer->ice, sim_peer_now(peer), pacing);
    SIM_TELL(peer->sim, paced, peer, pacing);
    if (partner->renomination && !partner->lite)
        auger_ice_set_remote_renomination(peer->ice, sim_peer_now(peer), true);
}

static void take_first_description(struct sim *sim, struct sim_peer *peer,
                                   const struct sim_message *message)
{
    if (!peer->has_begun)
        sim_peer_begin(peer, peer->signalling.same_role && peer->signalling.both_control);
    if (peer->partner)
        tell_of_partner(peer, &peer->partner->options.ice);
    take_credentials(sim, peer, message);
    if (peer->story.signalled_at == AUGER_NEVER)
        peer->story.signalled_at = sim->now;
    if (!peer->offers && !peer->signalling.no_trickle)
        describe(peer);
}

/* An answer is of no use to whoever has offered anew since; and where two offers cross,
 * each is the other's answer. */
static void take_restart(struct sim *sim, struct sim_peer *peer, const struct sim_message *message)
{
    bool is_late = message->answers ? !peer->awaits_answer || message->answers != peer->offer
                                    : message->offer <= peer->partners_offer;
    bool is_to_be_answered = message->offer && !peer->awaits_answer;

    if (is_late) {
        sim_log(sim, "%s has no use for it any more", peer->name);
        return;
    }
    if (message->offer)
        peer->partners_offer = message->offer;
    peer->awaits_answer = false;
    sim_names_restart(peer->names);
    take_credentials(sim, peer, message);
    if (is_to_be_answered)
        post_restart(peer, 0, message->offer);
}

static void take_description(struct sim *sim, struct sim_peer *peer,
                             const struct sim_message *message)
{
    if (message->restarts)
        take_restart(sim, peer, message);
    else
        take_first_description(sim, peer, message);
}

static int add_candidate(struct sim_peer *peer, const struct auger_cand *cand)
{
    int err;

    do
        err = auger_ice_add_remote_cand(peer->ice, sim_peer_now(peer), cand);
    while (sim_peer_tries_again(peer, err));
    if (err == 0)
        SIM_TELL(peer->sim, told, peer, &cand->addr);
    return err;
}

void sim_signal_resolved(struct sim_peer *peer, const struct auger_cand *cand)
{
    char addr[AUGER_ADDR_TEXT_MAX];

    if (!peer->ice || sim_peer_is_asleep(peer))
        return;
    sim_log(peer->sim, "%s has resolved a name to %s", peer->name,
            auger_addr_format(&cand->addr, addr, sizeof(addr)));
    int err = add_candidate(peer, cand);
    if (err < 0)
        sim_log(peer->sim, "%s cannot use it: %s", peer->name, auger_strerror(err));
    peer->is_touched = true;
}

void sim_signal_ended(struct sim_peer *peer)
{
    if (!peer->ice)
        return;
    auger_ice_end_of_remote_cands(peer->ice, sim_peer_now(peer));
    peer->is_touched = true;
}

static int take_line(struct sim_peer *peer, const char *line)
{
    struct auger_cand cand;
    char name[AUGER_MDNS_NAME_MAX] = "";
    int err = peer->names ? auger_cand_parse_named(&cand, name, sizeof(name), line, strlen(line))
                          : auger_cand_parse(&cand, line, strlen(line));

    if (err < 0)
        return err;
    return name[0] ? sim_names_resolve(peer->names, &cand, name) : add_candidate(peer, &cand);
}

static void take_candidate(struct sim *sim, struct sim_peer *peer,
                           const struct sim_message *message)
{
    int err = take_line(peer, message->line);

    if (err == AUGER_ERR_UNSUPPORTED)
        auger_ice_note_unusable_cand(peer->ice);
    bool is_too_late = err == AUGER_ERR_STATE && peer->story.state == AUGER_ICE_FAILED;
    if (err == AUGER_ERR_UNSUPPORTED || err == AUGER_ERR_LIMIT || is_too_late)
        sim_log(sim, "%s cannot use it: %s", peer->name, auger_strerror(err));
    else if (message->is_hostile && err < 0)
        sim_log(sim, "%s refuses it: %s", peer->name, auger_strerror(err));
    else if (err < 0)
        sim_break(sim, "%s: %s: %s", peer->name, message->line, auger_strerror(err));
}

static void show(const struct sim *sim, const struct sim_message *message)
{
    static const char description[] = "";

    if (sim->options.told)
        sim->options.told(sim->options.user, message->to,
                          message->type == CANDIDATE     ? message->line
                          : message->type == DESCRIPTION ? description
                                                         : NULL);
}

static void deliver(struct sim *sim, void *what)
{
    struct sim_message *message = what;
    struct sim_peer *peer = message->to;

    if (!peer->ice) {
        free(message);
        return;
    }
    if (sim_peer_is_asleep(peer)) {
        queue_put(&sim->queue, peer->asleep_until, deliver, message);
        return;
    }
    show(sim, message);
    switch (message->type) {
    case DESCRIPTION:
        sim_log(sim, "%s has the other's description", peer->name);
        take_description(sim, peer, message);
        break;
    case CANDIDATE:
        sim_log(sim, "%s is told %s", peer->name, message->line);
        take_candidate(sim, peer, message);
        break;
    case END:
        sim_log(sim, "%s is told that no more candidates come", peer->name);
        if (!peer->names || sim_names_end(peer->names))
            auger_ice_end_of_remote_cands(peer->ice, sim_peer_now(peer));
        break;
    }
    peer->is_touched = true;
    free(message);
}

/* --- leaving ---------------------------------------------------------------- */

/* Messages of one peer arrive in order unless they are delayed apart or jittered; a restart
 * always comes after the first description, which has no number and would undo it; the end of
 * candidates after them all, and candidates of a restart after its description, for whoever
 * has not heard of it has no use for them (RFC 8838 section 9). */
static void post(struct sim_peer *peer, struct sim_message *message)
{
    const struct sim_signalling *s = &peer->signalling;
    auger_time at = peer->sim->now + s->delay;

    if (peer->is_silenced) {
        free(message);
        return;
    }
    if (!peer->offers)
        at += s->answer_delay;
    else if (message->type == DESCRIPTION)
        at += s->offer_delay;
    if (message->type != DESCRIPTION)
        at += s->candidate_delay;
    if (s->jitter > 0)
        at += prng_between(&peer->post_random, 0, s->jitter);
    if (message->restarts)
        at = auger_time_max(at, peer->first_arrives_at);
    else if (message->type == DESCRIPTION)
        peer->first_arrives_at = at;
    if (message->restarts)
        peer->restart_arrives_at = auger_time_max(at, peer->restart_arrives_at);
    else
        at = auger_time_max(at, peer->restart_arrives_at);
    if (message->type == END)
        at = auger_time_max(at, peer->last_candidate_at);
    else if (message->type == CANDIDATE)
        peer->last_candidate_at = auger_time_max(at, peer->last_candidate_at);
    message->to = peer->partner;
    if (peer->sim->strangers)
        peer->sim->strangers->overhear(peer->sim, message->to, at,
                                       message->type == CANDIDATE ? message->line : "");
    if (message->type == CANDIDATE && prng_permille(&peer->post_random, s->drop_permille)) {
        free(message);
        return;
    }
    if (message->type == CANDIDATE && prng_permille(&peer->post_random, s->duplicate_permille)) {
        struct sim_message *twin = sim_alloc(sizeof(*twin));
        *twin = *message;
        queue_put(&peer->sim->queue, at + s->delay, deliver, twin);
    }
    queue_put(&peer->sim->queue, at, deliver, message);
}

/* Without trickle candidates wait for the description, which waits for the last. */
static void post_or_hold(struct sim_peer *peer, struct sim_message *message)
{
    struct sim_message **end = &peer->held;

    if (peer->signalling.tells_once && peer->has_described) {
        free(message);
        return;
    }
    if (!peer->signalling.no_trickle || peer->has_described) {
        post(peer, message);
        return;
    }
    while (*end)
        end = &(*end)->next;
    *end = message;
}

static bool is_stale(const struct sim_peer *peer)
{
    return peer->offers && peer->signalling.alice_is_stale;
}

static const char *told_ufrag(const struct sim_peer *peer)
{
    return is_stale(peer) ? "before" : auger_ice_ufrag(peer->ice);
}

static const char *told_password(const struct sim_peer *peer)
{
    return is_stale(peer) ? "ofAnEarlierSessionOfHers" : auger_ice_password(peer->ice);
}

static void describe(struct sim_peer *peer)
{
    if (peer->has_described || !peer->partner)
        return;
    struct sim_message *message = sim_alloc(sizeof(*message));

    peer->has_described = true;
    message->type = DESCRIPTION;
    snprintf(message->ufrag, sizeof(message->ufrag), "%s", told_ufrag(peer));
    snprintf(message->password, sizeof(message->password), "%s", told_password(peer));
    post(peer, message);
}

static void post_restart(struct sim_peer *peer, unsigned offer, unsigned answers)
{
    struct sim_message *message = sim_alloc(sizeof(*message));

    message->type = DESCRIPTION;
    message->restarts = true;
    message->offer = offer;
    message->answers = answers;
    snprintf(message->ufrag, sizeof(message->ufrag), "%s", auger_ice_ufrag(peer->ice));
    snprintf(message->password, sizeof(message->password), "%s", auger_ice_password(peer->ice));
    post(peer, message);
}

/* As browsers hide them: the address becomes a name that nobody here can resolve. */
static int hide(const struct auger_cand *cand, char *line, size_t cap)
{
    return snprintf(line, cap,
                    "candidate:%s 1 udp %u 2f3b9c1e-77aa-4a5e-9f60-0c1d2e3f4a5b.local %u typ host",
                    cand->foundation, (unsigned)cand->priority, (unsigned)cand->addr.port);
}

/* As we hide them (docs/decisions/080); a mapping's address is none of ours. */
static int format(struct sim_peer *peer, const struct auger_cand *cand, char *line, size_t cap)
{
    const char *name = NULL;

    if (!peer->options.hides)
        return auger_cand_format(cand, line, cap);
    if (cand->type == AUGER_CAND_HOST && !cand->mapped)
        name = sim_names_of(peer->names, &cand->addr);
    return auger_cand_format_hidden(cand, name, line, cap);
}

void sim_signal_candidate(struct sim_peer *peer, const struct auger_cand *cand)
{
    if (!peer->partner || peer->gives == SIM_GIVES_NOTHING ||
        (peer->gives == SIM_GIVES_NAMES && cand->type != AUGER_CAND_HOST))
        return;
    struct sim_message *message = sim_alloc(sizeof(*message));
    int len = peer->gives == SIM_GIVES_NAMES
                  ? hide(cand, message->line, sizeof(message->line))
                  : format(peer, cand, message->line, sizeof(message->line));

    assert(len > 0);
    (void)len;
    message->type = CANDIDATE;
    post_or_hold(peer, message);
}

void sim_signal_gathered(struct sim_peer *peer)
{
    if (!peer->partner)
        return;
    describe(peer);
    while (peer->held) {
        struct sim_message *held = peer->held;
        peer->held = held->next;
        post(peer, held);
    }
    if (peer->signalling.no_end)
        return;
    struct sim_message *message = sim_alloc(sizeof(*message));
    message->type = END;
    post(peer, message);
}

void sim_signal_forget(struct sim_peer *peer)
{
    while (peer->held) {
        struct sim_message *held = peer->held;
        peer->held = held->next;
        free(held);
    }
}

/* --- restarts --------------------------------------------------------------- */

void sim_signal_renew(struct sim_peer *peer)
{
    snprintf(peer->ufrag, sizeof(peer->ufrag), "%s", auger_ice_ufrag(peer->ice));
    SIM_TELL(peer->sim, restarted, peer);
    peer->story.restarted_at = AUGER_NEVER;
    peer->is_restarting = true;
}

void sim_restart(struct sim *sim, struct sim_peer *peer)
{
    int err;

    do
        err = auger_ice_restart(peer->ice, sim_peer_now(peer));
    while (sim_peer_tries_again(peer, err));
    sim_log(sim, "%s restarts", peer->name);
    if (err < 0)
        sim_break(sim, "%s: restart: %s", peer->name, auger_strerror(err));
    peer->is_touched = peer->awaits_answer = true;
    sim_signal_renew(peer);
    post_restart(peer, ++peer->offer, 0);
}

void sim_peer_silence(struct sim *sim, struct sim_peer *peer)
{
    sim_log(sim, "%s is heard no more by signalling", peer->name);
    peer->is_silenced = true;
}

/* --- strangers -------------------------------------------------------------- */

static struct sim_message *told_by_stranger(struct sim_peer *to, auger_time at,
                                            enum message_type type)
{
    struct sim_message *message = sim_alloc(sizeof(*message));

    message->to = to;
    message->type = type;
    message->is_hostile = true;
    queue_put(&to->sim->queue, at, deliver, message);
    return message;
}

void sim_tell_description(struct sim_peer *to, auger_time at, const char *ufrag,
                          const char *password)
{
    struct sim_message *message = told_by_stranger(to, at, DESCRIPTION);

    snprintf(message->ufrag, sizeof(message->ufrag), "%s", ufrag);
    snprintf(message->password, sizeof(message->password), "%s", password);
}

void sim_tell_candidate(struct sim_peer *to, auger_time at, const char *line)
{
    struct sim_message *message = told_by_stranger(to, at, CANDIDATE);
    snprintf(message->line, sizeof(message->line), "%s", line);
}

void sim_tell_end(struct sim_peer *to, auger_time at)
{
    told_by_stranger(to, at, END);
}

void sim_take_line(struct sim_peer *peer, const char *line)
{
    struct sim_message message = {.to = peer, .is_hostile = true};

    snprintf(message.line, sizeof(message.line), "%s", line);
    take_candidate(peer->sim, peer, &message);
}

/* --- introducing ------------------------------------------------------------ */

static void introduce(struct sim_peer *peer, struct sim_peer *partner,
                      const struct sim_signalling *signalling)
{
    peer->partner = partner;
    peer->signalling = *signalling;
    peer->signalling.no_trickle |= signalling->half_trickle && peer->offers;
    if (peer->options.ice.lite && partner->options.ice.lite)
        SIM_TELL(peer->sim, both_are_lite, peer);
    SIM_TELL(peer->sim, remote_set, peer, told_ufrag(partner), told_password(partner));
}

void sim_signal_beside(struct sim *sim, struct sim_peer *alice, struct sim_peer *bob,
                       const struct sim_signalling *signalling)
{
    (void)sim;
    alice->offers = true;
    introduce(alice, bob, signalling);
    introduce(bob, alice, signalling);
    alice->gives = signalling->alice_gives;
    bob->gives = signalling->bob_gives;
    sim_peer_begin(alice, !signalling->same_role || signalling->both_control);
    if (!alice->signalling.no_trickle)
        describe(alice);
}

void sim_signal_with(struct sim *sim, struct sim_peer *alice, struct sim_peer *bob,
                     const struct sim_signalling *signalling)
{
    sim->alice = alice;
    sim->bob = bob;
    sim_signal_beside(sim, alice, bob, signalling);
}

void sim_signal(struct sim *sim, struct sim_peer *alice, struct sim_peer *bob, auger_time delay)
{
    sim_signal_with(sim, alice, bob, &(struct sim_signalling){.delay = delay});
}
