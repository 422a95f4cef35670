/* mux/paths.c - which 5-tuple belongs to which session.  Being heard somewhere takes a
 * password, but the source of a datagram can be forged: so what was only heard serves
 * while nobody else says the same, and a claim, which takes an answer from there, is
 * what counts. */
#include "mux/paths.h"

#include "base/env.h"

#include <assert.h>
#include <string.h>

/* --- places ----------------------------------------------------------------------------- */

#define KEY_LEN (2 * (1 + 2 + 16) + 4)

static uint8_t *write_end(uint8_t *at, const struct auger_addr *addr)
{
    *at++ = addr->family;
    *at++ = (uint8_t)(addr->port >> 8);
    *at++ = (uint8_t)addr->port;
    memcpy(at, addr->ip, sizeof(addr->ip));
    return at + sizeof(addr->ip);
}

/* A link-local remote address means something together with our own alone. */
static struct auger_path without_scope(const struct auger_path *path)
{
    struct auger_path plain = *path;
    plain.remote.scope = 0;
    return plain;
}

static int hash_of(const struct auger_mux *mux, const struct auger_path *path, uint64_t *hash)
{
    uint8_t key[KEY_LEN];

    uint8_t *end = write_end(write_end(key, &path->local), &path->remote);
    memcpy(end, &path->local.scope, sizeof(path->local.scope));
    return auger_mux_hash(mux, key, sizeof(key), hash);
}

static struct auger_mux_place *place_of(struct auger_table_node *node)
{
    return (struct auger_mux_place *)(void *)node; /* its first member */
}

static struct auger_mux_place *find_hashed(struct auger_mux *mux, const struct auger_path *path,
                                           uint64_t hash)
{
    struct auger_table_node *node = auger_table_first(&mux->places, hash);

    while (node && !auger_path_equal(&place_of(node)->path, path))
        node = auger_table_next(&mux->places, node);
    return node ? place_of(node) : NULL;
}

static struct auger_mux_place *find_place(struct auger_mux *mux, const struct auger_path *path)
{
    struct auger_path plain = without_scope(path);
    uint64_t hash;

    return hash_of(mux, &plain, &hash) == 0 ? find_hashed(mux, &plain, hash) : NULL;
}

static int make_place(struct auger_mux *mux, const struct auger_path *path,
                      struct auger_mux_place **out)
{
    struct auger_path plain = without_scope(path);
    uint64_t hash;

    int err = hash_of(mux, &plain, &hash);
    if (err != 0)
        return err;
    *out = find_hashed(mux, &plain, hash);
    if (*out)
        return 0;
    struct auger_mux_place *place = auger_env_alloc(mux->env, 1, sizeof(*place));
    if (!place)
        return AUGER_ERR_NO_MEMORY;
    place->path = plain;
    place->node.hash = hash;
    auger_table_add(&mux->places, &place->node);
    *out = place;
    return 0;
}

static void free_if_empty(struct auger_mux *mux, struct auger_mux_place *place)
{
    if (place->links)
        return;
    assert(!place->holder);
    auger_table_remove(&mux->places, &place->node);
    auger_env_release(mux->env, place);
}

/* --- links ------------------------------------------------------------------------------ */

static struct auger_mux_link *find_link(const struct auger_mux_session *session,
                                        const struct auger_path *path)
{
    struct auger_path plain = without_scope(path);
    struct auger_mux_link *link = session->links;

    while (link && !auger_path_equal(&link->place->path, &plain))
        link = link->next;
    return link;
}

static bool is_claimed(const struct auger_mux_link *link)
{
    return link->place->holder == link->session;
}

/* `at` is what points to it in its session's list. */
static void remove_link(struct auger_mux *mux, struct auger_mux_link **at)
{
    struct auger_mux_link *link = *at;
    struct auger_mux_place *place = link->place;

    *at = link->next;
    link->session->links_len--;
    if (is_claimed(link))
        place->holder = NULL;
    if (link->prev_there)
        link->prev_there->next_there = link->next_there;
    else
        place->links = link->next_there;
    if (link->next_there)
        link->next_there->prev_there = link->prev_there;
    auger_env_release(mux->env, link);
    free_if_empty(mux, place);
}

