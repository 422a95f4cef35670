/* peer/remote.c - what becomes of the peer's offers, answers and candidates: RFC
 * 8829 sections 5.10 and 5.11. */
#include "peer/peer.h"

#include <auger/ice_explain.h>

#include "base/env.h"
#include "base/trace.h"

#include <string.h>

#define PACING_MS 50 /* RFC 8839 section 5.5, where nothing is said */

#define HOST_NAME_MAX_LEN 255 /* RFC 1035 section 2.3.4 */

static int refuse(struct auger_sdp_error *error, enum auger_err err, const char *what)
{
    if (error)
        *error = (struct auger_sdp_error){.what = what};
    return err;
}

static int check_turn(const struct auger_peer *peer, enum auger_sdp_type type,
                      struct auger_sdp_error *error)
{
    if (auger_peer_is_over(peer))
        return refuse(error, AUGER_ERR_STATE, "the connection is closed");
    if (type == AUGER_SDP_ANSWER && peer->signaling != AUGER_HAVE_LOCAL_OFFER)
        return refuse(error, AUGER_ERR_STATE, "an answer, and no offer waits for one");
    if (type == AUGER_SDP_OFFER && peer->signaling == AUGER_HAVE_LOCAL_OFFER)
        return refuse(error, AUGER_ERR_STATE, "an offer, while ours waits for its answer");
    return 0;
}

/* Our offer as it is now, which has the sections of the one that was told. */
static int reread_offer(const struct auger_peer *peer, char *text, struct auger_sdp *offer)
{
    struct auger_sdp_local local = auger_peer_local(peer, AUGER_SETUP_ACTPASS);
    int len = auger_peer_write_offer(peer, &local, text, AUGER_SDP_MAX + 1);

    return len < 0 ? len : auger_sdp_parse(offer, text, (size_t)len, NULL);
}

/* Whether `answer` suits our offer. */
static int check_answer(struct auger_peer *peer, const struct auger_sdp *answer,
                        struct auger_sdp_error *error)
{
    struct auger_sdp offer;
    char *text = auger_env_alloc(peer->env, AUGER_SDP_MAX + 1, 1);

    if (!text)
        return AUGER_ERR_NO_MEMORY;
    int err = reread_offer(peer, text, &offer);
    if (err == 0)
        err = auger_sdp_check_answer(&offer, answer, error);
    auger_env_release(peer->env, text);
    return err;
}

static int check_offer(const struct auger_peer *peer, const struct auger_sdp_transport *transport,
                       struct auger_sdp_error *error)
{
    enum auger_sdp_setup kept = peer->setup;
    int setup = auger_sdp_answer_setup(transport->setup,
                                       kept == AUGER_SETUP_NONE ? AUGER_SETUP_ACTIVE : kept);

    if (setup < 0)
        return refuse(error, AUGER_ERR_MALFORMED, "setup: actpass, active or passive");
    if (kept != AUGER_SETUP_NONE && setup != (int)kept)
        return refuse(error, AUGER_ERR_UNSUPPORTED, "setup: another role than before");
    return 0;
}

/* Reads those whose hash we take; others are skipped (RFC 8122 section 5.1). */
static size_t read_fingerprints(const struct auger_sdp_transport *transport,
                                struct auger_fingerprint *out)
{
    size_t len = 0;

    for (size_t i = 0; i < transport->fingerprints_len; i++)
        if (auger_fingerprint_parse(&out[len], transport->fingerprints[i].data,
                                    transport->fingerprints[i].len) == 0)
            len++;
    return len;
}

static bool same_fingerprints(const struct auger_sdp_transport *a,
                              const struct auger_sdp_transport *b)
{
    if (a->fingerprints_len != b->fingerprints_len)
        return false;
    for (size_t i = 0; i < a->fingerprints_len; i++)
        if (a->fingerprints[i].len != b->fingerprints[i].len ||
            memcmp(a->fingerprints[i].data, b->fingerprints[i].data, a->fingerprints[i].len) != 0)
            return false;
    return true;
}

