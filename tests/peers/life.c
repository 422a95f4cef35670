/* tests/peers/life.c - what two peers live through, and what must hold meanwhile. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tests/peers/life.h"

#include "tests/peer/pair.h"
#include "tests/peers/collision.h"
#include "tests/peers/internet.h"

#include <openssl/rand.h>

#define CHANNELS_MAX 10
#define MESSAGES_MAX 40
#define SIZE_MAX_OF_ONE 20000
#define TALK_FOR (12 * AUGER_SEC)
#define HEALED_FOR (60 * AUGER_SEC)
#define FAR_HEALED_FOR (240 * AUGER_SEC) /* SCTP asks again after up to a minute */
#define GATHER_FOR (12 * AUGER_SEC)
#define PATIENCE (4 * AUGER_SEC)

struct channel {
    bool ordered;
    int opener;
    auger_channel handles[2]; /* 0: not yet */
    unsigned sent[2], heard[2];
    bool seen[2][MESSAGES_MAX]; /* of those that a side hears */
    bool closed;
    int id; /* of its stream, once it is closed */
};

struct life {
    struct pair *pair;
    struct channel channels[CHANNELS_MAX];
    size_t channels_len, taken; /* records that were looked at */
    unsigned corrupt_percent;   /* once DTLS is up: before that what is altered ends it */
    struct outcome *outcome;
    struct internet *internet; /* or NULL: the wire of pair.h */
    struct way way;
    unsigned flights_sent, flights_arrived; /* that end a handshake */
    bool is_ending;                         /* somebody has closed */
    auger_time gone_at[2];                  /* since when a side hears nothing; 0: it does */
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

    if (!channel->handles[side] || channel->closed || channel->sent[side] == MESSAGES_MAX)
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

static enum sabotage sabotage;

void life_sabotage(enum sabotage what)
{
    sabotage = what;
}

/* Whose mapping was lost in the midst of its first checks may be where nothing that it told reaches
 * it: then there is no path, and the application restarts at once.  Later on it has one. */
static void note_state(struct life *life, const struct record *record)
{
    bool is_gone = record->event.state == AUGER_PEER_DISCONNECTED;

    life->gone_at[record->side] = is_gone ? record->at : 0;
    if (record->event.state != AUGER_PEER_FAILED)
        return;
    bool is_beginning = !find_state(life->pair, record->side, AUGER_PEER_CONNECTED);
    if (record->event.reason == AUGER_PEER_ICE_FAILED && life->outcome->rebound && is_beginning)
        life->gone_at[record->side] = record->at - PATIENCE;
    else
        go_wrong(life, "a peer failed");
}

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
    if (now == FAILED_AFTER_ALL) {
        next.event = (struct auger_peer_event){.type = AUGER_PEER_EVENT_STATE,
                                               .state = AUGER_PEER_FAILED,
                                               .reason = AUGER_PEER_ICE_FAILED};
        life->outcome->rebound = 1;
        note_state(life, &next);
    }
    if (now != LOST)
        hear(life, record);
    if (now == TWICE)
        hear(life, record);
}

static bool was_closed(const struct life *life, int id)
{
    for (size_t i = 0; i < life->channels_len; i++)
        if (life->channels[i].closed && life->channels[i].id == id)
            return true;
    return false;
}

