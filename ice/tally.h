/* ice/tally.h - what is counted for statistics and for the explanation of a failure:
 * nothing that an agent does depends on it.  How it is told is stats.c and explain.c. */
#ifndef AUGER_ICE_TALLY_H
#define AUGER_ICE_TALLY_H

#include <auger/base.h>

/* Application data, one direction. */
struct auger_tally_data {
    uint64_t packets, bytes;
    auger_time last_at; /* of the last packet, if there was one */
};

struct auger_pair_tally {
    struct auger_tally_data sent, received;
    auger_time rtt_total;
    uint32_t consent_requests_sent;
    uint64_t packets_discarded, bytes_discarded; /* of those sent, the socket refused them */
};

/* What the record of an agent says beside its tables. */
struct auger_ice_tally {
    struct auger_tally_data sent, received; /* of all pairs, removed ones too */
    uint32_t route_changes;
    uint32_t unusable_cands;     /* of the peer's, told and of no use to us */
    uint32_t server_requests;    /* to STUN servers, repeated ones too */
    uint32_t server_answers;     /* with an address */
    uint32_t unproved_checks;    /* with another name or password than ours */
    uint32_t unproved_answers;   /* to checks of ours, with another password than the peer's */
    uint32_t checks_refused;     /* of ours, answered by an error */
    uint32_t checks_misanswered; /* of ours, answered along another path */
    uint32_t responses_received; /* of the peer's, to checks and for consent */
    uint32_t paths_refused;      /* which another agent on our socket has */
    uint32_t icmp_errors;        /* of which relays have told: anybody may forge them */
    bool consent_was_revoked;
};

static inline void auger_tally_packet(struct auger_tally_data *data, auger_time now, size_t len)
{
    data->packets++;
    data->bytes += len;
    data->last_at = now;
}

#endif /* AUGER_ICE_TALLY_H */
