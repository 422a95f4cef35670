/* mux/mux.c - sessions of a mux, and to whom a datagram belongs.  Which 5-tuple is whose is
 * paths.c. */
#include "mux/paths.h"
#include "mux/unknown.h"

#include "base/env.h"

#include <auger/stun.h>

#include <string.h>

#define DRAWS_MAX 16 /* of a tag; with 65,536 sessions one in 65,536 is another's */

/* --- life -------------------------------------------------------------------------------- */

void auger_mux_config_init_sized(struct auger_mux_config *config, size_t size)
{
    const struct auger_mux_config defaults = {
        .sessions_max = 65536, .paths_max = 16, .unknown_per_s = 100};

    memset(config, 0, size);
    memcpy(config, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
}

static int new_hash_key(struct auger_mux *mux)
{
    uint8_t key[AUGER_SIPHASH_KEY_LEN];

    int err = auger_env_random(mux->env, key, sizeof(key));
    return err < 0 ? err : auger_siphash_new(&mux->hash_key, key);
}

static int init(struct auger_mux *mux)
{
    int err = new_hash_key(mux);
    if (err == 0)
        err = auger_table_init(&mux->names, mux->env);
    if (err == 0)
        err = auger_table_init(&mux->tags, mux->env);
    if (err == 0)
        err = auger_table_init(&mux->places, mux->env);
    return err;
}

int auger_mux_new_sized(struct auger_mux **out, const struct auger_env *env,
                        const struct auger_mux_config *config, size_t size)
{
    struct auger_mux_config copy;

    auger_mux_config_init(&copy);
    if (config)
        memcpy(&copy, config, size < sizeof(copy) ? size : sizeof(copy));
    if (copy.sessions_max == 0 || copy.paths_max < AUGER_ICE_WANTS_MAX)
        return AUGER_ERR_INVALID;
    struct auger_mux *mux = auger_env_alloc(env, 1, sizeof(*mux));
    if (!mux)
        return AUGER_ERR_NO_MEMORY;
    mux->env = env;
    mux->config = copy;
    int err = init(mux);
    if (err < 0) {
        auger_mux_free(mux);
        return err;
    }
    *out = mux;
    return 0;
}

void auger_mux_free(struct auger_mux *mux)
{
    if (!mux)
        return;
    while (mux->sessions)
        auger_mux_remove(mux, mux->sessions);
    auger_table_fini(&mux->places);
    auger_table_fini(&mux->tags);
    auger_table_fini(&mux->names);
    auger_siphash_free(mux->hash_key);
    auger_env_release(mux->env, mux);
}

/* --- tags -------------------------------------------------------------------------------- */

static struct auger_mux_session *find_tag(struct auger_mux *mux, uint32_t tag)
{
    /* Drawn at random and by us: nobody else's choice could gather them in one bucket. */
    return (struct auger_mux_session *)(void *)auger_table_first(&mux->tags, tag);
}

static int draw_tag(struct auger_mux *mux, uint32_t *tag)
{
    for (int i = 0; i < DRAWS_MAX; i++) {
        int err = auger_env_random(mux->env, tag, sizeof(*tag));
        if (err < 0)
            return err;
        if (!find_tag(mux, *tag))
            return 0;
    }
    return AUGER_ERR_ENTROPY; /* that is no randomness */
}

static uint32_t tag_of(const struct auger_stun_tid *tid)
{
    const uint8_t *b = tid->bytes;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* --- sessions ---------------------------------------------------------------------------- */

int auger_mux_add(struct auger_mux *mux, void *user, struct auger_mux_session **out)
{
    uint32_t tag;

    if (mux->sessions_len == mux->config.sessions_max)
        return AUGER_ERR_LIMIT;
    int err = draw_tag(mux, &tag);
    if (err < 0)
        return err;
    struct auger_mux_session *session = auger_env_alloc(mux->env, 1, sizeof(*session));
    if (!session)
        return AUGER_ERR_NO_MEMORY;
    session->user = user;
    session->tag.hash = tag;
    session->next = mux->sessions;
    if (session->next)
        session->next->prev = session;
    mux->sessions = session;
    mux->sessions_len++;
    auger_table_add(&mux->tags, &session->tag);
    *out = session;
    return 0;
}

static void free_names(struct auger_mux *mux, struct auger_mux_name *name)
{
    while (name) {
        struct auger_mux_name *next = name->next;
        auger_table_remove(&mux->names, &name->node);
        auger_env_release(mux->env, name);
        name = next;
    }
}

void auger_mux_remove(struct auger_mux *mux, struct auger_mux_session *session)
{
    if (!session)
        return;
    auger_mux_forget_paths(mux, session);
    free_names(mux, session->names);
    auger_table_remove(&mux->tags, &session->tag);
    if (session->prev)
        session->prev->next = session->next;
    else
        mux->sessions = session->next;
    if (session->next)
        session->next->prev = session->prev;
    mux->sessions_len--;
    auger_env_release(mux->env, session);
}

void *auger_mux_user(const struct auger_mux_session *session)
{
    return session->user;
}

uint32_t auger_mux_tag(const struct auger_mux_session *session)
{
    return (uint32_t)session->tag.hash;
}

void auger_mux_set_lost(struct auger_mux_session *session, bool lost)
{
    session->is_lost = lost;
}

/* --- names ------------------------------------------------------------------------------- */

static struct auger_mux_name *name_of(struct auger_table_node *node)
{
    return (struct auger_mux_name *)(void *)node; /* its first member */
}

static struct auger_mux_name *find_hashed(struct auger_mux *mux, const uint8_t *text, size_t len,
                                          uint64_t hash)
{
    struct auger_table_node *node = auger_table_first(&mux->names, hash);

    while (node && (name_of(node)->len != len || memcmp(name_of(node)->text, text, len) != 0))
        node = auger_table_next(&mux->names, node);
    return node ? name_of(node) : NULL;
}

static bool has_names(const struct auger_mux_session *session, const char *const *ufrags,
                      size_t len)
{
    const struct auger_mux_name *name = session->names;
    size_t i = 0;

    for (; name && i < len && strcmp(name->text, ufrags[i]) == 0; i++)
        name = name->next;
    return !name && i == len;
}

static int make_name(struct auger_mux *mux, struct auger_mux_session *session, const char *ufrag,
                     struct auger_mux_name **out)
{
    size_t len = strlen(ufrag);
    uint64_t hash;

    if (len < 4 || len >= AUGER_UFRAG_MAX)
        return AUGER_ERR_INVALID;
    int err = auger_mux_hash(mux, (const uint8_t *)ufrag, len, &hash);
    if (err < 0)
        return err;
    const struct auger_mux_name *known = find_hashed(mux, (const uint8_t *)ufrag, len, hash);
    if (known && known->session != session)
        return AUGER_ERR_NAME_TAKEN;
    struct auger_mux_name *name = auger_env_alloc(mux->env, 1, sizeof(*name) + len + 1);
    if (!name)
        return AUGER_ERR_NO_MEMORY;
    name->node.hash = hash;
    name->session = session;
    name->len = (uint16_t)len;
    memcpy(name->text, ufrag, len + 1);
    *out = name;
    return 0;
}

static void release_unused(struct auger_mux *mux, struct auger_mux_name *name)
{
    while (name) {
        struct auger_mux_name *next = name->next;
        auger_env_release(mux->env, name);
        name = next;
    }
}

int auger_mux_set_names(struct auger_mux *mux, struct auger_mux_session *session,
                        const char *const *ufrags, size_t len)
{
    struct auger_mux_name *made = NULL, **end = &made;

    if (len > AUGER_ICE_UFRAGS_MAX)
        return AUGER_ERR_INVALID;
    if (has_names(session, ufrags, len))
        return 0;
    for (size_t i = 0; i < len; i++) {
        int err = make_name(mux, session, ufrags[i], end);
        if (err < 0) {
            release_unused(mux, made);
            return err;
        }
        end = &(*end)->next;
    }
    free_names(mux, session->names);
    session->names = made;
    for (struct auger_mux_name *name = made; name; name = name->next)
        auger_table_add(&mux->names, &name->node);
    return 0;
}

/* --- finding ----------------------------------------------------------------------------- */

/* Exactly up to the colon: a ufrag that another begins with is another (RFC 8445 section
 * 7.3; no ice-char is a colon). */
static struct auger_mux_session *find_by_name(struct auger_mux *mux,
                                              const struct auger_bytes *username)
{
    const uint8_t *colon = memchr(username->data, ':', username->len);
    size_t len = colon ? (size_t)(colon - username->data) : 0;
    uint64_t hash;

    if (len < 4 || len >= AUGER_UFRAG_MAX || auger_mux_hash(mux, username->data, len, &hash) < 0)
        return NULL;
    const struct auger_mux_name *name = find_hashed(mux, username->data, len, hash);
    return name ? name->session : NULL;
}

/* Only a whole check of a stranger is told of: FINGERPRINT is what tells it from noise. */
static struct auger_mux_session *find_request(struct auger_mux *mux, auger_time now,
                                              const struct auger_path *path,
                                              const struct auger_stun_msg *msg)
{
    struct auger_bytes username = {0};

    if (!auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_USERNAME, &username)) {
        mux->counters.strays++;
        return NULL;
    }
    struct auger_mux_session *session = find_by_name(mux, &username);
    if (session)
        mux->counters.found_by_name++;
    else if (auger_stun_msg_fingerprint_ok(msg))
        auger_mux_note_unknown(mux, now, path, &username);
    else
        mux->counters.malformed++;
    return session;
}

static struct auger_mux_session *find_response(struct auger_mux *mux,
                                               const struct auger_stun_msg *msg)
{
    struct auger_mux_session *session = find_tag(mux, tag_of(&msg->tid));

    if (session)
        mux->counters.found_by_tag++;
    else
        mux->counters.unknown_answers++;
    return session;
}

struct auger_mux_session *auger_mux_find(struct auger_mux *mux, auger_time now,
                                         const struct auger_path *path, const uint8_t *buf,
                                         size_t len)
{
    struct auger_stun_msg msg;

    if (!auger_stun_is_message(buf, len))
        return auger_mux_find_by_path(mux, path);
    if (auger_stun_msg_parse(&msg, buf, len) < 0) {
        mux->counters.malformed++;
        return NULL;
    }
    switch (msg.class_) {
    case AUGER_STUN_REQUEST:
        return find_request(mux, now, path, &msg);
    case AUGER_STUN_SUCCESS:
    case AUGER_STUN_ERROR:
        return find_response(mux, &msg);
    case AUGER_STUN_INDICATION:
        break;
    }
    return auger_mux_find_by_path(mux, path);
}

void auger_mux_counters_sized(const struct auger_mux *mux, struct auger_mux_counters *counters,
                              size_t size)
{
    const struct auger_table *tables[] = {&mux->names, &mux->tags, &mux->places};
    struct auger_mux_counters all = mux->counters;

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        all.lookups += tables[i]->lookups;
        all.steps += tables[i]->steps;
        all.moves += tables[i]->moves;
    }
    memset(counters, 0, size);
    memcpy(counters, &all, size < sizeof(all) ? size : sizeof(all));
}
