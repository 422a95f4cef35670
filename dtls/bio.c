/* dtls/bio.c - one read and one write a datagram. */
#include "dtls/bio.h"
#include "crypto/record_filter.h"

/* --- datagrams --------------------------------------------------------------------- */

/* Never 0, which would mean that no datagram will ever come. */
static int bio_read(BIO *handle, char *buf, int cap)
{
    struct auger_bio *bio = BIO_get_data(handle);

    BIO_clear_retry_flags(handle);
    if (!bio->in.data) {
        BIO_set_retry_read(handle);
        return -1;
    }
    size_t len = bio->in.len < (size_t)cap ? bio->in.len : (size_t)cap;
    memcpy(buf, bio->in.data, len);
    bio->in = (struct auger_bytes){0};
    return (int)len;
}

static void hold_alert(struct auger_bio *bio, const uint8_t *buf, size_t len)
{
    if (len > sizeof(bio->alert))
        return;
    memcpy(bio->alert, buf, len);
    bio->alert_len = len;
}

static int bio_write(BIO *handle, const char *data, int len)
{
    struct auger_bio *bio = BIO_get_data(handle);
    const uint8_t *buf = (const uint8_t *)data;

    BIO_clear_retry_flags(handle);
    if (bio->sealed)
        auger_write_bytes(bio->sealed, buf, (size_t)len);
    else if (auger_record_is_plain_alert(buf, (size_t)len))
        hold_alert(bio, buf, (size_t)len);
    else
        auger_dtls_outbox_add(bio->outbox, buf, (size_t)len);
    return len;
}

void auger_bio_release_alert(struct auger_bio *bio)
{
    if (bio->alert_len > 0)
        auger_dtls_outbox_add(bio->outbox, bio->alert, bio->alert_len);
    bio->alert_len = 0;
}

/* --- the method ---------------------------------------------------------------------- */

static long bio_ctrl(BIO *handle, int command, long number, void *pointer)
{
    (void)number;
    if (command == BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT)
        auger_dtls_timer_show(&((struct auger_bio *)BIO_get_data(handle))->timer, pointer);
    return command == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *handle)
{
    BIO_set_init(handle, 1);
    return 1;
}

BIO_METHOD *auger_bio_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 0x7F, "auger datagrams");

    if (method && BIO_meth_set_read(method, bio_read) && BIO_meth_set_write(method, bio_write) &&
        BIO_meth_set_ctrl(method, bio_ctrl) && BIO_meth_set_create(method, bio_create))
        return method;
    BIO_meth_free(method);
    return NULL;
}

BIO *auger_bio_new(const BIO_METHOD *method, struct auger_bio *bio)
{
    BIO *handle = BIO_new(method);

    if (handle)
        BIO_set_data(handle, bio);
    return handle;
}
