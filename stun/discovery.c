/* stun/discovery.c - the verbs of a discovery, and the pace of its questions.  What is asked is
 * discovery_plan.c's, what follows from the answers discovery_report.c's. */
#include "base/env.h"
#include "base/time.h"
#include "stun/discovery_event.h"
#include "stun/discovery_plan.h"
#include "stun/discovery_probe.h"
#include "stun/discovery_report.h"
#include "stun/discovery_trust.h"

#include <string.h>

#define TA (100 * AUGER_MS) /* 5: not more than ten new transactions a second */
#define ENTROPY_RETRY AUGER_SEC

/* --- life ------------------------------------------------------------------------------------ */

void auger_discovery_config_init_sized(struct auger_discovery_config *config, size_t size)
{
    memset(config, 0, size);
}

static bool is_valid(const struct auger_discovery_config *config)
{
    if (config->locals_len != AUGER_DISCOVERY_SOCKETS || config->servers_len == 0 ||
        config->servers_len > AUGER_DISCOVERY_SERVERS_MAX || config->lifetime_max < 0 ||
        config->lifetime_max > AUGER_DISCOVERY_LIFETIME_MAX)
        return false;
    for (size_t i = 0; i < config->servers_len; i++)
        if (!auger_trust_is_server(&config->servers[i]) ||
            config->servers[i].family != config->locals[0].family)
            return false;
    for (size_t i = 0; i < config->locals_len; i++)
        if (config->locals[i].family != config->locals[0].family || config->locals[i].port == 0)
            return false;
    return true;
}

int auger_discovery_new_sized(struct auger_discovery **out, const struct auger_env *env,
                              auger_time now, const struct auger_discovery_config *config,
                              size_t size)
{
    struct auger_discovery_config full;

    auger_discovery_config_init(&full);
    memcpy(&full, config, size < sizeof(full) ? size : sizeof(full));
    if (!is_valid(&full))
        return AUGER_ERR_INVALID;
    struct auger_discovery *discovery = auger_env_alloc(env, 1, sizeof(*discovery));
    if (!discovery)
        return AUGER_ERR_NO_MEMORY;
    discovery->env = env;
    memcpy(discovery->locals, full.locals, sizeof(discovery->locals));
    memcpy(discovery->servers, full.servers, full.servers_len * sizeof(full.servers[0]));
    discovery->servers_len = full.servers_len;
    discovery->age.max = full.lifetime_max;
    discovery->age.dead = AUGER_NEVER;
    discovery->next_new_at = now;
    auger_plan_begin(discovery);
    *out = discovery;
    return 0;
}

void auger_discovery_free(struct auger_discovery *discovery)
{
    if (discovery)
        auger_env_release(discovery->env, discovery);
}

/* --- the verbs ----------------------------------------------------------------------------------
 */

static bool take(struct auger_discovery *discovery, auger_time now, size_t socket,
                 const struct auger_addr *from, const uint8_t *buf, size_t len)
{
    struct auger_stun_msg msg;

    return socket < AUGER_DISCOVERY_SOCKETS && len <= AUGER_STUN_MAX &&
           auger_stun_msg_parse(&msg, buf, len) == 0 &&
           auger_probe_handle_message(discovery, now, socket, from, &msg);
}

void auger_discovery_handle_datagram(struct auger_discovery *discovery, auger_time now,
                                     size_t socket, const struct auger_addr *from,
                                     const uint8_t *buf, size_t len)
{
    if (take(discovery, now, socket, from, buf, len))
        auger_plan_advance(discovery, now);
    else
        discovery->ignored++;
}

void auger_discovery_handle_timeout(struct auger_discovery *discovery, auger_time now)
{
    for (size_t i = 0; i < discovery->probes_len; i++)
        auger_probe_handle_timeout(&discovery->probes[i], now);
    auger_plan_advance(discovery, now);
}

static struct auger_probe *first_waiting(struct auger_discovery *discovery)
{
    for (size_t i = 0; i < discovery->probes_len; i++)
        if (discovery->probes[i].state == AUGER_PROBE_WAITING)
            return &discovery->probes[i];
    return NULL;
}

static void begin_next(struct auger_discovery *discovery, auger_time now)
{
    struct auger_probe *probe = first_waiting(discovery);

    if (!probe || now < discovery->next_new_at)
        return;
    int err = auger_probe_start(discovery, probe, now);
    discovery->next_new_at = auger_time_add(now, err == 0 ? TA : ENTROPY_RETRY);
}

size_t auger_discovery_poll_transmit(struct auger_discovery *discovery, auger_time now,
                                     struct auger_discovery_way *way, uint8_t *buf, size_t cap)
{
    begin_next(discovery, now);
    for (size_t i = 0; i < discovery->probes_len; i++) {
        struct auger_probe *probe = &discovery->probes[i];
        size_t len = auger_probe_write(probe, now, buf, cap);
        if (len == 0)
            continue;
        *way = (struct auger_discovery_way){
            .socket = probe->socket, .to = probe->to, .dont_fragment = probe->dont_fragment};
        discovery->sent++;
        return len;
    }
    return 0;
}

bool auger_discovery_poll_event(struct auger_discovery *discovery,
                                struct auger_discovery_event *event)
{
    return auger_discovery_take_event(discovery, event);
}

auger_time auger_discovery_next_timeout(const struct auger_discovery *discovery)
{
    auger_time next = auger_plan_next_timeout(discovery);

    if (discovery->stage == AUGER_DISCOVERY_DONE)
        return AUGER_NEVER;
    for (size_t i = 0; i < discovery->probes_len; i++) {
        const struct auger_probe *probe = &discovery->probes[i];
        if (probe->state == AUGER_PROBE_WAITING)
            next = auger_time_min(next, discovery->next_new_at);
        else if (probe->state == AUGER_PROBE_ASKING)
            next = auger_time_min(next, auger_stun_transaction_next_timeout(&probe->tx));
    }
    return next;
}

/* --- the report
 * ----------------------------------------------------------------------------------- */

void auger_discovery_get_report_sized(const struct auger_discovery *discovery,
                                      struct auger_discovery_report *report, size_t size)
{
    struct auger_discovery_report full;

    auger_report_make(discovery, &full);
    memset(report, 0, size);
    memcpy(report, &full, size < sizeof(full) ? size : sizeof(full));
}
