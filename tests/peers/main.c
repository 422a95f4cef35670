/* tests/peers/main.c - random worlds of whole peers: ICE, DTLS, SCTP and channels over a wire that
 * loses, repeats, reorders, breaks and is cut, with restarts and closing.  What one application
 * says, the other hears: every message once and whole, in order on ordered channels.
 *
 * OpenSSL and usrsctp belong to a process, so each world has one of its own; their clocks and
 * random bytes are the world's, so that a seed is the same run twice.
 *
 *     peers [--seeds N] [--from S]
 *     peers --seed S                 in this process, for a debugger
 *     peers --seeds 1 --sabotage N   must fail: each N harms one message on its way */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tests/peer/pair.h"

#include <openssl/rand.h>

#include <sys/wait.h>
#include <unistd.h>

#define CHANNELS_MAX 6
#define MESSAGES_MAX 40
#define SIZE_MAX_OF_ONE 20000
#define TALK_FOR (12 * AUGER_SEC)
#define HEALED_FOR (60 * AUGER_SEC)

/* What there was, in words and numbers. */
struct outcome {
    char why[200]; /* empty: all is well */
    uint64_t app, wire;
    unsigned messages, lossy, cut, restarts, closed_early, unordered, large;
    auger_time virtual_time;
};

struct channel {
    bool ordered;
    int opener;
    auger_channel handles[2]; /* 0: not yet */
    unsigned sent[2], heard[2];
    bool seen[2][MESSAGES_MAX]; /* of those that a side hears */
};

struct life {
    struct pair *pair;
    struct channel channels[CHANNELS_MAX];
    size_t channels_len, taken; /* records that were looked at */
    unsigned corrupt_percent;   /* once DTLS is up: before that what is altered ends it */
    struct outcome *outcome;
};

/* --- the world's randomness, for OpenSSL too -------------------------------------------------- */

static uint64_t openssl_state;

static int openssl_bytes(unsigned char *buf, int len)
{
    for (int i = 0; i < len; i++) {
        openssl_state = openssl_state * 6364136223846793005u + 1442695040888963407u;
        buf[i] = (unsigned char)(openssl_state >> 56);
    }
    return 1;
}

static int openssl_status(void)
{
    return 1;
}

static const RAND_METHOD openssl_random = {
    .bytes = openssl_bytes, .pseudorand = openssl_bytes, .status = openssl_status};

static uint64_t below(uint64_t limit)
{
    return next_random() % limit;
}

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

static void go_wrong(struct life *life, const char *what)
{
    if (!life->outcome->why[0])
        snprintf(life->outcome->why, sizeof(life->outcome->why), "%s, at %.3f s", what,
                 (double)life->pair->now / 1e9);
}

/* --- the application ------------------------------------------------------------------- */

/* Channel, number and a filling that follows from both. */
static size_t compose(uint8_t *message, size_t channel, int side, unsigned number, size_t len)
{
    message[0] = (uint8_t)channel;
    message[1] = (uint8_t)number;
    message[2] = (uint8_t)side;
    for (size_t i = 3; i < len; i++)
        message[i] = (uint8_t)(i * 31 + number * 7 + channel);
    return len < 3 ? 3 : len;
}

static void say(struct life *life, size_t index, int side)
{
    static uint8_t message[SIZE_MAX_OF_ONE];
    struct channel *channel = &life->channels[index];
    size_t size = one_in(5) ? below(SIZE_MAX_OF_ONE) : below(300);

    if (!channel->handles[side] || channel->sent[side] == MESSAGES_MAX)
        return;
    size_t len = compose(message, index, side, channel->sent[side], size);
    int err = auger_peer_send(life->pair->peers[side], life->pair->now, channel->handles[side],
                              AUGER_MESSAGE_BINARY, message, len);
    if (err == AUGER_ERR_AGAIN)
        return;
    if (err < 0)
        go_wrong(life, "a message was refused");
    channel->sent[side]++;
    life->outcome->messages++;
    life->outcome->large += len > 5000;
}

