/* Sessions on a shared port whose address goes in mid-session and another comes, and whose callers'
 * router gives them other ports, one of them that of another. */
#include "sim/nat.h"
#include "tests/scenarios/office.h"

#define DELAY (40 * AUGER_MS)
#define CHATTER (40 * AUGER_MS)
/* Of the side that is told nothing, with its last answer's age. */
#define FAILOVER (15 * AUGER_SEC)
#define CALLS 4

struct switchboard {
    struct sim *sim;
    struct sim_peer *desks[CALLS], *callers[CALLS]; /* desks share one port */
    struct sim_net *home, *cell;                    /* of the desks */
    struct sim_net *office;                         /* of the callers */
};

static const struct sim_peer_story *story(const struct sim_peer *peer)
{
    return sim_peer_story(peer);
}

static bool all_nominated(const struct switchboard *board)
{
    for (size_t i = 0; i < CALLS; i++)
        if (story(board->desks[i])->nominated_at == AUGER_NEVER ||
            story(board->callers[i])->nominated_at == AUGER_NEVER)
            return false;
    return true;
}

/* All connected and talking. */
static void call_all(struct switchboard *board, bool desks_offer)
{
    struct sim_peer_options options;
    char name[16];

    sim_peer_options_init(&options);
    options.chatter = CHATTER;
    for (size_t i = 0; i < CALLS; i++) {
        snprintf(name, sizeof(name), "desk%zu", i);
        board->desks[i] = i == 0 ? sim_add_peer_in(board->sim, name, board->home, &options)
                                 : sim_add_peer_beside(board->sim, name, board->desks[0], &options);
        snprintf(name, sizeof(name), "caller%zu", i);
        board->callers[i] = sim_add_peer_in(board->sim, name, board->office, &options);
    }
    for (size_t i = 0; i < CALLS; i++) {
        struct sim_peer *desk = board->desks[i], *caller = board->callers[i];
        sim_signal(board->sim, desks_offer ? desk : caller, desks_offer ? caller : desk,
                   100 * AUGER_MS);
    }
    for (int i = 0; i < 60 && !all_nominated(board); i++)
        sim_run(board->sim, AUGER_SEC);
    assert_true(all_nominated(board));
    sim_run(board->sim, AUGER_SEC);
}

/* Of the desks both networks are behind NATs of their own. */
static struct switchboard connected(uint64_t seed, enum sim_nat office, bool desks_offer)
{
    struct switchboard board = {.sim = world(seed, .delay = DELAY)};

    sim_add_stun_server(board.sim);
    board.home = sim_add_nat_of_kind(board.sim, "home", sim_internet(board.sim), SIM_FULL_CONE);
    board.cell =
        sim_add_nat_of_kind(board.sim, "cell", sim_internet(board.sim), SIM_PORT_RESTRICTED);
    board.office = sim_add_nat_of_kind(board.sim, "office", sim_internet(board.sim), office);
    call_all(&board, desks_offer);
    return board;
}

/* All that each says arrives from now on. */
static void must_talk(struct switchboard *board)
{
    uint64_t sent[2 * CALLS], received[2 * CALLS];
    struct sim_peer *all[2 * CALLS];

    for (size_t i = 0; i < 2 * CALLS; i++) {
        all[i] = i < CALLS ? board->desks[i] : board->callers[i - CALLS];
        CHECK(story(all[i])->state == AUGER_ICE_CONNECTED, "%s: %d", sim_peer_name(all[i]),
              story(all[i])->state);
        sent[i] = story(all[i])->data_sent;
        received[i] = story(all[i])->data_received;
    }
    sim_run(board->sim, 2 * AUGER_SEC);
    for (size_t i = 0; i < 2 * CALLS; i++) {
        size_t other = (i + CALLS) % (2 * CALLS);
        uint64_t said = story(all[i])->data_sent - sent[i];
        uint64_t heard = story(all[other])->data_received - received[other];
        assert_true(said >= 2 * AUGER_SEC / CHATTER - 1);
        CHECK(heard + 3 >= said, "%s: %llu of %llu", sim_peer_name(all[i]),
              (unsigned long long)heard, (unsigned long long)said); /* the last are under way */
    }
}

static void must_last(struct switchboard *board)
{
    sim_run(board->sim, FAILOVER);
    must_talk(board);
    sim_run(board->sim, 40 * AUGER_SEC); /* consent lasts 30 s */
    must_talk(board);
    for (size_t i = 0; i < CALLS; i++)
        assert_int_equal(story(board->desks[i])->failed + story(board->callers[i])->failed, 0);
    world_end(board->sim);
}

static const enum sim_nat offices[] = {SIM_FULL_CONE, SIM_ADDRESS_RESTRICTED, SIM_PORT_RESTRICTED};

