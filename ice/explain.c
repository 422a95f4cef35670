/* ice/explain.c - why there is no path, from the tables and counters of an agent: no
 * history is kept for it. */
#include <auger/ice_explain.h>

#include "ice/relay.h"
#include "ice/role.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *text;
} whys[] = {
    [AUGER_ICE_WHY_NOTHING] = {"nothing", "there is a path"},
    [AUGER_ICE_WHY_NO_DESCRIPTION] = {"no-description",
                                      "the peer's description has not come: is it there, and does "
                                      "the signalling work?"},
    [AUGER_ICE_WHY_NO_LOCAL_ADDRESS] = {"no-local-address",
                                        "there is no local address to send from"},
    [AUGER_ICE_WHY_NO_REMOTE_CANDIDATE] = {"no-remote-candidate",
                                           "the peer told no candidate, and none of its checks "
                                           "arrived"},
    [AUGER_ICE_WHY_REMOTE_UNUSABLE] = {"remote-unusable",
                                       "the peer's candidates are all unusable here: names, TCP or "
                                       "another address family"},
    [AUGER_ICE_WHY_NO_STUN_ANSWER] = {"no-stun-answer",
                                      "no STUN server answered, and nothing of the peer arrived: "
                                      "is UDP blocked here?"},
    [AUGER_ICE_WHY_BOTH_NATS] = {"both-nats-map-by-destination",
                                 "both NATs map by destination, and there is no relay"},
    [AUGER_ICE_WHY_OUR_NAT] = {"our-nat-maps-by-destination",
                               "our NAT maps by destination, the peer's lets in only whom it has "
                               "asked, and there is no relay"},
    [AUGER_ICE_WHY_PEER_NAT] = {"peer-nat-maps-by-destination",
                                "the peer's NAT maps by destination, ours lets in only whom it has "
                                "asked, and there is no relay"},
    [AUGER_ICE_WHY_NOTHING_ARRIVED] = {"nothing-arrived",
                                       "nothing of the peer arrived at all: it is gone, UDP is "
                                       "blocked, or a firewall or NAT stands between"},
    [AUGER_ICE_WHY_UNANSWERED] = {"unanswered",
                                  "the peer never answered: its checks reach us, ours do not reach "
                                  "it, or its answers are lost"},
    [AUGER_ICE_WHY_WRONG_PASSWORD] = {"wrong-password",
                                      "checks or answers arrive whose password is wrong: an old "
                                      "description, or somebody else's?"},
    [AUGER_ICE_WHY_REFUSED] = {"refused", "the peer answers our checks with errors"},
    [AUGER_ICE_WHY_ASYMMETRIC] = {"asymmetric",
                                  "answers arrive from elsewhere than where the checks were sent"},
    [AUGER_ICE_WHY_ROLE_CONFLICT] = {"role-conflict",
                                     "too many role switches: the peer never settles who controls"},
    [AUGER_ICE_WHY_SILENCE] = {"silence", "nothing of the peer has arrived for 5 s or more"},
    [AUGER_ICE_WHY_CONSENT_EXPIRED] = {"consent-expired",
                                       "consent expired: the path went dead, or the peer is gone"},
    [AUGER_ICE_WHY_CONSENT_REVOKED] = {"consent-revoked",
                                       "consent revoked: the peer wants nothing more"},
    [AUGER_ICE_WHY_RELAY_ONLY] = {"relay-only",
                                  "the policy allows relays alone, and we have none: nothing was "
                                  "told to the peer or sent to it"},
    [AUGER_ICE_WHY_PATH_TAKEN] = {"path-taken",
                                  "the only path that works belongs to another session on the same "
                                  "two ports: give either side's mux another port"},
    [AUGER_ICE_WHY_NOT_NOMINATED] = {"not-nominated",
                                     "the peer's checks arrive, but it nominates no pair, and we "
                                     "are lite and cannot"},
    [AUGER_ICE_WHY_TURN_PASSWORD] = {"turn-password",
                                     "the TURN server refuses our name or password, and without a "
                                     "relay there is no path"},
    [AUGER_ICE_WHY_TURN_NO_ANSWER] = {"turn-no-answer",
                                      "no TURN server answered, and without a relay there is no "
                                      "path"},
    [AUGER_ICE_WHY_TURN_REFUSED] = {"turn-refused",
                                    "the TURN server gives us no relayed address, and without a "
                                    "relay there is no path"},
};
#define WHYS (sizeof(whys) / sizeof(whys[0]))

