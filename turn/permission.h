/* turn/permission.h - which IP addresses may reach us: RFC 8656 sections 9 and 10. */
#ifndef AUGER_TURN_PERMISSION_H
#define AUGER_TURN_PERMISSION_H

#include "turn/state.h"

/* Of that IP; NULL: there is none, nor is one asked for. */
struct auger_permission *auger_permission_find(const struct auger_turn *turn,
                                               const struct auger_addr *peer);
bool auger_permission_is_active(const struct auger_permission *permission, auger_time now);

/* The argument errors of a peer, for channels too. */
int auger_permission_check_peer(const struct auger_turn *turn, auger_time now,
                                const struct auger_addr *peer) AUGER_CHECK_RESULT;
int auger_permission_add(struct auger_turn *turn, auger_time now,
                         const struct auger_addr *peer) AUGER_CHECK_RESULT;
/* A channel that was bound by a request of `since` has granted it too (12.3). */
void auger_permission_extend(struct auger_turn *turn, auger_time now, auger_time since,
                             const struct auger_addr *peer);
void auger_permission_forget(struct auger_turn *turn, const struct auger_addr *peer);
/* The allocation is gone, and they with it. */
void auger_permission_clear(struct auger_turn *turn);

size_t auger_permission_write(struct auger_turn *turn, auger_time now, uint8_t *buf, size_t cap);
bool auger_permission_handle_response(struct auger_turn *turn, auger_time now,
                                      const struct auger_stun_msg *msg);
void auger_permission_handle_timeout(struct auger_turn *turn, auger_time now);
auger_time auger_permission_next_timeout(const struct auger_turn *turn);
bool auger_permission_poll_event(struct auger_turn *turn, struct auger_turn_event *event);

#endif /* AUGER_TURN_PERMISSION_H */
