/* turn/unicode.c - OpaqueString beyond ASCII: RFC 8265 section 4.2, the FreeformClass of RFC 8264
 * sections 4.3, 8 and 9, and the rules of RFC 5892 appendix A for code points that depend on their
 * neighbours.  libunistring has the tables. */
#include "turn/unicode.h"

#if !defined(AUGER_HAVE_UNISTRING) || defined(AUGER_WITHOUT_UNISTRING) /* the latter: a test's */

int auger_unicode_prepare(const uint8_t *text, size_t len, uint8_t *out, size_t cap)
{
    (void)text, (void)len, (void)out, (void)cap;
    return AUGER_ERR_UNSUPPORTED;
}

#else

#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct range {
    uint32_t first, last;
};

static bool is_in(uint32_t c, const struct range *ranges, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* --- code points by themselves ------------------------------------------------------------- */

/* 8264, 9.6 */
static bool is_refused(uint32_t c)
{
    static const struct range refused[] = {
        {0x0640, 0x0640}, {0x07FA, 0x07FA}, {0x302E, 0x302F}, {0x3031, 0x3035}, {0x303B, 0x303B}};

    return is_in(c, refused, COUNT(refused));
}

/* 8264, 9.10, 9.13 */
static bool is_ignorable(uint32_t c)
{
    static const struct range old_jamo[] = {{0x1100, 0x11FF}, {0xA960, 0xA97C}, {0xD7B0, 0xD7FB}};

    return is_in(c, old_jamo, COUNT(old_jamo)) || uc_is_property_default_ignorable_code_point(c) ||
           uc_is_property_not_a_character(c);
}

/* 8264, 9.1, 9.2, 9.14 to 9.18 */
static bool is_freeform(uint32_t c)
{
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M |
                                                   UC_CATEGORY_MASK_N | UC_CATEGORY_MASK_S |
                                                   UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_Zs);
}

/* --- those that depend on their neighbours: RFC 5892, A.1 to A.9 --------------------------- */

struct word {
    const uint32_t *text;
    size_t len;
};

static uint32_t at(const struct word *word, size_t i)
{
    return i < word->len ? word->text[i] : 0;
}

static bool has_script(uint32_t c, const char *name)
{
    const uc_script_t *script = uc_script(c);

    return script && strcmp(script->name, name) == 0;
}

/* The joining type of the nearest neighbour that is not transparent. */
static int joining_beyond(const struct word *word, size_t i, int step)
{
    do {
        i += (size_t)step; /* SIZE_MAX before the first */
    } while (i < word->len && uc_joining_type(word->text[i]) == UC_JOINING_TYPE_T);
    return i < word->len ? uc_joining_type(word->text[i]) : UC_JOINING_TYPE_U;
}

static bool may_join(const struct word *word, size_t i)
{
    bool is_after_virama = i > 0 && uc_combining_class(word->text[i - 1]) == UC_CCC_VR;
    int before = joining_beyond(word, i, -1), after = joining_beyond(word, i, 1);

    if (is_after_virama || word->text[i] == 0x200D)
        return is_after_virama;
    return (before == UC_JOINING_TYPE_L || before == UC_JOINING_TYPE_D) &&
           (after == UC_JOINING_TYPE_R || after == UC_JOINING_TYPE_D);
}

static bool has_kana_or_han(const struct word *word)
{
    for (size_t i = 0; i < word->len; i++)
        if (has_script(word->text[i], "Hiragana") || has_script(word->text[i], "Katakana") ||
            has_script(word->text[i], "Han"))
            return true;
    return false;
}

static bool has_any(const struct word *word, uint32_t first, uint32_t last)
{
    const struct range range = {first, last};

    for (size_t i = 0; i < word->len; i++)
        if (is_in(word->text[i], &range, 1))
            return true;
    return false;
}

static bool fits(const struct word *word, size_t i)
{
    uint32_t c = word->text[i];

    switch (c) {
    case 0x200C:
    case 0x200D:
        return may_join(word, i);
    case 0x00B7:
        return i > 0 && word->text[i - 1] == 'l' && at(word, i + 1) == 'l';
    case 0x0375:
        return has_script(at(word, i + 1), "Greek");
    case 0x05F3:
    case 0x05F4:
        return i > 0 && has_script(word->text[i - 1], "Hebrew");
    case 0x30FB:
        return has_kana_or_han(word);
    default:
        break;
    }
    if (c >= 0x0660 && c <= 0x0669)
        return !has_any(word, 0x06F0, 0x06F9);
    if (c >= 0x06F0 && c <= 0x06F9)
        return !has_any(word, 0x0660, 0x0669);
    return !is_refused(c) && !is_ignorable(c) && is_freeform(c);
}

/* --- the whole text ------------------------------------------------------------------------ */

/* 8265, 4.2.2: rules 2 and 4.  A block of the library's, or NULL. */
static uint32_t *map(const uint8_t *text, size_t len, size_t *out_len)
{
    size_t wide_len;
    uint32_t *wide = u8_to_u32(text, len, NULL, &wide_len);

    for (size_t i = 0; wide && i < wide_len; i++)
        if (uc_is_general_category_withtable(wide[i], UC_CATEGORY_MASK_Zs))
            wide[i] = ' ';
    uint32_t *normal = wide ? u32_normalize(UNINORM_NFC, wide, wide_len, NULL, out_len) : NULL;
    free(wide);
    return normal;
}

static bool is_allowed(const struct word *word)
{
    for (size_t i = 0; i < word->len; i++)
        if (!fits(word, i))
            return false;
    return true;
}

static int write(const struct word *word, uint8_t *out, size_t cap)
{
    size_t len;
    uint8_t *text = u32_to_u8(word->text, word->len, NULL, &len);
    int err = !text ? AUGER_ERR_NO_MEMORY : len > cap ? AUGER_ERR_INVALID : (int)len;

    if (err > 0)
        memcpy(out, text, len);
    free(text);
    return err;
}

int auger_unicode_prepare(const uint8_t *text, size_t len, uint8_t *out, size_t cap)
{
    struct word word;

    if (u8_check(text, len))
        return AUGER_ERR_INVALID;
    uint32_t *wide = map(text, len, &word.len);
    if (!wide)
        return AUGER_ERR_NO_MEMORY;
    word.text = wide;
    int err = is_allowed(&word) ? write(&word, out, cap) : AUGER_ERR_INVALID;
    free(wide);
    return err;
}

#endif
