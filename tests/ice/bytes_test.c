/* What an agent takes by way of its environment, with the limits of the default configuration. */
#include "tests/ice/puppet.h"

#define KIB 1024
#define BASES 16
#define REMOTES 64
#define PAIRS 100
#define PRFLX 16
#define SERVERS 4

static struct auger_addr numbered(const char *text, unsigned number)
{
    struct auger_addr addr = addr_of(text);

    addr.ip[3] = (uint8_t)(1 + number);
    return addr;
}

/* The puppet has one base already. */
static void add_bases(struct puppet *p)
{
    for (unsigned i = 1; i < BASES; i++) {
        struct auger_addr base = numbered("10.0.0.0:1000", i);
        assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &base), 0);
    }
}

static void add_servers(struct puppet *p)
{
    for (unsigned i = 0; i < SERVERS; i++) {
        struct auger_addr server = numbered("203.0.113.0:3478", i);
        assert_int_equal(auger_ice_add_stun_server(p->ice, p->world->now, &server), 0);
    }
}

static struct auger_cand short_one(unsigned number)
{
    struct auger_cand cand = cand_of("198.51.100.1:5000", AUGER_CAND_HOST, 2130706431 - number);

    cand.addr = numbered("198.51.100.0:5000", number);
    snprintf(cand.foundation, sizeof(cand.foundation), "%u", number);
    return cand;
}

/* As long as its line may be. */
static struct auger_cand long_one(unsigned number)
{
    struct auger_cand cand = short_one(number);

    cand.type = AUGER_CAND_SRFLX;
    cand.related = numbered("10.9.0.0:6000", number);
    memset(cand.foundation, '+', AUGER_FOUNDATION_MAX - 1);
    cand.foundation[0] = (char)('0' + number);
    return cand;
}

static void tell_all(struct puppet *p, struct auger_cand (*one)(unsigned number))
{
    for (unsigned i = 0; i < REMOTES; i++) {
        struct auger_cand cand = one(i);
        assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
    }
}

static size_t pairs_in(const struct puppet *p, enum auger_ice_pair_state state)
{
    static struct auger_ice_pair_info pairs[2 * PAIRS];
    size_t len = auger_ice_pairs(p->ice, pairs, 2 * PAIRS), count = 0;

    for (size_t i = 0; i < len; i++)
        count += pairs[i].state == state;
    return count;
}

/* For as long as it takes to ask all once at the pace of Ta, and no check is given up. */
static void ask_all(struct puppet *p, bool is_answered)
{
    char base[AUGER_ADDR_TEXT_MAX];
    struct sent sent;

    for (unsigned i = 0; i < 200; i++) {
        while (puppet_take_request(p, &sent)) {
            auger_addr_format(&sent.path.local, base, sizeof(base));
            if (is_answered)
                puppet_answer(p, &sent, &(struct puppet_answer){.to = base});
        }
        puppet_wait(p, 50 * AUGER_MS);
    }
}

static void assert_full(const struct puppet *p)
{
    static struct auger_cand cands[2 * REMOTES];

    assert_int_equal(auger_ice_local_cands(p->ice, cands, 2 * REMOTES), BASES);
    assert_true(auger_ice_remote_cands(p->ice, cands, 2 * REMOTES) >= REMOTES);
    assert_int_equal(puppet_pairs(p), PAIRS);
}

static void a_full_check_list_takes_20_kib(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);

    add_bases(p);
    puppet_introduce(p);
    tell_all(p, short_one);
    ask_all(p, false);
    assert_full(p);
    assert_int_equal(pairs_in(p, AUGER_PAIR_IN_PROGRESS), PAIRS);
    assert_in_range(p->world->bytes, 16 * KIB, 20 * KIB);
    puppet_free(p);
}

/* Beside that the longest candidates, those that only the peer's checks showed, and a query of
 * each server from each base. */
static void nothing_that_a_peer_says_takes_more_than_30_kib(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(true);

    add_bases(p);
    add_servers(p);
    puppet_introduce(p);
    for (unsigned i = 0; i < PRFLX; i++) {
        char from[AUGER_ADDR_TEXT_MAX];
        snprintf(from, sizeof(from), "192.0.2.%u:7000", 100 + i);
        puppet_check(p, &(struct puppet_check){.from = from, .role = CONTROLLED});
    }
    tell_all(p, long_one);
    ask_all(p, false);
    assert_full(p);
    assert_int_equal(pairs_in(p, AUGER_PAIR_IN_PROGRESS), PAIRS);
    assert_in_range(p->world->bytes, 20 * KIB, 30 * KIB);
    puppet_free(p);
}

/* A peer that answers all and never chooses. */
static void a_list_of_valid_pairs_takes_32_kib(void **state)
{
    (void)state;
    struct puppet *p = puppet_new(false);

    add_bases(p);
    puppet_introduce(p);
    tell_all(p, short_one);
    ask_all(p, true);
    assert_full(p);
    assert_int_equal(pairs_in(p, AUGER_PAIR_SUCCEEDED), PAIRS);
    assert_in_range(p->world->bytes, 20 * KIB, 32 * KIB);
    puppet_free(p);
}

static void a_settled_agent_with_one_pair_takes_4_kib(void **state)
{
    (void)state;
    struct world *world = world_of_two(20 * AUGER_MS);

    introduce(world);
    for (int i = 0; i < 2; i++)
        auger_ice_end_of_local_addrs(world->sides[i].ice, world->now);
    world_run(world, 60 * AUGER_SEC);
    for (int i = 0; i < 2; i++)
        assert_int_equal(auger_ice_get_state(world->sides[i].ice), AUGER_ICE_CONNECTED);
    assert_in_range(world->bytes, 2 * 2 * KIB, 2 * 4 * KIB);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_check_list_takes_20_kib),
        cmocka_unit_test(nothing_that_a_peer_says_takes_more_than_30_kib),
        cmocka_unit_test(a_list_of_valid_pairs_takes_32_kib),
        cmocka_unit_test(a_settled_agent_with_one_pair_takes_4_kib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
