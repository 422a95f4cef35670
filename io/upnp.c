/* io/upnp.c - mappings by UPnP-IGD, off the loop. */
#define _GNU_SOURCE
#include "io/upnp.h"

#ifdef AUGER_HAVE_MINIUPNPC

#include "base/addr.h"
#include "io/clock.h"

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define DISCOVERY_MS 2000
#define LEASE_S 600
#define RENEWAL (LEASE_S / 2 * AUGER_SEC)
#define AGAIN_LEAST                                                                                \
    (5 * AUGER_SEC) /* where nobody answered, or a mapping was refused; doubled                    \
                     */
#define AGAIN_MOST (1800 * AUGER_SEC)
#define PORTS_TRIED 4
#define GOODBYE (500 * AUGER_MS)

enum state { FREE, WANTED, LEAVING };

struct item {
    enum state state;
    uint64_t token;
    struct auger_addr internal, gateway;
    struct auger_addr external; /* as it stands at the gateway; none */
    auger_time next_at, again;
    bool has_news;
};

/* Owned by the loop and by the thread: who is last frees it. */
struct auger_upnp {
    pthread_mutex_t lock;
    pthread_cond_t asked, emptied;
    int wake_fd; /* -1 once the loop is gone */
    bool ended, is_running;
    struct item items[AUGER_UPNP_MAX];
};

/* --- the gateway: the thread's alone -------------------------------------------------------- */

struct gateway {
    struct auger_addr addr; /* none: it is not known */
    struct UPNPUrls urls;
    struct IGDdatas data;
};

static void forget_gateway(struct gateway *gateway)
{
    if (gateway->addr.family != AUGER_FAMILY_NONE)
        FreeUPNPUrls(&gateway->urls);
    *gateway = (struct gateway){0};
}

/* Whoever answers a question to all can name any URL: one of the gateway's own counts. */
static bool is_at(const char *url, const char *ip)
{
    size_t len = strlen(ip);

    return url && strncmp(url, "http://", 7) == 0 && strncmp(url + 7, ip, len) == 0 &&
           (url[7 + len] == ':' || url[7 + len] == '/');
}

static bool describe(struct gateway *gateway, const struct UPNPDev *device, const char *ip)
{
    char local[64];

    if (!is_at(device->descURL, ip) ||
        UPNP_GetIGDFromUrl(device->descURL, &gateway->urls, &gateway->data, local, sizeof(local)) ==
            0)
        return false;
    if (is_at(gateway->urls.controlURL, ip) && gateway->data.first.servicetype[0] != '\0')
        return true;
    FreeUPNPUrls(&gateway->urls);
    return false;
}

static bool find_gateway(struct gateway *gateway, const struct item *item)
{
    char ip[AUGER_ADDR_TEXT_MAX], local[AUGER_ADDR_TEXT_MAX];
    bool found = false;
    int err = 0;

    if (auger_addr_ip_equal(&gateway->addr, &item->gateway))
        return true;
    forget_gateway(gateway);
    auger_addr_format_ip(&item->gateway, ip, sizeof(ip));
    auger_addr_format_ip(&item->internal, local, sizeof(local));
    struct UPNPDev *devices =
        upnpDiscover(DISCOVERY_MS, local, NULL, UPNP_LOCAL_PORT_ANY, 0, 2, &err);
    for (const struct UPNPDev *device = devices; device && !found; device = device->pNext)
        found = describe(gateway, device, ip);
    freeUPNPDevlist(devices);
    if (found)
        gateway->addr = item->gateway;
    return found;
}

/* --- a mapping: the thread's alone ------------------------------------------------------------ */

static const char *protocol_of(const struct item *item)
{
    return item->internal.transport == AUGER_TCP ? "TCP" : "UDP";
}

static bool read_outside(const struct gateway *gateway, struct auger_addr *external)
{
    char ip[64] = "";

    return UPNP_GetExternalIPAddress(gateway->urls.controlURL, gateway->data.first.servicetype,
                                     ip) == UPNPCOMMAND_SUCCESS &&
           auger_addr_parse_ip(external, ip, strlen(ip), 0) == 0 &&
           !auger_addr_is_unspecified(external);
}

static int map_port(const struct gateway *gateway, const struct item *item, uint16_t port)
{
    char local[AUGER_ADDR_TEXT_MAX], inside[8], outside[8], lease[8];

    auger_addr_format_ip(&item->internal, local, sizeof(local));
    snprintf(inside, sizeof(inside), "%u", item->internal.port);
    snprintf(outside, sizeof(outside), "%u", port);
    snprintf(lease, sizeof(lease), "%d", LEASE_S);
    return UPNP_AddPortMapping(gateway->urls.controlURL, gateway->data.first.servicetype, outside,
                               inside, local, "auger", protocol_of(item), NULL, lease);
}

