/* peer/events.c - what the engines report, as the application hears it. */
#include "peer/peer.h"

#include <string.h>

static bool take_ice_event(struct auger_peer *peer, struct auger_peer_event *event)
{
    struct auger_ice_event ice;

    if (!auger_record_poll_event(peer->config.recorder, peer->ice, &ice))
        return false;
    switch (ice.type) {
    case AUGER_ICE_EVENT_CANDIDATE:
        event->type = AUGER_PEER_EVENT_CANDIDATE;
        event->candidate = peer->candidate;
        if (!auger_peer_tells_candidates(peer) ||
            auger_local_names_format(peer, &ice.cand, peer->candidate, sizeof(peer->candidate)) < 0)
            return take_ice_event(peer, event);
        break;
    case AUGER_ICE_EVENT_GATHERED:
        event->type = AUGER_PEER_EVENT_GATHERED;
        peer->gathered = true;
        break;
    case AUGER_ICE_EVENT_STATE:
        event->type = AUGER_PEER_EVENT_ICE_STATE;
        event->ice_state = ice.state;
        break;
    case AUGER_ICE_EVENT_PATH:
        event->type = AUGER_PEER_EVENT_PATH;
        event->path = ice.path;
        break;
    case AUGER_ICE_EVENT_RESTART_FAILED:
        event->type = AUGER_PEER_EVENT_RESTART_FAILED;
        break;
    case AUGER_ICE_EVENT_RESTART_WANTED:
        event->type = AUGER_PEER_EVENT_RESTART_WANTED;
        break;
    case AUGER_ICE_EVENT_HELPERS_WANTED:
        event->type = AUGER_PEER_EVENT_HELPERS_WANTED;
        event->helpers = ice.helpers;
        break;
    case AUGER_ICE_EVENT_HELPERS_DONE:
        event->type = AUGER_PEER_EVENT_HELPERS_DONE;
        break;
    }
    return true;
}

static bool take_state(struct auger_peer *peer, struct auger_peer_event *event)
{
    if (peer->announced == peer->state)
        return false;
    peer->announced = peer->state;
    event->type = AUGER_PEER_EVENT_STATE;
    event->state = peer->state;
    event->reason = peer->reason;
    event->dtls = peer->failure;
    event->alert_hint = peer->alert_hint;
    return true;
}

static bool take_sctp_event(struct auger_peer *peer, struct auger_peer_event *event)
{
    struct auger_sctp_event sctp;

    while (auger_sctp_poll_event(peer->sctp, &sctp)) {
        event->channel = sctp.channel;
        switch (sctp.type) {
        case AUGER_SCTP_EVENT_UP:
            peer->sctp_up = true;
            continue;
        case AUGER_SCTP_EVENT_CHANNEL:
            event->type = AUGER_PEER_EVENT_CHANNEL;
            return true;
        case AUGER_SCTP_EVENT_OPEN:
            event->type = AUGER_PEER_EVENT_CHANNEL_OPEN;
            return true;
        case AUGER_SCTP_EVENT_MESSAGE:
            event->type = AUGER_PEER_EVENT_MESSAGE;
            event->kind = sctp.kind;
            event->data = sctp.data;
            return true;
        case AUGER_SCTP_EVENT_LOW_WATER:
            event->type = AUGER_PEER_EVENT_LOW_WATER;
            return true;
        case AUGER_SCTP_EVENT_CLOSED:
            event->type = AUGER_PEER_EVENT_CHANNEL_CLOSED;
            return true;
        case AUGER_SCTP_EVENT_DOWN:
            peer->sctp_down = true;
            continue;
        }
    }
    return false;
}

/* The path before the state it leads to, the state before the data it brings, and
 * an end behind everything that arrived before it. */
bool auger_peer_poll_event(struct auger_peer *peer, struct auger_peer_event *event)
{
    bool ended = auger_peer_has_ended(peer);

    memset(event, 0, sizeof(*event));
    if (ended && peer->announced == peer->state)
        return false;
    return take_ice_event(peer, event) || (!ended && take_state(peer, event)) ||
           take_sctp_event(peer, event) || take_state(peer, event);
}
