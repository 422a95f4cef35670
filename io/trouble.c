/* io/trouble.c - what went wrong outside every peer: a short queue. */
#include "io/trouble.h"

#include <stdio.h>

void auger_troubles_add(struct auger_troubles *troubles, uint64_t slot_id, int error,
                        const char *what, const char *whom)
{
    if (troubles->len == AUGER_TROUBLES_MAX)
        return;
    struct auger_trouble *trouble =
        &troubles->items[(troubles->at + troubles->len++) % AUGER_TROUBLES_MAX];
    trouble->slot_id = slot_id;
    trouble->error = error;
    snprintf(trouble->what, sizeof(trouble->what), "%s %s", what, whom);
}

bool auger_troubles_take(struct auger_troubles *troubles, struct auger_trouble *out)
{
    if (troubles->len == 0)
        return false;
    *out = troubles->items[troubles->at];
    troubles->at = (troubles->at + 1) % AUGER_TROUBLES_MAX;
    troubles->len--;
    return true;
}
