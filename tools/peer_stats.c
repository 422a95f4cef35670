/* tools/peer_stats.c - how a peer stands, as the statistics of the W3C: objects, names, units and
 * ids that refer to each other. */
#define _POSIX_C_SOURCE 200809L
#include "tools/peer_stats.h"

#include <auger/peer_stats.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TRANSPORT_ID "T"
#define LOCAL_CERTIFICATE_ID "C local"
#define REMOTE_CERTIFICATE_ID "C remote"

/* Relates the peer's clock to that of the wall, in which the W3C's timestamps are. */
struct clock {
    auger_time now;
    double wall_ms;
};

static struct clock read_clock(auger_time now)
{
    struct timespec wall;

    clock_gettime(CLOCK_REALTIME, &wall);
    return (struct clock){now, (double)wall.tv_sec * 1e3 + (double)wall.tv_nsec / 1e6};
}

static double wall_ms(const struct clock *clock, auger_time at)
{
    return clock->wall_ms - (double)(clock->now - at) / (double)AUGER_MS;
}

static json_t *begin(const struct clock *clock, const char *type, const char *id)
{
    return json_pack("{ss ss sf}", "type", type, "id", id, "timestamp", clock->wall_ms);
}

static void set_text(json_t *json, const char *key, const char *text)
{
    if (text[0])
        json_object_set_new(json, key, json_string(text));
}

static void set_count(json_t *json, const char *key, uint64_t count)
{
    json_object_set_new(json, key, json_integer((json_int_t)count));
}

static void set_time(json_t *json, const struct clock *clock, const char *key, auger_time at)
{
    if (at != AUGER_NEVER)
        json_object_set_new(json, key, json_real(wall_ms(clock, at)));
}

static const char *role_name(enum auger_dtls_role role)
{
    return role == AUGER_DTLS_CLIENT ? "client" : "server";
}

/* --- candidates ----------------------------------------------------------------------------- */

/* null: the peer did not tell it. */
static void set_address(json_t *json, const struct auger_addr *addr)
{
    char ip[AUGER_ADDR_TEXT_MAX];

    if (addr->family == AUGER_FAMILY_NONE)
        json_object_set_new(json, "address", json_null());
    else
        set_text(json, "address", auger_addr_format_ip(addr, ip, sizeof(ip)));
    json_object_set_new(json, "port", json_integer(addr->port));
}

static void set_related(json_t *json, const struct auger_addr *addr)
{
    char ip[AUGER_ADDR_TEXT_MAX];

    if (addr->family == AUGER_FAMILY_NONE)
        return;
    set_text(json, "relatedAddress", auger_addr_format_ip(addr, ip, sizeof(ip)));
    json_object_set_new(json, "relatedPort", json_integer(addr->port));
}

/* RFC 7064 and 7065. */
static void set_url(json_t *json, const struct auger_ice_cand_stats *stats)
{
    char addr[AUGER_ADDR_TEXT_MAX], url[AUGER_ADDR_TEXT_MAX + 24];
    const char *way = stats->relay_protocol;

    if (stats->server.family == AUGER_FAMILY_NONE)
        return;
    auger_addr_format(&stats->server, addr, sizeof(addr));
    if (way[0] == '\0')
        snprintf(url, sizeof(url), "stun:%s", addr);
    else
        snprintf(url, sizeof(url), "%s:%s?transport=%s", strcmp(way, "tls") == 0 ? "turns" : "turn",
                 addr, strcmp(way, "udp") == 0 ? "udp" : "tcp");
    set_text(json, "url", url);
    if (way[0] != '\0')
        set_text(json, "relayProtocol", way);
}

static json_t *cand_json(const struct clock *clock, const struct auger_ice_cand_stats *stats)
{
    const struct auger_cand *cand = &stats->cand;
    json_t *json =
        begin(clock, stats->is_remote ? "remote-candidate" : "local-candidate", stats->id);

    set_text(json, "transportId", TRANSPORT_ID);
    set_text(json, "candidateType", auger_cand_type_name(cand->type));
    set_text(json, "protocol", cand->addr.transport == AUGER_TCP ? "tcp" : "udp");
    if (cand->tcptype != AUGER_TCP_TYPE_NONE)
        set_text(json, "tcpType", auger_tcp_type_name(cand->tcptype));
    set_address(json, &cand->addr);
    set_related(json, &cand->related);
    set_count(json, "priority", cand->priority);
    set_text(json, "foundation", cand->foundation);
    set_text(json, "usernameFragment", cand->ufrag);
    set_url(json, stats);
    if (!stats->is_remote)
        set_text(json, "networkType", "unknown");
    return json;
}

/* --- pairs ------------------------------------------------------------------------------------ */

