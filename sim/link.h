/* sim/link.h - one direction of a wire: what becomes of a datagram on it. */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "sim/prng.h"

#include <auger/base.h>

/* All zero is the perfect wire. */
struct link_quality {
    auger_time delay;
    auger_time jitter; /* on top of the delay, uniform; the order is kept */
    unsigned loss_permille;
    /* Gilbert-Elliott: each datagram may begin or end a burst of losses. */
    unsigned burst_begins_permille, burst_ends_permille, burst_loss_permille;
    unsigned duplicate_permille;
    unsigned reorder_permille; /* held back by up to reorder_by, others may overtake */
    auger_time reorder_by;
    uint64_t bits_per_second; /* 0: without limit */
    auger_time queue;         /* with a limit: who would wait longer is dropped */
    /* IP packets are no longer than that, with their headers (of IPv6 1280 at least); 0: as long as
     * they like.  Longer ones go in fragments, or nowhere and without a word. */
    uint16_t mtu;
    bool drops_fragments;
    unsigned corrupt_permille; /* some bits are flipped, and the checksum does not tell */
};

struct link {
    struct link_quality quality;
    struct prng random;
    bool in_burst;
    auger_time busy_until, last_arrival;
};

#define LINK_COPIES_MAX 2

void link_init(struct link *link, const struct link_quality *quality, uint64_t seed,
               const char *name);
/* Of how many fragments a packet with `payload` bytes behind headers of that length is: 1 where it
 * is whole. */
size_t link_count_fragments(const struct link_quality *quality, bool is_ipv6, size_t payload);
/* Whether the wire takes so many, which each has its own chance to be lost; draws nothing for 1. */
bool link_takes_fragments(struct link *link, size_t count);
/* When the copies of a datagram arrive that enters now; returns how many do. */
size_t link_carry(struct link *link, auger_time now, size_t len,
                  auger_time arrivals[LINK_COPIES_MAX]);

/* What arrives of one copy; draws nothing where nothing is corrupted. */
void link_corrupt(struct link *link, uint8_t *buf, size_t len);

#endif /* SIM_LINK_H */
