/* tests/peer/pair.h - two whole peers on a wire with delay and loss, in virtual
 * time.  The clock and the random source of usrsctp and the clock of libssl are
 * replaced in the test's program, so that they follow. */
#ifndef TESTS_PEER_PAIR_H
#define TESTS_PEER_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/crypto.h>
#include <auger/peer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

enum { ALICE, BOB };

struct datagram {
    struct datagram *next;
    auger_time at;
    int to;
    struct auger_path path;
    size_t len;
    uint8_t bytes[AUGER_DATAGRAM_MAX];
};

/* What a side's application saw. */
struct record {
    int side;
    auger_time at;
    struct auger_peer_event event;
    uint8_t *bytes; /* of a message */
};

/* Another wire than that of this file: datagrams leave by it, and it hands over what arrives. */
struct way {
    void *user;
    void (*send)(void *user, int side, const struct auger_path *path, const uint8_t *bytes,
                 size_t len);
    bool (*pass)(void *user, auger_time now); /* whether anything arrived */
    auger_time (*next)(const void *user);
};

struct pair {
    auger_time now, delay;
    unsigned loss_percent;
    auger_time jitter; /* so that datagrams overtake each other; 0: none do */
    unsigned duplicate_percent, corrupt_percent;
    uint64_t wire_digest; /* of the sizes and times of all datagrams */
    bool cut;             /* nothing arrives any more */
    bool no_signalling_of_cands;
    struct auger_peer *peers[2];
    struct auger_addr addrs[2];
    struct auger_addr bobs_other; /* or none */
    auger_time slow_by;           /* what goes to or from bob's first address */
    struct datagram *wire;        /* in order of arrival */
    const struct way *way;        /* or NULL */
    struct record *records;
    size_t records_len, records_cap;
    size_t sent;
};

/* --- the world that the libraries below see ------------------------------------------ */

static struct pair *current;
static uint64_t random_state;

static inline uint64_t next_random(void) /* splitmix64 */
{
    uint64_t z = (random_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

AUGER_API void read_random(void *buf, size_t len);
void read_random(void *buf, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)buf)[i] = (uint8_t)next_random();
}

AUGER_API int gettimeofday(struct timeval *restrict tv, void *restrict tz);
int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    auger_time now = current ? current->now : 0;

    (void)tz;
    tv->tv_sec = (time_t)(1700000000 + now / AUGER_SEC);
    tv->tv_usec = (suseconds_t)(now % AUGER_SEC / AUGER_US);
    return 0;
}

static inline int env_random(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    read_random(buf, len);
    return 0;
}

static size_t allocated;

static inline void *env_alloc(void *user, size_t size)
{
    void *block = calloc(1, size ? size : 1);

    (void)user;
    allocated += block != NULL;
    return block;
}

static inline void env_release(void *user, void *ptr)
{
    (void)user;
    allocated--;
    free(ptr);
}

static inline void env_trace(void *user, const struct auger_trace_record *record)
{
    (void)user;
    if (!getenv("TRACE"))
        return;
    fprintf(stderr, "%10.3f ms %s", (double)record->at / 1e6, record->name);
    for (size_t i = 0; i < record->fields_len; i++) {
        const struct auger_trace_field *field = &record->fields[i];
        char addr[AUGER_ADDR_TEXT_MAX];
        fprintf(stderr, " %s=", field->key);
        if (field->type == AUGER_TRACE_TEXT)
            fprintf(stderr, "%s", field->text);
        else if (field->type == AUGER_TRACE_ADDR)
            fprintf(stderr, "%s", auger_addr_format(field->addr, addr, sizeof(addr)));
        else
            fprintf(stderr, "%lld", (long long)field->i);
    }
    fprintf(stderr, "\n");
}

static const struct auger_env test_env = {
    .random = env_random, .alloc = env_alloc, .release = env_release, .trace = env_trace};

/* --- the wire ------------------------------------------------------------------------- */

static inline int side_of(const struct pair *pair, const struct auger_addr *addr)
{
    for (int side = ALICE; side <= BOB; side++)
        if (auger_addr_equal(&pair->addrs[side], addr))
            return side;
    if (auger_addr_equal(&pair->bobs_other, addr))
        return BOB;
    return -1;
}

static inline void put_copy(struct pair *pair, int to, const struct auger_path *path,
                            const uint8_t *bytes, size_t len)
{
    struct datagram **at = &pair->wire, *datagram = calloc(1, sizeof(*datagram));

    datagram->at = pair->now + pair->delay;
    if (auger_addr_equal(&path->local, &pair->addrs[BOB]) ||
        auger_addr_equal(&path->remote, &pair->addrs[BOB]))
        datagram->at += pair->slow_by;
    if (pair->jitter > 0)
        datagram->at += (auger_time)(next_random() % (uint64_t)pair->jitter);
    datagram->to = to;
    datagram->path = (struct auger_path){.local = path->remote, .remote = path->local};
    datagram->len = len;
    memcpy(datagram->bytes, bytes, len);
    if (pair->corrupt_percent > 0 && next_random() % 100 < pair->corrupt_percent)
        datagram->bytes[next_random() % len] ^= (uint8_t)(1 + next_random() % 255);
    while (*at && (*at)->at <= datagram->at)
        at = &(*at)->next;
    datagram->next = *at;
    *at = datagram;
}

