/* io/turn_service.c - a TURN server in a loop: its life, its time, its events.  What comes and
 * leaves is turn_traffic.c; how the loop itself goes round, turn.c. */
#define _GNU_SOURCE
#include "io/turn_service.h"

#include "base/addr.h"
#include "base/time.h"
#include "io/clock.h"
#include "io/loop_state.h"
#include "io/turn_carry.h"
#include "io/turn_guests.h"
#include "io/turn_listen.h"
#include "io/turn_relays.h"
#include "io/turn_sealed.h"
#include "io/turn_streams.h"
#include "io/turn_tcp.h"
#include "io/turn_traffic.h"

#include <auger/crypto.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#define TIME_OF_DAY_EVERY (1 * AUGER_SEC)
#define ENGINE_LISTENERS_MAX 64

/* --- time and events -------------------------------------------------------------------------
 */

static void tell_time_of_day(struct auger_turn_service *service, auger_time now)
{
    if (now < service->told_time_at + TIME_OF_DAY_EVERY)
        return;
    service->told_time_at = now;
    auger_turn_server_set_time_of_day(service->engine, now, (int64_t)time(NULL));
}

/* The engine may end allocations for it, whose relays it then tells of. */
static void bury(struct auger_turn_service *service, auger_time now)
{
    struct auger_path path;

    while (auger_turn_streams_bury(service, &path) || auger_turn_sealed_bury(service, &path))
        auger_turn_server_stream_closed(service->engine, now, &path);
    auger_turn_relays_bury(service);
    auger_turn_tcp_bury(service);
}

/* It may have another allocation by now, or be the way to a peer. */
static void forget_client(struct auger_turn_service *service, auger_time now,
                          const struct auger_path *path)
{
    struct auger_turn_stream *stream = auger_turn_streams_find(service, path);

    if (auger_turn_server_is_known(service->engine, path))
        return;
    if (!stream)
        auger_turn_sealed_forget(service, now, path);
    else if (!stream->peer)
        auger_turn_stream_forget(service, stream, now);
}

/* Takes the events of the engine up to the next that the application has to hear. */
static bool take_engine_event(struct auger_turn_service *service, auger_time now)
{
    while (auger_turn_server_poll_event(service->engine, &service->happened)) {
        const struct auger_turn_server_event *event = &service->happened;
        if (event->type == AUGER_TURN_SERVER_EVENT_RELAY_CLOSED) {
            auger_turn_relays_close(service, event->relay);
            continue;
        }
        if (event->type == AUGER_TURN_SERVER_EVENT_CONNECTION_CLOSED) {
            auger_turn_tcp_close(service, event->connection);
            continue;
        }
        if (event->type == AUGER_TURN_SERVER_EVENT_ENDED)
            forget_client(service, now, &event->allocation.client);
        return true;
    }
    return false;
}

static bool take_question(struct auger_turn_service *service)
{
    if (service->questions_len == 0)
        return false;
    service->asked = service->questions[service->questions_at];
    service->questions_at = (service->questions_at + 1) % service->questions_max;
    service->questions_len--;
    return true;
}

bool auger_turn_service_take_event(struct auger_turn_service *service, auger_time now,
                                   struct auger_loop_event *event)
{
    if (take_question(service))
        service->told =
            (struct auger_turn_service_event){.type = AUGER_TURN_SERVICE_EVENT_NEEDS_KEY,
                                              .ticket = service->asked.ticket,
                                              .user = service->asked.user};
    else if (take_engine_event(service, now))
        service->told = (struct auger_turn_service_event){
            .type = service->happened.type == AUGER_TURN_SERVER_EVENT_ALLOCATED
                        ? AUGER_TURN_SERVICE_EVENT_ALLOCATED
                        : AUGER_TURN_SERVICE_EVENT_ENDED,
            .allocation = &service->happened};
    else
        return false;
    *event = (struct auger_loop_event){.type = AUGER_LOOP_EVENT_TURN,
                                       .user = service->user,
                                       .turn = service,
                                       .turn_event = &service->told};
    return true;
}

void auger_turn_service_turn(struct auger_turn_service *service, auger_time now)
{
    tell_time_of_day(service, now);
    if (now >= auger_turn_server_next_timeout(service->engine))
        auger_turn_server_handle_timeout(service->engine, now);
    auger_turn_streams_handle_timeout(service, now);
    auger_turn_traffic_handle_timeout(service, now);
    auger_turn_sealed_handle_timeout(service, now);
    auger_turn_guests_handle_timeout(service, now);
    bury(service, now);
    if (now >= service->accept_at) {
        service->accept_at = AUGER_NEVER;
        auger_turn_traffic_set_acceptors(service, false);
        auger_turn_tcp_rest(service, false);
    }
}

