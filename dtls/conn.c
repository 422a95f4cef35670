/* dtls/conn.c - one association: when it begins, what may reach the backend, when a
 * flight is sent again, and when it is too late (RFC 6347 section 4.2.4). */
#include "base/env.h"
#include "base/time.h"
#include "base/trace.h"
#include "crypto/record_filter.h"
#include "dtls/backend.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define DATAGRAM_MAX 2048
#define HELD_MAX 8
#define RETRANSMIT_MAX (4 * AUGER_SEC) /* twelve steps of 100 ms and more outlast 30 s */
#define REPEATS_MAX 12                 /* of a flight: one more, and OpenSSL gives up */
#define SEALED_OVERHEAD 37             /* of the largest suite we speak */
#define TAKEN SIZE_MAX

struct held {
    uint8_t *buf;
    size_t len;
};

struct auger_dtls {
    const struct auger_env *env;
    struct auger_dtls_config config;
    enum auger_dtls_state state;
    enum auger_dtls_role role;
    struct auger_fingerprints fingerprints;
    struct auger_dtls_backend *backend; /* NULL before the start */
    struct auger_record_filter filter;
    struct auger_dtls_outbox outbox;
    /* What came before the start, the fingerprint, the keys, or before anybody has
     * read what came before it. */
    struct held held[HELD_MAX];
    size_t held_len;
    uint8_t in[DATAGRAM_MAX];              /* what the backend is reading */
    uint8_t plain[DATAGRAM_MAX];           /* what it read, until it is taken */
    size_t plain_len;                      /* TAKEN: handed out, and used up at the next call */
    auger_time deadline_at, retransmit_at; /* by the clock of the handshake */
    auger_time interval;
    bool stands;               /* that clock, */
    auger_time path_at, stood; /* since when a path was last there; in all, before that */
    uint32_t flight;
    unsigned repeats;                  /* of that flight */
    struct auger_dtls_event events[2]; /* up, and down again: there are no more */
    size_t events_len;
};

/* --- life ------------------------------------------------------------------------------ */