static void hear(struct life *life, const struct record *record)
{
    static uint8_t expected[SIZE_MAX_OF_ONE];
    size_t len = record->event.data.len, index = len >= 3 ? record->bytes[0] : CHANNELS_MAX;
    int side = record->side;

    if (index >= life->channels_len || record->bytes[2] != !side ||
        record->bytes[1] >= MESSAGES_MAX) {
        go_wrong(life, "a message that nobody sent");
        return;
    }
    struct channel *channel = &life->channels[index];
    unsigned number = record->bytes[1];
    compose(expected, index, !side, number, len);
    if (len > sizeof(expected) || memcmp(expected, record->bytes, len) != 0)
        go_wrong(life, "a message that was altered");
    if (record->event.channel != channel->handles[side])
        go_wrong(life, "a message on another channel");
    if (channel->seen[side][number])
        go_wrong(life, "a message twice");
    if (channel->ordered && number != channel->heard[side])
        go_wrong(life, "a message out of order");
    channel->seen[side][number] = true;
    channel->heard[side]++;
}

/* What is done to the first message on purpose, so that it is seen. */
enum sabotage { NO_SABOTAGE, ALTERED, LOST, TWICE, OVERTAKEN };
static enum sabotage sabotage;

static void hear_with_harm(struct life *life, struct record *record)
{
    enum sabotage now = sabotage;
    struct record next = *record;

    sabotage = NO_SABOTAGE;
    if (now == ALTERED)
        record->bytes[record->event.data.len - 1] ^= 1;
    if (now == OVERTAKEN) {
        uint8_t bytes[3] = {record->bytes[0], (uint8_t)(record->bytes[1] + 1), record->bytes[2]};
        next.bytes = bytes;
        next.event.data.len = sizeof(bytes);
        hear(life, &next);
    }
    if (now != LOST)
        hear(life, record);
    if (now == TWICE)
        hear(life, record);
}

static void meet_channel(struct life *life, const struct record *record)
{
    struct auger_channel_options options;

    if (auger_peer_channel_options(life->pair->peers[record->side], record->event.channel,
                                   &options) < 0 ||
        (size_t)atoi(options.label) >= life->channels_len)
        go_wrong(life, "a channel that nobody opened");
    else if (options.unordered == life->channels[atoi(options.label)].ordered)
        go_wrong(life, "a channel of the other kind");
    else
        life->channels[atoi(options.label)].handles[record->side] = record->event.channel;
}

static void look(struct life *life)
{
    struct pair *pair = life->pair;

    for (; life->taken < pair->records_len; life->taken++) {
        struct record *record = &pair->records[life->taken];
        life->outcome->app = (life->outcome->app ^ (uint64_t)record->at ^
                              (uint64_t)record->event.type << 56 ^ record->event.data.len) *
                             0x100000001B3u;
        if (record->event.type == AUGER_PEER_EVENT_MESSAGE)
            hear_with_harm(life, record);
        else if (record->event.type == AUGER_PEER_EVENT_CHANNEL)
            meet_channel(life, record);
        else if (record->event.type == AUGER_PEER_EVENT_STATE &&
                 record->event.state == AUGER_PEER_FAILED)
            go_wrong(life, "a peer failed");
    }
}

static void pass(struct life *life, auger_time time)
{
    run_for(life->pair, time);
    look(life);
}

/* --- a life ---------------------------------------------------------------------------- */

static void open_one(struct life *life)
{
    size_t index = life->channels_len++;
    struct channel *channel = &life->channels[index];
    char label[8];

    snprintf(label, sizeof(label), "%zu", index);
    channel->ordered = !one_in(3);
    channel->opener = (int)below(2);
    life->outcome->unordered += !channel->ordered;
    const struct auger_channel_options options = {
        .label = label, .unordered = !channel->ordered, .id = AUGER_STREAM_NONE};
    if (auger_peer_channel_open(life->pair->peers[channel->opener], life->pair->now, &options,
                                &channel->handles[channel->opener]) < 0)
        go_wrong(life, "a channel was refused");
}

