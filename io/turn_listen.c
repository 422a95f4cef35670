/* io/turn_listen.c - where a TURN service is reached. */
#include "io/turn_listen.h"

#include "base/addr.h"
#include "io/acceptor.h"

#include <errno.h>
#include <sys/epoll.h>

#define PORT_TRIES 16

/* An entry without a port has that of an earlier one of its IP address and the other transport,
 * which is in the clear or for TLS as it is itself. */
static void borrow_port(const struct auger_turn_service *service, struct auger_addr *addr,
                        bool is_tls)
{
    for (size_t i = 0; addr->port == 0 && i < service->listeners_len; i++) {
        const struct auger_watch *watch = &service->listeners[i];
        bool is_tcp = watch->kind == AUGER_WATCH_TURN_ACCEPT;
        if (service->is_tls[i] == is_tls && is_tcp != (addr->transport == AUGER_TCP) &&
            auger_addr_ip_equal(&watch->udp.addr, addr))
            addr->port = watch->udp.addr.port;
    }
}

static int listen_at(struct auger_turn_service *service, const struct auger_loop *loop,
                     struct auger_addr addr, bool is_tls)
{
    struct auger_watch *watch = &service->listeners[service->listeners_len];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};
    int err;

    borrow_port(service, &addr, is_tls);
    if (addr.transport == AUGER_TCP)
        err = auger_acceptor_open(
            watch, &addr,
            &(struct auger_acceptor_options){.shares_port = service->config.shares_port});
    else
        err = auger_udp_open_shared(&watch->udp, &addr, loop->config.socket_buffer,
                                    service->config.shares_port);
    if (err < 0)
        return err;
    if (addr.transport != AUGER_TCP && !service->config.no_gso) {
        auger_udp_join(&watch->udp);
        service->stats.gro = watch->udp.gro;
        service->stats.gso = watch->udp.gso;
    }
    watch->kind = addr.transport == AUGER_TCP ? AUGER_WATCH_TURN_ACCEPT : AUGER_WATCH_TURN;
    watch->user = service;
    service->is_tls[service->listeners_len] = is_tls;
    service->listeners_len++;
    return epoll_ctl(service->epoll_fd, EPOLL_CTL_ADD, watch->udp.fd, &event) == 0
               ? 0
               : AUGER_ERR_SYSTEM;
}

static int listen_at_each(struct auger_turn_service *service, const struct auger_loop *loop,
                          const struct auger_addr *addrs, size_t len, bool is_tls,
                          struct auger_addr *failed)
{
    for (size_t i = 0; i < len; i++) {
        int err = listen_at(service, loop, addrs[i], is_tls);
        if (err < 0 && failed)
            *failed = addrs[i];
        if (err < 0)
            return err;
    }
    return 0;
}

static bool takes_any_port(const struct auger_turn_service_config *config)
{
    for (size_t i = 0; i < config->listen_len; i++)
        if (config->listen[i].port == 0)
            return true;
    for (size_t i = 0; i < config->tls_listen_len; i++)
        if (config->tls_listen[i].port == 0)
            return true;
    return false;
}

void auger_turn_listen_no_more(struct auger_turn_service *service)
{
    for (size_t i = 0; i < service->listeners_len; i++)
        auger_udp_close(&service->listeners[i].udp);
    service->listeners_len = 0;
}

static int try_to_listen(struct auger_turn_service *service, const struct auger_loop *loop,
                         struct auger_addr *failed)
{
    const struct auger_turn_service_config *config = &service->config;
    int err = listen_at_each(service, loop, config->listen, config->listen_len, false, failed);

    return err < 0 ? err
                   : listen_at_each(service, loop, config->tls_listen, config->tls_listen_len, true,
                                    failed);
}

/* A port that the system chose for UDP may be somebody's for TCP: then it chooses again. */
int auger_turn_listen(struct auger_turn_service *service, const struct auger_loop *loop,
                      struct auger_addr *failed)
{
    const struct auger_turn_service_config *config = &service->config;

    if (config->listen_len + config->tls_listen_len == 0 ||
        (config->tls_listen_len > 0 && !service->tls))
        return AUGER_ERR_INVALID;
    if (config->listen_len + config->tls_listen_len > AUGER_TURN_SERVICE_LISTENERS_MAX)
        return AUGER_ERR_LIMIT;
    int err = try_to_listen(service, loop, failed);
    for (int tries = 0; tries < PORT_TRIES && err == AUGER_ERR_SYSTEM && errno == EADDRINUSE &&
                        takes_any_port(config);
         tries++) {
        auger_turn_listen_no_more(service);
        err = try_to_listen(service, loop, failed);
    }
    return err;
}