void auger_dtls_config_init_sized(struct auger_dtls_config *config, size_t size)
{
    const struct auger_dtls_config defaults = {
        .mtu = 1200, .deadline = 30 * AUGER_SEC, .retransmit = 100 * AUGER_MS, .srtp = true};

    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

int auger_dtls_new_sized(struct auger_dtls **out, const struct auger_env *env,
                         const struct auger_dtls_config *config, size_t size)
{
    struct auger_dtls_config full;

    auger_dtls_config_init(&full);
    if (config)
        memcpy(&full, config, size < sizeof(full) ? size : sizeof(full));
    if (!full.certificate || full.mtu < 256 || full.mtu > AUGER_DATAGRAM_MAX ||
        full.deadline <= 0 || full.retransmit <= 0)
        return AUGER_ERR_INVALID;
    struct auger_dtls *dtls = auger_env_alloc(env, 1, sizeof(*dtls));
    if (!dtls)
        return AUGER_ERR_NO_MEMORY;
    dtls->env = env;
    dtls->config = full;
    dtls->config.certificate = auger_certificate_hold(full.certificate);
    dtls->outbox.mtu = full.mtu;
    dtls->deadline_at = dtls->retransmit_at = AUGER_NEVER;
    *out = dtls;
    return 0;
}

static void drop_held(struct auger_dtls *dtls)
{
    for (size_t i = 0; i < dtls->held_len; i++)
        auger_env_release(dtls->env, dtls->held[i].buf);
    dtls->held_len = 0;
}

void auger_dtls_free(struct auger_dtls *dtls)
{
    if (!dtls)
        return;
    drop_held(dtls);
    auger_backend_free(dtls->backend);
    auger_certificate_free(dtls->config.certificate);
    auger_env_release(dtls->env, dtls);
}

/* --- states ----------------------------------------------------------------------------- */

static const char *const state_names[] = {
    [AUGER_DTLS_NEW] = "new",
    [AUGER_DTLS_CONNECTING] = "connecting",
    [AUGER_DTLS_CONNECTED] = "connected",
    [AUGER_DTLS_CLOSED] = "closed",
    [AUGER_DTLS_FAILED] = "failed",
};

const char *auger_dtls_state_name(enum auger_dtls_state state)
{
    return state <= AUGER_DTLS_FAILED ? state_names[state] : "unknown";
}

static void set_state(struct auger_dtls *dtls, auger_time now, enum auger_dtls_state state)
{
    assert(state > dtls->state && dtls->state < AUGER_DTLS_CLOSED);
    dtls->state = state;
    if (state != AUGER_DTLS_CONNECTING)
        dtls->deadline_at = dtls->retransmit_at = AUGER_NEVER;
    if (state == AUGER_DTLS_CLOSED || state == AUGER_DTLS_FAILED)
        drop_held(dtls);
    auger_trace(dtls->env, now, "dtls:state", AUGER_F_TEXT("state", state_names[state]),
                AUGER_F_INT("dropped", dtls->filter.dropped));
}

static void tell(struct auger_dtls *dtls, enum auger_dtls_event_type type,
                 enum auger_dtls_failure failure)
{
    assert(dtls->events_len < sizeof(dtls->events) / sizeof(dtls->events[0]));
    dtls->events[dtls->events_len++] = (struct auger_dtls_event){
        .type = type, .failure = failure, .alert_hint = dtls->filter.alert_hint};
}

static void fail(struct auger_dtls *dtls, auger_time now, enum auger_dtls_failure failure)
{
    set_state(dtls, now, AUGER_DTLS_FAILED);
    tell(dtls, AUGER_DTLS_EVENT_FAILED, failure);
}

/* --- the handshake ------------------------------------------------------------------------- */

/* What the clock of the handshake says: it stands while there is no path. */
static auger_time time_of(const struct auger_dtls *dtls, auger_time now)
{
    return (dtls->stands ? dtls->path_at : now) - dtls->stood;
}

/* A new flight starts the schedule anew; one that is answered ends it. */
static void schedule(struct auger_dtls *dtls, auger_time at)
{
    uint32_t flight = auger_backend_flight(dtls->backend);
    auger_time own = auger_backend_wait(dtls->backend);

    if (flight == 0) {
        dtls->retransmit_at = AUGER_NEVER;
    } else if (own != AUGER_NEVER) {
        dtls->retransmit_at = auger_time_add(at, own);
    } else if (flight != dtls->flight) {
        dtls->interval = auger_time_min(dtls->config.retransmit, RETRANSMIT_MAX);
        dtls->repeats = 0;
        dtls->retransmit_at = auger_time_add(at, dtls->interval);
    }
    dtls->flight = flight;
}

/* What the backend's new status means for us. */
static void follow(struct auger_dtls *dtls, auger_time now, enum auger_backend_status status)
{
    switch (status) {
    case AUGER_BACKEND_HANDSHAKING:
        schedule(dtls, time_of(dtls, now));
        break;
    case AUGER_BACKEND_UP:
        if (dtls->state != AUGER_DTLS_CONNECTING)
            break;
        dtls->filter.finished = true;
        set_state(dtls, now, AUGER_DTLS_CONNECTED);
        tell(dtls, AUGER_DTLS_EVENT_CONNECTED, AUGER_DTLS_OK);
        break;
    case AUGER_BACKEND_CLOSED:
        if (dtls->state != AUGER_DTLS_CONNECTED)
            break;
        set_state(dtls, now, AUGER_DTLS_CLOSED);
        tell(dtls, AUGER_DTLS_EVENT_CLOSED, AUGER_DTLS_OK);
        break;
    case AUGER_BACKEND_FAILED:
        if (dtls->state == AUGER_DTLS_CONNECTING)
            fail(dtls, now, auger_backend_failure(dtls->backend));
        break;
    }
}

static bool wants_data(const struct auger_dtls *dtls)
{
    return dtls->state == AUGER_DTLS_CONNECTED && dtls->plain_len == 0;
}

/* Reads ahead by one piece: what is no application data takes effect at once. */
static void read_ahead(struct auger_dtls *dtls, auger_time now)
{
    if (!wants_data(dtls))
        return;
    dtls->plain_len = auger_backend_read(dtls->backend, dtls->plain, sizeof(dtls->plain));
    follow(dtls, now, auger_backend_status(dtls->backend));
}

static void give(struct auger_dtls *dtls, auger_time now, const uint8_t *buf, size_t len)
{
    if (len == 0) /* would mean the end to the backend */
        return;
    follow(dtls, now, auger_backend_feed(dtls->backend, buf, len));
    read_ahead(dtls, now);
}

static void hold(struct auger_dtls *dtls, const uint8_t *buf, size_t len)
{
    if (dtls->held_len == HELD_MAX || dtls->state == AUGER_DTLS_FAILED ||
        dtls->state == AUGER_DTLS_CLOSED)
        return;
    uint8_t *copy = auger_env_alloc(dtls->env, 1, len);
    if (!copy)
        return;
    memcpy(copy, buf, len);
    dtls->held[dtls->held_len++] = (struct held){.buf = copy, .len = len};
}

uint8_t auger_dtls_alert_hint(const struct auger_dtls *dtls)
{
    return dtls->filter.alert_hint;
}

static bool may_feed(const struct auger_dtls *dtls)
{
    return dtls->backend && dtls->fingerprints.len > 0;
}

static bool wants_handshake(const struct auger_dtls *dtls)
{
    return dtls->state == AUGER_DTLS_CONNECTING && auger_backend_has_keys(dtls->backend);
}

/* Gives the backend what it has a use for now.  What is sealed before there are keys
 * it would keep without a bound, and whole buffers of it. */
static void feed(struct auger_dtls *dtls, auger_time now, const uint8_t *buf, size_t len)
{
    struct auger_record_parts parts = auger_record_filter_split(&dtls->filter, buf, len, dtls->in);
    const uint8_t *at = dtls->in + parts.clear;

    give(dtls, now, dtls->in, parts.clear);
    if (parts.handshake > 0 && wants_handshake(dtls)) {
        give(dtls, now, at, parts.handshake);
        at += parts.handshake;
        parts.handshake = 0;
    }
    size_t rest = parts.handshake + parts.sealed;
    if (parts.handshake == 0 && wants_data(dtls))
        give(dtls, now, at, rest);
    else if (rest > 0)
        hold(dtls, at, rest);
}

static void feed_first_held(struct auger_dtls *dtls, auger_time now)
{
    struct held first = dtls->held[0];

    dtls->held_len--;
    memmove(dtls->held, dtls->held + 1, dtls->held_len * sizeof(dtls->held[0]));
    feed(dtls, now, first.buf, first.len);
    auger_env_release(dtls->env, first.buf);
}

/* Each of them once, since it may be held again; and what was held as data, should one
 * of them have completed the handshake. */
static void feed_held(struct auger_dtls *dtls, auger_time now)
{
    if (!may_feed(dtls))
        return;
    for (size_t left = dtls->held_len; left > 0 && dtls->held_len > 0; left--)
        feed_first_held(dtls, now);
    while (wants_data(dtls) && dtls->held_len > 0)
        feed_first_held(dtls, now);
}

int auger_dtls_set_remote_fingerprints(struct auger_dtls *dtls, auger_time now,
                                       const struct auger_fingerprint *list, size_t len)
{
    if (len == 0)
        return AUGER_ERR_INVALID;
    if (len > AUGER_FINGERPRINTS_MAX)
        return AUGER_ERR_LIMIT;
    if (dtls->fingerprints.len > 0 || dtls->state == AUGER_DTLS_CLOSED ||
        dtls->state == AUGER_DTLS_FAILED)
        return AUGER_ERR_STATE;
    memcpy(dtls->fingerprints.list, list, len * sizeof(list[0]));
    dtls->fingerprints.len = len;
    feed_held(dtls, now);
    return 0;
}

int auger_dtls_start(struct auger_dtls *dtls, auger_time now, enum auger_dtls_role role)
{
    const struct auger_backend_config config = {
        .certificate = dtls->config.certificate,
        .role = role,
        .mtu = dtls->config.mtu,
        .srtp = dtls->config.srtp,
        .retransmit = dtls->config.retransmit,
        .retransmit_max = RETRANSMIT_MAX,
        .env = dtls->env,
        .fingerprints = &dtls->fingerprints,
        .outbox = &dtls->outbox,
    };

    if (dtls->state != AUGER_DTLS_NEW)
        return AUGER_ERR_STATE;
    int err = auger_backend_new(&dtls->backend, &config);
    if (err < 0)
        return err;
    dtls->role = role;
    dtls->filter.is_server = role == AUGER_DTLS_SERVER;
    set_state(dtls, now, AUGER_DTLS_CONNECTING);
    if (!dtls->stands)
        dtls->path_at = now;
    dtls->deadline_at = auger_time_add(time_of(dtls, now), dtls->config.deadline);
    follow(dtls, now, auger_backend_feed(dtls->backend, NULL, 0));
    feed_held(dtls, now);
    return 0;
}

/* Who is late learns late that there was none: it stands since it was last seen. */
void auger_dtls_set_path(struct auger_dtls *dtls, auger_time now, bool is_there)
{
    bool has_changed = dtls->stands == is_there;

    if (dtls->stands && is_there)
        dtls->stood += now - dtls->path_at;
    if (is_there)
        dtls->path_at = now;
    dtls->stands = !is_there;
    if (has_changed && dtls->state == AUGER_DTLS_CONNECTING)
        auger_trace(dtls->env, now, "dtls:clock",
                    AUGER_F_TEXT("does", is_there ? "goes on" : "stands"),
                    AUGER_F_TIME("stood", dtls->stood));
}

/* --- the five verbs --------------------------------------------------------------------- */

/* What was handed out last is used up, and the next piece takes its place. */
static void use_up(struct auger_dtls *dtls, auger_time now)
{
    if (dtls->plain_len != TAKEN)
        return;
    dtls->plain_len = 0;
    read_ahead(dtls, now);
    if (wants_data(dtls))
        feed_held(dtls, now);
}

void auger_dtls_handle_datagram(struct auger_dtls *dtls, auger_time now, const uint8_t *buf,
                                size_t len)
{
    if (len == 0 || len > DATAGRAM_MAX || dtls->state == AUGER_DTLS_CLOSED ||
        dtls->state == AUGER_DTLS_FAILED)
        return;
    if (!may_feed(dtls)) {
        hold(dtls, buf, len);
        return;
    }
    use_up(dtls, now);
    feed(dtls, now, buf, len);
    if (wants_handshake(dtls) || wants_data(dtls))
        feed_held(dtls, now);
}

bool auger_dtls_read(struct auger_dtls *dtls, auger_time now, struct auger_bytes *data)
{
    use_up(dtls, now);
    if (dtls->plain_len == 0)
        return false;
    *data = (struct auger_bytes){.data = dtls->plain, .len = dtls->plain_len};
    dtls->plain_len = TAKEN;
    return true;
}

/* RFC 6347 section 4.2.1, when no ServerHello has come instead. */
static bool obey_verify_request(struct auger_dtls *dtls, auger_time now)
{
    size_t len = auger_record_filter_take_verify(&dtls->filter, dtls->in);

    give(dtls, now, dtls->in, len);
    return len > 0;
}

void auger_dtls_handle_timeout(struct auger_dtls *dtls, auger_time now)
{
    auger_time at = time_of(dtls, now);

    if (at >= dtls->deadline_at) {
        fail(dtls, now, AUGER_DTLS_TIMEOUT);
        return;
    }
    if (at < dtls->retransmit_at || obey_verify_request(dtls, now))
        return;
    auger_trace(dtls->env, now, "dtls:retransmit", AUGER_F_TIME("interval", dtls->interval));
    dtls->interval = auger_time_min(2 * dtls->interval, RETRANSMIT_MAX);
    dtls->retransmit_at =
        ++dtls->repeats < REPEATS_MAX ? auger_time_add(at, dtls->interval) : AUGER_NEVER;
    follow(dtls, now, auger_backend_retransmit(dtls->backend));
}

size_t auger_dtls_poll_transmit(struct auger_dtls *dtls, auger_time now, uint8_t *buf, size_t cap)
{
    (void)now;
    return auger_dtls_outbox_take(&dtls->outbox, buf, cap);
}

bool auger_dtls_poll_event(struct auger_dtls *dtls, struct auger_dtls_event *event)
{
    if (dtls->events_len == 0)
        return false;
    *event = dtls->events[0];
    dtls->events[0] = dtls->events[1];
    dtls->events_len--;
    return true;
}

auger_time auger_dtls_next_timeout(const struct auger_dtls *dtls)
{
    auger_time next = auger_time_min(dtls->deadline_at, dtls->retransmit_at);

    return dtls->stands ? AUGER_NEVER : auger_time_add(next, dtls->stood);
}

/* --- what rides on it ------------------------------------------------------------------- */

int auger_dtls_write_data(struct auger_dtls *dtls, auger_time now, const uint8_t *data, size_t len,
                          uint8_t *buf, size_t cap)
{
    (void)now;
    if (dtls->state != AUGER_DTLS_CONNECTED)
        return AUGER_ERR_STATE;
    if (len == 0 || len > auger_dtls_data_max(dtls))
        return len == 0 ? AUGER_ERR_INVALID : AUGER_ERR_TOO_LARGE;
    if (cap < len + SEALED_OVERHEAD)
        return AUGER_ERR_BUFFER;
    return auger_backend_write(dtls->backend, data, len, buf, cap);
}

size_t auger_dtls_data_max(const struct auger_dtls *dtls)
{
    return (size_t)dtls->config.mtu - SEALED_OVERHEAD;
}

void auger_dtls_close(struct auger_dtls *dtls, auger_time now)
{
    if (dtls->state == AUGER_DTLS_CLOSED || dtls->state == AUGER_DTLS_FAILED)
        return;
    if (dtls->state == AUGER_DTLS_CONNECTED)
        auger_backend_close(dtls->backend);
    else
        auger_dtls_outbox_clear(&dtls->outbox); /* of a handshake that is given up */
    dtls->plain_len = 0;
    set_state(dtls, now, AUGER_DTLS_CLOSED);
}

enum auger_dtls_state auger_dtls_get_state(const struct auger_dtls *dtls)
{
    return dtls->state;
}

enum auger_dtls_role auger_dtls_get_role(const struct auger_dtls *dtls)
{
    return dtls->role;
}

const char *auger_dtls_version(const struct auger_dtls *dtls)
{
    return dtls->state == AUGER_DTLS_CONNECTED ? auger_backend_version(dtls->backend) : "";
}

const char *auger_dtls_cipher(const struct auger_dtls *dtls)
{
    return dtls->state == AUGER_DTLS_CONNECTED ? auger_backend_cipher(dtls->backend) : "";
}

const char *auger_dtls_cipher_iana(const struct auger_dtls *dtls)
{
    return dtls->state == AUGER_DTLS_CONNECTED ? auger_backend_cipher_iana(dtls->backend) : "";
}

static char *write_hex(char *at, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++, at += 2)
        snprintf(at, 3, "%02x", bytes[i]);
    return at;
}