/* The one that was learned first is the last in the list. */
static bool make_room(struct auger_mux *mux, struct auger_mux_session *session)
{
    struct auger_mux_link **oldest = NULL;

    if (session->links_len < mux->config.paths_max)
        return true;
    for (struct auger_mux_link **at = &session->links; *at; at = &(*at)->next)
        if (!is_claimed(*at))
            oldest = at;
    if (!oldest)
        return false; /* all are claimed */
    remove_link(mux, oldest);
    return true;
}

static void join(struct auger_mux_link *link)
{
    struct auger_mux_place *place = link->place;
    struct auger_mux_session *session = link->session;

    link->next_there = place->links;
    if (place->links)
        place->links->prev_there = link;
    place->links = link;
    link->next = session->links;
    session->links = link;
    session->links_len++;
}

static int add_link(struct auger_mux *mux, struct auger_mux_session *session,
                    const struct auger_path *path, struct auger_mux_link **out)
{
    struct auger_mux_place *place;

    if (!make_room(mux, session))
        return AUGER_ERR_LIMIT;
    int err = make_place(mux, path, &place);
    if (err != 0)
        return err;
    struct auger_mux_link *link = auger_env_alloc(mux->env, 1, sizeof(*link));
    if (!link) {
        free_if_empty(mux, place);
        return AUGER_ERR_NO_MEMORY;
    }
    *link = (struct auger_mux_link){.place = place, .session = session};
    join(link);
    *out = link;
    return 0;
}

/* --- what a session says -------------------------------------------------------------- */

int auger_mux_hear(struct auger_mux *mux, struct auger_mux_session *session,
                   const struct auger_path *path)
{
    struct auger_mux_link *link = find_link(session, path);

    return link ? 0 : add_link(mux, session, path, &link);
}

static bool is_taken(const struct auger_mux_place *place, const struct auger_mux_session *session)
{
    return place->holder && place->holder != session && !place->holder->is_lost;
}

int auger_mux_claim(struct auger_mux *mux, struct auger_mux_session *session,
                    const struct auger_path *path)
{
    struct auger_mux_link *link = find_link(session, path);

    if (!link) {
        int err = add_link(mux, session, path, &link);
        if (err != 0)
            return err;
    }
    if (is_taken(link->place, session))
        return AUGER_ERR_PATH_TAKEN;
    link->place->holder = session;
    return 0;
}

void auger_mux_release(struct auger_mux *mux, struct auger_mux_session *session,
                       const struct auger_path *path)
{
    struct auger_mux_link *link = find_link(session, path);

    (void)mux;
    if (link && is_claimed(link))
        link->place->holder = NULL;
}

bool auger_mux_is_taken(struct auger_mux *mux, const struct auger_mux_session *session,
                        const struct auger_path *path)
{
    const struct auger_mux_link *link = find_link(session, path);
    const struct auger_mux_place *place = link ? link->place : find_place(mux, path);

    return place && is_taken(place, session);
}

static bool is_among(const struct auger_path *path, const struct auger_path *paths, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        struct auger_path plain = without_scope(&paths[i]);
        if (auger_path_equal(path, &plain))
            return true;
    }
    return false;
}

void auger_mux_keep_claims(struct auger_mux *mux, struct auger_mux_session *session,
                           const struct auger_path *paths, size_t len)
{
    (void)mux;
    for (struct auger_mux_link *link = session->links; link; link = link->next)
        if (is_claimed(link) && !is_among(&link->place->path, paths, len))
            link->place->holder = NULL;
}

void auger_mux_forget_paths(struct auger_mux *mux, struct auger_mux_session *session)
{
    while (session->links)
        remove_link(mux, &session->links);
}

/* --- finding ---------------------------------------------------------------------------- */

struct auger_mux_session *auger_mux_find_by_path(struct auger_mux *mux,
                                                 const struct auger_path *path)
{
    const struct auger_mux_place *place = find_place(mux, path);

    if (!place) {
        mux->counters.strays++;
        return NULL;
    }
    if (!place->holder && place->links->next_there) {
        mux->counters.ambiguous++;
        return NULL;
    }
    mux->counters.found_by_path++;
    return place->holder ? place->holder : place->links->session;
}