auger_time auger_turn_service_next_timeout(const struct auger_turn_service *service)
{
    auger_time at = auger_turn_server_next_timeout(service->engine);

    at = auger_time_min(at, auger_turn_streams_next_timeout(service));
    at = auger_time_min(at, auger_turn_tcp_next_timeout(service));
    at = auger_time_min(at, auger_turn_sealed_next_timeout(service));
    at = auger_time_min(at, auger_turn_guests_next_timeout(service));
    return auger_time_min(at, service->accept_at);
}

void auger_turn_service_answer_key(struct auger_turn_service *service, uint32_t ticket,
                                   const char *password)
{
    uint8_t *reply = auger_turn_carry_reply(service);
    struct auger_turn_server_out out;
    auger_time now = auger_clock_now();

    auger_turn_server_answer_key(service->engine, now, ticket, password, reply,
                                 AUGER_TURN_SERVER_REPLY_MAX, &out);
    auger_turn_carry_out(service, now, &out, reply);
    auger_turn_carry_flush(service);
}

/* --- life ------------------------------------------------------------------------------------
 */

void auger_turn_service_config_init_sized(struct auger_turn_service_config *config, size_t size)
{
    const struct auger_turn_service_config defaults = {.streams_max = 4096,
                                                       .strangers_max = 1024,
                                                       .ip_strangers_max = 64,
                                                       .first_message_timeout = 10 * AUGER_SEC,
                                                       .idle_timeout = 30 * AUGER_SEC,
                                                       .stream_queue_max = 64 * 1024,
                                                       .stream_buffer = 128 * 1024};

    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

static int make_context(const struct auger_turn_service *service, bool datagrams,
                        struct auger_bytes certificate, struct auger_bytes key,
                        struct auger_tls_context **out, char *why)
{
    static const char *const alpn[] = {"stun.turn", "stun.nat-discovery"}; /* RFC 7443 */
    struct auger_tls_config config;

    auger_tls_config_init(&config);
    config.role = AUGER_TLS_SERVER;
    config.datagrams = datagrams;
    config.certificate_pem = certificate;
    config.key_pem = key;
    config.alpn = alpn;
    config.alpn_len = sizeof(alpn) / sizeof(alpn[0]);
    return auger_tls_context_new(out, service->env, &config, why);
}

int auger_turn_service_set_certificate(struct auger_turn_service *service,
                                       struct auger_bytes certificate, struct auger_bytes key,
                                       char *why)
{
    struct auger_tls_context *context, *sealed = NULL;
    int err = make_context(service, false, certificate, key, &context, why);

    if (err < 0)
        return err;
    if (service->sealed)
        err = make_context(service, true, certificate, key, &sealed, why);
    if (err < 0) {
        auger_tls_context_free(context);
        return err;
    }
    auger_tls_context_free(service->tls);
    service->tls = context;
    if (sealed)
        auger_turn_sealed_set_context(service, sealed);
    return 0;
}

/* Where clients reach it, and where it relays from unless that was said. */
struct reach {
    struct auger_addr listeners[ENGINE_LISTENERS_MAX];
    size_t listeners_len;
    struct auger_turn_server_relay_ip relay_ips[2];
    size_t relay_ips_len;
};

static int add_reach(struct reach *reach, const struct auger_addr *ip, uint16_t port,
                     uint8_t transport)
{
    struct auger_addr addr = *ip;

    if (reach->listeners_len == ENGINE_LISTENERS_MAX)
        return AUGER_ERR_LIMIT;
    addr.port = port;
    addr.transport = transport;
    reach->listeners[reach->listeners_len++] = addr;
    return 0;
}

/* The first of a family; one that was said without an IP address to bind has it now. */
static void add_relay_ip(struct reach *reach, const struct auger_addr *ip)
{
    for (size_t i = 0; i < reach->relay_ips_len; i++) {
        struct auger_turn_server_relay_ip *relay = &reach->relay_ips[i];
        if (relay->ip.family == AUGER_FAMILY_NONE && relay->external.family == ip->family)
            relay->ip = *ip;
        if (relay->ip.family == ip->family)
            return;
    }
    if (reach->relay_ips_len < 2)
        reach->relay_ips[reach->relay_ips_len++].ip = *ip;
}

/* A wildcard address is every one of the machine, those that a peer would use being the first to
 * relay from. */
static int reach_everywhere(struct reach *reach, const struct auger_addr *any, uint8_t transport)
{
    struct auger_net_addr addrs[ENGINE_LISTENERS_MAX];
    struct auger_net_config net;

    auger_net_config_init(&net);
    net.loopback = net.link_local = true;
    int len = auger_net_addrs(&net, addrs, ENGINE_LISTENERS_MAX);
    if (len < 0)
        return len;
    for (int i = 0; i < len; i++) {
        const struct auger_net_addr *one = &addrs[i];
        if (one->addr.family != any->family)
            continue;
        if (!one->left_out && !auger_addr_is_loopback(&one->addr) &&
            !auger_addr_is_link_local(&one->addr))
            add_relay_ip(reach, &one->addr);
        int err = add_reach(reach, &one->addr, any->port, transport);
        if (err < 0)
            return err;
    }
    return 0;
}

static int find_reach(const struct auger_turn_service *service,
                      const struct auger_turn_server_config *server, struct reach *reach)
{
    int err = server->relay_ips_len > 2 ? AUGER_ERR_INVALID : 0;

    for (size_t i = 0; err == 0 && i < server->relay_ips_len; i++)
        reach->relay_ips[reach->relay_ips_len++] = server->relay_ips[i];
    for (size_t i = 0; err == 0 && i < server->listeners_len; i++)
        err = add_reach(reach, &server->listeners[i], server->listeners[i].port,
                        server->listeners[i].transport);
    for (size_t i = 0; err == 0 && i < service->listeners_len; i++) {
        const struct auger_watch *watch = &service->listeners[i];
        const struct auger_addr *addr = &watch->udp.addr;
        /* DTLS answers from nowhere else and to nowhere else, so that no address of it is one of
         * UDP (RFC 5780 section 7.3). */
        bool is_plain = watch->kind == AUGER_WATCH_TURN && !service->is_tls[i];
        uint8_t transport = is_plain ? AUGER_UDP : AUGER_TCP;
        if (auger_addr_is_unspecified(addr)) {
            err = reach_everywhere(reach, addr, transport);
        } else {
            add_relay_ip(reach, addr);
            err = add_reach(reach, addr, addr->port, transport);
        }
    }
    return err;
}

static int make_engine(struct auger_turn_service *service, const struct auger_env *env,
                       const struct auger_turn_server_config *server)
{
    struct auger_turn_server_config config = *server;
    struct reach reach = {0};
    int err = find_reach(service, server, &reach);

    if (err < 0)
        return err;
    config.listeners = reach.listeners;
    config.listeners_len = reach.listeners_len;
    config.relay_ips = reach.relay_ips;
    config.relay_ips_len = reach.relay_ips_len;
    if (service->config.team) {
        config.members = (uint16_t)auger_turn_team_members(service->config.team);
        config.member = service->config.member;
        config.held_ports = auger_turn_team_held_ports(service->config.team);
    }
    if (config.asks_for_keys) {
        service->questions = calloc(config.keys_pending_max, sizeof(*service->questions));
        service->questions_max = service->questions ? config.keys_pending_max : 0;
        if (!service->questions)
            return AUGER_ERR_NO_MEMORY;
    }
    return auger_turn_server_new(&service->engine, env, auger_clock_now(), &config);
}

static int join_team(struct auger_turn_service *service)
{
    struct auger_turn_service_config *config = &service->config;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &service->mail};

    if (!config->team)
        return 0;
    if (config->member >= auger_turn_team_members(config->team))
        return AUGER_ERR_INVALID;
    service->mail = (struct auger_watch){
        .kind = AUGER_WATCH_TURN_MAIL,
        .udp.fd = auger_turn_team_fd(config->team, config->member),
        .user = service,
    };
    int err = auger_turn_guests_init(service, service->env);
    if (err < 0)
        return err;
    return epoll_ctl(service->epoll_fd, EPOLL_CTL_ADD, service->mail.udp.fd, &event) == 0
               ? 0
               : AUGER_ERR_SYSTEM;
}

