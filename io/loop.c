/* io/loop.c - the loop: its life, its peers, and what it is asked to watch.  How it goes round is
 * turn.c, what one peer does in its turn slot.c. */
#define _GNU_SOURCE
#include "base/time.h"
#include "io/bases.h"
#include "io/changes.h"
#include "io/clock.h"
#include "io/loop_state.h"
#include "io/names.h"
#include "io/nat64.h"
#include "io/portmap.h"
#include "io/servers.h"

#include <auger/crypto.h>
#include <auger/io_turn.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define STUN_SERVERS_MAX 4 /* of one peer */
#define TURN_SERVERS_MAX 4
/* Of each address one of UDP and up to three of TCP. */
#define LOCAL_CANDS_WITH_TCP (4 * AUGER_INTERFACES_MAX)

/* --- configuration ------------------------------------------------------------------------- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

void auger_loop_config_init_sized(struct auger_loop_config *config, size_t size)
{
    const struct auger_loop_config defaults = {.peers_max = 256, .socket_buffer = 1024 * 1024};

    memcpy(config, &defaults, smaller(size, sizeof(defaults)));
}

void auger_net_config_init_sized(struct auger_net_config *config, size_t size)
{
    const struct auger_net_config defaults = {
        .ipv4 = true, .ipv6 = true, .relay_families = AUGER_TURN_BOTH};

    memcpy(config, &defaults, smaller(size, sizeof(defaults)));
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
        memcpy(&loop->config, config, smaller(size, sizeof(*config)));
    if (!loop->config.env)
        loop->config.env = auger_env_system();
    loop->armed_at = loop->timer_at = AUGER_NEVER;
    loop->epoll_fd = loop->timer.udp.fd = loop->wake.udp.fd = loop->changes.udp.fd = -1;
    loop->changed_at = AUGER_NEVER;
    auger_nat64_init(&loop->nat64);
    loop->slots = calloc(loop->config.peers_max, sizeof(struct auger_slot *));
    int err = loop->slots ? 0 : AUGER_ERR_NO_MEMORY;
    if (err == 0)
        err = auger_deadlines_init(&loop->deadlines, loop->config.peers_max);
    if (err == 0)
        err = auger_strangers_init(&loop->strangers, AUGER_ICE_TCP_STRANGERS_MAX,
                                   AUGER_ICE_TCP_IP_STRANGERS_MAX, AUGER_ICE_TCP_STRANGERS_MAX);
    if (err == 0)
        err = open_descriptors(loop);
    if (err < 0) {
        auger_loop_free(loop);
        return err;
    }
    *out = loop;
    return 0;
}

static void free_slot(struct auger_slot *slot)
{
    if (slot->peer)
        auger_peer_set_ready(slot->peer, NULL);
    auger_slot_close(slot);
    free(slot);
}

void auger_loop_free(struct auger_loop *loop)
{
    if (!loop)
        return;
    for (size_t i = 0; loop->slots && i < loop->slots_len; i++) {
        auger_names_leave(loop, loop->slots[i], auger_clock_now());
        free_slot(loop->slots[i]);
    }
    auger_names_free(loop);
    auger_ports_free(loop);
    while (loop->turns)
        auger_loop_turn_free(loop, loop->turns);
    while (loop->muxes) {
        struct auger_loop_mux *mux = loop->muxes;
        loop->muxes = mux->next;
        auger_shared_free(mux);
    }
    auger_resolver_free(loop->resolver);
    for (size_t i = 0; i < loop->listeners_len; i++)
        auger_udp_close(&loop->listeners[i].udp);
    auger_udp_close(&loop->timer.udp);
    auger_udp_close(&loop->wake.udp);
    auger_udp_close(&loop->changes.udp);
    auger_nat64_fini(&loop->nat64);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    auger_deadlines_fini(&loop->deadlines);
    auger_strangers_fini(&loop->strangers);
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

/* From any thread and from signal handlers. */
static void ring(struct auger_loop *loop, atomic_bool *what)
{
    const uint64_t one = 1;
    int saved = errno;

    atomic_store(what, true);
    /* A full counter is readable already. */
    (void)!write(loop->wake.udp.fd, &one, sizeof(one));
    errno = saved;
}

