/* ice/inspect.c - looking inside an agent, for diagnosis: copies of the moment. */
#include "ice/policy.h"
#include "ice/relay.h"
#include "ice/state.h"

#include <string.h>

const char *auger_ice_ufrag(const struct auger_ice *ice)
{
    return auger_ice_newest(ice)->local.ufrag;
}

const char *auger_ice_password(const struct auger_ice *ice)
{
    return auger_ice_newest(ice)->local.password;
}

enum auger_ice_state auger_ice_get_state(const struct auger_ice *ice)
{
    return ice->state;
}

static void describe(const struct auger_ice *ice, const struct auger_pair *pair,
                     struct auger_ice_pair_info *info)
{
    const struct auger_generation *generation = pair->generation;
    const struct auger_ice_cand *seen_as = auger_pair_seen_as(pair);
    bool selected = pair == generation->nomination.selected && auger_pair_is_valid(pair);

    *info = (struct auger_ice_pair_info){
        .priority = seen_as ? auger_pair_valid_priority(pair, generation->role)
                            : auger_pair_priority(pair, generation->role),
        .state = (enum auger_ice_pair_state)pair->state,
        .valid = seen_as != NULL,
        .nominated = selected,
        .selected = selected,
        .rtt = auger_pair_rtt(pair),
        .requests_sent = pair->requests_sent,
        .responses_received = pair->proof ? pair->proof->responses_received : 0,
        .requests_received = pair->requests_received,
        .former = generation != ice->current,
    };
    auger_cand_export(seen_as ? seen_as : pair->local, &info->local);
    auger_cand_export(pair->remote, &info->remote);
}

size_t auger_ice_pairs(const struct auger_ice *ice, struct auger_ice_pair_info *pairs, size_t max)
{
    const struct auger_pair *pair;
    size_t len = 0;

    while (len < max && (pair = auger_ice_pair_at(ice, len)))
        describe(ice, pair, &pairs[len++]);
    return len;
}

static void describe_relay(const struct auger_relay *relay, struct auger_ice_relay_info *info)
{
    static const char *const protocols[] = {
        [AUGER_VIA_UDP] = "udp", [AUGER_VIA_TCP] = "tcp", [AUGER_VIA_TLS] = "tls"};
    struct auger_path path = auger_relay_path(relay);

    *info = (struct auger_ice_relay_info){
        .base = path.local,
        .server = path.remote,
        .added = relay->server->addr,
        .domain = relay->turn ? auger_turn_domain(relay->turn) : NULL,
        .protocol = protocols[relay->server->via],
        .error = (enum auger_turn_error)relay->error,
        .code = relay->code,
    };
    for (size_t i = 0; i < 2; i++)
        if (relay->cands[i])
            info->relayed[i] = relay->cands[i]->addr;
}

size_t auger_ice_relays(const struct auger_ice *ice, struct auger_ice_relay_info *infos, size_t max)
{
    size_t len = 0;

    for (const struct auger_relay *relay = auger_relay_next(ice, NULL); relay && len < max;
         relay = auger_relay_next(ice, relay))
        describe_relay(relay, &infos[len++]);
    return len;
}

bool auger_ice_relay_on(const struct auger_ice *ice, const struct auger_path *path,
                        struct auger_ice_relay_info *info)
{
    for (const struct auger_relay *r = auger_relay_next(ice, NULL); r;
         r = auger_relay_next(ice, r)) {
        struct auger_path used = auger_relay_path(r);
        if (!auger_path_equal(&used, path))
            continue;
        describe_relay(r, info);
        return true;
    }
    return false;
}

/* Without those of before a restart that may be no more. */
size_t auger_ice_local_cands(const struct auger_ice *ice, struct auger_cand *cands, size_t max)
{
    const struct auger_cands *table = &ice->locals;
    size_t len = 0;

    for (uint16_t i = 0; i < table->len && len < max; i++) {
        const struct auger_ice_cand *cand = auger_cands_at(table, i);
        if (cand->addr.family != AUGER_FAMILY_NONE && cand->telling != AUGER_CAND_OUTDATED &&
            cand->telling != AUGER_CAND_KEPT)
            auger_policy_export(ice->config.policy, cand, &cands[len++]);
    }
    return len;
}

size_t auger_ice_remote_cands(const struct auger_ice *ice, struct auger_cand *cands, size_t max)
{
    const struct auger_cands *table = &ice->current->remotes;
    size_t len = 0;

    for (uint16_t i = 0; i < table->len && len < max; i++)
        if (auger_cands_at(table, i)->addr.family != AUGER_FAMILY_NONE)
            auger_cand_export(auger_cands_at(table, i), &cands[len++]);
    return len;
}

void auger_ice_counters_sized(const struct auger_ice *ice, struct auger_ice_counters *counters,
                              size_t size)
{
    memset(counters, 0, size);
    memcpy(counters, &ice->counters, size < sizeof(ice->counters) ? size : sizeof(ice->counters));
}
