/*
 * Every meeting of NATs ends as the table says it should (docs/nat-matrix.md).
 *
 * A run takes a share of the cells, another one for each seed, with relays on either side or
 * both; AUGER_MATRIX=i/n takes the i-th of every n cells instead (0/1: all of them), with relays
 * on each side and on both.  AUGER_MATRIX_TIMES=FILE makes the network even and appends how many
 * round trips each cell took to connect.
 */
#include "tests/matrix/table.h"
#include "tests/sim/scenario.h"

#define DELAY (40 * AUGER_MS)
#define JITTER (10 * AUGER_MS)
#define LIMIT (120 * AUGER_SEC)
#define CONNECT_LIMIT (10 * AUGER_SEC)

/* --- the world of a cell ----------------------------------------------------- */

struct meeting {
    const struct table_cell *cell;
    enum table_relays relays;
    struct prng random;
    struct sim *sim;
    struct sim_peer *a, *b;
};

static int pick(const char *text, const char *const names[], int len)
{
    for (int i = 0; i < len; i++) {
        size_t name = strlen(names[i]);
        if (strncmp(text, names[i], name) == 0 && strchr("/+", text[name]))
            return i;
    }
    abort();
}

/* Where the table names none, any port kind but the one that it tells apart. */
static enum nat_ports any_ports(struct meeting *meeting, enum nat_dependence mapping)
{
    static const enum nat_ports kinds[] = {NAT_PORTS_PRESERVE,   NAT_PORTS_SEQUENTIAL,
                                           NAT_PORTS_RANDOM,     NAT_PORTS_PARITY,
                                           NAT_PORTS_CONTIGUOUS, NAT_PORTS_OVERLOAD};
    size_t len = mapping == NAT_ENDPOINT_INDEPENDENT ? 6 : 5;
    return kinds[prng_below(&meeting->random, len)];
}

/* "APDM/ADF/random", "EIM/EIF+external" */
static struct nat_config read_nat(struct meeting *meeting, const char *kind)
{
    static const char *const mappings[] = {"EIM", "ADM", "APDM"};
    static const char *const filters[] = {"EIF", "ADF", "APDF"};
    static const char *const ports[] = {"preserve", "overload", "sequential",
                                        "random",   "parity",   "contiguous"};
    static const char *const hairpins[] = {"none", "external", "internal"};
    struct nat_config nat = {.mapping = (enum nat_dependence)pick(kind, mappings, 3)};
    const char *filter = strchr(kind, '/') + 1;
    const char *port = strchr(filter, '/'), *hairpin = strchr(filter, '+');

    nat.filtering = (enum nat_dependence)pick(filter, filters, 3);
    nat.ports = port ? (enum nat_ports)pick(port + 1, ports, 6) : any_ports(meeting, nat.mapping);
    if (hairpin)
        nat.hairpin = (enum nat_hairpin)pick(hairpin + 1, hairpins, 3);
    return nat;
}

/* Many homes use the same private addresses. */
static const char *any_prefix(struct meeting *meeting)
{
    return prng_below(&meeting->random, 2) ? "192.168.1" : NULL;
}

static struct sim_net *add_gateway(struct meeting *meeting, const char *name,
                                   struct sim_net *outside, const char *kind, const char *prefix)
{
    if (strcmp(kind, "none") == 0)
        return outside;
    if (!strchr(kind, '/'))
        return sim_add_firewall(meeting->sim, name, outside, strcmp(kind, "blocked") == 0);
    struct nat_config nat = read_nat(meeting, kind);
    return sim_add_nat(meeting->sim, name, outside, &nat, prefix);
}

/* "home<carrier", or a gateway alone. */
static struct sim_net *add_front(struct meeting *meeting, const char *name, const char *chain)
{
    char home[TABLE_NAME_MAX], carrier[TABLE_NAME_MAX];
    struct sim_net *net = sim_internet(meeting->sim);
    const char *outer = strchr(chain, '<');
    size_t home_len = outer ? (size_t)(outer - chain) : strlen(chain);

    snprintf(home, sizeof(home), "%.*s", (int)home_len, chain);
    snprintf(carrier, sizeof(carrier), "carrier-%s", name);
    if (outer)
        net = add_gateway(meeting, carrier, net, outer + 1, "100.64.0");
    return add_gateway(meeting, name, net, home, any_prefix(meeting));
}

/* Each side has a TURN server of its own, if it has one: over TCP where no UDP passes. */
static struct sim_peer *add_agent(struct meeting *meeting, const char *name, struct sim_net *net)
{
    bool is_a = name[0] == 'a';
    struct sim_peer_options options;

    sim_peer_options_init(&options);
    if (meeting->relays == TABLE_OF_BOTH || meeting->relays == (is_a ? TABLE_OF_A : TABLE_OF_B))
        options.turn = is_a ? 1 : 2;
    options.turn_families = AUGER_TURN_IPV4;
    options.turn_streams =
        strcmp(is_a ? meeting->cell->row : meeting->cell->column, "blocked") == 0;
    return sim_add_peer_in(meeting->sim, name, net, &options);
}

