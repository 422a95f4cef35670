/* tools/peer_ops.h - what `auger peer` does when it is asked.  What it tells by itself is
 * peer_events.h. */
#ifndef AUGER_TOOLS_PEER_OPS_H
#define AUGER_TOOLS_PEER_OPS_H

#include "tools/peer_state.h"

/* NULL: out of memory. */
struct peer_ops *peer_ops_new(struct auger_loop *loop, const struct peer_ops_config *config);
void peer_ops_free(struct peer_ops *ops); /* NULL is fine */

/* One request; false: it asks to end the program. */
bool peer_ops_take_line(struct peer_ops *ops, const char *line, size_t len);

/* All candidates are there: a description that waited for them is told. */
void peer_ops_gathered(struct peer_ops *ops);

void peer_ops_close(struct peer_ops *ops);
bool peer_ops_is_closed(const struct peer_ops *ops);

#endif /* AUGER_TOOLS_PEER_OPS_H */
