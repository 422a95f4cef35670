/* record/fields.h - a recording as it is read: one value after the other, none of which is
 * believed. How they are written is recorder.c's. */
#ifndef AUGER_RECORD_FIELDS_H
#define AUGER_RECORD_FIELDS_H

#include "base/bytes.h"

#include <auger/record.h>

struct auger_replay {
    struct auger_reader in;
    const uint8_t *start;
    const struct auger_env *outside;
    struct auger_env inside;
    struct auger_ice *ice;
    struct auger_ice_mapping mappings[AUGER_ICE_MAPPINGS_MAX]; /* of its config */
    auger_time now;
    uint64_t digest; /* of the trace */
    uint32_t traced; /* as it was before this call */
    struct auger_replay_result *result;
    int err;
};

/* The first that goes wrong counts: what is read after it means nothing. */
void auger_replay_fails(struct auger_replay *r, int err, const char *what);
/* The agent does something else than it did. */
void auger_replay_parts(struct auger_replay *r, const char *what);
void auger_replay_is_malformed(struct auger_replay *r, const char *what);

uint64_t auger_field_uint(struct auger_replay *r);
int64_t auger_field_int(struct auger_replay *r);
uint64_t auger_field_at_most(struct auger_replay *r, uint64_t max, const char *what);
bool auger_field_bool(struct auger_replay *r);
struct auger_bytes auger_field_blob(struct auger_replay *r, size_t max);
/* NUL-terminated; a NUL inside is its end. */
void auger_field_text(struct auger_replay *r, char *text, size_t cap);
struct auger_addr auger_field_addr(struct auger_replay *r);
struct auger_path auger_field_path(struct auger_replay *r);
/* The caller's time, which goes on. */
auger_time auger_field_now(struct auger_replay *r);

#endif /* AUGER_RECORD_FIELDS_H */
