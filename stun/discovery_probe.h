/* stun/discovery_probe.h - one question of a discovery: how it is written, what answers it.  A
 * plain Binding client is question.h; what is asked when is discovery_plan.h's. */
#ifndef AUGER_STUN_DISCOVERY_PROBE_H
#define AUGER_STUN_DISCOVERY_PROBE_H

#include "stun/discovery_state.h"

#define AUGER_CHANGE_IP 4 /* 5780, 7.2 */
#define AUGER_CHANGE_PORT 2
#define AUGER_PROBE_SIZE_MIN 576

/* A fresh one in the table, that waits for its turn: from that socket to there, answered from
 * there. What else is to be asked its owner writes into it. */
struct auger_probe *auger_probe_add(struct auger_discovery *discovery, enum auger_probe_kind kind,
                                    size_t socket, const struct auger_addr *to);
/* The same in the place of one that is over. */
void auger_probe_renew(struct auger_probe *probe, enum auger_probe_kind kind, size_t socket,
                       const struct auger_addr *to);
bool auger_probe_is_open(const struct auger_probe *probe); /* waits or asks */
/* Whether one of that kind is. */
bool auger_probe_any_open(const struct auger_discovery *discovery, enum auger_probe_kind kind);

/* Its transaction begins.  AUGER_ERR_ENTROPY: it goes on waiting. */
int auger_probe_start(struct auger_discovery *discovery, struct auger_probe *probe,
                      auger_time now) AUGER_CHECK_RESULT;
/* A request, if one is due; 0: none. */
size_t auger_probe_write(struct auger_probe *probe, auger_time now, uint8_t *buf, size_t cap);
void auger_probe_handle_timeout(struct auger_probe *probe, auger_time now);

/* What came to that socket.  False: it answers nothing that was asked. */
bool auger_probe_handle_message(struct auger_discovery *discovery, auger_time now, size_t socket,
                                const struct auger_addr *from, const struct auger_stun_msg *msg);

#endif /* AUGER_STUN_DISCOVERY_PROBE_H */
