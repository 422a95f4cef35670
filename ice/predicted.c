/* ice/predicted.c - candidates that are guessed, of either side: ordinary ones (candidate.c) with
 * a bound, a priority and foundations of their own.  Who guesses is predict.c. */
#include "ice/predicted.h"

#include <inttypes.h>
#include <stdio.h>

/* 8445 section 5.1.2.2: above relayed candidates, and below all that somebody has seen. */
#define TYPE_PREFERENCE 60
#define LOCAL_PREFERENCE_MAX 65535
#define COMPONENT 1
/* Between the priorities of two helpers. */
#define HELPER_STEP 0x100

void auger_predicted_allow(struct auger_cands *cands, uint16_t max)
{
    cands->predicted_max =
        max < AUGER_CANDS_PREDICTED_MAX ? max : (uint16_t)AUGER_CANDS_PREDICTED_MAX;
    cands->slots.max = (uint16_t)(cands->known_max + cands->prflx_max + cands->predicted_max);
}

/* Falls with each that is made (8445 section 5.1.2.1). */
static uint32_t next_priority(const struct auger_cands *cands)
{
    uint32_t preference = LOCAL_PREFERENCE_MAX - cands->predictions_made % LOCAL_PREFERENCE_MAX;

    return (uint32_t)TYPE_PREFERENCE << 24 | preference << 8 | (256 - COMPONENT);
}

static struct auger_ice_cand *add(struct auger_cands *cands, const struct auger_ice_cand *cand,
                                  const char *foundation)
{
    struct auger_ice_cand *slot = auger_cands_add(cands, cand, foundation);

    cands->predictions_made += slot != NULL;
    return slot;
}

static struct auger_ice_cand *add_ours(struct auger_cands *cands, const struct auger_ice_cand *cand)
{
    char foundation[AUGER_FOUNDATION_MAX];

    snprintf(foundation, sizeof(foundation), "%" PRIu32, cands->foundations_made + 1);
    struct auger_ice_cand *slot = add(cands, cand, foundation);
    cands->foundations_made += slot != NULL;
    return slot;
}

struct auger_ice_cand *auger_predicted_add_helper(struct auger_cands *cands,
                                                  const struct auger_ice_cand *host,
                                                  const struct auger_addr *addr)
{
    const struct auger_ice_cand helper = {
        .type = AUGER_CAND_HOST,
        .addr = *addr,
        .telling = AUGER_CAND_KEPT,
        .is_helper = true,
        .priority = host->priority - HELPER_STEP * (cands->predictions_made % 64 + 1)};
    struct auger_ice_cand *slot = add_ours(cands, &helper);

    if (slot)
        slot->base = &slot->addr;
    return slot;
}

struct auger_ice_cand *auger_predicted_add_local(struct auger_cands *cands,
                                                 const struct auger_ice_cand *host,
                                                 const struct auger_addr *addr)
{
    const struct auger_ice_cand cand = {.type = AUGER_CAND_SRFLX,
                                        .addr = *addr,
                                        .base = host->base,
                                        .is_predicted = true,
                                        .priority = next_priority(cands)};

    return add_ours(cands, &cand);
}

/* Its foundation begins with a sign that is no ice-char, and so differs from all that a peer can
 * tell; and from those of peer-reflexive ones. */
struct auger_ice_cand *auger_predicted_add_remote(struct auger_cands *cands,
                                                  const struct auger_addr *addr)
{
    const struct auger_ice_cand cand = {.type = AUGER_CAND_PRFLX,
                                        .addr = *addr,
                                        .hidden = true,
                                        .is_predicted = true,
                                        .priority = next_priority(cands)};
    char foundation[AUGER_FOUNDATION_MAX];

    snprintf(foundation, sizeof(foundation), "?%" PRIu32, cands->predictions_made + 1);
    struct auger_ice_cand *slot = add(cands, &cand, foundation);
    if (slot)
        slot->number = ++cands->made;
    return slot;
}
