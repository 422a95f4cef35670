/* peer/peer.c - one peer connection: its engines, and the order in which they
 * hear and speak.  What their states lead to is life.c's. */
#include "peer/peer.h"

#include "base/env.h"
#include "base/time.h"
#include "peer/demux.h"

#include <string.h>

/* --- creation --------------------------------------------------------------------- */

void auger_peer_config_init_sized(struct auger_peer_config *config, size_t size)
{
    struct auger_peer_config defaults = {
        .sctp_port = 5000,
        .max_message_size = 262144,
        .send_buffer_max = 1024 * 1024,
        .channels_max = 1024,
        .mtu = 1200,
    };

    auger_ice_config_init(&defaults.ice);
    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

static int new_dtls(struct auger_peer *peer)
{
    struct auger_certificate *made = NULL, *certificate = peer->config.certificate;
    struct auger_dtls_config config;
    int err;

    if (!certificate) {
        err = auger_certificate_new(&made, peer->env);
        if (err < 0)
            return err;
        certificate = made;
    }
    auger_dtls_config_init(&config);
    config.certificate = certificate;
    config.mtu = peer->config.mtu;
    err = auger_dtls_new(&peer->dtls, peer->env, &config);
    if (err == 0)
        peer->fingerprint = auger_certificate_fingerprint(certificate);
    auger_certificate_free(made); /* the association holds a reference of its own */
    return err;
}

static int new_sctp(struct auger_peer *peer)
{
    struct auger_sctp_config config;

    auger_sctp_config_init(&config);
    config.local_port = peer->config.sctp_port;
    config.packet_max = (uint16_t)auger_dtls_data_max(peer->dtls);
    config.max_message_size = peer->config.max_message_size;
    config.send_buffer_max = peer->config.send_buffer_max;
    config.channels_max = peer->config.channels_max;
    return auger_sctp_new(&peer->sctp, peer->env, &config);
}

static int init(struct auger_peer *peer)
{
    int err = auger_env_random(peer->env, &peer->session_id, sizeof(peer->session_id));

    peer->session_id &= INT64_MAX; /* RFC 8829 section 5.2.1 */
    peer->config.ice.predict_window |= peer->config.trickle != AUGER_TRICKLE_FULL;
    if (err == 0)
        err = auger_record_new_sized(peer->config.recorder, &peer->ice, peer->env,
                                     &peer->config.ice, sizeof(peer->config.ice));
    if (err == 0)
        err = new_dtls(peer);
    if (err == 0)
        err = new_sctp(peer);
    return err;
}

int auger_peer_new_sized(struct auger_peer **out, const struct auger_env *env,
                         const struct auger_peer_config *config, size_t size)
{
    struct auger_peer *peer = auger_env_alloc(env, 1, sizeof(*peer));

    if (!peer)
        return AUGER_ERR_NO_MEMORY;
    peer->env = env;
    peer->close_by = AUGER_NEVER;
    auger_peer_config_init(&peer->config);
    if (config)
        memcpy(&peer->config, config, size < sizeof(*config) ? size : sizeof(*config));
    int err = init(peer);
    if (err < 0) {
        auger_peer_free(peer);
        return err;
    }
    *out = peer;
    return 0;
}

void auger_peer_free(struct auger_peer *peer)
{
    if (!peer)
        return;
    auger_sctp_free(peer->sctp);
    auger_dtls_free(peer->dtls);
    auger_record_free(peer->config.recorder, peer->ice);
    auger_env_release(peer->env, peer->remote_names);
    auger_env_release(peer->env, peer->local_names);
    auger_env_release(peer->env, peer->remote_text);
    auger_env_release(peer->env, peer);
}

void auger_peer_set_ready(struct auger_peer *peer, struct auger_ready *ready)
{
    peer->ready = ready;
    auger_sctp_set_ready(peer->sctp, ready);
    auger_ready_mark(ready);
}

struct auger_ready *auger_peer_get_ready(const struct auger_peer *peer)
{
    return peer->ready;
}

int auger_peer_add_local_addr(struct auger_peer *peer, auger_time now,
                              const struct auger_addr *base)
{
    auger_ready_mark(peer->ready);
    return auger_record_add_local_addr(peer->config.recorder, peer->ice, now, base);
}

int auger_peer_remove_local_addr(struct auger_peer *peer, auger_time now,
                                 const struct auger_addr *base)
{
    const struct auger_addr gone = *base; /* it may be the agent's own */

    auger_ready_mark(peer->ready);
    int err = auger_record_remove_local_addr(peer->config.recorder, peer->ice, now, base);
    if (err < 0)
        return err;
    auger_local_names_forget(peer, &gone);
    auger_peer_advance(peer, now);
    return 0;
}

int auger_peer_add_mapped_addr(struct auger_peer *peer, auger_time now,
                               const struct auger_addr *base, const struct auger_addr *external)
{
    auger_ready_mark(peer->ready);
    return auger_record_add_mapped_addr(peer->config.recorder, peer->ice, now, base, external);
}

int auger_peer_remove_mapped_addr(struct auger_peer *peer, auger_time now,
                                  const struct auger_addr *base, const struct auger_addr *external)
{
    auger_ready_mark(peer->ready);
    return auger_record_remove_mapped_addr(peer->config.recorder, peer->ice, now, base, external);
}

int auger_peer_set_nat64(struct auger_peer *peer, auger_time now, const struct auger_nat64 *nat64)
{
    auger_ready_mark(peer->ready);
    return auger_record_set_nat64(peer->config.recorder, peer->ice, now, nat64);
}

int auger_peer_add_stun_server(struct auger_peer *peer, auger_time now,
                               const struct auger_addr *server)
{
    auger_ready_mark(peer->ready);
    return auger_record_add_stun_server(peer->config.recorder, peer->ice, now, server);
}

int auger_peer_add_turn_server_sized(struct auger_peer *peer, auger_time now,
                                     const struct auger_ice_turn_server *server, size_t size)
{
    auger_ready_mark(peer->ready);
    int err =
        auger_record_add_turn_server_sized(peer->config.recorder, peer->ice, now, server, size);
    peer->asks_relays |= err == 0;
    return err;
}

void auger_peer_stream_lost(struct auger_peer *peer, auger_time now, const struct auger_path *path)
{
    auger_ready_mark(peer->ready);
    auger_record_stream_lost(peer->config.recorder, peer->ice, now, path);
    auger_peer_advance(peer, now);
}

void auger_peer_path_moved(struct auger_peer *peer, auger_time now, const struct auger_path *path)
{
    auger_ready_mark(peer->ready);
    auger_record_path_moved(peer->config.recorder, peer->ice, now, path);
    auger_peer_advance(peer, now);
}

int auger_peer_add_helper_addrs(struct auger_peer *peer, auger_time now,
                                const struct auger_addr *addrs, size_t len)
{
    auger_ready_mark(peer->ready);
    return auger_record_add_helper_addrs(peer->config.recorder, peer->ice, now, addrs, len);
}

void auger_peer_end_of_local_addrs(struct auger_peer *peer, auger_time now)
{
    auger_ready_mark(peer->ready);
    auger_record_end_of_local_addrs(peer->config.recorder, peer->ice, now);
}

/* --- datagrams -------------------------------------------------------------------- */

static void handle_dtls(struct auger_peer *peer, auger_time now, struct auger_bytes datagram)
{
    struct auger_bytes packet;

    auger_dtls_handle_datagram(peer->dtls, now, datagram.data, datagram.len);
    auger_peer_advance(peer, now); /* SCTP connects before it hears the peer */
    while (auger_dtls_read(peer->dtls, now, &packet))
        auger_sctp_handle_datagram(peer->sctp, now, packet.data, packet.len);
}

void auger_peer_handle_datagram(struct auger_peer *peer, auger_time now,
                                const struct auger_path *path, const uint8_t *buf, size_t len)
{
    struct auger_bytes data = {0};

    if (auger_peer_has_ended(peer) && !peer->released)
        return;
    auger_ready_mark(peer->ready);
    auger_record_handle_datagram(peer->config.recorder, peer->ice, now, path, buf, len, &data);
    if (data.len > 0 && !peer->released) {
        peer->bytes_received += data.len;
        peer->datagrams_received++;
        if (auger_demux_classify(data) == AUGER_DEMUX_DTLS)
            handle_dtls(peer, now, data);
        else
            peer->dropped++;
    }
    auger_peer_advance(peer, now);
}

void auger_peer_handle_timeout(struct auger_peer *peer, auger_time now)
{
    if (auger_peer_has_ended(peer) && !peer->released)
        return;
    auger_ready_mark(peer->ready);
    auger_record_handle_timeout(peer->config.recorder, peer->ice, now);
    if (peer->released)
        return;
    auger_remote_names_handle_timeout(peer, now);
    auger_peer_time_handshake(peer, now);
    auger_dtls_handle_timeout(peer->dtls, now);
    auger_sctp_handle_timeout(peer->sctp, now);
    auger_peer_advance(peer, now);
}

/* The next datagram of DTLS or of SCTP inside it; 0 when there is none. */
static size_t write_secured(struct auger_peer *peer, auger_time now, uint8_t *buf, size_t cap)
{
    uint8_t packet[AUGER_DATAGRAM_MAX];
    size_t len = auger_dtls_poll_transmit(peer->dtls, now, buf, cap);

    if (len > 0 || auger_dtls_get_state(peer->dtls) != AUGER_DTLS_CONNECTED)
        return len;
    len = auger_sctp_poll_transmit(peer->sctp, now, packet, sizeof(packet));
    if (len == 0)
        return 0;
    int written = auger_dtls_write_data(peer->dtls, now, packet, len, buf, cap);
    return written > 0 ? (size_t)written : 0;
}

/* Nothing is taken from above while there is no path to put it on. */
static size_t write_data(struct auger_peer *peer, auger_time now, struct auger_path *path,
                         uint8_t *buf, size_t cap)
{
    uint8_t datagram[AUGER_DATAGRAM_MAX];

    if (!auger_peer_has_path(peer, now))
        return 0;
    size_t len = write_secured(peer, now, datagram, sizeof(datagram));
    if (len == 0)
        return 0;
    int written = auger_record_write_data(peer->config.recorder, peer->ice, now, datagram, len,
                                          path, buf, cap);
    if (written <= 0)
        return 0;
    peer->bytes_sent += len;
    peer->datagrams_sent++;
    return (size_t)written;
}

/* What keeps the path alive comes first, then what secures it, then data. */
size_t auger_peer_poll_transmit(struct auger_peer *peer, auger_time now, struct auger_path *path,
                                uint8_t *buf, size_t cap)
{
    size_t len = 0;

    auger_peer_advance(peer, now);
    if (!auger_peer_has_ended(peer) || peer->released)
        len = auger_record_poll_transmit(peer->config.recorder, peer->ice, now, path, buf, cap);
    if (len == 0 && !peer->released)
        len = write_data(peer, now, path, buf, cap);
    if (len > 0 || peer->released || !auger_peer_has_ended(peer) || !auger_peer_is_over(peer))
        return len;
    auger_peer_release_relays(peer, now);
    return peer->released
               ? auger_record_poll_transmit(peer->config.recorder, peer->ice, now, path, buf, cap)
               : 0;
}

auger_time auger_peer_next_timeout(const struct auger_peer *peer)
{
    if (auger_peer_has_ended(peer))
        return peer->released ? auger_ice_next_timeout(peer->ice) : AUGER_NEVER;
    if (peer->sctp_down)
        return 0; /* at once: the close goes on */
    auger_time next = auger_time_min(auger_ice_next_timeout(peer->ice), peer->close_by);
    next = auger_time_min(next, auger_dtls_next_timeout(peer->dtls));
    next = auger_time_min(next, auger_remote_names_next_timeout(peer));
    return auger_time_min(next, auger_sctp_next_timeout(peer->sctp));
}

/* --- looking inside --------------------------------------------------------------- */

/* The selected pair, else the best valid one: where data goes. */
static bool find_route(const struct auger_peer *peer, struct auger_ice_pair_info *route)
{
    size_t max = (size_t)peer->config.ice.pairs_max + 1; /* auger_ice_pairs() */
    struct auger_ice_pair_info *pairs = auger_env_alloc(peer->env, max, sizeof(*pairs));
    size_t len = pairs ? auger_ice_pairs(peer->ice, pairs, max) : 0;
    const struct auger_ice_pair_info *found = NULL;

    for (size_t i = 0; i < len; i++)
        if (pairs[i].selected || (pairs[i].valid && !found))
            found = &pairs[i];
    if (found)
        *route = *found;
    auger_env_release(peer->env, pairs);
    return found != NULL;
}

void auger_peer_info_sized(const struct auger_peer *peer, struct auger_peer_info *info, size_t size)
{
    struct auger_peer_info all = {
        .state = peer->state,
        .ice_state = auger_ice_get_state(peer->ice),
        .dtls_version = auger_dtls_version(peer->dtls),
        .dtls_cipher = auger_dtls_cipher(peer->dtls),
        .dtls_role = auger_dtls_get_role(peer->dtls),
        .bytes_sent = peer->bytes_sent,
        .bytes_received = peer->bytes_received,
        .datagrams_sent = peer->datagrams_sent,
        .datagrams_received = peer->datagrams_received,
        .dropped = peer->dropped,
    };

    all.has_path = find_route(peer, &all.selected);
    memcpy(info, &all, size < sizeof(all) ? size : sizeof(all));
}

const struct auger_ice *auger_peer_ice(const struct auger_peer *peer)
{
    return peer->ice;
}

int auger_peer_export(struct auger_peer *peer, const char *label, uint8_t *out, size_t len)
{
    return auger_dtls_export(peer->dtls, label, out, len);
}
