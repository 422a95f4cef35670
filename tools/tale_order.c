/* tools/tale_order.c - in which order a tale is told, and what of it is not worth telling. */
#include "tools/tale.h"

#include <string.h>

static bool is_at_gate(const struct tale_beat *beat)
{
    return beat->what == TALE_WRITES || beat->what == TALE_PASSES || beat->what == TALE_FALLS;
}

/* Whether the order of any of these and any of those matters to a gateway. */
static bool clash(const struct tale_beat *these, size_t these_len, const struct tale_beat *those,
                  size_t those_len)
{
    for (size_t i = 0; i < these_len; i++)
        for (size_t j = 0; j < those_len; j++)
            if (is_at_gate(&these[i]) && is_at_gate(&those[j]) && these[i].place == those[j].place)
                return true;
    return false;
}

/* Brings beats[to] to beats[from], and what lies between one further. */
static void pull(struct tale_beat *beats, size_t from, size_t to)
{
    struct tale_beat beat = beats[to];

    memmove(&beats[from + 1], &beats[from], (to - from) * sizeof(beat));
    beats[from] = beat;
}

void tale_put_in_order(struct tale *tale)
{
    struct tale_beat *beats = tale->beats;

    for (size_t first = 0; first < tale->beats_len;) {
        size_t begin = first, next = first + 1;

        for (size_t j = next; beats[begin].what <= TALE_FALLS && j < tale->beats_len &&
                              beats[j].at == beats[begin].at;
             j++) {
            if (beats[j].what > TALE_FALLS || beats[j].journey != beats[begin].journey)
                continue;
            if (!clash(&beats[next], j - next, &beats[j], 1)) {
                pull(beats, next++, j);
            } else if (!clash(&beats[next], j - next, &beats[begin], next - begin)) {
                size_t between = j - next;
                for (size_t i = 0; i < between; i++)
                    pull(beats, begin + i, next + i);
                begin += between;
                next = j + 1;
            } else {
                break;
            }
        }
        first += begin == first; /* else others have come to stand here */
    }
}

bool tale_is_tedious(const struct tale *tale, const struct tale_beat *beat)
{
    if (beat->what > TALE_FALLS || beat->what == TALE_WRITES)
        return false;
    if (beat + 1 < tale->beats + tale->beats_len && beat[1].what == TALE_WRITES &&
        beat[1].journey == beat->journey)
        return false;
    const struct tale_journey *journey = &tale->journeys[beat->journey];
    bool gets_in = beat->what == TALE_ARRIVES || (beat->what == TALE_PASSES && !beat->outward);
    if (journey->is_repeated)
        return !gets_in || journey->topic <= TALE_SERVER_ANSWERS;
    bool is_late = tale->end != TALE_APART && beat->at > tale->ended_at;
    return is_late && journey->topic != TALE_DATA && !journey->nominates;
}
