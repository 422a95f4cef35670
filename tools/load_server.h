/* tools/load_server.h - what the server spends, where it runs on this machine: /proc. */
#ifndef AUGER_TOOLS_LOAD_SERVER_H
#define AUGER_TOOLS_LOAD_SERVER_H

#include <stdbool.h>

/* Of all its threads that live, in seconds.  false: there is no such process. */
bool load_server_cpu(long pid, double *seconds);
/* Memory that is in use, in bytes. */
bool load_server_memory(long pid, double *bytes);

#endif /* AUGER_TOOLS_LOAD_SERVER_H */
