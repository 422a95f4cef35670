/* crypto/record_filter.c - the rules, record by record: RFC 6347 section 4. */
#include "crypto/record_filter.h"
#include "base/bytes.h"

#define RECORD_HEADER_LEN 13
#define RECORD_LEN_MAX 16640
#define CERTIFICATE_LEN_MAX 16384 /* OpenSSL makes room for a message at its first */
#define HANDSHAKE_LEN_MAX 4096    /* fragment: so much for each of the others */
#define MESSAGE_SEQ_MAX 8
#define SEALED_LEN_MIN 25 /* explicit nonce, one byte and tag */

enum content_type { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };

enum handshake_type {
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    HELLO_VERIFY_REQUEST = 3,
    CERTIFICATE = 11,
    SERVER_KEY_EXCHANGE = 12,
    CERTIFICATE_REQUEST = 13,
    SERVER_HELLO_DONE = 14,
    CERTIFICATE_VERIFY = 15,
    CLIENT_KEY_EXCHANGE = 16,
};

struct record {
    const uint8_t *start;
    uint8_t type;
    uint16_t version;
    uint16_t epoch;
    struct auger_bytes body;
};

struct fragment {
    uint8_t type;
    uint16_t seq;
    uint32_t len, offset;
    struct auger_bytes body;
};

/* --- reading --------------------------------------------------------------------------- */

static bool read_record(struct auger_reader *r, struct record *record)
{
    record->start = r->at;
    record->type = auger_read_u8(r);
    record->version = auger_read_u16(r);
    record->epoch = auger_read_u16(r);
    auger_read_bytes(r, 6);
    record->body.len = auger_read_u16(r);
    record->body.data = auger_read_bytes(r, record->body.len);
    return !r->failed && record->type >= CHANGE_CIPHER_SPEC && record->type <= APPLICATION_DATA;
}

/* 4.2.2: it lies whole within its record and within its message. */
static bool read_fragment(struct auger_reader *r, struct fragment *fragment)
{
    fragment->type = auger_read_u8(r);
    fragment->len = auger_read_u24(r);
    fragment->seq = auger_read_u16(r);
    fragment->offset = auger_read_u24(r);
    fragment->body.len = auger_read_u24(r);
    fragment->body.data = auger_read_bytes(r, fragment->body.len);
    return !r->failed && fragment->offset + fragment->body.len <= fragment->len &&
           (fragment->body.len > 0 || fragment->len == 0);
}

/* --- messages in clear ------------------------------------------------------------------ */

/* Whether the other role may send such a message in clear, in this place: hellos are
 * number 0, but for the ServerHello that comes after a HelloVerifyRequest (4.2.2). */
static bool is_due(const struct auger_record_filter *filter, const struct fragment *fragment)
{
    bool from_client = filter->is_server;
    uint16_t hello = filter->has_verified, first = (uint16_t)(hello + 1);

    switch (fragment->type) {
    case CLIENT_HELLO:
        return from_client && fragment->seq == hello;
    case SERVER_HELLO:
        return !from_client && fragment->seq == hello;
    case CERTIFICATE:
        return fragment->seq == first;
    case CERTIFICATE_VERIFY:
    case CLIENT_KEY_EXCHANGE:
        return from_client && fragment->seq >= first;
    case SERVER_KEY_EXCHANGE:
    case CERTIFICATE_REQUEST:
    case SERVER_HELLO_DONE:
        return !from_client && fragment->seq >= first;
    }
    return false;
}

static bool is_plausible(const struct auger_record_filter *filter, const struct fragment *fragment)
{
    uint32_t max = fragment->type == CERTIFICATE ? CERTIFICATE_LEN_MAX : HANDSHAKE_LEN_MAX;

    return is_due(filter, fragment) && fragment->seq <= MESSAGE_SEQ_MAX && fragment->len <= max;
}