const char *auger_ice_why_name(enum auger_ice_why why)
{
    return (size_t)why < WHYS ? whys[why].name : "unknown";
}

const char *auger_ice_why_text(enum auger_ice_why why)
{
    return (size_t)why < WHYS ? whys[why].text : "unknown";
}

void auger_ice_note_unusable_cand(struct auger_ice *ice)
{
    ice->tally.unusable_cands++;
}

/* --- evidence ------------------------------------------------------------------------ */

static bool is_known(const struct auger_ice_cand *cand)
{
    return cand->addr.family != AUGER_FAMILY_NONE;
}

static uint32_t count(const struct auger_cands *cands)
{
    uint32_t known = 0;
    for (uint16_t i = 0; i < cands->len; i++)
        known += is_known(auger_cands_at(cands, i));
    return known;
}

static bool has_relay(const struct auger_cands *cands)
{
    for (uint16_t i = 0; i < cands->len; i++)
        if (is_known(auger_cands_at(cands, i)) &&
            auger_cands_at(cands, i)->type == AUGER_CAND_RELAY)
            return true;
    return false;
}

/* One base, seen from outside at one address and two ports.  Browsers hide the base of
 * theirs as 0.0.0.0 port 0, which says nothing. */
static bool show_two_ports(const struct auger_ice_cand *a, const struct auger_ice_cand *b)
{
    return a->base && b->base && a->base->port != 0 && auger_addr_equal(a->base, b->base) &&
           auger_addr_ip_equal(&a->addr, &b->addr) && a->addr.port != b->addr.port;
}

static bool is_reflexive(const struct auger_ice_cand *cand)
{
    return is_known(cand) && !cand->is_mapped &&
           (cand->type == AUGER_CAND_SRFLX || cand->type == AUGER_CAND_PRFLX);
}

/* RFC 4787 section 4.1: a mapping that is not endpoint-independent. */
static bool map_by_destination(const struct auger_cands *cands)
{
    for (uint16_t i = 0; i < cands->len; i++)
        for (uint16_t j = 0; j < i; j++)
            if (is_reflexive(auger_cands_at(cands, i)) && is_reflexive(auger_cands_at(cands, j)) &&
                show_two_ports(auger_cands_at(cands, i), auger_cands_at(cands, j)))
                return true;
    return false;
}

/* One that gathering has stopped waiting for is as good as silent. */
static enum auger_turn_error error_of(const struct auger_ice *ice, const struct auger_relay *relay)
{
    if (relay->state == AUGER_RELAY_ASKING && ice->gather.state == AUGER_GATHER_DONE)
        return AUGER_TURN_ERROR_TIMEOUT;
    return (enum auger_turn_error)relay->error;
}

/* Of several reasons one with a code of the server's. */
static void collect_relays(const struct auger_ice *ice, struct auger_ice_explanation *e)
{
    e->turn_servers = (uint32_t)auger_relay_count_servers(ice);
    for (const struct auger_relay *r = auger_relay_next(ice, NULL); r;
         r = auger_relay_next(ice, r)) {
        e->relays += r->state == AUGER_RELAY_ALLOCATED;
        if (e->turn_code || error_of(ice, r) == AUGER_TURN_ERROR_NONE)
            continue;
        e->turn_error = error_of(ice, r);
        e->turn_code = r->code;
    }
}

static void say_relays(struct auger_ice_explanation *e)
{
    size_t len = strlen(e->evidence);

    if (e->turn_servers == 0)
        return;
    snprintf(e->evidence + len, sizeof(e->evidence) - len, "; TURN: %u servers, %u relays",
             e->turn_servers, e->relays);
    len = strlen(e->evidence);
    if (e->turn_error != AUGER_TURN_ERROR_NONE)
        snprintf(e->evidence + len, sizeof(e->evidence) - len, ", %s (%u)",
                 auger_turn_error_text(e->turn_error), e->turn_code);
    len = strlen(e->evidence);
    if (e->icmp_errors > 0)
        snprintf(e->evidence + len, sizeof(e->evidence) - len, ", %u ICMP errors", e->icmp_errors);
}