static void settle_apart(struct meeting *meeting)
{
    const struct table_cell *cell = meeting->cell;
    struct sim_net *a = add_front(meeting, "front-a", cell->row);
    struct sim_net *b = add_front(meeting, "front-b", cell->column);

    meeting->a = add_agent(meeting, "a", a);
    meeting->b = add_agent(meeting, "b", b);
}

/* "home home", behind the carrier of the column. */
static void settle_as_neighbours(struct meeting *meeting)
{
    char home_a[TABLE_NAME_MAX];
    const char *home_b = strchr(meeting->cell->row, ' ') + 1;
    struct sim_net *carrier = add_gateway(meeting, "carrier", sim_internet(meeting->sim),
                                          meeting->cell->column, "100.64.0");

    snprintf(home_a, sizeof(home_a), "%.*s", (int)(home_b - 1 - meeting->cell->row),
             meeting->cell->row);
    struct sim_net *a = add_gateway(meeting, "home-a", carrier, home_a, any_prefix(meeting));
    struct sim_net *b = add_gateway(meeting, "home-b", carrier, home_b, any_prefix(meeting));
    meeting->a = add_agent(meeting, "a", a);
    meeting->b = add_agent(meeting, "b", b);
}

static void settle_together(struct meeting *meeting)
{
    struct sim_net *net = add_front(meeting, "front", meeting->cell->row);

    meeting->a = add_agent(meeting, "a", net);
    meeting->b = add_agent(meeting, "b", net);
}

/* --- what came of it --------------------------------------------------------- */

static bool find_selected(struct sim_peer *peer, struct auger_ice_pair_info *out)
{
    struct auger_ice_pair_info pairs[100];
    size_t len = auger_ice_pairs(sim_peer_ice(peer), pairs, ARRAY_LEN(pairs));

    for (size_t i = 0; i < len; i++) {
        if (pairs[i].selected) {
            *out = pairs[i];
            return true;
        }
    }
    return false;
}

/* What an address is to its owner, whatever it was called where it was learned. */
static const char *kind_of(struct sim_peer *owner, const struct auger_addr *addr)
{
    struct auger_cand cands[32];
    size_t len = auger_ice_local_cands(sim_peer_ice(owner), cands, ARRAY_LEN(cands));

    for (size_t i = 0; i < len; i++) {
        if (auger_addr_equal(&cands[i].addr, addr) && cands[i].type != AUGER_CAND_PRFLX)
            return auger_cand_type_name(cands[i].type);
    }
    return "prflx";
}

#define NAMED(meeting_)                                                                            \
    "%s: %s meets %s, where %s", (meeting_)->cell->group, (meeting_)->cell->row,                   \
        (meeting_)->cell->column, (meeting_)->cell->outcome->why

static bool is_first(const char *paths, const char *path)
{
    return strncmp(paths, path, strcspn(paths, ",")) == 0 && strlen(path) == strcspn(paths, ",");
}

/* Of two with one relay each, whose other ends are alike, the roles decide (RFC 8445 section
 * 6.1.2.3). */
static bool is_as_good(const char *paths, const char *path)
{
    char turned[32];
    const char *dash = strchr(path, '-'), *second = strchr(paths, ',');

    if (is_first(paths, path))
        return true;
    snprintf(turned, sizeof(turned), "%s-%.*s", dash + 1, (int)(dash - path), path);
    return strstr(path, "relay") && is_first(paths, turned) && second && is_first(second + 1, path);
}

static void check_path(struct meeting *meeting)
{
    struct auger_ice_pair_info a, b;
    char path[32];

    CHECK(find_selected(meeting->a, &a) && find_selected(meeting->b, &b), NAMED(meeting));
    CHECK(auger_addr_equal(&a.local.addr, &b.remote.addr) &&
              auger_addr_equal(&b.local.addr, &a.remote.addr),
          NAMED(meeting));
    snprintf(path, sizeof(path), "%s-%s", kind_of(meeting->a, &a.local.addr),
             kind_of(meeting->b, &b.local.addr));
    const char *best = table_paths(meeting->cell->outcome, meeting->relays);
    CHECK(is_as_good(best, path), "%s instead of %s: %s: %s meets %s", path, best,
          meeting->cell->group, meeting->cell->row, meeting->cell->column);
}

static void note_time(const struct meeting *meeting)
{
    static const char *const relays[TABLE_RELAYS] = {"none", "both", "a", "b"};
    const char *name = getenv("AUGER_MATRIX_TIMES");
    const struct sim_peer_story *a = sim_peer_story(meeting->a), *b = sim_peer_story(meeting->b);
    FILE *file = name ? fopen(name, "a") : NULL;

    if (!file)
        return;
    auger_time began = a->signalled_at > b->signalled_at ? a->signalled_at : b->signalled_at;
    auger_time ended = a->usable_at > b->usable_at ? a->usable_at : b->usable_at;
    fprintf(file, "%s\t%s\t%s\t%s\t%.2f\n", meeting->cell->group, meeting->cell->row,
            meeting->cell->column, relays[meeting->relays],
            (double)(ended - began) / (double)(2 * DELAY));
    fclose(file);
}

