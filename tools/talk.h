/* tools/talk.h - one connection used as a pipe: what comes on standard input goes over a data
 * channel, what comes from there to standard output.
 *
 * The end of input is told by an empty binary message on a channel of the protocol `auger-pipe`, so
 * that the other direction goes on; on any other channel it closes the channel.  Whoever echoes
 * gives the empty message back, and so ends too. */
#ifndef AUGER_TOOLS_TALK_H
#define AUGER_TOOLS_TALK_H

#include <auger/io.h>

#define TALK_PROTOCOL "auger-pipe"

struct talk;

struct talk_config {
    struct auger_net_config net;
    struct auger_peer_config peer;
    bool json;             /* events on standard error as JSON lines */
    bool quiet;            /* and nothing else there but failures */
    auger_time connect_in; /* failed when it takes longer, from the talk's first description on */
    int interrupt_fd;      /* ends the waiting for who reads standard output */
    bool whole;            /* descriptions wait for gathering, and candidates are not told */
    /* What is to be signalled: a description, or a candidate ("" ends them); NULL where it is
     * not that.  `user` is the first argument. */
    void (*described)(void *user, enum auger_sdp_type type, const char *sdp);
    void (*candidate)(void *user, const char *line);
    void *user;
};

/* Tells what happens on standard error, as the config wants it; used beside a talk too. */
void talk_tell(const struct talk_config *config, const char *event, const char *text);

/* The same for why it fails, which --quiet does not silence. */
void talk_tell_failure(const struct talk_config *config, const char *why);

enum talk_state { TALK_GOES_ON, TALK_DONE, TALK_FAILED };

/* NULL: it said on standard error what failed.  `config` is copied. */
struct talk *talk_new(struct auger_loop *loop, const struct talk_config *config);
void talk_free(struct talk *talk); /* NULL is fine */

/* Begins as offerer: our description comes by `described`. */
void talk_offer(struct talk *talk);
/* The other side's description; ours follows by `described` where this one is an offer.  false: it
 * cannot be used; it said why. */
bool talk_take_description(struct talk *talk, enum auger_sdp_type type, const char *sdp);
/* A later offer of the other side's, which restarts ICE; our answer follows by `described`, unless
 * it crossed an offer of ours that goes first.  As above. */
bool talk_take_reoffer(struct talk *talk, const char *sdp);
/* A line that we cannot use is no error. */
void talk_take_candidate(struct talk *talk, const char *line);
/* The other side will say no more: an end, if it has not ended yet. */
void talk_take_bye(struct talk *talk);

void talk_take_event(struct talk *talk, const struct auger_peer_event *event);
/* Input that was read already and comes before what is read.  Copied; once at most, before the
 * pipe stands. */
void talk_give_input(struct talk *talk, const char *data, size_t len);
/* Standard input, once watched by this talk, is readable. */
void talk_take_input(struct talk *talk);

auger_time talk_next_timeout(const struct talk *talk);
void talk_handle_timeout(struct talk *talk);

/* Ends in order; the state leaves TALK_GOES_ON within 2 s. */
void talk_close(struct talk *talk);
/* The same, and what still comes is not written: nobody may be reading, and the interrupt that
 * would end the waiting was taken. */
void talk_interrupt(struct talk *talk);
enum talk_state talk_state(const struct talk *talk);

#endif /* AUGER_TOOLS_TALK_H */
