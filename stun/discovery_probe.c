/* stun/discovery_probe.c - one question of a discovery: RFC 5780, sections 5 and 7. */
#include "stun/discovery_probe.h"

#include "base/addr.h"

#include <assert.h>
#include <string.h>

/* 0, 0.5, 1.5, 3.5 and 7.5 s: silence is an answer here, and has to come soon. */
#define REQUESTS 5
#define LAST_WAIT_RTOS 5
#define RTO_SPREAD (7 * AUGER_MS) /* 5: retransmissions of several do not fall together */
#define RTO_SPREADS 13
#define UDP_LEN 8
#define FINGERPRINT_LEN 8

/* --- the table --------------------------------------------------------------------------- */

void auger_probe_renew(struct auger_probe *probe, enum auger_probe_kind kind, size_t socket,
                       const struct auger_addr *to)
{
    *probe = (struct auger_probe){.kind = (uint8_t)kind,
                                  .state = AUGER_PROBE_WAITING,
                                  .socket = (uint8_t)socket,
                                  .hears = (uint8_t)socket,
                                  .to = *to,
                                  .from = *to};
}

struct auger_probe *auger_probe_add(struct auger_discovery *discovery, enum auger_probe_kind kind,
                                    size_t socket, const struct auger_addr *to)
{
    assert(discovery->probes_len < AUGER_DISCOVERY_PROBES_MAX);
    struct auger_probe *probe = &discovery->probes[discovery->probes_len++];

    auger_probe_renew(probe, kind, socket, to);
    return probe;
}

bool auger_probe_is_open(const struct auger_probe *probe)
{
    return probe->state == AUGER_PROBE_WAITING || probe->state == AUGER_PROBE_ASKING;
}

bool auger_probe_any_open(const struct auger_discovery *discovery, enum auger_probe_kind kind)
{
    for (size_t i = 0; i < discovery->probes_len; i++)
        if (discovery->probes[i].kind == kind && auger_probe_is_open(&discovery->probes[i]))
            return true;
    return false;
}

/* --- asking -------------------------------------------------------------------------------- */

int auger_probe_start(struct auger_discovery *discovery, struct auger_probe *probe, auger_time now)
{
    auger_time spread = (probe - discovery->probes) % RTO_SPREADS * RTO_SPREAD;
    int err =
        auger_stun_transaction_start(&probe->tx, discovery->env, now, AUGER_STUN_RTO + spread);

    if (err < 0)
        return err;
    probe->tx.rc = REQUESTS;
    probe->tx.rm = LAST_WAIT_RTOS;
    probe->state = AUGER_PROBE_ASKING;
    return 0;
}

/* 7.6: as much as makes an IP packet of the size that is asked for. */
static void add_padding(struct auger_stun_builder *b, const struct auger_probe *probe)
{
    static const uint8_t padding[AUGER_DISCOVERY_DATAGRAM_MAX];
    size_t ip_len = probe->to.family == AUGER_IPV4 ? 20 : 40;
    size_t around = ip_len + UDP_LEN + b->len + 4 + FINGERPRINT_LEN;

    assert(probe->size >= AUGER_PROBE_SIZE_MIN && probe->size <= AUGER_DISCOVERY_DATAGRAM_MAX);
    auger_stun_build_bytes(b, AUGER_STUN_ATTR_PADDING, padding, (probe->size - around) / 4 * 4);
}

/* The first of 6.1 is left to the server; FINGERPRINT, since who pays for a longer question may get
 * a longer answer (docs/decisions/122). */
size_t auger_probe_write(struct auger_probe *probe, auger_time now, uint8_t *buf, size_t cap)
{
    struct auger_stun_builder b;

    if (probe->state != AUGER_PROBE_ASKING || !auger_stun_transaction_is_due(&probe->tx, now))
        return 0;
    bool is_indication = probe->kind == AUGER_PROBE_INDICATION;
    auger_stun_build_begin(&b, buf, cap, is_indication ? AUGER_STUN_INDICATION : AUGER_STUN_REQUEST,
                           AUGER_STUN_BINDING, &probe->tx.id);
    if (probe->change)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_CHANGE_REQUEST, probe->change);
    if (probe->response_port)
        auger_stun_build_u32(&b, AUGER_STUN_ATTR_RESPONSE_PORT,
                             (uint32_t)probe->response_port << 16);
    if (probe->size)
        add_padding(&b, probe);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    if (len < 0)
        return 0;
    auger_stun_transaction_sent(&probe->tx, now);
    if (is_indication)
        probe->state = AUGER_PROBE_SILENT;
    return (size_t)len;
}

