/* Memory runs out under a whole peer: every call of <auger/peer.h>, <auger/peer_names.h>,
 * <auger/peer_stats.h> and <auger/peer_explain.h>, and all that a session's datagrams cause, ICE,
 * DTLS and SCTP, with the n-th block missing for every n.  OpenSSL's and usrsctp's heaps have
 * enough. */
#include "tests/memory/sweep.h"

#include <auger/peer.h>

static void handle_swept(struct auger_peer *peer, auger_time now, const struct auger_path *path,
                         const uint8_t *buf, size_t len)
{
    SWEPT_VOID(auger_peer_handle_datagram(peer, now, path, buf, len));
}

static void time_out_swept(struct auger_peer *peer, auger_time now)
{
    SWEPT_VOID(auger_peer_handle_timeout(peer, now));
}

static size_t transmit_swept(struct auger_peer *peer, auger_time now, struct auger_path *path,
                             uint8_t *buf, size_t cap)
{
    return (size_t)SWEPT((long)auger_peer_poll_transmit(peer, now, path, buf, cap));
}

static bool event_swept(struct auger_peer *peer, struct auger_peer_event *event)
{
    return SWEPT(auger_peer_poll_event(peer, event));
}

/* The wire and the application of pair.h have all the memory that they want. */
#define auger_peer_handle_datagram handle_swept
#define auger_peer_handle_timeout time_out_swept
#define auger_peer_poll_transmit transmit_swept
#define auger_peer_poll_event event_swept
#include "tests/peer/pair.h"

#include <auger/peer_explain.h>
#include <auger/peer_names.h>
#include <auger/peer_stats.h>

#define DELAY (10 * AUGER_MS)
#define BLOCKS_MAX 300
#define NAME "0c76a8a8-1f29-4ee6-8f4a-11a1bb5ae8c6.local"

static struct auger_certificate *certificates[2];

/* --- calls -------------------------------------------------------------------------------- */

static struct pair *fresh(void)
{
    struct auger_peer_config configs[2];

    for (int side = ALICE; side <= BOB; side++) {
        auger_peer_config_init(&configs[side]);
        configs[side].certificate = certificates[side];
        configs[side].resolve_names = true;
    }
    return pair_new(DELAY, &configs[ALICE], &configs[BOB]);
}

static char offer[SDP_SIZE], answer[SDP_SIZE];

static struct pair *offered(void)
{
    struct pair *pair = fresh();

    offer_of(pair, ALICE, offer);
    return pair;
}

/* Bob has the offer. */
static struct pair *heard_offer(void)
{
    struct pair *pair = offered();

    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    return pair;
}

static struct pair *answered(void)
{
    struct pair *pair = heard_offer();

    answer_of(pair, BOB, answer);
    return pair;
}

static auger_channel channel;

static struct pair *connected(void)
{
    struct pair *pair = fresh();

    channel = open_channel(pair, ALICE, "chat");
    introduce(pair);
    run_for(pair, AUGER_SEC);
    assert_non_null(find_event(pair, BOB, AUGER_PEER_EVENT_CHANNEL));
    return pair;
}

/* Bob's address in use is about to go: then pairs of the others are formed, of which Alice was not
 * told, and with her, whom he knows by her checks alone. */
static struct pair *moving(void)
{
    struct pair *pair = offered();
    struct auger_addr base = pair->addrs[BOB];

    for (char *at = offer; (at = strstr(at, "a=candidate:")) != NULL;)
        at[2] = 'x';
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    for (base.port = 5004; base.port < 5012; base.port++)
        assert_int_equal(auger_peer_add_local_addr(pair->peers[BOB], pair->now, &base), 0);
    pair->bobs_other = base;
    pair->bobs_other.port = 5004;
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    channel = open_channel(pair, ALICE, "chat");
    run_for(pair, AUGER_SEC);
    assert_non_null(find_event(pair, BOB, AUGER_PEER_EVENT_CHANNEL));
    return pair;
}

static struct pair *wants_restart(void)
{
    struct pair *pair = connected();

    assert_int_equal(auger_peer_restart(pair->peers[ALICE], pair->now), 0);
    return pair;
}

static struct pair *restart_offered(void)
{
    struct pair *pair = wants_restart();

    offer_of(pair, ALICE, offer);
    return pair;
}

static struct pair *restart_answered(void)
{
    struct pair *pair = restart_offered();

    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    return pair;
}

static int add_local_addr(struct pair *pair)
{
    struct auger_addr base = pair->addrs[ALICE];

    base.port = 5003;
    return (int)SWEPT(auger_peer_add_local_addr(pair->peers[ALICE], pair->now, &base));
}

