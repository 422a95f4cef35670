/* stun/discovery_ports.c - how a NAT chooses external ports.  Others behind it take ports too, and
 * a range wraps around, so that most gaps have to be as a rule says, not all. */
#include "stun/discovery_ports.h"

#define SAMPLES_MIN 4
#define PARITY_MIN 8 /* by chance one random NAT of 256 looks so */
#define PAIRS_MIN 3
#define GAP_MAX 4096 /* what the mappings of others may add */

static bool are_most(size_t some, size_t all)
{
    return 4 * some >= 3 * all;
}

/* --- pairs ---------------------------------------------------------------------------- */

static bool is_pair(const struct auger_port_sample *even, const struct auger_port_sample *odd)
{
    return !(even->inside & 1) && odd->inside == even->inside + 1;
}

/* 4787 4.2.3 */
static bool is_contiguous(const struct auger_port_sample *samples, size_t len)
{
    size_t pairs = 0, beside = 0;

    for (size_t i = 0; i < len; i++)
        for (size_t j = 0; j < len; j++) {
            if (!is_pair(&samples[i], &samples[j]))
                continue;
            pairs++;
            beside += !(samples[i].outside & 1) && samples[j].outside == samples[i].outside + 1;
        }
    return pairs >= PAIRS_MIN && are_most(beside, pairs);
}

/* --- sequential ----------------------------------------------------------------------- */

/* Modulo 2^16, so that the range of ports may wrap. */
static int gap(const struct auger_port_sample *from, const struct auger_port_sample *to)
{
    uint16_t up = (uint16_t)(to->outside - from->outside);

    return up < 0x8000 ? up : (int)up - 0x10000;
}

static bool goes(int gap_, int direction)
{
    return gap_ * direction > 0 && gap_ * direction <= GAP_MAX;
}

static int greatest_common_divisor(int a, int b)
{
    while (b != 0) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Where the range of ports began anew; how much that adds is the NAT's secret. */
static bool wraps(const struct auger_port_sample *from, const struct auger_port_sample *to,
                  int direction)
{
    return ((int)to->outside - (int)from->outside) * direction < 0;
}

/* A mapping of somebody else's in a gap adds a whole step to it, and so does an answer that never
 * came: the step divides every gap.  Where pairs stay together the gap within one says nothing. */
static int32_t find_step(const struct auger_port_sample *samples, size_t len, int direction)
{
    const struct auger_port_sample *before = NULL;
    bool has_pairs = is_contiguous(samples, len);
    size_t seen = 0, gaps = 0, good = 0;
    int step = 0;

    for (size_t i = 0; i < len; i++) {
        if (!samples[i].is_in_order)
            continue;
        seen++;
        if (before && !(has_pairs && is_pair(before, &samples[i]))) {
            int here = gap(before, &samples[i]);
            gaps++;
            if (goes(here, direction)) {
                good++;
                if (!wraps(before, &samples[i], direction))
                    step = greatest_common_divisor(here * direction, step);
            }
        }
        before = &samples[i];
    }
    return seen >= SAMPLES_MIN && are_most(good, gaps) ? step * direction : 0;
}

/* --- the rest ---------------------------------------------------------------------------- */

static bool is_preserved(const struct auger_port_sample *samples, size_t len)
{
    size_t kept = 0;

    for (size_t i = 0; i < len; i++)
        kept += samples[i].inside == samples[i].outside;
    return are_most(kept, len);
}

static bool has_parity(const struct auger_port_sample *samples, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((samples[i].inside ^ samples[i].outside) & 1)
            return false;
    return len >= PARITY_MIN;
}

enum auger_discovery_ports auger_ports_classify(const struct auger_port_sample *samples, size_t len,
                                                int32_t *step)
{
    *step = 0;
    if (len < SAMPLES_MIN)
        return AUGER_DISCOVERY_PORTS_UNKNOWN;
    if (is_preserved(samples, len))
        return AUGER_DISCOVERY_PORTS_PRESERVED;
    *step = find_step(samples, len, 1);
    if (*step == 0)
        *step = find_step(samples, len, -1);
    if (*step != 0)
        return AUGER_DISCOVERY_PORTS_SEQUENTIAL;
    if (is_contiguous(samples, len))
        return AUGER_DISCOVERY_PORTS_CONTIGUOUS;
    return has_parity(samples, len) ? AUGER_DISCOVERY_PORTS_PARITY : AUGER_DISCOVERY_PORTS_RANDOM;
}
