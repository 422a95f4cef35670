/* tools/tale.h - how two agents meet behind NATs, as a list of what happened: told in words by
 * tale_text.c, as JSON by tale_json.c and drawn by tale_svg.c. */
#ifndef AUGER_TOOLS_TALE_H
#define AUGER_TOOLS_TALE_H

#include "tools/nat_names.h"

#include <auger/stun.h>

#define TALE_NAME_MAX 24
#define TALE_WORDS_MAX 120
#define TALE_PLACES_MAX 12
#define TALE_ROWS_MAX 256
#define TALE_GUESSES_MAX 256

enum tale_side { TALE_ALICE, TALE_BOB };

struct tale_options {
    struct nat_chain chains[2];
    bool no_turn;
    bool predicts[2]; /* docs/prediction.md */
    uint64_t seed;
    auger_time delay; /* across the internet, one way */
};

enum tale_kind { TALE_HOST, TALE_GATE, TALE_SERVER };

/* Where datagrams leave, pass, arrive and fall; from left to right as they are drawn. */
struct tale_place {
    char name[TALE_NAME_MAX];
    enum tale_kind kind;
    enum tale_side side;          /* not of a server */
    const struct nat_named *gate; /* of a gateway */
    bool has_table;
    struct auger_addr addr; /* of hosts and servers; of a NAT the outside IP */
    struct nat_row rows[TALE_ROWS_MAX];
    size_t rows_len;
};

enum tale_what {
    TALE_LEAVES,
    TALE_WRITES, /* a gateway, a row */
    TALE_PASSES, /* a gateway; coming in, by that row */
    TALE_ARRIVES,
    TALE_FALLS,
    TALE_TOLD, /* a peer, by signalling */
    TALE_STATE,
    TALE_SELECTED, /* a peer nominates a pair, or is told of it */
    /* Of prediction. */
    TALE_PREDICTS, /* sockets are opened to see which port comes next; `words`: how */
    TALE_BRACKETS, /* what servers saw of them, `src` first and `dst` last; `words`: what it shows
                    */
    TALE_AHEAD,    /* `ports` that the other side may have next are checked */
};

/* What one datagram is about; of frames of a stream the same. */
enum tale_topic {
    TALE_ASKS_SERVER,
    TALE_SERVER_ANSWERS,
    TALE_ASKS_RELAY, /* anything but what is relayed */
    TALE_RELAY_ANSWERS,
    TALE_CHECK,
    TALE_ANSWER,
    TALE_DATA,
};

struct tale_journey {
    enum tale_topic topic;
    bool relayed;     /* by way of a relay, from one peer to the other */
    bool is_repeated; /* the very same left before */
    bool nominates;
    bool is_errand; /* of a relay's client, beside asking for an address */
    bool by_stream;
    size_t from; /* a place */
    struct auger_addr src, dst;
    struct auger_stun_tid tid; /* zero of data */
    struct auger_addr lent;    /* by a relay, in its answer */
    char words[TALE_WORDS_MAX];
};

struct tale_beat {
    auger_time at; /* since the beginning */
    enum tale_what what;
    size_t place;
    size_t journey;  /* of a datagram */
    const char *why; /* it falls; or "" */
    bool outward;    /* TALE_PASSES */
    struct auger_addr src, dst;
    struct nat_row row; /* TALE_WRITES; TALE_PASSES to the inside */
    bool is_guess;      /* TALE_TOLD: no server has seen that port */
    int ports, step;    /* of prediction */
    char words[TALE_WORDS_MAX];
};

enum tale_end { TALE_DIRECT, TALE_RELAYED, TALE_APART };

struct tale {
    struct tale_options options;
    struct tale_place places[TALE_PLACES_MAX];
    size_t places_len;
    size_t hosts[2];           /* places */
    size_t stun, stun2, turn;  /* places; stun2 and turn may be none: SIZE_MAX */
    struct auger_addr lent[2]; /* by the relay to each side */
    struct tale_journey *journeys;
    size_t journeys_len, journeys_cap;
    struct tale_beat *beats;
    size_t beats_len, beats_cap;
    enum tale_end end;
    auger_time ended_at;                         /* connected, or given up */
    struct auger_addr path[2];                   /* each side's end of it, as the other sees it */
    const char *path_types[2];                   /* "srflx" */
    char why[2][160];                            /* of each side, when they are apart */
    size_t fallen;                               /* datagrams */
    struct auger_addr guesses[TALE_GUESSES_MAX]; /* that were told */
    size_t guesses_len;
};

/* Never NULL: without memory the program ends. */
struct tale *tale_new(const struct tale_options *options);
void tale_free(struct tale *tale);

const char *tale_end_name(enum tale_end end);
/* "stun", "alice", "alice at turn": whose address it is, as far as one knows; "" otherwise. */
const char *tale_owner(const struct tale *tale, const struct auger_addr *addr);
bool tale_is_server(const struct tale *tale, size_t place);
/* Told by a peer as one of its own before any server saw it. */
bool tale_is_guess(const struct tale *tale, const struct auger_addr *addr);

/* tale_order.c */
/* What happens to one datagram at one moment is told in one go, as networks behind gateways take no
 * time: it is brought forward to its beginning, or that back to it, as gateways allow. */
void tale_put_in_order(struct tale *tale);
/* What is the same as before, and most of what comes once they are connected; not where a gateway
 * writes, and not a repetition that gets through. */
bool tale_is_tedious(const struct tale *tale, const struct tale_beat *beat);

/* tale_words.c: what a datagram says, in `journey`. */
void tale_read(const struct tale *tale, struct tale_journey *journey, const uint8_t *buf,
               size_t len);

struct tale_manner {
    bool colours;
    bool steps; /* waits for a line of standard input after each */
};
void tale_tell(const struct tale *tale, FILE *out, const struct tale_manner *manner);
void tale_tell_json(const struct tale *tale);
void tale_draw(const struct tale *tale, FILE *out);

#endif /* AUGER_TOOLS_TALE_H */