static int remove_local_addr(struct pair *pair)
{
    return (int)SWEPT(auger_peer_remove_local_addr(pair->peers[BOB], pair->now, &pair->addrs[BOB]));
}

static int add_mapped_addr(struct pair *pair)
{
    struct auger_addr external = pair->addrs[ALICE];

    external.ip[0] = 198;
    int err = (int)SWEPT(
        auger_peer_add_mapped_addr(pair->peers[ALICE], pair->now, &pair->addrs[ALICE], &external));
    if (err == 0)
        SWEPT_VOID((void)auger_peer_remove_mapped_addr(pair->peers[ALICE], pair->now,
                                                       &pair->addrs[ALICE], &external));
    return err;
}

static int set_nat64(struct pair *pair)
{
    const struct auger_nat64 nat64 = {.prefix = {0x00, 0x64, 0xFF, 0x9B}, .prefix_len = 96};

    return (int)SWEPT(auger_peer_set_nat64(pair->peers[ALICE], pair->now, &nat64));
}

static int add_turn_server(struct pair *pair)
{
    struct auger_ice_turn_server server;
    struct auger_path path;

    auger_ice_turn_server_init(&server);
    server.username = "alice";
    server.password = "secret";
    assert_int_equal(auger_addr_parse(&server.addr, "198.51.100.1:3478"), 0);
    server.addr.transport = AUGER_TCP;
    int err = (int)SWEPT(auger_peer_add_turn_server(pair->peers[ALICE], pair->now, &server));
    path = (struct auger_path){pair->addrs[ALICE], server.addr};
    path.local.port = 0;
    path.local.transport = AUGER_TCP;
    SWEPT_VOID(auger_peer_stream_lost(pair->peers[ALICE], pair->now, &path));
    path = (struct auger_path){pair->addrs[ALICE], pair->addrs[1 - ALICE]};
    SWEPT_VOID(auger_peer_path_moved(pair->peers[ALICE], pair->now, &path));
    return err;
}

static int release(struct pair *pair)
{
    SWEPT_VOID(auger_peer_release(pair->peers[ALICE], pair->now));
    return 0;
}

static int add_stun_server(struct pair *pair)
{
    struct auger_addr server = pair->addrs[BOB];

    server.port = 3478;
    /* Nobody has asked for them. */
    if (SWEPT(auger_peer_add_helper_addrs(pair->peers[ALICE], pair->now, &server, 1)) !=
        AUGER_ERR_STATE)
        fail_msg("helpers are taken that nobody asked for");
    return (int)SWEPT(auger_peer_add_stun_server(pair->peers[ALICE], pair->now, &server));
}

static int end_of_local_addrs(struct pair *pair)
{
    SWEPT_VOID(auger_peer_end_of_local_addrs(pair->peers[ALICE], pair->now));
    return 0;
}

static int create_offer(struct pair *pair)
{
    return (int)SWEPT(auger_peer_create_offer(pair->peers[ALICE], pair->now, offer, sizeof(offer)));
}

static int create_answer(struct pair *pair)
{
    return (int)SWEPT(
        auger_peer_create_answer(pair->peers[BOB], pair->now, answer, sizeof(answer)));
}

static int local_description(struct pair *pair)
{
    return (int)SWEPT(auger_peer_local_description(pair->peers[ALICE], offer, sizeof(offer)));
}

static int take_offer(struct pair *pair)
{
    return (int)SWEPT(auger_peer_set_remote_description(
        pair->peers[BOB], pair->now, AUGER_SDP_OFFER, offer, strlen(offer), NULL));
}

static int take_answer(struct pair *pair)
{
    return (int)SWEPT(auger_peer_set_remote_description(
        pair->peers[ALICE], pair->now, AUGER_SDP_ANSWER, answer, strlen(answer), NULL));
}

static int add_remote_candidate(struct pair *pair)
{
    const char line[] = "candidate:1 1 udp 2130706431 192.0.2.9 9 typ host";
    return (int)SWEPT(
        auger_peer_add_remote_candidate(pair->peers[BOB], pair->now, line, strlen(line)));
}

static int add_remote_name(struct pair *pair)
{
    const char line[] = "candidate:1 1 udp 2130706431 " NAME " 9 typ host";
    return (int)SWEPT(
        auger_peer_add_remote_candidate(pair->peers[BOB], pair->now, line, strlen(line)));
}

static struct pair *heard_name(void)
{
    struct pair *pair = heard_offer();

    assert_int_equal(add_remote_name(pair), 0);
    return pair;
}

