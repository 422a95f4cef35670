/* io/turn_team.h - the letters between the TURN services of one team, each of which may be another
 * thread's.  What is in them is turn_guests.h and turn_traffic.c. */
#ifndef AUGER_IO_TURN_TEAM_H
#define AUGER_IO_TURN_TEAM_H

#include <auger/io_turn.h>

enum auger_turn_mail_kind {
    AUGER_TURN_MAIL_DATAGRAM,    /* of a client, as it came */
    AUGER_TURN_MAIL_STREAM,      /* `moved`: a stream, with what was read of it */
    AUGER_TURN_MAIL_ASSOCIATION, /* `moved`: of DTLS, with what was opened last */
    AUGER_TURN_MAIL_KEEP,        /* datagrams of that path are for who sends this */
    AUGER_TURN_MAIL_FREE,        /* and no more */
};

struct auger_turn_mail {
    enum auger_turn_mail_kind kind;
    uint16_t via; /* DATAGRAM: to whom it came */
    struct auger_path path;
    void *moved; /* the receiver's from here on */
    size_t len;
    uint8_t bytes[]; /* the receiver's to write */
};

size_t auger_turn_team_members(const struct auger_turn_team *team);
/* What relays of its members hold. */
struct auger_turn_held_ports *auger_turn_team_held_ports(const struct auger_turn_team *team);
/* The team's descriptor that is readable while there is mail for a member. */
int auger_turn_team_fd(const struct auger_turn_team *team, uint16_t member);

/* Whether a member wants no more guests for now.  The one is of its thread, the other of any. */
void auger_turn_team_set_full(struct auger_turn_team *team, uint16_t member, bool is_full);
bool auger_turn_team_is_full(struct auger_turn_team *team, uint16_t member);

/* Of the thread of `from`: a letter with `len` bytes, to be filled in and sent, or forgotten; NULL:
 * there is no room. */
struct auger_turn_mail *auger_turn_team_begin(struct auger_turn_team *team, uint16_t from,
                                              uint16_t to, size_t len);
void auger_turn_team_send(struct auger_turn_team *team, uint16_t from, uint16_t to);

/* Of the thread of `to`.  Whether there is mail: whoever sent it has done nothing since that this
 * would not tell of. */
bool auger_turn_team_has_mail(struct auger_turn_team *team, uint16_t to);
/* Begins to read: what comes from here on is told of anew. */
void auger_turn_team_open(struct auger_turn_team *team, uint16_t to);
/* As auger_mailbox_mark(), _front() and _take(). */
size_t auger_turn_team_mark(struct auger_turn_team *team, uint16_t from, uint16_t to);
struct auger_turn_mail *auger_turn_team_front(struct auger_turn_team *team, uint16_t from,
                                              uint16_t to, size_t mark);
void auger_turn_team_take(struct auger_turn_team *team, uint16_t from, uint16_t to);

#endif /* AUGER_IO_TURN_TEAM_H */
