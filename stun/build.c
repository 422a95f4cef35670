/* stun/build.c - writing a message: RFC 8489 sections 5, 6.1 and 14. */
#include "base/addr.h"
#include "base/bytes.h"
#include "base/crc32.h"
#include "stun/attr.h"
#include "stun/integrity.h"
#include "stun/wire.h"

#define BODY_MAX 65532u /* the largest multiple of 4 that the length field holds */

static void fail(struct auger_stun_builder *b, int err)
{
    if (b->err == 0)
        b->err = err;
}

/* The header's length is kept right after each attribute. */
static void set_length(struct auger_stun_builder *b)
{
    size_t body = b->len - AUGER_STUN_HEADER_LEN;

    b->buf[2] = (uint8_t)(body >> 8);
    b->buf[3] = (uint8_t)body;
}

void auger_stun_build_begin(struct auger_stun_builder *b, uint8_t *buf, size_t cap,
                            enum auger_stun_class class_, uint16_t method,
                            const struct auger_stun_tid *tid)
{
    unsigned type = (method & 0xF80u) << 2 | (method & 0x70u) << 1 | (method & 0xFu) |
                    ((unsigned)class_ & 2) << 7 | ((unsigned)class_ & 1) << 4;
    struct auger_writer w = auger_writer(buf, cap);

    *b = (struct auger_stun_builder){.buf = buf, .cap = cap};
    auger_write_u16(&w, (uint16_t)type);
    auger_write_u16(&w, 0);
    auger_write_u32(&w, AUGER_STUN_COOKIE);
    auger_write_bytes(&w, tid->bytes, sizeof(tid->bytes));
    if (w.failed)
        fail(b, AUGER_ERR_BUFFER);
    b->len = w.len;
}

static bool may_have(uint16_t type, size_t len)
{
    const struct auger_stun_attr_row *row = auger_stun_attr_find(type);

    return !row || (len >= row->len_min && len <= row->len_max);
}

/* Room for a value behind its header, padding zeroed; NULL after an error. */
static uint8_t *add(struct auger_stun_builder *b, uint16_t type, size_t len)
{
    size_t padded = (len + 3) & ~(size_t)3;

    if (b->err)
        return NULL;
    if (len > BODY_MAX || b->len - AUGER_STUN_HEADER_LEN + 4 + padded > BODY_MAX) {
        fail(b, AUGER_ERR_TOO_LARGE);
        return NULL;
    }
    if (!may_have(type, len)) {
        fail(b, AUGER_ERR_INVALID);
        return NULL;
    }
    struct auger_writer w = auger_writer(b->buf + b->len, b->cap - b->len);
    auger_write_u16(&w, type);
    auger_write_u16(&w, (uint16_t)len);
    uint8_t *value = auger_write_room(&w, padded);
    if (!value) {
        fail(b, AUGER_ERR_BUFFER);
        return NULL;
    }
    memset(value + len, 0, padded - len);
    b->len += w.len;
    set_length(b);
    return value;
}

void auger_stun_build_bytes(struct auger_stun_builder *b, uint16_t type, const void *value,
                            size_t len)
{
    uint8_t *at = add(b, type, len);

    if (at && len)
        memcpy(at, value, len);
}

static void build_uint(struct auger_stun_builder *b, uint16_t type, uint64_t value, size_t len)
{
    uint8_t *at = add(b, type, len);

    if (at) {
        struct auger_writer w = auger_writer(at, len);
        auger_write_uint(&w, value, len);
    }
}

void auger_stun_build_u32(struct auger_stun_builder *b, uint16_t type, uint32_t value)
{
    build_uint(b, type, value, 4);
}

void auger_stun_build_u64(struct auger_stun_builder *b, uint16_t type, uint64_t value)
{
    build_uint(b, type, value, 8);
}

void auger_stun_build_addr(struct auger_stun_builder *b, uint16_t type,
                           const struct auger_addr *addr)
{
    const struct auger_stun_attr_row *row = auger_stun_attr_find(type);
    size_t ip_len = auger_addr_ip_len(addr);
    struct auger_addr wire = *addr;
    struct auger_stun_tid tid;

    if (ip_len == 0)
        fail(b, AUGER_ERR_INVALID);
    uint8_t *at = add(b, type, 4 + ip_len);
    if (!at)
        return;
    memcpy(tid.bytes, b->buf + 8, sizeof(tid.bytes));
    if (row && row->kind == AUGER_STUN_KIND_XOR_ADDR)
        auger_stun_xor_addr(&wire, &tid);
    struct auger_writer w = auger_writer(at, 4 + ip_len);
    auger_write_u8(&w, 0);
    auger_write_u8(&w, addr->family == AUGER_IPV4 ? 1 : 2);
    auger_write_u16(&w, wire.port);
    auger_write_bytes(&w, wire.ip, ip_len);
}

