/* tools/tale_svg.c - a tale as a sequence picture: who takes part stands on top, time goes down,
 * datagrams are arrows from one to the next, and what gateways write are notes on their lines. */
#include "tools/tale.h"

#include "sim/memory.h"

#include <string.h>

#define LEFT 110 /* of the first line */
#define RIGHT 90
#define APART 190
#define TOP 86 /* where time begins */
#define NOTE_WIDTH 288
#define NOTE_HEIGHT 18
#define TIME_MAX 32

struct picture {
    const struct tale *tale;
    FILE *out;
    bool *drawn; /* journeys */
    double *y;   /* of beats; 0: not drawn */
    double bottom;
};

static const char style[] =
    "<style>\n"
    ":root { --paper: #fff; --ink: #1f2328; --dim: #6e7781; --line: #afb8c1; --box: #f6f8fa;\n"
    "  --good: #1a7f37; --bad: #cf222e; --note: #fff8c5; --rim: #d4a72c; --told: #8250df; }\n"
    "@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3;\n"
    "  --dim: #8d96a0; --line: #484f58; --box: #161b22; --good: #3fb950; --bad: #f85149;\n"
    "  --note: #2e2a1f; --rim: #9e6a03; --told: #a371f7; } }\n"
    "text { font: 12px system-ui, sans-serif; fill: var(--ink); }\n"
    ".paper { fill: var(--paper); } .box { fill: var(--box); stroke: var(--line); }\n"
    ".name { font-weight: 600; font-size: 14px; text-anchor: middle; }\n"
    ".under { font-size: 11px; fill: var(--dim); text-anchor: middle; }\n"
    ".time { font-size: 11px; fill: var(--dim); text-anchor: end; }\n"
    ".life { stroke: var(--line); stroke-dasharray: 3 4; }\n"
    ".way { stroke: var(--ink); stroke-width: 1.3; fill: none; }\n"
    ".lost { stroke: var(--bad); stroke-width: 1.3; fill: none; }\n"
    ".told { stroke: var(--told); stroke-width: 1.3; stroke-dasharray: 6 4; fill: none; }\n"
    ".cross { stroke: var(--bad); stroke-width: 2.6; fill: none; }\n"
    ".says { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }\n"
    ".back { text-anchor: end; } .mid { text-anchor: middle; }\n"
    ".red { fill: var(--bad); font-size: 11px; } .green { fill: var(--good); }\n"
    ".violet { fill: var(--told); } .hole { fill: var(--good); }\n"
    ".note { fill: var(--note); stroke: var(--rim); } .guess { font-weight: 600; }\n"
    ".row { font: 11px ui-monospace, monospace; text-anchor: middle; }\n"
    ".end { font-weight: 600; font-size: 14px; }\n"
    "</style>\n";

static void put(struct picture *picture, const char *text)
{
    for (; *text; text++) {
        const char *safe = *text == '<'   ? "&lt;"
                           : *text == '>' ? "&gt;"
                           : *text == '&' ? "&amp;"
                           : *text == '"' ? "&quot;"
                                          : NULL;
        if (safe)
            fputs(safe, picture->out);
        else
            fputc(*text, picture->out);
    }
}

static void put_text(struct picture *picture, const char *look, double x, double y,
                     const char *text)
{
    fprintf(picture->out, "<text class=\"%s\" x=\"%g\" y=\"%g\">", look, x, y);
    put(picture, text);
    fputs("</text>\n", picture->out);
}

static double x_of(size_t place)
{
    return LEFT + (double)place * APART;
}

static double width_of(const struct picture *picture)
{
    return x_of(picture->tale->places_len - 1) + RIGHT;
}

/* --- where things stand --------------------------------------------------------------------- */

static bool is_of_datagram(const struct tale_beat *beat)
{
    return beat->what <= TALE_FALLS;
}

