/* mux/state.c - the keyed hash of names and places: docs/decisions/051. */
#include "mux/state.h"

#include <string.h>

int auger_mux_hash(const struct auger_mux *mux, const uint8_t *key, size_t len, uint64_t *hash)
{
    const struct auger_bytes piece = {key, len};
    uint8_t mac[AUGER_SHA1_LEN];

    int err = auger_hmac_compute(mux->hash_key, &piece, 1, mac);
    if (err == 0)
        memcpy(hash, mac, sizeof(*hash));
    return err;
}
