/* stun/msg.c - reading a message: RFC 8489 sections 5, 6.3 and 14.  The table of
 * attributes is attr.c, writing is build.c. */
#include "base/bytes.h"
#include "stun/attr.h"
#include "stun/wire.h"

bool auger_stun_is_message(const uint8_t *buf, size_t len)
{
    if (len < AUGER_STUN_HEADER_LEN || (buf[0] & 0xC0) != 0 || len % 4 != 0)
        return false;
    struct auger_reader r = auger_reader(buf + 2, 6);
    size_t body = auger_read_u16(&r);
    return body == len - AUGER_STUN_HEADER_LEN && auger_read_u32(&r) == AUGER_STUN_COOKIE;
}

/* 5: the class in bits 4 and 8, the method around them. */
static void split_type(uint16_t type, struct auger_stun_msg *msg)
{
    msg->class_ = (enum auger_stun_class)((type >> 7 & 2) | (type >> 4 & 1));
    msg->method = (uint16_t)((type >> 2 & 0xF80) | (type >> 1 & 0x70) | (type & 0xF));
}

static const struct auger_stun_attr_view *find_nth(const struct auger_stun_msg *msg, uint16_t type,
                                                   size_t nth)
{
    for (size_t i = 0; i < msg->attrs_len; i++)
        if (msg->attrs[i].type == type && nth-- == 0)
            return &msg->attrs[i];
    return NULL;
}

static const struct auger_stun_attr_view *find(const struct auger_stun_msg *msg, uint16_t type)
{
    return find_nth(msg, type, 0);
}

static void note_unknown(struct auger_stun_msg *msg, uint16_t type)
{
    if (!auger_stun_attr_is_required(type))
        return;
    for (size_t i = 0; i < msg->unknown_len; i++)
        if (msg->unknown[i] == type)
            return;
    if (msg->unknown_len < AUGER_STUN_UNKNOWN_MAX)
        msg->unknown[msg->unknown_len++] = type;
}

/* 14.8: class 3 to 6, number 0 to 99. */
static uint16_t read_error_code(const uint8_t *value)
{
    unsigned class_ = value[2] & 7, number = value[3];

    return class_ >= 3 && class_ <= 6 && number <= 99 ? (uint16_t)(class_ * 100 + number) : 0;
}

static bool has_valid_addr(const uint8_t *value, size_t len)
{
    return (value[1] == 1 && len == 8) || (value[1] == 2 && len == 20); /* 14.1 */
}

/* 14.11: the next of a list, with its parameters; those of the last one may be without
 * their padding. */
static uint16_t read_algorithm(struct auger_reader *r)
{
    uint16_t algorithm = auger_read_u16(r), len = auger_read_u16(r);
    size_t padding = -(size_t)len & 3;

    auger_read_bytes(r, len);
    auger_read_bytes(r, padding < r->left ? padding : r->left);
    return algorithm;
}

static bool has_valid_algorithms(const uint8_t *value, size_t len, bool is_list)
{
    struct auger_reader r = auger_reader(value, len);

    do {
        read_algorithm(&r);
    } while (is_list && !r.failed && r.left > 0);
    return !r.failed && r.left == 0;
}

static bool has_valid_value(const struct auger_stun_attr_row *row, const uint8_t *value, size_t len)
{
    if (len < row->len_min || len > row->len_max)
        return false;
    switch ((enum auger_stun_attr_kind)row->kind) {
    case AUGER_STUN_KIND_ADDR:
    case AUGER_STUN_KIND_XOR_ADDR:
        return has_valid_addr(value, len);
    case AUGER_STUN_KIND_ALGORITHM:
        return has_valid_algorithms(value, len, false);
    case AUGER_STUN_KIND_ALGORITHMS:
        return has_valid_algorithms(value, len, true);
    case AUGER_STUN_KIND_BYTES:
        break;
    }
    return row->type != AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256 || len % 4 == 0; /* 14.6 */
}

/* 9: behind MESSAGE-INTEGRITY only the SHA-256 one and FINGERPRINT
 * count, behind the latter two nothing or FINGERPRINT alone. */
static bool is_covered(const struct auger_stun_msg *msg, uint16_t type)
{
    if (msg->fingerprint_offset)
        return false;
    if (type == AUGER_STUN_ATTR_FINGERPRINT)
        return true;
    if (msg->integrity256_offset)
        return false;
    return !msg->integrity_offset || type == AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256;
}

static void note_trailer(struct auger_stun_msg *msg, uint16_t type, uint16_t header)
{
    if (type == AUGER_STUN_ATTR_MESSAGE_INTEGRITY)
        msg->integrity_offset = header;
    else if (type == AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256)
        msg->integrity256_offset = header;
    else if (type == AUGER_STUN_ATTR_FINGERPRINT)
        msg->fingerprint_offset = header;
}

