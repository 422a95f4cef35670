/* record/ops.h - what a recording is made of (docs/recording.md): calls, and behind each
 * what it asked of its environment and what came of it.  The recorder writes them, the
 * replay reads them. */
#ifndef AUGER_RECORD_OPS_H
#define AUGER_RECORD_OPS_H

#include "base/bytes.h"

#include <auger/ice.h>

#define AUGER_RECORD_MAGIC "augerrec"
#define AUGER_RECORD_MAGIC_LEN 8
#define AUGER_RECORD_VERSION 1
/* A frame: its length in two bytes, so many bytes of the stream of ops, their CRC-32. */
#define AUGER_RECORD_FRAME_MAX 4096
#define AUGER_RECORD_FRAME_OVERHEAD 6

/* Of ChannelData with application data these bytes alone are recorded. */
#define AUGER_RECORD_CHANNEL_HEAD 4

/* Numbers keep their meaning; new ones are added at the end. */
enum auger_op {
    AUGER_OP_NEW = 1,
    AUGER_OP_FREE,
    AUGER_OP_SET_CONTROLLING,
    AUGER_OP_ADD_LOCAL_ADDR,
    AUGER_OP_ADD_STUN_SERVER,
    AUGER_OP_END_OF_LOCAL_ADDRS,
    AUGER_OP_RESTART,
    AUGER_OP_WITHDRAW_RESTART,
    AUGER_OP_SET_REMOTE_CREDENTIALS,
    AUGER_OP_ADD_REMOTE_CAND,
    AUGER_OP_END_OF_REMOTE_CANDS,
    AUGER_OP_HANDLE_DATAGRAM,
    AUGER_OP_HANDLE_TIMEOUT,
    AUGER_OP_POLL_TRANSMIT,
    AUGER_OP_POLL_EVENT,
    AUGER_OP_WRITE_DATA,
    AUGER_OP_NOTE_UNUSABLE_CAND,
    AUGER_OP_NOTE_DISCARDED,
    AUGER_OP_SHARE_SOCKETS,
    AUGER_OP_SET_LOCAL_CREDENTIALS,
    AUGER_OP_REFUSE_PATH,
    AUGER_OP_SET_REMOTE_LITE,
    AUGER_OP_REMOVE_LOCAL_ADDR,
    AUGER_OP_SET_REMOTE_PACING,
    AUGER_OP_SET_REMOTE_RENOMINATION,
    AUGER_OP_ADD_TURN_SERVER,
    AUGER_OP_STREAM_LOST,
    AUGER_OP_CLOSE,
    AUGER_OP_ADD_MAPPED_ADDR,
    AUGER_OP_REMOVE_MAPPED_ADDR,
    AUGER_OP_ADD_HELPER_ADDRS,
    AUGER_OP_SET_NAT64,
    AUGER_OP_PATH_MOVED,
    AUGER_OP_CALLS, /* the first that is none */
    /* behind a call */
    AUGER_OP_RANDOM = 64, /* bytes that it was given */
    AUGER_OP_NO_RANDOM,   /* there were none */
    AUGER_OP_NO_MEMORY,   /* a block was not there */
    AUGER_OP_RESULT,      /* what it returned, where not 0, and the digest of what it wrote */
    AUGER_OP_TRACED,      /* the digest of the trace, where it left a record */
    AUGER_OP_FULL,        /* the recording has the size that it may have */
};

/* FNV-1a */
static inline uint64_t auger_digest(uint64_t digest, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        digest = (digest ^ ((const uint8_t *)bytes)[i]) * 0x100000001B3u;
    return digest;
}
#define AUGER_DIGEST_START 0xCBF29CE484222325u

/* Of a trace, with one record more. */
uint64_t auger_digest_record(uint64_t digest, const struct auger_trace_record *record);
/* Of a datagram and its path. */
uint32_t auger_digest_datagram(const struct auger_path *path, const uint8_t *buf, size_t len);

#endif /* AUGER_RECORD_OPS_H */
