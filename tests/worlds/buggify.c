/* tests/worlds/buggify.c - answers our code in its named places.  A world is alone in its
 * process while it is lived. */
#define AUGER_BUGGIFIED
#include "tests/worlds/buggify.h"

#include "sim/prng.h"

#define OPEN_PERMILLE 250

static const char *const names[AUGER_BUGGIFY_PLACES] = {
    [AUGER_BUGGIFY_INFLIGHT_FULL] = "oldest cancelled check forgotten",
    [AUGER_BUGGIFY_CHECKLIST_FULL] = "failed pair dropped from the list",
    [AUGER_BUGGIFY_ANSWERS_FULL] = "no room for an answer",
    [AUGER_BUGGIFY_PRFLX_FULL] = "no room for a peer-reflexive candidate",
    [AUGER_BUGGIFY_AGAIN_LOST] = "retransmission did not leave",
    [AUGER_BUGGIFY_NO_ENTROPY] = "no random bytes for a transaction",
    [AUGER_BUGGIFY_CONSENT_NO_ENTROPY] = "no random bytes for consent",
    [AUGER_BUGGIFY_NONCE_STALE] = "nonce of a TURN server stale at once",
    [AUGER_BUGGIFY_CHANNELS_FULL] = "no room for a channel at a TURN server",
    [AUGER_BUGGIFY_MULTICAST_LOST] = "question or name lost on its way to multicast",
};

/* What is asked a few times in a world, in few worlds, comes about oftener. */
static const unsigned oftener[AUGER_BUGGIFY_PLACES] = {
    [AUGER_BUGGIFY_CHANNELS_FULL] = 8, [AUGER_BUGGIFY_MULTICAST_LOST] = 4};

static struct place {
    struct prng random;
    unsigned permille;
    uint64_t count;
} places[AUGER_BUGGIFY_PLACES];

const char *worlds_buggify_name(enum auger_buggify_place place)
{
    return names[place];
}

void worlds_buggify(uint64_t seed, unsigned permille)
{
    for (int i = 0; i < AUGER_BUGGIFY_PLACES; i++) {
        prng_init(&places[i].random, seed, names[i]);
        places[i].permille = prng_permille(&places[i].random, OPEN_PERMILLE) ? permille : 0;
        places[i].permille *= oftener[i] ? oftener[i] : 1;
    }
}

bool worlds_may_buggify(enum auger_buggify_place place)
{
    return places[place].permille > 0;
}

uint64_t worlds_count_buggified(enum auger_buggify_place place)
{
    return places[place].count;
}

void worlds_pretend_buggified(enum auger_buggify_place place)
{
    places[place].count++;
}

uint64_t worlds_take_buggified(enum auger_buggify_place place)
{
    uint64_t count = places[place].count;

    places[place].count = 0;
    return count;
}

bool auger_buggify(enum auger_buggify_place place)
{
    struct place *p = &places[place];

    if (p->permille == 0 || !prng_permille(&p->random, p->permille))
        return false;
    p->count++;
    return true;
}
