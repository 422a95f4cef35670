/* mdns/record.c - names of our own: announced, answered for at most once a second
 * (RFC 6762 section 6), and taken back. */
#include "mdns/record.h"

#include "base/env.h"
#include "base/time.h"

#define TTL_S 120 /* of a host's address (10) */
#define LEGACY_TTL_S 10
#define INTERVAL (1 * AUGER_SEC)
#define ANNOUNCEMENTS 2

int auger_mdns_records_init(struct auger_mdns_records *records, const struct auger_env *env,
                            uint16_t max)
{
    records->items = auger_env_alloc(env, max, sizeof(*records->items));
    records->max = max;
    return records->items ? 0 : AUGER_ERR_NO_MEMORY;
}

void auger_mdns_records_fini(struct auger_mdns_records *records, const struct auger_env *env)
{
    auger_env_release(env, records->items);
    *records = (struct auger_mdns_records){0};
}

static struct auger_mdns_record *find(struct auger_mdns_records *records, const char *name)
{
    for (uint16_t i = 0; i < records->max; i++)
        if (records->items[i].state == AUGER_RECORD_PUBLISHED &&
            strcmp(records->items[i].name, name) == 0)
            return &records->items[i];
    return NULL;
}

static uint16_t type_of(const struct auger_mdns_record *record)
{
    return record->addr.family == AUGER_IPV4 ? AUGER_DNS_A : AUGER_DNS_AAAA;
}

/* --- to be said -------------------------------------------------------------------------- */

/* To the group of each family, as soon as the last time is a second ago. */
static void say(struct auger_mdns_record *record, auger_time now)
{
    for (size_t family = 0; family < AUGER_MDNS_FAMILIES; family++) {
        auger_time free_at = record->sent_at[family] == AUGER_NEVER
                                 ? now
                                 : auger_time_add(record->sent_at[family], INTERVAL);
        record->send_at[family] =
            auger_time_min(record->send_at[family], auger_time_max(now, free_at));
    }
}

int auger_mdns_records_add(struct auger_mdns_records *records, auger_time now, const char *name,
                           const struct auger_addr *addr)
{
    for (uint16_t i = 0; i < records->max; i++) {
        struct auger_mdns_record *record = &records->items[i];
        if (record->state != AUGER_RECORD_FREE)
            continue;
        *record = (struct auger_mdns_record){
            .state = AUGER_RECORD_PUBLISHED, .addr = *addr, .announcements = ANNOUNCEMENTS};
        memcpy(record->name, name, sizeof(record->name));
        for (size_t family = 0; family < AUGER_MDNS_FAMILIES; family++)
            record->send_at[family] = record->sent_at[family] = AUGER_NEVER;
        say(record, now);
        return 0;
    }
    return AUGER_ERR_LIMIT;
}

int auger_mdns_records_remove(struct auger_mdns_records *records, auger_time now, const char *name)
{
    struct auger_mdns_record *record = find(records, name);

    if (!record)
        return AUGER_ERR_NOT_FOUND;
    record->state = AUGER_RECORD_LEAVING;
    record->announcements = 1;
    for (size_t family = 0; family < AUGER_MDNS_FAMILIES; family++)
        record->send_at[family] = now; /* the last word does not wait */
    return 0;
}

/* --- questions ------------------------------------------------------------------------------ */

static void answer_host(struct auger_mdns_records *records, const struct auger_addr *to,
                        uint16_t id, const struct auger_mdns_record *record, uint16_t type)
{
    if (records->legacy_len == AUGER_MDNS_LEGACY_MAX) {
        records->limited++;
        return;
    }
    struct auger_mdns_legacy *legacy = &records->legacy[records->legacy_len++];
    *legacy = (struct auger_mdns_legacy){.to = *to, .id = id, .type = type};
    memcpy(legacy->name, record->name, sizeof(legacy->name));
}

static void answer(struct auger_mdns_records *records, auger_time now,
                   const struct auger_addr *from, uint16_t id,
                   const struct auger_dns_question *question)
{
    struct auger_mdns_record *record =
        question->class_ == AUGER_DNS_IN ? find(records, question->name) : NULL;
    bool has_it = record && (question->type == type_of(record) || question->type == AUGER_DNS_ANY);

    if (!record || (!has_it && question->type != AUGER_DNS_A && question->type != AUGER_DNS_AAAA))
        return;
    if (from->port == AUGER_MDNS_PORT)
        say(record, now); /* with what it has not, too (6.1) */
    else if (has_it)
        answer_host(records, from, id, record, question->type);
}

/* 7.1: the asker knows, and for long enough. */
static bool is_known(struct auger_dns_msg msg, const struct auger_mdns_record *record)
{
    struct auger_dns_record known;
    size_t len = record->addr.family == AUGER_IPV4 ? 4 : 16;

    for (int i = 0; i < AUGER_DNS_RECORDS_MAX && auger_dns_next_record(&msg, &known); i++)
        if (known.type == type_of(record) && known.ttl_s >= TTL_S / 2 && known.data.len == len &&
            memcmp(known.data.data, record->addr.ip, len) == 0 &&
            strcmp(known.name, record->name) == 0)
            return true;
    return false;
}

static void skip_questions(struct auger_dns_msg *msg)
{
    struct auger_dns_question question;

    for (int i = 0; i < AUGER_DNS_QUESTIONS_MAX && auger_dns_next_question(msg, &question); i++)
        ;
}