static enum auger_sdp_restart compare(const struct auger_peer *peer,
                                      const struct auger_sdp_transport *transport,
                                      bool *same_identity)
{
    struct auger_sdp before;

    auger_peer_reread_remote(peer, &before);
    const struct auger_sdp_transport *known =
        &auger_sdp_carrier(&before, peer->remote_type)->transport;
    *same_identity = same_fingerprints(known, transport);
    return auger_sdp_is_restart(known, transport);
}

/* RFC 8829 section 5.10: an answer restarts if and only if the offer did. */
static int check_restart(const struct auger_peer *peer, enum auger_sdp_type type,
                         enum auger_sdp_restart restart, struct auger_sdp_error *error)
{
    switch (restart) {
    case AUGER_RESTART_BROKEN:
        return refuse(error, AUGER_ERR_MALFORMED, "ice-ufrag, ice-pwd: one changed alone");
    case AUGER_RESTART_YES:
        if (type == AUGER_SDP_ANSWER && !peer->offers_restart)
            return refuse(error, AUGER_ERR_MALFORMED, "ice-ufrag: a restart that was not offered");
        return 0;
    case AUGER_RESTART_NO:
        if (type == AUGER_SDP_ANSWER && peer->offers_restart)
            return refuse(error, AUGER_ERR_MALFORMED, "ice-ufrag: the restart is not answered");
        return 0;
    }
    return 0;
}

/* A further description of a peer may add candidates, take away sections and restart
 * ICE; what means another association is not taken. */
static int check_repeated(const struct auger_peer *peer, enum auger_sdp_type type,
                          const struct auger_sdp_transport *transport,
                          struct auger_sdp_error *error)
{
    bool same_identity;

    if (!peer->remote_text)
        return 0;
    int err = check_restart(peer, type, compare(peer, transport, &same_identity), error);
    if (err == 0 && !same_identity)
        return refuse(error, AUGER_ERR_UNSUPPORTED, "fingerprint: not the one known");
    return err;
}

static int check_transport(const struct auger_sdp_transport *transport,
                           struct auger_sdp_error *error)
{
    struct auger_fingerprint fingerprints[AUGER_SDP_FINGERPRINTS_MAX];

    if (transport->ufrag.len == 0 || transport->password.len == 0)
        return refuse(error, AUGER_ERR_MALFORMED, "ice-ufrag, ice-pwd: missing");
    if (read_fingerprints(transport, fingerprints) == 0)
        return refuse(error, AUGER_ERR_UNSUPPORTED, "fingerprint: none of sha-256 or better");
    return 0;
}

static int check_remote(struct auger_peer *peer, enum auger_sdp_type type,
                        const struct auger_sdp *sdp, struct auger_sdp_error *error)
{
    const struct auger_sdp_section *carrier = auger_sdp_carrier(sdp, type);

    if (type == AUGER_SDP_ANSWER) {
        if (carrier && carrier->ice_mismatch) /* RFC 8839 section 4.3.3 */
            return refuse(error, AUGER_ERR_UNSUPPORTED,
                          "ice-mismatch: our offer was changed on its way, and the other side "
                          "goes without ICE");
        int err = check_answer(peer, sdp, error);
        if (err < 0)
            return err;
    }
    if (!carrier)
        return refuse(error, AUGER_ERR_UNSUPPORTED, "m=application: no data channels");
    int err = check_transport(&carrier->transport, error);
    if (err == 0 && type == AUGER_SDP_OFFER)
        err = check_offer(peer, &carrier->transport, error);
    return err < 0 ? err : check_repeated(peer, type, &carrier->transport, error);
}

static int set_credentials(struct auger_peer *peer, auger_time now,
                           const struct auger_sdp_transport *transport)
{
    char ufrag[AUGER_UFRAG_MAX] = "", password[AUGER_PASSWORD_MAX] = "";

    memcpy(ufrag, transport->ufrag.data, transport->ufrag.len);
    memcpy(password, transport->password.data, transport->password.len);
    int err =
        auger_record_set_remote_credentials(peer->config.recorder, peer->ice, now, ufrag, password);
    if (err == 0)
        auger_remote_names_restart(peer, ufrag);
    return err;
}

