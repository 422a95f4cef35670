/* tools/turn_thread.h - a TURN service in a thread of its own, beside that of the main thread at
 * the same addresses.  Nothing but what stands here is called of it by another thread. */
#ifndef AUGER_TOOLS_TURN_THREAD_H
#define AUGER_TOOLS_TURN_THREAD_H

#include <auger/io_turn.h>

struct turn_thread;

/* Not running yet, so that what users and rules it has may be said in place of turn_thread_do().
 * `main` is woken when there is something to take.  Errors as auger_loop_turn_new(). */
int turn_thread_new(struct turn_thread **out, struct auger_loop *main,
                    const struct auger_turn_server_config *server,
                    const struct auger_turn_service_config *service,
                    struct auger_addr *failed) AUGER_CHECK_RESULT;
/* false: there is no thread to be had, with errno. */
bool turn_thread_start(struct turn_thread *thread);
/* Waits for its end.  NULL is fine. */
void turn_thread_free(struct turn_thread *thread);

typedef void turn_thread_work(struct auger_turn_service *service, void *arg);
/* Has that done in its thread, and waits until it is. */
void turn_thread_do(struct turn_thread *thread, turn_thread_work *work, void *arg);

/* An event, copied. */
struct turn_thread_told {
    enum auger_turn_service_event_type type;
    struct auger_turn_server_event event;
    uint8_t user[AUGER_TURN_USERNAME_MAX]; /* event.allocation.user lies in it */
};
/* Takes the oldest event; false: none.  Those that had no room since are counted by their type. */
bool turn_thread_take(struct turn_thread *thread, struct turn_thread_told *told,
                      unsigned left_out[AUGER_TURN_SERVICE_EVENT_NEEDS_KEY]);

/* Whether nobody listens there, not even of those who would share; errno if somebody does. */
bool turn_thread_is_free(const struct auger_addr *addr);

#endif /* AUGER_TOOLS_TURN_THREAD_H */
