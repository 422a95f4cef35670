/* tests/dtls/records.h - records and handshake messages made by hand: RFC 6347
 * sections 4.1 and 4.2.2. */
#ifndef TESTS_DTLS_RECORDS_H
#define TESTS_DTLS_RECORDS_H

#include "base/bytes.h"

enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };
enum {
    HELLO_REQUEST = 0,
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    HELLO_VERIFY_REQUEST = 3,
    NEW_SESSION_TICKET = 4,
    CERTIFICATE = 11,
    SERVER_KEY_EXCHANGE = 12,
    CERTIFICATE_REQUEST = 13,
    SERVER_HELLO_DONE = 14,
    CERTIFICATE_VERIFY = 15,
    CLIENT_KEY_EXCHANGE = 16,
    FINISHED = 20,
};

#define DTLS_1_2 0xFEFD
#define RECORD_HEADER 13
#define MESSAGE_HEADER 12

struct record {
    uint8_t type;
    uint16_t version, epoch;
    uint64_t seq;
    const uint8_t *body;
    size_t len;
};

static inline void put_record(struct auger_writer *w, struct record record)
{
    auger_write_u8(w, record.type);
    auger_write_u16(w, record.version ? record.version : DTLS_1_2);
    auger_write_u16(w, record.epoch);
    auger_write_uint(w, record.seq, 6);
    auger_write_u16(w, (uint16_t)record.len);
    auger_write_bytes(w, record.body, record.len);
}

/* One fragment; `body` NULL is zeros. */
struct message {
    uint8_t type;
    uint32_t len;
    uint16_t seq;
    uint32_t offset, fragment;
    const uint8_t *body;
};

static inline void put_message(struct auger_writer *w, struct message message)
{
    static const uint8_t zeros[2048];

    auger_write_u8(w, message.type);
    auger_write_u24(w, message.len);
    auger_write_u16(w, message.seq);
    auger_write_u24(w, message.offset);
    auger_write_u24(w, message.fragment);
    auger_write_bytes(w, message.body ? message.body : zeros, message.fragment);
}

/* A record of one fragment; its length. */
static inline size_t make_message(uint8_t *buf, size_t cap, struct message message)
{
    uint8_t body[2048];
    struct auger_writer inner = auger_writer(body, sizeof(body)), w = auger_writer(buf, cap);

    put_message(&inner, message);
    put_record(&w, (struct record){.type = HANDSHAKE, .body = body, .len = inner.len});
    return inner.failed || w.failed ? 0 : w.len;
}

static inline size_t make_record(uint8_t *buf, size_t cap, struct record record)
{
    struct auger_writer w = auger_writer(buf, cap);

    put_record(&w, record);
    return w.failed ? 0 : w.len;
}

/* The next record of a datagram; false at its end. */
static inline bool next_record(struct auger_reader *r, struct record *record)
{
    if (r->left == 0)
        return false;
    record->type = auger_read_u8(r);
    record->version = auger_read_u16(r);
    record->epoch = auger_read_u16(r);
    record->seq = auger_read_uint(r, 6);
    record->len = auger_read_u16(r);
    record->body = auger_read_bytes(r, record->len);
    return !r->failed;
}

#endif /* TESTS_DTLS_RECORDS_H */
