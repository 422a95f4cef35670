/* ice/stats.c - the statistics of an agent, by the names of the W3C.  What is counted,
 * and where it lies, is tally.h; the plainer look inside is inspect.c. */
#include <auger/ice_stats.h>

#include "ice/relay.h"

#include "turn/channel.h"

#include "base/addr.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define CHANNEL_OVERHEAD 4 /* RFC 8656 section 12.4 */
#define SEND_OVERHEAD 32   /* 11.1, and the IP address of the peer */

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

static void write_local_id(char id[AUGER_STATS_ID_MAX], const struct auger_ice_cand *cand)
{
    char addr[AUGER_ADDR_TEXT_MAX], base[AUGER_ADDR_TEXT_MAX] = "";
    bool has_base = !auger_addr_equal(&cand->addr, cand->base);

    auger_addr_format(&cand->addr, addr, sizeof(addr));
    if (has_base) /* tells two apart that one NAT shows under the same address */
        auger_addr_format(cand->base, base, sizeof(base));
    snprintf(id, AUGER_STATS_ID_MAX, "L %s%s %s%s%s",
             auger_tcp_type_name((enum auger_tcp_type)cand->tcptype),
             auger_cand_type_name((enum auger_cand_type)cand->type), addr, has_base ? " " : "",
             base);
}

/* The peer's are numbers, because an address may be hidden, and become known later.  Our
 * user name fragment tells generations apart: a path may be in two of them. */
static void write_remote_id(char id[AUGER_STATS_ID_MAX], const struct auger_generation *generation,
                            const struct auger_ice_cand *cand)
{
    snprintf(id, AUGER_STATS_ID_MAX, "R %s %u", generation->local.ufrag, (unsigned)cand->number);
}

static void write_pair_id(char id[AUGER_STATS_ID_MAX], const struct auger_pair *pair)
{
    char base[AUGER_ADDR_TEXT_MAX];

    snprintf(id, AUGER_STATS_ID_MAX, "P %s %s %u", pair->generation->local.ufrag,
             auger_addr_format(pair->local->base, base, sizeof(base)),
             (unsigned)pair->remote->number);
}

/* --- pairs ------------------------------------------------------------------------ */

int auger_ice_pair_stats_sized(const struct auger_ice *ice, size_t index,
                               struct auger_ice_pair_stats *stats, size_t size)
{
    static const struct auger_pair_proof none;
    const struct auger_pair *pair = auger_ice_pair_at(ice, index);

    if (!pair)
        return AUGER_ERR_NOT_FOUND;
    const struct auger_generation *generation = pair->generation;
    const struct auger_ice_cand *seen_as = auger_pair_seen_as(pair);
    const struct auger_pair_proof *proof = pair->proof ? pair->proof : &none;
    const struct auger_pair_tally *tally = &proof->tally;
    struct auger_ice_pair_stats all = {
        .state = (enum auger_ice_pair_state)pair->state,
        .nominated = pair == generation->nomination.selected && seen_as,
        .packets_sent = tally->sent.packets - tally->packets_discarded,
        .packets_received = tally->received.packets,
        .bytes_sent = tally->sent.bytes - tally->bytes_discarded,
        .bytes_received = tally->received.bytes,
        .last_packet_sent_timestamp = last_at(&tally->sent),
        .last_packet_received_timestamp = last_at(&tally->received),
        .total_round_trip_time = seconds(tally->rtt_total),
        .current_round_trip_time = seconds(proof->rtt),
        .requests_sent = pair->requests_sent - pair->retransmissions_sent,
        .requests_received = pair->requests_received,
        .responses_sent = pair->responses_sent,
        .responses_received = proof->responses_received,
        .consent_requests_sent = tally->consent_requests_sent,
        .packets_discarded_on_send = tally->packets_discarded,
        .bytes_discarded_on_send = tally->bytes_discarded,
        .retransmissions_sent = pair->retransmissions_sent,
        .priority = seen_as ? auger_pair_valid_priority(pair, generation->role)
                            : auger_pair_priority(pair, generation->role),
    };

    write_pair_id(all.id, pair);
    write_local_id(all.local_candidate_id, seen_as ? seen_as : pair->local);
    write_remote_id(all.remote_candidate_id, generation, pair->remote);
    hand_out(stats, size, &all, sizeof(all));
    return 0;
}

/* How much of what went to a TURN server last is around the data; the padding of a Send, which is
 * not known here, counts as data. */
