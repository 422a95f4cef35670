/* tools/callers.h - who is connected to the server, by IP address: nobody may hold many connections
 * on which nothing was asked yet.
 *
 * It is the one that is silent for longest that has to go, not the newcomer: who asks at once is
 * served whatever others of its address hold (a carrier's NAT is one address), and whether the
 * server has noticed yet that a connection ended makes no difference. */
#ifndef AUGER_TOOLS_CALLERS_H
#define AUGER_TOOLS_CALLERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALLERS_MAX 512
#define CALLERS_SILENT_MAX 64 /* of one address */
#define CALLER_IP_MAX 46

struct caller {
    char ip[CALLER_IP_MAX]; /* empty: free */
    bool asked;
    uint64_t number; /* in the order in which they came */
    void *connection;
};

struct callers {
    struct caller list[CALLERS_MAX];
    uint64_t last_number;
};

/* `dismissed` gets the connection that has to end for it, and that is forgotten here: the oldest
 * silent one of its address where those are CALLERS_SILENT_MAX, of all where no place is free;
 * else NULL.  Returns NULL when everyone has asked, or `ip` is empty. */
struct caller *callers_add(struct callers *callers, const char *ip, void *connection,
                           void **dismissed);
/* Nobody can be added. */
bool callers_are_full(const struct callers *callers);
/* Its first whole request came. */
void caller_asked(struct caller *caller);
void caller_left(struct caller *caller); /* NULL is fine */

#endif /* AUGER_TOOLS_CALLERS_H */
