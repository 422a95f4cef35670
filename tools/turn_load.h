/* tools/turn_load.h - what a TURN server is told when it begins, and may be told again while it
 * serves: users, secrets, rules and its certificate.  All of it is read, and found good, before
 * anything changes. */
#ifndef AUGER_TOOLS_TURN_LOAD_H
#define AUGER_TOOLS_TURN_LOAD_H

#include "tools/turn_options.h"
#include "tools/turn_users.h"

struct turn_load {
    struct turn_users users;
    char *secrets[TURN_SECRETS_MAX];
    size_t secrets_len;
    char *certificate, *key; /* PEM; NULL: none is needed */
    size_t certificate_len, key_len;
};

/* From the texts and files of `options`, into zeroes.  false: what is wrong was said on standard
 * error. */
bool turn_load_read(struct turn_load *load, const struct turn_options *options);
void turn_load_fini(struct turn_load *load);
/* The certificate and the key; empty: there is none. */
struct auger_bytes turn_load_certificate(const struct turn_load *load);
struct auger_bytes turn_load_key(const struct turn_load *load);

enum turn_applied {
    TURN_APPLIED,
    TURN_APPLIED_NOTHING, /* all is as it was */
    TURN_APPLIED_IN_PART, /* memory ran out: of users, secrets and rules some are in force */
};
/* The server knows all that from now on, and of the users `before` none that is gone.  If it does
 * not, why was said. */
enum turn_applied turn_load_apply(const struct turn_load *load, const struct turn_options *options,
                                  const struct turn_users *before,
                                  struct auger_turn_service *service);

#endif /* AUGER_TOOLS_TURN_LOAD_H */
