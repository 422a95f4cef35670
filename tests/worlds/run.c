/* tests/worlds/run.c - a world's life: it begins, is troubled, finds peace, and is judged. */
#include "tests/worlds/run.h"

#include "tests/worlds/buggify.h"
#include "tests/worlds/life.h"

#include "ice/state.h"
#include "sim/peer.h"

#define APART (2 * AUGER_SEC) /* the same event with and without an attacker */

static void add_attackers(struct life *life, bool off_path)
{
    const int64_t *v = life->plan->value;
    struct sim *sim = life->built.sim;

    if (v[OBSERVER])
        sim_add_observer(sim, &(struct sim_attack_options){(unsigned)v[OBSERVER], FAULTS_END});
    if (v[HOSTILE_SIGNAL_PERMILLE])
        sim_add_hostile_signalling(sim, (unsigned)v[HOSTILE_SIGNAL_PERMILLE], (unsigned)v[FLOOD]);
    if (v[OFF_PATH] && off_path)
        sim_add_off_path(sim, &(struct sim_attack_options){(unsigned)v[OFF_PATH], FAULTS_END},
                         v[OFF_PATH_INSIDE]);
}

static void note_meeting(struct life *life)
{
    bool has_met = life_story(life, 0)->connected || life_story(life, 1)->connected;

    life->witness[0].has_met = life->witness[1].has_met = has_met;
    if (!has_met)
        life->failed_apart = life_story(life, 0)->failed + life_story(life, 1)->failed;
}

static void record(void *user, struct sim_peer *peer, const struct auger_trace_record *said)
{
    struct life *life = user;

    if (life->built.peers[0] && life->built.peers[1])
        note_meeting(life);
    if (peer == life->built.peers[0] || peer == life->built.peers[1])
        witness_record(&life->witness[peer == life->built.peers[1]], said);
}

static void introduce(struct life *life, const struct sim_signalling *signalling)
{
    struct built *built = &life->built;

    sim_signal_with(built->sim, built->peers[0], built->peers[1], signalling);
    if (built->beside[0])
        sim_signal_beside(built->sim, built->beside[0], built->beside[1],
                          &(struct sim_signalling){.delay = signalling->delay});
}

static void begin(struct life *life, FILE *log, bool off_path)
{
    const int64_t *v = life->plan->value;
    struct link_quality wire = build_wire(life->plan);
    struct sim_signalling signalling = build_signalling(life->plan);
    struct sim_options options = {
        .seed = life->plan->seed, .internet = &wire, .log = log, .record = record, .user = life};

    worlds_buggify(life->plan->seed, (unsigned)v[BUGGIFY_PERMILLE]);
    life->witness[0].role = life->witness[1].role = -1;
    build_agents(&life->built, life->plan, &options);
    sim_cut_frames(life->built.sim);
    life->first = (struct couple){.peers = life->built.peers, .names = {"alice", "bob"}};
    life->beside = (struct couple){.peers = life->built.beside, .names = {"alice2", "bob2"}};
    /* What he forges may be the first data of a pair, and be counted: it takes a block sooner. */
    if (!v[OFF_PATH])
        sim_run_out_of_memory(life->built.sim, (unsigned)v[OOM_PERMILLE]);
    if (v[CORRUPT_PERMILLE])
        sim_expect_garbage(life->built.sim);
    if (worlds_may_buggify(AUGER_BUGGIFY_INFLIGHT_FULL))
        sim_expect_forgotten_checks(life->built.sim);
    add_attackers(life, off_path);
    life_arrange_faults(life);
    if (life->built.peers[1])
        introduce(life, &signalling);
    else
        sim_add_hostile_peer(life->built.sim, life->built.peers[0], v[SAME_ROLE] != 2,
                             signalling.delay,
                             &(struct sim_attack_options){(unsigned)v[HOSTILE_PEER], FAULTS_END});
}

static void make_peace(struct life *life)
{
    struct link_quality calm = {.delay = life->plan->value[DELAY_MS] * AUGER_MS};

    sim_heal(life->built.sim);
    for (int side = 0; side < 2 && life->built.peers[side]; side++)
        sim_peer_set_errors(life->built.peers[side], &(struct sim_send_errors){0});
    sim_run_out_of_memory(life->built.sim, 0);
    sim_net_set_quality(life->built.sim, sim_internet(life->built.sim), &calm);
}

static void end(struct life *life)
{
    struct sim *sim = life->built.sim;

    life->verdict->digest = sim_digest(sim);
    if (sim_broken(sim))
        life_condemn(life, "%s", sim_broken(sim));
    sim_free(sim);
}

static void cut_both(struct sim *sim, void *user)
{
    const struct life *life = user;
    sim_cut(sim, life->built.peers[0], life->built.peers[1]);
}

static void silence_bob(struct sim *sim, void *user)
{
    const struct life *life = user;

    sim_peer_silence(sim, life->built.peers[1]);
}