/* Not that of ours, which PCP may have been given meanwhile. */
static uint16_t any_port(void)
{
    uint16_t bits = 0;

    (void)!getrandom(&bits, sizeof(bits), 0);
    return (uint16_t)(49152 + bits % 16384);
}

/* A lease that would last for ever is not asked for. */
static bool map(struct gateway *gateway, const struct item *item, struct auger_addr *external)
{
    uint16_t port = item->external.port;

    if (!find_gateway(gateway, item) || !read_outside(gateway, external)) {
        forget_gateway(gateway);
        return false;
    }
    external->transport = item->internal.transport;
    for (int i = 0; i < PORTS_TRIED; i++) {
        if (port == 0)
            port = any_port();
        if (map_port(gateway, item, port) == UPNPCOMMAND_SUCCESS) {
            external->port = port;
            return true;
        }
        port = 0;
    }
    forget_gateway(gateway);
    return false;
}

static void unmap(struct gateway *gateway, const struct item *item)
{
    char outside[8];

    if (item->external.family == AUGER_FAMILY_NONE || !find_gateway(gateway, item))
        return;
    snprintf(outside, sizeof(outside), "%u", item->external.port);
    (void)UPNP_DeletePortMapping(gateway->urls.controlURL, gateway->data.first.servicetype, outside,
                                 protocol_of(item), NULL);
}

/* --- the thread ------------------------------------------------------------------------------ */

static void tell(struct auger_upnp *upnp, struct item *item)
{
    const uint64_t one = 1;

    item->has_news = true;
    if (upnp->wake_fd >= 0)
        (void)!write(upnp->wake_fd, &one, sizeof(one)); /* a full counter is readable already */
}

static auger_time longer(auger_time again)
{
    if (again == 0)
        return AGAIN_LEAST;
    return 2 * again < AGAIN_MOST ? 2 * again : AGAIN_MOST;
}

/* Called with the lock held, which it leaves meanwhile. */
static void serve(struct auger_upnp *upnp, struct gateway *gateway, struct item *item)
{
    const struct item copy = *item;
    struct auger_addr external = {0};

    pthread_mutex_unlock(&upnp->lock);
    if (copy.state == LEAVING)
        unmap(gateway, &copy);
    bool mapped = copy.state == WANTED && map(gateway, &copy, &external);
    pthread_mutex_lock(&upnp->lock);
    if (copy.state == LEAVING) {
        *item = (struct item){0};
        return;
    }
    if (item->state == LEAVING && mapped) /* forgotten meanwhile */
        item->external = external;
    if (item->state == LEAVING)
        return;
    bool is_news = !auger_addr_equal(&item->external, &external);
    item->external = mapped ? external : (struct auger_addr){0};
    item->again = mapped ? 0 : longer(item->again);
    item->next_at = auger_clock_now() + (mapped ? RENEWAL : item->again);
    if (is_news)
        tell(upnp, item);
}

/* The first that is due, or NULL and when one will be. */
static struct item *next_item(struct auger_upnp *upnp, auger_time *at)
{
    auger_time now = auger_clock_now();

    *at = AUGER_NEVER;
    for (size_t i = 0; i < AUGER_UPNP_MAX; i++) {
        struct item *item = &upnp->items[i];
        if (item->state == LEAVING || (item->state == WANTED && item->next_at <= now))
            return item;
        if (item->state == WANTED && item->next_at < *at)
            *at = item->next_at;
    }
    return NULL;
}

static void wait_until(struct auger_upnp *upnp, pthread_cond_t *what, auger_time at)
{
    struct timespec spec;
    auger_time left = at - auger_clock_now();

    if (at == AUGER_NEVER) {
        pthread_cond_wait(what, &upnp->lock);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &spec);
    auger_time until = spec.tv_sec * AUGER_SEC + spec.tv_nsec + (left > 0 ? left : 0);
    spec = (struct timespec){.tv_sec = until / AUGER_SEC, .tv_nsec = (long)(until % AUGER_SEC)};
    pthread_cond_timedwait(what, &upnp->lock, &spec);
}

static void destroy(struct auger_upnp *upnp)
{
    pthread_cond_destroy(&upnp->asked);
    pthread_cond_destroy(&upnp->emptied);
    pthread_mutex_destroy(&upnp->lock);
    free(upnp);
}

static void *run(void *arg)
{
    struct auger_upnp *upnp = arg;
    struct gateway gateway = {0};
    auger_time at;

    pthread_mutex_lock(&upnp->lock);
    for (;;) {
        struct item *item = next_item(upnp, &at);
        if (item)
            serve(upnp, &gateway, item);
        else if (upnp->ended)
            break;
        else
            wait_until(upnp, &upnp->asked, at);
    }
    upnp->is_running = false;
    bool is_last = upnp->wake_fd == -2; /* the loop waits no more */
    pthread_cond_broadcast(&upnp->emptied);
    pthread_mutex_unlock(&upnp->lock);
    forget_gateway(&gateway);
    if (is_last)
        destroy(upnp);
    return NULL;
}

