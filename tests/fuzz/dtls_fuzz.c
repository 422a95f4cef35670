/* fuzz: reaches auger_record_filter_split auger_record_filter_take_verify may_pass_handshake */
/* fuzz: reaches is_due keep_verify take_hint insert auger_fingerprint_parse read_value */
/* fuzz: reaches feed hold feed_first_held obey_verify_request auger_dtls_outbox_take */
/* The first byte says what: 'F' a fingerprint; 'R' flags and a datagram for the record
 * filter; else the script of an association with a stranger: what comes, and when. */
#include <auger/dtls.h>

#include "base/bytes.h"
#include "crypto/record_filter.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <sys/time.h>

#define DATAGRAM_MAX 2048
#define STEPS_MAX 60
#define BLOCKS_MAX 12 /* a certificate, an association, its backend, 8 held and one in hand */

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* --- the world ---------------------------------------------------------------------------- */

static struct {
    auger_time now;
    size_t blocks;
} world;

AUGER_API int gettimeofday(struct timeval *restrict tv, void *restrict tz);
int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    (void)tz;
    tv->tv_sec = world.now / AUGER_SEC;
    tv->tv_usec = world.now % AUGER_SEC / AUGER_US;
    return 0;
}

static int fill(void *user, uint8_t *buf, size_t len)
{
    (void)user;
    memset(buf, 7, len);
    return 0;
}

static void *allocate(void *user, size_t size)
{
    (void)user;
    require(++world.blocks <= BLOCKS_MAX);
    return calloc(1, size);
}

static void release(void *user, void *ptr)
{
    (void)user;
    world.blocks--;
    free(ptr);
}

static const struct auger_env env = {.random = fill, .alloc = allocate, .release = release};

/* --- a fingerprint ------------------------------------------------------------------------- */

static void read_fingerprint(const uint8_t *data, size_t size)
{
    struct auger_fingerprint fingerprint;

    if (auger_fingerprint_parse(&fingerprint, (const char *)data, size) < 0)
        return;
    require(fingerprint.len == 32 || fingerprint.len == 48 || fingerprint.len == 64);
    require(size == 8 + fingerprint.len * 3 - 1);
    require(memchr(fingerprint.hash, '\0', sizeof(fingerprint.hash)) != NULL);
}

/* --- the record filter ------------------------------------------------------------------------ */

static void check_fragments(struct auger_reader r, enum auger_dtls_role role)
{
    static const uint32_t to_client = 1u << 2 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14;
    static const uint32_t to_server = 1u << 1 | 1u << 11 | 1u << 15 | 1u << 16;

    while (r.left > 0) {
        uint8_t type = auger_read_u8(&r);
        uint32_t len = auger_read_u24(&r);
        uint16_t seq = auger_read_u16(&r);
        uint32_t offset = auger_read_u24(&r), fragment = auger_read_u24(&r);
        require(auger_read_bytes(&r, fragment) != NULL || fragment == 0);
        require(!r.failed && seq <= 8 && len <= (type == 11 ? 16384 : 4096));
        require(offset + fragment <= len && (fragment > 0 || len == 0));
        require(type < 32 && (role == AUGER_DTLS_CLIENT ? to_client : to_server) >> type & 1);
    }
}

/* Each of the records is what its part may have; their number. */
static size_t check_part(const uint8_t *buf, size_t len, uint16_t epoch, uint64_t *seq,
                         enum auger_dtls_role role)
{
    struct auger_reader r = auger_reader(buf, len);
    size_t records = 0;

    for (; r.left > 0; records++) {
        uint8_t type = auger_read_u8(&r);
        require(auger_read_u16(&r) >= 0xFEFD && auger_read_u16(&r) == epoch);
        uint64_t number = auger_read_uint(&r, 6);
        size_t body = auger_read_u16(&r);
        struct auger_reader inner = auger_reader(auger_read_bytes(&r, body), body);
        require(!r.failed && body > 0 && type >= 20 && type <= 23);
        if (epoch == 0) {
            require(number == (*seq)++ && (type == 20 || type == 22));
            require(type == 22 || (body == 1 && inner.at[0] == 1));
            if (type == 22)
                check_fragments(inner, role);
        } else {
            require(body >= 25 && type != 20);
        }
    }
    return records;
}

