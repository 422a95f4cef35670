/* tls/pipe.h - what has come for OpenSSL and what it wants to send: bytes of a stream, or
 * datagrams that stay apart.  Pure; bio.c lets OpenSSL read and write here. */
#ifndef AUGER_TLS_PIPE_H
#define AUGER_TLS_PIPE_H

#include <auger/tls.h>

#define AUGER_TLS_IN_MAX 4096
#define AUGER_TLS_OUT_MAX 16384
#define AUGER_TLS_OUT_DATAGRAMS 24

struct auger_tls_pipe {
    bool datagrams;
    bool packs; /* datagrams: records that fit share one, as in a handshake */
    uint16_t mtu;
    uint8_t in[AUGER_TLS_IN_MAX];
    size_t in_at, in_len; /* what is left begins at in_at */
    uint8_t out[AUGER_TLS_OUT_MAX];
    size_t out_len;
    uint16_t lens[AUGER_TLS_OUT_DATAGRAMS];
    size_t lens_len;
};

/* How many bytes were taken in: of a datagram all, or 0 if it is too long. */
size_t auger_tls_pipe_feed(struct auger_tls_pipe *pipe, const uint8_t *buf, size_t len);
/* For the reader of what came: up to `cap` bytes, or one datagram, cut off at `cap`. */
size_t auger_tls_pipe_pull(struct auger_tls_pipe *pipe, uint8_t *buf, size_t cap);
/* How many bytes there was room for; a datagram without any is lost, as on a wire. */
size_t auger_tls_pipe_push(struct auger_tls_pipe *pipe, const uint8_t *buf, size_t len);
/* What goes out: up to `cap` bytes, or one datagram; 0 if there is none that fits. */
size_t auger_tls_pipe_take(struct auger_tls_pipe *pipe, uint8_t *buf, size_t cap);
size_t auger_tls_pipe_room(const struct auger_tls_pipe *pipe);

#endif /* AUGER_TLS_PIPE_H */
