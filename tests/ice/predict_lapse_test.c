/* A port is predicted when the last path of its generation that needed none is over, though nothing
 * is heard and nothing else is due then. */
#include "tests/ice/guesser.h"

#include "ice/pair.h"

static const char *const one[] = {"23.4.5.6:7000"};
static const char before[] = "peerspasswordpeerspassword", anew[] = "anotherpasswordofthepeers";

/* Of both generations; of the second one check is answered. */
struct peer {
    struct guesser g;
    struct auger_stun_key *keys[2];
    size_t answers[2];
};

static void answer(struct peer *peer, size_t generation, const struct auger_path *path,
                   const struct auger_stun_msg *check)
{
    struct auger_addr mapped = addr_of("198.51.100.77:1");
    struct guesser *g = &peer->g;
    uint8_t reply[AUGER_DATAGRAM_MAX];
    struct auger_stun_builder b;
    struct auger_bytes data;

    mapped.port = guesser_map(g, path);
    auger_stun_build_begin(&b, reply, sizeof(reply), AUGER_STUN_SUCCESS, AUGER_STUN_BINDING,
                           &check->tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped);
    auger_stun_build_integrity(&b, peer->keys[generation]);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    assert_true(len > 0);
    auger_ice_handle_datagram(g->ice, g->world->now, path, reply, (size_t)len, &data);
    peer->answers[generation]++;
}

static void hear(struct peer *peer, const struct auger_path *path, const uint8_t *buf, size_t len)
{
    struct auger_bytes username;
    struct auger_stun_msg msg;

    if (guesser_is_server(&peer->g, &path->remote) || auger_stun_msg_parse(&msg, buf, len) != 0 ||
        !auger_stun_msg_bytes(&msg, AUGER_STUN_ATTR_USERNAME, &username))
        return;
    size_t generation = memcmp(username.data, "anew", 4) == 0;
    if (generation == 0 || peer->answers[1] == 0)
        answer(peer, generation, path, &msg);
}

/* Nobody but the agent itself says when it is to be called. */
static void live(struct peer *peer, auger_time duration, size_t wants)
{
    struct guesser *g = &peer->g;
    auger_time end = g->world->now + duration;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_path path;
    size_t len;

    while (g->wants < wants) {
        while ((len = auger_ice_poll_transmit(g->ice, g->world->now, &path, buf, sizeof(buf))) > 0)
            hear(peer, &path, buf, len);
        guesser_take_events(g);
        auger_time next = auger_ice_next_timeout(g->ice);
        if (next > end)
            return;
        if (g->wants < wants)
            g->world->now = next;
        auger_ice_handle_timeout(g->ice, g->world->now);
    }
}

static void restart(struct peer *peer)
{
    struct auger_cand cand = {.type = AUGER_CAND_SRFLX, .priority = 1694498815, .foundation = "1"};
    struct guesser *g = &peer->g;

    cand.addr = addr_of(one[0]);
    assert_int_equal(auger_ice_restart(g->ice, g->world->now), 0);
    assert_int_equal(auger_ice_set_remote_credentials(g->ice, g->world->now, "anew", anew), 0);
    assert_int_equal(auger_ice_add_remote_cand(g->ice, g->world->now, &cand), 0);
}

static void the_end_of_a_path_that_needed_no_guess_is_waited_for(void **state)
{
    struct peer peer = {0};
    struct guesser *g = &peer.g;

    (void)state;
    assert_int_equal(auger_stun_key_new(&peer.keys[0], (const uint8_t *)before, sizeof(before) - 1),
                     0);
    assert_int_equal(auger_stun_key_new(&peer.keys[1], (const uint8_t *)anew, sizeof(anew) - 1), 0);
    guesser_begin(g, GUESSER_BY_DESTINATION, NULL);
    assert_int_equal(auger_ice_set_controlling(g->ice, false), 0);
    guesser_meet(g, one, 0);
    guesser_hear(g, one, 1);
    live(&peer, AUGER_SEC, 1);
    assert_int_equal(auger_ice_get_state(g->ice), AUGER_ICE_CONNECTED);
    assert_int_equal(g->wants, 0);
    restart(&peer);
    auger_time restarted_at = g->world->now;
    live(&peer, AUGER_SEC, 1);
    assert_int_equal(peer.answers[1], 1);
    g->world->now = restarted_at + AUGER_SEC;
    live(&peer, 35 * AUGER_SEC, 1);
    assert_int_equal(auger_ice_get_state(g->ice), AUGER_ICE_CONNECTED);
    assert_int_equal(g->wants, 1);
    assert_in_range(g->world->now - restarted_at, AUGER_CONSENT_LIFETIME,
                    AUGER_CONSENT_LIFETIME + 500 * AUGER_MS);
    guesser_end(g);
    auger_stun_key_free(peer.keys[0]);
    auger_stun_key_free(peer.keys[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_a_path_that_needed_no_guess_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
