/* tests/scenarios/office.h - a host with a mux: several agents on the same few ports.  Each
 * line leads to one of another office and says its number, over and over. */
#ifndef SCENARIOS_OFFICE_H
#define SCENARIOS_OFFICE_H

#include "sim/world.h"
#include "tests/sim/scenario.h"

#include <auger/ice_explain.h>
#include <auger/mux.h>

#define LINES_MAX 12
#define TICK (10 * AUGER_MS)
#define SAYS_EVERY (200 * AUGER_MS)

struct office;

struct line {
    struct office *office;
    struct line *partner;
    struct auger_ice *ice;
    struct auger_mux_session *session;
    uint8_t number;
    enum auger_ice_state state;
    unsigned heard, strange; /* its own number, and another */
    unsigned lost;           /* how often it left `connected` */
    auger_time says_at;
    struct auger_path path;
};

struct office {
    struct sim *sim;
    struct sim_host *host;
    struct auger_env env;
    struct auger_mux *mux;
    struct line lines[LINES_MAX];
    size_t len;
    size_t blocks;
};

static inline int office_random(void *user, uint8_t *buf, size_t len)
{
    struct office *office = user;
    prng_fill(&office->host->random, buf, len);
    return 0;
}

static inline void *office_alloc(void *user, size_t size)
{
    struct office *office = user;
    office->blocks++;
    return sim_alloc(size);
}

static inline void office_release(void *user, void *ptr)
{
    struct office *office = user;
    office->blocks--;
    free(ptr);
}

/* --- a line ------------------------------------------------------------------------------ */

static inline void line_settle(struct line *line)
{
    struct office *office = line->office;
    struct auger_path taken;
    int err;

    while ((err = auger_mux_settle(office->mux, line->session, line->ice, &taken)) ==
           AUGER_ERR_PATH_TAKEN)
        if (auger_ice_refuse_path(line->ice, office->sim->now, &taken) < 0)
            sim_break(office->sim, "a path is refused that is none");
    if (err < 0)
        sim_break(office->sim, "%s", auger_strerror(err));
}

static inline void line_say(struct line *line)
{
    struct office *office = line->office;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    const uint8_t data[] = {0x80, line->number};
    struct auger_path path;

    if (office->sim->now < line->says_at)
        return;
    line->says_at = office->sim->now + SAYS_EVERY;
    int len = auger_ice_write_data(line->ice, office->sim->now, data, sizeof(data), &path, buf,
                                   sizeof(buf));
    if (len > 0)
        sim_host_send(office->sim, office->host, &path, buf, (size_t)len);
}

static inline void line_react(struct line *line, const struct auger_ice_event *event)
{
    auger_time now = line->office->sim->now;

    if (event->type == AUGER_ICE_EVENT_CANDIDATE && line->partner->ice) {
        (void)!auger_ice_add_remote_cand(line->partner->ice, now, &event->cand);
    } else if (event->type == AUGER_ICE_EVENT_STATE) {
        line->lost += line->state == AUGER_ICE_CONNECTED;
        line->state = event->state;
    } else if (event->type == AUGER_ICE_EVENT_PATH) {
        line->path = event->path;
    }
}

static inline void line_drain(struct line *line)
{
    struct office *office = line->office;
    uint8_t buf[AUGER_DATAGRAM_MAX];
    struct auger_ice_event event;
    struct auger_path path;
    size_t len;

    line_settle(line);
    while ((len = auger_ice_poll_transmit(line->ice, office->sim->now, &path, buf, sizeof(buf))))
        sim_host_send(office->sim, office->host, &path, buf, len);
    while (auger_ice_poll_event(line->ice, &event))
        line_react(line, &event);
    line_say(line);
}

/* --- an office --------------------------------------------------------------------------- */

static inline void office_receive(struct sim *sim, struct sim_host *host,
                                  const struct auger_path *path, const uint8_t *buf, size_t len)
{
    struct office *office = host->owner;
    struct auger_mux_session *session = auger_mux_find(office->mux, sim->now, path, buf, len);
    struct auger_bytes data = {0};

    if (!session)
        return;
    struct line *line = auger_mux_user(session);
    auger_ice_handle_datagram(line->ice, sim->now, path, buf, len, &data);
    if (data.len == 2)
        *(data.data[1] == line->number ? &line->heard : &line->strange) += 1;
    line_drain(line);
}

