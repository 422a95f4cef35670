/* sim/peer_env.c - the environment of a simulated agent: random bytes from its own
 * stream, memory that is counted, and a trace that goes into the digest. */
#include "sim/digest.h"
#include "sim/peer.h"

#include <string.h>

static int draw(void *user, uint8_t *buf, size_t len)
{
    struct sim_peer *peer = user;

    prng_fill(peer->random, buf, len);
    if (len == sizeof(peer->options.tie_breaker) && peer->options.tie_breaker) {
        memcpy(buf, &peer->options.tie_breaker, len);
        peer->options.tie_breaker = 0;
    }
    return 0;
}

/* Each block is preceded by its size. */
static void *count_alloc(void *user, size_t size)
{
    struct sim_peer *peer = user;

    if (sim_is_block_missing(peer->sim, SIM_MEMORY_OF_AGENTS, size)) {
        SIM_TELL(peer->sim, block_missing, peer);
        return NULL;
    }
    max_align_t *block = sim_alloc(sizeof(max_align_t) + size);

    memcpy(block, &size, sizeof(size));
    peer->memory += size;
    peer->allocations++;
    if (peer->memory > peer->story.memory_peak)
        peer->story.memory_peak = peer->memory;
    return block + 1;
}

static void count_release(void *user, void *ptr)
{
    struct sim_peer *peer = user;
    max_align_t *block = (max_align_t *)ptr - 1;
    size_t size;

    memcpy(&size, block, sizeof(size));
    peer->memory -= size;
    peer->allocations--;
    free(block);
}

static void log_record(const struct sim_peer *peer, const struct auger_trace_record *record)
{
    char text[512], addr[AUGER_ADDR_TEXT_MAX];
    size_t len = 0;

    for (size_t i = 0; i < record->fields_len && len < sizeof(text); i++) {
        const struct auger_trace_field *field = &record->fields[i];
        int n = 0;
        switch (field->type) {
        case AUGER_TRACE_INT:
        case AUGER_TRACE_TIME:
            n = snprintf(text + len, sizeof(text) - len, " %s=%lld", field->key,
                         (long long)field->i);
            break;
        case AUGER_TRACE_TEXT:
            n = snprintf(text + len, sizeof(text) - len, " %s=%s", field->key, field->text);
            break;
        case AUGER_TRACE_ADDR:
            n = snprintf(text + len, sizeof(text) - len, " %s=%s", field->key,
                         field->addr ? auger_addr_format(field->addr, addr, sizeof(addr)) : "-");
            break;
        }
        len += (size_t)n;
    }
    sim_log(peer->sim, "%s %s%s", peer->name, record->name, len ? text : "");
}

static void take_record(void *user, const struct auger_trace_record *record)
{
    struct sim_peer *peer = user;
    uint64_t digest = digest_u64(peer->sim->digest, (uint64_t)record->at);

    digest = digest_bytes(digest, record->name, strlen(record->name));
    for (size_t i = 0; i < record->fields_len; i++) {
        const struct auger_trace_field *field = &record->fields[i];
        if (field->type == AUGER_TRACE_TEXT)
            digest = digest_bytes(digest, field->text, strlen(field->text));
        else if (field->type == AUGER_TRACE_ADDR && field->addr)
            digest = digest_u64(digest_bytes(digest, field->addr->ip, 16), field->addr->port);
        else
            digest = digest_u64(digest, (uint64_t)field->i);
    }
    peer->sim->digest = digest;
    if (peer->sim->options.record)
        peer->sim->options.record(peer->sim->options.user, peer, record);
    if (peer->sim->options.log)
        log_record(peer, record);
}

void sim_peer_init_env(struct sim_peer *peer)
{
    peer->env = (struct auger_env){.user = peer,
                                   .random = draw,
                                   .alloc = count_alloc,
                                   .release = count_release,
                                   .trace = take_record};
}
