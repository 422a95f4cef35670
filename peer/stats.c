/* peer/stats.c - the transport statistics of a peer, by the names of the W3C. */
#include <auger/peer_stats.h>

#include "peer/demux.h"
#include "peer/peer.h"

#include <stdio.h>
#include <string.h>

/* "DTLSv1.2" is FE FD on the wire. */
static const char *version_digits(const char *version)
{
    if (strcmp(version, "DTLSv1.2") == 0)
        return "FEFD";
    return strcmp(version, "DTLSv1.3") == 0 ? "FEFC" : "";
}

static void copy_remote_fingerprint(const struct auger_peer *peer, char *out, size_t cap)
{
    struct auger_sdp sdp;

    if (!peer->remote_text)
        return;
    auger_peer_reread_remote(peer, &sdp);
    const struct auger_sdp_section *carrier = auger_sdp_carrier(&sdp, peer->remote_type);
    if (carrier && carrier->transport.fingerprints_len > 0)
        snprintf(out, cap, "%.*s", (int)carrier->transport.fingerprints[0].len,
                 carrier->transport.fingerprints[0].data);
}

void auger_peer_transport_stats_sized(const struct auger_peer *peer,
                                      struct auger_peer_transport_stats *stats, size_t size)
{
    struct auger_peer_transport_stats all = {
        .dtls_state = auger_dtls_get_state(peer->dtls),
        .dtls_role = auger_dtls_get_role(peer->dtls),
        .tls_version = version_digits(auger_dtls_version(peer->dtls)),
        .dtls_cipher = auger_dtls_cipher_iana(peer->dtls),
        .local_fingerprint = peer->fingerprint,
    };

    copy_remote_fingerprint(peer, all.remote_fingerprint, sizeof(all.remote_fingerprint));
    auger_ice_get_transport_stats(peer->ice, &all.ice);
    memset(stats, 0, size);
    memcpy(stats, &all, size < sizeof(all) ? size : sizeof(all));
}

int auger_peer_key_log(const struct auger_peer *peer, char *buf, size_t cap)
{
    return auger_dtls_key_log(peer->dtls, buf, cap);
}

void auger_peer_note_discarded(struct auger_peer *peer, const struct auger_path *path,
                               const uint8_t *buf, size_t len)
{
    if (auger_demux_classify((struct auger_bytes){buf, len}) != AUGER_DEMUX_STUN)
        auger_record_note_discarded(peer->config.recorder, peer->ice, path, len);
}
