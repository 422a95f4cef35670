/* io/loop.c - the loop: its life, its peers, and what it is asked to watch.  How it goes round is
 * turn.c, what one peer does in its turn slot.c. */
#define _GNU_SOURCE
#include "io/clock.h"
#include "io/loop_state.h"

#include <auger/crypto.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define STUN_SERVERS_MAX 4 /* of one peer */

/* --- configuration ------------------------------------------------------------------------- */

void auger_loop_config_init_sized(struct auger_loop_config *config, size_t size)
{
    const struct auger_loop_config defaults = {.peers_max = 256, .socket_buffer = 1024 * 1024};

    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

void auger_net_config_init_sized(struct auger_net_config *config, size_t size)
{
    const struct auger_net_config defaults = {.ipv4 = true, .ipv6 = true};

    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

/* --- life ----------------------------------------------------------------------------------- */

static int add_watch(struct auger_loop *loop, struct auger_watch *watch, enum auger_watch_kind kind,
                     int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};

    *watch = (struct auger_watch){.kind = kind, .udp.fd = fd};
    if (fd < 0 || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return AUGER_ERR_SYSTEM;
    return 0;
}

static int open_descriptors(struct auger_loop *loop)
{
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0)
        return AUGER_ERR_SYSTEM;
    int err = add_watch(loop, &loop->timer, AUGER_WATCH_TIMER,
                        timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
    if (err == 0)
        err =
            add_watch(loop, &loop->wake, AUGER_WATCH_WAKE, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    return err == 0 ? auger_resolver_new(&loop->resolver, loop->wake.udp.fd) : err;
}

int auger_loop_new_sized(struct auger_loop **out, const struct auger_loop_config *config,
                         size_t size)
{
    struct auger_loop *loop = calloc(1, sizeof(*loop));

    if (!loop)
        return AUGER_ERR_NO_MEMORY;
    auger_loop_config_init(&loop->config);
    if (config)
        memcpy(&loop->config, config, size < sizeof(*config) ? size : sizeof(*config));
    if (!loop->config.env)
        loop->config.env = auger_env_system();
    loop->armed_at = loop->timer_at = AUGER_NEVER;
    loop->epoll_fd = loop->timer.udp.fd = loop->wake.udp.fd = -1;
    loop->slots = calloc(loop->config.peers_max, sizeof(struct auger_slot *));
    int err = loop->slots ? 0 : AUGER_ERR_NO_MEMORY;
    if (err == 0)
        err = auger_deadlines_init(&loop->deadlines, loop->config.peers_max);
    if (err == 0)
        err = open_descriptors(loop);
    if (err < 0) {
        auger_loop_free(loop);
        return err;
    }
    *out = loop;
    return 0;
}

void auger_loop_free(struct auger_loop *loop)
{
    if (!loop)
        return;
    while (loop->slots && loop->slots_len > 0)
        auger_loop_peer_free(loop, loop->slots[0]->peer);
    auger_resolver_free(loop->resolver);
    for (size_t i = 0; i < loop->listeners_len; i++)
        auger_udp_close(&loop->listeners[i].udp);
    auger_udp_close(&loop->timer.udp);
    auger_udp_close(&loop->wake.udp);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    auger_deadlines_fini(&loop->deadlines);
    free(loop->slots);
    free(loop);
}

auger_time auger_loop_now(const struct auger_loop *loop)
{
    (void)loop;
    return auger_clock_now();
}

int auger_loop_fd(const struct auger_loop *loop)
{
    return loop->epoll_fd;
}

void auger_loop_wake(struct auger_loop *loop)
{
    const uint64_t one = 1;
    int saved = errno;

    /* A full counter is readable already. */
    (void)!write(loop->wake.udp.fd, &one, sizeof(one));
    errno = saved;
}

void auger_loop_stop(struct auger_loop *loop)
{
    atomic_store(&loop->stopped, true);
    auger_loop_wake(loop);
}

/* --- peers --------------------------------------------------------------------------------------
 */

struct auger_slot *auger_loop_find_slot(const struct auger_loop *loop, uint64_t id)
{
    for (size_t i = 0; i < loop->slots_len; i++)
        if (loop->slots[i]->id == id)
            return loop->slots[i];
    return NULL;
}

static void add_server(struct auger_loop *loop, struct auger_slot *slot, const char *text,
                       auger_time now)
{
    struct auger_stun_uri uri;
    struct auger_addr addr;

    if (auger_stun_uri_parse(&uri, text) < 0)
        auger_troubles_add(&loop->troubles, slot->id, AUGER_ERR_MALFORMED,
                           "not a stun: URI:", text);
    else if (auger_addr_parse_ip(&addr, uri.host, strlen(uri.host), uri.port) == 0)
        (void)!auger_peer_add_stun_server(slot->peer, now, &addr);
    else if (auger_resolver_ask(loop->resolver, slot->id, &uri) == 0)
        slot->names_pending++;
    else
        auger_troubles_add(&loop->troubles, slot->id, AUGER_ERR_LIMIT,
                           "too many names at once to resolve", text);
}

static void add_servers(struct auger_loop *loop, struct auger_slot *slot,
                        const struct auger_net_config *net, auger_time now)
{
    for (size_t i = 0; i < net->stun_servers_len && i < STUN_SERVERS_MAX; i++)
        add_server(loop, slot, net->stun_servers[i], now);
    if (slot->names_pending == 0)
        auger_peer_end_of_local_addrs(slot->peer, now);
}

static int new_slot(struct auger_loop *loop, const struct auger_peer_config *config,
                    const struct auger_net_config *net, struct auger_slot **out)
{
    struct auger_peer_config adapted;
    struct auger_slot *slot = calloc(1, sizeof(*slot));

    if (!slot)
        return AUGER_ERR_NO_MEMORY;
    auger_peer_config_init(&adapted);
    if (config)
        adapted = *config;
    adapted.ice.allow_loopback |= net->loopback;
    int err = auger_peer_new(&slot->peer, loop->config.env, &adapted);
    if (err == 0)
        err = auger_slot_open_sockets(slot, loop->epoll_fd, net, loop->config.socket_buffer,
                                      auger_clock_now());
    if (err < 0) {
        auger_slot_close(slot);
        free(slot);
        return err;
    }
    *out = slot;
    return 0;
}

int auger_loop_peer_new(struct auger_loop *loop, const struct auger_peer_config *config,
                        const struct auger_net_config *net, struct auger_peer **out)
{
    struct auger_net_config defaults;
    struct auger_slot *slot;

    if (loop->slots_len == loop->config.peers_max)
        return AUGER_ERR_LIMIT;
    auger_net_config_init(&defaults);
    if (!net)
        net = &defaults;
    int err = new_slot(loop, config, net, &slot);
    if (err < 0)
        return err;
    slot->id = ++loop->next_slot_id;
    slot->place = loop->slots_len++;
    loop->slots[slot->place] = slot;
    slot->ready = (struct auger_ready){.queue = &loop->ready, .owner = slot};
    slot->due.at = AUGER_NEVER;
    auger_peer_set_ready(slot->peer, &slot->ready);
    add_servers(loop, slot, net, auger_clock_now());
    *out = slot->peer;
    return 0;
}

static struct auger_slot *slot_of(const struct auger_peer *peer)
{
    const struct auger_ready *ready = auger_peer_get_ready(peer);

    return ready->owner;
}

void auger_loop_peer_free(struct auger_loop *loop, struct auger_peer *peer)
{
    if (!peer)
        return;
    struct auger_slot *slot = slot_of(peer), *last = loop->slots[--loop->slots_len];
    auger_ready_remove(&slot->ready);
    auger_deadlines_set(&loop->deadlines, &slot->due, AUGER_NEVER);
    last->place = slot->place;
    loop->slots[last->place] = last;
    auger_peer_set_ready(peer, NULL);
    auger_slot_close(slot);
    free(slot);
}

void auger_loop_peer_set_user(struct auger_loop *loop, struct auger_peer *peer, void *user)
{
    (void)loop;
    slot_of(peer)->user = user;
}

void auger_loop_take_names(struct auger_loop *loop, auger_time now)
{
    struct auger_resolved answer;

    while (auger_resolver_take(loop->resolver, &answer)) {
        struct auger_slot *slot = auger_loop_find_slot(loop, answer.id);
        if (!slot)
            continue;
        if (answer.addrs_len == 0)
            auger_troubles_add(&loop->troubles, slot->id, AUGER_ERR_NOT_FOUND, "cannot resolve",
                               answer.host);
        for (size_t i = 0; i < answer.addrs_len; i++)
            (void)!auger_peer_add_stun_server(slot->peer, now, &answer.addrs[i]);
        if (--slot->names_pending == 0)
            auger_peer_end_of_local_addrs(slot->peer, now);
    }
}

/* --- the STUN server
 * ------------------------------------------------------------------------------ */

int auger_loop_serve_stun(struct auger_loop *loop, struct auger_addr *listen)
{
    struct auger_watch *watch = &loop->listeners[loop->listeners_len];
    struct auger_udp udp;

    if (loop->listeners_len == AUGER_LOOP_LISTENERS_MAX)
        return AUGER_ERR_LIMIT;
    int err = auger_udp_open(&udp, listen, loop->config.socket_buffer);
    if (err < 0)
        return err;
    err = add_watch(loop, watch, AUGER_WATCH_STUN, udp.fd);
    if (err < 0) {
        auger_udp_close(&udp);
        return err;
    }
    watch->udp = udp;
    loop->listeners_len++;
    return 0;
}

/* --- the application's timer and descriptors
 * -------------------------------------------------------- */

void auger_loop_set_timer(struct auger_loop *loop, auger_time at, void *user)
{
    loop->timer_at = at;
    loop->timer_user = user;
}

static struct auger_watch *find_watched(struct auger_loop *loop, int fd)
{
    struct auger_watch *free_one = NULL;

    for (size_t i = 0; i < AUGER_LOOP_WATCHED_MAX; i++) {
        if (loop->watched[i].kind == AUGER_WATCH_FD && loop->watched[i].udp.fd == fd)
            return &loop->watched[i];
        if (loop->watched[i].kind != AUGER_WATCH_FD && !free_one)
            free_one = &loop->watched[i];
    }
    return free_one;
}

int auger_loop_watch_fd(struct auger_loop *loop, int fd, void *user)
{
    struct auger_watch *watch = find_watched(loop, fd);
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = watch};

    if (!watch)
        return AUGER_ERR_LIMIT;
    /* The kernel forgets a descriptor that was closed, so an old entry may be new to it. */
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0 &&
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return AUGER_ERR_SYSTEM;
    *watch = (struct auger_watch){.kind = AUGER_WATCH_FD, .udp.fd = fd, .user = user};
    return 0;
}
