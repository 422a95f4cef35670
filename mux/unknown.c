/* mux/unknown.c - checks of names that no session has.  What a stranger sends is kept in
 * one small ring; beyond its room and the rate it is counted. */
#include "mux/unknown.h"

#include "base/time.h"

#include <string.h>

/* The same names are not told again so soon: a peer repeats its check until it is answered. */
#define TELL_AGAIN (1 * AUGER_SEC)
#define ONE 1000000000u /* a telling, in billionths */

/* --- the rate ---------------------------------------------------------------------------- */

/* What a second brings is the most that is saved. */
static void save(struct auger_mux_unknowns *unknowns, auger_time now, uint16_t per_s)
{
    auger_time passed = now - unknowns->credit_at;

    unknowns->credit_at = now;
    if (passed >= AUGER_SEC || unknowns->credit + (uint64_t)passed * per_s > (uint64_t)ONE * per_s)
        unknowns->credit = (uint64_t)ONE * per_s;
    else if (passed > 0)
        unknowns->credit += (uint64_t)passed * per_s;
}

static bool spend(struct auger_mux *mux, auger_time now)
{
    save(&mux->unknowns, now, mux->config.unknown_per_s);
    if (mux->unknowns.credit < ONE)
        return false;
    mux->unknowns.credit -= ONE;
    return true;
}

/* --- the names ----------------------------------------------------------------------------- */

static bool is_ice_char(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

/* RFC 8839 section 5.4; false: it is no ufrag. */
static bool copy_ufrag(char out[AUGER_UFRAG_MAX], const uint8_t *text, size_t len)
{
    if (len < 4 || len >= AUGER_UFRAG_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_ice_char(text[i]))
            return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* RFC 8445 section 7.2.2: the name of who is asked, a colon, the name of who asks. */
static bool split(struct auger_mux_event *event, const struct auger_bytes *username)
{
    const uint8_t *colon = memchr(username->data, ':', username->len);

    if (!colon)
        return false;
    size_t ours_len = (size_t)(colon - username->data);
    return copy_ufrag(event->ours, username->data, ours_len) &&
           copy_ufrag(event->theirs, colon + 1, username->len - ours_len - 1);
}

/* --- the ring ------------------------------------------------------------------------------ */

/* Those that were told stay in the ring until their room is needed. */
static bool was_told(const struct auger_mux_unknowns *unknowns, auger_time now,
                     const struct auger_mux_event *event)
{
    for (size_t i = 0; i < AUGER_MUX_UNKNOWN_MAX; i++) {
        const struct auger_mux_event *told = &unknowns->items[i];
        if (strcmp(told->ours, event->ours) == 0 && strcmp(told->theirs, event->theirs) == 0 &&
            now < auger_time_add(unknowns->told_at[i], TELL_AGAIN))
            return true;
    }
    return false;
}

static bool has_room(const struct auger_mux_unknowns *unknowns, const struct auger_addr *from)
{
    size_t same = 0;

    for (uint8_t i = 0; i < unknowns->len; i++) {
        size_t at = (unknowns->first + i) % AUGER_MUX_UNKNOWN_MAX;
        same += auger_addr_ip_equal(&unknowns->items[at].path.remote, from);
    }
    return unknowns->len < AUGER_MUX_UNKNOWN_MAX && same < AUGER_MUX_UNKNOWN_PER_IP;
}

static void add(struct auger_mux_unknowns *unknowns, auger_time now,
                const struct auger_mux_event *event)
{
    size_t at = (unknowns->first + unknowns->len++) % AUGER_MUX_UNKNOWN_MAX;

    unknowns->items[at] = *event;
    unknowns->told_at[at] = now;
}

void auger_mux_note_unknown(struct auger_mux *mux, auger_time now, const struct auger_path *path,
                            const struct auger_bytes *username)
{
    struct auger_mux_event event = {.type = AUGER_MUX_EVENT_UNKNOWN, .path = *path};

    mux->counters.unknown_names++;
    if (!split(&event, username)) {
        mux->counters.malformed++;
        return;
    }
    if (was_told(&mux->unknowns, now, &event))
        return;
    if (has_room(&mux->unknowns, &path->remote) && spend(mux, now))
        add(&mux->unknowns, now, &event);
    else
        mux->counters.unknown_untold++;
}

bool auger_mux_poll_event(struct auger_mux *mux, struct auger_mux_event *event)
{
    struct auger_mux_unknowns *unknowns = &mux->unknowns;

    if (unknowns->len == 0)
        return false;
    *event = unknowns->items[unknowns->first];
    unknowns->first = (uint8_t)((unknowns->first + 1) % AUGER_MUX_UNKNOWN_MAX);
    unknowns->len--;
    return true;
}
