/* sctp/dcep.h - the messages that open a data channel: RFC 8832 section 5. */
#ifndef AUGER_SCTP_DCEP_H
#define AUGER_SCTP_DCEP_H

#include <auger/sctp.h>

enum auger_dcep_type { AUGER_DCEP_ACK = 0x02, AUGER_DCEP_OPEN = 0x03 };

/* RFC 8832 section 8.2.2, without the bit that means "unordered". */
enum auger_dcep_reliability {
    AUGER_DCEP_RELIABLE = 0x00,
    AUGER_DCEP_REXMIT = 0x01,
    AUGER_DCEP_TIMED = 0x02,
};
#define AUGER_DCEP_UNORDERED 0x80

/* DATA_CHANNEL_OPEN with the longest texts. */
#define AUGER_DCEP_MAX (12 + 2 * AUGER_CHANNEL_TEXT_MAX)

struct auger_dcep {
    enum auger_dcep_type type;
    /* Of an OPEN. */
    enum auger_dcep_reliability reliability;
    bool unordered;
    uint16_t priority;
    uint32_t parameter;
    struct auger_bytes label, protocol; /* point into what was parsed */
};

/* AUGER_ERR_MALFORMED for anything else than one whole message. */
int auger_dcep_parse(struct auger_dcep *out, const uint8_t *buf, size_t len) AUGER_CHECK_RESULT;

size_t auger_dcep_len(const struct auger_dcep *dcep);
/* `buf` has room for auger_dcep_len(). */
void auger_dcep_write(const struct auger_dcep *dcep, uint8_t *buf);

#endif /* AUGER_SCTP_DCEP_H */
