/* tools/tale.c - runs a world of two agents and writes down what happens in it. */
#include "tools/tale.h"

#include "sim/memory.h"
#include "sim/world.h"

#include <auger/ice_explain.h>

#include <assert.h>
#include <string.h>

#define LIMIT (120 * AUGER_SEC)
#define PAIRS_MAX 128

/* What the world is made of while it runs. */
struct run {
    struct tale *tale;
    struct sim *sim;
    auger_time began;
    struct sim_peer *peers[2];
    struct nat *nats[TALE_PLACES_MAX]; /* of places that are gateways with a table */
    uint64_t *numbers;                 /* of the journeys */
    size_t numbers_cap;
};

/* --- places --------------------------------------------------------------------------------- */

static size_t add_place(struct tale *tale, const char *name, enum tale_kind kind,
                        enum tale_side side)
{
    struct tale_place *place = &tale->places[tale->places_len];

    *place = (struct tale_place){.kind = kind, .side = side};
    snprintf(place->name, sizeof(place->name), "%s", name);
    return tale->places_len++;
}

static size_t find_place(const struct tale *tale, const char *name)
{
    size_t i = 0;

    if (strcmp(name, "turn0") == 0) /* as the simulator counts them */
        return tale->turn;
    if (strcmp(name, "stun0") == 0 || strcmp(name, "stun1") == 0)
        return name[4] == '0' ? tale->stun : tale->stun2;
    while (i < tale->places_len && strcmp(tale->places[i].name, name) != 0)
        i++;
    return i;
}

static const char *const hosts[] = {"alice", "bob"};

/* "nat-alice", or "home-alice" before "carrier-alice". */
static void name_gate(char name[TALE_NAME_MAX], const struct nat_chain *chain, size_t i,
                      enum tale_side side)
{
    static const char *const levels[] = {"home", "carrier", "core"};
    assert(i < NAT_CHAIN_MAX);
    bool is_wall = chain->gates[i].shape != NAT_TRANSLATES;
    const char *alone = is_wall ? "wall" : "nat";

    snprintf(name, TALE_NAME_MAX, "%s-%s", chain->len == 1 ? alone : levels[i], hosts[side]);
}

/* From left to right: alice, her gateways, the servers, bob's gateways, bob. */
static void lay_out(struct tale *tale)
{
    const struct nat_chain *alice = &tale->options.chains[0], *bob = &tale->options.chains[1];
    char name[TALE_NAME_MAX];

    tale->hosts[0] = add_place(tale, "alice", TALE_HOST, TALE_ALICE);
    for (size_t i = 0; i < alice->len; i++) {
        name_gate(name, alice, i, TALE_ALICE);
        tale->places[add_place(tale, name, TALE_GATE, TALE_ALICE)].gate = &alice->gates[i];
    }
    tale->stun = add_place(tale, "stun", TALE_SERVER, TALE_ALICE);
    tale->stun2 = tale->turn = SIZE_MAX;
    if (tale->options.predicts[0] || tale->options.predicts[1])
        tale->stun2 = add_place(tale, "stun2", TALE_SERVER, TALE_ALICE);
    if (!tale->options.no_turn)
        tale->turn = add_place(tale, "turn", TALE_SERVER, TALE_ALICE);
    for (size_t i = bob->len; i-- > 0;) {
        name_gate(name, bob, i, TALE_BOB);
        tale->places[add_place(tale, name, TALE_GATE, TALE_BOB)].gate = &bob->gates[i];
    }
    tale->hosts[1] = add_place(tale, "bob", TALE_HOST, TALE_BOB);
}

const char *tale_owner(const struct tale *tale, const struct auger_addr *addr)
{
    for (int side = 0; side < 2; side++)
        if (auger_addr_equal(&tale->lent[side], addr))
            return side == TALE_ALICE ? "alice at turn" : "bob at turn";
    for (size_t i = 0; i < tale->places_len; i++) {
        const struct tale_place *place = &tale->places[i];
        if (auger_addr_ip_equal(&place->addr, addr))
            return place->kind == TALE_GATE ? hosts[place->side] : place->name;
    }
    return "";
}

bool tale_is_server(const struct tale *tale, size_t place)
{
    return place < tale->places_len && tale->places[place].kind == TALE_SERVER;
}

