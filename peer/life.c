/* peer/life.c - the life of a peer: a path starts DTLS, DTLS starts SCTP, and the
 * end of any of them ends it. */
#include "peer/peer.h"

#include "base/time.h"
#include "base/trace.h"

#include <assert.h>

/* How long an orderly close may take before it is cut short. */
static const auger_time close_time = 2 * AUGER_SEC;

const char *auger_peer_state_name(enum auger_peer_state state)
{
    switch (state) {
    case AUGER_PEER_NEW:
        return "new";
    case AUGER_PEER_CONNECTING:
        return "connecting";
    case AUGER_PEER_CONNECTED:
        return "connected";
    case AUGER_PEER_DISCONNECTED:
        return "disconnected";
    case AUGER_PEER_FAILED:
        return "failed";
    case AUGER_PEER_CLOSED:
        return "closed";
    }
    return "unknown";
}

/* --- states ----------------------------------------------------------------------- */

static void set_state(struct auger_peer *peer, auger_time now, enum auger_peer_state state)
{
    if (state == peer->state)
        return;
    assert(!auger_peer_has_ended(peer));
    auger_trace(
        peer->env, now, "peer:state", AUGER_F_TEXT("from", auger_peer_state_name(peer->state)),
        AUGER_F_TEXT("to", auger_peer_state_name(state)), AUGER_F_INT("reason", peer->reason));
    peer->state = state;
}

/* The first end is the one that counts. */
static void end(struct auger_peer *peer, auger_time now, enum auger_peer_state state,
                enum auger_peer_reason reason)
{
    if (auger_peer_has_ended(peer))
        return;
    peer->reason = reason;
    set_state(peer, now, state);
}

/* Says close_notify, which is the last that is sent. */
static void close_now(struct auger_peer *peer, auger_time now, enum auger_peer_reason reason)
{
    if (auger_peer_has_ended(peer))
        return;
    auger_dtls_close(peer->dtls, now);
    end(peer, now, AUGER_PEER_CLOSED, reason);
}

/* An empty write succeeds where a datagram would. */
bool auger_peer_has_path(struct auger_peer *peer, auger_time now)
{
    struct auger_path path;
    uint8_t nothing[AUGER_ICE_OVERHEAD];

    return auger_record_write_data(peer->config.recorder, peer->ice, now, NULL, 0, &path, nothing,
                                   sizeof(nothing)) >= 0;
}

/* Who hears nothing of the peer may still send for a while, and would to nobody: that time
 * is none of the handshake's. */
void auger_peer_time_handshake(struct auger_peer *peer, auger_time now)
{
    auger_dtls_set_path(peer->dtls, now, auger_ice_get_state(peer->ice) == AUGER_ICE_CONNECTED);
}

/* A usable path is enough, nominated or not (RFC 8445 section 12.1). */
static void start_dtls(struct auger_peer *peer, auger_time now)
{
    if (peer->setup == AUGER_SETUP_NONE || auger_dtls_get_state(peer->dtls) != AUGER_DTLS_NEW ||
        !auger_peer_has_path(peer, now))
        return;
    if (auger_dtls_start(peer->dtls, now,
                         peer->setup == AUGER_SETUP_ACTIVE ? AUGER_DTLS_CLIENT
                                                           : AUGER_DTLS_SERVER) < 0)
        end(peer, now, AUGER_PEER_FAILED, AUGER_PEER_DTLS_FAILED);
}

static void start_sctp(struct auger_peer *peer, auger_time now)
{
    peer->remote_sctp.dtls_client = auger_dtls_get_role(peer->dtls) == AUGER_DTLS_CLIENT;
    if (auger_sctp_connect(peer->sctp, now, &peer->remote_sctp) < 0)
        end(peer, now, AUGER_PEER_FAILED, AUGER_PEER_SCTP_FAILED);
}

static void follow_dtls(struct auger_peer *peer, auger_time now)
{
    struct auger_dtls_event event;

    while (auger_dtls_poll_event(peer->dtls, &event)) {
        switch (event.type) {
        case AUGER_DTLS_EVENT_CONNECTED:
            start_sctp(peer, now);
            break;
        case AUGER_DTLS_EVENT_CLOSED:
            end(peer, now, AUGER_PEER_CLOSED, AUGER_PEER_CLOSED_THERE);
            break;
        case AUGER_DTLS_EVENT_FAILED:
            peer->failure = event.failure;
            peer->alert_hint = event.alert_hint;
            end(peer, now, AUGER_PEER_FAILED, AUGER_PEER_DTLS_FAILED);
            break;
        }
    }
}

