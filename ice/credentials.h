/* ice/credentials.h - username fragment and password of one side: RFC 8445
 * section 5.3 and 7.2.2. */
#ifndef AUGER_ICE_CREDENTIALS_H
#define AUGER_ICE_CREDENTIALS_H

#include <auger/ice.h>
#include <auger/stun.h>

/* All zero: not known. */
struct auger_credentials {
    char *ufrag, *password; /* one allocation, at ufrag */
    struct auger_stun_key *key;
};

/* AUGER_ERR_INVALID: not 4 to 256 and 22 to 256 ice-chars (8839 section 5.4). */
int auger_credentials_set(struct auger_credentials *credentials, const struct auger_env *env,
                          const char *ufrag, const char *password) AUGER_CHECK_RESULT;
/* Fresh ones of our own. */
int auger_credentials_generate(struct auger_credentials *credentials,
                               const struct auger_env *env) AUGER_CHECK_RESULT;
void auger_credentials_fini(struct auger_credentials *credentials, const struct auger_env *env);

bool auger_credentials_are_known(const struct auger_credentials *credentials);
bool auger_credentials_equal(const struct auger_credentials *credentials, const char *ufrag,
                             const char *password);

/* Whether a check to us may carry this USERNAME: "ours:theirs", and "ours:..."
 * as long as theirs is not known (7.3). */
bool auger_credentials_accept(const struct auger_credentials *ours,
                              const struct auger_credentials *theirs,
                              const struct auger_bytes *username);

/* Whether it says that the check is theirs, which are known. */
bool auger_credentials_sent(const struct auger_credentials *theirs,
                            const struct auger_bytes *username);

#define AUGER_USERNAME_MAX (2 * AUGER_UFRAG_MAX)
/* Writes the USERNAME of a check to them; its length. */
size_t auger_credentials_username(const struct auger_credentials *ours,
                                  const struct auger_credentials *theirs,
                                  char buf[AUGER_USERNAME_MAX]);

#endif /* AUGER_ICE_CREDENTIALS_H */
