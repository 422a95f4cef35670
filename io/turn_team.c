/* io/turn_team.c - letters between the TURN services of one team. */
#include "io/turn_team.h"

#include "io/mailbox.h"
#include "io/turn_sealed.h"
#include "io/turn_streams.h"

#include <auger/crypto.h>

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MEMBERS_MAX 255

struct member {
    int fd;
    atomic_bool has_mail, is_full;
};

typedef _Atomic(struct auger_mailbox *) box_pointer;

struct auger_turn_team {
    size_t members_len;
    struct member *members;
    box_pointer *boxes; /* from, to; NULL: nothing was ever sent */
    struct auger_turn_held_ports *held_ports;
};

static box_pointer *box_at(struct auger_turn_team *team, size_t from, size_t to)
{
    return &team->boxes[from * team->members_len + to];
}

/* --- life --------------------------------------------------------------------------------------
 */

int auger_turn_team_new(struct auger_turn_team **out, uint16_t members)
{
    struct auger_turn_team *team =
        members > 0 && members <= MEMBERS_MAX ? calloc(1, sizeof(*team)) : NULL;
    int err = 0;

    if (!team)
        return members > 0 && members <= MEMBERS_MAX ? AUGER_ERR_NO_MEMORY : AUGER_ERR_INVALID;
    team->members = calloc(members, sizeof(*team->members));
    team->boxes = calloc((size_t)members * members, sizeof(*team->boxes));
    for (size_t i = 0; team->members && team->boxes && i < members && err == 0; i++) {
        team->members[i].fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (team->members[i].fd < 0)
            err = AUGER_ERR_SYSTEM;
        else
            team->members_len++;
    }
    if (!team->members || !team->boxes)
        err = AUGER_ERR_NO_MEMORY;
    if (err == 0)
        err = auger_turn_held_ports_new(&team->held_ports, auger_env_system());
    if (err < 0) {
        auger_turn_team_free(team);
        return err;
    }
    *out = team;
    return 0;
}

/* What nobody has taken over. */
static void burn(struct auger_mailbox *box)
{
    struct auger_turn_mail *mail;

    while ((mail = auger_mailbox_front(box, auger_mailbox_mark(box)))) {
        if (mail->kind == AUGER_TURN_MAIL_STREAM)
            auger_turn_stream_free(mail->moved);
        else if (mail->kind == AUGER_TURN_MAIL_ASSOCIATION)
            auger_turn_association_free(mail->moved);
        auger_mailbox_take(box);
    }
    free(box);
}

void auger_turn_team_free(struct auger_turn_team *team)
{
    if (!team)
        return;
    for (size_t i = 0; i < team->members_len; i++)
        close(team->members[i].fd);
    for (size_t i = 0; team->boxes && i < team->members_len * team->members_len; i++)
        if (atomic_load(&team->boxes[i]))
            burn(atomic_load(&team->boxes[i]));
    auger_turn_held_ports_free(team->held_ports);
    free(team->members);
    free(team->boxes);
    free(team);
}

size_t auger_turn_team_members(const struct auger_turn_team *team)
{
    return team->members_len;
}

struct auger_turn_held_ports *auger_turn_team_held_ports(const struct auger_turn_team *team)
{
    return team->held_ports;
}

int auger_turn_team_fd(const struct auger_turn_team *team, uint16_t member)
{
    return team->members[member].fd;
}

void auger_turn_team_set_full(struct auger_turn_team *team, uint16_t member, bool is_full)
{
    atomic_store_explicit(&team->members[member].is_full, is_full, memory_order_relaxed);
}

bool auger_turn_team_is_full(struct auger_turn_team *team, uint16_t member)
{
    return atomic_load_explicit(&team->members[member].is_full, memory_order_relaxed);
}

/* --- the sender --------------------------------------------------------------------------------
 */

struct auger_turn_mail *auger_turn_team_begin(struct auger_turn_team *team, uint16_t from,
                                              uint16_t to, size_t len)
{
    box_pointer *at = box_at(team, from, to);
    struct auger_mailbox *box = atomic_load_explicit(at, memory_order_relaxed);

    if (!box) {
        box = calloc(1, sizeof(*box));
        if (!box)
            return NULL;
        atomic_store_explicit(at, box, memory_order_release);
    }
    struct auger_turn_mail *mail =
        auger_mailbox_begin(box, offsetof(struct auger_turn_mail, bytes) + len);
    if (mail)
        *mail = (struct auger_turn_mail){.len = len};
    return mail;
}

void auger_turn_team_send(struct auger_turn_team *team, uint16_t from, uint16_t to)
{
    struct member *member = &team->members[to];
    const uint64_t one = 1;

    auger_mailbox_send(atomic_load_explicit(box_at(team, from, to), memory_order_relaxed));
    if (!atomic_exchange(&member->has_mail, true))
        (void)!write(member->fd, &one, sizeof(one));
}

/* --- the receiver ------------------------------------------------------------------------------
 */

bool auger_turn_team_has_mail(struct auger_turn_team *team, uint16_t to)
{
    return atomic_load(&team->members[to].has_mail);
}

/* Who finds it set has put a letter that is seen after this; who does not tells of it. */
void auger_turn_team_open(struct auger_turn_team *team, uint16_t to)
{
    uint64_t value;

    (void)!read(team->members[to].fd, &value, sizeof(value));
    (void)atomic_exchange(&team->members[to].has_mail, false);
}

size_t auger_turn_team_mark(struct auger_turn_team *team, uint16_t from, uint16_t to)
{
    struct auger_mailbox *box = atomic_load_explicit(box_at(team, from, to), memory_order_acquire);

    return box ? auger_mailbox_mark(box) : 0;
}

struct auger_turn_mail *auger_turn_team_front(struct auger_turn_team *team, uint16_t from,
                                              uint16_t to, size_t mark)
{
    struct auger_mailbox *box = atomic_load_explicit(box_at(team, from, to), memory_order_acquire);

    return box ? auger_mailbox_front(box, mark) : NULL;
}

void auger_turn_team_take(struct auger_turn_team *team, uint16_t from, uint16_t to)
{
    auger_mailbox_take(atomic_load_explicit(box_at(team, from, to), memory_order_acquire));
}