/* An association that was up goes down by the peer's SHUTDOWN or ABORT, which is how
 * browsers close, in order or not: one that is merely silent outlives consent. */
static void follow_sctp(struct auger_peer *peer, auger_time now)
{
    if (!peer->sctp_down)
        return;
    if (peer->close_by != AUGER_NEVER)
        close_now(peer, now, AUGER_PEER_CLOSED_HERE);
    else if (peer->sctp_up)
        close_now(peer, now, AUGER_PEER_CLOSED_THERE);
    else
        end(peer, now, AUGER_PEER_FAILED, AUGER_PEER_SCTP_FAILED);
}

static void follow_ice(struct auger_peer *peer, auger_time now)
{
    enum auger_dtls_state dtls = auger_dtls_get_state(peer->dtls);

    if (auger_ice_get_state(peer->ice) != AUGER_ICE_FAILED)
        return;
    if (dtls == AUGER_DTLS_CONNECTING)
        peer->alert_hint = auger_dtls_alert_hint(peer->dtls);
    end(peer, now, AUGER_PEER_FAILED,
        dtls == AUGER_DTLS_NEW ? AUGER_PEER_ICE_FAILED : AUGER_PEER_CONSENT_LOST);
}

/* The one way out of an end: set_state() knows none. */
static void revive(struct auger_peer *peer, auger_time now)
{
    auger_trace(peer->env, now, "peer:state",
                AUGER_F_TEXT("from", auger_peer_state_name(peer->state)),
                AUGER_F_TEXT("to", auger_peer_state_name(AUGER_PEER_CONNECTING)),
                AUGER_F_INT("reason", AUGER_PEER_OK));
    peer->reason = AUGER_PEER_OK;
    peer->alert_hint = 0;
    peer->state = AUGER_PEER_CONNECTING;
}

void auger_peer_restarted(struct auger_peer *peer, auger_time now)
{
    peer->gathered = false;
    if (auger_peer_may_revive(peer))
        revive(peer, now);
}

/* The state of a peer that has not ended is that of its engines. */
static enum auger_peer_state derive_state(const struct auger_peer *peer)
{
    enum auger_ice_state ice = auger_ice_get_state(peer->ice);

    if (ice == AUGER_ICE_DISCONNECTED)
        return AUGER_PEER_DISCONNECTED;
    if (ice == AUGER_ICE_CONNECTED && auger_dtls_get_state(peer->dtls) == AUGER_DTLS_CONNECTED)
        return AUGER_PEER_CONNECTED;
    return peer->setup == AUGER_SETUP_NONE ? AUGER_PEER_NEW : AUGER_PEER_CONNECTING;
}

void auger_peer_advance(struct auger_peer *peer, auger_time now)
{
    if (auger_peer_has_ended(peer))
        return;
    auger_peer_time_handshake(peer, now);
    follow_ice(peer, now);
    if (!auger_peer_has_ended(peer))
        start_dtls(peer, now);
    follow_dtls(peer, now);
    follow_sctp(peer, now);
    if (!auger_peer_has_ended(peer) && now >= peer->close_by)
        close_now(peer, now, AUGER_PEER_CLOSED_HERE);
    if (!auger_peer_has_ended(peer))
        set_state(peer, now, derive_state(peer));
}

void auger_peer_release_relays(struct auger_peer *peer, auger_time now)
{
    if (peer->released || !peer->asks_relays)
        return;
    peer->released = true;
    auger_sctp_handle_timeout(peer->sctp, now); /* what it traces as it goes is of now */
    auger_record_close(peer->config.recorder, peer->ice, now);
}

void auger_peer_release(struct auger_peer *peer, auger_time now)
{
    auger_ready_mark(peer->ready);
    end(peer, now, AUGER_PEER_CLOSED, AUGER_PEER_CLOSED_HERE);
    auger_peer_release_relays(peer, now);
}

void auger_peer_close(struct auger_peer *peer, auger_time now)
{
    if (auger_peer_is_closing(peer))
        return;
    auger_ready_mark(peer->ready);
    if (auger_dtls_get_state(peer->dtls) != AUGER_DTLS_CONNECTED) {
        close_now(peer, now, AUGER_PEER_CLOSED_HERE);
        return;
    }
    peer->close_by = auger_time_add(now, close_time);
    auger_sctp_shutdown(peer->sctp, now);
    auger_peer_advance(peer, now);
}
