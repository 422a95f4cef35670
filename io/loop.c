/* io/loop.c - the loop: waits for sockets and deadlines, gives each peer its turn, and hands out
 * what happened.  What one peer does in its turn is slot.c. */
#define _GNU_SOURCE
#include "io/clock.h"
#include "io/resolve.h"
#include "io/slot.h"

#include <auger/crypto.h>
#include <auger/stun.h>

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define STUN_SERVERS_MAX 4 /* of one peer */
#define STUN_LISTENERS_MAX 8
#define WATCHED_MAX 16
#define READY_MAX 64
#define TROUBLES_MAX 16
#define TROUBLE_TEXT_MAX 320

struct trouble {
    uint64_t slot_id;
    int error;
    char what[TROUBLE_TEXT_MAX];
};

struct auger_loop {
    struct auger_loop_config config;
    int epoll_fd;
    struct auger_watch timer, wake;
    struct auger_watch listeners[STUN_LISTENERS_MAX];
    size_t listeners_len;
    struct auger_watch watched[WATCHED_MAX];
    size_t ready_fds[WATCHED_MAX], ready_fds_len; /* indices of watched */
    struct auger_resolver *resolver;
    struct auger_slot **slots;
    size_t slots_len;
    uint64_t next_slot_id;
    size_t turn; /* whose event comes next */
    auger_time armed_at, timer_at;
    void *timer_user;
    struct trouble troubles[TROUBLES_MAX];
    size_t troubles_at, troubles_len;
    struct trouble told; /* the text of the latest event */
    atomic_bool stopped;
    struct auger_udp_batch batch;
};

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
    loop->timer.udp.fd = loop->wake.udp.fd = -1;
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
    loop->slots = calloc(loop->config.peers_max, sizeof(struct auger_slot *));
    int err = loop->slots ? open_descriptors(loop) : AUGER_ERR_NO_MEMORY;
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
    while (loop->slots_len > 0)
        auger_loop_peer_free(loop, loop->slots[0]->peer);
    auger_resolver_free(loop->resolver);
    for (size_t i = 0; i < loop->listeners_len; i++)
        auger_udp_close(&loop->listeners[i].udp);
    auger_udp_close(&loop->timer.udp);
    auger_udp_close(&loop->wake.udp);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
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

/* --- troubles --------------------------------------------------------------------------------- */

static void note_trouble(struct auger_loop *loop, uint64_t slot_id, int error, const char *what,
                         const char *whom)
{
    if (loop->troubles_len == TROUBLES_MAX)
        return;
    struct trouble *trouble =
        &loop->troubles[(loop->troubles_at + loop->troubles_len++) % TROUBLES_MAX];
    trouble->slot_id = slot_id;
    trouble->error = error;
    snprintf(trouble->what, sizeof(trouble->what), "%s %s", what, whom);
}

/* --- peers --------------------------------------------------------------------------------------
 */

static struct auger_slot *find_slot(const struct auger_loop *loop, uint64_t id)
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
        note_trouble(loop, slot->id, AUGER_ERR_MALFORMED, "not a stun: URI:", text);
    else if (auger_addr_parse_ip(&addr, uri.host, strlen(uri.host), uri.port) == 0)
        (void)!auger_peer_add_stun_server(slot->peer, now, &addr);
    else if (auger_resolver_ask(loop->resolver, slot->id, &uri) == 0)
        slot->names_pending++;
    else
        note_trouble(loop, slot->id, AUGER_ERR_LIMIT, "too many names at once to resolve", text);
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
    loop->slots[loop->slots_len++] = slot;
    add_servers(loop, slot, net, auger_clock_now());
    *out = slot->peer;
    return 0;
}

static size_t index_of(const struct auger_loop *loop, const struct auger_peer *peer)
{
    size_t i = 0;

    while (i < loop->slots_len && loop->slots[i]->peer != peer)
        i++;
    return i;
}

void auger_loop_peer_free(struct auger_loop *loop, struct auger_peer *peer)
{
    size_t i = index_of(loop, peer);

    if (!peer || i == loop->slots_len)
        return;
    auger_slot_close(loop->slots[i]);
    free(loop->slots[i]);
    loop->slots[i] = loop->slots[--loop->slots_len];
}

void auger_loop_peer_set_user(struct auger_loop *loop, struct auger_peer *peer, void *user)
{
    size_t i = index_of(loop, peer);

    if (i < loop->slots_len)
        loop->slots[i]->user = user;
}