static bool is_shown(const struct picture *picture, const struct tale_beat *beat)
{
    if (is_of_datagram(beat))
        return picture->drawn[beat->journey];
    return beat->what == TALE_TOLD || beat->what >= TALE_PREDICTS ||
           (beat->what == TALE_STATE &&
            (strcmp(beat->words, "connected") == 0 || strcmp(beat->words, "failed") == 0));
}

/* Whole journeys or nothing of them. */
static void choose_journeys(struct picture *picture)
{
    const struct tale *tale = picture->tale;

    for (size_t i = 0; i < tale->beats_len; i++) {
        const struct tale_beat *beat = &tale->beats[i];
        if (!is_of_datagram(beat) || tale_is_tedious(tale, beat))
            continue;
        const struct tale_journey *journey = &tale->journeys[beat->journey];
        bool is_late = tale->end != TALE_APART && beat->at >= tale->ended_at;
        bool is_begun = picture->drawn[beat->journey] || beat->what == TALE_LEAVES ||
                        beat->what == TALE_WRITES || beat->what == TALE_ARRIVES;
        if (!journey->is_errand && is_begun &&
            (!is_late || picture->drawn[beat->journey] || journey->topic == TALE_DATA))
            picture->drawn[beat->journey] = true;
    }
}

/* The beat of the same datagram before this one, or NULL. */
static const struct tale_beat *beat_before(const struct picture *picture,
                                           const struct tale_beat *beat)
{
    const struct tale_beat *first = picture->tale->beats;

    for (const struct tale_beat *b = beat; b-- > first;)
        if (is_of_datagram(b) && b->what != TALE_WRITES && b->journey == beat->journey)
            return b;
    return NULL;
}

static double *y_of(const struct picture *picture, const struct tale_beat *beat)
{
    return &picture->y[beat - picture->tale->beats];
}

/* What happens to a datagram at one moment stands at one height. */
static void arrange(struct picture *picture)
{
    const struct tale *tale = picture->tale;
    double y = TOP;

    for (const struct tale_beat *beat = tale->beats; beat < tale->beats + tale->beats_len; beat++) {
        if (!is_shown(picture, beat))
            continue;
        const struct tale_beat *before = is_of_datagram(beat) ? beat_before(picture, beat) : NULL;
        if (beat->what == TALE_WRITES) {
            *y_of(picture, beat) = y + 6 + NOTE_HEIGHT / 2.0;
            y += NOTE_HEIGHT + 6;
        } else if (before && before->at == beat->at && *y_of(picture, before) > 0) {
            *y_of(picture, beat) = *y_of(picture, before);
        } else {
            y += beat->what == TALE_LEAVES || beat->what >= TALE_TOLD ? 26 : 18;
            *y_of(picture, beat) = y;
        }
    }
    picture->bottom = y + 24;
}

/* --- what is drawn -------------------------------------------------------------------------- */

static void draw_heads(struct picture *picture)
{
    const struct tale *tale = picture->tale;
    char text[AUGER_ADDR_TEXT_MAX + 40];

    for (size_t i = 0; i < tale->places_len; i++) {
        const struct tale_place *place = &tale->places[i];
        double x = x_of(i);

        fprintf(picture->out,
                "<line class=\"life\" x1=\"%g\" y1=\"%d\" x2=\"%g\" y2=\"%g\"/>\n"
                "<rect class=\"box\" x=\"%g\" y=\"14\" width=\"160\" height=\"52\" rx=\"6\"/>\n",
                x, TOP - 20, x, picture->bottom, x - 80);
        put_text(picture, "name", x, 35, place->name);
        text[0] = '\0';
        if (place->addr.family)
            auger_addr_format(&place->addr, text, sizeof(text));
        if (place->gate) { /* its port says nothing */
            char ip[AUGER_ADDR_TEXT_MAX];
            snprintf(ip, sizeof(ip), "%.*s", (int)strcspn(text, ":"), text);
            snprintf(text, sizeof(text), "%s%s%s", place->gate->title, ip[0] ? ", " : "", ip);
        }
        put_text(picture, "under", x, 54, text);
    }
}

