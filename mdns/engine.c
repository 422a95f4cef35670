/* mdns/engine.c - the verbs of multicast DNS.  What is asked is question.c, what is
 * answered record.c. */
#include "base/buggify.h"
#include "base/env.h"
#include "base/time.h"
#include "mdns/name.h"
#include "mdns/question.h"
#include "mdns/record.h"

#include <string.h>

struct auger_mdns {
    const struct auger_env *env;
    struct auger_mdns_questions questions;
    struct auger_mdns_records records;
    struct auger_mdns_counters counters;
};

/* --- life -------------------------------------------------------------------------------- */

void auger_mdns_config_init_sized(struct auger_mdns_config *config, size_t size)
{
    const struct auger_mdns_config defaults = {.questions_max = 8, .names_max = 64};

    memset(config, 0, size);
    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

int auger_mdns_new_sized(struct auger_mdns **out, const struct auger_env *env,
                         const struct auger_mdns_config *config, size_t size)
{
    struct auger_mdns_config full;

    auger_mdns_config_init(&full);
    if (config)
        memcpy(&full, config, size < sizeof(full) ? size : sizeof(full));
    if (full.questions_max == 0 || full.names_max == 0)
        return AUGER_ERR_INVALID;
    struct auger_mdns *mdns = auger_env_alloc(env, 1, sizeof(*mdns));
    if (!mdns)
        return AUGER_ERR_NO_MEMORY;
    mdns->env = env;
    int err = auger_mdns_questions_init(&mdns->questions, env, full.questions_max);
    if (err == 0)
        err = auger_mdns_records_init(&mdns->records, env, full.names_max);
    if (err < 0) {
        auger_mdns_free(mdns);
        return err;
    }
    *out = mdns;
    return 0;
}

void auger_mdns_free(struct auger_mdns *mdns)
{
    if (!mdns)
        return;
    auger_mdns_records_fini(&mdns->records, mdns->env);
    auger_mdns_questions_fini(&mdns->questions, mdns->env);
    auger_env_release(mdns->env, mdns);
}

/* --- what the application asks -----------------------------------------------------------------
 */

int auger_mdns_resolve(struct auger_mdns *mdns, auger_time now, const char *name, size_t len,
                       uint64_t token)
{
    if (!auger_mdns_is_name(name, len))
        return AUGER_ERR_INVALID;
    return auger_mdns_questions_ask(&mdns->questions, now, name, token);
}

void auger_mdns_forget(struct auger_mdns *mdns, uint64_t token)
{
    auger_mdns_questions_forget(&mdns->questions, token);
}

int auger_mdns_publish(struct auger_mdns *mdns, auger_time now, const struct auger_addr *addr,
                       char name[AUGER_MDNS_NAME_MAX])
{
    char made[AUGER_MDNS_NAME_MAX];

    if (addr->family != AUGER_IPV4 && addr->family != AUGER_IPV6)
        return AUGER_ERR_INVALID;
    int err = auger_mdns_name_make(made, mdns->env);
    if (err == 0)
        err = auger_mdns_records_add(&mdns->records, now, made, addr);
    if (err == 0)
        memcpy(name, made, sizeof(made));
    return err;
}

int auger_mdns_withdraw(struct auger_mdns *mdns, auger_time now, const char *name)
{
    return auger_mdns_records_remove(&mdns->records, now, name);
}

/* --- the five verbs ----------------------------------------------------------------------------
 */

/* Section 11 has a host believe only what came from the link.  Who sends from another
 * port than 5353 did not mean this protocol. */
static void hear_answer(struct auger_mdns *mdns, const struct auger_addr *from,
                        struct auger_dns_msg *msg)
{
    struct auger_dns_question question;

    if (from->port != AUGER_MDNS_PORT) {
        mdns->counters.foreign++;
        return;
    }
    for (int i = 0; i < AUGER_DNS_QUESTIONS_MAX && auger_dns_next_question(msg, &question); i++)
        ;
    auger_mdns_questions_hear(&mdns->questions, msg);
}

void auger_mdns_handle_datagram(struct auger_mdns *mdns, auger_time now,
                                const struct auger_addr *from, const uint8_t *buf, size_t len)
{
    struct auger_dns_msg msg;

    if (auger_dns_read(&msg, buf, len) != 0) {
        mdns->counters.malformed++;
        return;
    }
    if (msg.is_response)
        hear_answer(mdns, from, &msg);
    else
        auger_mdns_records_hear(&mdns->records, now, from, &msg);
    mdns->counters.malformed += msg.r.failed;
}

void auger_mdns_handle_timeout(struct auger_mdns *mdns, auger_time now)
{
    auger_mdns_questions_handle_timeout(&mdns->questions, now);
}

static size_t write_next(struct auger_mdns *mdns, auger_time now, struct auger_addr *to,
                         uint8_t *buf, size_t cap)
{
    size_t len = auger_mdns_questions_write(&mdns->questions, to, buf, cap);
    if (len > 0) {
        mdns->counters.questions_sent++;
        return len;
    }
    len = auger_mdns_records_write(&mdns->records, now, to, buf, cap);
    mdns->counters.answers_sent += len > 0;
    return len;
}

size_t auger_mdns_poll_transmit(struct auger_mdns *mdns, auger_time now, struct auger_addr *to,
                                uint8_t *buf, size_t cap)
{
    size_t len;

    if (cap < AUGER_MDNS_MESSAGE_MAX)
        return 0;
    do
        len = write_next(mdns, now, to, buf, cap);
    while (len > 0 && AUGER_BUGGIFY(MULTICAST_LOST));
    return len;
}

bool auger_mdns_poll_event(struct auger_mdns *mdns, struct auger_mdns_event *event)
{
    return auger_mdns_questions_poll(&mdns->questions, event);
}

auger_time auger_mdns_next_timeout(const struct auger_mdns *mdns)
{
    return auger_time_min(auger_mdns_questions_next_timeout(&mdns->questions),
                          auger_mdns_records_next_timeout(&mdns->records));
}

void auger_mdns_counters_sized(const struct auger_mdns *mdns, struct auger_mdns_counters *counters,
                               size_t size)
{
    struct auger_mdns_counters all = mdns->counters;

    all.limited += mdns->records.limited;
    memset(counters, 0, size);
    memcpy(counters, &all, size < sizeof(all) ? size : sizeof(all));
}
