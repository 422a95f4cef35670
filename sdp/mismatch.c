/* sdp/mismatch.c - whether something changed a description on its way: RFC 8839 sections
 * 4.2.5 and 8. */
#include "sdp/section.h"
#include "sdp/text.h"

#include "base/addr.h"

#define DISCARD_PORT 9 /* RFC 8840 section 4.1.1: not known yet */

/* The address and the port of a candidate line (RFC 8839 section 5.1), which the agent reads
 * whole; false: it has no numeric one. */
static bool read_destination(struct auger_text line, struct auger_addr *addr)
{
    struct auger_text address;
    uint64_t port;

    for (int i = 0; i < 4; i++) /* foundation, component, transport, priority */
        auger_text_take_word(&line);
    address = auger_text_take_word(&line);
    return auger_text_to_uint(auger_text_take_word(&line), UINT16_MAX, &port) &&
           auger_addr_parse_ip(addr, address.data, address.len, (uint16_t)port) == 0;
}

static bool has_candidate(const struct auger_sdp *sdp, const struct auger_sdp_section *section,
                          const struct auger_addr *destination)
{
    for (size_t i = 0; i < section->candidates_len; i++) {
        struct auger_addr addr;
        if (read_destination(sdp->candidates[section->candidates_at + i], &addr) &&
            auger_addr_equal(&addr, destination))
            return true;
    }
    return false;
}

bool auger_sdp_is_mismatch(const struct auger_sdp *sdp, const struct auger_sdp_section *section)
{
    struct auger_addr destination;

    if (section->port == 0 || section->port == DISCARD_PORT || section->address.len == 0 ||
        auger_addr_parse_ip(&destination, section->address.data, section->address.len,
                            (uint16_t)section->port) != 0)
        return false;
    return !auger_addr_is_unspecified(&destination) && !has_candidate(sdp, section, &destination);
}