static void cut_those_beside(struct sim *sim, void *user)
{
    const struct life *life = user;
    sim_cut(sim, life->built.beside[0], life->built.beside[1]);
}

/* The engine's own rule would leave it ten seconds later. */
static void take_a_relay_of_its_own_for_good(struct sim *sim, void *user)
{
    const struct life *life = user;
    struct auger_ice *ice = sim_peer_ice(life->built.peers[0]);
    struct auger_checklist *list = &ice->current->checklist;

    (void)sim;
    for (uint16_t i = 0; i < list->len; i++)
        if (list->order[i]->local->type == AUGER_CAND_RELAY && auger_pair_is_valid(list->order[i]))
            ice->current->nomination.selected = list->order[i];
    ice->current->nomination.selected_at = AUGER_NEVER / 2;
}

/* Bob's host, at a port that nobody has: its relay lets him in, though he tells nothing. */
static void let_him_in(struct sim *sim, void *user)
{
    const struct life *life = user;
    struct sim_peer *alice = life->built.peers[0];
    struct auger_cand cand = {.type = AUGER_CAND_HOST,
                              .foundation = "1",
                              .priority = 1,
                              .addr = *sim_peer_addr(life->built.peers[1])};

    (void)sim;
    cand.addr.port ^= 1;
    (void)!auger_ice_add_remote_cand(sim_peer_ice(alice), sim_peer_now(alice), &cand);
}

static void say_one_more(struct sim *sim, void *user)
{
    const struct life *life = user;
    sim_peer_send(sim, life->built.peers[0]);
}

static void say_a_role(struct sim *sim, void *user)
{
    const struct auger_trace_field field = {
        .key = "role", .type = AUGER_TRACE_TEXT, .text = "controlling"};
    const struct auger_trace_record said = {.name = "ice:role", .fields = &field, .fields_len = 1};
    struct life *life = user;

    (void)sim;
    witness_record(&life->witness[0], &said);
    witness_record(&life->witness[1], &said);
}

/* A check along that path for which there was no room. */
static void turn_away(struct life *life, enum auger_transport transport, uint16_t port)
{
    const struct auger_addr local = {.family = AUGER_IPV4, .transport = transport, .port = 9};
    const struct auger_addr remote = {.family = AUGER_IPV4, .transport = transport, .port = port};
    const struct auger_trace_field fields[] = {
        {.key = "local", .type = AUGER_TRACE_ADDR, .addr = &local},
        {.key = "remote", .type = AUGER_TRACE_ADDR, .addr = &remote}};
    const struct auger_trace_record said = {
        .name = "ice:check_dropped", .fields = fields, .fields_len = 2};

    worlds_pretend_buggified(AUGER_BUGGIFY_PRFLX_FULL);
    witness_record(&life->witness[0], &said);
}

static void turn_away_elsewhere(struct sim *sim, void *user)
{
    (void)sim;
    turn_away(user, AUGER_UDP, 1);
    turn_away(user, AUGER_UDP, 1);
    turn_away(user, AUGER_TCP, 1);
    turn_away(user, AUGER_TCP, 2);
}

static void turn_away_twice(struct sim *sim, void *user)
{
    (void)sim;
    turn_away(user, AUGER_TCP, 1);
    turn_away(user, AUGER_TCP, 1);
}

/* Behind its back: a restart that nobody is told of. */
static void restart_in_secret(struct sim *sim, void *user)
{
    struct life *life = user;

    sim_restart(sim, life->built.peers[0]);
    life->restarts.count++;
}

/* Consent is asked for at once where a timer has rung early. */
static void do_what_is_due_later(struct sim *sim, void *user)
{
    const struct life *life = user;

    (void)sim;
    if (sim_peer_story(life->built.peers[0])->woken_early > 0)
        sim_peer_ice(life->built.peers[0])->consent.next_at = 0;
}

static void do_harm(struct life *life)
{
    static const struct {
        enum sabotage sabotage;
        auger_time at;
        void (*what)(struct sim *sim, void *life);
    } harms[] = {
        {CUT_FROM_THE_START, 0, cut_both},
        {CUT_IN_BETWEEN, 20 * AUGER_SEC, cut_both},
        {CUT_JUST_BEFORE_THE_END, WORLD_ENDS - 15 * AUGER_SEC, cut_both},
        {SILENT_FROM_THE_START, 0, silence_bob},
        {CUT_BESIDE_FROM_THE_START, 0, cut_those_beside},
        {CUT_BESIDE_IN_BETWEEN, 20 * AUGER_SEC, cut_those_beside},
        {BY_A_RELAY_FOR_GOOD, 20 * AUGER_SEC, take_a_relay_of_its_own_for_good},
        {BY_A_RELAY_BESIDE_AN_UNTOLD_ONE, 200 * AUGER_MS, let_him_in},
        {BY_A_RELAY_BESIDE_AN_UNTOLD_ONE, 20 * AUGER_SEC, take_a_relay_of_its_own_for_good},
        {ONE_WORD_MORE, 20 * AUGER_SEC, say_one_more},
        {BOTH_IN_ONE_ROLE, 20 * AUGER_SEC, say_a_role},
        {NO_ANSWER_TO_RESTART, WORLD_ENDS - AUGER_MS, restart_in_secret},
        {EARLY_IS_DUE, 20 * AUGER_SEC, do_what_is_due_later},
        {TURNED_AWAY_ELSEWHERE, 0, cut_both},
        {TURNED_AWAY_ELSEWHERE, 0, turn_away_elsewhere},
        {TURNED_AWAY_AT_FIRST, 0, turn_away_twice},
        {TURNED_AWAY_AT_FIRST, 20 * AUGER_SEC, cut_both},
    };

    for (size_t i = 0; i < sizeof(harms) / sizeof(harms[0]); i++)
        if (harms[i].sabotage == life->sabotage)
            sim_schedule(life->built.sim, harms[i].at, harms[i].what, life);
    if (life->sabotage == A_SHORTCUT)
        life->has_reach = life->reach.both = life->reach.direct = true;
    else if (life->sabotage == A_WAY_THROUGH)
        life->has_reach = life->reach.both = true;
}

