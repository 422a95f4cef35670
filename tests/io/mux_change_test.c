/* The addresses of a mux really go and come, while sessions on its one port live: a namespace of
 * the test's own with two wires.
 *
 *     one  10.9.1.1/24, later 10.9.3.1/24    of the mux
 *     two  10.9.2.1/24                       of those on the other side
 */
#define _GNU_SOURCE
#include "tests/io/ends.h"

#include "tests/io/namespace.h"

#define CALLS 3

struct call {
    struct ends ends;
    unsigned wanted; /* restarts, by who is on the mux */
    unsigned lost;   /* how often that one was not connected any more */
};

static int lay_wires(void **state)
{
    static const char *const wires[] = {
        "link add one type veth peer name far1",
        "link add two type veth peer name far2",
        "link set far1 up",
        "link set far2 up",
        "addr add 10.9.1.1/24 dev one",
        "link set one up",
        "addr add 10.9.2.1/24 dev two",
        "link set two up",
    };

    (void)state;
    become_root();
    (void)new_namespace();
    for (size_t i = 0; i < ARRAY_LEN(wires); i++)
        ip(wires[i]);
    return 0;
}

static struct auger_net_config net_of(const char *const *interface)
{
    struct auger_net_config net;

    auger_net_config_init(&net);
    net.ipv6 = false;
    net.only = interface;
    net.only_len = 1;
    return net;
}

static const char *const one[] = {"one"}, *const two[] = {"two"};

static struct auger_peer *peer_of(struct auger_loop *loop, struct call *call,
                                  const struct auger_net_config *net)
{
    struct auger_peer *peer;

    assert_int_equal(auger_loop_peer_new(loop, NULL, net, &peer), 0);
    auger_loop_peer_set_user(loop, peer, call);
    return peer;
}

static void note(struct call *call, const struct auger_loop_event *event)
{
    enum auger_peer_state before = call->ends.states[ALICE];

    take(&call->ends, event);
    call->lost += before == AUGER_PEER_CONNECTED && call->ends.states[ALICE] != before;
    call->wanted += event->peer == call->ends.peers[ALICE] &&
                    event->event.type == AUGER_PEER_EVENT_RESTART_WANTED;
}

static void turn(struct auger_loop *loop)
{
    struct auger_loop_event event;

    assert_true(auger_loop_next(loop, &event));
    if (event.type == AUGER_LOOP_EVENT_TROUBLE)
        fail_msg("trouble: %s", event.what);
    if (event.type == AUGER_LOOP_EVENT_PEER)
        note(event.user, &event);
}

/* Those on the mux are Alice. */
static struct auger_loop_mux *call_all(struct auger_loop **loop, struct call calls[CALLS])
{
    const struct auger_net_config near = net_of(one), far = net_of(two);
    struct auger_net_config shared = near;

    assert_int_equal(auger_loop_new(loop, NULL), 0);
    assert_int_equal(auger_loop_mux_new(*loop, &near, &shared.mux), 0);
    for (size_t i = 0; i < CALLS; i++) {
        calls[i] = (struct call){.ends.loop = *loop};
        calls[i].ends.peers[ALICE] = peer_of(*loop, &calls[i], &shared);
        calls[i].ends.peers[BOB] = peer_of(*loop, &calls[i], &far);
        introduce(&calls[i].ends);
    }
    for (size_t i = 0; i < CALLS; i++)
        while (!calls[i].ends.open[ALICE] || !calls[i].ends.open[BOB])
            turn(*loop);
    return shared.mux;
}

static void each_hears_its_own(struct auger_loop *loop, struct call calls[CALLS], const char *when)
{
    char text[64];

    for (size_t i = 0; i < 2 * CALLS; i++) {
        struct ends *ends = &calls[i / 2].ends;
        size_t before = ends->messages[!(i % 2)];
        snprintf(text, sizeof(text), "%s, from %zu", when, i);
        send_text(ends, (int)(i % 2), text);
        while (ends->messages[!(i % 2)] == before)
            turn(loop);
        assert_string_equal(ends->latest[!(i % 2)], text);
    }
}

static bool is_at(const struct auger_loop_mux *mux, const char *address)
{
    struct auger_addr addrs[4];
    char text[AUGER_ADDR_TEXT_MAX];

    return auger_loop_mux_addrs(mux, addrs, 4) == 1 &&
           strcmp(auger_addr_format_ip(&addrs[0], text, sizeof(text)), address) == 0;
}

static void an_address_comes_and_then_the_other_goes(void **state)
{
    static struct call calls[CALLS];
    struct auger_loop *loop;
    struct auger_loop_mux *mux = call_all(&loop, calls);
    struct auger_addr addrs[4];

    (void)state;
    ip("addr add 10.9.3.1/24 dev one");
    while (auger_loop_mux_addrs(mux, addrs, 4) < 2)
        turn(loop);
    each_hears_its_own(loop, calls, "with both");
    ip("addr del 10.9.1.1/24 dev one");
    while (!is_at(mux, "10.9.3.1"))
        turn(loop);
    each_hears_its_own(loop, calls, "with the other");
    for (size_t i = 0; i < CALLS; i++)
        assert_int_equal(calls[i].wanted + calls[i].lost, 0);
    ip("addr add 10.9.1.1/24 dev one");
    ip("addr del 10.9.3.1/24 dev one");
    auger_loop_free(loop);
}

static bool all_want_a_restart(const struct call calls[CALLS])
{
    for (size_t i = 0; i < CALLS; i++)
        if (calls[i].wanted == 0)
            return false;
    return true;
}

/* Somebody who comes meanwhile has no candidate until there is an address. */
static void its_only_address_goes_which_each_session_is_told_and_outlives(void **state)
{
    static struct call calls[CALLS], late;
    struct auger_loop *loop;
    struct auger_loop_mux *mux = call_all(&loop, calls);
    struct auger_net_config shared = net_of(one);
    struct auger_cand cands[4];
    struct auger_addr addrs[4];

    (void)state;
    ip("addr del 10.9.1.1/24 dev one");
    while (!all_want_a_restart(calls))
        turn(loop);
    assert_int_equal(auger_loop_mux_addrs(mux, addrs, 4), 0);
    shared.mux = mux;
    late = (struct call){.ends.loop = loop};
    late.ends.peers[ALICE] = peer_of(loop, &late, &shared);
    const struct auger_ice *ice = auger_peer_ice(late.ends.peers[ALICE]);
    assert_int_equal(auger_ice_local_cands(ice, cands, 4), 0);
    ip("addr add 10.9.3.1/24 dev one");
    while (!is_at(mux, "10.9.3.1"))
        turn(loop);
    each_hears_its_own(loop, calls, "afterwards");
    assert_int_equal(auger_ice_local_cands(ice, cands, 4), 1);
    for (size_t i = 0; i < CALLS; i++) {
        assert_int_equal(calls[i].wanted, 1);
        assert_int_equal(calls[i].ends.states[ALICE], AUGER_PEER_CONNECTED);
    }
    auger_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_comes_and_then_the_other_goes),
        cmocka_unit_test(its_only_address_goes_which_each_session_is_told_and_outlives),
    };

    return cmocka_run_group_tests(tests, lay_wires, NULL);
}
