/* tests/peers/collision.h - INITs of SCTP that cross each other (RFC 9260 section 5.2.1). */
#ifndef TESTS_PEERS_COLLISION_H
#define TESTS_PEERS_COLLISION_H

void collision_forget(void);
/* How many ends had an INIT while they were setting up an association themselves. */
unsigned collision_count(void);

#endif /* TESTS_PEERS_COLLISION_H */