/* --- the loop's side ----------------------------------------------------------------------------
 */

static bool start_thread(struct auger_upnp *upnp)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    upnp->is_running = pthread_create(&thread, &attr, run, upnp) == 0;
    pthread_attr_destroy(&attr);
    return upnp->is_running;
}

int auger_upnp_new(struct auger_upnp **out, int wake_fd)
{
    struct auger_upnp *upnp = calloc(1, sizeof(*upnp));
    pthread_condattr_t attr;

    if (!upnp)
        return AUGER_ERR_NO_MEMORY;
    pthread_mutex_init(&upnp->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&upnp->asked, &attr);
    pthread_cond_init(&upnp->emptied, &attr);
    pthread_condattr_destroy(&attr);
    upnp->wake_fd = wake_fd;
    if (!start_thread(upnp)) {
        destroy(upnp);
        return AUGER_ERR_SYSTEM;
    }
    *out = upnp;
    return 0;
}

static void leave(struct item *item)
{
    if (item->state == WANTED)
        item->state = LEAVING;
    item->has_news = false;
}

void auger_upnp_free(struct auger_upnp *upnp)
{
    if (!upnp)
        return;
    auger_time by = auger_clock_now() + GOODBYE;

    pthread_mutex_lock(&upnp->lock);
    upnp->ended = true;
    upnp->wake_fd = -1;
    for (size_t i = 0; i < AUGER_UPNP_MAX; i++)
        leave(&upnp->items[i]);
    pthread_cond_broadcast(&upnp->asked);
    while (upnp->is_running && auger_clock_now() < by)
        wait_until(upnp, &upnp->emptied, by);
    bool is_last = !upnp->is_running;
    upnp->wake_fd = -2;
    pthread_mutex_unlock(&upnp->lock);
    if (is_last)
        destroy(upnp);
}

int auger_upnp_ask(struct auger_upnp *upnp, uint64_t token, const struct auger_addr *internal,
                   const struct auger_addr *gateway)
{
    int err = AUGER_ERR_LIMIT;

    pthread_mutex_lock(&upnp->lock);
    for (size_t i = 0; err < 0 && i < AUGER_UPNP_MAX; i++) {
        struct item *item = &upnp->items[i];
        if (item->state != FREE)
            continue;
        *item = (struct item){
            .state = WANTED, .token = token, .internal = *internal, .gateway = *gateway};
        pthread_cond_signal(&upnp->asked);
        err = 0;
    }
    pthread_mutex_unlock(&upnp->lock);
    return err;
}

void auger_upnp_forget(struct auger_upnp *upnp, uint64_t token)
{
    pthread_mutex_lock(&upnp->lock);
    for (size_t i = 0; i < AUGER_UPNP_MAX; i++)
        if (upnp->items[i].state == WANTED && upnp->items[i].token == token)
            leave(&upnp->items[i]);
    pthread_cond_signal(&upnp->asked);
    pthread_mutex_unlock(&upnp->lock);
}

bool auger_upnp_take(struct auger_upnp *upnp, struct auger_upnp_answer *out)
{
    bool any = false;

    pthread_mutex_lock(&upnp->lock);
    for (size_t i = 0; !any && i < AUGER_UPNP_MAX; i++) {
        struct item *item = &upnp->items[i];
        if (!item->has_news)
            continue;
        *out = (struct auger_upnp_answer){.token = item->token, .external = item->external};
        item->has_news = false;
        any = true;
    }
    pthread_mutex_unlock(&upnp->lock);
    return any;
}

#else

int auger_upnp_new(struct auger_upnp **out, int wake_fd)
{
    (void)out;
    (void)wake_fd;
    return AUGER_ERR_UNSUPPORTED;
}

void auger_upnp_free(struct auger_upnp *upnp)
{
    (void)upnp;
}

int auger_upnp_ask(struct auger_upnp *upnp, uint64_t token, const struct auger_addr *internal,
                   const struct auger_addr *gateway)
{
    (void)upnp;
    (void)token;
    (void)internal;
    (void)gateway;
    return AUGER_ERR_UNSUPPORTED;
}

void auger_upnp_forget(struct auger_upnp *upnp, uint64_t token)
{
    (void)upnp;
    (void)token;
}

bool auger_upnp_take(struct auger_upnp *upnp, struct auger_upnp_answer *out)
{
    (void)upnp;
    (void)out;
    return false;
}

#endif