static json_t *pair_json(const struct clock *clock, const struct auger_ice_pair_stats *stats)
{
    json_t *json = begin(clock, "candidate-pair", stats->id);

    set_text(json, "transportId", TRANSPORT_ID);
    set_text(json, "localCandidateId", stats->local_candidate_id);
    set_text(json, "remoteCandidateId", stats->remote_candidate_id);
    set_text(json, "state", auger_ice_pair_state_name(stats->state));
    json_object_set_new(json, "nominated", json_boolean(stats->nominated));
    set_count(json, "packetsSent", stats->packets_sent);
    set_count(json, "packetsReceived", stats->packets_received);
    set_count(json, "bytesSent", stats->bytes_sent);
    set_count(json, "bytesReceived", stats->bytes_received);
    set_time(json, clock, "lastPacketSentTimestamp", stats->last_packet_sent_timestamp);
    set_time(json, clock, "lastPacketReceivedTimestamp", stats->last_packet_received_timestamp);
    json_object_set_new(json, "totalRoundTripTime", json_real(stats->total_round_trip_time));
    if (stats->responses_received > 0)
        json_object_set_new(json, "currentRoundTripTime",
                            json_real(stats->current_round_trip_time));
    set_count(json, "requestsSent", stats->requests_sent);
    set_count(json, "requestsReceived", stats->requests_received);
    set_count(json, "responsesSent", stats->responses_sent);
    set_count(json, "responsesReceived", stats->responses_received);
    set_count(json, "consentRequestsSent", stats->consent_requests_sent);
    set_count(json, "packetsDiscardedOnSend", stats->packets_discarded_on_send);
    set_count(json, "bytesDiscardedOnSend", stats->bytes_discarded_on_send);
    set_count(json, "retransmissionsSent", stats->retransmissions_sent);
    set_count(json, "priority", stats->priority);
    return json;
}

/* --- transport and certificates ------------------------------------------------------------------
 */

static json_t *transport_json(const struct clock *clock,
                              const struct auger_peer_transport_stats *stats)
{
    json_t *json = begin(clock, "transport", TRANSPORT_ID);
    const struct auger_ice_transport_stats *ice = &stats->ice;

    set_count(json, "packetsSent", ice->packets_sent);
    set_count(json, "packetsReceived", ice->packets_received);
    set_count(json, "bytesSent", ice->bytes_sent);
    set_count(json, "bytesReceived", ice->bytes_received);
    set_text(json, "iceState", auger_ice_state_name(ice->ice_state));
    set_text(json, "iceRole", ice->is_controlling ? "controlling" : "controlled");
    set_text(json, "iceLocalUsernameFragment", ice->ice_local_username_fragment);
    set_text(json, "selectedCandidatePairId", ice->selected_candidate_pair_id);
    set_count(json, "selectedCandidatePairChanges", ice->selected_candidate_pair_changes);
    set_text(json, "dtlsState", auger_dtls_state_name(stats->dtls_state));
    set_text(json, "dtlsRole", role_name(stats->dtls_role));
    set_text(json, "tlsVersion", stats->tls_version);
    set_text(json, "dtlsCipher", stats->dtls_cipher);
    set_text(json, "localCertificateId", LOCAL_CERTIFICATE_ID);
    if (stats->remote_fingerprint[0])
        set_text(json, "remoteCertificateId", REMOTE_CERTIFICATE_ID);
    return json;
}

/* "sha-256 AB:CD:..." */
static json_t *certificate_json(const struct clock *clock, const char *id, const char *text)
{
    json_t *json = begin(clock, "certificate", id);
    size_t len = strcspn(text, " ");

    json_object_set_new(json, "fingerprintAlgorithm", json_stringn(text, len));
    set_text(json, "fingerprint", text + len + (text[len] == ' '));
    return json;
}

json_t *peer_stats(const struct auger_peer *peer, auger_time now)
{
    const struct auger_ice *ice = auger_peer_ice(peer);
    const struct clock clock = read_clock(now);
    struct auger_peer_transport_stats transport;
    struct auger_ice_cand_stats cand;
    struct auger_ice_pair_stats pair;
    json_t *list = json_array();

    for (size_t i = 0; auger_ice_get_cand_stats(ice, i, &cand) == 0; i++)
        json_array_append_new(list, cand_json(&clock, &cand));
    for (size_t i = 0; auger_ice_get_pair_stats(ice, i, &pair) == 0; i++)
        json_array_append_new(list, pair_json(&clock, &pair));
    auger_peer_get_transport_stats(peer, &transport);
    json_array_append_new(list, transport_json(&clock, &transport));
    json_array_append_new(
        list, certificate_json(&clock, LOCAL_CERTIFICATE_ID, transport.local_fingerprint));
    if (transport.remote_fingerprint[0])
        json_array_append_new(
            list, certificate_json(&clock, REMOTE_CERTIFICATE_ID, transport.remote_fingerprint));
    return list;
}

/* --- the pair in use, in short ---------------------------------------------------------------- */

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
                     end_json(&info.selected.remote), "rtt",
                     (double)info.selected.rtt / (double)AUGER_SEC, "tls", info.dtls_version,
                     "cipher", info.dtls_cipher, "role", role_name(info.dtls_role));
}

/* --- why ---------------------------------------------------------------------------------------
 */

json_t *peer_why(const struct auger_peer *peer)
{
    struct auger_peer_explanation why;

    auger_peer_explain(peer, &why);
    return json_pack("{ss ss ss}", "code", why.code, "text", why.text, "evidence", why.evidence);
}
