/* tests/stun/message.h - messages put together byte by byte, without the builder under
 * test, and read with nothing behind them.  To be included first. */
#ifndef TESTS_STUN_MESSAGE_H
#define TESTS_STUN_MESSAGE_H

#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <auger/stun.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define REQUEST 0x0001
#define INDICATION 0x0011
#define SUCCESS 0x0101
#define FAILURE 0x0111

#define PASSWORD "VOkJxbRl1RmTxUk/WvJxBt" /* of RFC 5769 */

struct raw {
    uint8_t buf[70000];
    size_t len;
};

static inline void raw_put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void raw_set_length(struct raw *raw)
{
    raw_put16(raw->buf + 2, raw->len - 20);
}

static inline struct raw *raw_begin(struct raw *raw, uint16_t type)
{
    static const uint8_t rest[] = {0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

    raw_put16(raw->buf, type);
    memcpy(raw->buf + 4, rest, sizeof(rest));
    raw->len = 20;
    raw_set_length(raw);
    return raw;
}

/* `value` NULL: zeros.  The padding is not zero, and must not matter. */
static inline struct raw *raw_attr(struct raw *raw, uint16_t type, const void *value, size_t len)
{
    uint8_t *at = raw->buf + raw->len;
    size_t padded = (len + 3) & ~(size_t)3;

    assert_true(raw->len + 4 + padded <= sizeof(raw->buf));
    raw_put16(at, type);
    raw_put16(at + 2, len);
    memset(at + 4, 0, len);
    memset(at + 4 + len, 0xEE, padded - len);
    if (value && len)
        memcpy(at + 4, value, len);
    raw->len += 4 + padded;
    raw_set_length(raw);
    return raw;
}

/* The bytes again, ending where the next one may not be touched. */
static inline const uint8_t *at_the_edge(const uint8_t *buf, size_t len)
{
    enum { PAGE = 4096, PAGES = 20 };
    static uint8_t *pages;

    if (!pages) {
        pages = mmap(NULL, (PAGES + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                     -1, 0);
        assert_true(pages != MAP_FAILED);
        assert_int_equal(mprotect(pages + PAGES * PAGE, PAGE, PROT_NONE), 0);
    }
    assert_true(len <= PAGES * PAGE);
    uint8_t *at = pages + PAGES * PAGE - len;
    if (len)
        memcpy(at, buf, len);
    return at;
}

static inline int parse(struct auger_stun_msg *msg, const struct raw *raw)
{
    return auger_stun_msg_parse(msg, at_the_edge(raw->buf, raw->len), raw->len);
}

static inline void must_parse(struct auger_stun_msg *msg, const struct raw *raw)
{
    assert_int_equal(parse(msg, raw), 0);
}

static inline void must_refuse(const struct raw *raw)
{
    struct auger_stun_msg msg;

    assert_int_equal(parse(&msg, raw), AUGER_ERR_MALFORMED);
}

/* A file below tests/data, whole. */
static inline size_t load(const char *name, uint8_t *buf, size_t cap)
{
    char path[512];

    int path_len = snprintf(path, sizeof(path), "%s/%s", TEST_DATA, name);
    assert_in_range(path_len, 1, sizeof(path) - 1);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s is not there", path);
    size_t len = fread(buf, 1, cap, file);
    fclose(file);
    assert_true(len > 0 && len < cap);
    return len;
}

static inline struct auger_stun_key *key_of(const void *secret, size_t len)
{
    struct auger_stun_key *key;

    assert_int_equal(auger_stun_key_new(&key, secret, len), 0);
    return key;
}

static inline struct auger_addr addr_of(const char *text)
{
    struct auger_addr addr;

    assert_int_equal(auger_addr_parse(&addr, text), 0);
    return addr;
}

#endif /* TESTS_STUN_MESSAGE_H */
