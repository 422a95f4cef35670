/* fuzz: reaches auger_stun_is_message auger_stun_msg_parse take_attr has_valid_value */
/* fuzz: reaches has_valid_addr read_error_code note_unknown is_covered auger_stun_msg_has */
/* fuzz: reaches auger_stun_msg_bytes auger_stun_msg_u32 auger_stun_msg_u64 auger_stun_msg_addr */
/* fuzz: reaches auger_stun_msg_verify auger_stun_msg_fingerprint_ok auger_stun_server_answer */
/* fuzz: reaches has_valid_algorithms auger_stun_msg_password_algorithm refuse_unknown */
/* fuzz: reaches refuse_behaviour_discovery auger_stun_build_end */
/* Any datagram is parsed and read in every way; what parses is written again, and
 * the copy must say the same; what the Binding server answers must be an answer. */
#include <auger/stun.h>

#include <stdlib.h>
#include <string.h>

#define UDP_IP_LEN 28 /* of the headers beneath a datagram, at least */

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct auger_stun_key *key(void)
{
    static struct auger_stun_key *made;

    if (!made)
        require(auger_stun_key_new(&made, (const uint8_t *)"VOkJxbRl1RmTxUk/WvJxBt", 22) == 0);
    return made;
}

/* So that a wrong bound shows. */
static void touch(const struct auger_bytes *bytes)
{
    for (size_t i = 0; i < bytes->len; i++)
        (void)*(const volatile uint8_t *)&bytes->data[i];
}

/* Every way to read an attribute. */
static void read_attr(const struct auger_stun_msg *msg, uint16_t type)
{
    struct auger_bytes bytes;
    struct auger_addr addr;
    uint64_t u64;
    uint32_t u32;

    require(auger_stun_msg_has(msg, type) && auger_stun_msg_bytes(msg, type, &bytes));
    require(bytes.data >= msg->buf + AUGER_STUN_HEADER_LEN + 4 &&
            bytes.data + bytes.len <= msg->buf + msg->len);
    touch(&bytes);
    require(auger_stun_msg_u32(msg, type, &u32) == (bytes.len == 4));
    require(auger_stun_msg_u64(msg, type, &u64) == (bytes.len == 8));
    if (auger_stun_msg_addr(msg, type, &addr))
        require(addr.family == (bytes.len == 8 ? AUGER_IPV4 : AUGER_IPV6));
    int algorithm = auger_stun_msg_password_algorithm(msg, type);
    require(algorithm < 0 || algorithm == AUGER_STUN_MD5 || algorithm == AUGER_STUN_SHA256);
}

static void read_all(const struct auger_stun_msg *msg)
{
    require(msg->attrs_len <= AUGER_STUN_ATTRS_MAX && msg->unknown_len <= AUGER_STUN_UNKNOWN_MAX);
    require(msg->error_code == 0 || (msg->error_code >= 300 && msg->error_code <= 699));
    for (size_t i = 0; i < msg->attrs_len; i++)
        read_attr(msg, msg->attrs[i].type);
    for (size_t i = 0; i < msg->unknown_len; i++)
        for (size_t j = 0; j < i; j++)
            require(msg->unknown[i] < 0x8000 && msg->unknown[i] != msg->unknown[j]);
    (void)!auger_stun_msg_verify(msg, key());
    (void)auger_stun_msg_fingerprint_ok(msg);
}

static bool is_trailer(uint16_t type)
{
    return type == AUGER_STUN_ATTR_MESSAGE_INTEGRITY || type == AUGER_STUN_ATTR_FINGERPRINT ||
           type == AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256;
}

/* The same attributes, sealed with our own key. */
static void write_again(const struct auger_stun_msg *msg)
{
    static uint8_t buf[AUGER_STUN_STREAM_MAX + 128];
    struct auger_stun_msg copy;
    struct auger_stun_builder b;
    size_t kept = 0;

    auger_stun_build_begin(&b, buf, sizeof(buf), msg->class_, msg->method, &msg->tid);
    for (size_t i = 0; i < msg->attrs_len; i++)
        if (!is_trailer(msg->attrs[i].type))
            auger_stun_build_bytes(&b, msg->attrs[i].type, msg->buf + msg->attrs[i].offset,
                                   msg->attrs[i].len);
    auger_stun_build_integrity(&b, key());
    auger_stun_build_integrity_sha256(&b, key());
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    require(len > 0);
    if (len > AUGER_STUN_STREAM_MAX || msg->attrs_len > AUGER_STUN_ATTRS_MAX - 3)
        return;

    require(auger_stun_msg_parse(&copy, buf, (size_t)len) == 0);
    require(auger_stun_msg_verify(&copy, key()) == 0 && auger_stun_msg_fingerprint_ok(&copy));
    require(copy.class_ == msg->class_ && copy.method == msg->method &&
            copy.error_code == msg->error_code);
    for (size_t i = 0; i < msg->attrs_len; i++) {
        const struct auger_stun_attr_view *was = &msg->attrs[i], *is = &copy.attrs[kept];
        if (is_trailer(was->type))
            continue;
        require(is->type == was->type && is->len == was->len &&
                memcmp(buf + is->offset, msg->buf + was->offset, is->len) == 0);
        kept++;
    }
}

static void answer(const uint8_t *data, size_t size)
{
    const struct auger_addr from = {.family = AUGER_IPV4, .port = 32853, .ip = {192, 0, 2, 1}};
    uint8_t reply[AUGER_DATAGRAM_MAX];
    struct auger_stun_msg asked, msg;
    struct auger_addr mapped;

    size_t len = auger_stun_server_answer(&from, data, size, reply, sizeof(reply));
    if (len == 0)
        return;
    require(10 * (len + UDP_IP_LEN) <= 17 * (size + UDP_IP_LEN));
    require(auger_stun_msg_parse(&asked, data, size) == 0 && asked.class_ == AUGER_STUN_REQUEST);
    require(auger_stun_msg_parse(&msg, reply, len) == 0 && msg.method == AUGER_STUN_BINDING);
    require(memcmp(&msg.tid, &asked.tid, sizeof(msg.tid)) == 0);
    if (msg.class_ == AUGER_STUN_ERROR)
        require(msg.error_code == AUGER_STUN_UNKNOWN_ATTRIBUTE &&
                auger_stun_msg_has(&msg, AUGER_STUN_ATTR_UNKNOWN_ATTRIBUTES));
    else
        require(auger_stun_msg_addr(&msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped) &&
                auger_addr_equal(&mapped, &from));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct auger_stun_msg msg;

    if (auger_stun_msg_parse(&msg, data, size) == 0) {
        require(auger_stun_is_message(data, size));
        read_all(&msg);
        write_again(&msg);
    }
    answer(data, size);
    return 0;
}
