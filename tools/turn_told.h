/* tools/turn_told.h - what is said of a TURN server on standard output, as lines for people or for
 * programs: each allocation that begins and ends, within a rate, and what is carried. */
#ifndef AUGER_TOOLS_TURN_TOLD_H
#define AUGER_TOOLS_TURN_TOLD_H

#include "tools/log_lines.h"

#include <auger/io_turn.h>

enum { TURN_TOLD_BEGUN, TURN_TOLD_ENDED, TURN_TOLD_KINDS };

struct turn_told {
    bool json;
    struct log_lines lines[TURN_TOLD_KINDS];
};

void turn_told_allocation(struct turn_told *told, auger_time now,
                          const struct auger_turn_service_event *event);
/* So many were not even asked for, by the type of their event. */
void turn_told_leave_out(struct turn_told *told,
                         const unsigned left_out[AUGER_TURN_SERVICE_EVENT_NEEDS_KEY]);
/* How many lines were left out, if some were. */
void turn_told_handle_timeout(struct turn_told *told, auger_time now);
auger_time turn_told_next_timeout(const struct turn_told *told);
void turn_told_status(const struct turn_told *told, const struct auger_turn_server_stats *server,
                      const struct auger_turn_service_stats *service);
void turn_told_loaded(const struct turn_told *told, size_t users);

#endif /* AUGER_TOOLS_TURN_TOLD_H */
