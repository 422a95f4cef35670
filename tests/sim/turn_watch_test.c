/* That a watch beside a TURN server sees what it is there for. */
#include "tests/sim/turn_watch.h"

#include <auger/stun.h>

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define PORTS 10

static const struct auger_addr listener = {.family = AUGER_IPV4, .port = 3478, .ip = {23, 4, 5, 1}};
static const struct auger_addr relay = {.family = AUGER_IPV4, .port = 49152, .ip = {23, 4, 5, 2}};
static const struct auger_addr other_relay = {
    .family = AUGER_IPV4, .port = 49153, .ip = {23, 4, 5, 2}};
static const struct auger_addr peer = {.family = AUGER_IPV4, .port = 99, .ip = {23, 4, 5, 9}};
static const struct auger_addr stranger = {.family = AUGER_IPV4, .port = 99, .ip = {23, 4, 5, 8}};

struct stage {
    struct turn_watch *watch;
    struct auger_path client;
    uint8_t asked[200], said[200];
};

static int set_up(void **state)
{
    static struct stage stage;

    stage = (struct stage){.watch = turn_watch_new(PORTS),
                           .client = {listener, {.family = AUGER_IPV4, .port = 5, .ip = {23, 9}}}};
    *state = &stage;
    return 0;
}

static int tear_down(void **state)
{
    turn_watch_free(((struct stage *)*state)->watch);
    return 0;
}

static void holds(const struct stage *stage)
{
    if (turn_watch_broken(stage->watch))
        print_error("%s\n", turn_watch_broken(stage->watch));
    assert_null(turn_watch_broken(stage->watch));
}

static void breaks(const struct stage *stage, char invariant)
{
    assert_non_null(turn_watch_broken(stage->watch));
    assert_int_equal(turn_watch_broken(stage->watch)[0], invariant);
}

static size_t write_msg(uint8_t buf[200], enum auger_stun_class class_, uint16_t method,
                        uint16_t attr, const struct auger_addr *addr)
{
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, 200, class_, method, &(struct auger_stun_tid){{1}});
    if (class_ == AUGER_STUN_ERROR)
        auger_stun_build_error(&b, attr == AUGER_STUN_ATTR_XOR_PEER_ADDRESS
                                       ? AUGER_STUN_ALLOCATION_MISMATCH
                                       : AUGER_STUN_UNAUTHENTICATED);
    if (addr)
        auger_stun_build_addr(&b, attr, addr);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    return (size_t)len;
}

/* A request and its answer; `asked` and `said` are addresses in them, or NULL. */
static void answers(struct stage *stage, auger_time now, uint16_t method,
                    const struct auger_addr *asked, const struct auger_addr *said)
{
    size_t asked_len = write_msg(stage->asked, AUGER_STUN_REQUEST, method,
                                 AUGER_STUN_ATTR_XOR_PEER_ADDRESS, asked);
    size_t said_len = write_msg(stage->said, AUGER_STUN_SUCCESS, method,
                                AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, said);
    const struct auger_turn_server_out out = {.what = AUGER_TURN_SERVER_TO_CLIENT,
                                              .path = stage->client,
                                              .bytes = {stage->said, said_len}};

    turn_watch_client(stage->watch, now, &stage->client, stage->asked, asked_len, &out);
}

static void says_437(struct stage *stage, uint16_t method)
{
    size_t asked_len = write_msg(stage->asked, AUGER_STUN_REQUEST, method, 0, NULL);
    size_t said_len =
        write_msg(stage->said, AUGER_STUN_ERROR, method, AUGER_STUN_ATTR_XOR_PEER_ADDRESS, NULL);
    const struct auger_turn_server_out out = {.what = AUGER_TURN_SERVER_TO_CLIENT,
                                              .path = stage->client,
                                              .bytes = {stage->said, said_len}};

    turn_watch_client(stage->watch, 0, &stage->client, stage->asked, asked_len, &out);
}

static void relays(struct stage *stage, auger_time now, const struct auger_addr *from,
                   const struct auger_addr *to)
{
    const struct auger_turn_server_out out = {.what = AUGER_TURN_SERVER_TO_PEER,
                                              .path = {*from, *to}};
    turn_watch_client(stage->watch, now, &stage->client, stage->asked, 4, &out);
}

static void brings(struct stage *stage, auger_time now, const struct auger_addr *from)
{
    const struct auger_turn_server_out out = {.what = AUGER_TURN_SERVER_TO_CLIENT,
                                              .path = stage->client};
    turn_watch_peer(stage->watch, now, &relay, from, &out);
}

static void has_permission(struct stage *stage)
{
    answers(stage, 0, AUGER_STUN_ALLOCATE, NULL, &relay);
    answers(stage, 0, AUGER_STUN_CREATE_PERMISSION, &peer, NULL);
}

/* --- 5 ---------------------------------------------------------------------------------- */

static void what_has_a_permission_is_relayed_both_ways(void **state)
{
    struct stage *stage = *state;

    has_permission(stage);
    relays(stage, 299 * AUGER_SEC, &relay, &peer);
    brings(stage, 299 * AUGER_SEC, &peer);
    holds(stage);
}

static void who_has_an_allocation_is_not_told_that_there_is_none(void **state)
{
    says_437(*state, AUGER_STUN_REFRESH);
    has_permission(*state);
    says_437(*state, AUGER_STUN_ALLOCATE);
    holds(*state);
    says_437(*state, AUGER_STUN_REFRESH);
    breaks(*state, '5');
}

static void who_has_none_is_not_told_that_there_is_one(void **state)
{
    says_437(*state, AUGER_STUN_ALLOCATE);
    breaks(*state, '5');
}

