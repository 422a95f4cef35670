/* sim/link.c - delay, loss, duplication and reordering on a wire. */
#include "sim/link.h"

#include "base/time.h"

void link_init(struct link *link, const struct link_quality *quality, uint64_t seed,
               const char *name)
{
    *link = (struct link){.quality = *quality};
    prng_init(&link->random, seed, name);
}

static bool is_lost(struct link *link)
{
    const struct link_quality *q = &link->quality;

    if (prng_permille(&link->random,
                      link->in_burst ? q->burst_ends_permille : q->burst_begins_permille))
        link->in_burst = !link->in_burst;
    if (link->in_burst && prng_permille(&link->random, q->burst_loss_permille))
        return true;
    return prng_permille(&link->random, q->loss_permille);
}

/* Waits for the datagrams before it; false when the queue is full. */
static bool serialize(struct link *link, auger_time now, size_t len, auger_time *leaves)
{
    const struct link_quality *q = &link->quality;

    *leaves = auger_time_max(now, link->busy_until);
    if (q->bits_per_second == 0)
        return true;
    if (*leaves - now > q->queue)
        return false;
    *leaves += (auger_time)(len * 8 * (uint64_t)AUGER_SEC / q->bits_per_second);
    link->busy_until = *leaves;
    return true;
}

static auger_time arrival(struct link *link, auger_time leaves)
{
    const struct link_quality *q = &link->quality;
    auger_time at = leaves + q->delay;

    if (q->jitter > 0)
        at += prng_between(&link->random, 0, q->jitter);
    at = link->last_arrival = auger_time_max(at, link->last_arrival);
    if (prng_permille(&link->random, q->reorder_permille))
        at += prng_between(&link->random, 0, q->reorder_by);
    return at;
}

#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define FRAGMENT_HEADER 8 /* of IPv6 */
#define UDP_HEADER 8
#define IPV6_MTU_MIN 1280

size_t link_count_fragments(const struct link_quality *quality, bool is_ipv6, size_t payload)
{
    size_t header = is_ipv6 ? IPV6_HEADER : IPV4_HEADER, mtu = quality->mtu;

    if (mtu > 0 && is_ipv6 && mtu < IPV6_MTU_MIN)
        mtu = IPV6_MTU_MIN;
    if (mtu == 0 || header + UDP_HEADER + payload <= mtu)
        return 1;
    size_t room = (mtu - header - (is_ipv6 ? FRAGMENT_HEADER : 0)) / 8 * 8;
    return (UDP_HEADER + payload + room - 1) / room;
}

bool link_takes_fragments(struct link *link, size_t count)
{
    bool is_whole = !link->quality.drops_fragments || count == 1;

    for (size_t i = 1; i < count && !link->quality.drops_fragments; i++)
        is_whole &= !prng_permille(&link->random, link->quality.loss_permille);
    return is_whole;
}

size_t link_carry(struct link *link, auger_time now, size_t len,
                  auger_time arrivals[LINK_COPIES_MAX])
{
    auger_time leaves;

    if (!serialize(link, now, len, &leaves) || is_lost(link))
        return 0;
    size_t copies = prng_permille(&link->random, link->quality.duplicate_permille) ? 2 : 1;
    for (size_t i = 0; i < copies; i++)
        arrivals[i] = arrival(link, leaves);
    return copies;
}

void link_corrupt(struct link *link, uint8_t *buf, size_t len)
{
    if (len == 0 || !prng_permille(&link->random, link->quality.corrupt_permille))
        return;
    for (uint64_t flips = 1 + prng_below(&link->random, 8); flips > 0; flips--)
        buf[prng_below(&link->random, len)] ^= (uint8_t)(1u << prng_below(&link->random, 8));
}
