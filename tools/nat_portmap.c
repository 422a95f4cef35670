/* tools/nat_portmap.c - whether the gateway maps ports on request, one protocol after the other. */
#define _GNU_SOURCE
#include "tools/nat_portmap.h"
#include "tools/load_socket.h"
#include "tools/nat_probe.h"

#include <auger/crypto.h>
#include <auger/io_upnp.h>
#include <auger/portmap.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT (1500 * AUGER_MS)
#define WAIT_UPNP (4 * AUGER_SEC) /* two of them until everybody has answered */
#define WAIT_RELEASE (400 * AUGER_MS)
#define LIFETIME_S 120 /* if what gives it back is lost */
#define TOKEN 1

struct asking {
    struct auger_portmap *portmap;
    int fd, interrupt_fd;
    bool is_over;
};

/* The system's table: interface, destination, gateway, the last two in network order. */
static bool find_gateway(struct auger_addr *gateway)
{
    FILE *table = fopen("/proc/net/route", "re");
    char line[256], interface[32];
    unsigned destination = 1, address = 0;

    *gateway = (struct auger_addr){0};
    while (table && fgets(line, sizeof(line), table))
        if (sscanf(line, "%31s %8x %8x", interface, &destination, &address) == 3 &&
            destination == 0 && address != 0) {
            gateway->family = AUGER_IPV4;
            memcpy(gateway->ip, &address, 4);
            break;
        }
    if (table)
        fclose(table);
    return gateway->family != AUGER_FAMILY_NONE;
}

static void exchange(struct asking *asking, auger_time now)
{
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct sockaddr_storage addr;
    struct auger_addr peer;
    size_t len;

    for (int reads = 0; reads < 16; reads++) {
        socklen_t addr_len = sizeof(addr);
        ssize_t got =
            recvfrom(asking->fd, buf, sizeof(buf), 0, (struct sockaddr *)&addr, &addr_len);
        if (got < 0)
            break;
        load_addr_from_sockaddr(&peer, (const struct sockaddr *)&addr);
        auger_portmap_handle_datagram(asking->portmap, now, &peer, buf, (size_t)got);
    }
    auger_portmap_handle_timeout(asking->portmap, now);
    while ((len = auger_portmap_poll_transmit(asking->portmap, now, &peer, buf, sizeof(buf))) > 0) {
        socklen_t addr_len = load_addr_to_sockaddr(&peer, &addr);
        (void)!sendto(asking->fd, buf, len, 0, (const struct sockaddr *)&addr, addr_len);
    }
}

/* Until `limit`, or until there is an answer; without one to fill in, until all is given back. */
static void run(struct asking *asking, auger_time limit, struct nat_portmap_answer *answer)
{
    struct auger_portmap_event event;
    auger_time until = nat_clock() + limit, now;

    while (!asking->is_over && (now = nat_clock()) < until) {
        struct pollfd fds[] = {{.fd = asking->fd, .events = POLLIN},
                               {.fd = asking->interrupt_fd, .events = POLLIN}};
        exchange(asking, now);
        while (auger_portmap_poll_event(asking->portmap, &event)) {
            asking->is_over = answer != NULL;
            if (!answer)
                continue;
            if (event.type == AUGER_PORTMAP_EVENT_MAPPED)
                answer->external = event.external;
            else
                answer->why = event.error == AUGER_PORTMAP_ERROR_VERSION
                                  ? "it does not speak it"
                                  : auger_portmap_error_text(event.error);
        }
        asking->is_over = asking->is_over ||
                          (!answer && auger_portmap_next_timeout(asking->portmap) == AUGER_NEVER);
        if (!asking->is_over && poll(fds, 2, 50) > 0 && fds[1].revents)
            return;
    }
}

static void ask(struct asking *asking, const struct auger_portmap_config *config,
                struct nat_portmap_answer *answer)
{
    if (auger_portmap_new(&asking->portmap, auger_env_system(), config) == 0 &&
        auger_portmap_add(asking->portmap, nat_clock(), &config->local, TOKEN) == 0) {
        run(asking, WAIT, answer);
        auger_portmap_release(asking->portmap, nat_clock());
        asking->is_over = false;
        run(asking, WAIT_RELEASE, NULL);
    }
    auger_portmap_free(asking->portmap);
}

static void ask_upnp(struct nat_portmap_answer *answer, const struct auger_addr *at,
                     const struct auger_addr *gateway, int interrupt_fd)
{
    int err = auger_upnp_try(at, gateway, WAIT_UPNP, interrupt_fd, &answer->external);

    if (err == AUGER_ERR_UNSUPPORTED)
        answer->why = "this program is built without it";
}

/* Each from a socket of its own, so that none finds what another left. */
static void ask_by(struct nat_portmap *found, enum nat_portmap_way way,
                   const struct auger_addr *local, int interrupt_fd)
{
    struct nat_portmap_answer *answer = &found->answers[way];
    struct asking asking = {.interrupt_fd = interrupt_fd};
    struct auger_portmap_config config;
    struct auger_addr at = *local;

    answer->why = "it says nothing";
    at.port = 0;
    asking.fd = load_socket_open(&at, NULL);
    if (asking.fd < 0)
        return;
    load_socket_name(asking.fd, &at);
    auger_portmap_config_init(&config);
    config.local = at;
    config.gateway = found->gateway;
    config.lifetime_s = LIFETIME_S;
    config.pcp_only = way == NAT_PORTMAP_PCP;
    config.natpmp_only = way == NAT_PORTMAP_NATPMP;
    if (way == NAT_PORTMAP_UPNP)
        ask_upnp(answer, &at, &found->gateway, interrupt_fd);
    else
        ask(&asking, &config, answer);
    if (answer->external.family != AUGER_FAMILY_NONE)
        answer->why = NULL;
    close(asking.fd);
}

void nat_portmap_ask(struct nat_portmap *found, const struct auger_addr *local, int interrupt_fd)
{
    *found = (struct nat_portmap){0};
    bool has_gateway = find_gateway(&found->gateway);

    for (int way = 0; way < NAT_PORTMAP_WAYS; way++) {
        found->answers[way].why = "there is no gateway";
        if (has_gateway)
            ask_by(found, (enum nat_portmap_way)way, local, interrupt_fd);
    }
}

const char *nat_portmap_name(enum nat_portmap_way way)
{
    static const char *const names[] = {"PCP", "NAT-PMP", "UPnP"};
    return names[way];
}
