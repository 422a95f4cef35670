/*
 * auger/ice_stats.h - the statistics of an ICE agent, by the names and in the units
 * that the W3C gave them (webrtc-stats: RTCIceCandidatePairStats, RTCIceCandidateStats,
 * RTCTransportStats), written as C writes names: totalRoundTripTime is
 * total_round_trip_time and in seconds.
 *
 * What is counted are packets and payload bytes of application data, without the
 * agent's own checks, which have counters of their own.
 *
 * Time     timestamps are on the caller's clock; AUGER_NEVER: not yet.
 * Memory   copies of the moment; nothing is allocated.
 */
#ifndef AUGER_ICE_STATS_H
#define AUGER_ICE_STATS_H

#include <auger/ice.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An id names the same thing as long as the agent lives: "L host 192.0.2.1:5000",
 * "R UFRAG 3", "P UFRAG 192.0.2.1:5000 3", with a number for each candidate of the
 * peer's and our user name fragment of the generation, since a restart may have the
 * same path in two. */
#define AUGER_STATS_ID_MAX 144

struct auger_ice_pair_stats {
    char id[AUGER_STATS_ID_MAX];
    char local_candidate_id[AUGER_STATS_ID_MAX], remote_candidate_id[AUGER_STATS_ID_MAX];
    enum auger_ice_pair_state state; /* auger_ice_pair_state_name() */
    bool nominated;
    uint64_t packets_sent, packets_received, bytes_sent, bytes_received;
    auger_time last_packet_sent_timestamp, last_packet_received_timestamp;
    double total_round_trip_time, current_round_trip_time; /* seconds; 0: not measured yet */
    uint64_t requests_sent; /* those for consent among them, without retransmissions */
    uint64_t requests_received;
    uint64_t responses_sent, responses_received;
    uint64_t consent_requests_sent;
    uint64_t packets_discarded_on_send, bytes_discarded_on_send;
    /* Beyond the W3C. */
    uint64_t retransmissions_sent;
    uint64_t priority;
};

/* The pair number `index`, from 0, best first.  AUGER_ERR_NOT_FOUND behind the last. */
AUGER_API int auger_ice_pair_stats_sized(const struct auger_ice *ice, size_t index,
                                         struct auger_ice_pair_stats *stats,
                                         size_t size) AUGER_CHECK_RESULT;
#define auger_ice_get_pair_stats(ice, index, stats)                                                \
    auger_ice_pair_stats_sized((ice), (index), (stats), sizeof(*(stats)))

/* `cand` has address, port, protocol, candidateType, priority, foundation,
 * relatedAddress, relatedPort and usernameFragment.  An address that the peer did not
 * tell us, since its candidate has a name instead or since only its check showed it, is
 * of no family: the W3C's null. */
struct auger_ice_cand_stats {
    char id[AUGER_STATS_ID_MAX];
    bool is_remote;
    struct auger_cand cand;
    struct auger_addr server; /* of a reflexive or relayed one of ours: for `url`; else none */
    char relay_protocol[4];   /* relayProtocol, of a relayed one of ours: "udp", "tcp", "tls" */
};

/* The candidate number `index`, from 0: ours, then the peer's, of before a restart last.
 * AUGER_ERR_NOT_FOUND behind the last. */
AUGER_API int auger_ice_cand_stats_sized(const struct auger_ice *ice, size_t index,
                                         struct auger_ice_cand_stats *stats,
                                         size_t size) AUGER_CHECK_RESULT;
#define auger_ice_get_cand_stats(ice, index, stats)                                                \
    auger_ice_cand_stats_sized((ice), (index), (stats), sizeof(*(stats)))

struct auger_ice_transport_stats {
    enum auger_ice_state ice_state;
    bool is_controlling;                                 /* iceRole */
    char ice_local_username_fragment[AUGER_UFRAG_MAX];   /* ours */
    char selected_candidate_pair_id[AUGER_STATS_ID_MAX]; /* that data uses; empty: none */
    uint64_t selected_candidate_pair_changes;
    uint64_t packets_sent, packets_received, bytes_sent, bytes_received; /* of all pairs */
};
AUGER_API void auger_ice_transport_stats_sized(const struct auger_ice *ice,
                                               struct auger_ice_transport_stats *stats,
                                               size_t size);
#define auger_ice_get_transport_stats(ice, stats)                                                  \
    auger_ice_transport_stats_sized((ice), (stats), sizeof(*(stats)))

/* The socket refused a datagram that auger_ice_write_data() made for that path. */
AUGER_API void auger_ice_note_discarded(struct auger_ice *ice, const struct auger_path *path,
                                        size_t len);

#ifdef __cplusplus
}
#endif

#endif /* AUGER_ICE_STATS_H */
