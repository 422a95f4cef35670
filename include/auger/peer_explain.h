/*
 * auger/peer_explain.h - why a peer did not connect, or why it ended: one code and one
 * sentence for ICE, DTLS, SCTP and the two ways of closing.
 */
#ifndef AUGER_PEER_EXPLAIN_H
#define AUGER_PEER_EXPLAIN_H

#include <auger/ice_explain.h>
#include <auger/peer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_peer_explanation {
    /* "nothing" while all is well, auger_ice_why_name() where ICE is the reason, and
     * "dtls-timeout", "dtls-fingerprint-mismatch", "dtls-bad-certificate",
     * "dtls-protocol", "dtls-no-extended-master-secret", "dtls-handshaking",
     * "dtls-cut-off", "sctp-failed", "closed-here", "closed-there": for programs, never changed. */
    const char *code;
    const char *text;                  /* one sentence for people; static */
    char evidence[AUGER_EVIDENCE_MAX]; /* the numbers behind it */
    enum auger_peer_reason reason;
    enum auger_dtls_failure dtls;
    uint8_t alert_hint;               /* as in the event */
    struct auger_ice_explanation ice; /* in any case */
};
/* Changes nothing, at any time: of a peer that still looks for a path it says what
 * stands in the way so far. */
AUGER_API void auger_peer_explain_sized(const struct auger_peer *peer,
                                        struct auger_peer_explanation *explanation, size_t size);
#define auger_peer_explain(peer, explanation)                                                      \
    auger_peer_explain_sized((peer), (explanation), sizeof(*(explanation)))

#ifdef __cplusplus
}
#endif

#endif /* AUGER_PEER_EXPLAIN_H */