static inline void office_tick(struct sim *sim, void *user)
{
    struct office *office = user;

    for (size_t i = 0; i < office->len; i++) {
        struct line *line = &office->lines[i];
        if (!line->ice)
            continue;
        auger_ice_handle_timeout(line->ice, sim->now);
        line_drain(line);
    }
    sim_schedule(sim, TICK, office_tick, office);
}

static inline struct office *office_new(struct sim *sim, const char *name, struct sim_net *net,
                                        size_t ports)
{
    struct office *office = sim_alloc(sizeof(*office));
    struct sim_host *host = sim_host_new(sim, name);

    *office = (struct office){.sim = sim, .host = host};
    office->env = (struct auger_env){office, office_random, office_alloc, office_release, NULL};
    host->receive = office_receive;
    host->owner = office;
    struct auger_addr first = sim_host_attach(host, net, AUGER_IPV4, 3000);
    for (size_t i = 1; i < ports; i++) {
        host->at[host->at_len++] = (struct sim_attachment){.net = net, .addr = first};
        host->at[i].addr.port = (uint16_t)(3000 + i);
    }
    assert_int_equal(auger_mux_new(&office->mux, &office->env, NULL), 0);
    sim_schedule(sim, TICK, office_tick, office);
    return office;
}

static inline void line_hang_up(struct line *line)
{
    auger_mux_remove(line->office->mux, line->session);
    auger_ice_free(line->ice);
    line->ice = NULL;
}

static inline void office_close(struct office *office)
{
    for (size_t i = 0; i < office->len; i++)
        if (office->lines[i].ice)
            line_hang_up(&office->lines[i]);
    auger_mux_free(office->mux);
    assert_int_equal(office->blocks, 0);
    free(office);
}

static inline struct line *office_add_line(struct office *office, bool controlling,
                                           auger_time patience)
{
    struct line *line = &office->lines[office->len];
    struct auger_ice_config config;

    assert_true(office->len < LINES_MAX);
    *line = (struct line){.office = office, .number = (uint8_t)(office->len + 1)};
    auger_ice_config_init(&config);
    config.controlling = controlling;
    config.pac_timeout = patience;
    assert_int_equal(auger_ice_new(&line->ice, &office->env, &config), 0);
    assert_int_equal(auger_mux_add(office->mux, line, &line->session), 0);
    assert_int_equal(auger_ice_share_sockets(line->ice, auger_mux_tag(line->session)), 0);
    office->len++;
    return line;
}

static inline void line_begin(struct line *line)
{
    const struct office *office = line->office;
    auger_time now = office->sim->now;

    for (size_t i = 0; i < office->sim->stun_servers_len; i++)
        assert_int_equal(auger_ice_add_stun_server(line->ice, now, &office->sim->stun_servers[i]),
                         0);
    for (size_t i = 0; i < office->host->at_len; i++)
        assert_int_equal(auger_ice_add_local_addr(line->ice, now, &office->host->at[i].addr), 0);
    auger_ice_end_of_local_addrs(line->ice, now);
    assert_int_equal(auger_ice_set_remote_credentials(line->ice, now,
                                                      auger_ice_ufrag(line->partner->ice),
                                                      auger_ice_password(line->partner->ice)),
                     0);
    line_settle(line);
}

/* One more line between two offices, of which `caller` controls. */
static inline struct line *call(struct office *caller, struct office *callee, auger_time patience)
{
    struct line *a = office_add_line(caller, true, patience);
    struct line *b = office_add_line(callee, false, patience);

    assert_int_equal(a->number, b->number);
    a->partner = b;
    b->partner = a;
    line_begin(a);
    line_begin(b);
    return a;
}

/* Both hear their own, of late. */
static inline bool line_works(const struct line *line)
{
    return line->state == AUGER_ICE_CONNECTED && line->partner->state == AUGER_ICE_CONNECTED &&
           line->heard > 0 && line->partner->heard > 0;
}

static inline enum auger_ice_why line_why(const struct line *line)
{
    struct auger_ice_explanation explanation;

    auger_ice_explain(line->ice, &explanation);
    return explanation.why;
}

#endif /* SCENARIOS_OFFICE_H */
