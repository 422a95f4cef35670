/* ice/stats.c - the statistics of an agent, by the names of the W3C.  What is counted,
 * and where it lies, is tally.h; the plainer look inside is inspect.c. */
#include <auger/ice_stats.h>

#include "ice/state.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static double seconds(auger_time t)
{
    return (double)t / (double)AUGER_SEC;
}

static auger_time last_at(const struct auger_tally_data *data)
{
    return data->packets ? data->last_at : AUGER_NEVER;
}

/* A caller of an earlier version has room for the beginning alone. */
static void hand_out(void *to, size_t size, const void *from, size_t from_size)
{
    memset(to, 0, size);
    memcpy(to, from, size < from_size ? size : from_size);
}

/* --- ids ------------------------------------------------------------------------ */

static void write_id(char id[AUGER_STATS_ID_MAX], const char *prefix, const struct auger_addr *a,
                     const struct auger_addr *b)
{
    char first[AUGER_ADDR_TEXT_MAX], second[AUGER_ADDR_TEXT_MAX] = "";

    auger_addr_format(a, first, sizeof(first));
    if (b)
        auger_addr_format(b, second, sizeof(second));
    snprintf(id, AUGER_STATS_ID_MAX, "%s %s%s%s", prefix, first, b ? " " : "", second);
}

/* Of ours the base tells two apart that one NAT shows under the same address. */
static void write_cand_id(char id[AUGER_STATS_ID_MAX], const struct auger_ice_cand *cand,
                          bool is_remote)
{
    bool has_base = !is_remote && !auger_addr_equal(&cand->addr, &cand->base);
    char prefix[16];

    snprintf(prefix, sizeof(prefix), "%c%s%s", is_remote ? 'R' : 'L', is_remote ? "" : " ",
             is_remote ? "" : auger_cand_type_name(cand->type));
    write_id(id, prefix, &cand->addr, has_base ? &cand->base : NULL);
}

static void write_pair_id(char id[AUGER_STATS_ID_MAX], const struct auger_pair *pair)
{
    write_id(id, "P", &pair->local->base, &pair->remote->addr);
}

/* --- pairs ------------------------------------------------------------------------ */

int auger_ice_pair_stats_sized(const struct auger_ice *ice, size_t index,
                               struct auger_ice_pair_stats *stats, size_t size)
{
    const struct auger_pair *pair = auger_ice_pair_at(ice, index);

    if (!pair)
        return AUGER_ERR_NOT_FOUND;
    const struct auger_generation *generation = pair->generation;
    const struct auger_pair_tally *tally = &pair->tally;
    struct auger_ice_pair_stats all = {
        .state = pair->state,
        .nominated = pair == generation->nomination.selected && pair->seen_as,
        .packets_sent = tally->sent.packets - tally->packets_discarded,
        .packets_received = tally->received.packets,
        .bytes_sent = tally->sent.bytes - tally->bytes_discarded,
        .bytes_received = tally->received.bytes,
        .last_packet_sent_timestamp = last_at(&tally->sent),
        .last_packet_received_timestamp = last_at(&tally->received),
        .total_round_trip_time = seconds(tally->rtt_total),
        .current_round_trip_time = seconds(pair->rtt),
        .requests_sent = pair->requests_sent - tally->retransmissions_sent,
        .requests_received = pair->requests_received,
        .responses_sent = tally->responses_sent,
        .responses_received = pair->responses_received,
        .consent_requests_sent = tally->consent_requests_sent,
        .packets_discarded_on_send = tally->packets_discarded,
        .bytes_discarded_on_send = tally->bytes_discarded,
        .retransmissions_sent = tally->retransmissions_sent,
        .priority =
            pair->seen_as ? auger_pair_valid_priority(pair, generation->role) : pair->priority,
    };

    write_pair_id(all.id, pair);
    write_cand_id(all.local_candidate_id, pair->seen_as ? pair->seen_as : pair->local, false);
    write_cand_id(all.remote_candidate_id, pair->remote, true);
    hand_out(stats, size, &all, sizeof(all));
    return 0;
}

void auger_ice_note_discarded(struct auger_ice *ice, const struct auger_path *path, size_t len)
{
    struct auger_pair *pair = auger_ice_find_pair(ice, path);

    if (!pair || pair->tally.packets_discarded == pair->tally.sent.packets)
        return;
    pair->tally.packets_discarded++;
    pair->tally.bytes_discarded += len;
}

/* --- candidates --------------------------------------------------------------------- */

static size_t count(const struct auger_cands *cands)
{
    size_t len = 0;

    for (uint16_t i = 0; i < cands->len; i++)
        len += cands->items[i].addr.family != AUGER_FAMILY_NONE;
    return len;
}

static const struct auger_ice_cand *cand_at(const struct auger_cands *cands, size_t index)
{
    for (uint16_t i = 0; i < cands->len; i++)
        if (cands->items[i].addr.family != AUGER_FAMILY_NONE && index-- == 0)
            return &cands->items[i];
    return NULL;
}

int auger_ice_cand_stats_sized(const struct auger_ice *ice, size_t index,
                               struct auger_ice_cand_stats *stats, size_t size)
{
    size_t ours = count(&ice->locals);
    bool is_remote = index >= ours;
    const struct auger_ice_cand *cand =
        is_remote ? cand_at(&ice->current->remotes, index - ours) : cand_at(&ice->locals, index);
    struct auger_ice_cand_stats all = {.is_remote = is_remote};

    if (!cand)
        return AUGER_ERR_NOT_FOUND;
    write_cand_id(all.id, cand, is_remote);
    auger_cand_export(cand, &all.cand);
    const char *ufrag = is_remote ? ice->current->remote.ufrag : ice->current->local.ufrag;
    if (ufrag)
        snprintf(all.cand.ufrag, sizeof(all.cand.ufrag), "%s", ufrag);
    if (!is_remote && cand->type == AUGER_CAND_SRFLX)
        all.server = cand->server;
    hand_out(stats, size, &all, sizeof(all));
    return 0;
}

/* --- transport ------------------------------------------------------------------------ */

void auger_ice_transport_stats_sized(const struct auger_ice *ice,
                                     struct auger_ice_transport_stats *stats, size_t size)
{
    struct auger_ice_transport_stats all = {
        .ice_state = ice->state,
        .is_controlling = ice->current->role == AUGER_CONTROLLING,
        .selected_candidate_pair_changes = ice->tally.route_changes,
        .packets_sent = ice->tally.sent.packets,
        .packets_received = ice->tally.received.packets,
        .bytes_sent = ice->tally.sent.bytes,
        .bytes_received = ice->tally.received.bytes,
    };

    snprintf(all.ice_local_username_fragment, sizeof(all.ice_local_username_fragment), "%s",
             ice->current->local.ufrag);
    if (ice->route)
        write_pair_id(all.selected_candidate_pair_id, ice->route);
    hand_out(stats, size, &all, sizeof(all));
}