static void take_names(struct auger_loop *loop, auger_time now)
{
    struct auger_resolved answer;

    while (auger_resolver_take(loop->resolver, &answer)) {
        struct auger_slot *slot = find_slot(loop, answer.id);
        if (!slot)
            continue;
        if (answer.addrs_len == 0)
            note_trouble(loop, slot->id, AUGER_ERR_NOT_FOUND, "cannot resolve", answer.host);
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

    if (loop->listeners_len == STUN_LISTENERS_MAX)
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

static void answer_binding(struct auger_loop *loop, const struct auger_watch *watch)
{
    size_t len = auger_udp_receive(&watch->udp, &loop->batch);
    uint8_t reply[AUGER_DATAGRAM_MAX];

    for (size_t i = 0; i < len; i++) {
        const struct auger_addr *from = &loop->batch.from[i];
        size_t n = auger_stun_server_answer(from, loop->batch.bufs[i], loop->batch.lens[i], reply,
                                            sizeof(reply));
        if (n > 0)
            (void)!auger_udp_send(&watch->udp, from, reply, n); /* a full socket drops it */
    }
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

    for (size_t i = 0; i < WATCHED_MAX; i++) {
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

/* --- the turn
 * --------------------------------------------------------------------------------------- */

auger_time auger_loop_deadline(const struct auger_loop *loop)
{
    auger_time at = loop->timer_at;

    for (size_t i = 0; i < loop->slots_len; i++) {
        auger_time next = auger_peer_next_timeout(loop->slots[i]->peer);
        if (next < at)
            at = next;
    }
    return at;
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
    case AUGER_WATCH_STUN:
        answer_binding(loop, watch);
        break;
    case AUGER_WATCH_TIMER:
        drain_counter(watch->udp.fd);
        loop->armed_at = AUGER_NEVER;
        break;
    case AUGER_WATCH_WAKE:
        drain_counter(watch->udp.fd);
        take_names(loop, now);
        break;
    case AUGER_WATCH_FD:
        if (loop->ready_fds_len < WATCHED_MAX)
            loop->ready_fds[loop->ready_fds_len++] = (size_t)(watch - loop->watched);
        break;
    }
}

static void receive(struct auger_loop *loop)
{
    struct epoll_event events[READY_MAX];
    int len = epoll_wait(loop->epoll_fd, events, READY_MAX, 0);
    auger_time now = auger_clock_now();

    for (int i = 0; i < len; i++)
        ready(loop, events[i].data.ptr, events[i].events, now);
}

static void wake_due(struct auger_loop *loop)
{
    auger_time now = auger_clock_now();

    for (size_t i = 0; i < loop->slots_len; i++)
        if (auger_peer_next_timeout(loop->slots[i]->peer) <= now)
            auger_peer_handle_timeout(loop->slots[i]->peer, now);
}

static bool transmit(struct auger_loop *loop)
{
    auger_time now = auger_clock_now();
    bool more = false;

    for (size_t i = 0; i < loop->slots_len; i++)
        more |= auger_slot_transmit(loop->slots[i], loop->epoll_fd, now);
    return more;
}

/* --- events
 * -------------------------------------------------------------------------------------------- */

static bool take_trouble(struct auger_loop *loop, struct auger_loop_event *event)
{
    if (loop->troubles_len == 0)
        return false;
    loop->told = loop->troubles[loop->troubles_at];
    loop->troubles_at = (loop->troubles_at + 1) % TROUBLES_MAX;
    loop->troubles_len--;
    struct auger_slot *slot = find_slot(loop, loop->told.slot_id);
    *event = (struct auger_loop_event){.type = AUGER_LOOP_EVENT_TROUBLE,
                                       .peer = slot ? slot->peer : NULL,
                                       .user = slot ? slot->user : NULL,
                                       .what = loop->told.what,
                                       .error = loop->told.error};
    return true;
}

static bool take_fd(struct auger_loop *loop, struct auger_loop_event *event)
{
    if (loop->ready_fds_len == 0)
        return false;
    const struct auger_watch *watch = &loop->watched[loop->ready_fds[--loop->ready_fds_len]];
    *event = (struct auger_loop_event){
        .type = AUGER_LOOP_EVENT_FD, .user = watch->user, .fd = watch->udp.fd};
    return true;
}

static bool take_timer(struct auger_loop *loop, struct auger_loop_event *event)
{
    if (loop->timer_at == AUGER_NEVER || auger_clock_now() < loop->timer_at)
        return false;
    loop->timer_at = AUGER_NEVER;
    *event = (struct auger_loop_event){.type = AUGER_LOOP_EVENT_TIMER, .user = loop->timer_user};
    return true;
}

/* Peers take turns, so that a talkative one does not silence the others. */
static bool take_peer_event(struct auger_loop *loop, struct auger_loop_event *event)
{
    for (size_t i = 0; i < loop->slots_len; i++) {
        struct auger_slot *slot = loop->slots[(loop->turn + i) % loop->slots_len];
        *event = (struct auger_loop_event){
            .type = AUGER_LOOP_EVENT_PEER, .peer = slot->peer, .user = slot->user};
        if (auger_peer_poll_event(slot->peer, &event->event)) {
            loop->turn = (loop->turn + i + 1) % loop->slots_len;
            return true;
        }
    }
    return false;
}

static bool take_event(struct auger_loop *loop, struct auger_loop_event *event)
{
    return take_timer(loop, event) || take_trouble(loop, event) || take_fd(loop, event) ||
           take_peer_event(loop, event);
}

/* What the application did since the last call goes out first; sockets are read only when no event
 * waits, which is what keeps a slow application's memory small. */
bool auger_loop_poll(struct auger_loop *loop, struct auger_loop_event *event)
{
    bool more = transmit(loop);

    if (take_event(loop, event))
        return true;
    receive(loop);
    wake_due(loop);
    more |= transmit(loop);
    if (take_event(loop, event))
        return true;
    arm(loop, more ? 0 : auger_loop_deadline(loop));
    return false;
}

bool auger_loop_next(struct auger_loop *loop, struct auger_loop_event *event)
{
    /* poll() looks without taking: a descriptor that tells once must be taken in receive(). */
    struct pollfd readable = {.fd = loop->epoll_fd, .events = POLLIN};

    while (!atomic_load(&loop->stopped)) {
        if (auger_loop_poll(loop, event))
            return true;
        if (poll(&readable, 1, -1) < 0 && errno != EINTR)
            return false;
    }
    return false;
}
