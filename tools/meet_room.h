/* tools/meet_room.h - two find each other in a room of `auger serve`: what is signalled there goes
 * to a talk and comes from it.  By hand it is meet_manual.h. */
#ifndef AUGER_TOOLS_MEET_ROOM_H
#define AUGER_TOOLS_MEET_ROOM_H

#include "tools/room_client.h"
#include "tools/signalling.h"
#include "tools/talk.h"

struct meet_room {
    struct talk *talk; /* to be set before the first message comes */
    const struct talk_config *config;
    struct server_url url;
    struct room_client *client;
    char other[SIGNAL_NAME_MAX], session[SIGNAL_NAME_MAX]; /* "" before there is one */
    bool failed;                                           /* it said why */
};

/* For struct talk_config; `user` is the meeting. */
void meet_room_described(void *user, enum auger_sdp_type type, const char *sdp);
void meet_room_candidate(void *user, const char *line);

/* Enters the room; `ca` as in room_client.h.  false: it said what failed. */
bool meet_room_begin(struct meet_room *meeting, struct auger_loop *loop,
                     const struct server_url *url, const char *room, const char *ca);
void meet_room_end(struct meet_room *meeting);

#endif /* AUGER_TOOLS_MEET_ROOM_H */
