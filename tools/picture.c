/* tools/picture.c - how one peer stands, as JSON. */
#include "tools/picture.h"

#include <auger/peer_explain.h>

#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 32 /* candidates of a side, and pairs */

static json_t *address_text(const struct auger_addr *addr)
{
    char text[AUGER_ADDR_TEXT_MAX];

    return json_string(auger_addr_format(addr, text, sizeof(text)));
}

static json_t *candidates_json(const struct auger_cand *cands, size_t len)
{
    json_t *list = json_array();

    for (size_t i = 0; i < len; i++)
        json_array_append_new(list,
                              json_pack("{ss so sI}", "type", auger_cand_type_name(cands[i].type),
                                        "address", address_text(&cands[i].addr), "priority",
                                        (json_int_t)cands[i].priority));
    return list;
}

static json_t *pair_json(const struct auger_ice_pair_info *pair)
{
    return json_pack("{so so ss sb sb sb sf}", "local", address_text(&pair->local.addr), "remote",
                     address_text(&pair->remote.addr), "state",
                     auger_ice_pair_state_name(pair->state), "valid", (int)pair->valid, "nominated",
                     (int)pair->nominated, "selected", (int)pair->selected, "rtt_ms",
                     (double)pair->rtt / (double)AUGER_MS);
}

static json_t *pairs_json(const struct auger_ice *ice)
{
    struct auger_ice_pair_info pairs[SHOWN_MAX];
    size_t len = auger_ice_pairs(ice, pairs, SHOWN_MAX);
    json_t *list = json_array();

    for (size_t i = 0; i < len; i++)
        json_array_append_new(list, pair_json(&pairs[i]));
    return list;
}

json_t *picture_of(const struct auger_peer *peer)
{
    const struct auger_ice *ice = auger_peer_ice(peer);
    struct auger_cand local[SHOWN_MAX], remote[SHOWN_MAX];
    struct auger_peer_explanation why;
    struct auger_peer_info info;
    char dtls[128];

    auger_peer_get_info(peer, &info);
    snprintf(dtls, sizeof(dtls), "%s %s %s", info.dtls_version, info.dtls_cipher,
             info.dtls_role == AUGER_DTLS_CLIENT ? "client" : "server");
    json_t *locals = candidates_json(local, auger_ice_local_cands(ice, local, SHOWN_MAX));
    json_t *remotes = candidates_json(remote, auger_ice_remote_cands(ice, remote, SHOWN_MAX));
    auger_peer_explain(peer, &why);
    return json_pack("{ss ss ss ss ss so so so sI sI}", "why", why.code, "why_text", why.text,
                     "state", auger_peer_state_name(info.state), "ice",
                     auger_ice_state_name(info.ice_state), "dtls", dtls, "local", locals, "remote",
                     remotes, "pairs", pairs_json(ice), "bytes_sent", (json_int_t)info.bytes_sent,
                     "bytes_received", (json_int_t)info.bytes_received);
}
