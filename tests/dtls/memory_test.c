/* What an association takes of the heap: at its creation, and because a stranger wants
 * it to. */
#include "tests/dtls/pair.h"
#include "tests/dtls/records.h"

/* --- the heap of OpenSSL ---------------------------------------------------------------- */

static size_t heap_bytes;
/* How many more blocks there will be, but for one that fails: fewer than 0 is no end. */
static long heap_left = -1;
static bool heap_failed;

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
    if (heap_left >= 0 && heap_left-- == 0) {
        heap_failed = true;
        return NULL;
    }
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
    if (heap_left >= 0 && heap_left-- == 0) {
        heap_failed = true;
        return NULL;
    }
    return count_in(realloc(count_out(ptr), size + 16), size);
}

/* --- what a stranger can make it take ------------------------------------------------------ */

#define STRANGER_MAX (64 * 1024)

/* One byte of each message there could be, which is said to be so long. */
static void announce(struct pair *pair, int who, uint8_t first, uint8_t others, uint32_t len)
{
    uint8_t buf[RAW_DATAGRAM_MAX];

    for (uint16_t seq = 0; seq < 16; seq++) {
        struct message message = {.type = seq == 1 ? first : others,
                                  .len = seq == 1 && first == CERTIFICATE ? 16384 : len,
                                  .seq = seq,
                                  .offset = 7,
                                  .fragment = 1};
        deliver(pair, who, buf, make_message(buf, sizeof(buf), message));
    }
}

static void announce_certificates(struct pair *pair, int who)
{
    announce(pair, who, CERTIFICATE, CERTIFICATE, 16384);
}

static uint8_t signature_to(int who)
{
    return who == CLIENT ? SERVER_KEY_EXCHANGE : CERTIFICATE_VERIFY;
}

static void announce_long_signatures(struct pair *pair, int who)
{
    announce(pair, who, signature_to(who), signature_to(who), 16384);
}

static void announce_what_passes(struct pair *pair, int who)
{
    announce(pair, who, CERTIFICATE, signature_to(who), 4096);
}

static void announce_a_hello(struct pair *pair, int who)
{
    announce(pair, who, CERTIFICATE, who == CLIENT ? SERVER_HELLO : CLIENT_HELLO, 4096);
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
    void (*const attacks[])(struct pair *, int) = {announce_certificates,
                                                   announce_long_signatures,
                                                   announce_what_passes,
                                                   announce_a_hello,
                                                   scatter,
                                                   seal_junk};

    size_t most = 0;

    for (size_t i = 0; i < ARRAY_LEN(attacks); i++)
        for (int who = CLIENT; who <= SERVER; who++)
            for (int leg = 0; leg < 5; leg++) {
                struct pair *pair = pair_under_way(leg * DELAY + DELAY / 2);
                size_t before = heap_bytes;
                attacks[i](pair, who);
                size_t taken = heap_bytes > before ? heap_bytes - before : 0;
                most = taken > most ? taken : most;
                if (taken > STRANGER_MAX)
                    fail_msg("attack %zu, %d, after %d legs: %zu bytes", i, who, leg, taken);
                pair_free(pair);
            }
    assert_true(most > 16384); /* they do reach what they are meant to fill */
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

/* OpenSSL's allocations: each of the first, which set it up, and then in steps. */
static void test_each_allocation_of_openssl_may_fail(void **state)
{
    (void)state;
    struct pair *pair = NULL;
    size_t before, failures = 0;

    (void)certificate_of(CLIENT), (void)certificate_of(SERVER);
    pair = pair_of_ours(NULL); /* what is made once is made */
    start_both(pair);
    run_for(pair, AUGER_SEC);
    pair_free(pair);
    before = heap_bytes;
    heap_failed = true;
    for (long n = 0; heap_failed; n += n < 300 ? 1 : 17, failures++) {
        heap_failed = false;
        pair = pair_of_ours(NULL);
        heap_left = n;
        for (int who = CLIENT; who <= SERVER; who++) {
            struct auger_fingerprint fingerprint = fingerprint_of(!who);
            know(pair, who, &fingerprint);
            int err = auger_dtls_start(pair->ends[who].dtls, pair->now,
                                       who == CLIENT ? AUGER_DTLS_CLIENT : AUGER_DTLS_SERVER);
            assert_true(err == 0 || err == AUGER_ERR_CRYPTO);
        }
        run_for(pair, AUGER_SEC);
        heap_left = -1;
        pair_free(pair);
        if (heap_bytes > before + 1024) /* what is made once a process, at most */
            fail_msg("the %ldth: %zu bytes lost", n, heap_bytes - before);
    }
    assert_true(failures > 400);
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
        cmocka_unit_test(test_each_allocation_of_openssl_may_fail),
        cmocka_unit_test(test_a_datagram_that_cannot_be_kept_is_lost),
    };
    if (CRYPTO_set_mem_functions(heap_alloc, heap_realloc, heap_free) != 1)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
