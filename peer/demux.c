/* peer/demux.c - what a datagram is, by its first byte. */
#include "peer/demux.h"

enum auger_demux auger_demux_classify(struct auger_bytes datagram)
{
    static const struct {
        uint8_t first, last;
        enum auger_demux kind;
    } ranges[] = {
        {0, 3, AUGER_DEMUX_STUN},           {16, 19, AUGER_DEMUX_ZRTP},  {20, 63, AUGER_DEMUX_DTLS},
        {64, 79, AUGER_DEMUX_TURN_CHANNEL}, {128, 191, AUGER_DEMUX_RTP},
    };

    if (datagram.len == 0)
        return AUGER_DEMUX_UNKNOWN;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (datagram.data[0] >= ranges[i].first && datagram.data[0] <= ranges[i].last)
            return ranges[i].kind;
    return AUGER_DEMUX_UNKNOWN;
}
