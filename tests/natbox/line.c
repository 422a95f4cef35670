/* tests/natbox/line.c - what the kernel's wires do not do to packets. */
#include "tests/natbox/line.h"

#include "base/time.h"

#include <string.h>

bool line_put(struct line *line, auger_time now, const uint8_t *bytes, size_t len)
{
    if (line->len == LINE_PACKETS_MAX || len > LINE_PACKET_LEN ||
        prng_permille(&line->random, 10 * line->loss_percent))
        return false;
    auger_time takes =
        line->delay +
        prng_between(&line->random, -line->jitter / AUGER_US, line->jitter / AUGER_US) * AUGER_US;
    struct line_packet *packet = &line->packets[line->len++];

    packet->due = auger_time_add(now, takes > 0 ? takes : 0);
    packet->number = line->taken++;
    packet->len = len;
    memcpy(packet->bytes, bytes, len);
    return true;
}

/* The one that arrives first, or NULL. */
static const struct line_packet *first(const struct line *line)
{
    const struct line_packet *found = NULL;

    for (size_t i = 0; i < line->len; i++) {
        const struct line_packet *packet = &line->packets[i];
        if (!found || packet->due < found->due ||
            (packet->due == found->due && packet->number < found->number))
            found = packet;
    }
    return found;
}

size_t line_take(struct line *line, auger_time now, uint8_t *buf)
{
    const struct line_packet *packet = first(line);

    if (!packet || packet->due > now)
        return 0;
    size_t len = packet->len, i = (size_t)(packet - line->packets);
    memcpy(buf, packet->bytes, len);
    line->packets[i] = line->packets[--line->len];
    return len;
}

auger_time line_next_timeout(const struct line *line)
{
    const struct line_packet *packet = first(line);
    return packet ? packet->due : AUGER_NEVER;
}