void auger_loop_wake(struct auger_loop *loop)
{
    ring(loop, &loop->woken);
}

void auger_loop_stop(struct auger_loop *loop)
{
    ring(loop, &loop->stopped);
}

/* --- peers ------------------------------------------------------------ */

struct auger_slot *auger_loop_find_slot(const struct auger_loop *loop, uint64_t id)
{
    for (size_t i = 0; i < loop->slots_len; i++)
        if (loop->slots[i]->id == id)
            return loop->slots[i];
    return NULL;
}

static void tell_exhausted(struct auger_loop *loop, const struct auger_slot *slot,
                           const struct auger_net_config *net)
{
    char what[64], ip[AUGER_ADDR_TEXT_MAX];
    int saved = errno;

    snprintf(what, sizeof(what), "no port from %u to %u is free on", net->port_min, net->port_max);
    auger_troubles_add(&loop->troubles, slot->id, AUGER_ERR_LIMIT, what,
                       auger_addr_format_ip(&slot->exhausted, ip, sizeof(ip)));
    errno = saved;
}

static int new_slot(struct auger_loop *loop, const struct auger_peer_config *config,
                    const struct auger_net_config *net, struct auger_slot **out)
{
    struct auger_slot *slot = calloc(1, sizeof(*slot));

    if (!slot)
        return AUGER_ERR_NO_MEMORY;
    slot->id = ++loop->next_slot_id;
    slot->gather_timeout = config->ice.gather_timeout;
    slot->epoll_fd = loop->epoll_fd;
    slot->troubles = &loop->troubles;
    slot->accept_at = AUGER_NEVER;
    slot->relay_families = net->relay_families;
    slot->nat64_use = net->nat64;
    slot->nat64_given = net->nat64_prefix;
    slot->tcp_types = net->mux ? 0 : config->ice.tcp;
    auger_ice_tcp_init(&slot->tcp, slot, &loop->strangers, loop->epoll_fd);
    slot->tcp.dscp = net->dscp;
    slot->tcp.opens_from_ports = slot->tcp_types & AUGER_ICE_TCP_SO;
    int err = auger_peer_new(&slot->peer, loop->config.env, config);
    slot->seen = (struct auger_tcp_seen){.slot = slot,
                                         .peer = slot->peer,
                                         .env = loop->config.env,
                                         .epoll_fd = loop->epoll_fd,
                                         .connected_at = AUGER_NEVER,
                                         .sockets = slot->sockets,
                                         .sockets_len = &slot->sockets_len,
                                         .is_of_use = (slot->tcp_types & AUGER_ICE_TCP_SO) &&
                                                      config->ice.policy != AUGER_ICE_POLICY_RELAY};
    if (err == 0)
        err = net->mux ? auger_slot_join(slot, net->mux, auger_clock_now())
                       : auger_bases_open(slot, loop->epoll_fd, net, loop->config.socket_buffer,
                                          auger_clock_now());
    if (slot->exhausted.family != AUGER_FAMILY_NONE)
        tell_exhausted(loop, slot, net);
    if (err == 0 && !net->mux && !net->bind && !net->fixed) {
        slot->follows = true;
        (void)!auger_changes_watch(loop); /* without it addresses stay what they are */
    }
    if (err < 0) {
        int saved = errno;
        free_slot(slot);
        errno = saved;
        return err;
    }
    *out = slot;
    return 0;
}