SCENARIO(where_another_address_comes_first_no_session_stops)
{
    for (size_t i = 0; i < 2 * ARRAY_LEN(offices); i++) {
        struct switchboard board = connected(seed + i, offices[i / 2], i % 2);

        sim_peer_add_addr(board.sim, board.desks[0], board.cell, AUGER_IPV4);
        sim_run(board.sim, 5 * AUGER_SEC);
        sim_peer_remove_addrs(board.sim, board.desks[0], board.home);
        for (size_t j = 0; j < CALLS; j++) {
            assert_int_equal(story(board.desks[j])->wanted_restarts, 0);
            assert_int_equal(story(board.desks[j])->disconnected, 0);
        }
        must_last(&board);
    }
}

SCENARIO(where_the_only_address_goes_each_session_wants_a_restart_and_finds_its_way)
{
    static const auger_time gaps[] = {0, 300 * AUGER_MS, 5 * AUGER_SEC, 25 * AUGER_SEC};

    for (size_t i = 0; i < 2 * ARRAY_LEN(gaps); i++) {
        struct switchboard board = connected(seed + i, offices[i % ARRAY_LEN(offices)], i % 2);

        sim_peer_remove_addrs(board.sim, board.desks[0], board.home);
        sim_run(board.sim, gaps[i / 2]);
        sim_peer_add_addr(board.sim, board.desks[0], board.cell, AUGER_IPV4);
        sim_run(board.sim, FAILOVER);
        for (size_t j = 0; j < CALLS; j++) {
            assert_int_equal(story(board.desks[j])->wanted_restarts, 1);
            assert_true(story(board.desks[j])->restarted_at != AUGER_NEVER);
            assert_true(story(board.callers[j])->restarted_at != AUGER_NEVER);
        }
        must_last(&board);
    }
}

/* --- behind one router ---------------------------------------------------------------------- */

/* Callers, each with a port of its own, of a desk whose lines share one. */
struct exchange {
    struct sim *sim;
    struct sim_net *office;
    struct office *desk, *callers[CALLS];
};

static void heard(const struct exchange *there, unsigned was[2 * CALLS])
{
    for (size_t i = 0; i < CALLS; i++) {
        was[2 * i] = there->desk->lines[i].heard;
        was[2 * i + 1] = there->callers[i]->lines[0].heard;
    }
}

/* Five times a second. */
static bool all_hear(struct exchange *there)
{
    unsigned before[2 * CALLS], after[2 * CALLS];

    heard(there, before);
    sim_run(there->sim, 2 * AUGER_SEC);
    heard(there, after);
    for (size_t i = 0; i < 2 * CALLS; i++)
        if (after[i] < before[i] + 9)
            return false;
    return true;
}

/* `spare`: so many ports more than there are callers. */
static struct exchange exchange(uint64_t seed, uint16_t spare, bool desk_offers)
{
    struct exchange there = {.sim = world(seed, .delay = DELAY)};
    struct nat_config config = sim_nat_config(SIM_ADDRESS_RESTRICTED);
    char name[16];

    sim_add_stun_server(there.sim);
    config.ports = NAT_PORTS_RANDOM;
    config.port_min = 40000;
    config.port_max = (uint16_t)(40000 + CALLS - 1 + spare);
    there.office = sim_add_nat(there.sim, "office", sim_internet(there.sim), &config, NULL);
    there.desk = office_new(there.sim, "desk", sim_internet(there.sim), 1);
    for (size_t i = 0; i < CALLS; i++) {
        snprintf(name, sizeof(name), "caller%zu", i);
        there.callers[i] = office_new(there.sim, name, there.office, 1);
        struct line *one = office_add_line(there.desk, desk_offers, 60 * AUGER_SEC);
        struct line *other = office_add_line(there.callers[i], !desk_offers, 60 * AUGER_SEC);
        other->number = one->number;
        one->partner = other;
        other->partner = one;
        line_begin(one);
        line_begin(other);
    }
    sim_run(there.sim, 10 * AUGER_SEC);
    assert_true(all_hear(&there));
    return there;
}

static void close_all(struct exchange *there)
{
    office_close(there->desk);
    for (size_t i = 0; i < CALLS; i++)
        office_close(there->callers[i]);
    world_end(there->sim);
}

/* With one port to spare all but the first get one that was another's just before.  What is under
 * way to it reaches the wrong one, whose DTLS drops it. */
SCENARIO(a_router_gives_its_callers_other_ports_and_each_others)
{
    static const uint16_t spares[] = {1, 2, 1000};

    for (size_t i = 0; i < 2 * ARRAY_LEN(spares); i++) {
        struct exchange there = exchange(seed + i, spares[i / 2], i % 2);
        int rounds = 0;

        sim_gateway_rebind(there.sim, sim_net_gateway(there.office));
        sim_run(there.sim, AUGER_SEC);
        while (!all_hear(&there) && rounds < 15)
            rounds++;
        CHECK(rounds < 15, "%u ports to spare, %s offers", spares[i / 2],
              i % 2 ? "the desk" : "who calls");
        sim_run(there.sim, 40 * AUGER_SEC);
        assert_true(all_hear(&there));
        close_all(&there);
    }
}

SCENARIOS(scenario_test(where_another_address_comes_first_no_session_stops),
          scenario_test(where_the_only_address_goes_each_session_wants_a_restart_and_finds_its_way),
          scenario_test(a_router_gives_its_callers_other_ports_and_each_others))
