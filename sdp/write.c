/* sdp/write.c - writing offers and answers (RFC 8829 sections 5.2.1 and 5.3.1) from
 * what we know of ourselves; of the peer's text only the m= lines and tags that
 * an answer must repeat. */
#include "sdp/section.h"
#include "sdp/text.h"

#include <stdarg.h>
#include <stdio.h>

struct output {
    char *buf;
    size_t cap, len;
    bool failed;
};

static void put_bytes(struct output *out, const char *data, size_t len)
{
    if (out->failed || len >= out->cap - out->len) {
        out->failed = true;
        return;
    }
    if (len)
        memcpy(out->buf + out->len, data, len);
    out->len += len;
}

static void put_text(struct output *out, struct auger_text text)
{
    put_bytes(out, text.data, text.len);
}

static void put_string(struct output *out, const char *string)
{
    put_bytes(out, string, strlen(string));
}

static void put_uint(struct output *out, uint64_t value)
{
    char digits[21];

    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    put_string(out, digits);
}

/* One line: its parts, ended by NULL, and CRLF. */
static void put_line(struct output *out, const char *part, ...)
{
    va_list parts;

    va_start(parts, part);
    for (; part; part = va_arg(parts, const char *))
        put_string(out, part);
    va_end(parts);
    put_string(out, "\r\n");
}

static void put_uint_line(struct output *out, const char *name, uint64_t value)
{
    put_string(out, name);
    put_uint(out, value);
    put_string(out, "\r\n");
}

static void put_text_line(struct output *out, const char *name, struct auger_text value)
{
    put_string(out, name);
    put_text(out, value);
    put_string(out, "\r\n");
}

static int end(struct output *out)
{
    if (out->failed || out->len > AUGER_SDP_MAX)
        return AUGER_ERR_BUFFER;
    out->buf[out->len] = '\0';
    return (int)out->len;
}

/* --- parts ---------------------------------------------------------------------------- */

/* ice2 may stand in the session alone (RFC 8839 section 5.6), so both do. */
static void put_session(struct output *out, const struct auger_sdp_local *local,
                        struct auger_text bundle)
{
    put_line(out, "v=0", NULL);
    put_string(out, "o=- ");
    put_uint(out, local->session_id);
    put_string(out, " ");
    put_uint(out, local->session_version);
    put_line(out, " IN IP4 0.0.0.0", NULL);
    put_line(out, "s=-", NULL);
    put_line(out, "t=0 0", NULL);
    if (bundle.len)
        put_text_line(out, "a=group:BUNDLE ", bundle);
    if (local->ice_lite)
        put_line(out, "a=ice-lite", NULL); /* of the session alone (RFC 8839 section 5.3) */
    if (local->pacing_ms)
        put_uint_line(out, "a=ice-pacing:", local->pacing_ms);
    put_line(out, "a=ice-options:ice2", local->no_trickle ? "" : " trickle",
             local->renomination ? " renomination" : "", NULL);
}

static void put_media_line(struct output *out, struct auger_text media, uint16_t port,
                           struct auger_text protocol)
{
    put_string(out, "m=");
    put_text(out, media);
    put_string(out, " ");
    put_uint(out, port);
    put_string(out, " ");
    put_text(out, protocol);
    put_string(out, " ");
}

static void put_connection(struct output *out, const struct auger_addr *addr)
{
    char ip[AUGER_ADDR_TEXT_MAX];

    if (!addr)
        put_line(out, "c=IN IP4 0.0.0.0", NULL); /* RFC 8840 section 4.1.3 */
    else
        put_line(out, "c=IN ", addr->family == AUGER_IPV6 ? "IP6 " : "IP4 ",
                 auger_addr_format_ip(addr, ip, sizeof(ip)), NULL);
}

/* RFC 8839 section 5.2: of the one component. */
static void put_remote_candidate(struct output *out, const struct auger_addr *addr)
{
    char ip[AUGER_ADDR_TEXT_MAX];

    put_string(out, "a=remote-candidates:1 ");
    put_string(out, auger_addr_format_ip(addr, ip, sizeof(ip)));
    put_uint_line(out, " ", addr->port);
}

static void put_candidates(struct output *out, const struct auger_sdp_local *local)
{
    for (size_t i = 0; i < local->candidates_len; i++)
        put_line(out, "a=", local->candidates[i], NULL);
    if (local->end_of_candidates)
        put_line(out, "a=end-of-candidates", NULL);
    if (local->remote_addr)
        put_remote_candidate(out, local->remote_addr);
}

