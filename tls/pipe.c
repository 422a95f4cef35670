/* tls/pipe.c - what has come for OpenSSL and what it wants to send. */
#include "tls/pipe.h"

#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* --- in ------------------------------------------------------------------------------------ */

size_t auger_tls_pipe_feed(struct auger_tls_pipe *pipe, const uint8_t *buf, size_t len)
{
    if (pipe->datagrams) {
        if (len > sizeof(pipe->in))
            return 0;
        pipe->in_at = pipe->in_len = 0;
    } else if (pipe->in_at > 0) {
        memmove(pipe->in, pipe->in + pipe->in_at, pipe->in_len);
        pipe->in_at = 0;
    }
    size_t taken = smaller(len, sizeof(pipe->in) - pipe->in_len);
    if (taken > 0)
        memcpy(pipe->in + pipe->in_len, buf, taken);
    pipe->in_len += taken;
    return taken;
}

size_t auger_tls_pipe_pull(struct auger_tls_pipe *pipe, uint8_t *buf, size_t cap)
{
    size_t len = smaller(pipe->in_len, cap);

    if (len > 0)
        memcpy(buf, pipe->in + pipe->in_at, len);
    pipe->in_at += len;
    pipe->in_len = pipe->datagrams ? 0 : pipe->in_len - len;
    return len;
}

/* --- out ----------------------------------------------------------------------------------- */

static void count_datagram(struct auger_tls_pipe *pipe, size_t len)
{
    size_t last = pipe->lens_len - 1;

    if (pipe->packs && pipe->lens_len > 0 && pipe->lens[last] + len <= pipe->mtu)
        pipe->lens[last] += (uint16_t)len;
    else
        pipe->lens[pipe->lens_len++] = (uint16_t)len;
}

size_t auger_tls_pipe_push(struct auger_tls_pipe *pipe, const uint8_t *buf, size_t len)
{
    if (pipe->datagrams) {
        if (len > auger_tls_pipe_room(pipe))
            return len;
        count_datagram(pipe, len);
    }
    len = smaller(len, auger_tls_pipe_room(pipe));
    memcpy(pipe->out + pipe->out_len, buf, len);
    pipe->out_len += len;
    return len;
}

size_t auger_tls_pipe_take(struct auger_tls_pipe *pipe, uint8_t *buf, size_t cap)
{
    size_t len = pipe->datagrams ? (pipe->lens_len > 0 ? pipe->lens[0] : 0) : pipe->out_len;

    if (pipe->datagrams && len > cap)
        return 0;
    len = smaller(len, cap);
    if (len == 0)
        return 0;
    memcpy(buf, pipe->out, len);
    pipe->out_len -= len;
    memmove(pipe->out, pipe->out + len, pipe->out_len);
    if (pipe->datagrams)
        memmove(pipe->lens, pipe->lens + 1, --pipe->lens_len * sizeof(pipe->lens[0]));
    return len;
}

/* Of datagrams: for one more of any length. */
size_t auger_tls_pipe_room(const struct auger_tls_pipe *pipe)
{
    if (pipe->datagrams && pipe->lens_len == AUGER_TLS_OUT_DATAGRAMS)
        return 0;
    return sizeof(pipe->out) - pipe->out_len;
}