static size_t overhead(const struct auger_relay *relay, const struct auger_addr *peer)
{
    if (auger_channel_number(relay->turn, relay->sent_at, peer) != 0)
        return CHANNEL_OVERHEAD;
    return SEND_OVERHEAD + auger_addr_ip_len(peer);
}

/* The pair in use, if the socket's path is that to its server; `len` is then without overhead. */
static struct auger_pair *pair_behind(const struct auger_ice *ice, const struct auger_path *path,
                                      size_t *len)
{
    const struct auger_relay *relay = ice->route ? auger_relay_of(ice, ice->route->local) : NULL;
    struct auger_path used;

    if (!relay || !relay->turn)
        return NULL;
    used = auger_relay_path(relay);
    if (!auger_path_equal(&used, path))
        return NULL;
    size_t around = overhead(relay, &ice->route->remote->addr);
    *len -= *len < around ? *len : around;
    return ice->route;
}

void auger_ice_note_discarded(struct auger_ice *ice, const struct auger_path *path, size_t len)
{
    struct auger_pair *pair = pair_behind(ice, path, &len);

    if (!pair)
        pair = auger_ice_find_pair(ice, path);
    struct auger_pair_tally *tally = pair && pair->proof ? &pair->proof->tally : NULL;

    if (!tally || tally->packets_discarded == tally->sent.packets)
        return;
    tally->packets_discarded++;
    tally->bytes_discarded += len;
}

/* --- candidates --------------------------------------------------------------------- */

static size_t count(const struct auger_cands *cands)
{
    size_t len = 0;

    for (uint16_t i = 0; i < cands->len; i++)
        len += auger_cands_at(cands, i)->addr.family != AUGER_FAMILY_NONE;
    return len;
}

static const struct auger_ice_cand *cand_at(const struct auger_cands *cands, size_t index)
{
    for (uint16_t i = 0; i < cands->len; i++)
        if (auger_cands_at(cands, i)->addr.family != AUGER_FAMILY_NONE && index-- == 0)
            return auger_cands_at(cands, i);
    return NULL;
}

static const char protocols[][4] = {
    [AUGER_VIA_UDP] = "udp", [AUGER_VIA_TCP] = "tcp", [AUGER_VIA_TLS] = "tls"};

/* Ours are of every generation. */
static void describe_local(const struct auger_ice *ice, const struct auger_ice_cand *cand,
                           struct auger_ice_cand_stats *stats)
{
    write_local_id(stats->id, cand);
    auger_cand_export(cand, &stats->cand);
    snprintf(stats->cand.ufrag, sizeof(stats->cand.ufrag), "%s", ice->current->local.ufrag);
    if (auger_cand_server(cand))
        stats->server = *auger_cand_server(cand);
    const struct auger_relay *relay =
        cand->type == AUGER_CAND_RELAY ? auger_relay_of(ice, cand) : NULL;
    if (relay)
        memcpy(stats->relay_protocol, protocols[relay->server->via], sizeof(stats->relay_protocol));
}

static void describe_remote(const struct auger_generation *generation,
                            const struct auger_ice_cand *cand, struct auger_ice_cand_stats *stats)
{
    stats->is_remote = true;
    write_remote_id(stats->id, generation, cand);
    auger_cand_export(cand, &stats->cand);
    if (cand->hidden)
        stats->cand.addr.family = stats->cand.related.family = AUGER_FAMILY_NONE;
    if (generation->remote.ufrag)
        snprintf(stats->cand.ufrag, sizeof(stats->cand.ufrag), "%s", generation->remote.ufrag);
}

static bool describe_cand(const struct auger_ice *ice, size_t index,
                          struct auger_ice_cand_stats *stats)
{
    const struct auger_generation *generations[] = {ice->current, ice->previous};
    const struct auger_ice_cand *cand = cand_at(&ice->locals, index);

    if (cand) {
        describe_local(ice, cand, stats);
        return true;
    }
    index -= count(&ice->locals);
    for (size_t i = 0; i < 2 && generations[i]; i++) {
        cand = cand_at(&generations[i]->remotes, index);
        if (cand) {
            describe_remote(generations[i], cand, stats);
            return true;
        }
        index -= count(&generations[i]->remotes);
    }
    return false;
}

int auger_ice_cand_stats_sized(const struct auger_ice *ice, size_t index,
                               struct auger_ice_cand_stats *stats, size_t size)
{
    struct auger_ice_cand_stats all = {0};

    if (!describe_cand(ice, index, &all))
        return AUGER_ERR_NOT_FOUND;
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