bool tale_is_guess(const struct tale *tale, const struct auger_addr *addr)
{
    for (size_t i = 0; i < tale->guesses_len; i++)
        if (auger_addr_equal(&tale->guesses[i], addr))
            return true;
    return false;
}

/* --- what is seen --------------------------------------------------------------------------- */

static struct tale_beat *add_beat(struct run *run, enum tale_what what, size_t place)
{
    struct tale *tale = run->tale;

    if (tale->beats_len == tale->beats_cap) {
        tale->beats_cap = tale->beats_cap ? 2 * tale->beats_cap : 256;
        tale->beats = sim_resize(tale->beats, tale->beats_cap, sizeof(*tale->beats));
    }
    struct tale_beat *beat = &tale->beats[tale->beats_len++];
    *beat = (struct tale_beat){
        .at = sim_now(run->sim) - run->began, .what = what, .place = place, .why = ""};
    return beat;
}

/* The same question or answer once more; what keeps a mapping alive is that too. */
static bool is_repeated(const struct tale *tale, const struct tale_journey *journey)
{
    static const struct auger_stun_tid none;
    bool is_servers = journey->topic <= TALE_SERVER_ANSWERS;

    for (size_t i = 0; i < tale->journeys_len; i++) {
        const struct tale_journey *other = &tale->journeys[i];
        if (other->from != journey->from || !auger_addr_equal(&other->src, &journey->src) ||
            !auger_addr_equal(&other->dst, &journey->dst))
            continue;
        if (is_servers ? other->topic == journey->topic
                       : memcmp(&other->tid, &none, sizeof(none)) != 0 &&
                             memcmp(&other->tid, &journey->tid, sizeof(none)) == 0)
            return true;
    }
    return false;
}

/* A relay is between a client, which names it, and whoever is at the other side of it. */
static void take_lent(struct tale *tale, struct tale_journey *journey)
{
    const char *owner = tale_owner(tale, &journey->dst);

    for (int side = 0; side < 2; side++) {
        if (journey->lent.family && strcmp(owner, hosts[side]) == 0)
            tale->lent[side] = journey->lent;
        if (journey->topic >= TALE_CHECK &&
            (journey->from == tale->turn || auger_addr_equal(&tale->lent[side], &journey->dst)))
            journey->relayed = true;
    }
}

static size_t begin_journey(struct run *run, const struct sim_sighting *seen)
{
    struct tale *tale = run->tale;
    struct tale_journey journey = {.from = find_place(tale, seen->where),
                                   .src = seen->src,
                                   .dst = seen->dst,
                                   .by_stream = seen->by_stream};

    tale_read(tale, &journey, seen->bytes, seen->len);
    journey.is_repeated = is_repeated(tale, &journey);
    take_lent(tale, &journey);
    if (tale->journeys_len == tale->journeys_cap) {
        tale->journeys_cap = tale->journeys_cap ? 2 * tale->journeys_cap : 128;
        tale->journeys = sim_resize(tale->journeys, tale->journeys_cap, sizeof(*tale->journeys));
        run->numbers = sim_resize(run->numbers, tale->journeys_cap, sizeof(*run->numbers));
    }
    run->numbers[tale->journeys_len] = seen->number;
    tale->journeys[tale->journeys_len] = journey;
    return tale->journeys_len++;
}

static size_t find_journey(struct run *run, const struct sim_sighting *seen)
{
    size_t i = run->tale->journeys_len;

    while (i > 0 && run->numbers[i - 1] != seen->number)
        i--;
    return i > 0 ? i - 1 : begin_journey(run, seen);
}

/* Where the journey was addressed to before it came here. */
static struct auger_addr last_dst(const struct tale *tale, size_t journey)
{
    for (size_t i = tale->beats_len; i-- > 0;)
        if (tale->beats[i].what <= TALE_FALLS && tale->beats[i].journey == journey)
            return tale->beats[i].dst;
    return tale->journeys[journey].dst;
}