static inline void put_on_wire(struct pair *pair, int from, const struct auger_path *path,
                               const uint8_t *bytes, size_t len)
{
    int to = side_of(pair, &path->remote);

    pair->sent++;
    pair->wire_digest = (pair->wire_digest ^ (uint64_t)pair->now ^ len << 48) * 0x100000001B3u;
    if (pair->way) {
        if (!pair->cut)
            pair->way->send(pair->way->user, from, path, bytes, len);
        return;
    }
    if (to < 0 || pair->cut || next_random() % 100 < pair->loss_percent)
        return;
    put_copy(pair, to, path, bytes, len);
    if (pair->duplicate_percent > 0 && next_random() % 100 < pair->duplicate_percent)
        put_copy(pair, to, path, bytes, len);
}

/* --- the application ------------------------------------------------------------------- */

static inline void keep_record(struct pair *pair, int side, const struct auger_peer_event *event)
{
    if (pair->records_len == pair->records_cap) {
        pair->records_cap = pair->records_cap ? 2 * pair->records_cap : 64;
        pair->records = realloc(pair->records, pair->records_cap * sizeof(*pair->records));
    }
    struct record *record = &pair->records[pair->records_len++];
    *record = (struct record){.side = side, .at = pair->now, .event = *event};
    if (event->type == AUGER_PEER_EVENT_MESSAGE) {
        record->bytes = malloc(event->data.len + 1);
        if (event->data.len)
            memcpy(record->bytes, event->data.data, event->data.len);
        record->bytes[event->data.len] = '\0';
    }
    if (getenv("TRACE"))
        fprintf(stderr, "%10.3f ms %s event %d state %d ice %d reason %d\n",
                (double)pair->now / 1e6, side ? "bob" : "alice", event->type, event->state,
                event->ice_state, event->reason);
}

/* The first event of a type at a side; NULL when there was none. */
static inline const struct record *find_event(const struct pair *pair, int side,
                                              enum auger_peer_event_type type)
{
    for (size_t i = 0; i < pair->records_len; i++)
        if (pair->records[i].side == side && pair->records[i].event.type == type)
            return &pair->records[i];
    return NULL;
}

static inline const struct record *find_state(const struct pair *pair, int side,
                                              enum auger_peer_state state)
{
    for (size_t i = 0; i < pair->records_len; i++)
        if (pair->records[i].side == side &&
            pair->records[i].event.type == AUGER_PEER_EVENT_STATE &&
            pair->records[i].event.state == state)
            return &pair->records[i];
    return NULL;
}

static inline size_t count_events(const struct pair *pair, int side,
                                  enum auger_peer_event_type type)
{
    size_t count = 0;

    for (size_t i = 0; i < pair->records_len; i++)
        count += pair->records[i].side == side && pair->records[i].event.type == type;
    return count;
}

/* --- time ------------------------------------------------------------------------------ */

static inline bool deliver_due(struct pair *pair)
{
    bool any = pair->way && pair->way->pass(pair->way->user, pair->now);

    while (pair->wire && pair->wire->at <= pair->now) {
        struct datagram *datagram = pair->wire;
        pair->wire = datagram->next;
        if (pair->peers[datagram->to] && !pair->cut)
            auger_peer_handle_datagram(pair->peers[datagram->to], pair->now, &datagram->path,
                                       datagram->bytes, datagram->len);
        free(datagram);
        any = true;
    }
    return any;
}

static inline bool turn_verbs(struct pair *pair, int side)
{
    struct auger_peer *peer = pair->peers[side];
    struct auger_peer_event event;
    struct auger_path path;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;
    bool any = false;

    if (!peer)
        return false;
    if (auger_peer_next_timeout(peer) <= pair->now) {
        auger_peer_handle_timeout(peer, pair->now);
        any = auger_peer_next_timeout(peer) > pair->now; /* else nothing came of it */
    }
    while ((len = auger_peer_poll_transmit(peer, pair->now, &path, buf, sizeof(buf))) > 0) {
        put_on_wire(pair, side, &path, buf, len);
        any = true;
    }
    while (auger_peer_poll_event(peer, &event)) {
        keep_record(pair, side, &event);
        any = true;
    }
    return any;
}

/* Everything that happens without time passing. */
static inline void settle(struct pair *pair)
{
    int rounds = 0;
    bool any;

    do {
        any = deliver_due(pair);
        any |= turn_verbs(pair, ALICE);
        any |= turn_verbs(pair, BOB);
        if (++rounds > 100000)
            fail_msg("no end at %lld ns", (long long)pair->now);
    } while (any);
}

