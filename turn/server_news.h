/* turn/server_news.h - what is told of allocations that began and ended, the latest ones in
 * the order in which it happened. */
#ifndef AUGER_TURN_SERVER_NEWS_H
#define AUGER_TURN_SERVER_NEWS_H

#include "turn/server_state.h"

void auger_server_news_made(struct auger_turn_server *server, struct auger_server_allocation *a);
/* It is the queue's from here on. */
void auger_server_news_ended(struct auger_turn_server *server, struct auger_server_allocation *a);
bool auger_server_news_poll(struct auger_turn_server *server,
                            struct auger_turn_server_event *event);
/* The one whose end was told last, if it is still there. */
void auger_server_news_forget(struct auger_turn_server *server);

#endif /* AUGER_TURN_SERVER_NEWS_H */
