/* tests/io/dns_zone.h - a DNS of the test's own, on loopback: a thread that answers from a table.
 * What it has no row for does not exist.  Names to addresses are the test's too: getaddrinfo() is
 * replaced. */
#ifndef TESTS_IO_DNS_ZONE_H
#define TESTS_IO_DNS_ZONE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/sockaddr.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct zone_row {
    const char *name;
    int type; /* ns_t_srv: a priority, b weight, c port; ns_t_naptr: a order, b preference */
    uint16_t a, b, c;
    const char *flags, *service, *target;
};

struct zone_host {
    const char *name, *ip; /* several rows: several addresses */
};

static const struct zone_row *zone_rows;
static const struct zone_host *zone_hosts;
static size_t zone_rows_len, zone_hosts_len;
static int zone_fd = -1;
static uint16_t zone_port;
static pthread_t zone_thread;
static atomic_size_t zone_questions;
static atomic_bool zone_is_off; /* there is no DNS at all */
/* Who looks up stuck.test waits for it, and then there is no answer. */
static pthread_mutex_t zone_stuck = PTHREAD_MUTEX_INITIALIZER;
static atomic_size_t zone_stuck_len;

static inline size_t zone_put_name(uint8_t *out, const char *name)
{
    size_t n = 0;

    while (*name) {
        size_t len = strcspn(name, ".");
        out[n++] = (uint8_t)len;
        memcpy(out + n, name, len);
        n += len;
        name += len + (name[len] == '.');
    }
    out[n++] = 0;
    return n;
}

static inline size_t zone_put_text(uint8_t *out, const char *text)
{
    out[0] = (uint8_t)strlen(text);
    memcpy(out + 1, text, strlen(text));
    return 1 + strlen(text);
}

static inline size_t zone_put_u16(uint8_t *out, unsigned value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return 2;
}

static inline size_t zone_put_row(uint8_t *out, const struct zone_row *row)
{
    uint8_t data[512];
    size_t n = zone_put_u16(data, row->a), at;

    n += zone_put_u16(data + n, row->b);
    if (row->type == ns_t_srv) {
        n += zone_put_u16(data + n, row->c);
    } else {
        n += zone_put_text(data + n, row->flags);
        n += zone_put_text(data + n, row->service);
        n += zone_put_text(data + n, "");
    }
    n += zone_put_name(data + n, row->target);
    at = zone_put_u16(out, 0xC00C);
    at += zone_put_u16(out + at, (unsigned)row->type);
    at += zone_put_u16(out + at, ns_c_in);
    at += zone_put_u16(out + at, 0);
    at += zone_put_u16(out + at, 60);
    at += zone_put_u16(out + at, (unsigned)n);
    memcpy(out + at, data, n);
    return at + n;
}

/* The answer to a question, in its place. */
static inline size_t zone_answer(uint8_t *msg, size_t len)
{
    char name[256];
    int n = dn_expand(msg, msg + len, msg + 12, name, sizeof(name));
    unsigned answers = 0;
    size_t end;
    int type;

    assert_true(n > 0 && 12 + (size_t)n + 4 <= len);
    end = 12 + (size_t)n + 4;
    type = msg[12 + n] << 8 | msg[13 + n];
    for (size_t i = 0; i < zone_rows_len; i++) {
        if (zone_rows[i].type != type || strcasecmp(zone_rows[i].name, name) != 0)
            continue;
        end += zone_put_row(msg + end, &zone_rows[i]);
        answers++;
    }
    zone_put_u16(msg + 2, answers ? 0x8580 : 0x8583);
    zone_put_u16(msg + 6, answers);
    zone_put_u16(msg + 8, 0);
    zone_put_u16(msg + 10, 0);
    return end;
}

static inline void *zone_run(void *unused)
{
    uint8_t msg[8192];
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    ssize_t len;

    (void)unused;
    while ((len = recvfrom(zone_fd, msg, 1024, 0, (struct sockaddr *)&from, &from_len)) > 12) {
        atomic_fetch_add(&zone_questions, 1);
        size_t n = zone_answer(msg, (size_t)len);
        (void)!sendto(zone_fd, msg, n, 0, (struct sockaddr *)&from, from_len);
        from_len = sizeof(from);
    }
    return NULL;
}

static inline int zone_open(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    (void)state;
    zone_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(zone_fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
        getsockname(zone_fd, (struct sockaddr *)&at, &len) < 0)
        return -1;
    zone_port = ntohs(at.sin_port);
    return pthread_create(&zone_thread, NULL, zone_run, NULL);
}

/* A datagram without a question ends the thread. */
static inline int zone_close(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(zone_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    (void)state;
    (void)!sendto(zone_fd, "", 1, 0, (struct sockaddr *)&at, sizeof(at));
    pthread_join(zone_thread, NULL);
    close(zone_fd);
    return 0;
}

/* --- in place of the system's -------------------------------------------------------------- */

int __res_ninit(res_state dns)
{
    if (atomic_load(&zone_is_off))
        return -1;
    memset(dns, 0, sizeof(*dns));
    dns->options = RES_INIT | RES_RECURSE;
    dns->nscount = 1;
    dns->nsaddr_list[0] = (struct sockaddr_in){.sin_family = AF_INET,
                                               .sin_port = htons(zone_port),
                                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    dns->_vcsock = -1; /* they are closed before each question */
    for (size_t i = 0; i < MAXNS; i++)
        dns->_u._ext.nssocks[i] = -1;
    return 0;
}

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict req, struct addrinfo **restrict pai)
{
    struct addrinfo *list = NULL;

    (void)service, (void)req;
    if (strcasecmp(name, "stuck.test") == 0) {
        atomic_fetch_add(&zone_stuck_len, 1);
        pthread_mutex_lock(&zone_stuck);
        pthread_mutex_unlock(&zone_stuck);
        return EAI_AGAIN;
    }
    for (size_t i = zone_hosts_len; i > 0; i--) {
        struct auger_addr addr;
        if (strcasecmp(zone_hosts[i - 1].name, name) != 0)
            continue;
        struct addrinfo *info = calloc(1, sizeof(*info) + sizeof(struct sockaddr_storage));
        if (auger_addr_parse_ip(&addr, zone_hosts[i - 1].ip, strlen(zone_hosts[i - 1].ip), 0) < 0)
            abort();
        info->ai_addr = (struct sockaddr *)(info + 1);
        info->ai_addrlen = auger_sockaddr_from((struct sockaddr_storage *)(info + 1), &addr);
        info->ai_next = list;
        list = info;
    }
    *pai = list;
    return list ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *ai)
{
    while (ai) {
        struct addrinfo *next = ai->ai_next;
        free(ai);
        ai = next;
    }
}

#endif /* TESTS_IO_DNS_ZONE_H */
