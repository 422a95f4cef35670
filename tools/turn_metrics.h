/* tools/turn_metrics.h - the counters of a TURN server in the text format of Prometheus. */
#ifndef AUGER_TOOLS_TURN_METRICS_H
#define AUGER_TOOLS_TURN_METRICS_H

#include <auger/io_turn.h>

/* To be freed; NULL: no memory. */
char *turn_metrics(const struct auger_turn_server_stats *server,
                   const struct auger_turn_service_stats *service);

#endif /* AUGER_TOOLS_TURN_METRICS_H */
