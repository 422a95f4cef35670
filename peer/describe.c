/* peer/describe.c - offers and answers of ours: RFC 8829 sections 5.2 and 5.3.
 * What becomes of the peer's is remote.c's. */
#include "peer/peer.h"

#include <auger/ice_predict.h>

#include "base/env.h"
#include "base/trace.h"

#include <assert.h>
#include <string.h>

/* The candidates of the local description, as lines.  One allocation, to be
 * released after use. */
struct lines {
    const char **line;
    size_t len;
    struct auger_destination destination;
};

static void format_each(const struct auger_peer *peer, const struct auger_cand *cands, size_t len,
                        char (*text)[AUGER_CAND_LINE_MAX], struct lines *lines)
{
    for (size_t i = 0; i < len; i++)
        if (auger_local_names_format(peer, &cands[i], text[lines->len], AUGER_CAND_LINE_MAX) > 0) {
            lines->line[lines->len] = text[lines->len];
            lines->len++;
        }
}

/* The peer finds peer-reflexive ones itself. */
static size_t drop_prflx(struct auger_cand *cands, size_t len)
{
    size_t kept = 0;

    for (size_t i = 0; i < len; i++)
        if (cands[i].type != AUGER_CAND_PRFLX)
            cands[kept++] = cands[i];
    return kept;
}

static int format_cands(struct auger_peer *peer, struct lines *lines)
{
    size_t max = (size_t)peer->config.ice.local_cands_max + peer->config.ice.prflx_cands_max +
                 (peer->config.ice.predict_window ? AUGER_ICE_WINDOW_MAX : 0);
    struct auger_cand *cands = auger_env_alloc(peer->env, max, sizeof(*cands));
    char(*text)[AUGER_CAND_LINE_MAX];

    lines->len = 0;
    lines->line = auger_env_alloc(peer->env, max, sizeof(*lines->line) + sizeof(*text));
    if (!cands || !lines->line) {
        auger_env_release(peer->env, cands);
        auger_env_release(peer->env, lines->line);
        return AUGER_ERR_NO_MEMORY;
    }
    text = (char(*)[AUGER_CAND_LINE_MAX])(void *)(lines->line + max);
    size_t found = drop_prflx(cands, auger_ice_local_cands(peer->ice, cands, max));
    found = auger_destination_choose(peer, cands, found, &lines->destination);
    format_each(peer, cands, found, text, lines);
    auger_env_release(peer->env, cands);
    return 0;
}

/* Rounded up: we ask for no less than we do.  A lite agent must not say it (RFC 8839
 * section 4.2.1.4). */
static uint32_t pacing_ms(const struct auger_ice_config *config)
{
    return config->lite ? 0 : (uint32_t)((config->pacing + AUGER_MS - 1) / AUGER_MS);
}

struct auger_sdp_local auger_peer_local(const struct auger_peer *peer, enum auger_sdp_setup setup)
{
    return (struct auger_sdp_local){
        .session_id = peer->session_id,
        .session_version = peer->session_version,
        .ufrag = auger_ice_ufrag(peer->ice),
        .password = auger_ice_password(peer->ice),
        .fingerprint = peer->fingerprint,
        .setup = setup,
        .sctp_port = peer->config.sctp_port,
        .max_message_size = peer->config.max_message_size,
        .ice_lite = peer->config.ice.lite,
        .pacing_ms = pacing_ms(&peer->config.ice),
        .renomination = peer->config.ice.renomination && !peer->config.ice.lite,
        .no_trickle = peer->config.trickle == AUGER_TRICKLE_NONE,
    };
}

void auger_peer_reread_remote(const struct auger_peer *peer, struct auger_sdp *sdp)
{
    int err = auger_sdp_parse(sdp, peer->remote_text, peer->remote_len, NULL);

    assert(err == 0);
    (void)err;
}

int auger_peer_write_offer(const struct auger_peer *peer, const struct auger_sdp_local *local,
                           char *buf, size_t cap)
{
    struct auger_sdp before;

    if (!peer->remote_text)
        return auger_sdp_write_offer(local, buf, cap);
    auger_peer_reread_remote(peer, &before);
    return auger_sdp_write_reoffer(local, &before, buf, cap);
}

static const struct auger_addr *if_known(const struct auger_addr *addr)
{
    return addr->family == AUGER_FAMILY_NONE ? NULL : addr;
}

static void add_lines(const struct auger_peer *peer, const struct lines *lines,
                      struct auger_sdp_local *local)
{
    local->candidates = lines->line;
    local->candidates_len = lines->len;
    local->end_of_candidates = peer->gathered;
    local->default_addr = if_known(&lines->destination.local);
}

static int write_offer(const struct auger_peer *peer, const struct lines *lines, char *buf,
                       size_t cap)
{
    struct auger_sdp_local local = auger_peer_local(peer, AUGER_SETUP_ACTPASS);

    add_lines(peer, lines, &local);
    local.remote_addr = if_known(&lines->destination.remote);
    return auger_peer_write_offer(peer, &local, buf, cap);
}

static int write_answer(const struct auger_peer *peer, enum auger_sdp_setup setup,
                        const struct lines *lines, char *buf, size_t cap)
{
    struct auger_sdp_local local = auger_peer_local(peer, setup);
    struct auger_sdp offer;

    auger_peer_reread_remote(peer, &offer);
    add_lines(peer, lines, &local);
    return auger_sdp_write_answer(&local, &offer, buf, cap);
}

