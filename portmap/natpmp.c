/* portmap/natpmp.c - the messages of NAT-PMP, RFC 6886. */
#include "portmap/natpmp.h"

#include "base/bytes.h"

#define VERSION 0
#define RESPONSE_BIT 0x80

size_t auger_natpmp_write_address(uint8_t *buf, size_t cap)
{
    struct auger_writer w = auger_writer(buf, cap);

    auger_write_u8(&w, VERSION); /* 3.2 */
    auger_write_u8(&w, AUGER_NATPMP_ADDRESS);
    return w.failed ? 0 : w.len;
}

size_t auger_natpmp_write_map(const struct auger_natpmp_map *map, uint8_t *buf, size_t cap)
{
    struct auger_writer w = auger_writer(buf, cap);

    auger_write_u8(&w, VERSION); /* 3.3 */
    auger_write_u8(&w, map->transport == AUGER_TCP ? AUGER_NATPMP_TCP : AUGER_NATPMP_UDP);
    auger_write_u16(&w, 0);
    auger_write_u16(&w, map->internal_port);
    auger_write_u16(&w, map->external_port);
    auger_write_u32(&w, map->lifetime_s);
    return w.failed ? 0 : w.len;
}

static void read_address(struct auger_reader *r, struct auger_addr *external)
{
    const uint8_t *ip = auger_read_bytes(r, 4);

    if (!ip)
        return;
    external->family = AUGER_IPV4;
    memcpy(external->ip, ip, 4);
}

static void read_map(struct auger_reader *r, uint8_t opcode, struct auger_natpmp_map *map)
{
    map->transport = opcode == AUGER_NATPMP_TCP ? AUGER_TCP : AUGER_UDP;
    map->internal_port = auger_read_u16(r);
    map->external_port = auger_read_u16(r);
    map->lifetime_s = auger_read_u32(r);
}

int auger_natpmp_read(struct auger_natpmp_response *response, const uint8_t *buf, size_t len)
{
    struct auger_reader r = auger_reader(buf, len);
    uint8_t version = auger_read_u8(&r), opcode = auger_read_u8(&r);

    *response = (struct auger_natpmp_response){.opcode = (uint8_t)(opcode & ~RESPONSE_BIT)};
    response->result = auger_read_u16(&r);
    response->epoch_s = auger_read_u32(&r);
    if (r.failed || version != VERSION || (opcode & RESPONSE_BIT) == 0)
        return AUGER_ERR_MALFORMED;
    if (response->opcode > AUGER_NATPMP_TCP)
        return AUGER_ERR_UNSUPPORTED;
    if (response->opcode == AUGER_NATPMP_ADDRESS && response->result == AUGER_NATPMP_SUCCESS)
        read_address(&r, &response->external);
    else if (response->opcode != AUGER_NATPMP_ADDRESS)
        read_map(&r, response->opcode, &response->map);
    return r.failed ? AUGER_ERR_MALFORMED : 0;
}