static int check_net(const struct auger_net_config *net)
{
    if (net->port_min > net->port_max || (net->port_min == 0 && net->port_max != 0))
        return AUGER_ERR_INVALID;
    if (!auger_interfaces_is_valid(net) || net->dscp > 63)
        return AUGER_ERR_INVALID;
    if (net->nat64 == AUGER_NAT64_GIVEN && !auger_nat64_is_valid(&net->nat64_prefix))
        return AUGER_ERR_INVALID;
    if (net->relay_families < AUGER_TURN_IPV4 || net->relay_families > AUGER_TURN_BOTH)
        return AUGER_ERR_INVALID;
    return net->stun_servers_len > STUN_SERVERS_MAX || net->turn_servers_len > TURN_SERVERS_MAX
               ? AUGER_ERR_LIMIT
               : 0;
}

/* What a mode of RFC 8828 asks of the agent, if that is more than its policy. */
static enum auger_ice_policy stricter(enum auger_ice_policy policy, enum auger_ip_handling handling)
{
    enum auger_ice_policy asked = handling == AUGER_IP_PROXY ? AUGER_ICE_POLICY_RELAY
                                  : handling == AUGER_IP_DEFAULT_ROUTE_ONLY
                                      ? AUGER_ICE_POLICY_NO_HOST
                                      : AUGER_ICE_POLICY_ALL;

    return asked > policy ? asked : policy;
}

/* What holds for its sockets holds for who shares them. */
static void take_from_mux(struct auger_ice_config *ice, const struct auger_loop_mux *mux)
{
    size_t most = mux->follows ? AUGER_SHARED_SOCKETS_MAX : mux->sockets_len;

    ice->allow_loopback |= mux->net.loopback;
    ice->allow_link_local |= mux->net.link_local;
    ice->policy = stricter(ice->policy, mux->net.ip_handling);
    if (ice->local_cands_max < most)
        ice->local_cands_max = (uint16_t)most;
}

int auger_loop_peer_new_sized(struct auger_loop *loop, const struct auger_peer_config *config,
                              size_t config_size, const struct auger_net_config *net,
                              size_t net_size, struct auger_peer **out)
{
    struct auger_peer_config whole_config;
    struct auger_net_config whole_net;
    struct auger_slot *slot = NULL;

    auger_peer_config_init(&whole_config);
    if (config)
        memcpy(&whole_config, config, smaller(config_size, sizeof(whole_config)));
    if (!whole_config.ice.pacer && !loop->config.unpaced && !whole_config.recorder)
        whole_config.ice.pacer = &loop->pacer; /* what is recorded depends on no other */
    auger_net_config_init(&whole_net);
    if (net)
        memcpy(&whole_net, net, smaller(net_size, sizeof(whole_net)));
    whole_config.ice.allow_loopback |= whole_net.loopback;
    whole_config.ice.allow_link_local |= whole_net.link_local;
    if (whole_net.mux)
        take_from_mux(&whole_config.ice, whole_net.mux);
    if (whole_config.ice.tcp && whole_config.ice.local_cands_max < LOCAL_CANDS_WITH_TCP)
        whole_config.ice.local_cands_max = LOCAL_CANDS_WITH_TCP;
    whole_config.ice.policy = stricter(whole_config.ice.policy, whole_net.ip_handling);

    int err = check_net(&whole_net);
    if (err == 0 && whole_net.no_udp && (whole_net.mux || !whole_config.ice.tcp))
        err = AUGER_ERR_INVALID;
    if (err == 0 && loop->slots_len == loop->config.peers_max)
        err = AUGER_ERR_LIMIT;
    if (err == 0)
        err = new_slot(loop, &whole_config, &whole_net, &slot);
    if (err < 0)
        return err;
    slot->config = &loop->config;
    slot->place = loop->slots_len++;
    loop->slots[slot->place] = slot;
    slot->ready = (struct auger_ready){.queue = &loop->ready, .owner = slot};
    slot->due.at = AUGER_NEVER;
    auger_peer_set_ready(slot->peer, &slot->ready);
    slot->hides = whole_config.hide_addresses;
    if (slot->hides)
        auger_names_hide(loop, slot, auger_clock_now());
    slot->maps_ports = whole_net.port_mapping && whole_config.ice.policy != AUGER_ICE_POLICY_RELAY;
    auger_ports_follow(loop, slot, auger_clock_now());
    auger_servers_add(loop, slot, &whole_net, auger_clock_now());
    *out = slot->peer;
    return 0;
}

