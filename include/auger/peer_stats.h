/*
 * auger/peer_stats.h - the transport statistics of a peer, by the names of the W3C
 * (webrtc-stats: RTCTransportStats, RTCCertificateStats).  Pairs and candidates are
 * those of auger_peer_ice(): <auger/ice_stats.h>.
 */
#ifndef AUGER_PEER_STATS_H
#define AUGER_PEER_STATS_H

#include <auger/ice_stats.h>
#include <auger/peer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct auger_peer_transport_stats {
    enum auger_dtls_state dtls_state;
    enum auger_dtls_role dtls_role;
    /* Four hexadecimal digits, "FEFD" for DTLS 1.2, and the name that IANA has of the
     * cipher suite; static; empty before the handshake is done. */
    const char *tls_version, *dtls_cipher;
    /* "sha-256 AB:CD:...": of our certificate, and one that the peer's description
     * names, empty before it; fingerprintAlgorithm and fingerprint in one. */
    const char *local_fingerprint;
    char remote_fingerprint[AUGER_FINGERPRINT_TEXT_MAX];
    struct auger_ice_transport_stats ice;
};
AUGER_API void auger_peer_transport_stats_sized(const struct auger_peer *peer,
                                                struct auger_peer_transport_stats *stats,
                                                size_t size);
#define auger_peer_get_transport_stats(peer, stats)                                                \
    auger_peer_transport_stats_sized((peer), (stats), sizeof(*(stats)))

/* As auger_dtls_key_log(). */
AUGER_API int auger_peer_key_log(const struct auger_peer *peer, char *buf,
                                 size_t cap) AUGER_CHECK_RESULT;
/* As auger_ice_note_discarded(), for whatever auger_peer_poll_transmit() made: what is
 * no application data of ICE's does not count. */
AUGER_API void auger_peer_note_discarded(struct auger_peer *peer, const struct auger_path *path,
                                         const uint8_t *buf, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* AUGER_PEER_STATS_H */
