/* base/error.c - the words for enum auger_err. */
#include <auger/base.h>

const char *auger_strerror(int err)
{
    switch ((enum auger_err)err) {
    case AUGER_OK:
        return "no error";
    case AUGER_ERR_INVALID:
        return "invalid argument";
    case AUGER_ERR_STATE:
        return "not possible in this state";
    case AUGER_ERR_NO_MEMORY:
        return "out of memory";
    case AUGER_ERR_LIMIT:
        return "a configured limit is reached";
    case AUGER_ERR_BUFFER:
        return "buffer too small";
    case AUGER_ERR_MALFORMED:
        return "malformed";
    case AUGER_ERR_UNSUPPORTED:
        return "not supported";
    case AUGER_ERR_TOO_LARGE:
        return "too large";
    case AUGER_ERR_AGAIN:
        return "send buffer full, try again later";
    case AUGER_ERR_NO_PATH:
        return "no path to the peer";
    case AUGER_ERR_NOT_FOUND:
        return "not found";
    case AUGER_ERR_ENTROPY:
        return "no random bytes to be had";
    case AUGER_ERR_CRYPTO:
        return "the crypto library failed";
    case AUGER_ERR_INTEGRITY:
        return "integrity check failed";
    case AUGER_ERR_SYSTEM:
        return "system call failed";
    case AUGER_ERR_PATH_TAKEN:
        return "another session has that path";
    case AUGER_ERR_NAME_TAKEN:
        return "another session has that username fragment";
    }
    return "unknown error";
}
