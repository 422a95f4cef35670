/* mdns/question.c - names being resolved: one question and two repeats, a second
 * apart (RFC 6762 section 5.2); who has not said the name six seconds later is not
 * there. */
#include "mdns/question.h"

#include "base/env.h"
#include "base/time.h"
#include "mdns/name.h"

#define TIMES_MAX 3
#define INTERVAL (1 * AUGER_SEC)
/* Chromium says one thing a second, and what it announces and takes back of an earlier
 * page stands before the names of the next (seen: six seconds). */
#define PATIENCE (6 * AUGER_SEC)

int auger_mdns_questions_init(struct auger_mdns_questions *questions, const struct auger_env *env,
                              uint16_t max)
{
    questions->items = auger_env_alloc(env, max, sizeof(*questions->items));
    questions->max = max;
    return questions->items ? 0 : AUGER_ERR_NO_MEMORY;
}

void auger_mdns_questions_fini(struct auger_mdns_questions *questions, const struct auger_env *env)
{
    auger_env_release(env, questions->items);
    *questions = (struct auger_mdns_questions){0};
}

/* --- asking ---------------------------------------------------------------------------- */

static void ask(struct auger_mdns_question *question, auger_time now)
{
    question->times++;
    question->next_at = auger_time_add(now, question->times < TIMES_MAX ? INTERVAL : PATIENCE);
    for (size_t family = 0; family < AUGER_MDNS_FAMILIES; family++)
        question->pending[family] = true;
}

int auger_mdns_questions_ask(struct auger_mdns_questions *questions, auger_time now,
                             const char *name, uint64_t token)
{
    for (uint16_t i = 0; i < questions->max; i++) {
        struct auger_mdns_question *question = &questions->items[i];
        if (question->state != AUGER_QUESTION_FREE)
            continue;
        *question = (struct auger_mdns_question){.state = AUGER_QUESTION_ASKED, .token = token};
        auger_mdns_name_copy(question->name, name);
        ask(question, now);
        return 0;
    }
    return AUGER_ERR_LIMIT;
}

void auger_mdns_questions_forget(struct auger_mdns_questions *questions, uint64_t token)
{
    for (uint16_t i = 0; i < questions->max; i++)
        if (questions->items[i].token == token)
            questions->items[i].state = AUGER_QUESTION_FREE;
}

/* A and AAAA in one message; any responder answers with what it has. */
static size_t write_question(const struct auger_mdns_question *question, uint8_t *buf, size_t cap)
{
    struct auger_writer w = auger_writer(buf, cap);

    auger_dns_write_header(&w, 0, 0, 2, 0, 0);
    auger_dns_write_question(&w, question->name, AUGER_DNS_A);
    auger_dns_write_question(&w, question->name, AUGER_DNS_AAAA);
    return w.failed ? 0 : w.len;
}

size_t auger_mdns_questions_write(struct auger_mdns_questions *questions, struct auger_addr *to,
                                  uint8_t *buf, size_t cap)
{
    for (uint16_t i = 0; i < questions->max; i++) {
        struct auger_mdns_question *question = &questions->items[i];
        for (int family = 0; family < AUGER_MDNS_FAMILIES; family++) {
            if (question->state != AUGER_QUESTION_ASKED || !question->pending[family])
                continue;
            question->pending[family] = false;
            *to = auger_mdns_group((enum auger_mdns_family)family);
            return write_question(question, buf, cap);
        }
    }
    return 0;
}

/* --- the answer --------------------------------------------------------------------------- */

/* The address that a record gives; false for another kind of record, and for one that
 * says good-bye. */
static bool read_addr(const struct auger_dns_record *record, struct auger_addr *addr)
{
    size_t len = record->type == AUGER_DNS_A ? 4 : record->type == AUGER_DNS_AAAA ? 16 : 0;

    if (len == 0 || record->data.len != len || record->class_ != AUGER_DNS_IN || record->ttl_s == 0)
        return false;
    *addr = (struct auger_addr){.family = len == 4 ? AUGER_IPV4 : AUGER_IPV6};
    memcpy(addr->ip, record->data.data, len);
    return true;
}

static void note(struct auger_mdns_questions *questions, const char *name,
                 const struct auger_addr *addr)
{
    for (uint16_t i = 0; i < questions->max; i++) {
        struct auger_mdns_question *question = &questions->items[i];
        if (question->state != AUGER_QUESTION_ASKED || strcmp(question->name, name) != 0)
            continue;
        if (question->addr.family == AUGER_FAMILY_NONE)
            question->addr = *addr;
        else if (!auger_addr_ip_equal(&question->addr, addr))
            question->conflict = true;
    }
}

/* A name with two addresses is of no use: nobody knows which one is meant. */
static void settle(struct auger_mdns_questions *questions)
{
    for (uint16_t i = 0; i < questions->max; i++) {
        struct auger_mdns_question *question = &questions->items[i];
        if (question->state != AUGER_QUESTION_ASKED || question->addr.family == AUGER_FAMILY_NONE)
            continue;
        if (question->conflict)
            question->addr = (struct auger_addr){0};
        question->state = AUGER_QUESTION_ANSWERED;
    }
}

void auger_mdns_questions_hear(struct auger_mdns_questions *questions, struct auger_dns_msg *msg)
{
    struct auger_dns_record record;
    struct auger_addr addr;

    for (int i = 0; i < AUGER_DNS_RECORDS_MAX && auger_dns_next_record(msg, &record); i++)
        if (read_addr(&record, &addr))
            note(questions, record.name, &addr);
    settle(questions);
}

bool auger_mdns_questions_poll(struct auger_mdns_questions *questions,
                               struct auger_mdns_event *event)
{
    for (uint16_t i = 0; i < questions->max; i++) {
        struct auger_mdns_question *question = &questions->items[i];
        if (question->state != AUGER_QUESTION_ANSWERED)
            continue;
        bool found = question->addr.family != AUGER_FAMILY_NONE;
        *event = (struct auger_mdns_event){.type = found ? AUGER_MDNS_EVENT_RESOLVED
                                                         : AUGER_MDNS_EVENT_FAILED,
                                           .token = question->token,
                                           .addr = question->addr};
        question->state = AUGER_QUESTION_FREE;
        return true;
    }
    return false;
}

/* --- time ----------------------------------------------------------------------------------- */

void auger_mdns_questions_handle_timeout(struct auger_mdns_questions *questions, auger_time now)
{
    for (uint16_t i = 0; i < questions->max; i++) {
        struct auger_mdns_question *question = &questions->items[i];
        if (question->state != AUGER_QUESTION_ASKED || now < question->next_at)
            continue;
        if (question->times < TIMES_MAX)
            ask(question, now);
        else
            question->state = AUGER_QUESTION_ANSWERED;
    }
}

static auger_time question_timeout(const struct auger_mdns_question *question)
{
    if (question->state != AUGER_QUESTION_ASKED)
        return AUGER_NEVER;
    bool pending = question->pending[AUGER_MDNS_V4] || question->pending[AUGER_MDNS_V6];
    return pending ? 0 : question->next_at;
}

auger_time auger_mdns_questions_next_timeout(const struct auger_mdns_questions *questions)
{
    auger_time at = AUGER_NEVER;

    for (uint16_t i = 0; i < questions->max; i++)
        at = auger_time_min(at, question_timeout(&questions->items[i]));
    return at;
}
