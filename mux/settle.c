/* mux/settle.c - follows what an agent has become: its names, where it heard its peer, and
 * the paths that it wants for itself. */
#include "mux/paths.h"

static bool is_lost(const struct auger_ice *ice)
{
    enum auger_ice_state state = auger_ice_get_state(ice);

    return state == AUGER_ICE_DISCONNECTED || state == AUGER_ICE_FAILED;
}

static int follow_names(struct auger_mux *mux, struct auger_mux_session *session,
                        const struct auger_ice *ice)
{
    const char *ufrags[AUGER_ICE_UFRAGS_MAX];
    size_t len = auger_ice_local_ufrags(ice, ufrags);

    return auger_mux_set_names(mux, session, ufrags, len);
}

static int follow_ear(struct auger_mux *mux, struct auger_mux_session *session,
                      const struct auger_ice *ice)
{
    struct auger_path path;

    return auger_ice_heard_on(ice, &path) ? auger_mux_hear(mux, session, &path) : 0;
}

/* Without a proof it is nobody's yet, and may turn out to be somebody's. */
static int want(struct auger_mux *mux, struct auger_mux_session *session,
                const struct auger_ice_want *wanted)
{
    if (wanted->is_proved)
        return auger_mux_claim(mux, session, &wanted->path);
    return auger_mux_is_taken(mux, session, &wanted->path) ? AUGER_ERR_PATH_TAKEN : 0;
}

static int follow_wants(struct auger_mux *mux, struct auger_mux_session *session,
                        const struct auger_ice *ice, struct auger_path *taken)
{
    struct auger_ice_want wants[AUGER_ICE_WANTS_MAX];
    struct auger_path paths[AUGER_ICE_WANTS_MAX];
    size_t len = auger_ice_wants(ice, wants);

    for (size_t i = 0; i < len; i++)
        paths[i] = wants[i].path;
    auger_mux_keep_claims(mux, session, paths, len);
    for (size_t i = 0; i < len; i++) {
        int err = want(mux, session, &wants[i]);
        if (err < 0) {
            *taken = wants[i].path;
            return err;
        }
    }
    return 0;
}

int auger_mux_settle(struct auger_mux *mux, struct auger_mux_session *session,
                     const struct auger_ice *ice, struct auger_path *taken)
{
    auger_mux_set_lost(session, is_lost(ice));
    int err = follow_names(mux, session, ice);
    if (err == 0)
        err = follow_ear(mux, session, ice);
    return err == 0 ? follow_wants(mux, session, ice, taken) : err;
}
