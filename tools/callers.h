/* tools/callers.h - who is connected to the server, by IP address: nobody may hold many connections
 * on which nothing was asked yet. */
#ifndef AUGER_TOOLS_CALLERS_H
#define AUGER_TOOLS_CALLERS_H

#include <stdbool.h>
#include <stddef.h>

#define CALLERS_MAX 512
#define CALLERS_SILENT_MAX 64 /* of one address */
#define CALLER_IP_MAX 46

struct caller {
    char ip[CALLER_IP_MAX]; /* empty: free */
    bool asked;
};

struct callers {
    struct caller list[CALLERS_MAX];
};

/* NULL: everything is taken, or that address is silent on too many already. */
struct caller *callers_add(struct callers *callers, const char *ip);
/* Its first whole request came. */
void caller_asked(struct caller *caller);
void caller_left(struct caller *caller); /* NULL is fine */

#endif /* AUGER_TOOLS_CALLERS_H */