static void restart(struct life *life, int side)
{
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct pair *pair = life->pair;

    if (auger_peer_restart(pair->peers[side], pair->now) < 0)
        return;
    offer_of(pair, side, offer);
    pass(life, (auger_time)below(300) * AUGER_MS);
    if (set_remote(pair, !side, AUGER_SDP_OFFER, offer) < 0)
        go_wrong(life, "an offer to restart was refused");
    answer_of(pair, !side, answer);
    pass(life, (auger_time)below(300) * AUGER_MS);
    if (set_remote(pair, side, AUGER_SDP_ANSWER, answer) < 0)
        go_wrong(life, "an answer to a restart was refused");
    life->outcome->restarts++;
}

static void make_wire(struct life *life)
{
    struct pair *pair = life->pair;

    pair->delay = (auger_time)(1 + below(100)) * AUGER_MS;
    pair->jitter = one_in(2) ? (auger_time)(1 + below(30)) * AUGER_MS : 0;
    pair->loss_percent = one_in(2) ? (unsigned)below(16) : 0;
    pair->duplicate_percent = one_in(3) ? (unsigned)below(10) : 0;
    life->corrupt_percent = one_in(4) ? (unsigned)below(4) : 0;
    life->outcome->lossy += pair->loss_percent > 0;
}

static void talk(struct life *life)
{
    struct pair *pair = life->pair;
    auger_time end = pair->now + TALK_FOR, healed_at = 0;
    auger_time cut_at = one_in(3) ? pair->now + (auger_time)below(8000) * AUGER_MS : AUGER_NEVER;
    auger_time restart_at =
        one_in(2) ? pair->now + (auger_time)(2500 + below(8000)) * AUGER_MS : AUGER_NEVER;

    while (pair->now < end) {
        if (life->channels_len < CHANNELS_MAX && one_in(40))
            open_one(life);
        say(life, below(life->channels_len), (int)below(2));
        if (pair->now >= cut_at) {
            pair->cut = true;
            life->outcome->cut = 1;
            healed_at = pair->now + (auger_time)below(4000) * AUGER_MS;
            cut_at = AUGER_NEVER;
        }
        if (pair->cut && pair->now >= healed_at)
            pair->cut = false;
        if (find_state(pair, 0, AUGER_PEER_CONNECTED) && find_state(pair, 1, AUGER_PEER_CONNECTED))
            pair->corrupt_percent = life->corrupt_percent;
        if (pair->now >= restart_at) {
            restart_at = AUGER_NEVER;
            restart(life, (int)below(2));
        }
        pass(life, (auger_time)(1 + below(60)) * AUGER_MS);
    }
}

static bool all_was_heard(const struct life *life)
{
    for (size_t i = 0; i < life->channels_len; i++)
        for (int side = 0; side < 2; side++)
            if (life->channels[i].heard[side] != life->channels[i].sent[!side])
                return false;
    return true;
}

/* In peace what was said arrives, and an end is one for both. */
static void find_peace(struct life *life)
{
    struct pair *pair = life->pair;

    pair->cut = false;
    pair->jitter = 0;
    pair->loss_percent = pair->duplicate_percent = pair->corrupt_percent = 0;
    for (auger_time end = pair->now + HEALED_FOR; pair->now < end && !all_was_heard(life);)
        pass(life, AUGER_SEC);
    if (!all_was_heard(life))
        go_wrong(life, "not every message arrived");
    auger_peer_close(pair->peers[below(2)], pair->now);
    for (int i = 0; i < 5; i++)
        pass(life, AUGER_SEC);
    for (int side = 0; side < 2; side++)
        if (!find_state(pair, side, AUGER_PEER_CLOSED))
            go_wrong(life, "a peer was not closed");
}

