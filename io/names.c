/* io/names.c - multicast DNS of a loop. */
#include "io/names.h"
#include "io/clock.h"
#include "io/loop_state.h"

#include <auger/peer_names.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CANDS_MAX 64

/* --- beginning ----------------------------------------------------------------------------- */

/* The addresses of its host candidates. */
static size_t list_hosts(const struct auger_slot *slot, struct auger_addr addrs[CANDS_MAX])
{
    struct auger_cand cands[CANDS_MAX];
    size_t len = auger_ice_local_cands(auger_peer_ice(slot->peer), cands, CANDS_MAX);
    size_t hosts = 0;

    for (size_t i = 0; i < len; i++)
        if (cands[i].type == AUGER_CAND_HOST)
            addrs[hosts++] = cands[i].addr;
    return hosts;
}

static int make(struct auger_loop *loop)
{
    const struct auger_mdns_config config = {.questions_max = AUGER_NAMES_ASKED_MAX,
                                             .names_max = AUGER_NAMES_PUBLISHED_MAX};
    struct auger_names *names = calloc(1, sizeof(*names));

    if (!names)
        return AUGER_ERR_NO_MEMORY;
    int err = auger_mdns_new(&names->engine, loop->config.env, &config);
    if (err < 0) {
        free(names);
        return err;
    }
    loop->names = names;
    return 0;
}

static int tell_trouble(struct auger_loop *loop, const struct auger_slot *slot, int err,
                        const char *why)
{
    auger_troubles_add(&loop->troubles, slot->id, err, "no multicast DNS:", why);
    return err;
}

/* Nothing is opened before the first name is asked for or hidden.  Who may not show an address of
 * ours asks nobody on the link (docs/decisions/141). */
static int begin(struct auger_loop *loop, const struct auger_slot *slot)
{
    struct auger_addr addrs[CANDS_MAX];
    size_t len = list_hosts(slot, addrs);

    if (len == 0)
        return tell_trouble(loop, slot, AUGER_ERR_UNSUPPORTED, "no address of ours may be used");
    int err = loop->names ? 0 : make(loop);
    if (err < 0)
        return tell_trouble(loop, slot, err, auger_strerror(err));
    errno = ENODEV; /* where no interface has one of them any more */
    err = auger_multicast_join(&loop->names->multicast, loop->epoll_fd, addrs, len);
    if (err < 0)
        (void)tell_trouble(loop, slot, err,
                           err == AUGER_ERR_SYSTEM ? strerror(errno) : auger_strerror(err));
    return err;
}

void auger_names_free(struct auger_loop *loop)
{
    struct auger_names *names = loop->names;

    if (!names)
        return;
    auger_names_transmit(loop, auger_clock_now());
    auger_multicast_close(&names->multicast);
    auger_mdns_free(names->engine);
    free(names);
    loop->names = NULL;
}

/* --- names of peers ----------------------------------------------------------------------------
 */

static struct auger_asked *find_place(struct auger_names *names)
{
    for (size_t i = 0; i < AUGER_NAMES_ASKED_MAX; i++)
        if (names->asked[i].slot_id == 0)
            return &names->asked[i];
    return NULL;
}

static void ask(struct auger_loop *loop, struct auger_slot *slot, auger_time now,
                const struct auger_peer_name *name)
{
    struct auger_names *names = loop->names;
    struct auger_asked *asked = find_place(names);

    if (auger_mdns_resolve(names->engine, now, name->name, strlen(name->name),
                           (uint64_t)(asked - names->asked)) == 0)
        *asked = (struct auger_asked){slot->id, name->token};
    else
        auger_peer_name_resolved(slot->peer, now, name->token, NULL);
}

void auger_names_ask(struct auger_loop *loop, struct auger_slot *slot, auger_time now)
{
    struct auger_peer_name name;

    for (;;) {
        if (loop->names && !find_place(loop->names)) {
            loop->names->has_waiting = true; /* perhaps this one */
            return;
        }
        if (!auger_peer_poll_name(slot->peer, now, &name))
            return;
        if (begin(loop, slot) == 0)
            ask(loop, slot, now, &name);
        else
            auger_peer_name_resolved(slot->peer, now, name.token, NULL);
    }
}

static void take_answers(struct auger_loop *loop, auger_time now)
{
    struct auger_names *names = loop->names;
    struct auger_mdns_event event;

    while (auger_mdns_poll_event(names->engine, &event)) {
        struct auger_asked *asked = &names->asked[event.token];
        struct auger_slot *slot = auger_loop_find_slot(loop, asked->slot_id);
        if (slot)
            auger_peer_name_resolved(slot->peer, now, asked->token, &event.addr);
        *asked = (struct auger_asked){0};
    }
}

/* Those that wait are asked again, once there is a place. */
static void wake_waiting(struct auger_loop *loop)
{
    if (!loop->names->has_waiting || !find_place(loop->names))
        return;
    loop->names->has_waiting = false;
    for (size_t i = 0; i < loop->slots_len; i++)
        auger_ready_mark(&loop->slots[i]->ready);
}

