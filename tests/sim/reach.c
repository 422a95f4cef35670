/* tests/sim/reach.c - brute force: "?" and whom it was sent to is answered by "!", the same,
 * and whence it came; and the answer must come from there, as RFC 8445 section 7.2.5.2.1
 * has it. */
#include "tests/sim/reach.h"

#include "sim/world.h"

#include "base/nat64.h"

#include <auger/stun.h>

#include <string.h>

#define KNOWN_MAX 64
#define EVERY (200 * AUGER_MS)

struct sim_reacher {
    struct sim_host *host;
    struct auger_addr known[KNOWN_MAX]; /* of the other, told */
    size_t known_len;
    struct auger_path heard[KNOWN_MAX]; /* it has asked along these */
    size_t heard_len;
    struct auger_addr told[KNOWN_MAX]; /* to the other */
    size_t told_len;
    bool is_answered, is_direct;
    bool has_nat64;
    bool is_lite;
    bool is_named; /* what a server sees is told only where it is another address */
};

struct question {
    char mark;
    struct auger_addr asked, seen;
};

static void add(struct auger_addr *addrs, size_t *len, const struct auger_addr *addr)
{
    for (size_t i = 0; i < *len; i++) {
        if (auger_addr_equal(&addrs[i], addr))
            return;
    }
    if (*len < KNOWN_MAX)
        addrs[(*len)++] = *addr;
}

static void add_heard(struct sim_reacher *reacher, const struct auger_path *path)
{
    for (size_t i = 0; i < reacher->heard_len; i++) {
        if (auger_path_equal(&reacher->heard[i], path))
            return;
    }
    if (reacher->heard_len < KNOWN_MAX)
        reacher->heard[reacher->heard_len++] = *path;
}

static void receive(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                    const uint8_t *buf, size_t len)
{
    struct sim_reacher *reacher = host->owner;
    struct auger_addr mapped;
    struct auger_stun_msg msg;
    struct question question;

    if (auger_stun_is_message(buf, len)) {
        if (auger_stun_msg_parse(&msg, buf, len) == 0 &&
            auger_stun_msg_addr(&msg, AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, &mapped) &&
            !(reacher->is_named && auger_addr_equal(&mapped, &path->local)))
            add(reacher->told, &reacher->told_len, &mapped);
    } else if (len == sizeof(question) && buf[0] == '?') {
        memcpy(&question, buf, sizeof(question));
        question.mark = '!';
        question.seen = path->remote;
        add_heard(reacher, path);
        sim_host_send(sim, host, path, (const uint8_t *)&question, sizeof(question));
    } else if (len == sizeof(question) && buf[0] == '!') {
        memcpy(&question, buf, sizeof(question));
        if (!auger_addr_equal(&question.asked, &path->remote))
            return;
        reacher->is_answered = true;
        reacher->is_direct |= auger_addr_equal(&question.seen, &path->local);
    }
}

struct sim_reacher *sim_add_reacher(struct sim *sim, const char *name)
{
    struct sim_reacher *reacher = sim_alloc(sizeof(*reacher));

    reacher->host = sim_host_new(sim, name);
    reacher->host->receive = receive;
    reacher->host->owner = reacher;
    reacher->host->owns = reacher;
    return reacher;
}

static void ignore(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                   const uint8_t *buf, size_t len)
{
    (void)sim, (void)host, (void)path, (void)buf, (void)len;
}

void sim_add_bystander(struct sim *sim, struct sim_net *net, enum auger_family family)
{
    struct sim_host *host = sim_host_new(sim, "bystander");

    host->receive = ignore;
    sim_host_attach(host, net, family, 1);
}

void sim_reacher_add_addr(struct sim *sim, struct sim_reacher *reacher, struct sim_net *net,
                          enum auger_family family)
{
    uint16_t port = (uint16_t)prng_between(&reacher->host->random, 32768, 60999);
    struct auger_addr addr = sim_host_attach(reacher->host, net, family, port);

    (void)sim;
    add(reacher->told, &reacher->told_len, &addr);
}

const struct auger_addr *sim_reacher_addr(const struct sim_reacher *reacher)
{
    return &reacher->host->at[0].addr;
}

