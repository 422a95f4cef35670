/* io/turn_sealed.c - clients of a TURN service that come by DTLS (RFC 7350). */
#include "io/turn_sealed.h"

#include "base/time.h"
#include "io/clock.h"
#include "io/path_table.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define RANDOM_LEN 32
#define RANDOM_AT 27 /* in a datagram that begins with a ClientHello */
#define REPLY_MAX 64
#define BEGINNINGS_MAX 8 /* handshakes in one turn: each costs a signature */

/* One handshake and what came of it. */
struct session {
    struct auger_tls *tls;      /* NULL: there is none */
    uint8_t random[RANDOM_LEN]; /* of its ClientHello, which the client repeats */
};

struct auger_turn_association {
    struct auger_path_node node; /* the first member */
    struct auger_turn_association *next_dead;
    struct auger_stranger stranger; /* if its client has no allocation */
    struct auger_deadline due;      /* of its handshakes */
    const struct auger_udp *udp;
    struct session current;
    struct session successor; /* not before its handshake is done it takes the other's place */
    bool is_dead;
};

struct auger_turn_sealed {
    struct auger_path_table table;
    struct auger_strangers strangers;
    struct auger_deadlines deadlines;
    struct auger_turn_association *dead;
    struct auger_tls_context *context;
    auger_time turn_at; /* in that turn ... */
    size_t beginnings;  /* ... so many began */
};

/* --- life ------------------------------------------------------------------------------------ */

int auger_turn_sealed_init(struct auger_turn_service *service, const struct auger_env *env)
{
    const struct auger_turn_service_config *config = &service->config;
    struct auger_turn_sealed *sealed = calloc(1, sizeof(*sealed));

    service->sealed = sealed;
    if (!sealed)
        return AUGER_ERR_NO_MEMORY;
    int err = auger_path_table_init(&sealed->table, env, config->streams_max);
    if (err == 0)
        err = auger_strangers_init(&sealed->strangers, config->strangers_max,
                                   config->ip_strangers_max, config->streams_max);
    return err < 0 ? err : auger_deadlines_init(&sealed->deadlines, config->streams_max);
}

static struct auger_turn_association *of_node(struct auger_path_node *node)
{
    return (struct auger_turn_association *)(void *)node;
}

static struct auger_turn_association *find(const struct auger_turn_service *service,
                                           const struct auger_path *path)
{
    return service->sealed ? of_node(auger_path_table_find(&service->sealed->table, path)) : NULL;
}

static struct auger_turn_association *of_stranger(struct auger_stranger *stranger)
{
    return (
        struct auger_turn_association *)(void *)((char *)stranger -
                                                 offsetof(struct auger_turn_association, stranger));
}

static struct auger_turn_association *of_deadline(struct auger_deadline *deadline)
{
    return (struct auger_turn_association *)(void *)((char *)deadline -
                                                     offsetof(struct auger_turn_association, due));
}

static void count(struct auger_turn_service *service)
{
    service->stats.associations = service->sealed->table.len;
    service->stats.associations_unknown = service->sealed->strangers.len;
}

bool auger_turn_sealed_has(const struct auger_turn_service *service, const struct auger_path *path)
{
    return find(service, path);
}

void auger_turn_sealed_leave(struct auger_turn_service *service,
                             struct auger_turn_association *association)
{
    struct auger_turn_sealed *sealed = service->sealed;

    auger_path_table_remove(&sealed->table, &association->node);
    auger_strangers_remove(&sealed->strangers, &association->stranger);
    auger_deadlines_set(&sealed->deadlines, &association->due, AUGER_NEVER);
    count(service);
}

/* Nothing is found of it any more; it is among the dead until it is buried. */
static void shut(struct auger_turn_service *service, struct auger_turn_association *association)
{
    struct auger_turn_sealed *sealed = service->sealed;

    auger_turn_sealed_leave(service, association);
    association->is_dead = true;
    association->next_dead = sealed->dead;
    sealed->dead = association;
}

void auger_turn_sealed_set_context(struct auger_turn_service *service,
                                   struct auger_tls_context *context)
{
    auger_tls_context_free(service->sealed->context);
    service->sealed->context = context;
}

