/* tests/natbox/setup.h - what the command line asks for. */
#ifndef NATBOX_SETUP_H
#define NATBOX_SETUP_H

#include "tests/natbox/box.h"

struct setup {
    struct box_config box;
    const char *tun; /* the name of the device; NULL: no packets, see usage */
    auger_time delay, jitter;
    unsigned loss_percent;
};

extern const char setup_usage[];

/* False: *wrong is the argument that is not understood, or NULL where --help asks for
 * the usage alone. */
bool setup_read(struct setup *setup, int argc, char **argv, const char **wrong);

#endif /* NATBOX_SETUP_H */
