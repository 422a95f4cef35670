/* tools/peer_stats.h - how a peer stands, in the words of the W3C's statistics, and why it stands
 * so. */
#ifndef AUGER_TOOLS_PEER_STATS_H
#define AUGER_TOOLS_PEER_STATS_H

#include <auger/peer.h>
#include <auger/peer_explain.h>

#include <jansson.h>

/* A list of statistics objects. */
json_t *peer_stats(const struct auger_peer *peer, auger_time now);
/* The selected pair in short, or null. */
json_t *peer_pair(const struct auger_peer *peer);
/* {code, text, evidence} */
json_t *peer_why(const struct auger_peer *peer);

#endif /* AUGER_TOOLS_PEER_STATS_H */
