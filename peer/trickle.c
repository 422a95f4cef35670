/* peer/trickle.c - when a description of ours may go to the peer, and whether candidates
 * follow it: RFC 8838 sections 3 and 16. */
#include "peer/peer.h"

bool auger_peer_trickles(const struct auger_peer *peer)
{
    switch (peer->config.trickle) {
    case AUGER_TRICKLE_FULL:
        return !peer->remote_text || peer->remote_trickles;
    case AUGER_TRICKLE_HALF:
        return peer->remote_text && peer->remote_trickles;
    case AUGER_TRICKLE_NONE:
        return false;
    }
    return false;
}

/* With full trickle whatever the peer says: there are some that take candidates and do not
 * say so, and an offer may have left without them (docs/decisions/064). */
bool auger_peer_tells_candidates(const struct auger_peer *peer)
{
    return peer->config.trickle == AUGER_TRICKLE_FULL || auger_peer_trickles(peer);
}

bool auger_peer_may_signal(const struct auger_peer *peer)
{
    return peer->session_version > 0 && (peer->gathered || auger_peer_trickles(peer));
}