static int set_fingerprints(struct auger_peer *peer, auger_time now,
                            const struct auger_sdp_transport *transport)
{
    struct auger_fingerprint fingerprints[AUGER_SDP_FINGERPRINTS_MAX];
    size_t len = read_fingerprints(transport, fingerprints);

    return auger_dtls_set_remote_fingerprints(peer->dtls, now, fingerprints, len);
}

/* Candidates that cannot be used cost themselves alone. */
static void add_cands(struct auger_peer *peer, auger_time now, const struct auger_sdp *sdp,
                      const struct auger_sdp_section *carrier)
{
    for (size_t i = 0; i < carrier->candidates_len; i++) {
        struct auger_text line = sdp->candidates[carrier->candidates_at + i];
        int err = auger_peer_add_remote_candidate(peer, now, line.data, line.len);
        if (err < 0)
            auger_trace(peer->env, now, "peer:candidate_skipped", AUGER_F_INT("index", i),
                        AUGER_F_TEXT("why", auger_strerror(err)));
    }
    /* Who does not trickle has said all (RFC 8838 section 3). */
    if (carrier->end_of_candidates || !carrier->transport.trickle)
        auger_remote_names_end(peer, now);
}

/* What it says of its agent beside its credentials, and before them. */
static void set_abilities(struct auger_peer *peer, auger_time now,
                          const struct auger_sdp_transport *transport)
{
    auger_time pacing = (transport->pacing_ms ? transport->pacing_ms : PACING_MS) * AUGER_MS;

    auger_record_set_remote_pacing(peer->config.recorder, peer->ice, now, pacing);
    auger_record_set_remote_lite(peer->config.recorder, peer->ice, transport->ice_lite);
}

/* What the first description of a peer settles for good. */
static int introduce(struct auger_peer *peer, auger_time now, enum auger_sdp_type type,
                     const struct auger_sdp *sdp)
{
    const struct auger_sdp_section *data = &sdp->sections[sdp->data_section];
    const struct auger_sdp_transport *transport = &auger_sdp_carrier(sdp, type)->transport;
    int err = 0;

    set_abilities(peer, now, transport);
    auger_record_set_remote_renomination(peer->config.recorder, peer->ice, now,
                                         transport->renomination);
    /* The offerer controls (RFC 8445 section 6.1.1).  As the offerer we do since the offer,
     * and checks have perhaps come since. */
    if (type == AUGER_SDP_OFFER)
        err = auger_record_set_controlling(peer->config.recorder, peer->ice, false);
    if (err == 0)
        err = set_credentials(peer, now, transport);
    if (err == 0)
        err = set_fingerprints(peer, now, transport);
    peer->remote_sctp.port = data->sctp_port;
    peer->remote_sctp.max_message_size = data->max_message_size;
    return err;
}

static void take_abilities_back(struct auger_peer *peer, auger_time now)
{
    struct auger_sdp before;

    auger_peer_reread_remote(peer, &before);
    set_abilities(peer, now, &auger_sdp_carrier(&before, peer->remote_type)->transport);
}

/* What a further one may change: its credentials, which restart ICE, and with them what its
 * agent is (RFC 8445 section 9). */
static int reintroduce(struct auger_peer *peer, auger_time now,
                       const struct auger_sdp_transport *transport)
{
    bool same_identity;

    if (compare(peer, transport, &same_identity) != AUGER_RESTART_YES)
        return 0;
    bool was_offered = peer->offers_restart;
    set_abilities(peer, now, transport);
    int err = set_credentials(peer, now, transport);
    if (err < 0) {
        take_abilities_back(peer, now);
        return err;
    }
    auger_record_set_remote_renomination(peer->config.recorder, peer->ice, now,
                                         transport->renomination);
    if (!was_offered) { /* then our answer restarts as well */
        peer->wants_restart = false;
        auger_peer_restarted(peer, now);
    }
    return 0;
}