static void say_prediction(struct auger_ice_explanation *e)
{
    size_t len = strlen(e->evidence);

    if (e->predicted_ports > 0)
        snprintf(e->evidence + len, sizeof(e->evidence) - len, "; %u ports predicted",
                 e->predicted_ports);
}

static void say(struct auger_ice_explanation *e)
{
    snprintf(e->evidence, sizeof(e->evidence),
             "candidates: %u ours, %u of the peer's, %u of no use; %u pairs; checks: %llu sent, "
             "%llu answered, %llu received; STUN: %u of %u requests answered; unproved: %llu "
             "checks, %llu answers",
             e->local_cands, e->remote_cands, e->unusable_cands, e->pairs,
             (unsigned long long)e->checks_sent, (unsigned long long)e->answers_received,
             (unsigned long long)e->checks_received, e->stun_answers, e->stun_requests,
             (unsigned long long)e->unproved_checks, (unsigned long long)e->unproved_answers);
}

static void collect(const struct auger_ice *ice, struct auger_ice_explanation *e)
{
    const struct auger_ice_tally *tally = &ice->tally;

    *e = (struct auger_ice_explanation){
        .local_cands = count(&ice->locals),
        .remote_cands = count(&ice->current->remotes),
        .unusable_cands = tally->unusable_cands,
        .pairs = ice->current->checklist.len,
        .checks_sent = ice->counters.checks_sent,
        .checks_received = ice->counters.checks_received,
        .answers_received = tally->responses_received,
        .unproved_checks = tally->unproved_checks,
        .unproved_answers = tally->unproved_answers,
        .stun_servers = ice->gather.servers_len,
        .stun_requests = tally->server_requests,
        .stun_answers = tally->server_answers,
        .has_relay = has_relay(&ice->locals) || has_relay(&ice->current->remotes),
        .we_map_by_destination = map_by_destination(&ice->locals),
        .peer_maps_by_destination = map_by_destination(&ice->current->remotes),
        .icmp_errors = tally->icmp_errors,
        .predicted_ports = ice->prediction ? ice->prediction->told + ice->prediction->ahead : 0u,
    };
    collect_relays(ice, e);
    say(e);
    say_relays(e);
    say_prediction(e);
}

/* --- conclusions ----------------------------------------------------------------------- */

static bool lost_consent(const struct auger_ice *ice)
{
    const struct auger_pair *pair;

    for (size_t i = 0; (pair = auger_ice_pair_at(ice, i)); i++)
        if (pair->failure == AUGER_PAIR_NO_CONSENT)
            return true;
    return false;
}

/* How it ended after all was well; AUGER_ICE_WHY_NOTHING: it never was. */
static enum auger_ice_why end_of(const struct auger_ice *ice)
{
    if (lost_consent(ice))
        return ice->tally.consent_was_revoked ? AUGER_ICE_WHY_CONSENT_REVOKED
                                              : AUGER_ICE_WHY_CONSENT_EXPIRED;
    if (ice->counters.role_switches >= AUGER_ROLE_SWITCHES_MAX)
        return AUGER_ICE_WHY_ROLE_CONFLICT;
    if (ice->tally.paths_refused > 0)
        return AUGER_ICE_WHY_PATH_TAKEN;
    return AUGER_ICE_WHY_NOTHING;
}

/* Of a server that was to give us a relay; AUGER_ICE_WHY_NOTHING: there is one, or none was to. */
static enum auger_ice_why why_no_relay(const struct auger_ice_explanation *e)
{
    if (e->relays > 0 || e->turn_error == AUGER_TURN_ERROR_NONE)
        return AUGER_ICE_WHY_NOTHING;
    if (e->turn_error == AUGER_TURN_ERROR_TIMEOUT)
        return AUGER_ICE_WHY_TURN_NO_ANSWER;
    if (e->turn_error == AUGER_TURN_ERROR_UNAUTHENTICATED ||
        e->turn_error == AUGER_TURN_ERROR_WRONG_CREDENTIALS ||
        e->turn_error == AUGER_TURN_ERROR_INTEGRITY)
        return AUGER_ICE_WHY_TURN_PASSWORD;
    return AUGER_ICE_WHY_TURN_REFUSED;
}