/* --- names of ours -------------------------------------------------------------------------------
 */

/* The place of the name for that address, published now if it was not; -1: there is none. */
static int publish(struct auger_names *names, auger_time now, const struct auger_addr *addr)
{
    int free_place = -1;

    for (int i = 0; i < AUGER_NAMES_PUBLISHED_MAX; i++) {
        struct auger_published *published = &names->published[i];
        if (published->uses > 0 && auger_addr_ip_equal(&published->addr, addr))
            return i;
        if (published->uses == 0 && free_place < 0)
            free_place = i;
    }
    if (free_place < 0)
        return -1;
    struct auger_published *fresh = &names->published[free_place];
    fresh->addr = *addr;
    return auger_mdns_publish(names->engine, now, addr, fresh->name) == 0 ? free_place : -1;
}

static int hide(struct auger_names *names, struct auger_slot *slot, auger_time now,
                const struct auger_addr *addr)
{
    int place = publish(names, now, addr);

    if (place < 0)
        return AUGER_ERR_LIMIT;
    struct auger_published *published = &names->published[place];
    int err = auger_peer_name_local_addr(slot->peer, now, addr, published->name);
    if (err == 0 && !(slot->hidden_as >> place & 1)) {
        slot->hidden_as |= (uint64_t)1 << place;
        published->uses++;
    }
    if (published->uses == 0)
        (void)!auger_mdns_withdraw(names->engine, now, published->name);
    return err;
}

static void unhide(struct auger_names *names, struct auger_slot *slot, auger_time now, int place)
{
    struct auger_published *published = &names->published[place];

    if (!(slot->hidden_as >> place & 1))
        return;
    slot->hidden_as &= ~((uint64_t)1 << place);
    if (--published->uses == 0)
        (void)!auger_mdns_withdraw(names->engine, now, published->name);
}

static bool is_among(const struct auger_addr *addr, const struct auger_addr *addrs, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (auger_addr_ip_equal(&addrs[i], addr))
            return true;
    return false;
}

/* Of addresses that it has no more. */
static void withdraw_others(struct auger_names *names, struct auger_slot *slot, auger_time now,
                            const struct auger_addr *addrs, size_t len)
{
    for (int i = 0; i < AUGER_NAMES_PUBLISHED_MAX; i++)
        if (!is_among(&names->published[i].addr, addrs, len))
            unhide(names, slot, now, i);
}

void auger_names_hide(struct auger_loop *loop, struct auger_slot *slot, auger_time now)
{
    struct auger_addr addrs[CANDS_MAX];
    size_t len = list_hosts(slot, addrs);

    if (loop->names)
        withdraw_others(loop->names, slot, now, addrs, len);
    if (len == 0 || begin(loop, slot) < 0)
        return;
    for (size_t i = 0; i < len; i++) {
        int err = hide(loop->names, slot, now, &addrs[i]);
        if (err < 0)
            auger_troubles_add(&loop->troubles, slot->id, err,
                               "an address has no name:", auger_strerror(err));
    }
}

void auger_names_leave(struct auger_loop *loop, struct auger_slot *slot, auger_time now)
{
    struct auger_names *names = loop->names;

    for (size_t i = 0; names && i < AUGER_NAMES_ASKED_MAX; i++) {
        if (names->asked[i].slot_id != slot->id)
            continue;
        auger_mdns_forget(names->engine, i);
        names->asked[i] = (struct auger_asked){0};
    }
    if (names)
        withdraw_others(names, slot, now, NULL, 0);
}

/* --- the turn
 * -------------------------------------------------------------------------------------- */

void auger_names_receive(struct auger_loop *loop, const struct auger_watch *watch, auger_time now)
{
    size_t len = auger_udp_receive(&watch->udp, &loop->batch);

    for (size_t i = 0; i < len; i++)
        auger_mdns_handle_datagram(loop->names->engine, now, &loop->batch.from[i],
                                   loop->batch.bufs[i], loop->batch.lens[i]);
}

void auger_names_turn(struct auger_loop *loop, auger_time now)
{
    if (!loop->names)
        return;
    auger_mdns_handle_timeout(loop->names->engine, now);
    take_answers(loop, now);
    wake_waiting(loop);
}

void auger_names_transmit(const struct auger_loop *loop, auger_time now)
{
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    struct auger_addr to;
    size_t len;

    if (!loop->names)
        return;
    while ((len = auger_mdns_poll_transmit(loop->names->engine, now, &to, buf, sizeof(buf))) > 0)
        auger_multicast_send(&loop->names->multicast, &to, buf, len);
}

auger_time auger_names_next_timeout(const struct auger_loop *loop)
{
    return loop->names ? auger_mdns_next_timeout(loop->names->engine) : AUGER_NEVER;
}
