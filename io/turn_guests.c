/* io/turn_guests.c - clients of one service of a team whose datagrams come to another. */
#include "io/turn_guests.h"

#include "base/time.h"
#include "io/turn_sealed.h"

#include <stdlib.h>

#define LOOK_EVERY (1 * AUGER_SEC)
#define LOOKS_MAX 1024                  /* at guests, each time */
#define TIME_TO_SETTLE (10 * AUGER_SEC) /* of who may wait for a key of the program */

struct away {
    struct auger_path_node node; /* the first member */
    uint16_t whose;
};

struct guest {
    struct auger_path_node node;    /* the first member */
    struct guest *longer, *shorter; /* not looked at */
    auger_time until;               /* it stays even if it has nothing here */
    uint16_t via;
    bool is_told; /* to `via` */
};

struct auger_turn_guests {
    struct auger_path_table away, guests;
    struct guest *longest, *shortest; /* not looked at */
    auger_time look_at;
};

/* --- life --------------------------------------------------------------------------------------
 */

int auger_turn_guests_init(struct auger_turn_service *service, const struct auger_env *env)
{
    struct auger_turn_guests *guests = calloc(1, sizeof(*guests));

    service->guests = guests;
    if (!guests)
        return AUGER_ERR_NO_MEMORY;
    guests->look_at = AUGER_NEVER;
    int err = auger_path_table_init(&guests->away, env, AUGER_TURN_GUESTS_MAX);
    return err < 0 ? err : auger_path_table_init(&guests->guests, env, AUGER_TURN_GUESTS_MAX);
}

static void clear(struct auger_path_table *table)
{
    struct auger_path_node *node;

    while ((node = auger_path_table_any(table))) {
        auger_path_table_remove(table, node);
        free(node);
    }
    auger_path_table_fini(table);
}

void auger_turn_guests_fini(struct auger_turn_service *service)
{
    if (!service->guests)
        return;
    clear(&service->guests->away);
    clear(&service->guests->guests);
    free(service->guests);
    service->guests = NULL;
}

/* --- where they come to ------------------------------------------------------------------------
 */

static struct away *find_away(const struct auger_turn_service *service,
                              const struct auger_path *path)
{
    const struct auger_turn_guests *guests = service->guests;

    return guests && guests->away.len > 0
               ? (struct away *)(void *)auger_path_table_find(&guests->away, path)
               : NULL;
}

bool auger_turn_guests_is_away(const struct auger_turn_service *service,
                               const struct auger_path *path, uint16_t *whose)
{
    const struct away *away = find_away(service, path);

    if (away)
        *whose = away->whose;
    return away;
}

void auger_turn_guests_send_after(struct auger_turn_service *service, const struct auger_path *path,
                                  uint16_t whose)
{
    struct away *away = find_away(service, path);

    if (!away) {
        away = calloc(1, sizeof(*away));
        if (!away)
            return;
        away->node.path = *path;
        auger_path_table_add(&service->guests->away, &away->node);
    }
    away->whose = whose;
}

void auger_turn_guests_take_mail(struct auger_turn_service *service, uint16_t from,
                                 const struct auger_turn_mail *mail)
{
    struct away *away = find_away(service, &mail->path);

    if (mail->kind == AUGER_TURN_MAIL_KEEP) {
        auger_turn_guests_send_after(service, &mail->path, from);
    } else if (away && away->whose == from) { /* else it is another's by now */
        auger_path_table_remove(&service->guests->away, &away->node);
        free(away);
    }
}

/* --- where they belong -------------------------------------------------------------------------
 */

/* false: there was no room for it. */
static bool tell(struct auger_turn_service *service, const struct auger_path *path, uint16_t via,
                 enum auger_turn_mail_kind kind)
{
    const struct auger_turn_service_config *config = &service->config;
    struct auger_turn_mail *mail = auger_turn_team_begin(config->team, config->member, via, 0);

    if (!mail)
        return false;
    mail->kind = kind;
    mail->path = *path;
    auger_turn_team_send(config->team, config->member, via);
    return true;
}

static void leave_queue(struct auger_turn_guests *guests, struct guest *guest)
{
    *(guest->longer ? &guest->longer->shorter : &guests->longest) = guest->shorter;
    *(guest->shorter ? &guest->shorter->longer : &guests->shortest) = guest->longer;
}

static void enter_queue(struct auger_turn_guests *guests, struct guest *guest)
{
    guest->longer = guests->shortest;
    guest->shorter = NULL;
    *(guests->shortest ? &guests->shortest->shorter : &guests->longest) = guest;
    guests->shortest = guest;
}

static bool tell_of(struct auger_turn_service *service, const struct guest *guest,
                    enum auger_turn_mail_kind kind)
{
    return tell(service, &guest->node.path, guest->via, kind);
}

/* Those that are on their way are taken yet. */
static void say_whether_full(const struct auger_turn_service *service)
{
    auger_turn_team_set_full(service->config.team, service->config.member,
                             service->guests->guests.len >= AUGER_TURN_GUESTS_MAX);
}

void auger_turn_guests_add(struct auger_turn_service *service, auger_time now,
                           const struct auger_path *path, uint16_t via)
{
    struct auger_turn_guests *guests = service->guests;
    struct guest *guest = (struct guest *)(void *)auger_path_table_find(&guests->guests, path);

    if (!guest) {
        guest = calloc(1, sizeof(*guest));
        if (!guest) {
            (void)tell(service, path, via, AUGER_TURN_MAIL_FREE);
            return;
        }
        guest->node.path = *path;
        guest->via = via;
        guest->until = auger_time_add(now, TIME_TO_SETTLE);
        auger_path_table_add(&guests->guests, &guest->node);
        enter_queue(guests, guest);
        say_whether_full(service);
        guests->look_at = auger_time_min(guests->look_at, now + LOOK_EVERY);
    }
    if (!guest->is_told)
        guest->is_told = tell_of(service, guest, AUGER_TURN_MAIL_KEEP);
}

/* false: it has left. */
static bool look_at(struct auger_turn_service *service, auger_time now, struct guest *guest)
{
    struct auger_turn_guests *guests = service->guests;

    if (now < guest->until || auger_turn_server_is_known(service->engine, &guest->node.path) ||
        auger_turn_sealed_has(service, &guest->node.path)) {
        if (!guest->is_told)
            guest->is_told = tell_of(service, guest, AUGER_TURN_MAIL_KEEP);
        return true;
    }
    if (guest->is_told && !tell_of(service, guest, AUGER_TURN_MAIL_FREE))
        return true; /* not yet */
    leave_queue(guests, guest);
    auger_path_table_remove(&guests->guests, &guest->node);
    free(guest);
    say_whether_full(service);
    return false;
}

void auger_turn_guests_handle_timeout(struct auger_turn_service *service, auger_time now)
{
    struct auger_turn_guests *guests = service->guests;

    if (!guests || now < guests->look_at)
        return;
    size_t looks = guests->guests.len < LOOKS_MAX ? guests->guests.len : LOOKS_MAX;
    for (; looks > 0; looks--) {
        struct guest *guest = guests->longest;
        if (look_at(service, now, guest)) {
            leave_queue(guests, guest);
            enter_queue(guests, guest);
        }
    }
    guests->look_at = guests->guests.len > 0 ? now + LOOK_EVERY : AUGER_NEVER;
}

auger_time auger_turn_guests_next_timeout(const struct auger_turn_service *service)
{
    return service->guests ? service->guests->look_at : AUGER_NEVER;
}
