/* io/turn.c - one turn of the loop: waits for sockets and deadlines, gives the peers that have
 * something to do their turn, and hands out what happened.  What a loop consists of is loop.c. */
#define _GNU_SOURCE
#include "base/time.h"
#include "io/changes.h"
#include "io/clock.h"
#include "io/helpers.h"
#include "io/loop_state.h"
#include "io/names.h"
#include "io/nat64.h"
#include "io/portmap.h"
#include "io/servers.h"
#include "io/slot_sealed.h"
#include "io/turn_service.h"
#include "io/turn_traffic.h"

#include <auger/stun.h>

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define READY_MAX 64

/* --- deadlines and sockets ------------------------------------------------------------------- */

auger_time auger_loop_deadline(const struct auger_loop *loop)
{
    const struct auger_deadline *first = auger_deadlines_first(&loop->deadlines);

    if (loop->ready.len > 0)
        return 0;
    auger_time at = auger_time_min(loop->timer_at, auger_names_next_timeout(loop));
    at = auger_time_min(at, auger_ports_next_timeout(loop));
    at = auger_time_min(at, loop->changed_at);
    at = auger_time_min(at, auger_nat64_next_timeout(loop));
    at = auger_time_min(at, auger_strangers_next_timeout(&loop->strangers));
    for (const struct auger_turn_service *turn = loop->turns; turn; turn = turn->next)
        at = auger_time_min(at, auger_turn_service_next_timeout(turn));
    return first ? auger_time_min(first->at, at) : at;
}