/* Without memory for it the candidate is given up. */
static int resolve_name(struct pair *pair)
{
    struct auger_peer_name name;
    struct auger_peer_name_counters counters;

    assert_true(SWEPT(auger_peer_poll_name(pair->peers[BOB], pair->now, &name)));
    SWEPT_VOID(
        auger_peer_name_resolved(pair->peers[BOB], pair->now, name.token, &pair->addrs[ALICE]));
    SWEPT_VOID(auger_peer_get_name_counters(pair->peers[BOB], &counters));
    assert_int_equal(counters.resolved + counters.failed, 1);
    return 0;
}

static int name_local_addr(struct pair *pair)
{
    return (int)SWEPT(
        auger_peer_name_local_addr(pair->peers[ALICE], pair->now, &pair->addrs[ALICE], NAME));
}

static int restart(struct pair *pair)
{
    return (int)SWEPT(auger_peer_restart(pair->peers[ALICE], pair->now));
}

static int rollback(struct pair *pair)
{
    return (int)SWEPT(auger_peer_rollback(pair->peers[ALICE], pair->now));
}

static int channel_open(struct pair *pair)
{
    const struct auger_channel_options options = {
        .label = "another", .protocol = "p", .id = AUGER_STREAM_NONE};
    auger_channel opened;

    return (int)SWEPT(auger_peer_channel_open(pair->peers[ALICE], pair->now, &options, &opened));
}

static int channel_close(struct pair *pair)
{
    return (int)SWEPT(auger_peer_channel_close(pair->peers[ALICE], pair->now, channel));
}

static int send_message(struct pair *pair)
{
    return (int)SWEPT(
        auger_peer_send(pair->peers[ALICE], pair->now, channel, AUGER_MESSAGE_TEXT, "hello", 5));
}

static int look(struct pair *pair)
{
    struct auger_peer *peer = pair->peers[ALICE];
    struct auger_channel_options options;
    struct auger_peer_info info;
    struct auger_peer_explanation explanation;
    struct auger_peer_transport_stats stats;
    struct auger_path path = {pair->addrs[ALICE], pair->addrs[BOB]};
    char secrets[AUGER_KEY_LOG_MAX];
    uint8_t key[16];

    SWEPT_VOID(auger_peer_set_ready(peer, NULL));
    SWEPT_VOID((void)auger_peer_get_ready(peer));
    SWEPT_VOID((void)auger_peer_buffered_amount(peer, channel));
    SWEPT_VOID((void)!auger_peer_set_low_water(peer, channel, 10));
    SWEPT_VOID((void)!auger_peer_channel_options(peer, channel, &options));
    SWEPT_VOID((void)auger_peer_ice(peer));
    SWEPT_VOID((void)auger_peer_next_timeout(peer));
    SWEPT_VOID(auger_peer_get_info(peer, &info)); /* without the pair, where that needs memory */
    SWEPT_VOID(auger_peer_explain(peer, &explanation));
    SWEPT_VOID(auger_peer_get_transport_stats(peer, &stats));
    SWEPT_VOID(auger_peer_note_discarded(peer, &path, (const uint8_t *)"\x16", 1));
    int err = (int)SWEPT(auger_peer_key_log(peer, secrets, sizeof(secrets)));
    return err < 0 ? err : (int)SWEPT(auger_peer_export(peer, "EXPORTER-test", key, sizeof(key)));
}

static int share_sockets(struct pair *pair)
{
    return (int)SWEPT(auger_peer_share_sockets(pair->peers[ALICE], 0x12345678));
}

static int set_local_credentials(struct pair *pair)
{
    return (int)SWEPT(auger_peer_set_local_credentials(pair->peers[ALICE], "chosen01",
                                                       "chosenchosenchosenchosen"));
}

/* Nothing is known of it, which takes no memory either. */
static int refuse_path(struct pair *pair)
{
    struct auger_path path = {pair->addrs[ALICE], pair->addrs[ALICE]};

    assert_int_equal(SWEPT(auger_peer_refuse_path(pair->peers[ALICE], pair->now, &path)),
                     AUGER_ERR_NOT_FOUND);
    return 0;
}

/* Sends what there is to send, and closes; ends in AUGER_PEER_CLOSED. */
static int close_peer(struct pair *pair)
{
    SWEPT_VOID(auger_peer_close(pair->peers[ALICE], pair->now));
    return 0;
}

/* --- what must work afterwards --------------------------------------------------------------- */

