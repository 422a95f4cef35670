/* stun/integrity.h - the keys of MESSAGE-INTEGRITY and -SHA256: sections 14.5, 14.6. */
#ifndef AUGER_STUN_INTEGRITY_H
#define AUGER_STUN_INTEGRITY_H

#include "crypto/crypto.h"
#include <auger/stun.h>

/* The code over the first `len` bytes of `buf`, with the header's length set to
 * what it is once the attribute of `attr_len` bytes stands behind them. */
int auger_stun_key_compute(struct auger_stun_key *key, enum auger_hash hash, const uint8_t *buf,
                           size_t len, size_t attr_len, uint8_t *mac) AUGER_CHECK_RESULT;

#endif /* AUGER_STUN_INTEGRITY_H */
