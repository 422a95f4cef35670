/* tests/natbox/line.h - packets that are under way: delayed, overtaken, lost. */
#ifndef NATBOX_LINE_H
#define NATBOX_LINE_H

#include "sim/prng.h"

#include <auger/base.h>

#define LINE_PACKETS_MAX 1024
#define LINE_PACKET_LEN 2048

struct line_packet {
    auger_time due;
    uint64_t number; /* of two that are due at once the earlier goes first */
    size_t len;
    uint8_t bytes[LINE_PACKET_LEN];
};

struct line {
    auger_time delay, jitter; /* each packet takes delay, and up to jitter more or less */
    unsigned loss_percent;
    struct prng random;
    uint64_t taken;
    size_t len;
    struct line_packet packets[LINE_PACKETS_MAX];
};

/* False: it is lost, by chance or because too many are under way. */
bool line_put(struct line *line, auger_time now, const uint8_t *bytes, size_t len);
/* The length of a packet that has arrived, or 0; `buf` has LINE_PACKET_LEN bytes. */
size_t line_take(struct line *line, auger_time now, uint8_t *buf);
auger_time line_next_timeout(const struct line *line);

#endif /* NATBOX_LINE_H */
