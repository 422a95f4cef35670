/* mdns/record.h - names of our own, which we answer for.  Those of others are
 * question.c's. */
#ifndef AUGER_MDNS_RECORD_H
#define AUGER_MDNS_RECORD_H

#include "mdns/family.h"
#include "mdns/msg.h"

#include <auger/mdns.h>

/* Answers to single hosts that wait to be fetched. */
#define AUGER_MDNS_LEGACY_MAX 4

enum auger_mdns_record_state {
    AUGER_RECORD_FREE,
    AUGER_RECORD_PUBLISHED,
    AUGER_RECORD_LEAVING, /* says good-bye, then is free */
};

struct auger_mdns_record {
    enum auger_mdns_record_state state;
    char name[AUGER_MDNS_NAME_MAX];
    struct auger_addr addr;
    uint8_t announcements;                   /* still to be made, a second apart (8.3) */
    auger_time send_at[AUGER_MDNS_FAMILIES]; /* AUGER_NEVER: nothing to be said */
    auger_time sent_at[AUGER_MDNS_FAMILIES]; /* AUGER_NEVER: not yet */
};

/* An answer to one who does not listen to the group (6.7). */
struct auger_mdns_legacy {
    struct auger_addr to;
    uint16_t id, type;
    char name[AUGER_MDNS_NAME_MAX];
};

struct auger_mdns_records {
    struct auger_mdns_record *items;
    uint16_t max;
    struct auger_mdns_legacy legacy[AUGER_MDNS_LEGACY_MAX];
    uint8_t legacy_len;
    uint64_t limited;
};

int auger_mdns_records_init(struct auger_mdns_records *records, const struct auger_env *env,
                            uint16_t max) AUGER_CHECK_RESULT;
void auger_mdns_records_fini(struct auger_mdns_records *records, const struct auger_env *env);

int auger_mdns_records_add(struct auger_mdns_records *records, auger_time now, const char *name,
                           const struct auger_addr *addr) AUGER_CHECK_RESULT;
int auger_mdns_records_remove(struct auger_mdns_records *records, auger_time now,
                              const char *name) AUGER_CHECK_RESULT;

/* Prepares the answers to `msg`, a query that came from `from`. */
void auger_mdns_records_hear(struct auger_mdns_records *records, auger_time now,
                             const struct auger_addr *from, struct auger_dns_msg *msg);
size_t auger_mdns_records_write(struct auger_mdns_records *records, auger_time now,
                                struct auger_addr *to, uint8_t *buf, size_t cap);
auger_time auger_mdns_records_next_timeout(const struct auger_mdns_records *records);

#endif /* AUGER_MDNS_RECORD_H */
