/* mux/state.c - the keyed hash of names and places: docs/decisions/051. */
#include "mux/state.h"

int auger_mux_hash(const struct auger_mux *mux, const uint8_t *key, size_t len, uint64_t *hash)
{
    return auger_siphash_compute(mux->hash_key, key, len, hash);
}