static const char *time_text(auger_time at, char text[TIME_MAX])
{
    if (at < 10 * AUGER_SEC)
        snprintf(text, TIME_MAX, "%.0f ms", (double)at / (double)AUGER_MS);
    else
        snprintf(text, TIME_MAX, "%.1f s", (double)at / (double)AUGER_SEC);
    return text;
}

static void draw_time(struct picture *picture, const struct tale_beat *beat)
{
    char text[TIME_MAX];

    put_text(picture, "time", LEFT - 46, *y_of(picture, beat) + 4, time_text(beat->at, text));
}

static void draw_note(struct picture *picture, const struct tale_beat *beat)
{
    char inside[AUGER_ADDR_TEXT_MAX], outside[AUGER_ADDR_TEXT_MAX], row[160];
    double x = x_of(beat->place), y = *y_of(picture, beat);

    auger_addr_format(&beat->row.inside, inside, sizeof(inside));
    auger_addr_format(&beat->row.remote, outside, sizeof(outside));
    snprintf(row, sizeof(row), "%u | %s | %s", beat->row.external.port, inside, outside);
    fprintf(picture->out,
            "<rect class=\"note\" x=\"%g\" y=\"%g\" width=\"%d\" height=\"%d\" rx=\"3\"/>\n",
            x - NOTE_WIDTH / 2.0, y - NOTE_HEIGHT / 2.0, NOTE_WIDTH, NOTE_HEIGHT);
    put_text(picture, "row", x, y + 4, row);
}

static bool falls(const struct picture *picture, size_t journey)
{
    const struct tale *tale = picture->tale;

    for (size_t i = tale->beats_len; i-- > 0;)
        if (is_of_datagram(&tale->beats[i]) && tale->beats[i].journey == journey)
            return tale->beats[i].what == TALE_FALLS;
    return false;
}

static const char *reason(const struct tale_beat *beat)
{
    if (strcmp(beat->why, "filtered") == 0)
        return "no row lets it in";
    if (strcmp(beat->why, "no mapping") == 0)
        return "no such row";
    if (strcmp(beat->why, "no route") == 0)
        return "leads nowhere";
    return beat->why;
}

/* To the place of `beat`, or half of the way where it falls on a wire. */
static void draw_leg(struct picture *picture, const struct tale_beat *beat)
{
    const struct tale_beat *before = beat_before(picture, beat);
    bool is_end = beat->what != TALE_PASSES, is_lost = falls(picture, beat->journey);

    if (!before || *y_of(picture, before) <= 0)
        return;
    double x1 = x_of(before->place), y1 = *y_of(picture, before), y2 = *y_of(picture, beat);
    double x2 = beat->place < picture->tale->places_len ? x_of(beat->place) : x1 + APART / 2.0;
    double gap = !is_end || beat->what == TALE_FALLS ? 0 : x2 > x1 ? -2 : 2;
    fprintf(picture->out, "<line class=\"%s\" x1=\"%g\" y1=\"%g\" x2=\"%g\" y2=\"%g\"%s/>\n",
            is_lost ? "lost" : "way", x1, y1, x2 + gap, y2,
            beat->what == TALE_ARRIVES ? " marker-end=\"url(#head)\"" : "");
    if (beat->what == TALE_PASSES && !beat->outward)
        fprintf(picture->out, "<circle class=\"hole\" cx=\"%g\" cy=\"%g\" r=\"4\"/>\n", x2, y2);
    if (beat->what == TALE_FALLS)
        fprintf(picture->out, "<path class=\"cross\" d=\"M%g %gl10 10m0 -10l-10 10\"/>\n", x2 - 5,
                y2 - 5);
}

