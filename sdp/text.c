/* sdp/text.c - slices of the parsed description. */
#include "sdp/text.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

struct auger_text auger_text_take_until(struct auger_text *rest, char at)
{
    struct auger_text taken = *rest;
    const char *found = rest->len ? memchr(rest->data, at, rest->len) : NULL;

    if (found)
        taken.len = (size_t)(found - rest->data);
    size_t used = taken.len + (found ? 1 : 0);
    if (used) {
        rest->data += used;
        rest->len -= used;
    }
    return taken;
}

struct auger_text auger_text_take_word(struct auger_text *rest)
{
    while (rest->len && *rest->data == ' ') {
        rest->data++;
        rest->len--;
    }
    return auger_text_take_until(rest, ' ');
}

bool auger_text_to_uint(struct auger_text text, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;

    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i]))
            return false;
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (digit > max || sum > (max - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

bool auger_text_has_leading_zero(struct auger_text text)
{
    return text.len > 1 && text.data[0] == '0';
}

bool auger_text_is_ice_chars(struct auger_text text, size_t min, size_t max)
{
    if (text.len < min || text.len > max)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '/')
            return false;
    }
    return true;
}

bool auger_text_is_token(struct auger_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (!is_alpha(c) && !is_digit(c) && (c == '\0' || !strchr("!#$%&'*+-.^_`{|}~", c)))
            return false;
    }
    return text.len > 0;
}
