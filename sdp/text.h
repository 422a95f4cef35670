/* sdp/text.h - slices of the parsed description: comparing, splitting, reading numbers. */
#ifndef AUGER_SDP_TEXT_H
#define AUGER_SDP_TEXT_H

#include <auger/sdp.h>

#include <string.h>

static inline bool auger_text_equal(struct auger_text a, struct auger_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool auger_text_is(struct auger_text text, const char *literal)
{
    return auger_text_equal(text, (struct auger_text){literal, strlen(literal)});
}

/* Takes what stands before the first `at` out of `rest`, and `at` with it; all
 * of `rest` when there is none. */
struct auger_text auger_text_take_until(struct auger_text *rest, char at);
/* Takes the next word, separated by any number of spaces; empty at the end. */
struct auger_text auger_text_take_word(struct auger_text *rest);

/* Decimal digits alone, at most `max`: false for a sign, a blank, an overflow. */
bool auger_text_to_uint(struct auger_text text, uint64_t max, uint64_t *value);
bool auger_text_has_leading_zero(struct auger_text text);

/* Letters, digits, '+' and '/', from `min` to `max` of them (RFC 8839 section 5.4). */
bool auger_text_is_ice_chars(struct auger_text text, size_t min, size_t max);
/* An RFC 8866 token, the shape of names and tags. */
bool auger_text_is_token(struct auger_text text);

#endif /* AUGER_SDP_TEXT_H */