static void draw_reason(struct picture *picture, const struct tale_beat *beat)
{
    const struct tale_beat *before = beat_before(picture, beat);
    double x1 = before ? x_of(before->place) : 0;
    double x2 = beat->place < picture->tale->places_len ? x_of(beat->place) : x1 + APART / 2.0;
    bool goes_right = x2 > x1;

    put_text(picture, goes_right ? "says red" : "says red back", x2 + (goes_right ? 10 : -10),
             *y_of(picture, beat) + 4, reason(beat));
}

/* What it says stands where it enters the open, above its arrow. */
static void draw_words(struct picture *picture, const struct tale_beat *beat)
{
    const struct tale *tale = picture->tale;
    const struct tale_journey *journey = &tale->journeys[beat->journey];
    const struct tale_beat *end = tale->beats + tale->beats_len;
    size_t place = beat->place, last = beat->place;

    for (const struct tale_beat *b = beat; b < end; b++) {
        if (!is_of_datagram(b) || b->journey != beat->journey || b->place >= tale->places_len)
            continue;
        if (b->at == beat->at)
            place = b->place;
        last = b->place;
    }
    if (last == place) /* all at one moment */
        place = beat->place;
    bool goes_right = last > place;
    char words[TALE_WORDS_MAX + 16];
    snprintf(words, sizeof(words), "%s%s", journey->words, journey->by_stream ? " (TCP)" : "");
    put_text(picture, goes_right ? "says" : "says back", x_of(place) + (goes_right ? 8 : -8),
             *y_of(picture, beat) - 5, words);
}

static void draw_told_line(struct picture *picture, const struct tale_beat *beat)
{
    const struct tale *tale = picture->tale;
    bool is_bob = beat->place == tale->hosts[1];
    double y = *y_of(picture, beat);

    fprintf(picture->out,
            "<line class=\"told\" x1=\"%g\" y1=\"%g\" x2=\"%g\" y2=\"%g\" "
            "marker-end=\"url(#told)\"/>\n",
            x_of(tale->hosts[!is_bob]), y, x_of(beat->place) + (is_bob ? -2 : 2), y);
}

static void draw_told(struct picture *picture, const struct tale_beat *beat)
{
    const struct tale *tale = picture->tale;
    bool is_bob = beat->place == tale->hosts[1];
    double x1 = x_of(tale->hosts[!is_bob]), x2 = x_of(beat->place), y = *y_of(picture, beat);
    char addr[AUGER_ADDR_TEXT_MAX], text[160];

    if (beat->words[0])
        snprintf(text, sizeof(text), "by signalling: %s %s",
                 beat->is_guess ? "a guess, I shall be at" : "I am at",
                 auger_addr_format(&beat->src, addr, sizeof(addr)));
    else
        snprintf(text, sizeof(text), "by signalling: let us meet");
    put_text(picture, beat->is_guess ? "says violet mid guess" : "says violet mid", (x1 + x2) / 2,
             y - 5, text);
}

static void draw_state(struct picture *picture, const struct tale_beat *beat)
{
    bool is_good = strcmp(beat->words, "connected") == 0;

    put_text(picture, is_good ? "says green mid" : "says red mid", x_of(beat->place),
             *y_of(picture, beat) + 4, is_good ? "connected" : "gives up");
}

/* Beside who predicts, towards the middle. */
static void draw_prediction(struct picture *picture, const struct tale_beat *beat)
{
    bool is_bob = beat->place == picture->tale->hosts[1];
    char text[160];

    if (beat->what == TALE_PREDICTS)
        snprintf(text, sizeof(text), "looks which port comes next, from fresh sockets");
    else if (beat->what == TALE_BRACKETS)
        snprintf(text, sizeof(text), "seen from %u to %u: %s in the middle", beat->src.port,
                 beat->dst.port, beat->ports == 1 ? "one port" : beat->words);
    else
        snprintf(text, sizeof(text), "checks %d ports that may come", beat->ports);
    put_text(picture, is_bob ? "says violet back" : "says violet",
             x_of(beat->place) + (is_bob ? -8 : 8), *y_of(picture, beat) + 4, text);
}

