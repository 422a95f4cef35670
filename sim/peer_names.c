/* sim/peer_names.c - names in place of addresses, by our own engine of multicast DNS: each
 * peer that has one has a socket on port 5353 in each network with a gateway that it is in.  What
 * goes to the group comes to the others there; the internet is no link. */
#include "sim/digest.h"
#include "sim/peer.h"

#include "base/time.h"

#include <auger/mdns.h>

#include <assert.h>
#include <string.h>

#define QUESTIONS_MAX 8 /* at a time, as peers have it */
#define NAMES_MAX 16

struct question {
    uint64_t token; /* 0: the slot is free */
    struct auger_cand cand;
};

struct name {
    struct auger_addr addr; /* an IP */
    char text[AUGER_MDNS_NAME_MAX];
};

struct sim_names {
    struct sim_peer *peer;
    struct sim_host *host;
    struct auger_env env;
    struct prng random;
    struct auger_mdns *mdns;
    struct question questions[QUESTIONS_MAX];
    uint64_t tokens;
    struct name names[NAMES_MAX];
    size_t names_len;
    bool ended;          /* the other said so, and the agent does not know yet */
    auger_time wakes_at; /* AUGER_NEVER: no wake-up is on its way */
};

/* --- its environment ---------------------------------------------------------- */

static int draw(void *user, uint8_t *buf, size_t len)
{
    struct sim_names *names = user;

    prng_fill(&names->random, buf, len);
    return 0;
}

static void *take(void *user, size_t size)
{
    (void)user;
    return sim_alloc(size ? size : 1);
}