static enum auger_ice_why relays_alone(const struct auger_ice_explanation *e)
{
    enum auger_ice_why why = why_no_relay(e);

    return why == AUGER_ICE_WHY_NOTHING ? AUGER_ICE_WHY_RELAY_ONLY : why;
}

/* What was missing before a single check could have come through. */
static enum auger_ice_why missing(const struct auger_ice *ice,
                                  const struct auger_ice_explanation *e)
{
    if (ice->config.policy == AUGER_ICE_POLICY_RELAY && !has_relay(&ice->locals))
        return relays_alone(e);
    if (e->local_cands == 0)
        return AUGER_ICE_WHY_NO_LOCAL_ADDRESS;
    if (!auger_credentials_are_known(&ice->current->remote))
        return AUGER_ICE_WHY_NO_DESCRIPTION;
    return AUGER_ICE_WHY_NOTHING;
}

/* What has arrived speaks before what has not. */
static enum auger_ice_why heard(const struct auger_ice *ice, const struct auger_ice_explanation *e)
{
    if (ice->tally.checks_misanswered > 0)
        return AUGER_ICE_WHY_ASYMMETRIC;
    if (ice->tally.checks_refused > 0)
        return AUGER_ICE_WHY_REFUSED;
    if (e->unproved_answers > 0 || (e->unproved_checks > 0 && e->checks_received == 0))
        return AUGER_ICE_WHY_WRONG_PASSWORD;
    if (e->checks_received == 0)
        return AUGER_ICE_WHY_NOTHING;
    return ice->config.lite ? AUGER_ICE_WHY_NOT_NOMINATED : AUGER_ICE_WHY_UNANSWERED;
}

static enum auger_ice_why between(const struct auger_ice_explanation *e)
{
    if (e->stun_requests > 0 && e->stun_answers == 0)
        return AUGER_ICE_WHY_NO_STUN_ANSWER;
    if (e->remote_cands == 0 && e->unusable_cands == 0)
        return AUGER_ICE_WHY_NO_REMOTE_CANDIDATE;
    if (e->pairs == 0)
        return AUGER_ICE_WHY_REMOTE_UNUSABLE;
    if (e->has_relay)
        return AUGER_ICE_WHY_NOTHING_ARRIVED;
    if (why_no_relay(e) != AUGER_ICE_WHY_NOTHING)
        return why_no_relay(e);
    if (e->we_map_by_destination && e->peer_maps_by_destination)
        return AUGER_ICE_WHY_BOTH_NATS;
    if (e->we_map_by_destination)
        return AUGER_ICE_WHY_OUR_NAT;
    return e->peer_maps_by_destination ? AUGER_ICE_WHY_PEER_NAT : AUGER_ICE_WHY_NOTHING_ARRIVED;
}

static enum auger_ice_why conclude(const struct auger_ice *ice,
                                   const struct auger_ice_explanation *e)
{
    enum auger_ice_why why = AUGER_ICE_WHY_NOTHING;

    if (ice->state == AUGER_ICE_CONNECTED)
        return why;
    if (ice->state == AUGER_ICE_DISCONNECTED)
        return AUGER_ICE_WHY_SILENCE;
    if (ice->state == AUGER_ICE_FAILED)
        why = end_of(ice);
    if (why == AUGER_ICE_WHY_NOTHING)
        why = missing(ice, e);
    if (why == AUGER_ICE_WHY_NOTHING)
        why = heard(ice, e);
    return why == AUGER_ICE_WHY_NOTHING ? between(e) : why;
}

void auger_ice_explain_sized(const struct auger_ice *ice, struct auger_ice_explanation *explanation,
                             size_t size)
{
    struct auger_ice_explanation all;

    collect(ice, &all);
    all.why = conclude(ice, &all);
    memset(explanation, 0, size);
    memcpy(explanation, &all, size < sizeof(all) ? size : sizeof(all));
}
