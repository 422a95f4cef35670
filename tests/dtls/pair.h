/* tests/dtls/pair.h - two ends of an association on a wire with delay, in virtual
 * time: ours against ours, or against a raw one (raw.h).  libssl's clock is replaced in
 * the test's program; its random bytes are its own. */
#ifndef TESTS_DTLS_PAIR_H
#define TESTS_DTLS_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/dtls/raw.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define START AUGER_SEC
#define DELAY (20 * AUGER_MS)

enum { CLIENT, SERVER };

struct end {
    struct auger_dtls *dtls; /* one of the two */
    struct raw *raw;
    struct auger_dtls_event events[4];
    size_t events_len;
    auger_time up_at;
    uint8_t data[4096]; /* all that its application got */
    size_t data_len, pieces;
    size_t sent; /* datagrams */
};

struct datagram {
    struct datagram *next;
    auger_time at;
    int to;
    size_t len;
    uint8_t bytes[RAW_DATAGRAM_MAX];
};

struct pair {
    auger_time now;
    struct end ends[2];
    struct datagram *wire; /* in order of arrival */
    /* What becomes of a datagram; NULL: it arrives after DELAY. */
    void (*carry)(struct pair *pair, int from, const uint8_t *buf, size_t len);
    /* Before a datagram arrives; NULL: nothing. */
    void (*before)(struct pair *pair, int to);
    void *user; /* of the two */
};

/* --- the world that libssl sees ------------------------------------------------------- */

static struct pair *current;

AUGER_API int gettimeofday(struct timeval *restrict tv, void *restrict tz);
int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    auger_time now = current ? current->now : 0;

    (void)tz;
    tv->tv_sec = (time_t)(1700000000 + now / AUGER_SEC);
    tv->tv_usec = (suseconds_t)(now % AUGER_SEC / AUGER_US);
    return 0;
}

static inline uint64_t next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* --- the environment -------------------------------------------------------------------- */

/* Blocks that are out, and how many more there will be: fewer than 0 is no end. */
static long allocated, allocations_left = -1;

static inline int env_random(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    return RAND_bytes(buf, (int)len) == 1 ? 0 : AUGER_ERR_ENTROPY;
}

static inline void *env_alloc(void *user, size_t size)
{
    (void)user;
    if (allocations_left == 0)
        return NULL;
    allocations_left -= allocations_left > 0;
    allocated++;
    return calloc(1, size ? size : 1);
}

static inline void env_release(void *user, void *ptr)
{
    (void)user;
    allocated--;
    free(ptr);
}

static const struct auger_env test_env = {
    .random = env_random, .alloc = env_alloc, .release = env_release};

/* Made once: a key costs more than a handshake. */
static inline struct auger_certificate *certificate_of(int end)
{
    static struct auger_certificate *certificates[2];

    if (!certificates[end])
        assert_int_equal(auger_certificate_new(&certificates[end], &test_env), 0);
    return certificates[end];
}

static inline struct auger_fingerprint fingerprint_of(int end)
{
    const char *text = auger_certificate_fingerprint(certificate_of(end));
    struct auger_fingerprint fingerprint;

    assert_int_equal(auger_fingerprint_parse(&fingerprint, text, strlen(text)), 0);
    return fingerprint;
}

/* --- the wire ----------------------------------------------------------------------------- */

static inline void put_on_wire(struct pair *pair, int to, auger_time delay, const uint8_t *buf,
                               size_t len)
{
    struct datagram **at = &pair->wire, *datagram = calloc(1, sizeof(*datagram));

    assert_true(len <= sizeof(datagram->bytes));
    datagram->at = pair->now + delay;
    datagram->to = to;
    datagram->len = len;
    memcpy(datagram->bytes, buf, len);
    while (*at && (*at)->at <= datagram->at)
        at = &(*at)->next;
    datagram->next = *at;
    *at = datagram;
}

static inline void send_from(struct pair *pair, int from, const uint8_t *buf, size_t len)
{
    pair->ends[from].sent++;
    if (pair->carry)
        pair->carry(pair, from, buf, len);
    else
        put_on_wire(pair, !from, DELAY, buf, len);
}

static inline void read_data(struct pair *pair, struct end *end)
{
    struct auger_bytes data;

    while (auger_dtls_read(end->dtls, pair->now, &data)) {
        assert_true(data.len <= sizeof(end->data) - end->data_len);
        memcpy(end->data + end->data_len, data.data, data.len);
        end->data_len += data.len;
        end->pieces++;
    }
}

