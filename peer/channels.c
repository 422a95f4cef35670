/* peer/channels.c - data channels as the application sees them; the work is in
 * <auger/sctp.h>. */
#include "peer/peer.h"

int auger_peer_channel_open(struct auger_peer *peer, auger_time now,
                            const struct auger_channel_options *options, auger_channel *channel)
{
    if (auger_peer_is_closing(peer))
        return AUGER_ERR_STATE;
    auger_ready_mark(peer->ready);
    return auger_sctp_channel_open(peer->sctp, now, options, channel);
}

int auger_peer_channel_options(const struct auger_peer *peer, auger_channel channel,
                               struct auger_channel_options *options)
{
    return auger_sctp_channel_options(peer->sctp, channel, options);
}

int auger_peer_send(struct auger_peer *peer, auger_time now, auger_channel channel,
                    enum auger_message_kind kind, const void *data, size_t len)
{
    if (auger_peer_is_closing(peer))
        return AUGER_ERR_STATE;
    auger_ready_mark(peer->ready);
    return auger_sctp_send(peer->sctp, now, channel, kind, data, len);
}

size_t auger_peer_buffered_amount(const struct auger_peer *peer, auger_channel channel)
{
    return auger_sctp_buffered_amount(peer->sctp, channel);
}

int auger_peer_set_low_water(struct auger_peer *peer, auger_channel channel, size_t threshold)
{
    auger_ready_mark(peer->ready);
    return auger_sctp_set_low_water(peer->sctp, channel, threshold);
}

int auger_peer_channel_close(struct auger_peer *peer, auger_time now, auger_channel channel)
{
    if (auger_peer_has_ended(peer))
        return AUGER_ERR_STATE;
    auger_ready_mark(peer->ready);
    return auger_sctp_channel_close(peer->sctp, now, channel);
}
