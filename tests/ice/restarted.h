/* tests/ice/restarted.h - what tests of ICE restarts have in common. */
#ifndef TESTS_ICE_RESTARTED_H
#define TESTS_ICE_RESTARTED_H

#include "tests/ice/puppet.h"

#include "ice/restart.h"

#define DELAY (20 * AUGER_MS)
#define NEW_UFRAG "puppet02"
#define NEW_PASSWORD "puppetpuppetpuppetpuppe2"

static inline struct auger_ice *ice_of(const struct world *world, int which)
{
    return world->sides[which].ice;
}

static inline enum auger_ice_state state_of(const struct world *world, int which)
{
    return auger_ice_get_state(ice_of(world, which));
}

/* Two agents with a selected pair, and nothing more to do than consent. */
static inline struct world *connected(void)
{
    struct world *world = world_of_two(DELAY);

    introduce(world);
    world_run(world, 2 * AUGER_SEC);
    for (int i = 0; i < 2; i++) {
        assert_int_not_equal(world->sides[i].selected_at, AUGER_NEVER);
        world->sides[i].states_len = 0;
    }
    return world;
}

static inline void restart(struct world *world, int which)
{
    assert_int_equal(auger_ice_restart(ice_of(world, which), world->now), 0);
    world_settle(world);
}

/* What `from` says of itself now, as the other side is told it. */
static inline void describe(struct world *world, int from)
{
    world_settle(world);
    tell_credentials(world, 1 - from);
    tell_candidates(world, 1 - from);
}

/* `from` offers, the other answers. */
static inline void exchange(struct world *world, int from)
{
    describe(world, from);
    describe(world, 1 - from);
}

/* Both have selected a pair of the credentials that both have now. */
static inline void assert_restarted(const struct world *world)
{
    for (int i = 0; i < 2; i++) {
        const struct auger_ice *ours = ice_of(world, i), *theirs = ice_of(world, 1 - i);
        assert_string_equal(ours->current->remote.ufrag, auger_ice_ufrag(theirs));
        assert_non_null(ours->current->nomination.selected);
        assert_ptr_equal(ours->route, ours->current->nomination.selected);
        assert_int_equal(state_of(world, i), AUGER_ICE_CONNECTED);
    }
}

#endif