/* Hands a datagram in, as if it had come from the wire. */
static inline void deliver(struct pair *pair, int to, const uint8_t *buf, size_t len)
{
    struct end *end = &pair->ends[to];

    if (end->raw) {
        raw_handle_datagram(end->raw, buf, len);
        return;
    }
    uint8_t *exact = malloc(len ? len : 1); /* for the sanitizer to see its end */
    memcpy(exact, buf, len);
    auger_dtls_handle_datagram(end->dtls, pair->now, exact, len);
    free(exact);
    read_data(pair, end);
}

/* --- time ------------------------------------------------------------------------------------ */

static inline bool deliver_due(struct pair *pair)
{
    bool any = false;

    while (pair->wire && pair->wire->at <= pair->now) {
        struct datagram *datagram = pair->wire;
        pair->wire = datagram->next;
        if (pair->before)
            pair->before(pair, datagram->to);
        deliver(pair, datagram->to, datagram->bytes, datagram->len);
        free(datagram);
        any = true;
    }
    return any;
}

static inline size_t poll_transmit(struct pair *pair, int who, uint8_t *buf)
{
    struct end *end = &pair->ends[who];

    return end->raw ? raw_poll_transmit(end->raw, buf)
                    : auger_dtls_poll_transmit(end->dtls, pair->now, buf, RAW_DATAGRAM_MAX);
}

static inline void keep_events(struct pair *pair, struct end *end)
{
    struct auger_dtls_event event;

    while (end->dtls && auger_dtls_poll_event(end->dtls, &event)) {
        assert_true(end->events_len < ARRAY_LEN(end->events));
        end->events[end->events_len++] = event;
        if (event.type == AUGER_DTLS_EVENT_CONNECTED)
            end->up_at = pair->now;
    }
    if (end->raw && end->raw->is_up && !end->up_at)
        end->up_at = pair->now;
}

static inline auger_time next_timeout(const struct pair *pair, int who)
{
    const struct end *end = &pair->ends[who];

    return end->raw ? raw_next_timeout(end->raw, pair->now) : auger_dtls_next_timeout(end->dtls);
}

static inline bool turn_verbs(struct pair *pair, int who)
{
    struct end *end = &pair->ends[who];
    uint8_t buf[RAW_DATAGRAM_MAX];
    bool any = false;
    size_t len;

    if (next_timeout(pair, who) <= pair->now) {
        if (end->raw)
            raw_handle_timeout(end->raw);
        else
            auger_dtls_handle_timeout(end->dtls, pair->now);
        any = next_timeout(pair, who) > pair->now;
    }
    while ((len = poll_transmit(pair, who, buf)) > 0) {
        send_from(pair, who, buf, len);
        any = true;
    }
    keep_events(pair, end);
    return any;
}

/* All that happens without time passing. */
static inline void settle(struct pair *pair)
{
    int rounds = 0;
    bool any;

    do {
        any = deliver_due(pair);
        any |= turn_verbs(pair, CLIENT);
        any |= turn_verbs(pair, SERVER);
        if (++rounds > 1000)
            fail_msg("no end at %lld ns", (long long)pair->now);
    } while (any);
}

static inline auger_time next_time(const struct pair *pair)
{
    auger_time next = pair->wire ? pair->wire->at : AUGER_NEVER;

    for (int who = CLIENT; who <= SERVER; who++)
        if (next_timeout(pair, who) < next)
            next = next_timeout(pair, who);
    return next;
}

static inline void run_for(struct pair *pair, auger_time duration)
{
    auger_time until = pair->now + duration;

    for (;;) {
        settle(pair);
        auger_time next = next_time(pair);
        if (next <= pair->now)
            next = pair->now + AUGER_US; /* libssl counts in microseconds */
        if (next > until)
            break;
        pair->now = next;
    }
    pair->now = until;
    settle(pair);
}

/* --- a pair ------------------------------------------------------------------------------------
 */

static inline struct pair *pair_new(void)
{
    struct pair *pair = calloc(1, sizeof(*pair));

    current = pair;
    pair->now = START;
    return pair;
}

static inline void make_end(struct pair *pair, int who, const struct auger_dtls_config *config)
{
    struct auger_dtls_config defaults;

    auger_dtls_config_init(&defaults);
    if (config)
        defaults = *config;
    defaults.certificate = certificate_of(who);
    assert_int_equal(auger_dtls_new(&pair->ends[who].dtls, &test_env, &defaults), 0);
}

static inline void make_raw(struct pair *pair, int who, const struct raw_options *options)
{
    pair->ends[who].raw = raw_new(who == CLIENT ? AUGER_DTLS_CLIENT : AUGER_DTLS_SERVER, options);
}