/* The row that lets in what comes from `src`: the nearest to it. */
static const struct nat_row *admitting_row(const struct nat_row *rows, size_t len,
                                           const struct sim_sighting *seen,
                                           const struct auger_addr *external)
{
    const struct nat_row *best = NULL;
    int best_rank = -1;

    for (size_t i = 0; i < len; i++) {
        if (!auger_addr_equal(&rows[i].external, external) ||
            !auger_addr_equal(&rows[i].inside, &seen->dst))
            continue;
        int rank = auger_addr_ip_equal(&rows[i].remote, &seen->src) +
                   auger_addr_equal(&rows[i].remote, &seen->src);
        if (rank > best_rank) {
            best = &rows[i];
            best_rank = rank;
        }
    }
    return best;
}

/* What has been written since the table was looked at last. */
static void take_new_rows(struct run *run, size_t where, size_t journey, const struct nat_row *rows,
                          size_t len)
{
    struct tale_place *place = &run->tale->places[where];

    while (place->rows_len < len && place->rows_len < TALE_ROWS_MAX) {
        struct tale_beat *beat = add_beat(run, TALE_WRITES, where);
        beat->journey = journey;
        beat->row = rows[place->rows_len];
        beat->src = beat->row.inside;
        beat->dst = beat->row.remote;
        place->rows[place->rows_len++] = beat->row;
    }
}

static void take_passage(struct run *run, size_t where, size_t journey,
                         const struct sim_sighting *seen)
{
    struct auger_addr external = last_dst(run->tale, journey);
    size_t len = 0;
    const struct nat_row *rows =
        run->nats[where] ? nat_rows(run->nats[where], sim_now(run->sim), &len) : NULL;

    if (seen->outward)
        take_new_rows(run, where, journey, rows, len);
    struct tale_beat *beat = add_beat(run, TALE_PASSES, where);
    beat->journey = journey;
    beat->outward = seen->outward;
    beat->src = seen->src;
    beat->dst = seen->dst;
    const struct nat_row *row = seen->outward ? NULL : admitting_row(rows, len, seen, &external);
    if (row)
        beat->row = *row;
}

static void take_sighting(void *user, const struct sim_sighting *seen)
{
    static const enum tale_what whats[] = {
        [SIM_LEAVES] = TALE_LEAVES, [SIM_ARRIVES] = TALE_ARRIVES, [SIM_FALLS] = TALE_FALLS};
    struct run *run = user;
    size_t journey = find_journey(run, seen), where = find_place(run->tale, seen->where);

    if (seen->moment == SIM_PASSES) {
        take_passage(run, where, journey, seen);
        return;
    }
    struct tale_beat *beat = add_beat(run, whats[seen->moment], where);
    beat->journey = journey;
    beat->src = seen->src;
    beat->dst = seen->dst;
    if (seen->why) {
        beat->why = seen->why;
        run->tale->fallen++;
    }
}

/* --- what is said --------------------------------------------------------------------------- */

static size_t place_of(const struct run *run, const struct sim_peer *peer)
{
    return find_place(run->tale, sim_peer_name(peer));
}

static void take_told(void *user, const struct sim_peer *peer, const char *line)
{
    struct run *run = user;
    struct tale_beat *beat;
    struct auger_cand cand;

    if (!line)
        return;
    beat = add_beat(run, TALE_TOLD, place_of(run, peer));
    if (line[0] && auger_cand_parse(&cand, line, strlen(line)) == 0) {
        beat->src = cand.addr;
        beat->is_guess = tale_is_guess(run->tale, &cand.addr);
        snprintf(beat->words, sizeof(beat->words), "%s", auger_cand_type_name(cand.type));
    }
}

static const struct auger_trace_field *field_of(const struct auger_trace_record *record,
                                                const char *key)
{
    for (size_t i = 0; i < record->fields_len; i++)
        if (strcmp(record->fields[i].key, key) == 0)
            return &record->fields[i];
    return NULL;
}

static struct tale_beat *add_words(struct run *run, enum tale_what what,
                                   const struct sim_peer *peer, const char *words)
{
    struct tale_beat *beat = add_beat(run, what, place_of(run, peer));

    snprintf(beat->words, sizeof(beat->words), "%s", words);
    return beat;
}

static void take_state(struct run *run, const struct sim_peer *peer,
                       const struct auger_trace_record *record)
{
    add_words(run, TALE_STATE, peer, field_of(record, "to")->text);
}

