/* crypto/dtls_timer.c - the timer of a flight of DTLS, which OpenSSL shows through its BIO. */
#include "crypto/dtls_timer.h"

#include <openssl/crypto.h>

#include <limits.h>
#include <sys/time.h>

#define OPENSSL_3_2 0x30200000UL

/* The library that is loaded decides, not the headers: libssl.so.3 is any 3.x. */
bool auger_dtls_timer_is_ours(void)
{
    return OpenSSL_version_num() < OPENSSL_3_2;
}

static time_t end_of_time(void)
{
    return sizeof(time_t) > 4 ? (time_t)(LLONG_MAX / 2) : INT_MAX;
}

/* Before 3.2 OpenSSL shows its live timer here; set far it never fires by itself.  From 3.2 on
 * this is a copy on the stack, of which nothing may be kept. */
void auger_dtls_timer_show(struct auger_dtls_timer *timer, struct timeval *shown)
{
    bool runs = shown->tv_sec != 0 || shown->tv_usec != 0;

    timer->shown = NULL;
    if (!runs)
        return;
    if (!timer->repeats)
        timer->flight++;
    if (!auger_dtls_timer_is_ours())
        return;
    shown->tv_sec = end_of_time();
    timer->shown = shown;
}

void auger_dtls_timer_fire(struct auger_dtls_timer *timer)
{
    if (timer->shown)
        *timer->shown = (struct timeval){.tv_sec = 1};
}