static void meet_channel(struct life *life, const struct record *record)
{
    struct auger_channel_options options;

    int err = auger_peer_channel_options(life->pair->peers[record->side], record->event.channel,
                                         &options);
    if (err == AUGER_ERR_NOT_FOUND && life->is_ending) /* opened and gone since the last look */
        return;
    if (err < 0 || (size_t)atoi(options.label) >= life->channels_len)
        go_wrong(life, "a channel that nobody opened");
    else if (options.unordered == life->channels[atoi(options.label)].ordered)
        go_wrong(life, "a channel of the other kind");
    else {
        life->channels[atoi(options.label)].handles[record->side] = record->event.channel;
        life->outcome->ids_again += was_closed(life, options.id);
    }
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
        else if (record->event.type == AUGER_PEER_EVENT_PATH && life->internet)
            life->outcome->relayed |= internet_relays(life->internet, &record->event.path);
        else if (record->event.type == AUGER_PEER_EVENT_STATE)
            note_state(life, record);
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

/* One on which all was heard; the next one that this side opens takes its stream. */
static void close_one(struct life *life)
{
    struct channel *channel = &life->channels[below(life->channels_len)];
    struct auger_channel_options options;
    int side = channel->opener;

    if (channel->closed || !channel->handles[0] || !channel->handles[1] ||
        channel->heard[0] != channel->sent[1] || channel->heard[1] != channel->sent[0] ||
        auger_peer_channel_options(life->pair->peers[side], channel->handles[side], &options) < 0)
        return;
    channel->closed = true;
    channel->id = options.id;
    if (auger_peer_channel_close(life->pair->peers[side], life->pair->now, channel->handles[side]) <
        0)
        go_wrong(life, "a channel would not close");
}

/* Until all candidates are known again; over a wire without servers they are at once. */
static void gather(struct life *life, int side, size_t before)
{
    struct pair *pair = life->pair;

    for (auger_time end = pair->now + GATHER_FOR;
         life->internet && pair->now < end &&
         count_events(pair, side, AUGER_PEER_EVENT_GATHERED) == before;)
        pass(life, 50 * AUGER_MS);
}

static void restart(struct life *life, int side)
{
    char offer[SDP_SIZE], answer[SDP_SIZE];
    struct pair *pair = life->pair;
    const size_t gathered[2] = {count_events(pair, 0, AUGER_PEER_EVENT_GATHERED),
                                count_events(pair, 1, AUGER_PEER_EVENT_GATHERED)};

    if (auger_peer_restart(pair->peers[side], pair->now) < 0)
        return;
    gather(life, side, gathered[side]);
    offer_of(pair, side, offer);
    pass(life, (auger_time)below(300) * AUGER_MS);
    if (set_remote(pair, !side, AUGER_SDP_OFFER, offer) < 0)
        go_wrong(life, "an offer to restart was refused");
    gather(life, !side, gathered[!side]);
    answer_of(pair, !side, answer);
    pass(life, (auger_time)below(300) * AUGER_MS);
    if (set_remote(pair, side, AUGER_SDP_ANSWER, answer) < 0)
        go_wrong(life, "an answer to a restart was refused");
    life->outcome->restarts++;
}

/* --- the simulated internet between --------------------------------------------------- */

/* Whether records of DTLS end with ChangeCipherSpec and Finished. */
static bool ends_a_handshake(const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at + 13 <= len; at += 13 + (size_t)(bytes[at + 11] << 8 | bytes[at + 12])) {
        if (bytes[at] == 20 && bytes[at + 3] == 0 && bytes[at + 4] == 0)
            return true;
        if (bytes[at] != 22)
            return false;
    }
    return false;
}

static void far_send(void *user, int side, const struct auger_path *path, const uint8_t *bytes,
                     size_t len)
{
    struct life *life = user;
    bool is_hello = len > 13 && bytes[0] == 22 && bytes[13] == 1;

    if (is_hello && !find_event(life->pair, !side, AUGER_PEER_EVENT_PATH))
        life->outcome->early_hellos++;
    life->flights_sent += side == ALICE && ends_a_handshake(bytes, len);
    internet_send(life->internet, side, path, bytes, len);
}

static bool far_pass(void *user, auger_time now)
{
    return internet_pass(((struct life *)user)->internet, now);
}

static auger_time far_next(const void *user)
{
    return internet_next(((const struct life *)user)->internet);
}

static void arrive(void *user, int side, const struct auger_path *path, const uint8_t *bytes,
                   size_t len)
{
    struct life *life = user;
    struct auger_peer *peer = life->pair->peers[side];

    life->flights_arrived += side == BOB && ends_a_handshake(bytes, len);
    if (peer)
        auger_peer_handle_datagram(peer, life->pair->now, path, bytes, len);
}

static void make_far_peer(struct life *life, int side)
{
    struct pair *pair = life->pair;
    struct auger_peer_config config;
    struct auger_ice_turn_server turn;
    const struct auger_addr stun = internet_stun(life->internet);

    auger_peer_config_init(&config);
    auger_ice_turn_server_init(&turn);
    turn.addr = internet_turn(life->internet);
    turn.username = SIM_TURN_USER;
    turn.password = SIM_TURN_PASSWORD;
    pair->addrs[side] = internet_addr(life->internet, side);
    assert_int_equal(auger_peer_new(&pair->peers[side], &test_env, &config), 0);
    assert_int_equal(auger_peer_add_stun_server(pair->peers[side], pair->now, &stun), 0);
    assert_int_equal(auger_peer_add_turn_server(pair->peers[side], pair->now, &turn), 0);
    assert_int_equal(auger_peer_add_local_addr(pair->peers[side], pair->now, &pair->addrs[side]),
                     0);
    auger_peer_end_of_local_addrs(pair->peers[side], pair->now);
}

static enum sim_nat any_gateway(void)
{
    return (enum sim_nat)below(SIM_UDP_BLOCKED); /* there is no relay over streams here */
}

