/* tools/peer_state.c - how `auger peer` tells things. */
#include "tools/peer_state.h"
#include "tools/output.h"

static double elapsed_ms(const struct peer_ops *ops)
{
    return (double)(auger_loop_now(ops->loop) - ops->started_at) / (double)AUGER_MS;
}

void peer_tell(const struct peer_ops *ops, const char *ev, json_t *fields)
{
    json_t *json = json_pack("{ss sf}", "ev", ev, "t", elapsed_ms(ops));

    json_object_update(json, fields);
    json_decref(fields);
    output_line(json);
}

void peer_tell_state(const struct peer_ops *ops, const char *which, const char *value)
{
    peer_tell(ops, "state", json_pack("{ss ss}", "which", which, "value", value));
}

void peer_tell_candidate(const struct peer_ops *ops, const char *line)
{
    if (!line) {
        peer_tell(ops, "cand", json_pack("{sn}", "cand"));
        peer_tell_state(ops, "gather", "complete");
        return;
    }
    peer_tell(ops, "cand",
              json_pack("{s{ss ss si}}", "cand", "candidate", line, "sdpMid", ops->mid,
                        "sdpMLineIndex", 0));
}
