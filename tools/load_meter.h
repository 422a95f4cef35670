/* tools/load_meter.h - what was sent one way, and what of it arrived, when and in which order. */
#ifndef AUGER_TOOLS_LOAD_METER_H
#define AUGER_TOOLS_LOAD_METER_H

#include "tools/load_histogram.h"

#define LOAD_MARK_LEN 24 /* at the head of each packet */

/* One allocation's packets of one way. */
struct load_flow {
    uint32_t next;     /* number of the next that is sent */
    uint32_t expected; /* of the next that arrives, if none is lost */
};

struct load_way {
    uint64_t run; /* drawn at random: what arrives of another run is none of ours */
    uint64_t sent, arrived;
    uint64_t missing;   /* jumps in the numbers */
    uint64_t misplaced; /* out of order, or twice */
    uint64_t foreign;
    uint64_t on_way; /* as far as the numbers tell */
    auger_time last_arrival;
    struct load_histogram latency;
};

/* Writes the mark of the next packet of that flow, of client number `client`. */
void load_mark_write(const struct load_way *way, uint32_t client, uint32_t number, auger_time now,
                     uint8_t out[LOAD_MARK_LEN]);
/* Whose packet it is.  false: none of this run, or of another length. */
bool load_mark_read(const struct load_way *way, struct auger_bytes packet, size_t size,
                    uint32_t *client);

void load_way_sent(struct load_way *way, struct load_flow *flow, size_t count);
/* Counts what load_mark_read() knows; how many before it are missing. */
uint32_t load_way_arrived(struct load_way *way, struct load_flow *flow, const uint8_t *mark,
                          auger_time now);

#endif /* AUGER_TOOLS_LOAD_METER_H */