bool auger_turn_sealed_bury(struct auger_turn_service *service, struct auger_path *path)
{
    struct auger_turn_association *association = service->sealed ? service->sealed->dead : NULL;

    if (!association)
        return false;
    service->sealed->dead = association->next_dead;
    *path = association->node.path;
    auger_turn_association_free(association);
    return true;
}

void auger_turn_association_free(struct auger_turn_association *association)
{
    auger_tls_free(association->current.tls);
    auger_tls_free(association->successor.tls);
    free(association);
}

/* --- what goes out --------------------------------------------------------------------------- */

static bool is_over(const struct auger_tls *tls)
{
    return auger_tls_get_state(tls) > AUGER_TLS_CONNECTED;
}

/* What DTLS has to say: of a handshake, an alert, or data that was sealed. */
static void send_all(struct auger_turn_service *service,
                     const struct auger_turn_association *association, struct auger_tls *tls,
                     auger_time now)
{
    const struct auger_path *path = &association->node.path;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    size_t len;

    while ((len = auger_tls_take(tls, now, buf, sizeof(buf))) > 0)
        if (auger_udp_send_from(association->udp, &path->local, &path->remote, buf, len) !=
            AUGER_UDP_SENT)
            service->stats.unsent++;
}

static void wake_in_time(struct auger_turn_service *service,
                         struct auger_turn_association *association)
{
    auger_time at = auger_tls_next_timeout(association->current.tls);

    if (association->successor.tls)
        at = auger_time_min(at, auger_tls_next_timeout(association->successor.tls));
    auger_deadlines_set(&service->sealed->deadlines, &association->due, at);
}

/* Sends what is to be sent, and sees what has ended. */
static void settle(struct auger_turn_service *service, struct auger_turn_association *association,
                   auger_time now)
{
    if (association->is_dead)
        return;
    if (association->successor.tls) {
        send_all(service, association, association->successor.tls, now);
        if (is_over(association->successor.tls)) {
            auger_tls_free(association->successor.tls);
            association->successor.tls = NULL;
        }
    }
    send_all(service, association, association->current.tls, now);
    if (is_over(association->current.tls))
        shut(service, association);
    else
        wake_in_time(service, association);
}

/* It is told so: over datagrams nobody would notice. */
static void close_one(struct auger_turn_service *service,
                      struct auger_turn_association *association, auger_time now)
{
    auger_tls_close(association->current.tls, now);
    settle(service, association, now);
}

void auger_turn_sealed_fini(struct auger_turn_service *service)
{
    struct auger_turn_sealed *sealed = service->sealed;
    struct auger_path_node *node;
    struct auger_path path;

    if (!sealed)
        return;
    while ((node = auger_path_table_any(&sealed->table)))
        close_one(service, of_node(node), auger_clock_now());
    while (auger_turn_sealed_bury(service, &path))
        continue;
    auger_path_table_fini(&sealed->table);
    auger_strangers_fini(&sealed->strangers);
    auger_deadlines_fini(&sealed->deadlines);
    auger_tls_context_free(sealed->context);
    free(sealed);
    service->sealed = NULL;
}

void auger_turn_sealed_write(struct auger_turn_service *service, auger_time now,
                             const struct auger_path *path, const uint8_t *bytes, size_t len)
{
    struct auger_turn_association *association = find(service, path);

    if (!association)
        return;
    if (auger_tls_write(association->current.tls, now, bytes, len) < 0)
        service->stats.unsent++; /* too large, mostly */
    else
        send_all(service, association, association->current.tls, now);
}

/* --- who comes ------------------------------------------------------------------------------- */

/* false: there is no room, and nobody who would make it. */
static bool make_room(struct auger_turn_service *service, const struct auger_addr *addr,
                      auger_time now)
{
    struct auger_turn_sealed *sealed = service->sealed;
    size_t max = service->config.streams_max;
    struct auger_stranger *leaves =
        auger_strangers_who_leaves(&sealed->strangers, addr, sealed->table.len >= max);

    if (leaves) {
        service->stats.associations_shut++;
        close_one(service, of_stranger(leaves), now);
    }
    return sealed->table.len < max;
}

static void become_stranger(struct auger_turn_service *service,
                            struct auger_turn_association *association, auger_time until)
{
    struct auger_strangers *strangers = &service->sealed->strangers;

    if (association->stranger.is_one)
        auger_strangers_give_time(strangers, &association->stranger, until);
    else
        auger_strangers_add(strangers, &association->stranger, &association->node.path.remote,
                            until);
    count(service);
}