static void make_internet(struct life *life, uint64_t seed)
{
    struct internet_plan plan = {.seed = seed,
                                 .gateways = {any_gateway(), any_gateway()},
                                 .is_nested = {one_in(4), one_in(4)},
                                 .has_attacker = one_in(2)};

    plan.quality = (struct link_quality){
        .delay = (auger_time)(1 + below(60)) * AUGER_MS,
        .jitter = one_in(2) ? (auger_time)(1 + below(30)) * AUGER_MS : 0,
        .loss_permille = one_in(2) ? (unsigned)below(120) : 0,
        .duplicate_permille = one_in(3) ? (unsigned)below(100) : 0,
        .reorder_permille = one_in(3) ? (unsigned)below(100) : 0,
        .reorder_by = 40 * AUGER_MS,
    };
    life->outcome->far = 1;
    life->outcome->lossy += plan.quality.loss_permille > 0;
    life->internet = internet_new(&plan, life->pair->now, arrive, life);
    life->way = (struct way){life, far_send, far_pass, far_next};
    life->pair->way = &life->way;
    make_far_peer(life, ALICE);
    make_far_peer(life, BOB);
}

/* Once both have gathered. */
static void introduce_far(struct life *life)
{
    gather(life, ALICE, 0);
    gather(life, BOB, 0);
    introduce(life->pair);
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

/* As applications do: who has heard nothing for long restarts. */
static void revive(struct life *life)
{
    for (int side = 0; side < 2; side++) {
        if (!life->internet || !life->gone_at[side] ||
            life->pair->now - life->gone_at[side] < PATIENCE)
            continue;
        life->gone_at[side] = 0;
        life->outcome->revived++;
        restart(life, side);
        return;
    }
}

static void talk(struct life *life)
{
    struct pair *pair = life->pair;
    auger_time end = pair->now + TALK_FOR, healed_at = 0;
    auger_time cut_at = one_in(3) ? pair->now + (auger_time)below(8000) * AUGER_MS : AUGER_NEVER;
    auger_time restart_at =
        one_in(2) ? pair->now + (auger_time)(2500 + below(8000)) * AUGER_MS : AUGER_NEVER;
    auger_time rebind_at = life->internet && one_in(3)
                               ? pair->now + (auger_time)(1000 + below(8000)) * AUGER_MS
                               : AUGER_NEVER;

    while (pair->now < end) {
        if (life->channels_len < CHANNELS_MAX && one_in(40))
            open_one(life);
        if (one_in(30))
            close_one(life);
        say(life, below(life->channels_len), (int)below(2));
        if (pair->now >= rebind_at) {
            rebind_at = AUGER_NEVER;
            internet_rebind(life->internet, (int)below(2), one_in(2));
            life->outcome->rebound = 1;
        }
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
        revive(life);
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
    if (life->internet)
        internet_heal(life->internet);
    for (auger_time end = pair->now + (life->internet ? FAR_HEALED_FOR : HEALED_FOR);
         pair->now < end && !all_was_heard(life);) {
        pass(life, AUGER_SEC);
        revive(life);
    }
    if (!all_was_heard(life))
        go_wrong(life, "not every message arrived");
    life->is_ending = true;
    auger_peer_close(pair->peers[below(2)], pair->now);
    for (int i = 0; i < 5; i++)
        pass(life, AUGER_SEC);
    for (int side = 0; side < 2; side++)
        if (!find_state(pair, side, AUGER_PEER_CLOSED))
            go_wrong(life, "a peer was not closed");
}

static void tally(struct life *life)
{
    struct outcome *outcome = life->outcome;

    outcome->wire = life->pair->wire_digest;
    outcome->virtual_time = life->pair->now;
    outcome->collisions = collision_count();
    if (!life->internet)
        return;
    outcome->flights_lost = life->flights_arrived < life->flights_sent;
    outcome->attacks = internet_attacks(life->internet);
    if (internet_broken(life->internet))
        go_wrong(life, internet_broken(life->internet));
}

bool life_prepare(void)
{
    return RAND_set_rand_method(&openssl_random) == 1;
}

void life_live(uint64_t seed, struct outcome *outcome)
{
    struct life life = {.outcome = outcome};

    memset(outcome, 0, sizeof(*outcome));
    collision_forget();
    openssl_state = seed;
    life.pair = pair_begin(0);
    random_state = seed * 0x9E3779B97F4A7C15u;
    if (one_in(2)) {
        make_internet(&life, seed);
    } else {
        pair_settle_on_wire(life.pair, NULL, NULL);
        make_wire(&life);
    }
    open_one(&life);
    if (life.internet)
        introduce_far(&life);
    else
        introduce(life.pair);
    talk(&life);
    find_peace(&life);
    tally(&life);
    pair_free(life.pair);
    internet_free(life.internet);
    if (allocated != 0 && !outcome->why[0])
        snprintf(outcome->why, sizeof(outcome->why), "memory was not given back");
}