static void take_selected(struct run *run, const struct sim_peer *peer,
                          const struct auger_trace_record *record)
{
    struct tale_beat *beat = add_words(run, TALE_SELECTED, peer, "");

    beat->src = *field_of(record, "local")->addr;
    beat->dst = *field_of(record, "remote")->addr;
}

/* What is told of a helper socket is a guess: it asks servers for nothing else. */
static void take_candidate(struct run *run, const struct sim_peer *peer,
                           const struct auger_trace_record *record)
{
    struct tale *tale = run->tale;
    const struct auger_trace_field *base = field_of(record, "base");
    const struct auger_addr *ordinary = &tale->places[place_of(run, peer)].addr;

    if (strcmp(field_of(record, "type")->text, "srflx") == 0 && base &&
        auger_addr_ip_equal(base->addr, ordinary) && !auger_addr_equal(base->addr, ordinary) &&
        tale->guesses_len < TALE_GUESSES_MAX)
        tale->guesses[tale->guesses_len++] = *field_of(record, "addr")->addr;
}

static void take_prediction(struct run *run, const struct sim_peer *peer,
                            const struct auger_trace_record *record)
{
    struct tale_beat *beat = add_words(run, TALE_PREDICTS, peer, field_of(record, "plan")->text);
    beat->dst = *field_of(record, "server")->addr;
}

static void take_bracket(struct run *run, const struct sim_peer *peer,
                         const struct auger_trace_record *record)
{
    struct tale_beat *beat = add_words(run, TALE_BRACKETS, peer, field_of(record, "verdict")->text);

    beat->src = *field_of(record, "first")->addr;
    beat->dst = *field_of(record, "last")->addr;
    beat->ports = (int)field_of(record, "ports")->i;
    beat->step = (int)field_of(record, "step")->i;
}

static void take_ahead(struct run *run, const struct sim_peer *peer,
                       const struct auger_trace_record *record)
{
    struct tale_beat *beat = add_words(run, TALE_AHEAD, peer, "");

    beat->ports = (int)field_of(record, "checks")->i;
    beat->step = (int)field_of(record, "step")->i;
}

static void take_record(void *user, struct sim_peer *peer, const struct auger_trace_record *record)
{
    static const struct {
        const char *name;
        void (*take)(struct run *run, const struct sim_peer *peer,
                     const struct auger_trace_record *record);
    } known[] = {{"ice:state", take_state},
                 {"ice:selected", take_selected},
                 {"ice:local_candidate", take_candidate},
                 {"ice:prediction", take_prediction},
                 {"ice:ports_bracketed", take_bracket},
                 {"ice:ports_ahead", take_ahead}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(record->name, known[i].name) == 0)
            known[i].take(user, peer, record);
}

/* --- the world ------------------------------------------------------------------------------ */

static const char *const home_prefixes[] = {"10.2.4", "192.168.7"};
static const char *const outer_prefixes[2][NAT_CHAIN_MAX] = {{"100.64.1", "100.65.1"},
                                                             {"100.64.2", "100.65.2"}};

static struct sim_net *add_gate(struct run *run, size_t where, struct sim_net *outside,
                                const char *prefix)
{
    struct tale_place *place = &run->tale->places[where];

    if (place->gate->shape != NAT_TRANSLATES)
        return sim_add_firewall(run->sim, place->name, outside, place->gate->shape == NAT_BLOCKED);
    struct nat_config config = place->gate->config;
    sim_net_lend_addr(outside, &config);
    struct sim_net *inside = sim_add_nat(run->sim, place->name, outside, &config, prefix);
    place->addr = config.external[0];
    place->has_table = true;
    run->nats[where] = sim_gateway_nat(sim_net_gateway(inside));
    return inside;
}

/* The outermost first. */
static struct sim_net *add_gates(struct run *run, enum tale_side side)
{
    const struct nat_chain *chain = &run->tale->options.chains[side];
    struct sim_net *net = sim_internet(run->sim);
    char name[TALE_NAME_MAX];

    for (size_t i = chain->len; i-- > 0;) {
        name_gate(name, chain, i, side);
        net = add_gate(run, find_place(run->tale, name), net,
                       i == 0 ? home_prefixes[side] : outer_prefixes[side][i - 1]);
    }
    return net;
}

