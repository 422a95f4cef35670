/* turn/error.c - one row an error: its code, its words, and when to ask again (RFC 8656
 * section 7.4). */
#include "turn/error.h"

#include <auger/stun.h>

#define MINUTE (60 * AUGER_SEC)

static const struct row {
    uint16_t code; /* 0: it comes of no code */
    const char *text;
    auger_time retry_after;
} rows[] = {
    [AUGER_TURN_ERROR_NONE] = {0, "no error", 0},
    [AUGER_TURN_ERROR_TIMEOUT] = {0, "no answer", 0},
    [AUGER_TURN_ERROR_INTEGRITY] = {0, "no answer that proves our password", AUGER_NEVER},
    [AUGER_TURN_ERROR_BID_DOWN] = {0, "security features were taken away", AUGER_NEVER},
    [AUGER_TURN_ERROR_NO_ALGORITHM] = {0, "no password algorithm in common", AUGER_NEVER},
    [AUGER_TURN_ERROR_REALM] = {0, "the realm is not ASCII, or has changed", AUGER_NEVER},
    [AUGER_TURN_ERROR_MALFORMED] = {0, "an answer without what it must have", AUGER_NEVER},
    [AUGER_TURN_ERROR_EXPIRED] = {0, "could not be renewed in time", 0},
    [AUGER_TURN_ERROR_RESOURCES] = {0, "no memory, random bytes or hash", 0},
    [AUGER_TURN_ERROR_TRY_ALTERNATE] = {300, "sent on to nowhere that can be followed",
                                        AUGER_NEVER},
    [AUGER_TURN_ERROR_BAD_REQUEST] = {400, "the server calls our request malformed", AUGER_NEVER},
    [AUGER_TURN_ERROR_UNAUTHENTICATED] = {401, "name or password is wrong", AUGER_NEVER},
    [AUGER_TURN_ERROR_FORBIDDEN] = {403, "forbidden", AUGER_NEVER},
    [AUGER_TURN_ERROR_MOBILITY] = {405, "the allocation may not move", AUGER_NEVER},
    [AUGER_TURN_ERROR_UNKNOWN_ATTRIBUTE] = {420, "the server lacks what we ask for", AUGER_NEVER},
    [AUGER_TURN_ERROR_ALLOCATION_MISMATCH] = {437, "allocation mismatch", 0},
    [AUGER_TURN_ERROR_STALE_NONCE] = {438, "every nonce is stale", MINUTE},
    [AUGER_TURN_ERROR_ADDRESS_FAMILY] = {440, "no relayed address of that family", AUGER_NEVER},
    [AUGER_TURN_ERROR_WRONG_CREDENTIALS] = {441, "not the credentials of the allocation",
                                            AUGER_NEVER},
    [AUGER_TURN_ERROR_UNSUPPORTED_TRANSPORT] = {442, "no relaying by that protocol", AUGER_NEVER},
    [AUGER_TURN_ERROR_PEER_FAMILY] = {443, "the peer is of another family", AUGER_NEVER},
    [AUGER_TURN_ERROR_QUOTA] = {486, "allocation quota reached", MINUTE},
    [AUGER_TURN_ERROR_SERVER] = {500, "server error", MINUTE},
    [AUGER_TURN_ERROR_CAPACITY] = {508, "insufficient capacity", MINUTE},
    [AUGER_TURN_ERROR_REFUSED] = {0, "refused", AUGER_NEVER},
    [AUGER_TURN_ERROR_CONNECTION_EXISTS] = {446, "there is a connection to that peer", AUGER_NEVER},
    [AUGER_TURN_ERROR_CONNECTION_FAILURE] = {447, "the server could not reach the peer",
                                             10 * AUGER_SEC},
};

#define ROWS_LEN (sizeof(rows) / sizeof(rows[0]))

static const struct row *row_of(enum auger_turn_error error)
{
    return &rows[(size_t)error < ROWS_LEN ? error : AUGER_TURN_ERROR_REFUSED];
}

enum auger_turn_error auger_turn_error_of(uint16_t code)
{
    for (size_t i = 0; i < ROWS_LEN; i++)
        if (code != 0 && rows[i].code == code)
            return (enum auger_turn_error)i;
    if (code == 0) /* 6.3.4: an error without a code is none */
        return AUGER_TURN_ERROR_MALFORMED;
    return code / 100 == 5 ? AUGER_TURN_ERROR_SERVER : AUGER_TURN_ERROR_REFUSED;
}

const char *auger_turn_error_text(enum auger_turn_error error)
{
    return row_of(error)->text;
}

auger_time auger_turn_retry_after(enum auger_turn_error error)
{
    return row_of(error)->retry_after;
}

bool auger_turn_error_is_transient(enum auger_turn_error error)
{
    return error == AUGER_TURN_ERROR_TIMEOUT || error == AUGER_TURN_ERROR_INTEGRITY ||
           error == AUGER_TURN_ERROR_RESOURCES || error == AUGER_TURN_ERROR_STALE_NONCE ||
           error == AUGER_TURN_ERROR_SERVER || error == AUGER_TURN_ERROR_CAPACITY;
}

bool auger_turn_error_is_loss(enum auger_turn_error error)
{
    return error == AUGER_TURN_ERROR_ALLOCATION_MISMATCH ||
           error == AUGER_TURN_ERROR_WRONG_CREDENTIALS;
}
