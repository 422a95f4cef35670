/* bench/stun_bench.c - a connectivity check as browsers send it: writing one, reading one and
 * believing it.  The parts of that are measured too, so that one sees where the time goes. */
#include "bench/bench.h"

#include <auger/stun.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USERNAME "dG4kGr7Q:Xk9vT2bL"
#define PASSWORD "h2J8sQm4Vn0cYp6RwZ1tKe3u"

struct check {
    struct auger_stun_key *key;
    struct auger_stun_tid tid;
    struct auger_addr from;
    uint8_t request[AUGER_DATAGRAM_MAX];
    size_t request_len;
    struct auger_stun_msg msg; /* the request, parsed */
    uint8_t out[AUGER_DATAGRAM_MAX];
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "stun_bench: %s\n", what);
    exit(1);
}

/* --- writing ------------------------------------------------------------------------------ */

static int write_request(struct check *check, uint8_t *buf, size_t cap)
{
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, buf, cap, AUGER_STUN_REQUEST, AUGER_STUN_BINDING, &check->tid);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USERNAME, USERNAME, strlen(USERNAME));
    auger_stun_build_u32(&b, AUGER_STUN_ATTR_PRIORITY, 1853824767);
    auger_stun_build_u64(&b, AUGER_STUN_ATTR_ICE_CONTROLLING, 0x0123456789abcdef);
    auger_stun_build_bytes(&b, AUGER_STUN_ATTR_USE_CANDIDATE, NULL, 0);
    auger_stun_build_integrity(&b, check->key);
    auger_stun_build_fingerprint(&b);
    return auger_stun_build_end(&b);
}

static void build_request(void *arg)
{
    struct check *check = arg;
    int len = write_request(check, check->out, sizeof(check->out));

    bench_keep(len > 0 ? check->out : NULL);
}

static void build_response(void *arg)
{
    struct check *check = arg;
    struct auger_stun_builder b;

    auger_stun_build_begin(&b, check->out, sizeof(check->out), AUGER_STUN_SUCCESS,
                           AUGER_STUN_BINDING, &check->tid);
    auger_stun_build_addr(&b, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &check->from);
    auger_stun_build_integrity(&b, check->key);
    auger_stun_build_fingerprint(&b);
    int len = auger_stun_build_end(&b);
    bench_keep(len > 0 ? check->out : NULL);
}

/* --- reading ------------------------------------------------------------------------------ */

static bool is_believed(struct check *check, struct auger_stun_msg *msg, const uint8_t *buf)
{
    struct auger_bytes username;

    return auger_stun_msg_parse(msg, buf, check->request_len) == 0 &&
           auger_stun_msg_fingerprint_ok(msg) &&
           auger_stun_msg_bytes(msg, AUGER_STUN_ATTR_USERNAME, &username) &&
           auger_stun_msg_verify(msg, check->key) == 0;
}

static void parse_and_verify(void *arg)
{
    struct check *check = arg;
    struct auger_stun_msg msg;
    bool ok = is_believed(check, &msg, check->request);

    bench_keep(ok ? &msg : NULL);
}

static void parse(void *arg)
{
    struct check *check = arg;
    struct auger_stun_msg msg;
    int err = auger_stun_msg_parse(&msg, check->request, check->request_len);

    bench_keep(err == 0 ? &msg : NULL);
}

static void check_fingerprint(void *arg)
{
    struct check *check = arg;
    bool ok = auger_stun_msg_fingerprint_ok(&check->msg);

    bench_keep(ok ? check : NULL);
}

static void verify(void *arg)
{
    struct check *check = arg;
    int err = auger_stun_msg_verify(&check->msg, check->key);

    bench_keep(err == 0 ? check : NULL);
}

static void prepare_key(void *arg)
{
    struct auger_stun_key *key = NULL;

    must(auger_stun_key_new(&key, (const uint8_t *)PASSWORD, strlen(PASSWORD)) == 0, "no key");
    auger_stun_key_free(key);
    bench_keep(arg);
}

/* --- a server's answer ---------------------------------------------------------------------- */

static void serve_binding(void *arg)
{
    struct check *check = arg;
    struct auger_stun_builder b;
    uint8_t question[AUGER_STUN_HEADER_LEN];

    auger_stun_build_begin(&b, question, sizeof(question), AUGER_STUN_REQUEST, AUGER_STUN_BINDING,
                           &check->tid);
    size_t len = auger_stun_server_answer(&check->from, question, sizeof(question), check->out,
                                          sizeof(check->out));
    bench_keep(len > 0 ? check->out : NULL);
}

/* What is fast because it is wrong shall not be measured: the request is believed, and with any
 * bit of it turned it is not. */
static void must_tell_right_from_wrong(struct check *check)
{
    struct auger_stun_msg msg;

    must(is_believed(check, &check->msg, check->request), "the request is not believed");
    memcpy(check->out, check->request, check->request_len);
    for (size_t i = 0; i < 8 * check->request_len; i++) {
        check->out[i / 8] ^= (uint8_t)(1 << i % 8);
        must(!is_believed(check, &msg, check->out), "a broken request is believed");
        check->out[i / 8] ^= (uint8_t)(1 << i % 8);
    }
}

void bench_cases(void)
{
    static struct check check = {.tid.bytes = "transaction"};

    must(auger_addr_parse(&check.from, "192.0.2.1:50000") == 0 &&
             auger_stun_key_new(&check.key, (const uint8_t *)PASSWORD, strlen(PASSWORD)) == 0,
         "no key");
    int len = write_request(&check, check.request, sizeof(check.request));
    must(len > 0, "no request");
    check.request_len = (size_t)len;
    must_tell_right_from_wrong(&check);

    bench_value("stun/request_size", "bytes", len);
    bench_case("stun/build_request", build_request, &check);
    bench_case("stun/build_response", build_response, &check);
    bench_case("stun/parse_and_verify_request", parse_and_verify, &check);
    bench_case("stun/parse_request", parse, &check);
    bench_case("stun/check_fingerprint", check_fingerprint, &check);
    bench_case("stun/verify_integrity", verify, &check);
    bench_case("stun/prepare_key", prepare_key, &check);
    bench_case("stun/serve_binding", serve_binding, &check);
    auger_stun_key_free(check.key);
}