static void filter_datagram(const uint8_t *data, size_t size)
{
    struct auger_record_filter filter = {.is_server = data[0] & 1,
                                         .finished = data[0] & 2,
                                         .has_hello = (data[0] & 5) == 4,
                                         .has_verified = (data[0] & 9) == 8};
    enum auger_dtls_role role = data[0] & 1 ? AUGER_DTLS_SERVER : AUGER_DTLS_CLIENT;
    uint64_t seq = 0;
    size_t len = size - 1;
    uint8_t *out = malloc(len ? len : 1), verify[AUGER_VERIFY_MAX];

    require(out != NULL);
    struct auger_record_parts parts = auger_record_filter_split(&filter, data + 1, len, out);
    size_t total = parts.clear + parts.handshake + parts.sealed;
    require(total <= len);
    require(!filter.finished || parts.clear + parts.handshake == 0);
    check_part(out, parts.clear, 0, &seq, role);
    check_part(out + parts.clear, parts.handshake + parts.sealed, 1, &seq, role);
    require(seq == filter.next_seq);
    size_t verify_len = auger_record_filter_take_verify(&filter, verify);
    require(verify_len == 0 || (verify_len >= 28 && !filter.finished && filter.has_verified &&
                                !filter.is_server && verify[13] == 3));
    free(out);
}

/* --- an association and a stranger
 * ---------------------------------------------------------------- */

struct stage {
    struct auger_dtls *dtls;
    bool is_over;
};

static void look(struct stage *stage)
{
    struct auger_dtls_event event;
    struct auger_bytes data;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;

    require(!auger_dtls_read(stage->dtls, world.now, &data));
    while ((len = auger_dtls_poll_transmit(stage->dtls, world.now, buf, sizeof(buf))) > 0)
        require(len <= 1200);
    while (auger_dtls_poll_event(stage->dtls, &event)) {
        require(!stage->is_over && event.type == AUGER_DTLS_EVENT_FAILED);
        stage->is_over = true;
    }
    require(auger_dtls_get_state(stage->dtls) != AUGER_DTLS_CONNECTED);
    require(stage->is_over == (auger_dtls_get_state(stage->dtls) == AUGER_DTLS_FAILED));
    require(auger_dtls_export(stage->dtls, "label", buf, 16) == AUGER_ERR_STATE);
}

static void wait(struct stage *stage, auger_time time)
{
    auger_time limit = world.now + time;

    while (world.now < limit) {
        auger_time next = auger_dtls_next_timeout(stage->dtls);
        world.now = next < limit ? next : limit;
        auger_dtls_handle_timeout(stage->dtls, world.now);
        require(auger_dtls_next_timeout(stage->dtls) > world.now);
        look(stage);
    }
}

/* What, its length, and as many bytes of a datagram. */
static void step(struct stage *stage, struct auger_reader *r)
{
    struct auger_fingerprint fingerprint = {.hash = "sha-256", .len = 32};
    uint8_t what = auger_read_u8(r);
    size_t len = auger_read_u16(r);

    if (r->failed)
        return;
    if (what % 8 == 0) {
        (void)!auger_dtls_start(stage->dtls, world.now,
                                what & 8 ? AUGER_DTLS_SERVER : AUGER_DTLS_CLIENT);
    } else if (what % 8 == 1) {
        (void)!auger_dtls_set_remote_fingerprints(stage->dtls, world.now, &fingerprint, 1);
    } else if (what % 8 == 2) {
        wait(stage, (auger_time)len * AUGER_MS);
    } else {
        len = len < r->left ? len : r->left;
        const uint8_t *datagram = auger_read_bytes(r, len);
        auger_dtls_handle_datagram(stage->dtls, world.now, datagram, len);
    }
    look(stage);
}

static void play(const uint8_t *data, size_t size)
{
    static struct auger_certificate *certificate;
    struct auger_dtls_config config;
    struct auger_reader r = auger_reader(data, size);
    struct stage stage = {0};

    if (!certificate)
        require(auger_certificate_new(&certificate, &env) == 0);
    auger_dtls_config_init(&config);
    config.certificate = certificate;
    require(auger_dtls_new(&stage.dtls, &env, &config) == 0);
    for (int i = 0; i < STEPS_MAX && r.left > 0; i++)
        step(&stage, &r);
    auger_dtls_free(stage.dtls);
    require(world.blocks == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    world.now = AUGER_SEC;
    if (size > 0 && data[0] == 'F')
        read_fingerprint(data + 1, size - 1);
    else if (size > 1 && data[0] == 'R')
        filter_datagram(data + 1, size - 1 > DATAGRAM_MAX + 1 ? DATAGRAM_MAX + 1 : size - 1);
    else
        play(data, size);
    return 0;
}
