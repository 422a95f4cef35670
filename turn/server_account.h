/* turn/server_account.h - what each user and each IP address may use: allocations, and bytes a
 * second (RFC 8656 sections 5 and 7.2).  Whose keys are known is user_keys.h. */
#ifndef AUGER_TURN_SERVER_ACCOUNT_H
#define AUGER_TURN_SERVER_ACCOUNT_H

#include "turn/server_state.h"

enum auger_server_account_kind {
    AUGER_SERVER_ACCOUNT_IP,
    AUGER_SERVER_ACCOUNT_USER,
    AUGER_SERVER_ACCOUNT_TIMELY, /* its name is that behind the time: each time is the same user */
};

/* One more allocation of a user, or from the IP address of a client.  AUGER_ERR_LIMIT: it has
 * as many as it may; AUGER_ERR_NO_MEMORY, AUGER_ERR_CRYPTO. */
int auger_server_account_take_user(struct auger_turn_server *server,
                                   const struct auger_proof *proof,
                                   struct auger_server_account **out) AUGER_CHECK_RESULT;
int auger_server_account_take_ip(struct auger_turn_server *server, const struct auger_addr *client,
                                 struct auger_server_account **out) AUGER_CHECK_RESULT;
/* One more of that account, whatever its quota. */
void auger_server_account_add(struct auger_server_account *account);
/* One fewer.  Its name stays as long as somebody holds it. */
void auger_server_account_give(struct auger_turn_server *server,
                               struct auger_server_account *account);
void auger_server_account_hold(struct auger_server_account *account);
void auger_server_account_let_go(struct auger_turn_server *server,
                                 struct auger_server_account *account);

/* Whether that user asks by that name, which may be of another time. */
bool auger_server_account_is(const struct auger_server_account *account, struct auger_bytes name);

/* Whether that many bytes may be relayed now, and counts them: at most a second's worth at
 * once, for user, IP address and server. */
bool auger_server_account_may_relay(struct auger_turn_server *server, auger_time now,
                                    struct auger_server_allocation *allocation, size_t len);
/* Counts bytes of a stream, which is slowed down where datagrams are dropped: when it may go on, at
 * most `now` if at once. */
auger_time auger_server_account_slow_down(struct auger_turn_server *server, auger_time now,
                                          struct auger_server_allocation *allocation, size_t len);

#endif /* AUGER_TURN_SERVER_ACCOUNT_H */
