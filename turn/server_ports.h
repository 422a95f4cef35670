/* turn/server_ports.h - the ledger of relayed ports on one IP address: which are free, and one
 * of them drawn so that nobody can tell which (RFC 8656 section 7.2, RFC 6056 section 3.3).
 * What is open on them is server_relay.h. */
#ifndef AUGER_TURN_SERVER_PORTS_H
#define AUGER_TURN_SERVER_PORTS_H

#include <auger/base.h>

enum auger_server_port_kind {
    AUGER_SERVER_PORT_ANY,
    AUGER_SERVER_PORT_EVEN,
    AUGER_SERVER_PORT_PAIR, /* even, and the next one is free too */
};

#define AUGER_SERVER_PORTS_AHEAD 32

struct auger_server_ports {
    uint64_t *words; /* a bit for each free port from `base` on */
    uint32_t words_len;
    uint32_t len;  /* in the range */
    uint32_t free; /* of them */
    uint16_t base; /* even */
    uint8_t ahead_len;
    uint32_t ahead[AUGER_SERVER_PORTS_AHEAD]; /* random numbers not yet used; zero behind them */
};

/* Ports from `min` to `max`, all free.  AUGER_ERR_NO_MEMORY. */
int auger_server_ports_init(struct auger_server_ports *ports, const struct auger_env *env,
                            uint16_t min, uint16_t max) AUGER_CHECK_RESULT;
void auger_server_ports_fini(struct auger_server_ports *ports, const struct auger_env *env);

/* Takes one, each as likely as any other.  AUGER_ERR_LIMIT: there is none; AUGER_ERR_ENTROPY. */
int auger_server_ports_draw(struct auger_server_ports *ports, const struct auger_env *env,
                            enum auger_server_port_kind kind, uint16_t *port) AUGER_CHECK_RESULT;
/* Takes that one, which is free: the other one of a pair. */
void auger_server_ports_take(struct auger_server_ports *ports, uint16_t port);
void auger_server_ports_give(struct auger_server_ports *ports, uint16_t port);

#endif /* AUGER_TURN_SERVER_PORTS_H */
