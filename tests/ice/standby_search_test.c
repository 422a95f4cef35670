/* The search for pairs to keep in reserve, and what does not move it: docs/decisions/072. */
#include "tests/ice/puppet.h"

#include "ice/renominate.h"
#include "ice/standby.h"

#define ASKED_MAX 200
#define DEAF 9 /* candidates of the peer's that answer nothing, of one foundation */

struct diary {
    size_t len;
    auger_time at[ASKED_MAX];
    struct auger_addr asked[ASKED_MAX];
};

/* The peer answers at the first address alone. */
static void take_down(struct puppet *p, struct diary *diary)
{
    struct auger_addr home = addr_of("192.0.2.2:2002");
    struct sent sent;

    while (puppet_take_request(p, &sent)) {
        assert_true(diary->len < ASKED_MAX);
        diary->at[diary->len] = p->world->now;
        diary->asked[diary->len++] = sent.path.remote;
        if (auger_addr_equal(&sent.path.remote, &home))
            puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
}

/* Half a minute of an agent that seeks a pair to keep, from one of its times to the next; as
 * soon as it has said all, a stranger says something too. */
static void seek(struct diary *diary, bool has_stranger)
{
    struct puppet *p;
    struct auger_ice_config config;
    char text[64];

    auger_ice_config_init(&config);
    config.controlling = true;
    config.standby_max = 1;
    p = puppet_with(&config);
    auger_ice_set_remote_renomination(p->ice, p->world->now, true);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    take_down(p, diary);
    for (uint16_t i = 0; i < DEAF; i++) {
        snprintf(text, sizeof(text), "192.0.2.3:%u", 3000u + i);
        struct auger_cand deaf = cand_of(text, AUGER_CAND_HOST, 2130706000u - i);
        deaf.foundation[0] = '2';
        assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &deaf), 0);
    }
    for (auger_time end = p->world->now + 30 * AUGER_SEC; p->world->now < end;) {
        take_down(p, diary);
        if (has_stranger)
            puppet_check(p, &(struct puppet_check){.wrong_password = true});
        take_down(p, diary);
        auger_time next = auger_ice_next_timeout(p->ice);
        assert_true(next > p->world->now);
        puppet_wait(p, next - p->world->now);
    }
    puppet_free(p);
}

static void a_strangers_datagram_does_not_hurry_the_search(void **state)
{
    struct diary alone = {0}, with_stranger = {0};

    (void)state;
    seek(&alone, false);
    seek(&with_stranger, true);
    assert_true(alone.len > DEAF);
    assert_int_equal(alone.len, with_stranger.len);
    for (size_t i = 0; i < alone.len; i++) {
        assert_int_equal(alone.at[i], with_stranger.at[i]);
        assert_true(auger_addr_equal(&alone.asked[i], &with_stranger.asked[i]));
    }
}

/* The peer answers at its second address, and at the first one until then. */
static void answer_until(struct puppet *p, auger_time until)
{
    struct auger_addr first = addr_of("192.0.2.2:2002"), second = addr_of("192.0.2.4:2004");
    struct sent sent;

    while (puppet_take_request(p, &sent))
        if (auger_addr_equal(&sent.path.remote, &second) ||
            (auger_addr_equal(&sent.path.remote, &first) && p->world->now < until))
            puppet_answer(p, &sent, &(struct puppet_answer){0});
}

/* From one of its times to the next. */
static void run_until(struct puppet *p, auger_time end, auger_time first_until)
{
    for (;;) {
        answer_until(p, first_until);
        auger_time next = auger_ice_next_timeout(p->ice);
        assert_true(next > p->world->now);
        if (next >= end)
            break;
        puppet_wait(p, next - p->world->now);
    }
    puppet_wait(p, end - p->world->now);
}

/* Guesses at ports have few requests: all have left when the nomination cancels them, and their
 * time is over when the pair in use is replaced and there is room for another in reserve. */
