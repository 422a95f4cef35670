#include "sctp/chunks.h"

#include "base/bytes.h"

#define PACKET_HEADER_LEN 12
#define TLV_HEADER_LEN 4
#define INIT_FIXED_LEN 16
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

enum chunk_type { INIT = 1, INIT_ACK = 2, SHUTDOWN_COMPLETE = 14 };

/* Where the parameters or causes of a chunk begin, behind the header: 9260 section 3.3,
 * 5061 section 4.1, 6525 section 3.1.  The library walks them and believes their lengths;
 * at 0 it walks on the spot for ever. */
static const struct {
    uint8_t type, skip;
} with_parameters[] = {
    {INIT, INIT_FIXED_LEN},
    {INIT_ACK, INIT_FIXED_LEN},
    {4, 0},   /* HEARTBEAT */
    {5, 0},   /* HEARTBEAT ACK */
    {6, 0},   /* ABORT */
    {9, 0},   /* ERROR */
    {128, 4}, /* ASCONF ACK */
    {130, 0}, /* RE-CONFIG */
    {193, 4}, /* ASCONF */
};

/* The value of the next chunk or parameter, whose length stands in the same place.  Its
 * padding goes with it, and may be missing at the very end. */
static struct auger_bytes next_value(struct auger_reader *r, uint8_t *type)
{
    struct auger_bytes value = {0};

    *type = auger_read_u8(r);
    (void)!auger_read_u8(r);
    size_t len = auger_read_u16(r);
    if (len < TLV_HEADER_LEN)
        r->failed = true;
    value.len = len - TLV_HEADER_LEN;
    value.data = auger_read_bytes(r, value.len);
    size_t padding = -len % 4;
    if (!r->failed)
        (void)!auger_read_bytes(r, padding < r->left ? padding : r->left);
    return value;
}

static bool parameters_are_sound(struct auger_bytes bytes)
{
    struct auger_reader r = auger_reader(bytes.data, bytes.len);
    uint8_t type;

    while (r.left > 0 && !r.failed)
        (void)next_value(&r, &type);
    return !r.failed;
}

static bool content_is_sound(uint8_t type, struct auger_bytes value)
{
    for (size_t i = 0; i < ARRAY_LEN(with_parameters); i++) {
        size_t skip = with_parameters[i].skip;
        if (with_parameters[i].type != type)
            continue;
        if (value.len < skip)
            return false;
        return parameters_are_sound(
            (struct auger_bytes){.data = value.data + skip, .len = value.len - skip});
    }
    return true;
}

static bool has_initiate_tag(struct auger_bytes value)
{
    struct auger_reader r = auger_reader(value.data, value.len);

    return auger_read_u32(&r) != 0;
}

bool auger_sctp_chunks_are_sound(const uint8_t *packet, size_t len)
{
    struct auger_reader r = auger_reader(packet, len);
    uint8_t type;

    (void)!auger_read_bytes(&r, PACKET_HEADER_LEN);
    for (bool is_first = true; is_first || (r.left > 0 && !r.failed); is_first = false) {
        struct auger_bytes value = next_value(&r, &type);
        bool is_init = type == INIT || type == INIT_ACK;
        if (r.failed || !content_is_sound(type, value) || (is_init && !has_initiate_tag(value)))
            return false;
        if ((is_init || type == SHUTDOWN_COMPLETE) && (!is_first || r.left > 0))
            return false;
    }
    return !r.failed;
}
