/* peer/share.c - a peer whose sockets are shared with others: <auger/ice_share.h>. */
#include "peer/peer.h"

#include <auger/ice_share.h>

int auger_peer_share_sockets(struct auger_peer *peer, uint32_t tag)
{
    return auger_record_share_sockets(peer->config.recorder, peer->ice, tag);
}

int auger_peer_set_local_credentials(struct auger_peer *peer, const char *ufrag,
                                     const char *password)
{
    if (peer->signaling != AUGER_STABLE || peer->remote_text)
        return AUGER_ERR_STATE;
    auger_ready_mark(peer->ready);
    return auger_record_set_local_credentials(peer->config.recorder, peer->ice, ufrag, password);
}

int auger_peer_refuse_path(struct auger_peer *peer, auger_time now, const struct auger_path *path)
{
    auger_ready_mark(peer->ready);
    int err = auger_record_refuse_path(peer->config.recorder, peer->ice, now, path);
    if (err == 0)
        auger_peer_advance(peer, now);
    return err;
}
