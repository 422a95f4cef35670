/* dtls/record_filter.c - the rules, record by record: RFC 6347 section 4. */
#include "dtls/record_filter.h"
#include "base/bytes.h"

#define RECORD_HEADER_LEN 13
#define RECORD_LEN_MAX 16640
#define HANDSHAKE_HEADER_LEN 12
#define HANDSHAKE_LEN_MAX 16384
#define MESSAGE_SEQ_MAX 8
#define SEALED_LEN_MIN 25 /* explicit nonce, one byte and tag */

enum content_type { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };

enum handshake_type {
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    CERTIFICATE = 11,
    SERVER_KEY_EXCHANGE = 12,
    CERTIFICATE_REQUEST = 13,
    SERVER_HELLO_DONE = 14,
    CERTIFICATE_VERIFY = 15,
    CLIENT_KEY_EXCHANGE = 16,
};

struct record {
    uint8_t type;
    uint16_t version;
    uint16_t epoch;
    struct auger_bytes body;
};

static bool read_record(struct auger_reader *r, struct record *record)
{
    record->type = auger_read_u8(r);
    record->version = auger_read_u16(r);
    record->epoch = auger_read_u16(r);
    auger_read_bytes(r, 6);
    record->body.len = auger_read_u16(r);
    record->body.data = auger_read_bytes(r, record->body.len);
    return !r->failed && record->type >= CHANGE_CIPHER_SPEC && record->type <= APPLICATION_DATA;
}

/* Whether the other role may send such a message in clear. */
static bool is_expected(enum auger_dtls_role role, uint8_t type)
{
    switch (type) {
    case CLIENT_HELLO:
    case CERTIFICATE_VERIFY:
    case CLIENT_KEY_EXCHANGE:
        return role == AUGER_DTLS_SERVER;
    case SERVER_HELLO:
    case SERVER_KEY_EXCHANGE:
    case CERTIFICATE_REQUEST:
    case SERVER_HELLO_DONE:
        return role == AUGER_DTLS_CLIENT;
    case CERTIFICATE:
        return true;
    }
    return false;
}

/* 4.2.2: one fragment, whole within its record, of a plausible message. */
static bool is_well_formed(enum auger_dtls_role role, struct auger_reader *r)
{
    uint8_t type = auger_read_u8(r);
    uint32_t len = auger_read_u24(r);
    uint16_t seq = auger_read_u16(r);
    uint32_t offset = auger_read_u24(r), fragment = auger_read_u24(r);
    bool is_hello = type == CLIENT_HELLO || type == SERVER_HELLO;

    auger_read_bytes(r, fragment);
    return !r->failed && is_expected(role, type) && is_hello == (seq == 0) &&
           seq <= MESSAGE_SEQ_MAX && len <= HANDSHAKE_LEN_MAX && offset + fragment <= len &&
           (fragment > 0 || len == 0);
}

/* A record may carry several messages: BoringSSL packs them so. */
static bool may_pass_handshake(const struct auger_record_filter *filter, struct auger_bytes body)
{
    struct auger_reader r = auger_reader(body.data, body.len);

    do {
        if (!is_well_formed(filter->role, &r))
            return false;
    } while (r.left > 0);
    return true;
}

/* 4.1.2.7: anybody could have sent it, so it is kept as a hint alone. */
static void take_hint(struct auger_record_filter *filter, struct auger_bytes body)
{
    if (body.len == 2)
        filter->alert_hint = body.data[1];
}

static bool may_pass_in_clear(struct auger_record_filter *filter, const struct record *record)
{
    if (filter->finished)
        return false;
    switch (record->type) {
    case CHANGE_CIPHER_SPEC:
        return record->body.len == 1 && record->body.data[0] == 1;
    case ALERT:
        take_hint(filter, record->body);
        return false;
    case HANDSHAKE:
        return may_pass_handshake(filter, record->body);
    }
    return false;
}

static bool may_pass(struct auger_record_filter *filter, const struct record *record)
{
    if (record->version != 0xFEFD && record->version != 0xFEFF)
        return false;
    if (record->body.len == 0 || record->body.len > RECORD_LEN_MAX)
        return false;
    if (record->epoch == 0)
        return may_pass_in_clear(filter, record);
    return record->epoch == 1 && record->type != CHANGE_CIPHER_SPEC &&
           record->body.len >= SEALED_LEN_MIN;
}

/* A forged number near 2^48 would move OpenSSL's replay window past every honest
 * record: it sees ours instead. */
static void renumber(struct auger_record_filter *filter, uint8_t *header)
{
    struct auger_writer w = auger_writer(header + 5, 6);

    auger_write_uint(&w, filter->next_seq++, 6);
}

size_t auger_record_filter_pass(struct auger_record_filter *filter, const uint8_t *in, size_t len,
                                uint8_t *out)
{
    struct auger_reader r = auger_reader(in, len);
    struct record record;
    size_t kept = 0;

    while (r.left > 0) {
        const uint8_t *start = r.at;
        if (!read_record(&r, &record)) {
            filter->dropped++;
            break;
        }
        if (!may_pass(filter, &record)) {
            filter->dropped++;
            continue;
        }
        size_t size = RECORD_HEADER_LEN + record.body.len;
        memcpy(out + kept, start, size);
        if (record.epoch == 0)
            renumber(filter, out + kept);
        kept += size;
    }
    return kept;
}

bool auger_record_is_plain_alert(const uint8_t *buf, size_t len)
{
    return len >= RECORD_HEADER_LEN && buf[0] == ALERT && buf[3] == 0 && buf[4] == 0;
}
