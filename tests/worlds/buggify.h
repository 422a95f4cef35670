/* tests/worlds/buggify.h - which of the rare outcomes of base/buggify.h are forced in a world:
 * each place is open in a quarter of the seeds, and there some of its hits count. */
#ifndef WORLDS_BUGGIFY_H
#define WORLDS_BUGGIFY_H

#include "base/buggify.h"

#include <stdint.h>

/* From now on, until it is said again; 0: none. */
void worlds_buggify(uint64_t seed, unsigned permille);
/* Whether it may come about. */
bool worlds_may_buggify(enum auger_buggify_place place);
/* How often it came about since it was last asked. */
uint64_t worlds_take_buggified(enum auger_buggify_place place);
/* The same, and does not forget. */
uint64_t worlds_count_buggified(enum auger_buggify_place place);
/* As if it had come about once more. */
void worlds_pretend_buggified(enum auger_buggify_place place);
const char *worlds_buggify_name(enum auger_buggify_place place);

#endif /* WORLDS_BUGGIFY_H */
