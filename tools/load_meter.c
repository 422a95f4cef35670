/* tools/load_meter.c - what was sent one way, and what of it arrived. */
#include "tools/load_meter.h"

#include <string.h>

/* The numbers stay in this machine: its own order of bytes will do. */
void load_mark_write(const struct load_way *way, uint32_t client, uint32_t number, auger_time now,
                     uint8_t out[LOAD_MARK_LEN])
{
    memcpy(out, &way->run, 8);
    memcpy(out + 8, &client, 4);
    memcpy(out + 12, &number, 4);
    memcpy(out + 16, &now, 8);
}

bool load_mark_read(const struct load_way *way, struct auger_bytes packet, size_t size,
                    uint32_t *client)
{
    if (packet.len != size || memcmp(packet.data, &way->run, 8) != 0)
        return false;
    memcpy(client, packet.data + 8, 4);
    return true;
}

void load_way_sent(struct load_way *way, struct load_flow *flow, size_t count)
{
    flow->next += (uint32_t)count;
    way->sent += count;
    way->on_way += count;
}

uint32_t load_way_arrived(struct load_way *way, struct load_flow *flow, const uint8_t *mark,
                          auger_time now)
{
    uint32_t number, missing = 0;
    auger_time sent_at;

    memcpy(&number, mark + 12, 4);
    memcpy(&sent_at, mark + 16, 8);
    if (number >= flow->next || number < flow->expected) {
        way->misplaced++;
        if (number >= flow->next)
            return 0; /* never sent: somebody plays with us */
    } else {
        missing = number - flow->expected;
        flow->expected = number + 1;
        way->missing += missing;
        way->on_way -= (uint64_t)missing + 1;
    }
    way->arrived++;
    way->last_arrival = now;
    load_histogram_add(&way->latency, now - sent_at);
    return missing;
}