static void nothing_is_relayed_without_an_allocation(void **state)
{
    relays(*state, 0, &relay, &peer);
    breaks(*state, '5');
}

static void nothing_is_relayed_by_the_relay_of_another(void **state)
{
    has_permission(*state);
    relays(*state, 0, &other_relay, &peer);
    breaks(*state, '5');
}

static void nothing_is_relayed_to_who_has_no_permission(void **state)
{
    has_permission(*state);
    relays(*state, 0, &relay, &stranger);
    breaks(*state, '5');
}

static void nothing_is_relayed_from_who_has_no_permission(void **state)
{
    has_permission(*state);
    brings(*state, 0, &stranger);
    breaks(*state, '5');
}

static void a_permission_ends_after_5_minutes(void **state)
{
    has_permission(*state);
    brings(*state, 300 * AUGER_SEC, &peer);
    breaks(*state, '5');
}

static void an_allocation_ends(void **state)
{
    struct stage *stage = *state;
    struct auger_turn_server_event event = {.type = AUGER_TURN_SERVER_EVENT_ENDED};

    has_permission(stage);
    event.allocation.client = stage->client;
    turn_watch_event(stage->watch, &event);
    relays(stage, 0, &relay, &peer);
    breaks(stage, '5');
}

static void a_relay_has_one_allocation(void **state)
{
    struct stage *stage = *state;

    answers(stage, 0, AUGER_STUN_ALLOCATE, NULL, &relay);
    stage->client.remote.port++;
    answers(stage, 0, AUGER_STUN_ALLOCATE, NULL, &relay);
    breaks(stage, '5');
}

static void what_is_counted_is_what_there_is(void **state)
{
    static const struct {
        uint64_t allocations, relays, ports_free, open;
        bool fine;
    } cases[] = {{1, 1, 2 * PORTS - 1, 1, true},
                 {2, 1, 2 * PORTS - 1, 1, false},
                 {1, 2, 2 * PORTS - 1, 1, false},
                 {1, 1, 2 * PORTS, 1, false},
                 {1, 1, 2 * PORTS - 1, 2, false}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stage *stage = *state;
        struct auger_turn_server_stats stats = {.allocations = cases[i].allocations,
                                                .relays = cases[i].relays,
                                                .ports_free = {cases[i].ports_free, 0}};
        has_permission(stage);
        turn_watch_count(stage->watch, &stats, cases[i].open);
        if (cases[i].fine)
            holds(stage);
        else
            breaks(stage, '5');
        tear_down(state);
        set_up(state);
    }
}

/* A cookie that the network damaged makes a Binding request one of RFC 3489. */
static void a_request_without_a_cookie_is_answered_with_its_own_id(void **state)
{
    for (int is_own = 1; is_own >= 0; is_own--) {
        struct stage *stage = *state;
        const struct auger_turn_server_out out = {
            .what = AUGER_TURN_SERVER_TO_CLIENT, .path = stage->client, .bytes = {stage->said, 20}};
        (void)write_msg(stage->asked, AUGER_STUN_REQUEST, AUGER_STUN_BINDING, 0, NULL);
        stage->asked[6] ^= 1;
        memcpy(stage->said, stage->asked, 20);
        stage->said[10] ^= is_own ? 0 : 1;
        turn_watch_client(stage->watch, 0, &stage->client, stage->asked, 20, &out);
        if (is_own)
            holds(stage);
    }
    breaks(*state, '5');
}

/* --- 4 ---------------------------------------------------------------------------------- */

static void refuses(struct stage *stage, auger_time now)
{
    size_t asked = write_msg(stage->asked, AUGER_STUN_REQUEST, AUGER_STUN_ALLOCATE, 0, NULL);
    size_t said = write_msg(stage->said, AUGER_STUN_ERROR, AUGER_STUN_ALLOCATE,
                            AUGER_STUN_ATTR_XOR_RELAYED_ADDRESS, &relay);
    const struct auger_turn_server_out out = {
        .what = AUGER_TURN_SERVER_TO_CLIENT, .path = stage->client, .bytes = {stage->said, said}};

    assert_true(said * 10 > asked * 17);
    turn_watch_client(stage->watch, now, &stage->client, stage->asked, asked, &out);
}

static void a_stranger_gets_little_more_than_it_sends(void **state)
{
    for (int i = 0; i < 11; i++) {
        holds(*state);
        refuses(*state, i);
    }
    breaks(*state, '4');
}

static void a_stranger_gets_10_answers_a_second_beside_10_at_once(void **state)
{
    for (int i = 0; i < 10; i++)
        refuses(*state, 0);
    for (int i = 1; i <= 10; i++)
        refuses(*state, i * AUGER_SEC / 10);
    holds(*state);
    refuses(*state, AUGER_SEC + AUGER_SEC / 20);
    breaks(*state, '4');
}

#define staged(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        staged(what_has_a_permission_is_relayed_both_ways),
        staged(who_has_an_allocation_is_not_told_that_there_is_none),
        staged(who_has_none_is_not_told_that_there_is_one),
        staged(nothing_is_relayed_without_an_allocation),
        staged(nothing_is_relayed_by_the_relay_of_another),
        staged(nothing_is_relayed_to_who_has_no_permission),
        staged(nothing_is_relayed_from_who_has_no_permission),
        staged(a_permission_ends_after_5_minutes),
        staged(an_allocation_ends),
        staged(a_relay_has_one_allocation),
        staged(what_is_counted_is_what_there_is),
        staged(a_request_without_a_cookie_is_answered_with_its_own_id),
        staged(a_stranger_gets_little_more_than_it_sends),
        staged(a_stranger_gets_10_answers_a_second_beside_10_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
