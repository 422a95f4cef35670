/* tests/memory/swept_ice.h - agents whose memory runs out while they hear a datagram. */
#ifndef TESTS_MEMORY_SWEPT_ICE_H
#define TESTS_MEMORY_SWEPT_ICE_H

#include "tests/memory/sweep.h"

#include <auger/ice.h>
#include <auger/ice_explain.h>
#include <auger/ice_share.h>
#include <auger/ice_stats.h>

static inline void handle_swept(struct auger_ice *ice, auger_time now,
                                const struct auger_path *path, const uint8_t *buf, size_t len,
                                struct auger_bytes *data)
{
    SWEPT_VOID(auger_ice_handle_datagram(ice, now, path, buf, len, data));
}

/* What the puppet says is built with memory that is there. */
#define auger_ice_handle_datagram handle_swept
#include "tests/ice/guesser.h"
#include "tests/ice/puppet.h"

#define DELAY (20 * AUGER_MS)
#define BLOCKS_MAX 200

#endif