int auger_dtls_key_log(const struct auger_dtls *dtls, char *buf, size_t cap)
{
    static const char label[] = "CLIENT_RANDOM ";
    struct auger_backend_secrets secrets;

    if (cap < AUGER_KEY_LOG_MAX)
        return AUGER_ERR_BUFFER;
    if (!dtls->backend || !auger_backend_secrets(dtls->backend, &secrets))
        return AUGER_ERR_STATE;
    memcpy(buf, label, sizeof(label));
    char *at =
        write_hex(buf + sizeof(label) - 1, secrets.client_random, sizeof(secrets.client_random));
    *at++ = ' ';
    at = write_hex(at, secrets.master, sizeof(secrets.master));
    *at++ = '\n';
    *at = '\0';
    return (int)(at - buf);
}

int auger_dtls_export(struct auger_dtls *dtls, const char *label, uint8_t *out, size_t len)
{
    if (dtls->state != AUGER_DTLS_CONNECTED)
        return AUGER_ERR_STATE;
    return auger_backend_export(dtls->backend, label, out, len);
}

enum auger_srtp_profile auger_dtls_srtp_profile(const struct auger_dtls *dtls)
{
    return dtls->state == AUGER_DTLS_CONNECTED ? auger_backend_srtp_profile(dtls->backend)
                                               : AUGER_SRTP_NONE;
}

const char *auger_dtls_failure_text(enum auger_dtls_failure failure)
{
    switch (failure) {
    case AUGER_DTLS_OK:
        return "no failure";
    case AUGER_DTLS_TIMEOUT:
        return "the handshake took too long";
    case AUGER_DTLS_FINGERPRINT_MISMATCH:
        return "the peer's certificate is not the one in its description";
    case AUGER_DTLS_BAD_CERTIFICATE:
        return "the peer's certificate is missing or its key too weak";
    case AUGER_DTLS_PROTOCOL:
        return "no common version or cipher, or a broken handshake";
    case AUGER_DTLS_NO_EXTENDED_MASTER_SECRET:
        return "the peer has no extended master secret";
    }
    return "unknown failure";
}