static inline auger_time next_time(const struct pair *pair)
{
    auger_time next = pair->wire ? pair->wire->at : AUGER_NEVER;

    if (pair->way && pair->way->next(pair->way->user) < next)
        next = pair->way->next(pair->way->user);
    for (int side = ALICE; side <= BOB; side++) {
        auger_time at = pair->peers[side] ? auger_peer_next_timeout(pair->peers[side]) : next;
        if (at < next)
            next = at;
    }
    return next;
}

/* Lets time pass until `until`. */
static inline void run_until(struct pair *pair, auger_time until)
{
    for (;;) {
        settle(pair);
        auger_time next = next_time(pair);
        if (next <= pair->now)
            next = pair->now + AUGER_US; /* a deadline that did not move */
        if (next > until)
            break;
        pair->now = next;
    }
    pair->now = until;
    settle(pair);
}

static inline void run_for(struct pair *pair, auger_time duration)
{
    run_until(pair, pair->now + duration);
}

/* --- a pair ------------------------------------------------------------------------------ */

static inline uint64_t test_seed(void)
{
    const char *given = getenv("TEST_SEED");

    return given ? strtoull(given, NULL, 0) : 1;
}

static inline void make_peer(struct pair *pair, int side, const struct auger_peer_config *config)
{
    assert_int_equal(auger_peer_new(&pair->peers[side], &test_env, config), 0);
    assert_int_equal(auger_peer_add_local_addr(pair->peers[side], pair->now, &pair->addrs[side]),
                     0);
    auger_peer_end_of_local_addrs(pair->peers[side], pair->now);
}

/* Without peers. */
static inline struct pair *pair_begin(auger_time delay)
{
    struct pair *pair = calloc(1, sizeof(*pair));

    random_state = test_seed();
    current = pair;
    pair->now = AUGER_SEC;
    pair->delay = delay;
    return pair;
}

/* Its peers; NULL configs are the defaults. */
static inline void pair_settle_on_wire(struct pair *pair, const struct auger_peer_config *alice,
                                       const struct auger_peer_config *bob)
{
    assert_int_equal(auger_addr_parse(&pair->addrs[ALICE], "192.0.2.1:5001"), 0);
    assert_int_equal(auger_addr_parse(&pair->addrs[BOB], "192.0.2.2:5002"), 0);
    make_peer(pair, ALICE, alice);
    make_peer(pair, BOB, bob);
}

static inline struct pair *pair_new(auger_time delay, const struct auger_peer_config *alice,
                                    const struct auger_peer_config *bob)
{
    struct pair *pair = pair_begin(delay);

    pair_settle_on_wire(pair, alice, bob);
    return pair;
}

static inline void pair_free(struct pair *pair)
{
    auger_peer_free(pair->peers[ALICE]);
    auger_peer_free(pair->peers[BOB]);
    while (pair->wire) {
        struct datagram *next = pair->wire->next;
        free(pair->wire);
        pair->wire = next;
    }
    for (size_t i = 0; i < pair->records_len; i++)
        free(pair->records[i].bytes);
    free(pair->records);
    free(pair);
    current = NULL;
}

#define SDP_SIZE 8192

static inline void offer_of(struct pair *pair, int side, char sdp[SDP_SIZE])
{
    int len = auger_peer_create_offer(pair->peers[side], pair->now, sdp, SDP_SIZE);

    if (len < 0)
        fail_msg("no offer: %s", auger_strerror(len));
    assert_int_equal(len, strlen(sdp));
}

static inline void answer_of(struct pair *pair, int side, char sdp[SDP_SIZE])
{
    int len = auger_peer_create_answer(pair->peers[side], pair->now, sdp, SDP_SIZE);

    if (len < 0)
        fail_msg("no answer: %s", auger_strerror(len));
    assert_int_equal(len, strlen(sdp));
}

static inline int set_remote(struct pair *pair, int side, enum auger_sdp_type type, const char *sdp)
{
    return auger_peer_set_remote_description(pair->peers[side], pair->now, type, sdp, strlen(sdp),
                                             NULL);
}

/* Alice offers, Bob answers; no time passes. */
static inline void introduce(struct pair *pair)
{
    char offer[SDP_SIZE], answer[SDP_SIZE];

    offer_of(pair, ALICE, offer);
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
}

static inline auger_channel open_channel(struct pair *pair, int side, const char *label)
{
    auger_channel channel = 0;
    struct auger_channel_options options = {.label = label, .id = AUGER_STREAM_NONE};
    int err = auger_peer_channel_open(pair->peers[side], pair->now, &options, &channel);

    if (err < 0)
        fail_msg("no channel: %s", auger_strerror(err));
    return channel;
}

#endif /* TESTS_PEER_PAIR_H */