static const char *reason_phrase(uint16_t code)
{
    switch ((enum auger_stun_error_code)code) {
    case AUGER_STUN_TRY_ALTERNATE:
        return "Try Alternate";
    case AUGER_STUN_BAD_REQUEST:
        return "Bad Request";
    case AUGER_STUN_UNAUTHENTICATED:
        return "Unauthenticated";
    case AUGER_STUN_FORBIDDEN:
        return "Forbidden";
    case AUGER_STUN_MOBILITY_FORBIDDEN:
        return "Mobility Forbidden";
    case AUGER_STUN_UNKNOWN_ATTRIBUTE:
        return "Unknown Attribute";
    case AUGER_STUN_ALLOCATION_MISMATCH:
        return "Allocation Mismatch";
    case AUGER_STUN_STALE_NONCE:
        return "Stale Nonce";
    case AUGER_STUN_ADDRESS_FAMILY_NOT_SUPPORTED:
        return "Address Family not Supported";
    case AUGER_STUN_WRONG_CREDENTIALS:
        return "Wrong Credentials";
    case AUGER_STUN_UNSUPPORTED_TRANSPORT:
        return "Unsupported Transport Protocol";
    case AUGER_STUN_PEER_ADDRESS_FAMILY_MISMATCH:
        return "Peer Address Family Mismatch";
    case AUGER_STUN_CONNECTION_EXISTS:
        return "Connection Already Exists";
    case AUGER_STUN_CONNECTION_FAILURE:
        return "Connection Timeout or Failure";
    case AUGER_STUN_ALLOCATION_QUOTA_REACHED:
        return "Allocation Quota Reached";
    case AUGER_STUN_ROLE_CONFLICT:
        return "Role Conflict";
    case AUGER_STUN_SERVER_ERROR:
        return "Server Error";
    case AUGER_STUN_INSUFFICIENT_CAPACITY:
        return "Insufficient Capacity";
    }
    return "";
}

void auger_stun_build_error(struct auger_stun_builder *b, uint16_t code)
{
    const char *reason = reason_phrase(code);
    size_t len = strlen(reason);

    if (code < 300 || code > 699) /* 14.8 */
        fail(b, AUGER_ERR_INVALID);
    uint8_t *at = add(b, AUGER_STUN_ATTR_ERROR_CODE, 4 + len);

    if (at) {
        struct auger_writer w = auger_writer(at, 4 + len);
        auger_write_u16(&w, 0);
        auger_write_u8(&w, (uint8_t)(code / 100));
        auger_write_u8(&w, (uint8_t)(code % 100));
        auger_write_bytes(&w, reason, len);
    }
}

void auger_stun_build_unknown(struct auger_stun_builder *b, const struct auger_stun_msg *request)
{
    uint8_t *at = add(b, AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES, 2u * request->unknown_len);

    if (at) {
        struct auger_writer w = auger_writer(at, 2u * request->unknown_len);
        for (size_t i = 0; i < request->unknown_len; i++)
            auger_write_u16(&w, request->unknown[i]);
    }
}

static void build_mac(struct auger_stun_builder *b, struct auger_stun_key *key,
                      enum auger_hash hash, uint16_t type, size_t len)
{
    size_t covered = b->len;
    uint8_t *at = add(b, type, len);

    if (!at)
        return;
    int err = auger_stun_key_compute(key, hash, b->buf, covered, len, at);
    if (err < 0)
        fail(b, err);
}

void auger_stun_build_integrity(struct auger_stun_builder *b, struct auger_stun_key *key)
{
    build_mac(b, key, AUGER_SHA1, AUGER_STUN_ATTR_MESSAGE_INTEGRITY, AUGER_SHA1_LEN);
}

void auger_stun_build_integrity_sha256(struct auger_stun_builder *b, struct auger_stun_key *key)
{
    build_mac(b, key, AUGER_SHA256, AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256, AUGER_SHA256_LEN);
}

void auger_stun_build_fingerprint(struct auger_stun_builder *b)
{
    size_t covered = b->len;
    uint8_t *at = add(b, AUGER_STUN_ATTR_FINGERPRINT, 4);

    if (at) {
        struct auger_writer w = auger_writer(at, 4);
        auger_write_u32(&w, auger_crc32(b->buf, covered) ^ AUGER_STUN_FINGERPRINT_XOR);
    }
}

int auger_stun_build_end(struct auger_stun_builder *b)
{
    return b->err ? b->err : (int)b->len;
}
