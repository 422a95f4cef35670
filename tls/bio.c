/* tls/bio.c - OpenSSL reads from the pipe and writes into it. */
#include "tls/bio.h"

#include "base/bytes.h"

#define RECORD_HEADER 13 /* RFC 6347 section 4.1 */

/* --- bytes and datagrams ------------------------------------------------------------------- */

/* Never 0, which would mean that nothing will ever come. */
static int bio_read(BIO *handle, char *buf, int cap)
{
    struct auger_tls_bio *bio = BIO_get_data(handle);

    BIO_clear_retry_flags(handle);
    size_t len = auger_tls_pipe_pull(bio->pipe, (uint8_t *)buf, (size_t)cap);
    if (len > 0)
        return (int)len;
    BIO_set_retry_read(handle);
    return -1;
}

/* Gives each record in clear the next of our numbers: nothing proves that number, and OpenSSL
 * counts from 0. */
static void number_records(struct auger_tls_bio *bio, uint8_t *buf, size_t len)
{
    for (size_t at = 0; at + RECORD_HEADER <= len;) {
        struct auger_reader r = auger_reader(buf + at + 3, RECORD_HEADER - 3);
        struct auger_writer w = auger_writer(buf + at + 5, 6);
        bool is_clear = auger_read_u16(&r) == 0;
        if (is_clear)
            auger_write_uint(&w, bio->next_seq++, 6);
        (void)auger_read_bytes(&r, 6);
        at += RECORD_HEADER + auger_read_u16(&r);
    }
}

static int bio_write(BIO *handle, const char *data, int len)
{
    struct auger_tls_bio *bio = BIO_get_data(handle);
    struct auger_tls_pipe *pipe = bio->pipe;
    size_t before = pipe->out_len;

    BIO_clear_retry_flags(handle);
    size_t taken = auger_tls_pipe_push(pipe, (const uint8_t *)data, (size_t)len);
    if (bio->numbers)
        number_records(bio, pipe->out + before, pipe->out_len - before);
    if (taken > 0)
        return (int)taken;
    BIO_set_retry_write(handle);
    return -1;
}

/* --- the method ---------------------------------------------------------------------------- */

static long bio_ctrl(BIO *handle, int command, long number, void *pointer)
{
    (void)number;
    if (command == BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT)
        auger_dtls_timer_show(&((struct auger_tls_bio *)BIO_get_data(handle))->timer, pointer);
    return command == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *handle)
{
    BIO_set_init(handle, 1);
    return 1;
}

BIO_METHOD *auger_tls_bio_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 0x7E, "auger pipe");

    if (method && BIO_meth_set_read(method, bio_read) && BIO_meth_set_write(method, bio_write) &&
        BIO_meth_set_ctrl(method, bio_ctrl) && BIO_meth_set_create(method, bio_create))
        return method;
    BIO_meth_free(method);
    return NULL;
}

BIO *auger_tls_bio_new(const BIO_METHOD *method, struct auger_tls_bio *bio)
{
    BIO *handle = BIO_new(method);

    if (handle)
        BIO_set_data(handle, bio);
    return handle;
}
