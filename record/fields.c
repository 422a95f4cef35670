/* record/fields.c */
#include "record/fields.h"

void auger_replay_fails(struct auger_replay *r, int err, const char *what)
{
    if (r->err != 0)
        return;
    r->err = err;
    r->result->what = what;
    r->result->offset = (size_t)(r->in.at - r->start);
}

void auger_replay_parts(struct auger_replay *r, const char *what)
{
    auger_replay_fails(r, AUGER_ERR_STATE, what);
}

void auger_replay_is_malformed(struct auger_replay *r, const char *what)
{
    auger_replay_fails(r, AUGER_ERR_MALFORMED, what);
}

uint64_t auger_field_uint(struct auger_replay *r)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = auger_read_u8(&r->in);
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return value;
    }
    auger_replay_is_malformed(r, "a number without end");
    return 0;
}

int64_t auger_field_int(struct auger_replay *r)
{
    uint64_t value = auger_field_uint(r);
    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

uint64_t auger_field_at_most(struct auger_replay *r, uint64_t max, const char *what)
{
    uint64_t value = auger_field_uint(r);

    if (value <= max)
        return value;
    auger_replay_is_malformed(r, what);
    return 0;
}

bool auger_field_bool(struct auger_replay *r)
{
    return auger_read_u8(&r->in) != 0;
}

struct auger_bytes auger_field_blob(struct auger_replay *r, size_t max)
{
    size_t len = (size_t)auger_field_at_most(r, max, "more bytes than there can be");
    return (struct auger_bytes){auger_read_bytes(&r->in, len), len};
}

void auger_field_text(struct auger_replay *r, char *text, size_t cap)
{
    struct auger_bytes bytes = auger_field_blob(r, cap - 1);

    if (bytes.data)
        memcpy(text, bytes.data, bytes.len);
    text[bytes.data ? bytes.len : 0] = '\0';
}

struct auger_addr auger_field_addr(struct auger_replay *r)
{
    struct auger_addr addr = {.family = auger_read_u8(&r->in),
                              .transport = auger_read_u8(&r->in),
                              .port = auger_read_u16(&r->in)};

    addr.scope = (uint32_t)auger_field_at_most(r, UINT32_MAX, "a scope that cannot be");
    const uint8_t *ip = auger_read_bytes(&r->in, sizeof(addr.ip));
    if (ip)
        memcpy(addr.ip, ip, sizeof(addr.ip));
    if ((addr.family != AUGER_FAMILY_NONE && addr.family != AUGER_IPV4 &&
         addr.family != AUGER_IPV6) ||
        addr.transport > AUGER_TCP)
        auger_replay_is_malformed(r, "an address of no family");
    return addr;
}

struct auger_path auger_field_path(struct auger_replay *r)
{
    struct auger_path path;

    path.local = auger_field_addr(r);
    path.remote = auger_field_addr(r);
    return path;
}

auger_time auger_field_now(struct auger_replay *r)
{
    int64_t step = auger_field_int(r);

    if (step < 0 || r->now > AUGER_NEVER - 1 - step)
        auger_replay_is_malformed(r, "time that goes back");
    else
        r->now += step;
    if (r->result->calls == 1)
        r->result->first = r->now;
    r->result->last = r->now;
    return r->now;
}
