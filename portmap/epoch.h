/* portmap/epoch.h - the gateway's clock, by which one sees that it has lost what it knew. */
#ifndef AUGER_PORTMAP_EPOCH_H
#define AUGER_PORTMAP_EPOCH_H

#include <auger/base.h>

struct auger_epoch {
    bool is_known;
    auger_time heard_at;
    uint32_t seconds;
};

/* The clock of PCP (RFC 6887 section 8.5), or the more patient one of NAT-PMP (RFC 6886 section
 * 3.6), stood at `seconds`.  false: the gateway has begun anew since it was last heard. */
bool auger_epoch_accepts_pcp(struct auger_epoch *epoch, auger_time now, uint32_t seconds);
bool auger_epoch_accepts_natpmp(struct auger_epoch *epoch, auger_time now, uint32_t seconds);

#endif /* AUGER_PORTMAP_EPOCH_H */
