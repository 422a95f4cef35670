/* io/trouble.h - what went wrong outside every peer, until the application hears of it. */
#ifndef AUGER_IO_TROUBLE_H
#define AUGER_IO_TROUBLE_H

#include <auger/base.h>

#define AUGER_TROUBLES_MAX 16
#define AUGER_TROUBLE_TEXT_MAX 320

struct auger_trouble {
    uint64_t slot_id; /* whom it concerns */
    int error;
    char what[AUGER_TROUBLE_TEXT_MAX];
};

struct auger_troubles {
    struct auger_trouble items[AUGER_TROUBLES_MAX];
    size_t at, len;
};

/* One too many is lost. */
void auger_troubles_add(struct auger_troubles *troubles, uint64_t slot_id, int error,
                        const char *what, const char *whom);
/* Takes the oldest; false when there is none. */
bool auger_troubles_take(struct auger_troubles *troubles, struct auger_trouble *out);

#endif /* AUGER_IO_TROUBLE_H */
