/* tests/mux/stage.h - a mux whose memory is counted, and what may be sent to it. */
#ifndef TESTS_MUX_STAGE_H
#define TESTS_MUX_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/mux.h>
#include <auger/stun.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stage {
    struct auger_env env;
    uint64_t random;
    size_t blocks, allocations, fail_at; /* fail_at: 0 is never */
    struct auger_mux *mux;
    auger_time now;
};

static inline int stage_random(void *user, uint8_t *buf, size_t len)
{
    struct stage *stage = user;
    for (size_t i = 0; i < len; i++) {
        stage->random ^= stage->random << 13;
        stage->random ^= stage->random >> 7;
        stage->random ^= stage->random << 17;
        buf[i] = (uint8_t)(stage->random >> 24);
    }
    return 0;
}

static inline void *stage_alloc(void *user, size_t size)
{
    struct stage *stage = user;
    if (++stage->allocations == stage->fail_at)
        return NULL;
    void *block = calloc(1, size);
    stage->blocks += block != NULL;
    return block;
}

static inline void stage_release(void *user, void *ptr)
{
    struct stage *stage = user;
    stage->blocks--;
    free(ptr);
}

static inline struct stage *stage_new(const struct auger_mux_config *config)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    assert_non_null(stage);
    stage->random = 88172645463325252u;
    stage->env = (struct auger_env){stage, stage_random, stage_alloc, stage_release, NULL};
    stage->now = 1000 * AUGER_SEC;
    assert_int_equal(auger_mux_new(&stage->mux, &stage->env, config), 0);
    return stage;
}

/* Nothing may be left behind. */
static inline void stage_free(struct stage *stage)
{
    auger_mux_free(stage->mux);
    assert_int_equal(stage->blocks, 0);
    free(stage);
}

static inline struct auger_addr addr_of(const char *text)
{
    struct auger_addr addr;
    assert_int_equal(auger_addr_parse(&addr, text), 0);
    return addr;
}

/* From `remote` to the one port of ours. */
static inline struct auger_path path_from(const char *remote)
{
    return (struct auger_path){addr_of("192.0.2.1:3000"), addr_of(remote)};
}

/* A session that `ufrag` leads to, which is its user pointer too. */
static inline struct auger_mux_session *add_named(struct stage *stage, const char *ufrag)
{
    struct auger_mux_session *session;
    assert_int_equal(auger_mux_add(stage->mux, (void *)(uintptr_t)ufrag, &session), 0);
    assert_int_equal(auger_mux_set_names(stage->mux, session, &ufrag, 1), 0);
    return session;
}

/* A check as any stranger can write it: no password is in it. */
static inline size_t write_check(const char *username, uint8_t *buf, size_t cap)
{
    const struct auger_stun_tid tid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, cap, AUGER_STUN_REQUEST, AUGER_STUN_BINDING, &tid);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERNAME, username, strlen(username));
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    return (size_t)len;
}

static inline struct auger_mux_session *find_check(struct stage *stage, const char *username,
                                                   const char *from)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len = write_check(username, buf, sizeof(buf));
    const struct auger_path path = path_from(from);

    return auger_mux_find(stage->mux, stage->now, &path, buf, len);
}

static inline struct auger_mux_session *find_answer(struct stage *stage, uint32_t tag,
                                                    const char *from)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_stun_tid tid = {{(uint8_t)(tag >> 24), (uint8_t)(tag >> 16), (uint8_t)(tag >> 8),
                                  (uint8_t)tag, 9, 9, 9, 9, 9, 9, 9, 9}};
    const struct auger_path path = path_from(from);
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_SUCCESS, AUGER_STUN_BINDING, &tid);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    return auger_mux_find(stage->mux, stage->now, &path, buf, (size_t)len);
}

/* A record of DTLS, as far as a mux looks. */
static inline struct auger_mux_session *find_data(struct stage *stage, const char *from)
{
    static const uint8_t record[] = {22, 254, 253, 0, 0};
    const struct auger_path path = path_from(from);

    return auger_mux_find(stage->mux, stage->now, &path, record, sizeof(record));
}

static inline struct auger_mux_counters counters(const struct stage *stage)
{
    struct auger_mux_counters counters;
    auger_mux_get_counters(stage->mux, &counters);
    return counters;
}

#endif /* TESTS_MUX_STAGE_H */