/* NULL: it is none of this loop's. */
static struct auger_slot *slot_of(const struct auger_loop *loop, const struct auger_peer *peer)
{
    const struct auger_ready *ready = peer ? auger_peer_get_ready(peer) : NULL;

    return ready && ready->queue == &loop->ready ? ready->owner : NULL;
}

void auger_loop_peer_free(struct auger_loop *loop, struct auger_peer *peer)
{
    struct auger_slot *slot = slot_of(loop, peer);

    if (!slot)
        return;
    struct auger_slot *last = loop->slots[--loop->slots_len];
    auger_ready_remove(&slot->ready);
    auger_deadlines_set(&loop->deadlines, &slot->due, AUGER_NEVER);
    last->place = slot->place;
    loop->slots[last->place] = last;
    auger_names_leave(loop, slot, auger_clock_now());
    auger_ports_leave(loop, slot, auger_clock_now());
    free_slot(slot);
}

void auger_loop_peer_set_user(struct auger_loop *loop, struct auger_peer *peer, void *user)
{
    struct auger_slot *slot = slot_of(loop, peer);

    if (slot)
        slot->user = user;
}

/* --- shared sockets --------------------------------------------------------------------- */

int auger_loop_mux_new_sized(struct auger_loop *loop, const struct auger_net_config *net,
                             size_t net_size, struct auger_loop_mux **out)
{
    struct auger_net_config whole;
    struct auger_loop_mux *mux;

    auger_net_config_init(&whole);
    if (net)
        memcpy(&whole, net, smaller(net_size, sizeof(whole)));
    int err = whole.mux || whole.no_udp ? AUGER_ERR_INVALID : check_net(&whole);
    if (err == 0)
        err = auger_shared_new(&mux, &loop->config, &whole, loop->epoll_fd);
    if (err < 0)
        return err;
    if (mux->follows)
        (void)!auger_changes_watch(loop); /* without it addresses stay what they are */
    mux->next = loop->muxes;
    loop->muxes = mux;
    *out = mux;
    return 0;
}

int auger_loop_mux_free(struct auger_loop *loop, struct auger_loop_mux *mux)
{
    struct auger_loop_mux **at = &loop->muxes;

    if (mux->peers > 0)
        return AUGER_ERR_STATE;
    while (*at != mux)
        at = &(*at)->next;
    *at = mux->next;
    auger_shared_free(mux);
    return 0;
}

/* --- the STUN server ------------------------------------------------------------------- */

int auger_loop_serve_stun(struct auger_loop *loop, struct auger_addr *listen)
{
    struct auger_watch *watch = &loop->listeners[loop->listeners_len];
    struct auger_addr bound = *listen;
    struct auger_udp udp;

    if (loop->listeners_len == AUGER_LOOP_LISTENERS_MAX)
        return AUGER_ERR_LIMIT;
    int err = auger_udp_open(&udp, &bound, loop->config.socket_buffer);
    if (err < 0)
        return err;
    err = add_watch(loop, watch, AUGER_WATCH_STUN, udp.fd);
    if (err < 0) {
        auger_udp_close(&udp);
        return err;
    }
    watch->udp = udp;
    loop->listeners_len++;
    *listen = bound;
    return 0;
}

/* --- the application's timer and descriptors
 * -------------------------------------------------------- */

void auger_loop_set_timer(struct auger_loop *loop, auger_time at, void *user)
{
    loop->timer_at = at;
    loop->timer_user = user;
}

int auger_loop_watch_fd(struct auger_loop *loop, int fd, void *user)
{
    return auger_watched_add(&loop->watched, loop->epoll_fd, fd, user);
}

void auger_loop_unwatch_fd(struct auger_loop *loop, int fd)
{
    auger_watched_remove(&loop->watched, loop->epoll_fd, fd);
}