void sim_reacher_hide(struct sim_reacher *reacher, const struct sim_net *but, bool is_named)
{
    reacher->is_named = is_named;
    reacher->told_len = 0;
    for (size_t i = 0; i < reacher->host->at_len; i++)
        if (reacher->host->at[i].net == but)
            add(reacher->told, &reacher->told_len, &reacher->host->at[i].addr);
}

void sim_reacher_tell(struct sim_reacher *reacher, const struct auger_addr *external)
{
    struct auger_addr addr = *external;

    for (size_t i = 0; i < reacher->host->at_len; i++) {
        addr.port = reacher->host->at[i].addr.port;
        if (addr.family == reacher->host->at[i].addr.family)
            add(reacher->told, &reacher->told_len, &addr);
    }
}

void sim_reacher_translate(struct sim_reacher *reacher)
{
    reacher->has_nat64 = true;
}

/* false: nothing of its leads there. */
static bool lead(const struct sim_reacher *reacher, struct auger_path *path)
{
    if (reacher->has_nat64 && path->local.family == AUGER_IPV6 &&
        auger_nat64_reaches(&path->remote))
        path->remote = auger_nat64_synthesise(sim_nat64(), &path->remote);
    return path->local.family == path->remote.family;
}

void sim_reacher_make_lite(struct sim_reacher *reacher)
{
    reacher->is_lite = true;
}

static void ask(struct sim *sim, struct sim_reacher *reacher, const struct auger_path *told)
{
    struct auger_path path = *told;
    struct question question;

    if (!lead(reacher, &path))
        return;
    memset(&question, 0, sizeof(question)); /* padding is sent too */
    question.mark = '?';
    question.asked = path.remote;
    sim_host_send(sim, reacher->host, &path, (const uint8_t *)&question, sizeof(question));
}

/* What was told is asked from everywhere; what has asked us, from where it has asked alone
 * (RFC 8445 section 7.3.1.3): of a lite one that stands for its answer. */
static void ask_all(struct sim *sim, struct sim_reacher *reacher)
{
    for (size_t i = 0; i < reacher->host->at_len; i++) {
        for (size_t j = 0; j < reacher->known_len && !reacher->is_lite; j++) {
            struct auger_path path = {reacher->host->at[i].addr, reacher->known[j]};
            ask(sim, reacher, &path);
        }
    }
    for (size_t i = 0; i < reacher->heard_len; i++)
        ask(sim, reacher, &reacher->heard[i]);
}

static void ask_servers(struct sim *sim, struct sim_reacher *reacher)
{
    struct auger_stun_tid tid = {{1}};
    struct auger_stun_builder b;
    uint8_t buf[64];

    auger_stun_build_begin(&b, buf, sizeof(buf), AUGER_STUN_REQUEST, AUGER_STUN_BINDING, &tid);
    int len = auger_stun_build_end(&b);
    for (size_t i = 0; i < reacher->host->at_len; i++) {
        for (size_t j = 0; j < sim->stun_servers_len; j++) {
            struct auger_path path = {reacher->host->at[i].addr, sim->stun_servers[j]};
            if (lead(reacher, &path))
                sim_host_send(sim, reacher->host, &path, buf, (size_t)len);
        }
    }
}

static void tell(const struct sim_reacher *from, struct sim_reacher *to)
{
    for (size_t i = 0; i < from->told_len; i++)
        add(to->known, &to->known_len, &from->told[i]);
}

struct sim_reach sim_reach(struct sim *sim, struct sim_reacher *a, bool a_gives, bool a_asks,
                           struct sim_reacher *b, bool b_gives, bool b_asks, auger_time limit)
{
    auger_time ends_at = sim->now + limit;

    while (sim->now < ends_at && !(a->is_answered && b->is_answered && a->is_direct)) {
        if (a_asks && !a->is_lite)
            ask_servers(sim, a);
        if (b_asks && !b->is_lite)
            ask_servers(sim, b);
        if (a_gives)
            tell(a, b);
        if (b_gives)
            tell(b, a);
        ask_all(sim, a);
        ask_all(sim, b);
        sim_run(sim, EVERY);
    }
    return (struct sim_reach){.both = a->is_answered && b->is_answered,
                              .direct = a->is_direct && b->is_direct};
}