static void say_and_hear(struct pair *pair, int side)
{
    auger_channel opened = open_channel(pair, side, "afterwards");
    size_t before = count_events(pair, 1 - side, AUGER_PEER_EVENT_MESSAGE);

    assert_int_equal(
        auger_peer_send(pair->peers[side], pair->now, opened, AUGER_MESSAGE_TEXT, "so", 2), 0);
    run_for(pair, 5 * AUGER_SEC);
    assert_true(count_events(pair, 1 - side, AUGER_PEER_EVENT_MESSAGE) > before);
}

static void talk(struct pair *pair)
{
    run_for(pair, 5 * AUGER_SEC);
    say_and_hear(pair, ALICE);
    say_and_hear(pair, BOB);
}

static void from_the_beginning(struct pair *pair)
{
    introduce(pair);
    talk(pair);
}

static void from_the_offer(struct pair *pair)
{
    assert_int_equal(set_remote(pair, BOB, AUGER_SDP_OFFER, offer), 0);
    answer_of(pair, BOB, answer);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    talk(pair);
}

static void from_the_heard_offer(struct pair *pair)
{
    answer_of(pair, BOB, answer);
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    talk(pair);
}

static void from_the_answer(struct pair *pair)
{
    assert_int_equal(set_remote(pair, ALICE, AUGER_SDP_ANSWER, answer), 0);
    talk(pair);
}

/* Where there was no memory for a pair the application is told, and restarts. */
static void by_a_restart_if_wanted(struct pair *pair)
{
    run_for(pair, 5 * AUGER_SEC);
    if (find_event(pair, BOB, AUGER_PEER_EVENT_RESTART_WANTED)) {
        assert_int_equal(auger_peer_restart(pair->peers[ALICE], pair->now), 0);
        introduce(pair);
    }
    talk(pair);
}

static void to_the_end(struct pair *pair)
{
    run_for(pair, 5 * AUGER_SEC);
    assert_non_null(find_state(pair, ALICE, AUGER_PEER_CLOSED));
    assert_non_null(find_state(pair, BOB, AUGER_PEER_CLOSED));
}

static void is_over(struct pair *pair)
{
    run_for(pair, 5 * AUGER_SEC);
    assert_non_null(find_state(pair, ALICE, AUGER_PEER_CLOSED));
    assert_int_equal(auger_peer_next_timeout(pair->peers[ALICE]), AUGER_NEVER);
}

static const struct call {
    const char *name;
    struct pair *(*begin)(void);
    int (*run)(struct pair *pair);
    void (*go_on)(struct pair *pair);
    bool keeps_room; /* a table that has grown stays, for the next attempt */
} calls[] = {
    {"add_local_addr", fresh, add_local_addr, from_the_beginning, false},
    {"remove_local_addr, the one in use", moving, remove_local_addr, by_a_restart_if_wanted, false},
    {"add_mapped_addr", fresh, add_mapped_addr, from_the_beginning, true},
    {"set_nat64", fresh, set_nat64, from_the_beginning, false},
    {"add_stun_server", fresh, add_stun_server, from_the_beginning, false},
    {"add_turn_server", fresh, add_turn_server, from_the_beginning, false},
    {"release", connected, release, is_over, false},
    {"end_of_local_addrs", fresh, end_of_local_addrs, from_the_beginning, false},
    {"create_offer", fresh, create_offer, from_the_offer, false},
    {"create_offer again", offered, create_offer, from_the_offer, false},
    {"local_description", offered, local_description, from_the_offer, false},
    {"rollback", offered, rollback, from_the_beginning, false},
    {"set_remote_description, an offer", offered, take_offer, from_the_heard_offer, false},
    {"create_answer", heard_offer, create_answer, from_the_answer, false},
    {"set_remote_description, an answer", answered, take_answer, talk, false},
    {"add_remote_candidate", heard_offer, add_remote_candidate, from_the_heard_offer, false},
    {"add_remote_candidate, a name", heard_offer, add_remote_name, from_the_heard_offer, false},
    {"name_resolved", heard_name, resolve_name, from_the_heard_offer, false},
    {"name_local_addr", fresh, name_local_addr, from_the_beginning, false},
    {"restart", connected, restart, from_the_beginning, false},
    {"create_offer, a restart", wants_restart, create_offer, from_the_offer, false},
    {"rollback of a restart", restart_offered, rollback, from_the_beginning, false},
    {"set_remote_description, a restart", restart_offered, take_offer, from_the_heard_offer, false},
    {"set_remote_description, its answer", restart_answered, take_answer, talk, false},
    {"channel_open", fresh, channel_open, from_the_beginning, true},
    {"channel_open once connected", connected, channel_open, talk, false},
    {"send", connected, send_message, talk, false},
    {"channel_close", connected, channel_close, talk, false},
    {"share_sockets", fresh, share_sockets, from_the_beginning, false},
    {"set_local_credentials", fresh, set_local_credentials, from_the_beginning, false},
    {"refuse_path", connected, refuse_path, talk, false},
    {"look", connected, look, talk, false},
    {"close", connected, close_peer, to_the_end, false},
};

