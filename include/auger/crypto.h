/*
 * auger/crypto.h - the ordinary environment of an engine.
 *
 * Threads  callable from any thread.
 */
#ifndef AUGER_CRYPTO_H
#define AUGER_CRYPTO_H

#include <auger/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* OpenSSL's random bytes, the C heap, no trace.  Static, never NULL. */
AUGER_API const struct auger_env *auger_env_system(void);

#ifdef __cplusplus
}
#endif

#endif /* AUGER_CRYPTO_H */
