/* tools/tale_text.c - a tale in words, with the tables of the gateways as they fill. */
#include "tools/tale.h"

#include <stdarg.h>
#include <string.h>

struct teller {
    const struct tale *tale;
    FILE *out;
    struct tale_manner manner;
    size_t rows[TALE_PLACES_MAX];                      /* written so far */
    const struct tale_beat *admissions[NAT_CHAIN_MAX]; /* of a datagram that has come to none yet */
    size_t admissions_len;
    size_t journey;               /* that the paragraph is about; SIZE_MAX: none */
    bool is_open[2], has_carried; /* said of a side's hole, of the relay */
    size_t left_out;              /* datagrams that were not told */
};

enum colour { PLAIN, DIM, BOLD, GREEN, RED, YELLOW, CYAN };

static void print(struct teller *teller, enum colour colour, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void print(struct teller *teller, enum colour colour, const char *format, ...)
{
    static const char *const codes[] = {"",         "\033[2m",  "\033[1m", "\033[32m",
                                        "\033[31m", "\033[33m", "\033[36m"};
    bool has_colour = teller->manner.colours && colour != PLAIN;
    va_list args;

    if (has_colour)
        fputs(codes[colour], teller->out);
    va_start(args, format);
    vfprintf(teller->out, format, args);
    va_end(args);
    if (has_colour)
        fputs("\033[0m", teller->out);
}

static const char *addr_text(const struct auger_addr *addr, char text[AUGER_ADDR_TEXT_MAX])
{
    return auger_addr_format(addr, text, AUGER_ADDR_TEXT_MAX);
}

static const struct tale_journey *journey_of(const struct teller *teller,
                                             const struct tale_beat *beat)
{
    return &teller->tale->journeys[beat->journey];
}

static const struct tale_place *place_of(const struct teller *teller, const struct tale_beat *beat)
{
    return beat->place < teller->tale->places_len ? &teller->tale->places[beat->place] : NULL;
}

static void print_time(struct teller *teller, auger_time at)
{
    print(teller, DIM, "%7.0f ms  ", (double)at / (double)AUGER_MS);
}

static const char *addressee(const struct teller *teller, const struct tale_journey *journey)
{
    const char *owner = tale_owner(teller->tale, &journey->dst);
    return owner[0] ? owner : "nowhere";
}

#define INDENT "              "

/* --- tables --------------------------------------------------------------------------------- */

static void print_row(struct teller *teller, const struct nat_row *row, enum colour colour)
{
    char inside[AUGER_ADDR_TEXT_MAX], outside[AUGER_ADDR_TEXT_MAX];

    print(teller, colour, "%7u | %-21s | %-21s %s", row->external.port,
          addr_text(&row->inside, inside), addr_text(&row->remote, outside),
          tale_owner(teller->tale, &row->remote));
    fputc('\n', teller->out);
}

static void print_table(struct teller *teller, const struct tale_place *place, size_t rows,
                        const char *indent)
{
    char text[AUGER_ADDR_TEXT_MAX], phrase[NAT_TITLE_MAX + 16];
    struct auger_addr outside = place->addr;

    outside.port = 0;
    addr_text(&outside, text);
    text[strcspn(text, ":")] = '\0';
    print(teller, BOLD, "%s%s", indent, place->name);
    print(teller, PLAIN, ", %s, %s to the outside\n", nat_phrase(place->gate, phrase), text);
    print(teller, DIM, "%s   PORT | INSIDE                | OUTSIDE\n", indent);
    for (size_t i = 0; i < rows; i++) {
        fputs(indent, teller->out);
        print_row(teller, &place->rows[i], i + 1 == rows ? YELLOW : PLAIN);
    }
}

/* Now and then gateways in a row write with something else in between. */
static void tell_whose(struct teller *teller, const struct tale_beat *beat)
{
    const struct tale_journey *journey = journey_of(teller, beat);

    if (beat->journey != teller->journey)
        print(teller, DIM, INDENT "meanwhile, of %s > %s:\n",
              teller->tale->places[journey->from].name, addressee(teller, journey));
    teller->journey = beat->journey;
}

static void tell_row(struct teller *teller, const struct tale_beat *beat)
{
    const struct tale_place *place = place_of(teller, beat);
    size_t rows = ++teller->rows[beat->place];

    tell_whose(teller, beat);
    if (teller->manner.steps) {
        print_table(teller, place, rows, INDENT);
        return;
    }
    print(teller, YELLOW, INDENT "%s writes", place->name);
    print_row(teller, &beat->row, YELLOW);
}

/* --- datagrams ------------------------------------------------------------------------------ */

static const char *other_than(const struct teller *teller, size_t place)
{
    return place == teller->tale->hosts[0] ? "bob" : "alice";
}

static bool is_from_server(const struct teller *teller, const struct tale_journey *journey)
{
    return tale_is_server(teller->tale, journey->from);
}

static bool tell_departure(struct teller *teller, const struct tale_beat *beat)
{
    const struct tale_journey *journey = journey_of(teller, beat);
    char src[AUGER_ADDR_TEXT_MAX], dst[AUGER_ADDR_TEXT_MAX];
    const char *relay = "";

    if (is_from_server(teller, journey))
        return false;
    if (journey->relayed && strcmp(addressee(teller, journey), "turn") == 0)
        relay = other_than(teller, journey->from);
    print_time(teller, beat->at);
    print(teller, BOLD, "%s > %s%s%s", teller->tale->places[journey->from].name,
          addressee(teller, journey), relay[0] ? ", for " : "", relay);
    print(teller, PLAIN, ": ");
    print(teller, CYAN, "\"%s\"", journey->words);
    if (journey->by_stream)
        print(teller, DIM, "   over TCP\n");
    else
        print(teller, DIM, "   %s > %s\n", addr_text(&beat->src, src), addr_text(&beat->dst, dst));
    return true;
}

static void tell_hole(struct teller *teller, const struct tale_beat *beat)
{
    const struct tale_place *place = place_of(teller, beat);
    const struct tale_journey *journey = journey_of(teller, beat);

    if (journey->topic != TALE_CHECK && journey->topic != TALE_ANSWER)
        return;
    if (journey->relayed && !teller->has_carried) {
        teller->has_carried = true;
        print(teller, GREEN, INDENT "the relay carries it across\n");
    } else if (!journey->relayed && !teller->is_open[place->side]) {
        teller->is_open[place->side] = true;
        print(teller, GREEN, INDENT "the hole to %s is open\n", place->name);
    }
}

/* It is told once it is known what becomes of the datagram. */
static void take_admission(struct teller *teller, const struct tale_beat *beat)
{
    if (beat->outward || !beat->row.external.family ||
        is_from_server(teller, journey_of(teller, beat)))
        return;
    if (teller->admissions_len < NAT_CHAIN_MAX)
        teller->admissions[teller->admissions_len++] = beat;
}

static void tell_admissions(struct teller *teller, const struct tale_beat *end)
{
    for (size_t i = 0; i < teller->admissions_len; i++) {
        const struct tale_beat *beat = teller->admissions[i];
        if (beat->journey != end->journey)
            continue;
        print(teller, GREEN, INDENT "%s lets it in by", place_of(teller, beat)->name);
        print_row(teller, &beat->row, GREEN);
    }
    teller->admissions_len = 0;
}

static bool tell_arrival(struct teller *teller, const struct tale_beat *beat)
{
    const struct tale_place *place = place_of(teller, beat);
    const struct tale_journey *journey = journey_of(teller, beat);
    char src[AUGER_ADDR_TEXT_MAX];

    if (!place || place->kind != TALE_HOST)
        return false;
    print_time(teller, beat->at);
    if (!is_from_server(teller, journey)) {
        print(teller, GREEN, "%s hears %s", place->name, other_than(teller, beat->place));
        print(teller, PLAIN, ": \"%s\"", journey->words);
        print(teller, DIM, "   from %s\n", addr_text(&beat->src, src));
    } else if (journey->relayed) {
        print(teller, GREEN, "%s hears %s", place->name, other_than(teller, beat->place));
        print(teller, PLAIN, ", by %s: \"%s\"\n", teller->tale->places[journey->from].name,
              journey->words);
    } else {
        print(teller, BOLD, "%s > %s", teller->tale->places[journey->from].name, place->name);
        print(teller, PLAIN, ": ");
        print(teller, CYAN, "\"%s\"\n", journey->words);
    }
    tell_admissions(teller, beat);
    tell_hole(teller, beat);
    return true;
}

static void tell_reason(struct teller *teller, const struct tale_beat *beat)
{
    char src[AUGER_ADDR_TEXT_MAX], dst[AUGER_ADDR_TEXT_MAX];

    addr_text(&beat->src, src);
    addr_text(&beat->dst, dst);
    if (strcmp(beat->why, "filtered") == 0)
        print(teller, PLAIN, "no row of port %u lets in %s", beat->dst.port, src);
    else if (strcmp(beat->why, "no mapping") == 0)
        print(teller, PLAIN, "no row has the port %u", beat->dst.port);
    else if (strcmp(beat->why, "no route") == 0)
        print(teller, PLAIN, "nothing leads to %s", dst);
    else
        print(teller, PLAIN, "%s", beat->why);
}

static bool tell_fall(struct teller *teller, const struct tale_beat *beat)
{
    const struct tale_place *place = place_of(teller, beat);
    const struct tale_journey *journey = journey_of(teller, beat);

    print_time(teller, beat->at);
    print(teller, RED, "x it falls");
    print(teller, PLAIN, "%s%s: ", place ? " at " : "", place ? place->name : "");
    tell_reason(teller, beat);
    print(teller, DIM, "   (%s > %s: \"%s\")\n", teller->tale->places[journey->from].name,
          addressee(teller, journey), journey->words);
    tell_admissions(teller, beat);
    return true;
}

/* --- the rest ------------------------------------------------------------------------------- */

static bool tell_told(struct teller *teller, const struct tale_beat *beat)
{
    const char *other = other_than(teller, beat->place);
    char addr[AUGER_ADDR_TEXT_MAX];

    print_time(teller, beat->at);
    print(teller, BOLD, "%s is told", place_of(teller, beat)->name);
    if (beat->is_guess)
        print(teller, YELLOW, " of a guess of %s's: %s", other, addr_text(&beat->src, addr));
    else if (beat->words[0])
        print(teller, PLAIN, " of %s: %s (%s)", other, addr_text(&beat->src, addr), beat->words);
    else
        print(teller, PLAIN, " that %s wants to meet", other);
    print(teller, DIM, "   by signalling\n");
    return true;
}

static bool tell_state(struct teller *teller, const struct tale_beat *beat)
{
    bool is_good = strcmp(beat->words, "connected") == 0;

    if (!is_good && strcmp(beat->words, "failed") != 0)
        return false;
    print_time(teller, beat->at);
    print(teller, is_good ? GREEN : RED, "%s %s\n", place_of(teller, beat)->name,
          is_good ? "is connected" : "gives up");
    return true;
}

/* --- prediction ------------------------------------------------------------------------------ */

static bool tell_plan(struct teller *teller, const struct tale_beat *beat)
{
    const char *other = other_than(teller, beat->place);

    print_time(teller, beat->at);
    print(teller, YELLOW, "%s predicts", place_of(teller, beat)->name);
    print(teller, PLAIN, ": no server sees which port is used for %s, so in one go fresh sockets\n",
          other);
    print(teller, PLAIN, INDENT "ask %s twice, %s%s, and %s twice more\n",
          tale_owner(teller->tale, &beat->dst), other,
          strcmp(beat->words, "bracket") == 0 ? "" : " at ports that it may have next",
          tale_owner(teller->tale, &beat->dst));
    return true;
}

static void tell_verdict(struct teller *teller, const struct tale_beat *beat)
{
    bool is_known = strcmp(beat->words, "exact") == 0;

    if (beat->ports == 0)
        print(teller, PLAIN, "that shows nothing: %s\n",
              strcmp(beat->words, "random") == 0 ? "they are in no order"
                                                 : "others were in between");
    else if (beat->ports == 1)
        print(teller, PLAIN, "that leaves one port\n");
    else
        print(teller, PLAIN, "that leaves %d ports%s\n", beat->ports,
              is_known ? ", as many as were asked from" : "");
}

static bool tell_bracket(struct teller *teller, const struct tale_beat *beat)
{
    print_time(teller, beat->at);
    print(teller, YELLOW, "%s compares", place_of(teller, beat)->name);
    print(teller, PLAIN, ": the first port of these was %u and the last %u", beat->src.port,
          beat->dst.port);
    if (beat->step != 0)
        print(teller, PLAIN, ", %d from one to the next", beat->step);
    print(teller, PLAIN,
          ".\n" INDENT "What went to %s lies in the middle: ", other_than(teller, beat->place));
    tell_verdict(teller, beat);
    return true;
}

static bool tell_ahead(struct teller *teller, const struct tale_beat *beat)
{
    print_time(teller, beat->at);
    print(teller, YELLOW, "%s predicts", place_of(teller, beat)->name);
    print(teller, PLAIN, ": %s is seen at ports that go on by %d, and %d that may come are asked\n",
          other_than(teller, beat->place), beat->step, beat->ports);
    return true;
}

/* Whether a paragraph was begun. */
static bool tell_beat(struct teller *teller, const struct tale_beat *beat)
{
    switch (beat->what) {
    case TALE_LEAVES:
        return tell_departure(teller, beat);
    case TALE_WRITES:
        tell_row(teller, beat);
        return false;
    case TALE_PASSES:
        take_admission(teller, beat);
        return false;
    case TALE_ARRIVES:
        return tell_arrival(teller, beat);
    case TALE_FALLS:
        return tell_fall(teller, beat);
    case TALE_TOLD:
        return tell_told(teller, beat);
    case TALE_STATE:
        return tell_state(teller, beat);
    case TALE_SELECTED:
        return false;
    case TALE_PREDICTS:
        return tell_plan(teller, beat);
    case TALE_BRACKETS:
        return tell_bracket(teller, beat);
    case TALE_AHEAD:
        return tell_ahead(teller, beat);
    }
    return false;
}

static void wait_for_enter(struct teller *teller)
{
    char line[64];

    print(teller, DIM, INDENT "Enter goes on");
    fflush(teller->out);
    do {
        if (!fgets(line, sizeof(line), stdin)) {
            teller->manner.steps = false;
            fputc('\n', teller->out);
            return;
        }
    } while (!strchr(line, '\n'));
}

/* A paragraph goes until the next one that begins with a time. */
static void tell_beats(struct teller *teller)
{
    const struct tale *tale = teller->tale;
    bool is_begun = false;

    for (size_t i = 0; i < tale->beats_len; i++) {
        const struct tale_beat *beat = &tale->beats[i];
        if (tale_is_tedious(tale, beat)) {
            teller->left_out += beat->what == TALE_LEAVES;
            continue;
        }
        bool begins = beat->what != TALE_WRITES && beat->what != TALE_PASSES;
        if (begins && is_begun && teller->manner.steps) {
            wait_for_enter(teller);
            is_begun = false;
        }
        if (begins)
            teller->journey = beat->what <= TALE_FALLS ? beat->journey : SIZE_MAX;
        is_begun |= tell_beat(teller, beat);
    }
}

static void tell_side(struct teller *teller, enum tale_side side)
{
    const struct tale *tale = teller->tale;
    const struct tale_place *host = &tale->places[tale->hosts[side]];
    const struct nat_chain *chain = &tale->options.chains[side];
    char addr[AUGER_ADDR_TEXT_MAX], phrase[NAT_TITLE_MAX + 16];

    print(teller, BOLD, "%s", host->name);
    print(teller, PLAIN, " is %s", addr_text(&host->addr, addr));
    if (chain->len == 0)
        print(teller, PLAIN, ", a public address\n");
    for (size_t i = 0; i < chain->len; i++)
        print(teller, PLAIN, "%s %s: %s\n", i ? "      and that behind" : ", behind",
              nat_phrase(&chain->gates[i], phrase), chain->gates[i].words);
}

static void tell_beginning(struct teller *teller)
{
    const struct tale *tale = teller->tale;
    char stun[AUGER_ADDR_TEXT_MAX], turn[AUGER_ADDR_TEXT_MAX];

    tell_side(teller, TALE_ALICE);
    tell_side(teller, TALE_BOB);
    print(teller, BOLD, "stun");
    print(teller, PLAIN, " is %s, and says how one is seen\n",
          addr_text(&tale->places[tale->stun].addr, stun));
    if (tale->stun2 < tale->places_len) {
        print(teller, BOLD, "stun2");
        print(teller, PLAIN, " is %s, and does so too\n",
              addr_text(&tale->places[tale->stun2].addr, stun));
    }
    if (tale->turn < tale->places_len) {
        print(teller, BOLD, "turn");
        print(teller, PLAIN, " is %s, and relays\n",
              addr_text(&tale->places[tale->turn].addr, turn));
    }
    print(teller, PLAIN, "The way across the internet takes %.0f ms.\n\n",
          (double)tale->options.delay / (double)AUGER_MS);
}

static void tell_tables(struct teller *teller)
{
    const struct tale *tale = teller->tale;

    for (size_t i = 0; i < tale->places_len; i++) {
        if (!tale->places[i].has_table)
            continue;
        fputc('\n', teller->out);
        print_table(teller, &tale->places[i], tale->places[i].rows_len, "");
    }
}

/* The heart of the matter: what stun saw is not what the other side would have to know. */
static void tell_moved_ports(struct teller *teller)
{
    const struct tale *tale = teller->tale;

    for (size_t i = 0; i < tale->places_len && tale->end != TALE_DIRECT; i++) {
        const struct tale_place *place = &tale->places[i];
        const char *other = other_than(teller, tale->hosts[place->side]);
        uint16_t seen = 0, used = 0;

        for (size_t j = 0; j < place->rows_len; j++) {
            const char *owner = tale_owner(tale, &place->rows[j].remote);
            if (strcmp(owner, "stun") == 0 && !seen)
                seen = place->rows[j].external.port;
            else if (strcmp(owner, other) == 0)
                used = place->rows[j].external.port;
        }
        if (seen && used && seen != used)
            print(teller, PLAIN, "%s has port %u for stun, of which %s is told, and %u for %s.\n",
                  place->name, seen, other, used, other);
    }
}

/* No server had seen the port that was told, and the gateway came to give it. */
static void tell_right_guesses(struct teller *teller)
{
    const struct tale *tale = teller->tale;
    char addr[AUGER_ADDR_TEXT_MAX];

    for (int side = 0; side < 2 && tale->end == TALE_DIRECT; side++)
        if (tale_is_guess(tale, &tale->path[side]))
            print(teller, GREEN, "%s guessed %s, and it was right.\n",
                  tale->places[tale->hosts[side]].name, addr_text(&tale->path[side], addr));
}

static void tell_end(struct teller *teller)
{
    const struct tale *tale = teller->tale;
    char a[AUGER_ADDR_TEXT_MAX], b[AUGER_ADDR_TEXT_MAX];

    tell_tables(teller);
    fputc('\n', teller->out);
    if (teller->left_out > 0)
        print(teller, DIM, "%zu datagrams are left out: repetitions%s.\n", teller->left_out,
              tale->end == TALE_APART ? "" : ", and what was asked once they were connected");
    tell_moved_ports(teller);
    tell_right_guesses(teller);
    if (tale->end == TALE_APART) {
        print(teller, RED, "not connected");
        print(teller, PLAIN, ", after %.1f s\n  alice: %s\n  bob: %s\n",
              (double)tale->ended_at / (double)AUGER_SEC, tale->why[0], tale->why[1]);
        return;
    }
    print(teller, GREEN, "connected %s", tale->end == TALE_DIRECT ? "directly" : "by relay");
    print(teller, PLAIN, ", after %.0f ms: alice %s (%s) and bob %s (%s)\n",
          (double)tale->ended_at / (double)AUGER_MS, addr_text(&tale->path[0], a),
          tale->path_types[0], addr_text(&tale->path[1], b), tale->path_types[1]);
}

void tale_tell(const struct tale *tale, FILE *out, const struct tale_manner *manner)
{
    struct teller teller = {.tale = tale, .out = out, .manner = *manner};

    tell_beginning(&teller);
    tell_beats(&teller);
    tell_end(&teller);
}