/* One attribute whose value lies in the message.  false: it breaks the format. */
static bool take_attr(struct auger_stun_msg *msg, uint16_t type, uint16_t offset, uint16_t len)
{
    const struct auger_stun_attr_row *row = auger_stun_attr_find(type);
    const uint8_t *value = msg->buf + offset;

    if (!is_covered(msg, type))
        return true;
    if (!row) {
        note_unknown(msg, type);
        if (auger_stun_attr_is_required(type))
            return true;
    } else if (!has_valid_value(row, value, len)) {
        return false;
    } else if (!row->repeats && find(msg, type)) {
        return true; /* 14: the first one counts */
    }
    note_trailer(msg, type, (uint16_t)(offset - 4));
    if (msg->attrs_len == AUGER_STUN_ATTRS_MAX)
        return true;
    msg->attrs[msg->attrs_len++] =
        (struct auger_stun_attr_view){.type = type, .len = len, .offset = offset};
    if (type == AUGER_STUN_ATTR_ERROR_CODE)
        msg->error_code = read_error_code(value);
    return true;
}

static bool take_attrs(struct auger_stun_msg *msg)
{
    struct auger_reader r =
        auger_reader(msg->buf + AUGER_STUN_HEADER_LEN, msg->len - AUGER_STUN_HEADER_LEN);

    while (r.left > 0) {
        uint16_t type = auger_read_u16(&r), len = auger_read_u16(&r);
        const uint8_t *value = auger_read_bytes(&r, ((size_t)len + 3) & ~(size_t)3);
        if (r.failed || !take_attr(msg, type, (uint16_t)(value - msg->buf), len))
            return false;
    }
    return true;
}

int auger_stun_msg_parse(struct auger_stun_msg *msg, const uint8_t *buf, size_t len)
{
    if (len > AUGER_STUN_STREAM_MAX || !auger_stun_is_message(buf, len))
        return AUGER_ERR_MALFORMED;
    msg->buf = buf;
    msg->len = len;
    msg->error_code = msg->attrs_len = msg->unknown_len = 0;
    msg->integrity_offset = msg->integrity256_offset = msg->fingerprint_offset = 0;
    split_type((uint16_t)(buf[0] << 8 | buf[1]), msg);
    memcpy(msg->tid.bytes, buf + 8, sizeof(msg->tid.bytes));
    return take_attrs(msg) ? 0 : AUGER_ERR_MALFORMED;
}

bool auger_stun_msg_has(const struct auger_stun_msg *msg, uint16_t type)
{
    return find(msg, type) != NULL;
}

bool auger_stun_msg_bytes(const struct auger_stun_msg *msg, uint16_t type,
                          struct auger_bytes *value)
{
    const struct auger_stun_attr_view *attr = find(msg, type);

    if (attr)
        *value = (struct auger_bytes){.data = msg->buf + attr->offset, .len = attr->len};
    return attr != NULL;
}

static bool read_uint(const struct auger_stun_msg *msg, uint16_t type, size_t len, uint64_t *value)
{
    const struct auger_stun_attr_view *attr = find(msg, type);

    if (!attr || attr->len != len)
        return false;
    struct auger_reader r = auger_reader(msg->buf + attr->offset, len);
    *value = auger_read_uint(&r, len);
    return true;
}

bool auger_stun_msg_u32(const struct auger_stun_msg *msg, uint16_t type, uint32_t *value)
{
    uint64_t wide;

    if (!read_uint(msg, type, 4, &wide))
        return false;
    *value = (uint32_t)wide;
    return true;
}

bool auger_stun_msg_u64(const struct auger_stun_msg *msg, uint16_t type, uint64_t *value)
{
    return read_uint(msg, type, 8, value);
}

bool auger_stun_msg_addr(const struct auger_stun_msg *msg, uint16_t type, struct auger_addr *addr)
{
    return auger_stun_msg_addr_at(msg, type, 0, addr);
}

bool auger_stun_msg_addr_at(const struct auger_stun_msg *msg, uint16_t type, size_t nth,
                            struct auger_addr *addr)
{
    const struct auger_stun_attr_row *row = auger_stun_attr_find(type);
    const struct auger_stun_attr_view *attr = find_nth(msg, type, nth);

    if (!row || !attr ||
        (row->kind != AUGER_STUN_KIND_ADDR && row->kind != AUGER_STUN_KIND_XOR_ADDR))
        return false;
    struct auger_reader r = auger_reader(msg->buf + attr->offset + 1, attr->len - 1u);
    *addr = (struct auger_addr){.transport = AUGER_UDP};
    addr->family = auger_read_u8(&r) == 1 ? AUGER_IPV4 : AUGER_IPV6;
    addr->port = auger_read_u16(&r);
    memcpy(addr->ip, r.at, r.left);
    if (row->kind == AUGER_STUN_KIND_XOR_ADDR)
        auger_stun_xor_addr(addr, &msg->tid);
    return true;
}

int auger_stun_msg_password_algorithm(const struct auger_stun_msg *msg, uint16_t type)
{
    const struct auger_stun_attr_row *row = auger_stun_attr_find(type);
    const struct auger_stun_attr_view *attr = find(msg, type);

    if (!row || !attr ||
        (row->kind != AUGER_STUN_KIND_ALGORITHM && row->kind != AUGER_STUN_KIND_ALGORITHMS))
        return AUGER_ERR_NOT_FOUND;
    struct auger_reader r = auger_reader(msg->buf + attr->offset, attr->len);
    while (r.left > 0) {
        uint16_t algorithm = read_algorithm(&r);
        if (algorithm == AUGER_STUN_MD5 || algorithm == AUGER_STUN_SHA256)
            return algorithm;
    }
    return AUGER_ERR_UNSUPPORTED;
}