/* Once agreed the DTLS roles stay (RFC 8842 section 5.5), whatever a later answer says:
 * Firefox says active in each, and means nothing by it (docs/decisions/017). */
static void agree_on_setup(struct auger_peer *peer, enum auger_sdp_setup theirs)
{
    if (peer->setup == AUGER_SETUP_NONE)
        peer->setup = theirs == AUGER_SETUP_ACTIVE ? AUGER_SETUP_PASSIVE : AUGER_SETUP_ACTIVE;
}

/* Something on the way may have written another address into c= and m= (RFC 8839 section 8).
 * ICE goes on: docs/decisions/065. */
static void note_mismatch(struct auger_peer *peer, auger_time now, const struct auger_sdp *sdp,
                          const struct auger_sdp_section *carrier)
{
    peer->was_changed = auger_sdp_is_mismatch(sdp, carrier);
    if (peer->was_changed)
        auger_trace(peer->env, now, "peer:mismatch", AUGER_F_INT("port", carrier->port));
}

/* Everything was checked; from here on a failure is one of memory. */
static int apply(struct auger_peer *peer, auger_time now, enum auger_sdp_type type,
                 const struct auger_sdp *sdp, const char *text, size_t len)
{
    const struct auger_sdp_section *carrier = auger_sdp_carrier(sdp, type);
    char *copy = auger_env_alloc(peer->env, len, 1);

    if (!copy)
        return AUGER_ERR_NO_MEMORY;
    int err = peer->remote_text ? reintroduce(peer, now, &carrier->transport)
                                : introduce(peer, now, type, sdp);
    if (err < 0) {
        auger_env_release(peer->env, copy);
        return err;
    }
    memcpy(copy, text, len);
    auger_env_release(peer->env, peer->remote_text);
    peer->remote_text = copy;
    peer->remote_len = len;
    peer->remote_type = type;
    peer->remote_trickles = carrier->transport.trickle;
    note_mismatch(peer, now, sdp, carrier);
    peer->signaling = type == AUGER_SDP_OFFER ? AUGER_HAVE_REMOTE_OFFER : AUGER_STABLE;
    if (type == AUGER_SDP_ANSWER) {
        peer->offers_restart = false;
        agree_on_setup(peer, carrier->transport.setup);
    }
    add_cands(peer, now, sdp, carrier);
    auger_peer_advance(peer, now);
    return 0;
}

int auger_peer_set_remote_description(struct auger_peer *peer, auger_time now,
                                      enum auger_sdp_type type, const char *text, size_t len,
                                      struct auger_sdp_error *error)
{
    struct auger_sdp sdp;
    int err = check_turn(peer, type, error);

    auger_ready_mark(peer->ready);

    if (err == 0)
        err = auger_sdp_parse(&sdp, text, len, error);
    if (err == 0)
        err = check_remote(peer, type, &sdp, error);
    return err < 0 ? err : apply(peer, now, type, &sdp, text, len);
}

int auger_peer_add_remote_candidate(struct auger_peer *peer, auger_time now, const char *line,
                                    size_t len)
{
    struct auger_cand cand;
    char name[HOST_NAME_MAX_LEN + 1];

    if (!peer->remote_text || auger_peer_is_over(peer))
        return AUGER_ERR_STATE;
    auger_ready_mark(peer->ready);
    if (len == 0) {
        auger_remote_names_end(peer, now);
        return 0;
    }
    int err = auger_cand_parse_named(&cand, name, sizeof(name), line, len);
    if (err == 0)
        err = cand.hidden
                  ? auger_remote_names_add(peer, now, name, &cand)
                  : auger_record_add_remote_cand(peer->config.recorder, peer->ice, now, &cand);
    if (err == AUGER_ERR_UNSUPPORTED)
        auger_record_note_unusable_cand(peer->config.recorder, peer->ice);
    return err;
}
