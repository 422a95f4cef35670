/* ice/generation.c - one generation: all that a restart makes anew, so that it
 * begins like a new session beside the old one (RFC 8445 section 9). */
#include "ice/generation.h"

#include "base/env.h"

static int init(struct auger_generation *generation, const struct auger_env *env,
                const struct auger_ice_config *config)
{
    auger_cands_init(&generation->remotes, env, config->remote_cands_max, config->prflx_cands_max);
    auger_checklist_init(&generation->checklist, env, generation, config->pairs_max);
    return auger_credentials_generate(&generation->local, env);
}

int auger_generation_new(struct auger_generation **out, const struct auger_env *env,
                         const struct auger_ice_config *config)
{
    struct auger_generation *generation = auger_env_alloc(env, 1, sizeof(*generation));
    if (!generation)
        return AUGER_ERR_NO_MEMORY;
    generation->pac_at = AUGER_NEVER;
    generation->asked_first_at = generation->asked_last_at = AUGER_NEVER;
    generation->nomination.ask_at = AUGER_NEVER;
    generation->nomination.valid_at = AUGER_NEVER;
    generation->nomination.selected_at = AUGER_NEVER;
    generation->outlived_at = AUGER_NEVER;

    int err = init(generation, env, config);
    if (err) {
        auger_generation_free(generation, env);
        return err;
    }
    *out = generation;
    return 0;
}

void auger_generation_free(struct auger_generation *generation, const struct auger_env *env)
{
    if (!generation)
        return;
    auger_checklist_fini(&generation->checklist);
    auger_cands_fini(&generation->remotes);
    auger_credentials_fini(&generation->remote, env);
    auger_credentials_fini(&generation->local, env);
    auger_env_release(env, generation);
}

void auger_generation_asked(struct auger_generation *generation, auger_time now)
{
    generation->role_is_settled = true;
    if (generation->asked_first_at == AUGER_NEVER)
        generation->asked_first_at = now;
    generation->asked_last_at = now;
}

/* One from which a check of this generation has come is none, whatever it was told
 * with. */
void auger_generation_drop_strangers(struct auger_generation *generation)
{
    uint32_t number = auger_cand_generation(generation->remote.ufrag);

    for (uint16_t i = 0; i < generation->remotes.len; i++) {
        struct auger_ice_cand *cand = auger_cands_at(&generation->remotes, i);
        if (!cand->generation || cand->generation == number ||
            !auger_checklist_is_dead(&generation->checklist, cand))
            continue;
        auger_checklist_remove_cand(&generation->checklist, cand);
        auger_cands_remove(&generation->remotes, cand);
    }
}

void auger_generation_forget_nomination(struct auger_generation *generation)
{
    generation->nomination.pair = NULL;
    generation->nomination.ask_at = AUGER_NEVER;
}

static void form(struct auger_generation *generation, auger_time now,
                 const struct auger_cands *locals, const struct auger_ice_cand *of)
{
    const struct auger_forming forming = {.of = of,
                                          .role = generation->role,
                                          .is_late = generation->has_moved &&
                                                     generation->nomination.selected};

    if (auger_credentials_are_known(&generation->remote))
        auger_checklist_form(&generation->checklist, now, locals, &generation->remotes, &forming);
}

void auger_generation_form_pairs(struct auger_generation *generation, auger_time now,
                                 const struct auger_cands *locals)
{
    form(generation, now, locals, NULL);
}

void auger_generation_form_pairs_of(struct auger_generation *generation, auger_time now,
                                    const struct auger_cands *locals,
                                    const struct auger_ice_cand *cand)
{
    form(generation, now, locals, cand);
}