static void add_to_tables(struct auger_turn_service *service,
                          struct auger_turn_association *association, const struct auger_watch *by,
                          auger_time now)
{
    association->udp = &by->udp;
    auger_path_table_add(&service->sealed->table, &association->node);
    become_stranger(service, association, now + service->config.first_message_timeout);
}

/* The client may have begun anew here before it came. */
bool auger_turn_sealed_enter(struct auger_turn_service *service, const struct auger_watch *by,
                             auger_time now, struct auger_turn_association *association)
{
    if (!service->sealed || !by || find(service, &association->node.path) ||
        !make_room(service, &association->node.path.remote, now)) {
        auger_turn_association_free(association);
        service->stats.accept_failures++;
        return false;
    }
    add_to_tables(service, association, by, now);
    wake_in_time(service, association);
    return true;
}

/* Takes `tls`, whatever comes of it. */
static struct auger_turn_association *add(struct auger_turn_service *service,
                                          const struct auger_watch *by, auger_time now,
                                          const struct auger_path *path, struct auger_tls *tls)
{
    struct auger_turn_association *association =
        make_room(service, &path->remote, now) ? calloc(1, sizeof(*association)) : NULL;

    if (!association) {
        auger_tls_free(tls);
        service->stats.accept_failures++;
        return NULL;
    }
    association->node.path = *path;
    association->current.tls = tls;
    association->due.at = AUGER_NEVER;
    add_to_tables(service, association, by, now);
    service->stats.associations_taken++;
    return association;
}

/* Whether one more may begin in this turn, and of that address.  Who has to wait asks again. */
static bool may_begin(struct auger_turn_service *service, auger_time now,
                      const struct auger_addr *from)
{
    struct auger_turn_sealed *sealed = service->sealed;

    if (sealed->turn_at != now) {
        sealed->turn_at = now;
        sealed->beginnings = 0;
    }
    if (sealed->beginnings == BEGINNINGS_MAX)
        return false;
    if (auger_turn_server_may_shake_hands(service->engine, now, from))
        return true;
    service->stats.handshakes_limited++;
    return false;
}

/* It goes to who may not have asked. */
static void send_cookie(struct auger_turn_service *service, const struct auger_watch *by,
                        auger_time now, const struct auger_path *path, const uint8_t *buf,
                        size_t len)
{
    if (!auger_turn_server_may_answer(service->engine, now, &path->remote))
        service->stats.cookies_limited++;
    else
        (void)!auger_udp_send_from(&by->udp, &path->local, &path->remote, buf, len);
}

/* 6347, 4.2.8: what is there stays until the client has shown that it is the one that began. */
static void begin(struct auger_turn_association *association, struct auger_tls *tls,
                  const uint8_t random[RANDOM_LEN])
{
    struct session *session = &association->successor;

    if (association->current.tls == tls) {
        session = &association->current; /* just made */
    } else {
        if (auger_tls_get_state(association->current.tls) == AUGER_TLS_CONNECTING)
            session = &association->current;
        auger_tls_free(session->tls);
    }
    session->tls = tls;
    memcpy(session->random, random, RANDOM_LEN);
}

/* A ClientHello that no association knows: it is told a cookie, or has proved one. */
static struct auger_turn_association *meet(struct auger_turn_service *service,
                                           const struct auger_watch *by, auger_time now,
                                           const struct auger_path *path,
                                           struct auger_turn_association *association,
                                           const uint8_t *buf, size_t len)
{
    struct auger_turn_sealed *sealed = service->sealed;
    uint8_t reply[REPLY_MAX];
    struct auger_tls *tls;

    if (auger_tls_is_proved(sealed->context, now, &path->remote, buf, len) &&
        !may_begin(service, now, &path->remote))
        return NULL;
    int n =
        auger_tls_accept(&tls, sealed->context, now, &path->remote, buf, len, reply, sizeof(reply));
    if (n > 0)
        send_cookie(service, by, now, path, reply, (size_t)n);
    if (!tls)
        return NULL;
    sealed->beginnings++;
    if (!association)
        association = add(service, by, now, path, tls);
    if (association)
        begin(association, tls, buf + RANDOM_AT);
    return association;
}

/* --- what comes in --------------------------------------------------------------------------- */

