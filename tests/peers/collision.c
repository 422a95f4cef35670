/* tests/peers/collision.c - looks at each packet as usrsctp gets it, out of DTLS: the linker puts
 * this in the way (--wrap). */
#include "tests/peers/collision.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEADER_LEN 12
#define ENDS_MAX 2

enum { INIT = 1, COOKIE_ECHO = 10, COOKIE_ACK = 11 };

static struct end {
    const void *assoc;
    bool is_set_up, collided;
} ends[ENDS_MAX];

void __real_usrsctp_conninput(void *addr, const void *buffer, size_t length, uint8_t ecn_bits);
void __wrap_usrsctp_conninput(void *addr, const void *buffer, size_t length, uint8_t ecn_bits);

static struct end *find(const void *assoc)
{
    for (int i = 0; i < ENDS_MAX; i++) {
        if (!ends[i].assoc)
            ends[i].assoc = assoc;
        if (ends[i].assoc == assoc)
            return &ends[i];
    }
    return NULL;
}

/* An association that is driven here has sent its own INIT before it takes anything. */
void __wrap_usrsctp_conninput(void *addr, const void *buffer, size_t length, uint8_t ecn_bits)
{
    unsigned type = length > HEADER_LEN ? ((const uint8_t *)buffer)[HEADER_LEN] : 0;
    struct end *end = find(addr);

    if (end) {
        end->collided |= type == INIT && !end->is_set_up;
        end->is_set_up |= type == COOKIE_ECHO || type == COOKIE_ACK;
    }
    __real_usrsctp_conninput(addr, buffer, length, ecn_bits);
}

void collision_forget(void)
{
    for (int i = 0; i < ENDS_MAX; i++)
        ends[i] = (struct end){0};
}

unsigned collision_count(void)
{
    unsigned count = 0;

    for (int i = 0; i < ENDS_MAX; i++)
        count += ends[i].collided;
    return count;
}
