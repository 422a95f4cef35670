/* What follows when helper sockets are let go: docs/prediction.md. */
#include "tests/ice/guesser.h"

#include "ice/checklist.h"
#include "ice/state.h"

#define HELPERS 5
#define SOUGHT 4 /* pairs that are checked at a time to find one for the reserve */
#define ALIVE "23.4.5.6:7000"

static const char *const homes[] = {ALIVE,           "23.4.5.7:7000",  "23.4.5.8:7000",
                                    "23.4.5.9:7000", "23.4.5.10:7000", "23.4.5.11:7000"};

static void answer(struct guesser *g, const struct auger_path *path,
                   const struct auger_stun_tid *tid)
{
    static const char password[] = "peerspasswordpeerspassword";
    uint8_t reply[AUGER_DATAGRAM_MAX];
    struct auger_stun_builder b;
    struct auger_stun_key *key;
    struct auger_bytes data;

    assert_int_equal(auger_stun_key_new(&key, (const uint8_t *)password, sizeof(password) - 1), 0);
    auger_stun_build_begin(&b, reply, sizeof(reply), AUGER_STUN_SUCCESS, AUGER_STUN_BINDING, tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &path->local);
    auger_stun_build_integrity(&b, key);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    auger_ice_handle_datagram(g->ice, g->world->now, path, reply, (size_t)len, &data);
    auger_stun_key_free(key);
}

/* One of the peer's addresses answers our own, until they are a pair that is nominated. */
static void run_until_selected(struct guesser *g)
{
    const struct auger_addr alive = addr_of(ALIVE);
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_stun_msg msg;
    struct auger_path path;
    size_t len;

    for (;;) {
        while ((len = auger_ice_poll_transmit(g->ice, g->world->now, &path, buf, sizeof(buf))) >
               0) {
            if (!auger_addr_equal(&path.remote, &alive) || !auger_addr_equal(&path.local, &g->base))
                continue;
            assert_int_equal(auger_stun_msg_parse(&msg, buf, len), 0);
            answer(g, &path, &msg.tid);
            if (g->ice->current->nomination.selected)
                return;
        }
        assert_true(auger_ice_next_timeout(g->ice) > g->world->now);
        g->world->now = auger_ice_next_timeout(g->ice);
        auger_ice_handle_timeout(g->ice, g->world->now);
    }
}

static unsigned count_sought(const struct guesser *g)
{
    const struct auger_checklist *list = &g->ice->current->checklist;
    unsigned sought = 0;

    for (uint16_t i = 0; i < list->len; i++)
        sought +=
            auger_pair_is_open(list->order[i]) && auger_checklist_is_asking(list, list->order[i]);
    return sought;
}

/* Nothing else is due then, and what comes next would decide when the search goes on. */
static void another_pair_is_sought_in_the_place_of_a_helpers(void **state)
{
    struct auger_ice_config config;
    struct guesser g;

    (void)state;
    auger_ice_config_init(&config);
    config.standby_max = 3;
    config.controlling = true;
    guesser_begin(&g, GUESSER_BY_DESTINATION, &config);
    auger_ice_set_remote_renomination(g.ice, g.world->now, true);
    guesser_meet(&g, homes, 6);
    guesser_run(&g, 100 * AUGER_MS);
    assert_int_equal(g.wants, 1);
    assert_int_equal(guesser_help(&g, 6000, HELPERS), 0);
    guesser_drain(&g);
    assert_true(guesser_wants(&g, 6002));
    run_until_selected(&g);
    guesser_drain(&g);
    assert_int_equal(auger_ice_get_state(g.ice), AUGER_ICE_CONNECTED);
    assert_false(guesser_wants(&g, 6002));
    assert_int_equal(count_sought(&g), SOUGHT);
    guesser_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_pair_is_sought_in_the_place_of_a_helpers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
