/* Room for the pair along which a check comes: RFC 8445 section 7.3.1.4.  What makes room in a full
 * table is limits_test.c. */
#include "tests/ice/puppet.h"

#define CELLULAR "198.51.100.1:1003"
#define HEARD "198.51.100.9:9"

static struct auger_pair *pair_along(const struct puppet *p, const char *base, const char *remote)
{
    const struct auger_path path = {addr_of(base), addr_of(remote)};

    return auger_checklist_find(&p->ice->current->checklist, &path);
}

static void answer_for(struct puppet *p, auger_time time)
{
    struct sent sent;

    for (auger_time waited = 0; waited < time; waited += 50 * AUGER_MS) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &sent)) {
            char to[AUGER_ADDR_TEXT_MAX];
            puppet_name(&sent.path.local, to);
            puppet_answer(p, &sent, &(struct puppet_answer){.to = to});
        }
    }
}

/* It uses one pair of three, and has another of a second address: where the peer is heard is to be
 * tried from both. */
static struct puppet *puppet_that_has_moved(bool is_lite)
{
    const struct auger_addr cellular = addr_of(CELLULAR);
    struct auger_ice_config config;

    auger_ice_config_init(&config);
    config.lite = is_lite;
    config.pairs_max = 3;
    struct puppet *p = puppet_with(&config);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    answer_for(p, AUGER_SEC);
    puppet_check(p, &(struct puppet_check){.role = CONTROLLING, .use_candidate = true});
    assert_true(puppet_pair(p, "192.0.2.2:2002").selected);
    assert_int_equal(auger_ice_add_local_addr(p->ice, p->world->now, &cellular), 0);
    answer_for(p, 4 * AUGER_SEC); /* what is nominated from now on is of no volley */
    assert_int_equal(puppet_pairs(p), 2);
    return p;
}

/* Each address of ours tries where the peer has been heard, but the pair of the one that heard it
 * is not among what makes room for the others. */
static void test_the_pair_of_a_check_makes_no_room_for_those_of_other_addresses(void **state)
{
    (void)state;
    for (int is_lite = 0; is_lite < 2; is_lite++) {
        struct puppet *p = puppet_that_has_moved(is_lite);
        puppet_check(
            p, &(struct puppet_check){
                   .from = HEARD, .role = CONTROLLING, .use_candidate = true, .to = CELLULAR});
        assert_non_null(pair_along(p, CELLULAR, HEARD));
        assert_null(pair_along(p, "192.0.2.1:1001", HEARD)); /* which the peer has not named */
        answer_for(p, AUGER_SEC);
        assert_ptr_equal(p->ice->current->nomination.selected, pair_along(p, CELLULAR, HEARD));
        puppet_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_pair_of_a_check_makes_no_room_for_those_of_other_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