static void leave_team(struct auger_turn_service *service)
{
    if (service->mail.user)
        (void)epoll_ctl(service->epoll_fd, EPOLL_CTL_DEL, service->mail.udp.fd, NULL);
    auger_turn_guests_fini(service);
}

/* The engine goes before the sockets of its relays do: others of the team shall not take for a
 * relay what is somebody else's by then. */
static void free_service(struct auger_turn_service *service)
{
    leave_team(service);
    auger_turn_server_free(service->engine);
    auger_turn_sealed_fini(service);
    auger_turn_listen_no_more(service);
    auger_turn_relays_fini(service);
    auger_turn_tcp_fini(service);
    auger_turn_streams_fini(service);
    auger_tls_context_free(service->tls);
    free(service->questions);
    free(service->room);
    free(service);
}

static bool listens_for_dtls(const struct auger_turn_service_config *config)
{
    for (size_t i = 0; i < config->tls_listen_len; i++)
        if (config->tls_listen[i].transport == AUGER_UDP)
            return true;
    return false;
}

static int new_service(struct auger_loop *loop, const struct auger_turn_server_config *server,
                       struct auger_turn_service *service, struct auger_addr *failed)
{
    service->epoll_fd = loop->epoll_fd;
    service->env = loop->config.env;
    service->accept_at = AUGER_NEVER;
    service->told_time_at = -TIME_OF_DAY_EVERY;
    service->room = calloc(1, sizeof(*service->room));
    if (!service->room)
        return AUGER_ERR_NO_MEMORY;
    int err = server->tcp_relay && service->config.shares_port && !service->config.team
                  ? AUGER_ERR_UNSUPPORTED
                  : 0;
    service->config.shares_port |= service->config.team != NULL;
    if (err == 0)
        err = auger_turn_streams_init(service, loop->config.env);
    if (err == 0)
        err = auger_turn_tcp_init(service, server->tcp_relay ? server->connections_max : 0);
    if (err == 0 && listens_for_dtls(&service->config))
        err = auger_turn_sealed_init(service, loop->config.env);
    if (err == 0 && service->config.certificate_pem.len > 0)
        err = auger_turn_service_set_certificate(service, service->config.certificate_pem,
                                                 service->config.key_pem, NULL);
    if (err == 0)
        err = auger_turn_listen(service, loop, failed);
    if (err == 0)
        err = make_engine(service, loop->config.env, server);
    if (err == 0)
        err = join_team(service);
    if (err == 0)
        tell_time_of_day(service, auger_clock_now());
    return err;
}

