/* peer/peer.h - one peer connection: its engines and what is settled between them.
 * The parts of peer/ work on it; peer.c decides the order. */
#ifndef AUGER_PEER_PEER_H
#define AUGER_PEER_PEER_H

#include <auger/peer.h>

#include "peer/names.h"

/* RFC 8829 section 3.2: whose turn it is to describe itself. */
enum auger_signaling { AUGER_STABLE, AUGER_HAVE_LOCAL_OFFER, AUGER_HAVE_REMOTE_OFFER };

struct auger_peer {
    const struct auger_env *env;
    struct auger_peer_config config;
    struct auger_ice *ice;
    struct auger_dtls *dtls;
    struct auger_sctp *sctp;
    struct auger_ready *ready; /* the driver's mark, or NULL */

    /* describe.c, remote.c */
    enum auger_signaling signaling;
    const char *fingerprint; /* of our certificate, which `dtls` keeps */
    uint64_t session_id;
    uint32_t session_version;
    bool gathered;
    bool wants_restart;  /* the next offer restarts ICE */
    bool offers_restart; /* the offer that waits for its answer does */
    char *remote_text;   /* the latest remote description; NULL: none yet */
    size_t remote_len;
    enum auger_sdp_type remote_type;
    bool remote_trickles;       /* that description says so */
    bool was_changed;           /* its default destination was none of its candidates */
    enum auger_sdp_setup setup; /* ours, once agreed: active is the DTLS client */
    struct auger_sctp_remote remote_sctp;

    struct auger_remote_names *remote_names; /* NULL: the peer told none yet */
    struct auger_local_names *local_names;   /* NULL: nothing is hidden */
    struct auger_peer_name_counters name_counters;

    /* life.c */
    enum auger_peer_state state, announced;
    enum auger_peer_reason reason;
    enum auger_dtls_failure failure;
    uint8_t alert_hint;
    auger_time close_by;     /* the end of an orderly close; AUGER_NEVER: none began */
    bool sctp_up, sctp_down; /* the association was there, and is gone */
    bool asks_relays;        /* of a TURN server */
    bool released;           /* ICE is closed: it gives relays back, and hears servers alone */

    uint64_t bytes_sent, bytes_received, datagrams_sent, datagrams_received;
    uint64_t dropped;                    /* what is neither STUN nor DTLS */
    char candidate[AUGER_CAND_LINE_MAX]; /* of the latest candidate event */
};

static inline bool auger_peer_has_ended(const struct auger_peer *peer)
{
    return peer->state == AUGER_PEER_FAILED || peer->state == AUGER_PEER_CLOSED;
}

static inline bool auger_peer_is_closing(const struct auger_peer *peer)
{
    return auger_peer_has_ended(peer) || peer->close_by != AUGER_NEVER;
}

/* ICE alone has failed, and a restart of it may be offered or taken. */
static inline bool auger_peer_may_revive(const struct auger_peer *peer)
{
    return peer->state == AUGER_PEER_FAILED &&
           (peer->reason == AUGER_PEER_ICE_FAILED || peer->reason == AUGER_PEER_CONSENT_LOST);
}

/* Whether descriptions are of no use any more. */
static inline bool auger_peer_is_over(const struct auger_peer *peer)
{
    return auger_peer_is_closing(peer) && !auger_peer_may_revive(peer);
}

/* What every description of ours says; candidates are added to it. */
struct auger_sdp_local auger_peer_local(const struct auger_peer *peer, enum auger_sdp_setup setup);
/* Writes an offer of that, the first one or a further one. */
int auger_peer_write_offer(const struct auger_peer *peer, const struct auger_sdp_local *local,
                           char *buf, size_t cap) AUGER_CHECK_RESULT;
/* Reads the peer's description again, which was found good when it came. */
void auger_peer_reread_remote(const struct auger_peer *peer, struct auger_sdp *sdp);

/* trickle.c: whether candidates follow our descriptions, as far as we know of the peer. */
bool auger_peer_trickles(const struct auger_peer *peer);
/* Whether those found from now on are told one by one. */
bool auger_peer_tells_candidates(const struct auger_peer *peer);

/* Where media would go without ICE; an address of no family is not said. */
struct auger_destination {
    struct auger_addr local, remote;
};
/* destination.c: what our description says of it.  Leaves of `cands`, which has room for
 * one, those that are to be told; returns how many. */
size_t auger_destination_choose(const struct auger_peer *peer, struct auger_cand *cands, size_t len,
                                struct auger_destination *out);

/* Whether data can leave. */
bool auger_peer_has_path(struct auger_peer *peer, auger_time now);

/* Its clock stands while ICE is not connected. */
void auger_peer_time_handshake(struct auger_peer *peer, auger_time now);

/* ICE was restarted by either side: what it had gathered and why it failed is past. */
void auger_peer_restarted(struct auger_peer *peer, auger_time now);
/* Nothing is left to be said but to TURN servers. */
void auger_peer_release_relays(struct auger_peer *peer, auger_time now);
/* Does what the engines' states call for: a path starts DTLS, DTLS starts SCTP,
 * an end of either ends the peer. */
void auger_peer_advance(struct auger_peer *peer, auger_time now);

#endif /* AUGER_PEER_PEER_H */
