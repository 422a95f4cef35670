/* What an association takes of the heap: at its creation, and because a stranger wants
 * it to. */
#include "tests/dtls/pair.h"
#include "tests/dtls/records.h"

/* --- the heap of OpenSSL ---------------------------------------------------------------- */

static size_t heap_bytes;

static void *count_in(size_t *block, size_t size)
{
    if (!block)
        return NULL;
    *block = size;
    heap_bytes += size;
    return (uint8_t *)block + 16;
}

static size_t *count_out(void *ptr)
{
    size_t *block = (size_t *)(void *)((uint8_t *)ptr - 16);

    heap_bytes -= *block;
    return block;
}

static void *heap_alloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return count_in(malloc(size + 16), size);
}

static void heap_free(void *ptr, const char *file, int line)
{
    (void)file;
    (void)line;
    if (ptr)
        free(count_out(ptr));
}

static void *heap_realloc(void *ptr, size_t size, const char *file, int line)
{
    if (!ptr)
        return heap_alloc(size, file, line);
    if (size == 0) {
        heap_free(ptr, file, line);
        return NULL;
    }
    return count_in(realloc(count_out(ptr), size + 16), size);
}

/* --- what a stranger can make it take ------------------------------------------------------ */

#define STRANGER_MAX (64 * 1024)

static uint32_t len_of(uint8_t type)
{
    return type == CERTIFICATE ? 16384 : 4096;
}

/* Of every message a fragment at most, of every place and type, as long as may be. */
static void announce_much(struct pair *pair, int who, uint16_t first_seq)
{
    static const uint8_t types[] = {1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 20};
    uint8_t buf[RAW_DATAGRAM_MAX];

    for (unsigned i = 0; i < 20 * ARRAY_LEN(types); i++) {
        uint8_t type = types[i % ARRAY_LEN(types)];
        struct message message = {.type = type,
                                  .len = i % 2 ? len_of(type) : 16384,
                                  .seq = (uint16_t)(first_seq + i / ARRAY_LEN(types)),
                                  .offset = 7,
                                  .fragment = 1};
        deliver(pair, who, buf, make_message(buf, sizeof(buf), message));
    }
}

static void announce_hellos(struct pair *pair, int who)
{
    announce_much(pair, who, 0);
}

static void announce_what_comes(struct pair *pair, int who)
{
    announce_much(pair, who, 1);
}

/* Scattered pieces of a certificate that never comes whole. */
static void scatter(struct pair *pair, int who)
{
    uint8_t buf[RAW_DATAGRAM_MAX];

    for (uint32_t i = 0; i < 8000; i++) {
        struct message message = {
            .type = CERTIFICATE, .len = 16384, .seq = 1, .offset = i * 7919 % 16383, .fragment = 1};
        deliver(pair, who, buf, make_message(buf, sizeof(buf), message));
    }
}

static void seal_junk(struct pair *pair, int who)
{
    static const uint8_t junk[1500];
    uint8_t buf[RAW_DATAGRAM_MAX];

    for (unsigned i = 0; i < 500; i++) {
        struct record record = {.type = (uint8_t)(20 + i % 4),
                                .epoch = 1,
                                .seq = i,
                                .body = junk,
                                .len = i % 2 ? sizeof(junk) : 25};
        deliver(pair, who, buf, make_record(buf, sizeof(buf), record));
    }
}

/* Flights of several datagrams, `at` into the handshake. */
static struct pair *pair_under_way(auger_time at)
{
    struct auger_dtls_config config;

    auger_dtls_config_init(&config);
    config.mtu = 300;
    struct pair *pair = pair_of_ours(&config);
    start_both(pair);
    run_for(pair, at);
    return pair;
}

static void test_a_stranger_takes_64_kib_at_most(void **state)
{
    (void)state;
    void (*const attacks[])(struct pair *, int) = {announce_hellos, announce_what_comes, scatter,
                                                   seal_junk};

    for (size_t i = 0; i < ARRAY_LEN(attacks); i++)
        for (int who = CLIENT; who <= SERVER; who++)
            for (int leg = 0; leg < 5; leg++) {
                struct pair *pair = pair_under_way(leg * DELAY + DELAY / 2);
                size_t before = heap_bytes;
                attacks[i](pair, who);
                if (heap_bytes > before + STRANGER_MAX)
                    fail_msg("attack %zu, %d, after %d legs: %zu bytes", i, who, leg,
                             heap_bytes - before);
                pair_free(pair);
            }
}

static void test_sealed_junk_harms_no_handshake(void **state)
{
    (void)state;

    for (int who = CLIENT; who <= SERVER; who++)
        for (int leg = 0; leg < 5; leg++) {
            struct pair *pair = pair_under_way(leg * DELAY + DELAY / 2);
            seal_junk(pair, who);
            run_for(pair, 5 * AUGER_SEC);
            assert_talk(pair);
            pair_free(pair);
        }
}

/* --- no memory ------------------------------------------------------------------------------ */

/* Makes a certificate and two ends, and lets them meet as far as memory goes; true if
 * it went all the way. */
static bool live(void)
{
    struct auger_certificate *certificate;
    struct auger_dtls_config config;
    struct auger_fingerprint fingerprint = {.hash = "sha-256", .len = 32};
    struct auger_dtls *dtls = NULL;
    bool done = false;

    int err = auger_certificate_new(&certificate, &test_env);
    if (err < 0)
        return assert_int_equal(err, AUGER_ERR_NO_MEMORY), false;
    auger_dtls_config_init(&config);
    config.certificate = certificate;
    err = auger_dtls_new(&dtls, &test_env, &config);
    auger_certificate_free(certificate); /* the association has its own reference */
    if (err == 0)
        err = auger_dtls_set_remote_fingerprints(dtls, START, &fingerprint, 1);
    if (err == 0) {
        err = auger_dtls_start(dtls, START, AUGER_DTLS_CLIENT);
        done = err == 0;
        assert_int_equal(auger_dtls_get_state(dtls), done ? AUGER_DTLS_CONNECTING : AUGER_DTLS_NEW);
    }
    if (err < 0)
        assert_int_equal(err, AUGER_ERR_NO_MEMORY);
    auger_dtls_free(dtls);
    return done;
}

static void test_each_allocation_may_fail(void **state)
{
    (void)state;
    long before = allocated, n = 0;

    for (bool done = false; !done; n++) {
        allocations_left = n;
        done = live();
        allocations_left = -1;
        assert_int_equal(allocated, before);
    }
    assert_int_equal(n, 4); /* the certificate, the association, its backend */
}

/* What cannot be kept is lost, as on a wire. */
static void test_a_datagram_that_cannot_be_kept_is_lost(void **state)
{
    (void)state;
    struct pair *pair = pair_of_ours(NULL);

    introduce(pair, CLIENT);
    start(pair, CLIENT);
    start(pair, SERVER);
    run_for(pair, DELAY - 1);
    allocations_left = 0;
    run_for(pair, 2);
    allocations_left = -1;
    introduce(pair, SERVER);
    run_for(pair, AUGER_SEC);
    assert_talk(pair);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stranger_takes_64_kib_at_most),
        cmocka_unit_test(test_sealed_junk_harms_no_handshake),
        cmocka_unit_test(test_each_allocation_may_fail),
        cmocka_unit_test(test_a_datagram_that_cannot_be_kept_is_lost),
    };
    if (CRYPTO_set_mem_functions(heap_alloc, heap_realloc, heap_free) != 1)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