static void what_was_cancelled_and_is_too_old_is_not_gone_on_with(void **state)
{
    struct auger_ice_config config;
    char text[64];

    (void)state;
    auger_ice_config_init(&config);
    config.controlling = false;
    config.standby_max = 1;
    struct puppet *p = puppet_with(&config);
    auger_ice_set_remote_renomination(p->ice, p->world->now, true);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.4:2004", 2130706430), 0);
    for (uint16_t i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), "192.0.2.3:%u", 3000u + i);
        struct auger_cand deaf = cand_of(text, AUGER_CAND_HOST, 2130706000u - i);
        deaf.foundation[0] = (char)('2' + i);
        assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &deaf), 0);
        struct auger_addr addr = addr_of(text);
        auger_cands_find(&p->ice->current->remotes, &addr, AUGER_TCP_TYPE_NONE)->is_predicted =
            true;
    }
    const auger_time begin = p->world->now, silent_at = begin + 5 * AUGER_SEC;
    run_until(p, begin + 4 * AUGER_SEC, silent_at);
    puppet_check(p, &(struct puppet_check){.use_candidate = true, .nomination = 1});
    run_until(p, begin + 25 * AUGER_SEC, silent_at);
    puppet_check(p, &(struct puppet_check){
                        .from = "192.0.2.4:2004", .use_candidate = true, .nomination = 2});
    run_until(p, begin + 30 * AUGER_SEC, silent_at);
    assert_true(puppet_pair(p, "192.0.2.4:2004").selected);
    assert_int_equal(puppet_pair(p, "192.0.2.3:3000").state, AUGER_PAIR_FAILED);
    puppet_free(p);
}

/* One that goes to the peer's first address, in 10 s at most, and is not that of `other`. */
static void take_another(struct puppet *p, const struct sent *other, struct sent *sent)
{
    struct auger_addr first = addr_of("192.0.2.2:2002");

    for (int i = 0; i < 200; i++) {
        while (puppet_take_request(p, sent))
            if (auger_addr_equal(&sent->path.remote, &first) &&
                (!other || memcmp(&sent->msg.tid, &other->msg.tid, sizeof(sent->msg.tid)) != 0))
                return;
        puppet_wait(p, 50 * AUGER_MS);
    }
    fail_msg("it asks nothing");
}

/* Consent on the nominated pair is about to end, and an answer that renews it comes before that of
 * the check which the nomination has triggered: nothing else happens then. */
static void what_is_selected_late_has_others_beside_it_at_once(void **state)
{
    struct sent check, consent;
    struct auger_ice_config config;

    (void)state;
    auger_ice_config_init(&config);
    struct puppet *p = puppet_with(&config);
    auger_ice_set_remote_renomination(p->ice, p->world->now, true);
    puppet_introduce(p);
    assert_int_equal(puppet_tell(p, "192.0.2.2:2002", 2130706431), 0);
    assert_int_equal(puppet_tell(p, "192.0.2.4:2004", 2130706430), 0);
    const auger_time begin = p->world->now;
    run_until(p, begin + 18 * AUGER_SEC, begin + 1 * AUGER_SEC);
    puppet_check(p, &(struct puppet_check){.use_candidate = true, .nomination = 1});
    assert_false(puppet_pair(p, "192.0.2.2:2002").selected);
    take_another(p, NULL, &check);
    take_another(p, &check, &consent);
    puppet_answer(p, &consent, &(struct puppet_answer){0});
    assert_true(puppet_pair(p, "192.0.2.2:2002").selected);
    const struct auger_path other = {p->base, addr_of("192.0.2.4:2004")};
    assert_true(auger_checklist_find(&p->ice->current->checklist, &other)->proof->standby);
    puppet_free(p);
}

static void more_than_there_can_be_is_refused(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct auger_ice_config config;
    struct auger_ice *ice;

    auger_ice_config_init(&config);
    assert_int_equal(config.standby_max, 2);
    config.standby_max = AUGER_ICE_STANDBY_MAX + 1;
    assert_int_equal(auger_ice_new(&ice, &world->env, &config), AUGER_ERR_INVALID);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_strangers_datagram_does_not_hurry_the_search),
        cmocka_unit_test(what_was_cancelled_and_is_too_old_is_not_gone_on_with),
        cmocka_unit_test(what_is_selected_late_has_others_beside_it_at_once),
        cmocka_unit_test(more_than_there_can_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