static void give_back(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

/* --- the link ----------------------------------------------------------------- */

static const struct sim_attachment *attached(const struct sim_host *host, const struct sim_net *net,
                                             uint8_t family)
{
    for (size_t i = 0; i < host->at_len; i++)
        if (host->at[i].net == net && host->at[i].addr.family == family)
            return &host->at[i];
    return NULL;
}

static void say_to_group(struct sim_names *names, uint8_t family, const uint8_t *buf, size_t len)
{
    struct sim *sim = names->peer->sim;

    for (size_t i = 0; i < names->host->at_len; i++) {
        const struct sim_attachment *at = &names->host->at[i];
        for (struct sim_peer *peer = sim->peers; peer; peer = peer->next_peer) {
            const struct sim_attachment *other =
                peer->names && peer->names != names
                    ? attached(peer->names->host, at->net, at->addr.family)
                    : NULL;
            if (at->addr.family == family && other)
                sim_host_send_in(sim, names->host, at->net,
                                 &(struct auger_path){at->addr, other->addr}, buf, len);
        }
    }
}

static void say_to(struct sim_names *names, const struct auger_addr *to, const uint8_t *buf,
                   size_t len)
{
    for (size_t i = 0; i < names->host->at_len; i++) {
        const struct sim_attachment *at = &names->host->at[i];
        if (at->addr.family == to->family)
            sim_host_send_in(names->peer->sim, names->host, at->net,
                             &(struct auger_path){at->addr, *to}, buf, len);
    }
}

static bool is_group(const struct auger_addr *addr)
{
    return addr->family == AUGER_IPV4 ? addr->ip[0] == 224 : addr->ip[0] == 0xFF;
}

/* --- what comes of it --------------------------------------------------------- */

static bool is_open(const struct sim_names *names)
{
    for (size_t i = 0; i < QUESTIONS_MAX; i++)
        if (names->questions[i].token)
            return true;
    return false;
}

static void conclude(struct sim_names *names, const struct auger_mdns_event *event)
{
    for (size_t i = 0; i < QUESTIONS_MAX; i++) {
        struct question *question = &names->questions[i];
        if (question->token != event->token)
            continue;
        question->token = 0;
        question->cand.addr.family = event->addr.family;
        memcpy(question->cand.addr.ip, event->addr.ip, sizeof(event->addr.ip));
        question->cand.hidden = true;
        if (event->type == AUGER_MDNS_EVENT_RESOLVED)
            sim_signal_resolved(names->peer, &question->cand);
        else
            names->peer->story.names_in_vain++;
    }
    if (names->ended && !is_open(names)) {
        names->ended = false;
        sim_signal_ended(names->peer);
    }
}

static void wake(struct sim *sim, void *user);

static void settle(struct sim_names *names)
{
    struct sim *sim = names->peer->sim;
    struct auger_mdns_event event;
    struct auger_addr to;
    uint8_t buf[AUGER_MDNS_MESSAGE_MAX];
    size_t len;

    while ((len = auger_mdns_poll_transmit(names->mdns, sim->now, &to, buf, sizeof(buf))) > 0) {
        if (is_group(&to))
            say_to_group(names, to.family, buf, len);
        else
            say_to(names, &to, buf, len);
    }
    while (auger_mdns_poll_event(names->mdns, &event))
        conclude(names, &event);
    auger_time next = auger_mdns_next_timeout(names->mdns);
    if (next == AUGER_NEVER || names->wakes_at <= next)
        return;
    names->wakes_at = auger_time_max(next, sim->now);
    sim_schedule(sim, names->wakes_at - sim->now, wake, names);
}

static void wake(struct sim *sim, void *user)
{
    struct sim_names *names = user;
    auger_time sleeps_for = sim_peer_sleeps_for(names->peer);

    if (sim->now < names->wakes_at || names->host->is_dead) /* an older appointment */
        return;
    if (sleeps_for > 0) {
        names->wakes_at = sim->now + sleeps_for;
        sim_schedule(sim, sleeps_for, wake, names);
        return;
    }
    names->wakes_at = AUGER_NEVER;
    auger_mdns_handle_timeout(names->mdns, sim->now);
    settle(names);
}

static void receive(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                    const uint8_t *buf, size_t len)
{
    struct sim_names *names = host->owner;

    if (sim_peer_is_asleep(names->peer))
        return;
    auger_mdns_handle_datagram(names->mdns, sim->now, &path->remote, buf, len);
    settle(names);
}

/* --- its life ----------------------------------------------------------------- */

void sim_names_new(struct sim_peer *peer)
{
    struct sim_names *names = sim_alloc(sizeof(*names));
    char name[SIM_NAME_MAX];

    snprintf(name, sizeof(name), "%.20s-names", peer->name);
    names->peer = peer;
    names->wakes_at = AUGER_NEVER;
    names->env = (struct auger_env){names, draw, take, give_back, NULL};
    prng_init(&names->random, peer->sim->options.seed, name);
    if (auger_mdns_new(&names->mdns, &names->env, NULL) != 0)
        abort();
    names->host = sim_host_new(peer->sim, name);
    names->host->receive = receive;
    names->host->owner = names;
    peer->names = names;
}

void sim_names_free(struct sim_names *names)
{
    if (!names)
        return;
    auger_mdns_free(names->mdns);
    free(names);
}

void sim_names_leave(struct sim_names *names)
{
    if (names)
        sim_host_kill(names->host);
}

void sim_names_join(struct sim_names *names, struct sim_net *net, enum auger_family family)
{
    if (names && net->gateway && !attached(names->host, net, (uint8_t)family))
        sim_host_attach(names->host, net, family, AUGER_MDNS_PORT);
}

void sim_names_quit(struct sim_names *names, const struct sim_net *net)
{
    for (size_t i = names ? names->host->at_len : 0; i-- > 0;)
        if (names->host->at[i].net == net)
            sim_host_detach(names->host, i);
}

/* --- what is asked of it ------------------------------------------------------ */

const char *sim_names_of(struct sim_names *names, const struct auger_addr *addr)
{
    for (size_t i = 0; i < names->names_len; i++)
        if (auger_addr_ip_equal(&names->names[i].addr, addr))
            return names->names[i].text;
    assert(names->names_len < NAMES_MAX);
    struct name *fresh = &names->names[names->names_len++];
    fresh->addr = *addr;
    if (auger_mdns_publish(names->mdns, names->peer->sim->now, addr, fresh->text) != 0)
        abort();
    settle(names);
    return fresh->text;
}

int sim_names_resolve(struct sim_names *names, const struct auger_cand *cand, const char *name)
{
    for (size_t i = 0; i < QUESTIONS_MAX; i++) {
        if (names->questions[i].token)
            continue;
        int err = auger_mdns_resolve(names->mdns, names->peer->sim->now, name, strlen(name),
                                     names->tokens + 1);
        if (err < 0)
            return err == AUGER_ERR_INVALID ? AUGER_ERR_UNSUPPORTED : err;
        names->questions[i] = (struct question){++names->tokens, *cand};
        settle(names);
        return 0;
    }
    return AUGER_ERR_LIMIT;
}

void sim_names_restart(struct sim_names *names)
{
    for (size_t i = 0; names && i < QUESTIONS_MAX; i++) {
        if (names->questions[i].token)
            auger_mdns_forget(names->mdns, names->questions[i].token);
        names->questions[i].token = 0;
    }
    if (names)
        names->ended = false;
}

bool sim_names_end(struct sim_names *names)
{
    names->ended = is_open(names);
    return !names->ended;
}