static bool is_over(const struct sim *sim)
{
    return both_connected(sim) || both_failed(sim);
}

static void meet(struct meeting *meeting)
{
    bool has_path = strcmp(table_paths(meeting->cell->outcome, meeting->relays), "-") != 0;

    sim_run_until(meeting->sim, is_over, has_path ? CONNECT_LIMIT : LIMIT);
    if (has_path) {
        CHECK(both_connected(meeting->sim), NAMED(meeting));
        note_time(meeting);
        CHECK(sim_run_until(meeting->sim, both_nominated, CONNECT_LIMIT), NAMED(meeting));
        check_path(meeting);
    } else {
        /* Better than the table: then the table is wrong, and must say why. */
        CHECK(!both_connected(meeting->sim), NAMED(meeting));
        CHECK(both_failed(meeting->sim), NAMED(meeting));
    }
}

/* Each end offers in half of the worlds. */
static void run_cell(uint64_t seed, size_t number, const struct table_cell *cell,
                     enum table_relays relays)
{
    struct meeting meeting = {.cell = cell, .relays = relays};
    auger_time jitter = getenv("AUGER_MATRIX_TIMES") ? 0 : JITTER;

    prng_init(&meeting.random, seed + number, cell->group);
    meeting.sim = world(prng_next(&meeting.random), .delay = DELAY, .jitter = jitter);
    sim_add_stun_server(meeting.sim);
    if (relays != TABLE_NO_RELAY) {
        sim_add_turn_server(meeting.sim, &(struct sim_turn_options){0});
        sim_add_turn_server(meeting.sim, &(struct sim_turn_options){0});
    }
    if (strcmp(cell->group, "neighbours") == 0)
        settle_as_neighbours(&meeting);
    else if (strcmp(cell->group, "together") == 0)
        settle_together(&meeting);
    else
        settle_apart(&meeting);
    bool a_offers = prng_below(&meeting.random, 2);
    sim_signal(meeting.sim, a_offers ? meeting.a : meeting.b, a_offers ? meeting.b : meeting.a,
               DELAY);
    meet(&meeting);
    world_end(meeting.sim);
}

static void run_group(uint64_t seed, const char *group, size_t share, enum table_relays relays)
{
    struct table *table = table_read(TEST_DATA "/../matrix/expected.tsv");
    size_t first = seed % share, cells = 0;
    const char *asked = getenv("AUGER_MATRIX");

    if (asked && sscanf(asked, "%zu/%zu", &first, &share) != 2)
        fail_msg("AUGER_MATRIX is not i/n");
    for (size_t i = 0; i < table->cells_len; i++)
        if (strcmp(table->cells[i].group, group) == 0 && cells++ % share == first)
            run_cell(seed, i, &table->cells[i], relays);
    assert_true(cells > 0);
    free(table);
}

/* All of them where the cells are asked for, else one by the seed. */
static void run_group_with_relays(uint64_t seed, const char *group, size_t share)
{
    size_t which = getenv("AUGER_MATRIX") ? TABLE_RELAYS : TABLE_OF_BOTH + seed % 3;

    for (int relays = TABLE_OF_BOTH; relays < TABLE_RELAYS; relays++)
        if (which == TABLE_RELAYS || which == (size_t)relays)
            run_group(seed, group, share, (enum table_relays)relays);
}

SCENARIO(gateways_meet_as_the_table_says)
{
    run_group(seed, "alone", 31, TABLE_NO_RELAY);
}

SCENARIO(a_carrier_before_one_home_changes_what_the_table_says)
{
    run_group(seed, "nested", 37, TABLE_NO_RELAY);
}

SCENARIO(carriers_before_both_homes_change_what_the_table_says)
{
    run_group(seed, "both-nested", 61, TABLE_NO_RELAY);
}

SCENARIO(neighbours_meet_by_the_carriers_hairpin_as_the_table_says)
{
    run_group(seed, "neighbours", 41, TABLE_NO_RELAY);
}

SCENARIO(hosts_behind_one_gateway_meet_inside)
{
    run_group(seed, "together", 5, TABLE_NO_RELAY);
}

SCENARIO(with_relays_all_meet_as_the_table_says)
{
    run_group_with_relays(seed, "alone", 127);
    run_group_with_relays(seed, "nested", 127);
    run_group_with_relays(seed, "both-nested", 197);
    run_group_with_relays(seed, "neighbours", 149);
    run_group_with_relays(seed, "together", 11);
}

SCENARIOS(scenario_test(gateways_meet_as_the_table_says),
          scenario_test(a_carrier_before_one_home_changes_what_the_table_says),
          scenario_test(carriers_before_both_homes_change_what_the_table_says),
          scenario_test(neighbours_meet_by_the_carriers_hairpin_as_the_table_says),
          scenario_test(hosts_behind_one_gateway_meet_inside),
          scenario_test(with_relays_all_meet_as_the_table_says))
