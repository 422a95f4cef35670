/* tools/reoffer.c - offers within a session that stands. */
#include "tools/reoffer.h"

#include <string.h>

int reoffer_make(struct auger_peer *peer, auger_time now, char *buf, size_t cap)
{
    int err = auger_peer_restart(peer, now);

    return err < 0 ? err : auger_peer_create_offer(peer, now, buf, cap);
}

static int take(struct auger_peer *peer, auger_time now, const char *offer)
{
    return auger_peer_set_remote_description(peer, now, AUGER_SDP_OFFER, offer, strlen(offer),
                                             NULL);
}

int reoffer_take(struct auger_peer *peer, auger_time now, bool offered_first, const char *offer,
                 char *buf, size_t cap)
{
    int err = take(peer, now, offer);

    if (err == AUGER_ERR_STATE) { /* it crossed one of ours */
        if (offered_first)
            return 0;
        err = auger_peer_rollback(peer, now);
        if (err == 0)
            err = take(peer, now, offer);
    }
    return err < 0 ? err : auger_peer_create_answer(peer, now, buf, cap);
}