/* Lines lie below all that is written. */
static void draw_lines(struct picture *picture, const struct tale_beat *beat)
{
    if (beat->what == TALE_TOLD)
        draw_told_line(picture, beat);
    else if (beat->what == TALE_PASSES || beat->what == TALE_ARRIVES || beat->what == TALE_FALLS)
        draw_leg(picture, beat);
}

static void draw_writing(struct picture *picture, const struct tale_beat *beat)
{
    const struct tale_beat *before = is_of_datagram(beat) ? beat_before(picture, beat) : NULL;

    if (beat->what != TALE_WRITES && !(before && before->at == beat->at))
        draw_time(picture, beat);
    if (beat->what == TALE_WRITES)
        draw_note(picture, beat);
    else if (beat->what == TALE_LEAVES)
        draw_words(picture, beat);
    else if (beat->what == TALE_FALLS)
        draw_reason(picture, beat);
    else if (beat->what == TALE_TOLD)
        draw_told(picture, beat);
    else if (beat->what == TALE_STATE)
        draw_state(picture, beat);
    else if (beat->what >= TALE_PREDICTS)
        draw_prediction(picture, beat);
}

static void draw_beats(struct picture *picture,
                       void (*draw)(struct picture *picture, const struct tale_beat *beat))
{
    const struct tale *tale = picture->tale;

    for (const struct tale_beat *beat = tale->beats; beat < tale->beats + tale->beats_len; beat++)
        if (is_shown(picture, beat))
            draw(picture, beat);
}

static void draw_all(struct picture *picture)
{
    const struct tale *tale = picture->tale;
    double width = width_of(picture), height = picture->bottom + 40;
    char end[80], at[TIME_MAX];

    fprintf(picture->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\" "
            "viewBox=\"0 0 %g %g\" role=\"img\">\n<title>",
            width, height, width, height);
    put(picture, "How alice and bob meet behind NATs");
    fputs("</title>\n", picture->out);
    fputs(style, picture->out);
    fputs("<defs>\n"
          "<marker id=\"head\" markerWidth=\"9\" markerHeight=\"8\" refX=\"8\" refY=\"4\" "
          "orient=\"auto\"><path d=\"M0 0L9 4L0 8z\" style=\"fill: var(--ink)\"/></marker>\n"
          "<marker id=\"told\" markerWidth=\"9\" markerHeight=\"8\" refX=\"8\" refY=\"4\" "
          "orient=\"auto\"><path d=\"M0 0L9 4L0 8z\" style=\"fill: var(--told)\"/></marker>\n"
          "</defs>\n",
          picture->out);
    fprintf(picture->out, "<rect class=\"paper\" width=\"%g\" height=\"%g\"/>\n", width, height);
    draw_heads(picture);
    draw_beats(picture, draw_lines);
    draw_beats(picture, draw_writing);
    snprintf(end, sizeof(end), "%s, after %s",
             tale->end == TALE_DIRECT    ? "connected directly"
             : tale->end == TALE_RELAYED ? "connected by relay"
                                         : "not connected",
             time_text(tale->ended_at, at));
    put_text(picture, tale->end == TALE_APART ? "end red mid" : "end green mid", width / 2,
             picture->bottom + 20, end);
    fputs("</svg>\n", picture->out);
}

void tale_draw(const struct tale *tale, FILE *out)
{
    struct picture picture = {.tale = tale, .out = out};

    picture.drawn = sim_alloc(tale->journeys_len * sizeof(*picture.drawn) + 1);
    picture.y = sim_alloc(tale->beats_len * sizeof(*picture.y) + 1);
    choose_journeys(&picture);
    arrange(&picture);
    draw_all(&picture);
    free(picture.drawn);
    free(picture.y);
}