void auger_mdns_records_hear(struct auger_mdns_records *records, auger_time now,
                             const struct auger_addr *from, struct auger_dns_msg *msg)
{
    struct auger_dns_msg known = *msg;
    struct auger_dns_question question;

    skip_questions(&known);
    for (int i = 0; i < AUGER_DNS_QUESTIONS_MAX && auger_dns_next_question(msg, &question); i++) {
        const struct auger_mdns_record *record = find(records, question.name);
        if (record && !is_known(known, record))
            answer(records, now, from, msg->id, &question);
    }
}

/* --- saying it ------------------------------------------------------------------------------- */

static void write_addr(struct auger_writer *w, const struct auger_mdns_record *record,
                       const char *name, uint16_t class_, uint32_t ttl_s)
{
    uint16_t len = record->addr.family == AUGER_IPV4 ? 4 : 16;

    auger_dns_write_record(w, name, type_of(record), class_, ttl_s, len);
    auger_write_bytes(w, record->addr.ip, len);
}

/* That there is this one type and no other (6.1): a bit for each type, RFC 4034
 * section 4.1.2. */
static void write_nsec(struct auger_writer *w, const struct auger_mdns_record *record,
                       uint32_t ttl_s)
{
    uint16_t type = type_of(record);
    uint8_t bits_len = (uint8_t)(type / 8 + 1);
    uint8_t bits[AUGER_DNS_AAAA / 8 + 1] = {0};

    bits[type / 8] = (uint8_t)(0x80 >> type % 8);
    auger_dns_write_record(w, NULL, AUGER_DNS_NSEC, AUGER_DNS_IN | AUGER_DNS_TOP_BIT, ttl_s,
                           (uint16_t)(2 + 2 + bits_len));
    auger_write_u16(w, 0xc00c); /* the next name: its own */
    auger_write_u8(w, 0);
    auger_write_u8(w, bits_len);
    auger_write_bytes(w, bits, bits_len);
}

static size_t write_to_group(const struct auger_mdns_record *record, uint8_t *buf, size_t cap)
{
    uint32_t ttl_s = record->state == AUGER_RECORD_LEAVING ? 0 : TTL_S;
    struct auger_writer w = auger_writer(buf, cap);

    auger_dns_write_header(&w, 0, AUGER_DNS_RESPONSE, 0, 1, 1);
    write_addr(&w, record, record->name, AUGER_DNS_IN | AUGER_DNS_TOP_BIT, ttl_s);
    write_nsec(&w, record, ttl_s);
    return w.failed ? 0 : w.len;
}

/* Repeats the question and gives a short life to the answer (6.7). */
static size_t write_to_host(struct auger_mdns_records *records,
                            const struct auger_mdns_legacy *legacy, uint8_t *buf, size_t cap)
{
    const struct auger_mdns_record *record = find(records, legacy->name);
    struct auger_writer w = auger_writer(buf, cap);

    if (!record)
        return 0;
    auger_dns_write_header(&w, legacy->id, AUGER_DNS_RESPONSE, 1, 1, 0);
    auger_dns_write_question(&w, record->name, legacy->type);
    write_addr(&w, record, NULL, AUGER_DNS_IN, LEGACY_TTL_S);
    return w.failed ? 0 : w.len;
}

static void said(struct auger_mdns_record *record, auger_time now, size_t family)
{
    record->sent_at[family] = now;
    record->send_at[family] = AUGER_NEVER;
    if (record->send_at[AUGER_MDNS_V4] != AUGER_NEVER ||
        record->send_at[AUGER_MDNS_V6] != AUGER_NEVER || record->announcements == 0)
        return;
    record->announcements--;
    if (record->state == AUGER_RECORD_LEAVING)
        record->state = AUGER_RECORD_FREE;
    else if (record->announcements > 0)
        say(record, now);
}

static size_t write_group(struct auger_mdns_records *records, auger_time now, struct auger_addr *to,
                          uint8_t *buf, size_t cap)
{
    for (uint16_t i = 0; i < records->max; i++) {
        struct auger_mdns_record *record = &records->items[i];
        for (size_t family = 0; family < AUGER_MDNS_FAMILIES; family++) {
            if (record->state == AUGER_RECORD_FREE || now < record->send_at[family])
                continue;
            size_t len = write_to_group(record, buf, cap);
            *to = auger_mdns_group((enum auger_mdns_family)family);
            said(record, now, family);
            return len;
        }
    }
    return 0;
}

size_t auger_mdns_records_write(struct auger_mdns_records *records, auger_time now,
                                struct auger_addr *to, uint8_t *buf, size_t cap)
{
    while (records->legacy_len > 0) {
        const struct auger_mdns_legacy *legacy = &records->legacy[--records->legacy_len];
        size_t len = write_to_host(records, legacy, buf, cap);
        *to = legacy->to;
        if (len > 0)
            return len;
    }
    return write_group(records, now, to, buf, cap);
}

auger_time auger_mdns_records_next_timeout(const struct auger_mdns_records *records)
{
    auger_time at = records->legacy_len > 0 ? 0 : AUGER_NEVER;

    for (uint16_t i = 0; i < records->max; i++)
        for (size_t family = 0; family < AUGER_MDNS_FAMILIES; family++)
            if (records->items[i].state != AUGER_RECORD_FREE)
                at = auger_time_min(at, records->items[i].send_at[family]);
    return at;
}
