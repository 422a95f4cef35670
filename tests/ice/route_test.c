/* Which valid pair data takes while none is selected (RFC 8445 section 12.1), and when it changes.
 */
#include "tests/ice/puppet.h"

#define HIGHEST "192.0.2.2:2001"
#define HIGH "192.0.2.2:2002"
#define ONE_OF_TWO "192.0.2.2:2003"
#define OTHER_OF_TWO "192.0.2.2:2004"

static bool is_to(const struct sent *sent, const char *remote)
{
    const struct auger_addr addr = addr_of(remote);

    return auger_addr_equal(&sent->path.remote, &addr);
}

/* What is asked of `answering` is answered. */
static void live(struct puppet *p, auger_time time, const char *answering)
{
    struct sent sent;

    for (auger_time end = p->world->now + time; p->world->now < end;) {
        puppet_wait(p, 50 * AUGER_MS);
        while (puppet_take_request(p, &sent))
            if (answering && is_to(&sent, answering))
                puppet_answer(p, &sent, &(struct puppet_answer){0});
    }
}

/* The next check of the consent of `remote` takes it back. */
static void revoke(struct puppet *p, const char *remote)
{
    struct sent sent = {0};

    while (!is_to(&sent, remote)) {
        while (puppet_take_request(p, &sent) && !is_to(&sent, remote))
            ;
        puppet_wait(p, 50 * AUGER_MS);
    }
    puppet_answer(p, &sent, &(struct puppet_answer){.code = 403});
}

static void assert_data_goes_to(const struct puppet *p, const char *remote)
{
    const struct auger_addr addr = addr_of(remote);
    struct auger_path path;

    assert_int_equal(auger_ice_write_data(p->ice, p->world->now, NULL, 0, &path, NULL, 0), 0);
    assert_true(auger_addr_equal(&path.remote, &addr));
}

static void tell(struct puppet *p, const char *remote, uint32_t priority, const char *foundation)
{
    struct auger_cand cand = cand_of(remote, AUGER_CAND_HOST, priority);

    strcpy(cand.foundation, foundation);
    assert_int_equal(auger_ice_add_remote_cand(p->ice, p->world->now, &cand), 0);
}

/* The first checks, by which a pair can become valid for as long as they go on. */
static struct puppet *puppet_with_four(struct sent first[4])
{
    struct puppet *p = puppet_new(false);

    puppet_introduce(p);
    tell(p, HIGHEST, 4000, "1");
    tell(p, HIGH, 3000, "2");
    tell(p, ONE_OF_TWO, 2000, "3");
    tell(p, OTHER_OF_TWO, 2000, "4");
    for (int i = 0; i < 4; i++) {
        assert_true(puppet_take_request(p, &first[i]));
        puppet_wait(p, 50 * AUGER_MS);
    }
    return p;
}

/* Nothing happens as the consent of a pair ends that is not in use; what changed then would wait
 * for whoever sends the next datagram. */
static void of_two_alike_the_one_in_use_stays_as_another_ends(void **state)
{
    static const char *const alike[] = {ONE_OF_TWO, OTHER_OF_TWO};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct sent first[4];
        struct puppet *p = puppet_with_four(first);
        puppet_answer(p, &first[0], &(struct puppet_answer){0});
        puppet_answer(p, &first[1], &(struct puppet_answer){0});
        live(p, 6 * AUGER_SEC, HIGHEST);
        puppet_answer(p, &first[2 + i], &(struct puppet_answer){0});
        live(p, 9 * AUGER_SEC + 500 * AUGER_MS, HIGHEST);
        assert_data_goes_to(p, HIGHEST);
        revoke(p, HIGHEST);
        assert_data_goes_to(p, alike[i]);
        live(p, 2 * AUGER_SEC, alike[i]);
        puppet_answer(p, &first[3 - i], &(struct puppet_answer){0});
        assert_data_goes_to(p, alike[i]);
        live(p, 16 * AUGER_SEC, alike[i]);
        assert_data_goes_to(p, alike[i]);
        puppet_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_alike_the_one_in_use_stays_as_another_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
