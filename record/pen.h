/* record/pen.h - what writes a recording: values and calls, in frames (ops.h). */
#ifndef AUGER_RECORD_PEN_H
#define AUGER_RECORD_PEN_H

#include "record/ops.h"

struct auger_pen {
    void (*write)(void *user, const uint8_t *bytes, size_t len);
    void *user;
    bool is_full;
    uint64_t left;         /* bytes */
    auger_time now;        /* of the last call that had one */
    auger_time put_at;     /* when the last frame left */
    uint64_t trace_digest; /* so far, */
    uint32_t traced;       /* and as it was last written down */
    size_t len;            /* of the frame that is being filled */
    uint8_t frame[AUGER_RECORD_FRAME_MAX + AUGER_RECORD_FRAME_OVERHEAD];
};

/* The frame leaves as it is. */
void auger_pen_frame(struct auger_pen *pen);

void auger_pen_bytes(struct auger_pen *pen, const void *bytes, size_t len);
void auger_pen_u8(struct auger_pen *pen, uint8_t value);
/* In so many bytes. */
void auger_pen_fixed(struct auger_pen *pen, uint64_t value, size_t len);
void auger_pen_uint(struct auger_pen *pen, uint64_t value);
void auger_pen_int(struct auger_pen *pen, int64_t value);
/* With its length before it. */
void auger_pen_blob(struct auger_pen *pen, const void *bytes, size_t len);
void auger_pen_text(struct auger_pen *pen, const char *text);
void auger_pen_addr(struct auger_pen *pen, const struct auger_addr *addr);
void auger_pen_path(struct auger_pen *pen, const struct auger_path *path);

/* Begins a call; false: there is no room for one any more, and nothing is to be written. */
bool auger_pen_begin(struct auger_pen *pen, enum auger_op op);
bool auger_pen_begin_at(struct auger_pen *pen, enum auger_op op, auger_time now);
/* What came of it: the result, if it is not 0 with a digest of what left, and the trace. */
void auger_pen_end(struct auger_pen *pen, int64_t result, uint32_t digest);

#endif /* AUGER_RECORD_PEN_H */
