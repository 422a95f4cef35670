/* sctp/dcep.c - reading and writing DATA_CHANNEL_OPEN and DATA_CHANNEL_ACK: RFC 8832
 * section 5. */
#include "sctp/dcep.h"
#include "base/bytes.h"

#define OPEN_HEADER_LEN 12

static int parse_open(struct auger_dcep *dcep, struct auger_reader *r)
{
    uint8_t type = auger_read_u8(r);

    dcep->unordered = type & AUGER_DCEP_UNORDERED;
    dcep->priority = auger_read_u16(r);
    dcep->parameter = auger_read_u32(r);
    dcep->label.len = auger_read_u16(r);
    dcep->protocol.len = auger_read_u16(r);
    dcep->label.data = auger_read_bytes(r, dcep->label.len);
    dcep->protocol.data = auger_read_bytes(r, dcep->protocol.len);
    if (r->failed || r->left > 0 || (type & 0x7F) > AUGER_DCEP_TIMED)
        return AUGER_ERR_MALFORMED;
    dcep->reliability = (enum auger_dcep_reliability)(type & 0x7F);
    return 0;
}

int auger_dcep_parse(struct auger_dcep *out, const uint8_t *buf, size_t len)
{
    struct auger_reader r = auger_reader(buf, len);
    struct auger_dcep dcep = {.type = (enum auger_dcep_type)auger_read_u8(&r)};

    if (r.failed)
        return AUGER_ERR_MALFORMED;
    if (dcep.type == AUGER_DCEP_OPEN) {
        int err = parse_open(&dcep, &r);
        if (err < 0)
            return err;
    } else if (dcep.type != AUGER_DCEP_ACK || r.left > 0) {
        return AUGER_ERR_MALFORMED;
    }
    *out = dcep;
    return 0;
}

size_t auger_dcep_len(const struct auger_dcep *dcep)
{
    return dcep->type == AUGER_DCEP_ACK ? 1
                                        : OPEN_HEADER_LEN + dcep->label.len + dcep->protocol.len;
}

void auger_dcep_write(const struct auger_dcep *dcep, uint8_t *buf)
{
    struct auger_writer w = auger_writer(buf, auger_dcep_len(dcep));

    auger_write_u8(&w, (uint8_t)dcep->type);
    if (dcep->type == AUGER_DCEP_ACK)
        return;
    auger_write_u8(&w, (uint8_t)(dcep->reliability | (dcep->unordered ? AUGER_DCEP_UNORDERED : 0)));
    auger_write_u16(&w, dcep->priority);
    auger_write_u32(&w, dcep->parameter);
    auger_write_u16(&w, (uint16_t)dcep->label.len);
    auger_write_u16(&w, (uint16_t)dcep->protocol.len);
    auger_write_bytes(&w, dcep->label.data, dcep->label.len);
    auger_write_bytes(&w, dcep->protocol.data, dcep->protocol.len);
}