/* A record may carry several messages: BoringSSL packs them so. */
static bool may_pass_handshake(struct auger_record_filter *filter, struct auger_bytes body)
{
    struct auger_reader r = auger_reader(body.data, body.len);
    struct fragment fragment;
    bool has_server_hello = false;

    do {
        if (!read_fragment(&r, &fragment) || !is_plausible(filter, &fragment))
            return false;
        has_server_hello |= fragment.type == SERVER_HELLO;
        if (filter->hello_first && !filter->has_hello && !has_server_hello)
            return false;
    } while (r.left > 0);
    if (has_server_hello) {
        filter->has_hello = true;
        filter->verify_len = 0;
    }
    return true;
}

/* 4.2.1: version and cookie, alone in its record. */
static bool is_verify_request(const struct record *record)
{
    struct auger_reader r = auger_reader(record->body.data, record->body.len);
    struct fragment fragment;

    return read_fragment(&r, &fragment) && r.left == 0 && fragment.type == HELLO_VERIFY_REQUEST &&
           fragment.seq == 0 && fragment.body.len == fragment.len && fragment.len >= 3 &&
           fragment.body.data[2] == fragment.len - 3;
}

static void keep_verify(struct auger_record_filter *filter, const struct record *record)
{
    if (filter->is_server || filter->has_hello || filter->has_verified)
        return;
    filter->verify_len = RECORD_HEADER_LEN + record->body.len;
    memcpy(filter->verify, record->start, filter->verify_len);
}

/* --- records ------------------------------------------------------------------------------ */

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
        if (is_verify_request(record)) {
            keep_verify(filter, record);
            return false;
        }
        return may_pass_handshake(filter, record->body);
    }
    return false;
}

static bool may_pass(struct auger_record_filter *filter, const struct record *record)
{
    if (record->version != 0xFEFD && record->version != 0xFEFF)
        return false;
    if (record->body.len > RECORD_LEN_MAX)
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

static size_t *part_of(const struct auger_record_filter *filter, struct auger_record_parts *parts,
                       const struct record *record)
{
    if (record->epoch == 0)
        return &parts->clear;
    return record->type == HANDSHAKE && !filter->finished ? &parts->handshake : &parts->sealed;
}

/* Puts a record behind those of its part. */
static void insert(struct auger_record_filter *filter, struct auger_record_parts *parts,
                   const struct record *record, uint8_t *out)
{
    size_t *part = part_of(filter, parts, record);
    size_t len = RECORD_HEADER_LEN + record->body.len;
    size_t total = parts->clear + parts->handshake + parts->sealed;
    size_t end = part == &parts->clear       ? parts->clear
                 : part == &parts->handshake ? parts->clear + parts->handshake
                                             : total;

    memmove(out + end + len, out + end, total - end);
    memcpy(out + end, record->start, len);
    if (record->epoch == 0)
        renumber(filter, out + end);
    *part += len;
}

struct auger_record_parts auger_record_filter_split(struct auger_record_filter *filter,
                                                    const uint8_t *in, size_t len, uint8_t *out)
{
    struct auger_reader r = auger_reader(in, len);
    struct auger_record_parts parts = {0};
    struct record record;

    while (r.left > 0) {
        bool is_record = read_record(&r, &record);
        if (is_record && may_pass(filter, &record))
            insert(filter, &parts, &record, out);
        else
            filter->dropped++;
        if (!is_record)
            break;
    }
    return parts;
}

size_t auger_record_filter_take_verify(struct auger_record_filter *filter, uint8_t *out)
{
    size_t len = filter->verify_len;

    if (len == 0)
        return 0;
    memcpy(out, filter->verify, len);
    renumber(filter, out);
    filter->verify_len = 0;
    filter->has_verified = true;
    return len;
}

bool auger_record_is_plain_alert(const uint8_t *buf, size_t len)
{
    return len >= RECORD_HEADER_LEN && buf[0] == ALERT && buf[3] == 0 && buf[4] == 0;
}
