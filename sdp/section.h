/* sdp/section.h - questions to a parsed description that several files ask. */
#ifndef AUGER_SDP_SECTION_H
#define AUGER_SDP_SECTION_H

#include <auger/sdp.h>

/* Port 0 rejects or disables, but for a section that shares the tagged one's
 * port anyway (RFC 8843 section 6). */
static inline bool auger_sdp_section_is_rejected(const struct auger_sdp_section *section)
{
    return section->port == 0 && !section->bundle_only;
}

static inline bool auger_sdp_section_is_bundled(const struct auger_sdp *sdp, int section)
{
    for (size_t i = 0; i < sdp->bundle_len; i++)
        if (sdp->bundle[i] == section)
            return true;
    return false;
}

#endif /* AUGER_SDP_SECTION_H */
