/* io/sealed.c - DTLS between one socket of ours and a TURN server. */
#include "io/sealed.h"

#include "base/time.h"

#include <string.h>

/* A request was sent four times by then, the last 1.5 s before (RFC 8489 section 6.2.1). */
#define SILENCE (5 * AUGER_SEC)

int auger_sealed_open(struct auger_sealed *sealed, struct auger_tls_context *context,
                      const char *name, const struct auger_path *path, auger_time now)
{
    sealed->path = *path;
    sealed->own = (struct auger_watch){.kind = AUGER_WATCH_SEALED, .udp.fd = -1};
    sealed->is_heir = sealed->is_reached = sealed->is_answered = false;
    sealed->asked_len = 0;
    sealed->waiting_len = 0;
    sealed->asked_at = sealed->follow_at = 0;
    return auger_tls_new(&sealed->tls, context, now, name);
}

void auger_sealed_close(struct auger_sealed *sealed)
{
    if (sealed->tls)
        auger_udp_close(&sealed->own.udp);
    auger_tls_free(sealed->tls);
    sealed->tls = NULL;
}

static void keep(struct auger_sealed *sealed, const uint8_t *buf, size_t len)
{
    if (sealed->waiting_len == AUGER_SEALED_WAITING_MAX)
        return;
    memcpy(sealed->waiting[sealed->waiting_len], buf, len);
    sealed->lens[sealed->waiting_len++] = len;
}

/* Of STUN, which an answer follows; of data nobody knows that. */
static bool is_request(const uint8_t *buf, size_t len)
{
    return len >= 20 && (buf[0] & 0xC1) == 0 && (buf[1] & 0x10) == 0;
}

/* What cannot be sealed is lost, as any datagram may be. */
static void send_waiting(struct auger_sealed *sealed, auger_time now)
{
    if (auger_tls_get_state(sealed->tls) != AUGER_TLS_CONNECTED)
        return;
    if (sealed->waiting_len > 0 && sealed->asked_at != 0)
        sealed->asked_at = now;
    if (sealed->waiting_len > 0 && is_request(sealed->waiting[0], sealed->lens[0]))
        sealed->asked_len = sealed->lens[0];
    for (size_t i = 0; i < sealed->waiting_len; i++)
        (void)!auger_tls_write(sealed->tls, now, sealed->waiting[i], sealed->lens[i]);
    sealed->waiting_len = 0;
}

static void note_request(struct auger_sealed *sealed, auger_time now, const uint8_t *buf,
                         size_t len)
{
    if (sealed->asked_at == 0)
        sealed->asked_at = now;
    if (auger_tls_get_state(sealed->tls) != AUGER_TLS_CONNECTED)
        return;
    memcpy(sealed->waiting[0], buf, len);
    sealed->asked_len = len;
}

int auger_sealed_send(struct auger_sealed *sealed, auger_time now, const uint8_t *buf, size_t len)
{
    if (len > AUGER_TLS_DATAGRAM_MAX)
        return AUGER_ERR_TOO_LARGE;
    if (is_request(buf, len))
        note_request(sealed, now, buf, len);
    if (auger_tls_get_state(sealed->tls) == AUGER_TLS_CONNECTING)
        keep(sealed, buf, len);
    else
        (void)!auger_tls_write(sealed->tls, now, buf, len);
    return 0;
}

void auger_sealed_ask_again(struct auger_sealed *sealed, auger_time now)
{
    if (sealed->asked_len > 0)
        (void)!auger_tls_write(sealed->tls, now, sealed->waiting[0], sealed->asked_len);
}

void auger_sealed_feed(struct auger_sealed *sealed, auger_time now, const uint8_t *buf, size_t len)
{
    sealed->is_reached = true;
    (void)auger_tls_feed(sealed->tls, now, buf, len);
    send_waiting(sealed, now);
}

size_t auger_sealed_read(struct auger_sealed *sealed, auger_time now, uint8_t *buf, size_t cap)
{
    size_t len = auger_tls_read(sealed->tls, now, buf, cap);

    /* Anybody may send what is not sealed. */
    if (len > 0) {
        sealed->asked_at = 0;
        sealed->asked_len = 0;
        sealed->is_answered = true;
    }
    return len;
}

size_t auger_sealed_take(struct auger_sealed *sealed, auger_time now, uint8_t *buf, size_t cap)
{
    return auger_tls_take(sealed->tls, now, buf, cap);
}

bool auger_sealed_is_apart(const struct auger_sealed *sealed)
{
    return sealed->own.udp.fd >= 0;
}

static auger_time silent_at(const struct auger_sealed *sealed)
{
    return sealed->asked_at != 0 ? auger_time_add(sealed->asked_at, SILENCE) : AUGER_NEVER;
}

bool auger_sealed_is_silent(const struct auger_sealed *sealed, auger_time now)
{
    return now >= silent_at(sealed);
}

auger_time auger_sealed_next_timeout(const struct auger_sealed *sealed)
{
    if (!sealed->tls)
        return AUGER_NEVER;
    auger_time at = auger_tls_next_timeout(sealed->tls);
    return sealed->is_heir ? at : auger_time_min(at, silent_at(sealed));
}

bool auger_sealed_is_over(const struct auger_sealed *sealed, const char **why)
{
    enum auger_tls_state state = auger_tls_get_state(sealed->tls);

    *why =
        state == AUGER_TLS_FAILED ? auger_tls_why(sealed->tls) : "the server closed the connection";
    return state == AUGER_TLS_CLOSED || state == AUGER_TLS_FAILED;
}
