/* tools/peer_state.h - the state of `auger peer`, shared by its requests (peer_ops.c) and its
 * events (peer_events.c). */
#ifndef AUGER_TOOLS_PEER_STATE_H
#define AUGER_TOOLS_PEER_STATE_H

#include "tools/net_options.h"
#include "tools/peer_channels.h"

#include <auger/io.h>

#include <jansson.h>

#define PEER_HELD_MAX 64

struct peer_ops_config {
    bool passive;
    const char *turn_ca; /* of servers that a request names */
    bool turn_any;
    struct auger_net_config net;
    struct auger_peer_config peer;
};

struct peer_ops {
    struct auger_loop *loop;
    struct peer_ops_config config;
    struct auger_peer *peer; /* NULL before `new` */
    struct peer_channels channels;
    bool ended;
    bool described; /* we have said an offer or an answer */
    bool gathered;  /* before that */
    char mid[AUGER_SDP_MID_MAX];
    char *held[PEER_HELD_MAX]; /* candidates of before */
    size_t held_len;
    auger_time started_at; /* of `offer` or `answer` */
    json_t *describing;    /* that request, while it waits for candidates; NULL: none does */
    uint64_t received;
    const char *err; /* of the current request */
    char sdp[AUGER_SDP_MAX + 1];
};

/* One event; `fields` is used up. */
void peer_tell(const struct peer_ops *ops, const char *ev, json_t *fields);
void peer_tell_state(const struct peer_ops *ops, const char *which, const char *value);
/* NULL: there will be no more. */
void peer_tell_candidate(const struct peer_ops *ops, const char *line);

#endif /* AUGER_TOOLS_PEER_STATE_H */