void auger_probe_handle_timeout(struct auger_probe *probe, auger_time now)
{
    if (probe->state == AUGER_PROBE_ASKING && auger_stun_transaction_is_expired(&probe->tx, now))
        probe->state = AUGER_PROBE_SILENT;
}

/* --- the answer ------------------------------------------------------------------------------ */

static struct auger_probe *find(struct auger_discovery *discovery, const struct auger_stun_tid *tid)
{
    for (size_t i = 0; i < discovery->probes_len; i++) {
        struct auger_probe *probe = &discovery->probes[i];
        if (probe->state == AUGER_PROBE_ASKING && auger_stun_transaction_matches(&probe->tx, tid))
            return probe;
    }
    return NULL;
}

/* Our own request came back to us (3.4). */
static bool take_hairpin(struct auger_probe *probe, size_t socket, const struct auger_addr *from)
{
    if (probe->kind != AUGER_PROBE_HAIRPIN || socket != probe->hears)
        return false;
    probe->seen_from = *from;
    probe->state = AUGER_PROBE_ANSWERED;
    return true;
}

static void refuse(struct auger_probe *probe, uint16_t error_code)
{
    probe->error_code = error_code;
    probe->state = AUGER_PROBE_REFUSED;
}

static bool read_mapped(struct auger_probe *probe, const struct auger_stun_msg *msg)
{
    auger_stun_msg_addr(msg, AUGER_STUN_ATTR_MAPPED_ADDRESS, &probe->plain_mapped);
    auger_stun_msg_addr(msg, AUGER_STUN_ATTR_OTHER_ADDRESS, &probe->other);
    probe->has_padding = auger_stun_msg_has(msg, AUGER_STUN_ATTR_PADDING);
    if (!auger_stun_msg_addr(msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &probe->mapped))
        probe->mapped = probe->plain_mapped; /* RFC 3489 */
    return probe->mapped.family == probe->to.family;
}

static void conclude(struct auger_probe *probe, auger_time now, const struct auger_stun_msg *msg)
{
    if (msg->class_ == AUGER_STUN_ERROR)
        refuse(probe, msg->error_code);
    else if (msg->unknown_len > 0 || !read_mapped(probe, msg))
        refuse(probe, 0);
    else
        probe->state = AUGER_PROBE_ANSWERED;
    probe->rtt = now - probe->tx.last_sent_at;
}

/* An answer comes in where it was asked for, from where that is.  Errors, and the answers of who
 * changed nothing, come from where the question went to where it left. */
static bool take_answer(struct auger_probe *probe, auger_time now, size_t socket,
                        const struct auger_addr *from, const struct auger_stun_msg *msg)
{
    bool is_success = msg->class_ == AUGER_STUN_SUCCESS;

    if (probe->kind == AUGER_PROBE_HAIRPIN)
        return false;
    if (is_success && socket == probe->hears && auger_addr_equal(from, &probe->from)) {
        conclude(probe, now, msg);
        return true;
    }
    if (socket != probe->socket || !auger_addr_equal(from, &probe->to))
        return false;
    probe->was_elsewhere = is_success;
    refuse(probe, is_success ? 0 : msg->error_code);
    return true;
}

bool auger_probe_handle_message(struct auger_discovery *discovery, auger_time now, size_t socket,
                                const struct auger_addr *from, const struct auger_stun_msg *msg)
{
    struct auger_probe *probe = find(discovery, &msg->tid);

    if (!probe || msg->method != AUGER_STUN_BINDING)
        return false;
    switch (msg->class_) {
    case AUGER_STUN_REQUEST:
        return take_hairpin(probe, socket, from);
    case AUGER_STUN_SUCCESS:
    case AUGER_STUN_ERROR:
        return take_answer(probe, now, socket, from, msg);
    case AUGER_STUN_INDICATION:
        break;
    }
    return false;
}