/* The random bytes of a ClientHello; NULL: it is none, or not the beginning of one. */
static const uint8_t *random_of(const uint8_t *buf, size_t len)
{
    static const uint8_t first[3] = {0}; /* the offset of the fragment */
    bool is_hello = len >= RANDOM_AT + RANDOM_LEN && buf[0] == 22 && buf[3] == 0 && buf[4] == 0 &&
                    buf[13] == 1 && memcmp(buf + 19, first, sizeof(first)) == 0;

    return is_hello ? buf + RANDOM_AT : NULL;
}

static bool began_with(const struct session *session, const uint8_t *random)
{
    return session->tls && memcmp(session->random, random, RANDOM_LEN) == 0;
}

static bool promote(struct auger_turn_service *service, struct auger_turn_association *association,
                    auger_time now)
{
    if (!association->successor.tls ||
        auger_tls_get_state(association->successor.tls) != AUGER_TLS_CONNECTED)
        return false;
    auger_tls_free(association->current.tls);
    association->current = association->successor;
    association->successor.tls = NULL;
    become_stranger(service, association, now + service->config.first_message_timeout);
    return true;
}

struct auger_turn_association *auger_turn_sealed_feed(struct auger_turn_service *service,
                                                      const struct auger_watch *by, auger_time now,
                                                      const struct auger_path *path,
                                                      const uint8_t *buf, size_t len,
                                                      bool *began_anew)
{
    struct auger_turn_association *association = find(service, path);
    const uint8_t *random = random_of(buf, len);

    *began_anew = false;
    if (random && !(association && (began_with(&association->current, random) ||
                                    began_with(&association->successor, random))))
        return meet(service, by, now, path, association, buf, len);
    if (!association)
        return NULL;
    /* Each drops what was sealed for the other (6347, 4.1.2.7). */
    if (association->successor.tls)
        (void)auger_tls_feed(association->successor.tls, now, buf, len);
    *began_anew = promote(service, association, now);
    if (!*began_anew)
        (void)auger_tls_feed(association->current.tls, now, buf, len);
    return association;
}

size_t auger_turn_sealed_read(struct auger_turn_service *service,
                              struct auger_turn_association *association, auger_time now,
                              uint8_t *buf, size_t cap)
{
    size_t len = association->is_dead ? 0 : auger_tls_read(association->current.tls, now, buf, cap);

    if (len == 0)
        settle(service, association, now);
    return len;
}

void auger_turn_sealed_heard(struct auger_turn_service *service,
                             struct auger_turn_association *association, auger_time now,
                             bool is_known)
{
    if (association->is_dead)
        return;
    if (is_known)
        auger_strangers_remove(&service->sealed->strangers, &association->stranger);
    else
        become_stranger(service, association, now + service->config.idle_timeout);
    count(service);
}

void auger_turn_sealed_forget(struct auger_turn_service *service, auger_time now,
                              const struct auger_path *path)
{
    struct auger_turn_association *association = find(service, path);

    if (association && !association->stranger.is_one)
        auger_turn_sealed_heard(service, association, now, false);
}

/* --- time ------------------------------------------------------------------------------------ */

static void wake(struct auger_turn_service *service, struct auger_turn_association *association,
                 auger_time now)
{
    auger_tls_handle_timeout(association->current.tls, now);
    if (association->successor.tls)
        auger_tls_handle_timeout(association->successor.tls, now);
    if (is_over(association->current.tls))
        service->stats.associations_shut++;
    settle(service, association, now);
}

void auger_turn_sealed_handle_timeout(struct auger_turn_service *service, auger_time now)
{
    struct auger_deadline *due;
    struct auger_stranger *late;

    if (!service->sealed)
        return;
    while ((due = auger_deadlines_first(&service->sealed->deadlines)) && due->at <= now)
        wake(service, of_deadline(due), now);
    while ((late = auger_strangers_first_due(&service->sealed->strangers, now))) {
        service->stats.associations_shut++;
        close_one(service, of_stranger(late), now);
    }
}

auger_time auger_turn_sealed_next_timeout(const struct auger_turn_service *service)
{
    if (!service->sealed)
        return AUGER_NEVER;
    const struct auger_deadline *due = auger_deadlines_first(&service->sealed->deadlines);
    auger_time at = auger_strangers_next_timeout(&service->sealed->strangers);

    return due ? auger_time_min(at, due->at) : at;
}
