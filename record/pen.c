/* record/pen.c - what writes a recording: values and calls, in frames. */
#include "record/pen.h"

#include "base/bytes.h"
#include "base/crc32.h"

#include <string.h>

#define WRITTEN_EVERY (100 * AUGER_MS)
#define CALL_MAX (80u * 1024) /* what one may take, and what it causes */
#define TEXT_MAX 1024         /* of credentials: more are too many for any agent */

/* --- bytes ------------------------------------------------------------------------------ */

void auger_pen_frame(struct auger_pen *pen)
{
    struct auger_writer w = auger_writer(pen->frame, sizeof(pen->frame));

    pen->put_at = pen->now;
    if (pen->len == 0)
        return;
    auger_write_u16(&w, (uint16_t)pen->len);
    uint32_t crc = auger_crc32(pen->frame + w.len, pen->len);
    auger_write_room(&w, pen->len);
    auger_write_u32(&w, crc);
    pen->write(pen->user, pen->frame, w.len);
    pen->left -= w.len < pen->left ? w.len : pen->left;
    pen->len = 0;
}

void auger_pen_bytes(struct auger_pen *pen, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        size_t room = AUGER_RECORD_FRAME_MAX - pen->len, piece = len - done;
        if (piece > room)
            piece = room;
        memcpy(pen->frame + 2 + pen->len, (const uint8_t *)bytes + done, piece);
        pen->len += piece;
        done += piece;
        if (pen->len == AUGER_RECORD_FRAME_MAX)
            auger_pen_frame(pen);
    }
}

void auger_pen_u8(struct auger_pen *pen, uint8_t value)
{
    auger_pen_bytes(pen, &value, 1);
}

void auger_pen_fixed(struct auger_pen *pen, uint64_t value, size_t len)
{
    uint8_t bytes[8];
    struct auger_writer w = auger_writer(bytes, sizeof(bytes));

    auger_write_uint(&w, value, len);
    auger_pen_bytes(pen, bytes, w.len);
}

/* Seven bits a byte, the lowest first. */
void auger_pen_uint(struct auger_pen *pen, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        auger_pen_u8(pen, (uint8_t)(value | 0x80));
    auger_pen_u8(pen, (uint8_t)value);
}

/* The sign is the lowest bit. */
void auger_pen_int(struct auger_pen *pen, int64_t value)
{
    auger_pen_uint(pen, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

void auger_pen_blob(struct auger_pen *pen, const void *bytes, size_t len)
{
    auger_pen_uint(pen, len);
    auger_pen_bytes(pen, bytes, len);
}

void auger_pen_text(struct auger_pen *pen, const char *text)
{
    size_t len = strlen(text);

    auger_pen_blob(pen, text, len < TEXT_MAX ? len : TEXT_MAX);
}

void auger_pen_addr(struct auger_pen *pen, const struct auger_addr *addr)
{
    auger_pen_u8(pen, addr->family);
    auger_pen_u8(pen, addr->transport);
    auger_pen_fixed(pen, addr->port, 2);
    auger_pen_uint(pen, addr->scope);
    auger_pen_bytes(pen, addr->ip, sizeof(addr->ip));
}

void auger_pen_path(struct auger_pen *pen, const struct auger_path *path)
{
    auger_pen_addr(pen, &path->local);
    auger_pen_addr(pen, &path->remote);
}

/* --- calls ------------------------------------------------------------------------------ */

bool auger_pen_begin(struct auger_pen *pen, enum auger_op op)
{
    if (pen->is_full)
        return false;
    if (pen->left < pen->len + CALL_MAX) {
        auger_pen_u8(pen, AUGER_OP_FULL);
        auger_pen_frame(pen);
        pen->is_full = true;
        return false;
    }
    auger_pen_u8(pen, (uint8_t)op);
    return true;
}

bool auger_pen_begin_at(struct auger_pen *pen, enum auger_op op, auger_time now)
{
    if (!auger_pen_begin(pen, op))
        return false;
    auger_pen_int(pen, (int64_t)((uint64_t)now - (uint64_t)pen->now));
    pen->now = now;
    return true;
}

void auger_pen_end(struct auger_pen *pen, int64_t result, uint32_t digest)
{
    if (pen->is_full)
        return;
    if (result != 0) {
        auger_pen_u8(pen, AUGER_OP_RESULT);
        auger_pen_int(pen, result);
        auger_pen_fixed(pen, digest, 4);
    }
    uint32_t traced = (uint32_t)(pen->trace_digest ^ pen->trace_digest >> 32);
    if (traced != pen->traced) {
        auger_pen_u8(pen, AUGER_OP_TRACED);
        auger_pen_fixed(pen, traced, 4);
        pen->traced = traced;
    }
    if (pen->now - pen->put_at >= WRITTEN_EVERY)
        auger_pen_frame(pen);
}