static auger_time longer(const struct plan *plan)
{
    return plan->value[LASTS_S] * AUGER_SEC;
}

static void live(struct life *life, FILE *log, bool off_path)
{
    begin(life, log, off_path);
    do_harm(life);
    if (!sim_run(life->built.sim, FAULTS_END + longer(life->plan)))
        return;
    make_peace(life);
    sim_run(life->built.sim, WORLD_ENDS - FAULTS_END);
}

/* 10 */
static void compare_without_attacker(struct life *life)
{
    struct life twin = {.plan = life->plan, .verdict = life->verdict};
    char why[200];

    live(&twin, NULL, false);
    for (int side = 0; side < 2 && life->built.peers[side]; side++) {
        if (!sim_journals_agree(sim_peer_journal(life->built.peers[side]),
                                sim_peer_journal(twin.built.peers[side]), APART, why, sizeof(why)))
            life_condemn(life, "10: without the attacker %s sees something else: %s",
                         side ? "bob" : "alice", why);
    }
    if (sim_honest_digest(life->built.sim) != sim_honest_digest(twin.built.sim))
        life_condemn(life, "10: without the attacker other datagrams are sent");
    sim_free(twin.built.sim);
}

static void compare_twins(struct life *life, const struct life *twin)
{
    char why[200];

    if (sim_broken(twin->built.sim))
        life_condemn(life, "18: with early timers: %s", sim_broken(twin->built.sim));
    for (int side = 0; side < 2 && life->built.peers[side]; side++) {
        if (!sim_journals_agree(sim_peer_journal(life->built.peers[side]),
                                sim_peer_journal(twin->built.peers[side]), 0, why, sizeof(why)))
            life_condemn(life, "18: with early timers %s sees something else: %s",
                         side ? "bob" : "alice", why);
    }
    if (sim_digest(life->built.sim) != sim_digest(twin->built.sim))
        life_condemn(life, "18: with early timers other datagrams are sent");
}

/* 18 */
static void compare_with_early_timers(struct life *life)
{
    struct plan early = *life->plan;
    struct life twin = {.plan = &early, .verdict = life->verdict, .sabotage = life->sabotage};

    early.value[TIMERS_EARLY_PERMILLE] = early.value[TIMERS_EARLY_PERMILLE_B] = 1000;
    live(&twin, NULL, true);
    compare_twins(life, &twin);
    sim_free(twin.built.sim);
}

struct verdict world_run_sabotaged(const struct plan *plan, FILE *log, struct tally *tally,
                                   enum sabotage sabotage)
{
    struct verdict verdict = {0};
    struct life life = {.plan = plan, .verdict = &verdict, .sabotage = sabotage};

    live(&life, log, true);
    auger_time once = WORLD_ENDS + longer(plan), lived = once;
    if (!sim_broken(life.built.sim) && plan->value[OFF_PATH]) {
        compare_without_attacker(&life);
        tally->compared++;
        lived += once;
    }
    if (!sim_broken(life.built.sim) && plan->value[TIMERS_EARLY_AGAIN]) {
        compare_with_early_timers(&life);
        tally->compared_early++;
        lived += once;
    }
    if (!sim_broken(life.built.sim)) {
        life_judge(&life, tally);
        life_count(&life, tally);
        if (life.built.peers[1])
            life_judge_farewell(&life, tally);
    }
    for (int i = 0; i < AUGER_BUGGIFY_PLACES; i++)
        tally->buggified[i] += worlds_take_buggified((enum auger_buggify_place)i) > 0;
    tally->worlds++;
    tally->packets += sim_packets(life.built.sim);
    tally->virtual_time += lived;
    end(&life);
    return verdict;
}

struct verdict world_run(const struct plan *plan, FILE *log, struct tally *tally)
{
    return world_run_sabotaged(plan, log, tally, NO_SABOTAGE);
}
