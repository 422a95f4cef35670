/* fuzz: reaches auger_tls_hello_read auger_tls_cookie_answer auger_tls_cookie_is_proved */
/* fuzz: reaches auger_tls_feed auger_tls_take explain_error seal_nothing */
/* fuzz: reaches judge_http judge_method judge_answer ask_socks say_name */
/* What strangers say to whoever speaks TLS: a datagram to a server of DTLS, bytes to a client and
 * to a server of TLS, and the answer of a proxy.  The first byte says which; the second one where
 * the bytes are cut, or whose proxy it is. */
#include "io/proxy.h"
#include "tests/tls/ca.h"
#include "tls/cookie.h"

#include <auger/crypto.h>

#include <stdlib.h>

enum { DTLS_SERVER, TLS_CLIENT, TLS_SERVER, PROXY, KINDS };

#define NOW (1000 * AUGER_SEC)

static struct auger_tls_context *contexts[KINDS];

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void make_context(int kind, const struct auger_tls_config *config)
{
    require(auger_tls_context_new(&contexts[kind], auger_env_system(), config, NULL) == 0);
}

static void set_up(void)
{
    struct auger_tls_config config;
    struct authority authority;
    struct leaf leaf;

    make_authority(&authority, "Authority");
    make_leaf(&leaf, &authority, "DNS:turn.example", -1, 1);
    auger_tls_config_init(&config);
    config.ca_pem = pem_bytes(&authority.pem);
    make_context(TLS_CLIENT, &config);
    config.role = AUGER_TLS_SERVER;
    config.certificate_pem = pem_bytes(&leaf.certificate);
    config.key_pem = pem_bytes(&leaf.key);
    make_context(TLS_SERVER, &config);
    config.datagrams = true;
    make_context(DTLS_SERVER, &config);
    free_authority(&authority);
}

/* The answer is no longer than the question, and no stranger has a cookie of ours. */
static void accept_datagram(const uint8_t *data, size_t len)
{
    const struct auger_addr from = {.family = AUGER_IPV4, .port = 4000, .ip = {192, 0, 2, 7}};
    uint8_t reply[AUGER_DATAGRAM_MAX];
    struct auger_tls *tls = NULL;

    int n =
        auger_tls_accept(&tls, contexts[DTLS_SERVER], NOW, &from, data, len, reply, sizeof(reply));
    require(n >= 0 && (size_t)n <= len && !tls);
}

static void seal_nothing(struct auger_tls *tls)
{
    require(auger_tls_write(tls, NOW, (const uint8_t *)"x", 1) < 0);
}

/* Nobody gets through a handshake without the other's random bytes. */
static void hear_stream(int kind, const uint8_t *data, size_t len, size_t cut)
{
    uint8_t buf[4096];
    struct auger_tls *tls;

    require(auger_tls_new(&tls, contexts[kind], NOW, kind == TLS_CLIENT ? "turn.example" : NULL) ==
            0);
    for (size_t at = 0; at < len;) {
        size_t piece = at < cut && cut < len ? cut - at : len - at;
        size_t taken = auger_tls_feed(tls, NOW, data + at, piece);
        require(taken > 0 && taken <= piece);
        at += taken;
        require(auger_tls_read(tls, NOW, buf, sizeof(buf)) == 0);
        while (auger_tls_take(tls, NOW, buf, sizeof(buf)) > 0)
            continue;
    }
    seal_nothing(tls);
    require(auger_tls_get_state(tls) != AUGER_TLS_CONNECTED);
    require((auger_tls_get_state(tls) == AUGER_TLS_FAILED) == (auger_tls_why(tls)[0] != '\0'));
    auger_tls_free(tls);
}

/* It is through where the proxy said so, and else has a reason. */
static void hear_proxy(uint8_t whose, const uint8_t *data, size_t len)
{
    static const char *const urls[] = {"http://p", "http://a:b@p", "socks5://p", "socks5://a:b@p"};
    struct auger_proxy_talk talk;
    struct auger_proxy proxy;

    require(auger_proxy_parse(&proxy, urls[whose % 4]) == 0);
    auger_proxy_begin(&talk, &proxy, whose & 4 ? "192.0.2.1" : "turn.example", 443);
    for (size_t i = 0; i < len; i++) {
        require(talk.out_len <= sizeof(talk.out) && talk.in_len <= sizeof(talk.in));
        auger_proxy_hear(&talk, data[i]);
    }
    require((talk.step == AUGER_PROXY_REFUSED) == (talk.why[0] != '\0'));
    if (talk.step == AUGER_PROXY_DONE)
        require(proxy.kind == AUGER_PROXY_HTTP ? talk.in[9] == '2' : talk.in[1] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (!contexts[TLS_CLIENT])
        set_up();
    if (len < 2)
        return 0;
    if (data[0] % KINDS == DTLS_SERVER)
        accept_datagram(data + 2, len - 2);
    else if (data[0] % KINDS == PROXY)
        hear_proxy(data[1], data + 2, len - 2);
    else
        hear_stream(data[0] % KINDS, data + 2, len - 2, data[1]);
    return 0;
}
