#include "sctp/reset_gate.h"

#include "base/bytes.h"

#include <string.h>

#define PACKET_HEADER_LEN 12
#define HEADER_LEN 4          /* of a chunk, and of a parameter */
#define OUTGOING_RESET_LEN 12 /* behind the header: two numbers of requests, and the last TSN */

enum { INIT = 1, INIT_ACK = 2, SACK = 3, RE_CONFIG = 130, OUTGOING_RESET = 13 };

/* The chunk or parameter at the reader: its type, and what is behind its header. */
static struct auger_reader next(struct auger_reader *r, bool is_chunk, uint16_t *type)
{
    *type = is_chunk ? auger_read_u8(r) : auger_read_u16(r);
    if (is_chunk)
        (void)!auger_read_u8(r);
    size_t len = auger_read_u16(r);
    if (len < HEADER_LEN)
        r->failed = true;
    const uint8_t *value = auger_read_bytes(r, r->failed ? 0 : len - HEADER_LEN);
    struct auger_reader inner = auger_reader(value, r->failed ? 0 : len - HEADER_LEN);
    size_t padding = -len % 4;
    (void)!auger_read_bytes(r, padding < r->left ? padding : r->left);
    return inner;
}

static bool is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static void has_everything_up_to(struct auger_reset_gate *gate, uint32_t tsn)
{
    if (gate->has_acked && is_before(tsn, gate->acked))
        return;
    gate->acked = tsn;
    gate->has_acked = true;
}

void auger_reset_gate_sent(struct auger_reset_gate *gate, const uint8_t *packet, size_t len)
{
    struct auger_reader r = auger_reader(packet, len);
    uint16_t type;

    (void)!auger_read_bytes(&r, PACKET_HEADER_LEN);
    while (r.left > 0 && !r.failed) {
        struct auger_reader value = next(&r, true, &type);
        uint32_t tsn = auger_read_u32(&value);
        if (type == SACK && !value.failed)
            has_everything_up_to(gate, tsn);
    }
}

/* The last TSN before the reset that a RE-CONFIG asks for. */
static bool read_reset(struct auger_reader value, uint32_t *last)
{
    uint16_t type;

    while (value.left > 0 && !value.failed) {
        struct auger_reader parameter = next(&value, false, &type);
        (void)!auger_read_bytes(&parameter, OUTGOING_RESET_LEN - sizeof(*last));
        *last = auger_read_u32(&parameter);
        if (type == OUTGOING_RESET && !parameter.failed)
            return true;
    }
    return false;
}

/* The peer's first TSN: nothing comes before it. */
static void begins(struct auger_reset_gate *gate, struct auger_reader value)
{
    (void)!auger_read_bytes(&value, 12); /* tag, window, numbers of streams */
    uint32_t first = auger_read_u32(&value);

    if (!value.failed && !gate->has_acked)
        has_everything_up_to(gate, first - 1);
}

static bool must_wait(const struct auger_reset_gate *gate, uint16_t type, struct auger_reader value,
                      uint32_t *last)
{
    return type == RE_CONFIG && read_reset(value, last) && gate->has_acked &&
           is_before(gate->acked, *last);
}

struct place {
    size_t at, len;
};

/* The chunk that has to wait; no length: none has.  Learns on the way where the peer begins. */
static struct place find_reset(struct auger_reset_gate *gate, const uint8_t *packet, size_t len,
                               uint32_t *last)
{
    struct auger_reader r = auger_reader(packet, len);
    uint16_t type;

    (void)!auger_read_bytes(&r, PACKET_HEADER_LEN);
    while (r.left > 0 && !r.failed) {
        struct place place = {.at = len - r.left};
        struct auger_reader value = next(&r, true, &type);
        place.len = len - r.left - place.at;
        if (type == INIT || type == INIT_ACK)
            begins(gate, value);
        if (must_wait(gate, type, value, last) && place.len <= AUGER_RESET_MAX - PACKET_HEADER_LEN)
            return place;
    }
    return (struct place){0};
}

size_t auger_reset_gate_enter(struct auger_reset_gate *gate, const uint8_t **packet, size_t len,
                              uint8_t rest[AUGER_RESET_REST_MAX])
{
    uint32_t last;
    struct place place = find_reset(gate, *packet, len, &last);
    const uint8_t *chunk = *packet + place.at;
    size_t behind = len - place.at - place.len;

    if (place.len == 0 || len > AUGER_RESET_REST_MAX)
        return len;
    memcpy(gate->waiting, *packet, PACKET_HEADER_LEN);
    memcpy(gate->waiting + PACKET_HEADER_LEN, chunk, place.len);
    gate->waiting_len = PACKET_HEADER_LEN + place.len;
    gate->waits_for = last;
    memcpy(rest, *packet, place.at);
    memcpy(rest + place.at, chunk + place.len, behind);
    *packet = rest;
    return place.at + behind > PACKET_HEADER_LEN ? place.at + behind : 0;
}

size_t auger_reset_gate_open(struct auger_reset_gate *gate, uint8_t *packet)
{
    size_t len = gate->waiting_len;

    if (len == 0 || is_before(gate->acked, gate->waits_for))
        return 0;
    memcpy(packet, gate->waiting, len);
    gate->waiting_len = 0;
    return len;
}
