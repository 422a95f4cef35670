/* portmap/pcp.c - the messages of PCP, RFC 6887: MAP and ANNOUNCE, without options. */
#include "portmap/pcp.h"

#include "base/bytes.h"

#define RESPONSE_BIT 0x80
#define HEADER_LEN 24
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

static const uint8_t mapped_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

/* IPv4 in the form of IPv6 (5). */
static void write_ip(struct auger_writer *w, const struct auger_addr *addr)
{
    if (addr->family == AUGER_IPV4) {
        auger_write_bytes(w, mapped_prefix, sizeof(mapped_prefix));
        auger_write_bytes(w, addr->ip, 4);
    } else {
        auger_write_bytes(w, addr->ip, 16);
    }
}

static void read_ip(struct auger_reader *r, struct auger_addr *addr)
{
    const uint8_t *ip = auger_read_bytes(r, 16);

    if (!ip)
        return;
    if (memcmp(ip, mapped_prefix, sizeof(mapped_prefix)) == 0) {
        addr->family = AUGER_IPV4;
        memcpy(addr->ip, ip + 12, 4);
    } else {
        addr->family = AUGER_IPV6;
        memcpy(addr->ip, ip, 16);
    }
}

/* No preference is "all zeros" of the family that is asked for (11.1). */
static struct auger_addr suggestion(const struct auger_addr *client,
                                    const struct auger_pcp_map *map)
{
    struct auger_addr any = {.family = client->family};

    return map->external.family == AUGER_FAMILY_NONE ? any : map->external;
}

size_t auger_pcp_write_map(const struct auger_addr *client, uint32_t lifetime_s,
                           const struct auger_pcp_map *map, uint8_t *buf, size_t cap)
{
    const struct auger_addr external = suggestion(client, map);
    struct auger_writer w = auger_writer(buf, cap);

    auger_write_u8(&w, AUGER_PCP_VERSION); /* 7.1 */
    auger_write_u8(&w, AUGER_PCP_MAP);
    auger_write_u16(&w, 0);
    auger_write_u32(&w, lifetime_s);
    write_ip(&w, client);
    auger_write_bytes(&w, map->nonce, sizeof(map->nonce)); /* 11.1 */
    auger_write_u8(&w, map->transport == AUGER_TCP ? PROTOCOL_TCP : PROTOCOL_UDP);
    auger_write_u24(&w, 0);
    auger_write_u16(&w, map->internal_port);
    auger_write_u16(&w, external.port);
    write_ip(&w, &external);
    return w.failed ? 0 : w.len;
}

static int read_map(struct auger_reader *r, struct auger_pcp_map *map)
{
    const uint8_t *nonce = auger_read_bytes(r, sizeof(map->nonce));
    uint8_t protocol = auger_read_u8(r);

    auger_read_u24(r);
    map->internal_port = auger_read_u16(r);
    map->external.port = auger_read_u16(r);
    read_ip(r, &map->external);
    if (r->failed)
        return AUGER_ERR_MALFORMED;
    if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP)
        return AUGER_ERR_UNSUPPORTED;
    memcpy(map->nonce, nonce, sizeof(map->nonce));
    map->transport = protocol == PROTOCOL_TCP ? AUGER_TCP : AUGER_UDP;
    map->external.transport = map->transport;
    return 0;
}

/* RFC 6886 section 3.5 draws it without the bit that makes it an answer. */
static bool is_of_natpmp(const struct auger_pcp_response *response)
{
    return response->version == 0 && response->result == AUGER_PCP_UNSUPP_VERSION;
}

/* 8.3, in its order.  One of NAT-PMP that says the same is eight bytes long, and has no lifetime.
 */
int auger_pcp_read(struct auger_pcp_response *response, const uint8_t *buf, size_t len)
{
    struct auger_reader r = auger_reader(buf, len);
    uint8_t opcode;

    *response = (struct auger_pcp_response){.version = auger_read_u8(&r)};
    opcode = auger_read_u8(&r);
    auger_read_u8(&r);
    response->result = auger_read_u8(&r);
    if (r.failed || ((opcode & RESPONSE_BIT) == 0 && !is_of_natpmp(response)))
        return AUGER_ERR_MALFORMED;
    response->opcode = (uint8_t)(opcode & ~RESPONSE_BIT);
    if (response->result == AUGER_PCP_UNSUPP_VERSION) {
        if (response->version != 0)
            response->lifetime_s = auger_read_u32(&r); /* 0 where it is too short */
        return 0;
    }
    if (len < HEADER_LEN || len > AUGER_PCP_MESSAGE_MAX || len % 4 != 0 ||
        response->version != AUGER_PCP_VERSION)
        return AUGER_ERR_MALFORMED;
    response->lifetime_s = auger_read_u32(&r);
    response->epoch_s = auger_read_u32(&r);
    auger_read_bytes(&r, 12);
    if (response->opcode == AUGER_PCP_MAP)
        return read_map(&r, &response->map);
    return response->opcode == AUGER_PCP_ANNOUNCE ? 0 : AUGER_ERR_UNSUPPORTED;
}
