/* ice/transmit.c */
#include "ice/transmit.h"

#include "ice/allocate.h"
#include "ice/check.h"
#include "ice/consent.h"
#include "ice/gather.h"
#include "ice/inbound.h"
#include "ice/keepalive.h"
#include "ice/predict.h"
#include "ice/relay.h"
#include "ice/standby.h"

#include <assert.h>
#include <string.h>

static size_t ask_servers(struct auger_ice *ice, auger_time now, struct auger_path *path,
                          uint8_t *buf, size_t cap)
{
    size_t len = auger_gather_write_next(ice, now, path, buf, cap);
    return len ? len : auger_allocate_write(ice, now, path, buf, cap);
}

/* Checks and what servers are asked for take turns at Ta, so that neither waits for all of the
 * other (docs/decisions/153); a check may want a permission first. */
static size_t write_new(struct auger_ice *ice, auger_time now, struct auger_path *path,
                        uint8_t *buf, size_t cap)
{
    size_t len = ice->has_checked ? ask_servers(ice, now, path, buf, cap) : 0;

    if (len == 0)
        len = auger_check_write_next(ice, now, path, buf, cap);
    return len ? len : ask_servers(ice, now, path, buf, cap);
}

/* The order is the policy: a burst, between whose datagrams nothing may come, what the peer waits
 * for, what keeps a working path alive and settles it, what was begun, and only then, at the pace
 * of Ta, something new. */
static size_t write_datagram(struct auger_ice *ice, auger_time now, struct auger_path *path,
                             uint8_t *buf, size_t cap)
{
    size_t len = auger_predict_write(ice, now, path, buf, cap);
    if (len == 0)
        len = auger_inbound_write(ice, now, path, buf, cap);
    if (len == 0)
        len = auger_consent_write(ice, now, path, buf, cap);
    if (len == 0)
        len = auger_keepalive_write(ice, now, path, buf, cap);
    if (len == 0)
        len = auger_check_write_nomination(ice, now, path, buf, cap);
    if (len == 0)
        len = auger_check_write_again(ice, now, path, buf, cap);
    if (len == 0)
        len = auger_gather_write_again(ice, now, path, buf, cap);
    if (len == 0)
        len = auger_standby_write(ice, now, path, buf, cap);
    return len ? len : write_new(ice, now, path, buf, cap);
}

/* What is to leave from a relayed address goes to its server.  0: it could not, and is as good
 * as lost on the way. */
static size_t wrap(struct auger_ice *ice, auger_time now, struct auger_path *path, uint8_t *buf,
                   size_t len, size_t cap)
{
    uint8_t inner[AUGER_DATAGRAM_MAX];

    if (!auger_relay_is_at(ice, &path->local))
        return len;
    assert(len <= sizeof(inner));
    memcpy(inner, buf, len);
    int wrapped = auger_relay_wrap(ice, now, path, inner, len, buf, cap);
    return wrapped > 0 ? (size_t)wrapped : 0;
}

size_t auger_transmit_next(struct auger_ice *ice, auger_time now, struct auger_path *path,
                           uint8_t *buf, size_t cap)
{
    size_t len, wrapped;

    do { /* each has written down that it has been sent */
        len = write_datagram(ice, now, path, buf, cap);
        if (len)
            auger_keepalive_left(ice, now, path);
        wrapped = len ? wrap(ice, now, path, buf, len, cap) : 0;
    } while (len && !wrapped);
    return wrapped;
}
