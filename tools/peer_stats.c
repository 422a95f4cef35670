/* tools/peer_stats.c - how a peer stands, in the words of the W3C's statistics. */
#include "tools/peer_stats.h"

#include <stdio.h>
#include <string.h>

#define PAIRS_MAX 100
#define CANDS_MAX 100

#define ID_MAX 16

struct side {
    char prefix; /* of its ids */
    const char *type;
    struct auger_cand cands[CANDS_MAX];
    size_t len;
};

static double seconds(auger_time t)
{
    return (double)t / (double)AUGER_SEC;
}

static const char *role_name(enum auger_dtls_role role)
{
    return role == AUGER_DTLS_CLIENT ? "client" : "server";
}

/* --- candidates ----------------------------------------------------------------------------- */

static json_t *candidate_json(const struct side *side, size_t i)
{
    const struct auger_cand *cand = &side->cands[i];
    char ip[AUGER_ADDR_TEXT_MAX], id[ID_MAX];

    snprintf(id, sizeof(id), "%c%zu", side->prefix, i);
    return json_pack("{ss ss ss ss ss si sI ss}", "type", side->type, "id", id, "candidateType",
                     auger_cand_type_name(cand->type), "protocol", "udp", "address",
                     auger_addr_format_ip(&cand->addr, ip, sizeof(ip)), "port",
                     (int)cand->addr.port, "priority", (json_int_t)cand->priority, "foundation",
                     cand->foundation);
}

static void find_id(const struct side *side, const struct auger_cand *cand, char id[ID_MAX])
{
    size_t i = 0;

    while (i < side->len && (side->cands[i].type != cand->type ||
                             !auger_addr_equal(&side->cands[i].addr, &cand->addr)))
        i++;
    snprintf(id, ID_MAX, "%c%zu", side->prefix, i);
}

/* --- pairs and transport ---------------------------------------------------------------------- */

static json_t *pair_json(const struct auger_ice_pair_info *pair, size_t i, const struct side *local,
                         const struct side *remote)
{
    char id[ID_MAX], local_id[ID_MAX], remote_id[ID_MAX];

    snprintf(id, sizeof(id), "P%zu", i);
    find_id(local, &pair->local, local_id);
    find_id(remote, &pair->remote, remote_id);
    return json_pack("{ss ss ss ss ss sb sb sI sf sI sI sI}", "type", "candidate-pair", "id", id,
                     "localCandidateId", local_id, "remoteCandidateId", remote_id, "state",
                     auger_ice_pair_state_name(pair->state), "nominated", (int)pair->nominated,
                     "selected", (int)pair->selected, "priority", (json_int_t)pair->priority,
                     "currentRoundTripTime", seconds(pair->rtt), "requestsSent",
                     (json_int_t)pair->requests_sent, "responsesReceived",
                     (json_int_t)pair->responses_received, "requestsReceived",
                     (json_int_t)pair->requests_received);
}

static json_t *transport_json(const struct auger_peer_info *info, const char *selected_id)
{
    json_t *json =
        json_pack("{ss ss ss ss ss ss sI sI sI sI}", "type", "transport", "id", "T0", "iceState",
                  auger_ice_state_name(info->ice_state), "tlsVersion", info->dtls_version,
                  "dtlsCipher", info->dtls_cipher, "dtlsRole", role_name(info->dtls_role),
                  "bytesSent", (json_int_t)info->bytes_sent, "bytesReceived",
                  (json_int_t)info->bytes_received, "packetsSent", (json_int_t)info->datagrams_sent,
                  "packetsReceived", (json_int_t)info->datagrams_received);

    if (json && selected_id[0])
        json_object_set_new(json, "selectedCandidatePairId", json_string(selected_id));
    return json;
}

json_t *peer_stats(const struct auger_peer *peer)
{
    const struct auger_ice *ice = auger_peer_ice(peer);
    struct side local = {.prefix = 'L', .type = "local-candidate"};
    struct side remote = {.prefix = 'R', .type = "remote-candidate"};
    struct auger_ice_pair_info pairs[PAIRS_MAX];
    struct auger_peer_info info;
    char selected_id[ID_MAX] = "";
    json_t *list = json_array();

    local.len = auger_ice_local_cands(ice, local.cands, CANDS_MAX);
    remote.len = auger_ice_remote_cands(ice, remote.cands, CANDS_MAX);
    size_t pairs_len = auger_ice_pairs(ice, pairs, PAIRS_MAX);
    for (size_t i = 0; i < local.len; i++)
        json_array_append_new(list, candidate_json(&local, i));
    for (size_t i = 0; i < remote.len; i++)
        json_array_append_new(list, candidate_json(&remote, i));
    for (size_t i = 0; i < pairs_len; i++) {
        json_array_append_new(list, pair_json(&pairs[i], i, &local, &remote));
        if (pairs[i].selected)
            snprintf(selected_id, sizeof(selected_id), "P%zu", i);
    }
    auger_peer_get_info(peer, &info);
    json_array_append_new(list, transport_json(&info, selected_id));
    return list;
}

static json_t *end_json(const struct auger_cand *cand)
{
    char ip[AUGER_ADDR_TEXT_MAX];

    return json_pack("[sssi]", auger_cand_type_name(cand->type), "udp",
                     auger_addr_format_ip(&cand->addr, ip, sizeof(ip)), (int)cand->addr.port);
}

json_t *peer_pair(const struct auger_peer *peer)
{
    struct auger_peer_info info;

    auger_peer_get_info(peer, &info);
    if (!info.has_path)
        return json_null();
    return json_pack("{so so sf ss ss ss}", "local", end_json(&info.selected.local), "remote",
                     end_json(&info.selected.remote), "rtt", seconds(info.selected.rtt), "tls",
                     info.dtls_version, "cipher", info.dtls_cipher, "role",
                     role_name(info.dtls_role));
}
