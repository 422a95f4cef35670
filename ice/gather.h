/* ice/gather.h - server-reflexive candidates from STUN servers: RFC 8445 section
 * 5.1.1.2.  Host candidates come from the application (agent.c). */
#ifndef AUGER_ICE_GATHER_H
#define AUGER_ICE_GATHER_H

#include "ice/state.h"

void auger_gather_fini(struct auger_ice *ice);

/* Asks every server of its family from a new base. */
int auger_gather_add_host(struct auger_ice *ice,
                          const struct auger_ice_cand *host) AUGER_CHECK_RESULT;
/* Nothing is asked from that base any more, which may have been all that the end waited for. */
void auger_gather_remove_host(struct auger_ice *ice, const struct auger_ice_cand *host);
/* Asks a new server from every base of its family. */
int auger_gather_add_server(struct auger_ice *ice,
                            const struct auger_addr *server) AUGER_CHECK_RESULT;
/* A restart gathers anew, from the bases and servers that there are.  In two steps:
 * the first can fail and changes nothing, the second uses its queries up. */
int auger_gather_prepare_again(struct auger_ice *ice,
                               struct auger_query **queries) AUGER_CHECK_RESULT;
void auger_gather_again(struct auger_ice *ice, auger_time now, struct auger_query *queries);
void auger_gather_release(struct auger_ice *ice, struct auger_query *queries);
/* More bases and servers may come. */
void auger_gather_open(struct auger_ice *ice);
/* No more for now. */
void auger_gather_end(struct auger_ice *ice, auger_time now);
/* A TURN server that refuses a relay is asked for what it sees of us instead (5.1.1.2). */
void auger_gather_ask_instead(struct auger_ice *ice, const struct auger_ice_cand *host,
                              const struct auger_addr *server);
/* All have answered, and what comes of it is held up for the next ports of our NAT: window.h. */
bool auger_gather_awaits_window(const struct auger_ice *ice);
/* It is done if no server is waited for any more. */
void auger_gather_conclude(struct auger_ice *ice, auger_time now);

/* A repetition that is due; not paced. */
size_t auger_gather_write_again(struct auger_ice *ice, auger_time now, struct auger_path *path,
                                uint8_t *buf, size_t cap);
/* The next new transaction, if Ta allows it. */
size_t auger_gather_write_next(struct auger_ice *ice, auger_time now, struct auger_path *path,
                               uint8_t *buf, size_t cap);

struct auger_query *auger_gather_find(const struct auger_ice *ice,
                                      const struct auger_stun_tid *tid);
/* A server answered; nothing about it is authenticated. */
void auger_gather_handle_response(struct auger_ice *ice, auger_time now, struct auger_query *query,
                                  const struct auger_path *path, const struct auger_stun_msg *msg);
void auger_gather_handle_timeout(struct auger_ice *ice, auger_time now);
auger_time auger_gather_next_timeout(const struct auger_ice *ice);

#endif /* AUGER_ICE_GATHER_H */
