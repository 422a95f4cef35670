/* io/resolve.h - names to addresses, off the loop: up to eight threads, as many as a peer has
 * names, each started when a name would have to wait for another.  What is asked when the loop ends
 * is left to finish by itself and forgotten. */
#ifndef AUGER_IO_RESOLVE_H
#define AUGER_IO_RESOLVE_H

#include "io/discover.h"

#define AUGER_RESOLVE_QUEUE_MAX 64
#define AUGER_RESOLVE_THREADS_MAX 8

struct auger_resolver;

struct auger_resolved {
    uint64_t id;
    unsigned of; /* the asker's, as it was given */
    char host[AUGER_HOST_MAX];
    /* All that are known; those before `fresh_at` were in an answer before. */
    struct auger_addr addrs[AUGER_DISCOVER_ADDRS_MAX];
    size_t addrs_len; /* 0: there is no such name, or nobody answered */
    size_t fresh_at;
    bool has_more;   /* another answer follows */
    uint64_t number; /* of the question */
};

/* Writes to `wake_fd`, an eventfd, when there is something to take. */
int auger_resolver_new(struct auger_resolver **out, int wake_fd) AUGER_CHECK_RESULT;
/* At once, whatever is under way.  NULL is fine. */
void auger_resolver_free(struct auger_resolver *resolver);
/* AUGER_ERR_LIMIT, AUGER_ERR_SYSTEM (no thread). */
int auger_resolver_ask(struct auger_resolver *resolver, uint64_t id, unsigned of,
                       const struct auger_lookup *lookup) AUGER_CHECK_RESULT;
bool auger_resolver_take(struct auger_resolver *resolver, struct auger_resolved *out);

#endif /* AUGER_IO_RESOLVE_H */