/* `setup` is that of an answer; none for an offer. */
static int write_local(struct auger_peer *peer, enum auger_sdp_setup setup, char *buf, size_t cap)
{
    struct lines lines;
    int err = format_cands(peer, &lines);

    if (err < 0)
        return err;
    int len = setup == AUGER_SETUP_NONE ? write_offer(peer, &lines, buf, cap)
                                        : write_answer(peer, setup, &lines, buf, cap);
    auger_env_release(peer->env, lines.line);
    return len;
}

/* One more version of our description; `setup` is that of an answer, none for an offer. */
static int describe(struct auger_peer *peer, enum auger_sdp_setup setup, char *buf, size_t cap)
{
    peer->session_version++;
    int len = write_local(peer, setup, buf, cap);
    if (len < 0)
        peer->session_version--;
    return len;
}

static void withdraw_restart(struct auger_peer *peer, auger_time now)
{
    int err = auger_record_withdraw_restart(peer->config.recorder, peer->ice, now);

    assert(err == 0); /* it waits for the answer that has not come */
    (void)err;
    peer->offers_restart = false;
    peer->wants_restart = true;
}

/* Written once before the restart, to see whether there is room: a call that fails
 * changes nothing.  With candidates that are to be found again it only becomes shorter. */
static int describe_restart(struct auger_peer *peer, auger_time now, char *buf, size_t cap)
{
    int err = describe(peer, AUGER_SETUP_NONE, buf, cap);
    if (err < 0)
        return err;
    peer->session_version--;
    err = auger_record_restart(peer->config.recorder, peer->ice, now);
    if (err < 0)
        return err;
    peer->offers_restart = true;
    auger_peer_restarted(peer, now);
    int len = describe(peer, AUGER_SETUP_NONE, buf, cap);
    if (len < 0) /* out of memory */
        withdraw_restart(peer, now);
    return len;
}

/* The first offerer controls (RFC 8445 section 6.1.1), whoever offers after that.  Of a
 * second first offer the peer's checks may already have settled it. */
static void take_control(struct auger_peer *peer)
{
    if (!peer->remote_text)
        (void)!auger_record_set_controlling(peer->config.recorder, peer->ice, true);
}

int auger_peer_create_offer(struct auger_peer *peer, auger_time now, char *buf, size_t cap)
{
    if (auger_peer_is_over(peer) || peer->signaling == AUGER_HAVE_REMOTE_OFFER)
        return AUGER_ERR_STATE;
    bool restarts = peer->wants_restart && peer->session_version > 0;
    int len = restarts ? describe_restart(peer, now, buf, cap)
                       : describe(peer, AUGER_SETUP_NONE, buf, cap);
    if (len < 0)
        return len;
    peer->wants_restart = false;
    take_control(peer);
    peer->signaling = AUGER_HAVE_LOCAL_OFFER;
    auger_trace(peer->env, now, "peer:offer_created", AUGER_F_INT("len", len));
    return len;
}

int auger_peer_restart(struct auger_peer *peer, auger_time now)
{
    (void)now;
    if (auger_peer_is_over(peer))
        return AUGER_ERR_STATE;
    peer->wants_restart = true;
    return 0;
}

int auger_peer_rollback(struct auger_peer *peer, auger_time now)
{
    if (auger_peer_is_over(peer) || peer->signaling != AUGER_HAVE_LOCAL_OFFER)
        return AUGER_ERR_STATE;
    if (peer->offers_restart)
        withdraw_restart(peer, now);
    peer->signaling = AUGER_STABLE;
    auger_trace(peer->env, now, "peer:rolled_back");
    auger_peer_advance(peer, now);
    return 0;
}

static enum auger_sdp_setup offered_setup(const struct auger_peer *peer)
{
    struct auger_sdp offer;

    auger_peer_reread_remote(peer, &offer);
    return auger_sdp_carrier(&offer, AUGER_SDP_OFFER)->transport.setup;
}

/* Ours in an answer.  Once agreed the DTLS roles stay (RFC 8842 section 5.5). */
static enum auger_sdp_setup choose_setup(const struct auger_peer *peer)
{
    enum auger_sdp_setup preferred = peer->setup;

    if (preferred == AUGER_SETUP_NONE)
        preferred = peer->config.answer_passive ? AUGER_SETUP_PASSIVE : AUGER_SETUP_ACTIVE;
    int setup = auger_sdp_answer_setup(offered_setup(peer), preferred);
    assert(setup > 0); /* an offer without an answer was refused when it came */
    return (enum auger_sdp_setup)setup;
}

int auger_peer_create_answer(struct auger_peer *peer, auger_time now, char *buf, size_t cap)
{
    if (auger_peer_is_over(peer) || peer->signaling != AUGER_HAVE_REMOTE_OFFER)
        return AUGER_ERR_STATE;
    auger_ready_mark(peer->ready);
    enum auger_sdp_setup setup = choose_setup(peer);
    int len = describe(peer, setup, buf, cap);
    if (len < 0)
        return len;
    peer->setup = setup;
    peer->signaling = AUGER_STABLE;
    auger_trace(peer->env, now, "peer:answer_created", AUGER_F_INT("len", len));
    auger_peer_advance(peer, now);
    return len;
}

int auger_peer_local_description(struct auger_peer *peer, char *buf, size_t cap)
{
    if (peer->session_version == 0)
        return AUGER_ERR_STATE;
    bool answered = peer->remote_text && peer->remote_type == AUGER_SDP_OFFER &&
                    peer->signaling != AUGER_HAVE_LOCAL_OFFER;
    return write_local(peer, answered ? choose_setup(peer) : AUGER_SETUP_NONE, buf, cap);
}
