/* tests/worlds/life.c - what all who deal with a world ask of it. */
#include "tests/worlds/life.h"

#include <stdarg.h>
#include <stdio.h>

void life_condemn(struct life *life, const char *format, ...)
{
    va_list args;

    if (life->verdict->is_bad)
        return;
    life->verdict->is_bad = true;
    va_start(args, format);
    vsnprintf(life->verdict->why, sizeof(life->verdict->why), format, args);
    va_end(args);
}

const struct sim_peer_story *life_story(const struct life *life, int side)
{
    return sim_peer_story(life->built.peers[side]);
}

bool couple_is_connected(const struct couple *couple)
{
    return couple->peers[0] && couple->peers[1] &&
           sim_peer_story(couple->peers[0])->state == AUGER_ICE_CONNECTED &&
           sim_peer_story(couple->peers[1])->state == AUGER_ICE_CONNECTED;
}

bool life_is_connected(const struct life *life)
{
    return couple_is_connected(&life->first);
}
