/* tests/tls/pair.h - a client and a server with a wire between them, in virtual time. */
#ifndef TESTS_TLS_PAIR_H
#define TESTS_TLS_PAIR_H

#include "base/time.h"
#include "tests/tls/ca.h"

#include <auger/crypto.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define START (1000 * AUGER_SEC)

enum { CLIENT, SERVER };

struct pair {
    struct auger_tls_context *contexts[2];
    struct auger_tls *ends[2];
    auger_time now;
    size_t piece;   /* bytes at a time on the wire; 0: as they come */
    size_t lost_at; /* datagrams: the one of that number is lost, counted from 1; 0: none */
    size_t carried, largest;
    uint8_t got[2][8192];
    size_t got_len[2];
    /* Datagrams: what somebody else sends the client, before the one of that number. */
    const uint8_t *forged;
    size_t forged_len, forged_at;
    bool forged_always; /* before each */
    bool is_stubborn;   /* the server lets nobody begin anew */
    bool has_cookies;   /* it goes by datagrams */
    uint8_t random[32]; /* of the ClientHello that the server knows then */
    size_t beginnings;  /* ClientHellos that proved a cookie */
};

static const struct auger_addr client_addr = {
    .family = AUGER_IPV4, .port = 40000, .ip = {192, 0, 2, 7}};

static inline struct auger_tls_context *make_context(const struct auger_tls_config *config)
{
    struct auger_tls_context *context = NULL;
    char why[AUGER_TLS_WHY_MAX];

    int err = auger_tls_context_new(&context, auger_env_system(), config, why);
    assert_string_equal(why, "");
    assert_int_equal(err, 0);
    return context;
}

static inline struct auger_tls_config client_config(const struct authority *authority)
{
    struct auger_tls_config config;

    auger_tls_config_init(&config);
    if (authority)
        config.ca_pem = pem_bytes(&authority->pem);
    return config;
}

static inline struct auger_tls_config server_config(const struct leaf *leaf)
{
    struct auger_tls_config config;

    auger_tls_config_init(&config);
    config.role = AUGER_TLS_SERVER;
    config.certificate_pem = pem_bytes(&leaf->certificate);
    config.key_pem = pem_bytes(&leaf->key);
    return config;
}

static inline void begin(struct pair *pair, const struct auger_tls_config *client,
                         const struct auger_tls_config *server, const char *name)
{
    *pair = (struct pair){.now = START};
    pair->has_cookies = server->datagrams;
    pair->contexts[CLIENT] = make_context(client);
    pair->contexts[SERVER] = make_context(server);
    assert_int_equal(auger_tls_new(&pair->ends[CLIENT], pair->contexts[CLIENT], START, name), 0);
    if (!server->datagrams)
        assert_int_equal(auger_tls_new(&pair->ends[SERVER], pair->contexts[SERVER], START, NULL),
                         0);
}

static inline void end_pair(struct pair *pair)
{
    for (int who = CLIENT; who <= SERVER; who++) {
        auger_tls_free(pair->ends[who]);
        auger_tls_context_free(pair->contexts[who]);
    }
}

static inline void read_all(struct pair *pair, int who)
{
    size_t n;

    while ((n = auger_tls_read(pair->ends[who], pair->now, pair->got[who] + pair->got_len[who],
                               sizeof(pair->got[who]) - pair->got_len[who])) > 0)
        pair->got_len[who] += n;
}

/* Whether a datagram begins with a ClientHello whose random bytes the server does not know. */
static inline bool is_new_client(const struct pair *pair, const uint8_t *buf, size_t len)
{
    return len > 59 && buf[0] == 22 && buf[13] == 1 && memcmp(buf + 27, pair->random, 32) != 0;
}

/* A server of datagrams is made by what comes, and gives way to another as long as its handshake
 * is not done. */
static inline void be_met(struct pair *pair, const uint8_t *buf, size_t len)
{
    uint8_t reply[AUGER_DATAGRAM_MAX];
    struct auger_tls *tls;
    int n = auger_tls_accept(&tls, pair->contexts[SERVER], pair->now, &client_addr, buf, len, reply,
                             sizeof(reply));

    assert_true(n >= 0 && (size_t)n <= len);
    if (n > 0)
        (void)auger_tls_feed(pair->ends[CLIENT], pair->now, reply, (size_t)n);
    if (!tls)
        return;
    auger_tls_free(pair->ends[SERVER]);
    pair->ends[SERVER] = tls;
    memcpy(pair->random, buf + 27, sizeof(pair->random));
    pair->beginnings++;
}

static inline void arrive(struct pair *pair, int who, const uint8_t *buf, size_t len)
{
    bool is_made = pair->ends[who] != NULL;

    if (!is_made || (who == SERVER && pair->has_cookies && !pair->is_stubborn &&
                     is_new_client(pair, buf, len) &&
                     auger_tls_get_state(pair->ends[who]) == AUGER_TLS_CONNECTING)) {
        be_met(pair, buf, len);
        return;
    }
    for (size_t at = 0; at < len; read_all(pair, who))
        at += auger_tls_feed(pair->ends[who], pair->now, buf + at, len - at);
}

/* Whether anything was carried. */
static inline bool carry(struct pair *pair, int from)
{
    uint8_t buf[4096];
    size_t len, any = 0;

    while (pair->ends[from] &&
           (len = auger_tls_take(pair->ends[from], pair->now, buf,
                                 pair->piece ? pair->piece : sizeof(buf))) > 0) {
        any++;
        pair->largest = len > pair->largest ? len : pair->largest;
        pair->carried++;
        if (pair->forged && (pair->forged_always || pair->carried == pair->forged_at))
            (void)auger_tls_feed(pair->ends[CLIENT], pair->now, pair->forged, pair->forged_len);
        if (pair->carried != pair->lost_at)
            arrive(pair, !from, buf, len);
    }
    return any > 0;
}

static inline void carry_all(struct pair *pair)
{
    bool any;

    do {
        any = carry(pair, CLIENT);
        any |= carry(pair, SERVER);
    } while (any);
}

static inline auger_time next_of(const struct pair *pair)
{
    auger_time next = auger_tls_next_timeout(pair->ends[CLIENT]);

    return pair->ends[SERVER] ? auger_time_min(next, auger_tls_next_timeout(pair->ends[SERVER]))
                              : next;
}

static inline void wait_until(struct pair *pair, auger_time end)
{
    carry_all(pair);
    while (next_of(pair) <= end) {
        pair->now = next_of(pair);
        for (int who = CLIENT; who <= SERVER; who++)
            if (pair->ends[who])
                auger_tls_handle_timeout(pair->ends[who], pair->now);
        carry_all(pair);
    }
    pair->now = end;
}

static inline bool both_are(const struct pair *pair, enum auger_tls_state state)
{
    return pair->ends[SERVER] && auger_tls_get_state(pair->ends[CLIENT]) == state &&
           auger_tls_get_state(pair->ends[SERVER]) == state;
}

static inline void assert_talk(struct pair *pair)
{
    for (int who = CLIENT; who <= SERVER; who++) {
        pair->got_len[!who] = 0;
        assert_int_equal(auger_tls_write(pair->ends[who], pair->now, (const uint8_t *)"hello", 5),
                         5);
        carry_all(pair);
        assert_int_equal(pair->got_len[!who], 5);
        assert_memory_equal(pair->got[!who], "hello", 5);
    }
}

#endif /* TESTS_TLS_PAIR_H */
