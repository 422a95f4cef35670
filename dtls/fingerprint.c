/* dtls/fingerprint.c - reading a fingerprint: RFC 8122 section 5. */
#include "dtls/fingerprint.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    size_t len;
} hashes[] = {{"sha-256", 32}, {"sha-384", 48}, {"sha-512", 64}};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* "AB:CD:...", `out_len` bytes of it. */
static bool read_value(const char *text, size_t len, uint8_t *out, size_t out_len)
{
    if (len != out_len * 3 - 1)
        return false;
    for (size_t i = 0; i < out_len; i++, text += 3) {
        int high = hex_digit(text[0]), low = hex_digit(text[1]);
        if (high < 0 || low < 0 || (i + 1 < out_len && text[2] != ':'))
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

int auger_fingerprint_parse(struct auger_fingerprint *out, const char *text, size_t len)
{
    const char *space = memchr(text, ' ', len);
    struct auger_fingerprint fingerprint = {0};

    if (!space || space == text)
        return AUGER_ERR_MALFORMED;
    size_t name_len = (size_t)(space - text);
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        if (strlen(hashes[i].name) != name_len || strncasecmp(hashes[i].name, text, name_len) != 0)
            continue;
        memcpy(fingerprint.hash, hashes[i].name, name_len + 1);
        fingerprint.len = hashes[i].len;
        if (!read_value(space + 1, len - name_len - 1, fingerprint.value, fingerprint.len))
            return AUGER_ERR_MALFORMED;
        *out = fingerprint;
        return 0;
    }
    return AUGER_ERR_UNSUPPORTED;
}
