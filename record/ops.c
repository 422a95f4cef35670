/* record/ops.c - digests of what an agent says: its trace, its datagrams. */
#include "record/ops.h"

static uint64_t digest_u64(uint64_t digest, uint64_t value)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    return auger_digest(digest, bytes, sizeof(bytes));
}

static uint64_t digest_text(uint64_t digest, const char *text)
{
    return text ? auger_digest(digest, text, strlen(text) + 1) : digest_u64(digest, 0);
}

static uint64_t digest_addr(uint64_t digest, const struct auger_addr *addr)
{
    digest = digest_u64(digest, (uint64_t)addr->family << 48 | (uint64_t)addr->transport << 40 |
                                    (uint64_t)addr->port);
    return auger_digest(digest_u64(digest, addr->scope), addr->ip, sizeof(addr->ip));
}

static uint64_t digest_field(uint64_t digest, const struct auger_trace_field *field)
{
    digest = digest_text(digest, field->key);
    switch (field->type) {
    case AUGER_TRACE_INT:
    case AUGER_TRACE_TIME:
        return digest_u64(digest, (uint64_t)field->i);
    case AUGER_TRACE_TEXT:
        return digest_text(digest, field->text);
    case AUGER_TRACE_ADDR:
        return field->addr ? digest_addr(digest, field->addr) : digest_u64(digest, 0);
    }
    return digest;
}

uint64_t auger_digest_record(uint64_t digest, const struct auger_trace_record *record)
{
    digest = digest_text(digest_u64(digest, (uint64_t)record->at), record->name);
    for (size_t i = 0; i < record->fields_len; i++)
        digest = digest_field(digest, &record->fields[i]);
    return digest;
}

uint32_t auger_digest_datagram(const struct auger_path *path, const uint8_t *buf, size_t len)
{
    uint64_t digest = digest_addr(AUGER_DIGEST_START, &path->local);

    digest = auger_digest(digest_addr(digest, &path->remote), buf, len);
    return (uint32_t)(digest ^ digest >> 32);
}
