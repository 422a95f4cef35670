/* peer/explain.c - why a peer did not connect, or why it ended.  What ICE has to say of
 * it is ice/explain.c. */
#include <auger/peer_explain.h>

#include "peer/peer.h"

#include <stdio.h>
#include <string.h>

static const char *dtls_code(enum auger_dtls_failure failure)
{
    switch (failure) {
    case AUGER_DTLS_OK:
        break;
    case AUGER_DTLS_TIMEOUT:
        return "dtls-timeout";
    case AUGER_DTLS_FINGERPRINT_MISMATCH:
        return "dtls-fingerprint-mismatch";
    case AUGER_DTLS_BAD_CERTIFICATE:
        return "dtls-bad-certificate";
    case AUGER_DTLS_PROTOCOL:
        return "dtls-protocol";
    case AUGER_DTLS_NO_EXTENDED_MASTER_SECRET:
        return "dtls-no-extended-master-secret";
    }
    return "dtls-failed";
}

static void say_secured(const struct auger_peer *peer, struct auger_peer_explanation *e)
{
    int len =
        snprintf(e->evidence, sizeof(e->evidence),
                 "datagrams over the path: %llu sent, %llu received, %llu of no use",
                 (unsigned long long)peer->datagrams_sent,
                 (unsigned long long)peer->datagrams_received, (unsigned long long)peer->dropped);
    if (peer->alert_hint)
        snprintf(e->evidence + len, sizeof(e->evidence) - (size_t)len,
                 "; last an alert, %u, that anybody could have sent", peer->alert_hint);
}

static void set(struct auger_peer_explanation *e, const char *code, const char *text)
{
    e->code = code;
    e->text = text;
}

static void blame_ice(struct auger_peer_explanation *e, bool was_changed)
{
    set(e, auger_ice_why_name(e->ice.why), auger_ice_why_text(e->ice.why));
    memcpy(e->evidence, e->ice.evidence, sizeof(e->evidence));
    size_t len = strlen(e->evidence);
    if (was_changed)
        snprintf(e->evidence + len, sizeof(e->evidence) - len,
                 "; c= and m= of the other side's description name none of its candidates: "
                 "something on the way may have changed it");
}

/* Who refuses our certificate goes away, and its alert proves nothing. */
static void explain_loss(const struct auger_peer *peer, struct auger_peer_explanation *e)
{
    if (auger_dtls_get_state(peer->dtls) == AUGER_DTLS_CONNECTING)
        set(e, "dtls-cut-off", "the peer fell silent before the DTLS handshake was done");
    else
        blame_ice(e, peer->was_changed);
}

/* Of a peer that has not ended. */
static void explain_wait(const struct auger_peer *peer, struct auger_peer_explanation *e)
{
    if (e->ice.why != AUGER_ICE_WHY_NOTHING)
        blame_ice(e, peer->was_changed);
    else if (auger_dtls_get_state(peer->dtls) == AUGER_DTLS_CONNECTED)
        set(e, "nothing", "the peer is connected");
    else
        set(e, "dtls-handshaking", "there is a path, and the DTLS handshake is not done yet");
}

void auger_peer_explain_sized(const struct auger_peer *peer,
                              struct auger_peer_explanation *explanation, size_t size)
{
    struct auger_peer_explanation all = {
        .reason = peer->reason, .dtls = peer->failure, .alert_hint = peer->alert_hint};

    auger_ice_explain(peer->ice, &all.ice);
    say_secured(peer, &all);
    switch (peer->reason) {
    case AUGER_PEER_OK:
        explain_wait(peer, &all);
        break;
    case AUGER_PEER_ICE_FAILED:
        blame_ice(&all, peer->was_changed);
        break;
    case AUGER_PEER_CONSENT_LOST:
        explain_loss(peer, &all);
        break;
    case AUGER_PEER_DTLS_FAILED:
        set(&all, dtls_code(peer->failure), auger_dtls_failure_text(peer->failure));
        break;
    case AUGER_PEER_SCTP_FAILED:
        set(&all, "sctp-failed", "the SCTP association did not come up");
        break;
    case AUGER_PEER_CLOSED_HERE:
        set(&all, "closed-here", "the connection was closed here");
        break;
    case AUGER_PEER_CLOSED_THERE:
        set(&all, "closed-there", "the peer closed the connection");
        break;
    }
    memset(explanation, 0, size);
    memcpy(explanation, &all, size < sizeof(all) ? size : sizeof(all));
}
