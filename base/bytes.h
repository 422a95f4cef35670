/* base/bytes.h - checked cursors over wire bytes, in network order.  The first
 * step past the end sets `failed`, which sticks; what is read after it is zero. */
#ifndef AUGER_BASE_BYTES_H
#define AUGER_BASE_BYTES_H

#include <auger/base.h>

#include <string.h>

struct auger_reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

struct auger_writer {
    uint8_t *buf;
    size_t cap, len;
    bool failed;
};

static inline struct auger_reader auger_reader(const uint8_t *buf, size_t len)
{
    return (struct auger_reader){.at = buf, .left = len};
}

/* The next `len` bytes, or NULL. */
static inline const uint8_t *auger_read_bytes(struct auger_reader *r, size_t len)
{
    if (r->failed || len > r->left) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *at = r->at;
    r->at += len;
    r->left -= len;
    return at;
}

static inline uint64_t auger_read_uint(struct auger_reader *r, size_t len)
{
    const uint8_t *at = auger_read_bytes(r, len);
    uint64_t value = 0;
    for (size_t i = 0; at && i < len; i++)
        value = value << 8 | at[i];
    return value;
}

static inline uint8_t auger_read_u8(struct auger_reader *r)
{
    return (uint8_t)auger_read_uint(r, 1);
}

static inline uint16_t auger_read_u16(struct auger_reader *r)
{
    return (uint16_t)auger_read_uint(r, 2);
}

static inline uint32_t auger_read_u24(struct auger_reader *r)
{
    return (uint32_t)auger_read_uint(r, 3);
}

static inline uint32_t auger_read_u32(struct auger_reader *r)
{
    return (uint32_t)auger_read_uint(r, 4);
}

static inline uint64_t auger_read_u64(struct auger_reader *r)
{
    return auger_read_uint(r, 8);
}

static inline struct auger_writer auger_writer(uint8_t *buf, size_t cap)
{
    return (struct auger_writer){.buf = buf, .cap = cap};
}

/* Room for `len` bytes at the end, or NULL. */
static inline uint8_t *auger_write_room(struct auger_writer *w, size_t len)
{
    if (w->failed || len > w->cap - w->len) {
        w->failed = true;
        return NULL;
    }
    uint8_t *at = w->buf + w->len;
    w->len += len;
    return at;
}

static inline void auger_write_bytes(struct auger_writer *w, const void *data, size_t len)
{
    uint8_t *at = auger_write_room(w, len);
    if (at && len)
        memcpy(at, data, len);
}

static inline void auger_write_uint(struct auger_writer *w, uint64_t value, size_t len)
{
    uint8_t *at = auger_write_room(w, len);
    for (size_t i = 0; at && i < len; i++)
        at[i] = (uint8_t)(value >> 8 * (len - 1 - i));
}

static inline void auger_write_u8(struct auger_writer *w, uint8_t value)
{
    auger_write_uint(w, value, 1);
}

static inline void auger_write_u16(struct auger_writer *w, uint16_t value)
{
    auger_write_uint(w, value, 2);
}

static inline void auger_write_u24(struct auger_writer *w, uint32_t value)
{
    auger_write_uint(w, value, 3);
}

static inline void auger_write_u32(struct auger_writer *w, uint32_t value)
{
    auger_write_uint(w, value, 4);
}

static inline void auger_write_u64(struct auger_writer *w, uint64_t value)
{
    auger_write_uint(w, value, 8);
}

#endif /* AUGER_BASE_BYTES_H */
