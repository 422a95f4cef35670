/* crypto/dtls_timer.h - the timer of a flight of DTLS, which OpenSSL shows through its BIO.  For
 * the files that know OpenSSL. */
#ifndef AUGER_CRYPTO_DTLS_TIMER_H
#define AUGER_CRYPTO_DTLS_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct timeval;

struct auger_dtls_timer {
    struct timeval *shown; /* OpenSSL's own, as long as it runs; NULL from 3.2 on */
    uint32_t flight;       /* counts its starts, but for those of */
    bool repeats;          /* a flight that is sent again */
};

/* Whether it can be driven by our clock: OpenSSL hands over the live one. */
bool auger_dtls_timer_is_ours(void);
/* BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT: it starts or, if it is zero, stops. */
void auger_dtls_timer_show(struct auger_dtls_timer *timer, struct timeval *shown);
/* Lets it be due, for DTLSv1_handle_timeout() to see. */
void auger_dtls_timer_fire(struct auger_dtls_timer *timer);

#endif /* AUGER_CRYPTO_DTLS_TIMER_H */