static void put_transport(struct output *out, const struct auger_sdp_local *local)
{
    static const char *const setups[] = {
        [AUGER_SETUP_ACTIVE] = "active",
        [AUGER_SETUP_PASSIVE] = "passive",
        [AUGER_SETUP_ACTPASS] = "actpass",
    };

    put_candidates(out, local);
    put_line(out, "a=ice-ufrag:", local->ufrag, NULL);
    put_line(out, "a=ice-pwd:", local->password, NULL);
    put_line(out, "a=fingerprint:", local->fingerprint, NULL);
    put_line(out, "a=setup:", setups[local->setup], NULL);
}

/* The section of the data channels, in the form of its m= line: 8841, or the
 * older one, where the m= line has the SCTP port and sctpmap the rest. */
static void put_data_section(struct output *out, const struct auger_sdp_local *local,
                             struct auger_text protocol, struct auger_text mid)
{
    struct auger_text media = {"application", 11};
    bool older = auger_text_is(protocol, "DTLS/SCTP");

    put_media_line(out, media, local->default_addr ? local->default_addr->port : 9, protocol);
    if (older)
        put_uint_line(out, "", local->sctp_port);
    else
        put_line(out, "webrtc-datachannel", NULL);
    put_connection(out, local->default_addr);
    put_transport(out, local);
    if (mid.len)
        put_text_line(out, "a=mid:", mid);
    if (older) {
        put_string(out, "a=sctpmap:");
        put_uint(out, local->sctp_port);
        put_line(out, " webrtc-datachannel 1024", NULL);
    } else {
        put_uint_line(out, "a=sctp-port:", local->sctp_port);
    }
    put_uint_line(out, "a=max-message-size:", local->max_message_size);
}

/* RFC 3264 section 6: the formats count for nothing and must be there. */
static void put_rejected(struct output *out, const struct auger_sdp_section *offered)
{
    put_media_line(out, offered->media, 0, offered->protocol);
    put_text_line(out, "", offered->formats);
    put_connection(out, NULL);
    if (offered->mid.len)
        put_text_line(out, "a=mid:", offered->mid);
}

/* --- offer and answer ------------------------------------------------------------------- */

static bool is_writable(const struct auger_sdp_local *local)
{
    return local->ufrag && local->password && local->fingerprint && local->sctp_port &&
           local->session_id <= INT64_MAX && (local->candidates || local->candidates_len == 0);
}

int auger_sdp_write_offer(const struct auger_sdp_local *local, char *buf, size_t cap)
{
    struct output out = {.buf = buf, .cap = cap};
    struct auger_text protocol = {"UDP/DTLS/SCTP", 13}, mid = {"0", 1};

    if (!is_writable(local) || local->setup != AUGER_SETUP_ACTPASS)
        return AUGER_ERR_INVALID;
    put_session(&out, local, mid);
    put_data_section(&out, local, protocol, mid);
    return end(&out);
}

/* The sections of `other` in their order, all but the data section rejected. */
static int write_in_place(const struct auger_sdp_local *local, const struct auger_sdp *other,
                          char *buf, size_t cap)
{
    struct output out = {.buf = buf, .cap = cap};
    struct auger_text bundle = {0};

    if (auger_sdp_section_is_bundled(other, other->data_section))
        bundle = other->sections[other->data_section].mid; /* 8843 section 7.3.3 */
    put_session(&out, local, bundle);
    for (int i = 0; i < other->sections_len; i++) {
        const struct auger_sdp_section *section = &other->sections[i];
        if (i == other->data_section)
            put_data_section(&out, local, section->protocol, section->mid);
        else
            put_rejected(&out, section);
    }
    return end(&out);
}

int auger_sdp_write_reoffer(const struct auger_sdp_local *local, const struct auger_sdp *before,
                            char *buf, size_t cap)
{
    if (!is_writable(local) || before->data_section < 0 || local->setup != AUGER_SETUP_ACTPASS)
        return AUGER_ERR_INVALID;
    return write_in_place(local, before, buf, cap);
}

int auger_sdp_write_answer(const struct auger_sdp_local *local, const struct auger_sdp *offer,
                           char *buf, size_t cap)
{
    if (!is_writable(local) || offer->data_section < 0 ||
        (local->setup != AUGER_SETUP_ACTIVE && local->setup != AUGER_SETUP_PASSIVE))
        return AUGER_ERR_INVALID;
    return write_in_place(local, offer, buf, cap);
}