int auger_loop_turn_new_sized(struct auger_loop *loop,
                              const struct auger_turn_server_config *server, size_t server_size,
                              const struct auger_turn_service_config *config, size_t config_size,
                              struct auger_turn_service **out, struct auger_addr *failed)
{
    struct auger_turn_server_config whole;
    struct auger_turn_service *service = calloc(1, sizeof(*service));

    if (failed)
        *failed = (struct auger_addr){0};
    if (!service)
        return AUGER_ERR_NO_MEMORY;
    auger_turn_server_config_init(&whole);
    memcpy(&whole, server, server_size < sizeof(whole) ? server_size : sizeof(whole));
    auger_turn_service_config_init(&service->config);
    memcpy(&service->config, config,
           config_size < sizeof(service->config) ? config_size : sizeof(service->config));
    int err = new_service(loop, &whole, service, failed);
    service->config.listen = service->config.tls_listen = NULL; /* the caller's */
    service->config.certificate_pem = service->config.key_pem = (struct auger_bytes){0};
    if (err < 0) {
        int saved = errno;
        free_service(service);
        errno = saved;
        return err;
    }
    service->next = loop->turns;
    loop->turns = service;
    *out = service;
    return 0;
}

void auger_loop_turn_free(struct auger_loop *loop, struct auger_turn_service *service)
{
    struct auger_turn_service **at = &loop->turns;

    if (!service)
        return;
    while (*at != service)
        at = &(*at)->next;
    *at = service->next;
    free_service(service);
}

/* --- what programs see of it -----------------------------------------------------------------
 */

struct auger_turn_server *auger_turn_service_server(struct auger_turn_service *service)
{
    return service->engine;
}

size_t auger_turn_service_addrs(const struct auger_turn_service *service, struct auger_addr *addrs,
                                size_t max)
{
    size_t len = 0;

    for (; len < service->listeners_len && len < max; len++) {
        addrs[len] = service->listeners[len].udp.addr;
        addrs[len].transport =
            service->listeners[len].kind == AUGER_WATCH_TURN_ACCEPT ? AUGER_TCP : AUGER_UDP;
    }
    return len;
}

bool auger_turn_service_is_tls(const struct auger_turn_service *service, size_t addr)
{
    return addr < service->listeners_len && service->is_tls[addr];
}

void auger_turn_service_set_user(struct auger_turn_service *service, void *user)
{
    service->user = user;
}

void auger_turn_service_get_stats_sized(const struct auger_turn_service *service,
                                        struct auger_turn_service_stats *stats, size_t size)
{
    struct auger_turn_service_stats whole = service->stats;

    whole.strangers = service->strangers.len;
    memcpy(stats, &whole, size < sizeof(whole) ? size : sizeof(whole));
}