static bool call_with_missing(const struct call *call, unsigned long n)
{
    struct pair *pair = call->begin();
    size_t before = allocated;

    sweep_begin(n);
    int err = call->run(pair);
    bool failed = sweep_end();
    if (err < 0 && failed) {
        if (err != AUGER_ERR_NO_MEMORY && err != AUGER_ERR_CRYPTO)
            fail_msg("%s, block %lu: %s", call->name, n, auger_strerror(err));
        if (allocated != before && !call->keeps_room)
            fail_msg("%s, block %lu: %zu blocks were %zu", call->name, n, allocated, before);
        err = call->run(pair);
    }
    if (err < 0)
        fail_msg("%s, block %lu: %s", call->name, n, auger_strerror(err));
    call->go_on(pair);
    pair_free(pair);
    assert_int_equal(allocated, 0);
    return failed;
}

static void test_each_block_of_each_call_may_be_missing(void **state)
{
    unsigned long missing = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        unsigned long n = 1;
        while (call_with_missing(&calls[i], n))
            assert_true(++n < BLOCKS_MAX);
        missing += n - 1;
    }
    assert_true(missing > 40);
}

static void test_each_block_of_a_peer_may_be_missing_when_it_is_made(void **state)
{
    bool failed;
    unsigned long n = 0;

    (void)state;
    do {
        struct auger_peer *peer = NULL;
        sweep_begin(++n);
        int err = (int)SWEPT(auger_peer_new(&peer, &test_env, NULL));
        failed = sweep_end();
        assert_int_equal(err != 0, failed);
        assert_true(!failed || (!peer && err == AUGER_ERR_NO_MEMORY));
        SWEPT_VOID(auger_peer_free(peer));
        assert_int_equal(allocated, 0);
    } while (failed);
    assert_true(n > 10);
}

/* --- datagrams ----------------------------------------------------------------------------------
 */

static bool both_ended(const struct pair *pair)
{
    for (int side = ALICE; side <= BOB; side++)
        if (!find_state(pair, side, AUGER_PEER_CLOSED) &&
            !find_state(pair, side, AUGER_PEER_FAILED))
            return false;
    return true;
}

/* From the first check to the last shutdown, with everything that a peer may send in between:
 * the n-th block that its datagrams, timers and events take is missing.  It is made up for, a
 * channel is refused, or the session ends; and then both sides know it. */
static bool live_with_missing(unsigned long n, bool *was_told)
{
    struct pair *pair = fresh();
    static char long_message[20000];

    channel = open_channel(pair, ALICE, "chat");
    introduce(pair);
    sweep_begin(n);
    run_for(pair, AUGER_SEC);
    for (int side = ALICE; side <= BOB; side++) {
        (void)!auger_peer_send(pair->peers[side], pair->now, channel, AUGER_MESSAGE_BINARY,
                               long_message, sizeof(long_message));
        run_for(pair, AUGER_SEC);
    }
    (void)!auger_peer_channel_close(pair->peers[BOB], pair->now, channel);
    run_for(pair, AUGER_SEC);
    auger_peer_close(pair->peers[BOB], pair->now);
    for (int seconds = 0; seconds < 40 && !both_ended(pair); seconds++)
        run_for(pair, AUGER_SEC);
    bool failed = sweep_end();
    *was_told = both_ended(pair);
    pair_free(pair);
    return failed;
}

static void test_each_block_of_a_sessions_datagrams_may_be_missing(void **state)
{
    unsigned long n = 1;
    bool was_told;

    (void)state;
    for (; live_with_missing(n, &was_told); n++) {
        if (!was_told)
            fail_msg("block %lu: a peer hangs", n);
        assert_int_equal(allocated, 0);
    }
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_block_of_a_peer_may_be_missing_when_it_is_made),
        cmocka_unit_test(test_each_block_of_each_call_may_be_missing),
        cmocka_unit_test(test_each_block_of_a_sessions_datagrams_may_be_missing),
    };
    for (int side = ALICE; side <= BOB; side++)
        if (auger_certificate_new(&certificates[side], auger_env_system()) < 0)
            return 1;
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    for (int side = ALICE; side <= BOB; side++)
        auger_certificate_free(certificates[side]);
    return failures;
}