static inline void know(struct pair *pair, int who, const struct auger_fingerprint *fingerprint)
{
    assert_int_equal(
        auger_dtls_set_remote_fingerprints(pair->ends[who].dtls, pair->now, fingerprint, 1), 0);
}

/* Tells one of ours the other's fingerprint. */
static inline void introduce(struct pair *pair, int who)
{
    const struct end *other = &pair->ends[!who];
    struct auger_fingerprint fingerprint =
        other->raw ? raw_fingerprint(other->raw, "sha-256") : fingerprint_of(!who);

    know(pair, who, &fingerprint);
}

static inline void start(struct pair *pair, int who)
{
    struct end *end = &pair->ends[who];

    if (end->raw)
        raw_advance(end->raw);
    else
        assert_int_equal(auger_dtls_start(end->dtls, pair->now,
                                          who == CLIENT ? AUGER_DTLS_CLIENT : AUGER_DTLS_SERVER),
                         0);
}

static inline void start_both(struct pair *pair)
{
    for (int who = CLIENT; who <= SERVER; who++) {
        if (pair->ends[who].dtls)
            introduce(pair, who);
        start(pair, who);
    }
}

/* Two of ours, not started. */
static inline struct pair *pair_of_ours(const struct auger_dtls_config *config)
{
    struct pair *pair = pair_new();

    make_end(pair, CLIENT, config);
    make_end(pair, SERVER, config);
    return pair;
}

/* `who` is ours, the other one is raw; not started. */
static inline struct pair *pair_with_raw(int who, const struct raw_options *options)
{
    struct pair *pair = pair_new();

    make_end(pair, who, NULL);
    make_raw(pair, !who, options);
    return pair;
}

static inline void drop_wire(struct pair *pair)
{
    while (pair->wire) {
        struct datagram *next = pair->wire->next;
        free(pair->wire);
        pair->wire = next;
    }
}

static inline void pair_free(struct pair *pair)
{
    for (int who = CLIENT; who <= SERVER; who++) {
        auger_dtls_free(pair->ends[who].dtls);
        raw_free(pair->ends[who].raw);
    }
    drop_wire(pair);
    free(pair);
    current = NULL;
}

/* --- what is asked of it
 * -------------------------------------------------------------------------- */

static inline bool is_up(const struct pair *pair, int who)
{
    const struct end *end = &pair->ends[who];

    return end->raw ? end->raw->is_up : auger_dtls_get_state(end->dtls) == AUGER_DTLS_CONNECTED;
}

static inline bool both_up(const struct pair *pair)
{
    return is_up(pair, CLIENT) && is_up(pair, SERVER);
}

/* `who` failed so, once, and its application got nothing. */
static inline void assert_failed(const struct pair *pair, int who, enum auger_dtls_failure failure)
{
    const struct end *end = &pair->ends[who];

    assert_int_equal(auger_dtls_get_state(end->dtls), AUGER_DTLS_FAILED);
    assert_int_equal(end->events_len, 1);
    assert_int_equal(end->events[0].type, AUGER_DTLS_EVENT_FAILED);
    assert_string_equal(auger_dtls_failure_text(end->events[0].failure),
                        auger_dtls_failure_text(failure));
    assert_int_equal(end->data_len, 0);
}

static inline void send_text(struct pair *pair, int who, const char *text)
{
    struct end *end = &pair->ends[who];
    uint8_t buf[AUGER_DATAGRAM_MAX];

    if (end->raw) {
        assert_int_equal(SSL_write(end->raw->ssl, text, (int)strlen(text)), strlen(text));
        return;
    }
    int len = auger_dtls_write_data(end->dtls, pair->now, (const uint8_t *)text, strlen(text), buf,
                                    sizeof(buf));
    assert_true(len > 0);
    send_from(pair, who, buf, (size_t)len);
}

static inline void assert_got(const struct pair *pair, int who, const char *text)
{
    const struct end *end = &pair->ends[who];
    const uint8_t *data = end->raw ? end->raw->data : end->data;

    assert_int_equal(end->raw ? end->raw->data_len : end->data_len, strlen(text));
    assert_memory_equal(data, text, strlen(text));
}

static inline void assert_talk(struct pair *pair)
{
    assert_true(both_up(pair));
    send_text(pair, CLIENT, "from the client");
    send_text(pair, SERVER, "from the server");
    run_for(pair, AUGER_SEC);
    assert_got(pair, SERVER, "from the client");
    assert_got(pair, CLIENT, "from the server");
}

#endif /* TESTS_DTLS_PAIR_H */