static void live(uint64_t seed, struct outcome *outcome)
{
    struct life life = {.outcome = outcome};

    memset(outcome, 0, sizeof(*outcome));
    openssl_state = seed;
    life.pair = pair_new(20 * AUGER_MS, NULL, NULL);
    random_state = seed * 0x9E3779B97F4A7C15u;
    make_wire(&life);
    open_one(&life);
    introduce(life.pair);
    talk(&life);
    find_peace(&life);
    outcome->wire = life.pair->wire_digest;
    outcome->virtual_time = life.pair->now;
    pair_free(life.pair);
    if (allocated != 0 && !outcome->why[0])
        snprintf(outcome->why, sizeof(outcome->why), "memory was not given back");
}

/* --- many ------------------------------------------------------------------------------ */

/* In a process of its own. */
static void live_apart(uint64_t seed, struct outcome *outcome)
{
    int ends[2];

    memset(outcome, 0, sizeof(*outcome));
    snprintf(outcome->why, sizeof(outcome->why), "its process ended badly");
    fflush(NULL);
    if (pipe(ends) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        struct outcome seen;
        live(seed, &seen);
        _exit(write(ends[1], &seen, sizeof(seen)) == sizeof(seen) ? 0 : 1);
    }
    close(ends[1]);
    struct outcome seen;
    if (child > 0 && read(ends[0], &seen, sizeof(seen)) == sizeof(seen))
        *outcome = seen;
    close(ends[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
}

static void add(struct outcome *sum, const struct outcome *part)
{
    sum->messages += part->messages;
    sum->large += part->large;
    sum->lossy += part->lossy;
    sum->cut += part->cut;
    sum->restarts += part->restarts;
    sum->unordered += part->unordered;
    sum->virtual_time += part->virtual_time;
}

/* A failed world says how to have it again. */
static bool is_well(uint64_t seed, bool twice, struct outcome *sum)
{
    struct outcome outcome, again;

    live_apart(seed, &outcome);
    if (twice && !outcome.why[0]) {
        live_apart(seed, &again);
        if (again.app != outcome.app || again.wire != outcome.wire)
            snprintf(outcome.why, sizeof(outcome.why), "the same seed, and another run");
    }
    add(sum, &outcome);
    if (outcome.why[0])
        printf("FAILED: seed %llu: %s\n  replay: TRACE=1 build/dev/peers --seed %llu\n",
               (unsigned long long)seed, outcome.why, (unsigned long long)seed);
    return !outcome.why[0];
}

static int run_many(uint64_t from, unsigned seeds)
{
    struct outcome sum = {0};
    unsigned bad = 0;

    for (unsigned i = 0; i < seeds; i++)
        bad += !is_well(from + i, i % 10 == 0, &sum);
    printf("%u messages, %u of more than 5,000 bytes; %u worlds with loss, %u with a cut, %u "
           "restarts, %u unordered channels; %.0f virtual s\n",
           sum.messages, sum.large, sum.lossy, sum.cut, sum.restarts, sum.unordered,
           (double)sum.virtual_time / 1e9);
    printf("peers: %u passed, %u failed\n", seeds - bad, bad);
    if (seeds >= 20 && (!sum.large || !sum.lossy || !sum.cut || !sum.restarts || !sum.unordered)) {
        printf("FAILED: one of these never happened\n");
        return 1;
    }
    return bad > 0;
}

/* AUGER_FRESH makes the seeds of a run those of another. */
static uint64_t first_seed(void)
{
    const char *given = getenv("AUGER_FRESH");

    return given && *given ? strtoull(given, NULL, 0) : 1;
}

int main(int argc, char **argv)
{
    uint64_t from = first_seed();
    unsigned seeds = 20;

    if (RAND_set_rand_method(&openssl_random) != 1)
        return 2;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0) {
            struct outcome outcome;
            live(strtoull(argv[i + 1], NULL, 10), &outcome);
            puts(outcome.why[0] ? outcome.why : "ok");
            return outcome.why[0] != 0;
        }
        if (strcmp(argv[i], "--sabotage") == 0)
            sabotage = (enum sabotage)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--seeds") == 0)
            seeds = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--from") == 0)
            from = strtoull(argv[i + 1], NULL, 10);
    }
    return run_many(from, seeds);
}