/* The deadline is in the descriptor too, for those who watch nothing else. */
static void arm(struct auger_loop *loop, auger_time at)
{
    struct itimerspec spec = {0};

    if (at == loop->armed_at)
        return;
    loop->armed_at = at;
    if (at != AUGER_NEVER) {
        if (at < 1)
            at = 1; /* zero would disarm it */
        spec.it_value =
            (struct timespec){.tv_sec = at / AUGER_SEC, .tv_nsec = (long)(at % AUGER_SEC)};
    }
    timerfd_settime(loop->timer.udp.fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void drain_counter(int fd)
{
    uint64_t value;

    (void)!read(fd, &value, sizeof(value));
}

static void answer_binding(struct auger_loop *loop, const struct auger_watch *watch)
{
    size_t len = auger_udp_receive(&watch->udp, &loop->batch);
    uint8_t reply[AUGER_DATAGRAM_MAX];

    for (size_t i = 0; i < len; i++) {
        const struct auger_addr *from = &loop->batch.from[i];
        size_t n = auger_stun_server_answer(from, loop->batch.bufs[i], loop->batch.lens[i], reply,
                                            sizeof(reply));
        if (n > 0)
            /* Else it would be no answer to whoever asked.  A full socket drops it. */
            (void)!auger_udp_send_from(&watch->udp, &loop->batch.to[i], from, reply, n);
    }
}

static struct auger_shared_socket *shared_of(struct auger_watch *watch)
{
    return (struct auger_shared_socket *)(void *)watch; /* its first member */
}

static void ready(struct auger_loop *loop, struct auger_watch *watch, uint32_t events,
                  auger_time now)
{
    switch (watch->kind) {
    case AUGER_WATCH_UDP:
        if (events & EPOLLOUT)
            auger_slot_writable(watch->slot, loop->epoll_fd, watch);
        if (events & ~(uint32_t)EPOLLOUT)
            auger_slot_receive(watch->slot, watch, &loop->batch, now);
        break;
    case AUGER_WATCH_MUX:
        if (events & EPOLLOUT)
            auger_slot_writable_shared(shared_of(watch), loop->epoll_fd);
        if (events & ~(uint32_t)EPOLLOUT)
            auger_slot_receive_shared(shared_of(watch), &loop->batch, now);
        break;
    case AUGER_WATCH_STREAM:
        auger_slot_ready_stream(watch, events, now);
        break;
    case AUGER_WATCH_SEALED:
        auger_slot_receive_sealed(watch, &loop->batch, now);
        break;
    case AUGER_WATCH_ACCEPT:
        auger_slot_accept(watch, now);
        break;
    case AUGER_WATCH_STUN:
        answer_binding(loop, watch);
        break;
    case AUGER_WATCH_TIMER:
        drain_counter(watch->udp.fd);
        loop->armed_at = AUGER_NEVER;
        break;
    case AUGER_WATCH_WAKE:
        drain_counter(watch->udp.fd);
        auger_servers_take_names(loop, now);
        break;
    case AUGER_WATCH_MDNS:
        auger_names_receive(loop, watch, now);
        break;
    case AUGER_WATCH_CHANGES:
        auger_changes_receive(loop, now);
        break;
    case AUGER_WATCH_ROUTER:
        auger_nat64_receive(loop, now);
        break;
    case AUGER_WATCH_PORTMAP:
        auger_ports_receive(loop, watch, now);
        break;
    case AUGER_WATCH_TURN:
    case AUGER_WATCH_TURN_ACCEPT:
    case AUGER_WATCH_TURN_RELAY:
    case AUGER_WATCH_TURN_STREAM:
    case AUGER_WATCH_TURN_TCP_RELAY:
    case AUGER_WATCH_TURN_PEER:
    case AUGER_WATCH_TURN_MAIL:
        auger_turn_traffic_ready(watch, events, now);
        break;
    case AUGER_WATCH_FD:
        auger_watched_set_ready(&loop->watched, watch);
        break;
    }
}

/* false: there is nothing to wait for, and never will be. */
static bool receive(struct auger_loop *loop, bool may_wait)
{
    struct epoll_event events[READY_MAX];
    int len = epoll_wait(loop->epoll_fd, events, READY_MAX, may_wait ? -1 : 0);

    if (len < 0 && errno != EINTR)
        return false;
    auger_time now = auger_clock_now();
    for (int i = 0; i < len; i++)
        ready(loop, events[i].data.ptr, events[i].events, now);
    return true;
}

static struct auger_slot *slot_due(struct auger_deadline *deadline)
{
    return (struct auger_slot *)(void *)((char *)deadline - offsetof(struct auger_slot, due));
}

static void wake_due(struct auger_loop *loop, auger_time now)
{
    struct auger_deadline *first;

    for (struct auger_turn_service *turn = loop->turns; turn; turn = turn->next)
        auger_turn_service_turn(turn, now);
    auger_changes_handle_timeout(loop, now);
    auger_nat64_handle_timeout(loop, now);
    auger_ice_tcp_end_strangers(&loop->strangers, now);
    while ((first = auger_deadlines_first(&loop->deadlines)) && first->at <= now) {
        auger_deadlines_set(&loop->deadlines, first, AUGER_NEVER);
        struct auger_slot *slot = slot_due(first);
        auger_ready_mark(&slot->ready);
        auger_servers_give_up_names(loop, slot, now);
        auger_peer_handle_timeout(slot->peer, now);
        auger_slot_handle_timeout(slot, now);
    }
}

/* Before anything leaves: a path that is another's must not be used. */
static void settle(struct auger_loop *loop, struct auger_slot *slot, auger_time now)
{
    int err = auger_slot_settle(slot, now);

    if (err < 0 && err != slot->share_error)
        auger_troubles_add(&loop->troubles, slot->id, err,
                           "a peer on shared sockets:", auger_strerror(err));
    slot->share_error = err;
}

static void transmit(struct auger_loop *loop, auger_time now)
{
    auger_names_turn(loop, now);
    auger_ports_turn(loop, now);
    for (struct auger_ready *ready = loop->ready.first; ready; ready = ready->next) {
        struct auger_slot *slot = ready->owner;
        auger_names_ask(loop, slot, now);
        settle(loop, slot, now);
        slot->has_more = auger_slot_transmit(slot, loop->epoll_fd, now);
    }
    auger_names_transmit(loop, now);
}

/* --- events
 * -------------------------------------------------------------------------------------------- */

static bool take_trouble(struct auger_loop *loop, struct auger_loop_event *event)
{
    if (!auger_troubles_take(&loop->troubles, &loop->told))
        return false;
    struct auger_slot *slot = auger_loop_find_slot(loop, loop->told.slot_id);
    *event = (struct auger_loop_event){.type = AUGER_LOOP_EVENT_TROUBLE,
                                       .peer = slot ? slot->peer : NULL,
                                       .user = slot ? slot->user : NULL,
                                       .what = loop->told.what,
                                       .error = loop->told.error};
    return true;
}

static bool take_wake(struct auger_loop *loop, struct auger_loop_event *event)
{
    if (!atomic_exchange(&loop->woken, false))
        return false;
    *event = (struct auger_loop_event){.type = AUGER_LOOP_EVENT_WAKE};
    return true;
}

static bool take_unknown(struct auger_loop *loop, struct auger_loop_event *event)
{
    for (struct auger_loop_mux *mux = loop->muxes; mux; mux = mux->next) {
        if (auger_mux_poll_event(mux->table, &mux->told)) {
            *event = (struct auger_loop_event){
                .type = AUGER_LOOP_EVENT_UNKNOWN, .mux = mux, .unknown = &mux->told};
            return true;
        }
    }
    return false;
}

static bool take_turn_event(struct auger_loop *loop, auger_time now, struct auger_loop_event *event)
{
    for (struct auger_turn_service *turn = loop->turns; turn; turn = turn->next)
        if (auger_turn_service_take_event(turn, now, event))
            return true;
    return false;
}

static bool take_timer(struct auger_loop *loop, auger_time now, struct auger_loop_event *event)
{
    if (loop->timer_at == AUGER_NEVER || now < loop->timer_at)
        return false;
    loop->timer_at = AUGER_NEVER;
    *event = (struct auger_loop_event){.type = AUGER_LOOP_EVENT_TIMER, .user = loop->timer_user};
    return true;
}

/* It has sent and told all that it had; a full socket is waited for by epoll. */
static void rest(struct auger_loop *loop, struct auger_slot *slot)
{
    auger_time at = auger_peer_next_timeout(slot->peer);

    if (slot->kept_len > 0 && at <= auger_clock_now())
        at = AUGER_NEVER;
    auger_deadlines_set(&loop->deadlines, &slot->due,
                        auger_time_min(at, auger_slot_next_timeout(slot)));
}

/* Peers take turns, so that a talkative one does not silence the others.  Each that is asked was
 * given its turn to send just before. */
static bool take_peer_event(struct auger_loop *loop, struct auger_loop_event *event)
{
    for (size_t left = loop->ready.len; left > 0; left--) {
        struct auger_slot *slot = auger_ready_take(&loop->ready)->owner;
        *event = (struct auger_loop_event){
            .type = AUGER_LOOP_EVENT_PEER, .peer = slot->peer, .user = slot->user};
        bool told;
        do
            told = auger_peer_poll_event(slot->peer, &event->event);
        while (told && auger_helpers_take(slot, &event->event, auger_clock_now()));
        if (told || slot->has_more)
            auger_ready_mark(&slot->ready);
        else
            rest(loop, slot);
        if (told)
            return true;
    }
    return false;
}

static bool take_event(struct auger_loop *loop, auger_time now, struct auger_loop_event *event)
{
    return take_timer(loop, now, event) || take_wake(loop, event) || take_trouble(loop, event) ||
           take_unknown(loop, event) || take_turn_event(loop, now, event) ||
           auger_watched_take(&loop->watched, event) || take_peer_event(loop, event);
}

static bool transmit_and_take(struct auger_loop *loop, auger_time now,
                              struct auger_loop_event *event)
{
    transmit(loop, now);
    return take_event(loop, now, event);
}

/* What the application did since the last call goes out first; sockets are read only when no event
 * waits, which is what keeps a slow application's memory small.  false: the loop is broken. */
static bool go_round(struct auger_loop *loop, bool may_wait, struct auger_loop_event *event,
                     bool *told)
{
    *told = transmit_and_take(loop, auger_clock_now(), event);
    if (*told)
        return true;
    if (may_wait)
        arm(loop, auger_loop_deadline(loop));
    if (!receive(loop, may_wait))
        return false;
    auger_time now = auger_clock_now();
    wake_due(loop, now);
    *told = transmit_and_take(loop, now, event);
    return true;
}

bool auger_loop_poll(struct auger_loop *loop, struct auger_loop_event *event)
{
    bool told;

    if (go_round(loop, false, event, &told) && told)
        return true;
    arm(loop, auger_loop_deadline(loop));
    return false;
}

bool auger_loop_next(struct auger_loop *loop, struct auger_loop_event *event)
{
    bool told = false;

    while (!told && !atomic_load(&loop->stopped))
        if (!go_round(loop, true, event, &told))
            return false;
    return told;
}
