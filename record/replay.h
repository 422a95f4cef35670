/* record/replay.h - the replay from the inside: the stream of ops without its frames. */
#ifndef AUGER_RECORD_REPLAY_H
#define AUGER_RECORD_REPLAY_H

#include <auger/record.h>

/* As auger_replay(); offsets are of the stream. */
int auger_replay_ops(const uint8_t *ops, size_t len, const struct auger_env *env,
                     struct auger_replay_result *result) AUGER_CHECK_RESULT;

#endif /* AUGER_RECORD_REPLAY_H */
