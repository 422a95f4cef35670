/* peer/demux.h - what a datagram is, by its first byte: RFC 7983 section 7. */
#ifndef AUGER_PEER_DEMUX_H
#define AUGER_PEER_DEMUX_H

#include <auger/base.h>

enum auger_demux {
    AUGER_DEMUX_STUN,
    AUGER_DEMUX_ZRTP,
    AUGER_DEMUX_DTLS,
    AUGER_DEMUX_TURN_CHANNEL,
    AUGER_DEMUX_RTP, /* and RTCP */
    AUGER_DEMUX_UNKNOWN,
};

enum auger_demux auger_demux_classify(struct auger_bytes datagram);

#endif /* AUGER_PEER_DEMUX_H */