/* Addresses that lead nowhere are not told, as browsers do it. */
static void add_peer(struct run *run, enum tale_side side)
{
    const struct nat_chain *chain = &run->tale->options.chains[side];
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    options.turn = run->tale->options.no_turn ? 0 : 1;
    options.turn_families = AUGER_TURN_IPV4;
    options.turn_streams = nat_chain_blocks_udp(chain);
    options.ice.prediction = run->tale->options.predicts[side];
    if (nat_chain_translates(chain))
        options.ice.policy = AUGER_ICE_POLICY_NO_HOST;
    struct sim_net *net = add_gates(run, side);
    run->peers[side] = sim_add_peer_in(run->sim, hosts[side], net, &options);
    run->tale->places[run->tale->hosts[side]].addr = *sim_peer_addr(run->peers[side]);
}

static void build(struct run *run)
{
    struct tale *tale = run->tale;
    const struct sim_options options = {.seed = tale->options.seed,
                                        .delay = tale->options.delay,
                                        .record = take_record,
                                        .sighted = take_sighting,
                                        .told = take_told,
                                        .user = run};

    run->sim = sim_new(&options);
    run->began = sim_now(run->sim);
    lay_out(tale);
    tale->places[tale->stun].addr = sim_add_stun_server(run->sim)->at[0].addr;
    if (tale->stun2 != SIZE_MAX)
        tale->places[tale->stun2].addr = sim_add_stun_server(run->sim)->at[0].addr;
    if (!tale->options.no_turn) {
        const struct sim_turn_options turn = {0};
        tale->places[tale->turn].addr =
            *sim_turn_addr(sim_add_turn_server(run->sim, &turn), AUGER_IPV4);
    }
    add_peer(run, TALE_ALICE);
    add_peer(run, TALE_BOB);
}

/* --- the end -------------------------------------------------------------------------------- */

static bool is_over(const struct sim *sim)
{
    return both_failed(sim) ||
           (both_nominated(sim) && sim_peer_story(sim->alice)->data_received > 0 &&
            sim_peer_story(sim->bob)->data_received > 0);
}

static void take_path(struct run *run, enum tale_side side)
{
    struct auger_ice_pair_info pairs[PAIRS_MAX];
    struct tale *tale = run->tale;
    struct auger_ice *ice = sim_peer_ice(run->peers[side]);
    size_t len = auger_ice_pairs(ice, pairs, PAIRS_MAX);

    for (size_t i = 0; i < len; i++) {
        if (!pairs[i].selected)
            continue;
        tale->path[side] = pairs[i].local.addr;
        tale->path_types[side] = auger_cand_type_name(pairs[i].local.type);
    }
}

static void conclude(struct run *run)
{
    static const enum tale_end ends[] = {
        [SIM_NOT_CONNECTED] = TALE_APART, [SIM_DIRECT] = TALE_DIRECT, [SIM_RELAYED] = TALE_RELAYED};
    struct tale *tale = run->tale;

    tale->end = ends[sim_route(run->peers[0], run->peers[1])];
    for (int side = 0; side < 2; side++) {
        const struct sim_peer_story *story = sim_peer_story(run->peers[side]);
        struct auger_ice_explanation why;
        auger_time at = tale->end == TALE_APART ? story->failed_at : story->usable_at;

        auger_ice_explain(sim_peer_ice(run->peers[side]), &why);
        snprintf(tale->why[side], sizeof(tale->why[side]), "%s", auger_ice_why_text(why.why));
        if (at != AUGER_NEVER && at - run->began > tale->ended_at)
            tale->ended_at = at - run->began;
        if (tale->end != TALE_APART)
            take_path(run, (enum tale_side)side);
    }
}

struct tale *tale_new(const struct tale_options *options)
{
    struct tale *tale = sim_alloc(sizeof(*tale));
    struct run run = {.tale = tale};

    tale->options = *options;
    build(&run);
    sim_signal(run.sim, run.peers[0], run.peers[1], options->delay);
    sim_run_until(run.sim, is_over, LIMIT);
    conclude(&run);
    tale_put_in_order(tale);
    sim_free(run.sim);
    free(run.numbers);
    return tale;
}

void tale_free(struct tale *tale)
{
    free(tale->journeys);
    free(tale->beats);
    free(tale);
}

const char *tale_end_name(enum tale_end end)
{
    static const char *const names[] = {"direct", "relayed", "apart"};
    return names[end];
}
