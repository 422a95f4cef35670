/* io/upnp_try.c - one mapping by UPnP-IGD, asked for and given back.  The asking is upnp.c's. */
#define _GNU_SOURCE
#include "io/clock.h"
#include "io/upnp.h"

#include <auger/io_upnp.h>

#include "base/addr.h"
#include "base/time.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TOKEN 1

/* False: the time is over, or somebody interrupts. */
static bool wait_for_news(int wake_fd, int interrupt_fd, auger_time by)
{
    struct pollfd fds[] = {{.fd = wake_fd, .events = POLLIN},
                           {.fd = interrupt_fd, .events = POLLIN}};
    auger_time left = by - auger_clock_now();
    uint64_t news;

    if (left <= 0 || poll(fds, 2, (int)(left / AUGER_MS) + 1) < 0)
        return false;
    (void)!read(wake_fd, &news, sizeof(news)); /* or there are none yet */
    return fds[1].revents == 0;
}

static int await(struct auger_upnp *upnp, int wake_fd, int interrupt_fd, auger_time by,
                 struct auger_addr *external)
{
    struct auger_upnp_answer answer;

    do
        if (auger_upnp_take(upnp, &answer) && answer.external.family != AUGER_FAMILY_NONE) {
            *external = answer.external;
            return 0;
        }
    while (wait_for_news(wake_fd, interrupt_fd, by));
    return AUGER_ERR_NOT_FOUND;
}

int auger_upnp_try(const struct auger_addr *internal, const struct auger_addr *gateway,
                   auger_time limit, int interrupt_fd, struct auger_addr *external)
{
    auger_time by = auger_time_add(auger_clock_now(), limit);
    struct auger_upnp *upnp;

    if (internal->family != AUGER_IPV4 || gateway->family != AUGER_IPV4 || internal->port == 0)
        return AUGER_ERR_INVALID;
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0)
        return AUGER_ERR_SYSTEM;
    int err = auger_upnp_new(&upnp, wake_fd);
    if (err == 0) {
        err = auger_upnp_ask(upnp, TOKEN, internal, gateway);
        if (err == 0)
            err = await(upnp, wake_fd, interrupt_fd, by, external);
        auger_upnp_free(upnp);
    }
    close(wake_fd);
    return err;
}
