/* tests/sim/hostile_peer.c - the other end of a session, with valid credentials and bad
 * manners. */
#include "tests/sim/attack.h"

#include "base/time.h"

#include <string.h>

#define HOSTILE_UFRAG "mallory1"
#define HOSTILE_PASSWORD "mallorymallorymallory1"
#define DEAD_PORT_MAX 1023 /* nobody answers below */
#define TYPICAL_PORT 5000

struct hostile {
    struct sim_peer *alice;
    struct auger_stun_key *key, *alice_key;
    struct auger_path last; /* of the latest check of alice's, as we see it */
    bool has_heard, said_controlling;
    unsigned honest_permille; /* of its answers */
    uint64_t tie_breaker;
};

/* --- asking ----------------------------------------------------------------- */

static struct auger_addr port_of(const struct sim_attacker *attacker, enum auger_family family,
                                 uint16_t port)
{
    struct auger_addr addr = attacker->host->at[family == AUGER_IPV6].addr;
    addr.port = port;
    return addr;
}

static struct forgery check(struct sim_attacker *attacker)
{
    struct hostile *own = attacker->own;
    struct forgery f = {.class_ = AUGER_STUN_REQUEST,
                        .to = auger_ice_ufrag(own->alice->ice),
                        .from = HOSTILE_UFRAG,
                        .role = own->said_controlling ? "controlling" : "controlled",
                        .tie_breaker = own->tie_breaker,
                        .has_priority = true,
                        .key = own->alice_key};

    prng_fill(&attacker->random, f.tid.bytes, sizeof(f.tid.bytes));
    return f;
}

/* Each thing that a check can have wrong, under a right signature. */
static void spoil(struct sim_attacker *attacker, struct forgery *f)
{
    static const uint8_t zeros[800];
    static const struct {
        uint16_t type, len, times;
    } odd[] = {
        {0x7F01, 4, 1},
        {0x7F02, 0, 60},
        {AUGER_STUN_ATTR_PRIORITY, 3, 1},
        {AUGER_STUN_ATTR_PRIORITY, 0, 1},
        {AUGER_STUN_ATTR_ICE_CONTROLLING, 4, 1},
        {AUGER_STUN_ATTR_USE_CANDIDATE, 8, 1},
        {AUGER_STUN_ATTR_USERNAME, 763, 1},
        {AUGER_STUN_ATTR_USERNAME, 800, 1},
        {AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 4, 1},
        {AUGER_STUN_ATTR_XOR_MAPPED_ADDRESS, 20, 1},
        {AUGER_STUN_ATTR_ERROR_CODE, 1, 1},
        {AUGER_STUN_ATTR_ERROR_CODE, 4, 1},
        {AUGER_STUN_ATTR_FINGERPRINT, 4, 2},
        {AUGER_STUN_ATTR_MESSAGE_INTEGRITY, 20, 1},
        {AUGER_STUN_ATTR_MESSAGE_INTEGRITY_SHA256, 33, 1},
        {AUGER_STUN_ATTR_NOMINATION, 4, 1},
        {AUGER_STUN_ATTR_DATA, 700, 1},
    };
    uint64_t which = prng_below(&attacker->random, sizeof(odd) / sizeof(odd[0]) + 6);

    f->odd = zeros;
    if (which < sizeof(odd) / sizeof(odd[0]))
        f->odd_type = odd[which].type, f->odd_len = odd[which].len, f->odd_times = odd[which].times;
    else if (prng_permille(&attacker->random, 250))
        f->role = "both";
    else if (prng_permille(&attacker->random, 333))
        f->role = NULL;
    else if (prng_permille(&attacker->random, 500))
        f->has_priority = false;
    else
        f->role = "controlled", f->use_candidate = true;
    if (prng_permille(&attacker->random, 200))
        f->class_ = (enum auger_stun_class)prng_below(&attacker->random, 4);
    if (f->class_ == AUGER_STUN_ERROR)
        f->error_code = 400;
}

static size_t write_attack(struct sim_attacker *attacker, enum sim_attack attack, uint8_t *buf)
{
    struct hostile *own = attacker->own;

    if (attack == SIM_ATTACK_PEER_DATA) {
        prng_fill(&attacker->random, buf, 40);
        buf[0] = 22;
        return 40;
    }
    if (attack == SIM_ATTACK_PEER_FLIP) {
        own->said_controlling = !own->said_controlling;
        if (prng_permille(&attacker->random, 500))
            own->tie_breaker = prng_permille(&attacker->random, 500) ? 0 : UINT64_MAX;
    }
    struct forgery f = check(attacker);
    struct auger_addr anywhere = sim_attack_any_addr(&attacker->random, AUGER_IPV4);
    if (attack == SIM_ATTACK_PEER_NOMINATE)
        f.role = "controlling", f.use_candidate = true;
    else if (attack == SIM_ATTACK_PEER_MALFORMED)
        spoil(attacker, &f);
    else if (attack == SIM_ATTACK_PEER_UNASKED)
        f = (struct forgery){
            .class_ = AUGER_STUN_SUCCESS, .tid = f.tid, .mapped = &anywhere, .key = own->key};
    return forge(&f, buf);
}

static void act(struct sim_attacker *attacker)
{
    static const enum sim_attack acts[] = {SIM_ATTACK_PEER_SPRAY,     SIM_ATTACK_PEER_SPRAY,
                                           SIM_ATTACK_PEER_NOMINATE,  SIM_ATTACK_PEER_FLIP,
                                           SIM_ATTACK_PEER_MALFORMED, SIM_ATTACK_PEER_MALFORMED,
                                           SIM_ATTACK_PEER_UNASKED,   SIM_ATTACK_PEER_DATA};
    struct hostile *own = attacker->own;
    uint8_t buf[ATTACK_DATAGRAM_MAX];

    if (!own->has_heard || !own->alice->ice)
        return;
    enum sim_attack attack = acts[prng_below(&attacker->random, sizeof(acts) / sizeof(acts[0]))];
    struct auger_path path = own->last;
    if (attack == SIM_ATTACK_PEER_NOMINATE)
        path.local.port = (uint16_t)prng_between(&attacker->random, 1, DEAD_PORT_MAX);
    else if (attack == SIM_ATTACK_PEER_SPRAY || prng_permille(&attacker->random, 300))
        path.local.port = (uint16_t)prng_between(&attacker->random, 1, 65535);
    size_t len = write_attack(attacker, attack, buf);
    sim_attack_count(attacker->sim, attack);
    sim_host_send(attacker->sim, attacker->host, &path, buf, len);
}

/* --- answering -------------------------------------------------------------- */

static void lie(struct sim_attacker *attacker, enum sim_attack attack, struct forgery *f,
                struct auger_path *path, struct auger_addr *mapped)
{
    static const uint16_t codes[] = {300, 400, 401, 403, 420, 438, 500};

    if (attack == SIM_ATTACK_PEER_CONFLICT)
        f->class_ = AUGER_STUN_ERROR, f->error_code = AUGER_STUN_ROLE_CONFLICT, f->mapped = NULL;
    else if (attack == SIM_ATTACK_PEER_REFUSE)
        f->class_ = AUGER_STUN_ERROR, f->mapped = NULL,
        f->error_code = codes[prng_below(&attacker->random, sizeof(codes) / sizeof(codes[0]))];
    else if (attack == SIM_ATTACK_PEER_LIE)
        *mapped = sim_attack_any_addr(
            &attacker->random, prng_permille(&attacker->random, 800) ? AUGER_IPV4 : AUGER_IPV6);
    else if (attack == SIM_ATTACK_PEER_ASKEW)
        path->local.port ^= 1;
}

static void answer(struct sim_attacker *attacker, const struct auger_path *asked,
                   const struct auger_stun_tid *tid)
{
    struct hostile *own = attacker->own;
    struct sim *sim = attacker->sim;
    struct auger_path path = *asked;
    struct auger_addr mapped = asked->remote;
    struct forgery f = {
        .class_ = AUGER_STUN_SUCCESS, .tid = *tid, .mapped = &mapped, .key = own->key};
    enum sim_attack attack = (enum sim_attack)prng_between(
        &attacker->random, SIM_ATTACK_PEER_CONFLICT, SIM_ATTACK_PEER_SILENT);
    bool is_honest = prng_permille(&attacker->random, own->honest_permille);
    uint8_t buf[ATTACK_DATAGRAM_MAX];
    auger_time late = 0;

    if (!is_honest) {
        sim_attack_count(sim, attack);
        if (attack == SIM_ATTACK_PEER_SILENT)
            return;
        lie(attacker, attack, &f, &path, &mapped);
        if (attack == SIM_ATTACK_PEER_LATE)
            late = prng_between(&attacker->random, 0, 45 * AUGER_SEC);
    }
    size_t len = forge(&f, buf);
    sim_host_send_later(sim, attacker->host, late, &path, buf, len);
    if (!is_honest && attack == SIM_ATTACK_PEER_TWICE)
        sim_host_send_later(sim, attacker->host, AUGER_MS, &path, buf, len);
}

static void receive(struct sim *sim, struct sim_host *host, const struct auger_path *path,
                    const uint8_t *buf, size_t len)
{
    struct sim_attacker *attacker = host->owner;
    struct hostile *own = attacker->own;
    struct auger_stun_msg msg;

    (void)sim;
    if (!auger_stun_is_message(buf, len) || auger_stun_msg_parse(&msg, buf, len) < 0 ||
        msg.class_ != AUGER_STUN_REQUEST)
        return;
    own->last = *path;
    own->has_heard = true;
    if (path->local.port > DEAD_PORT_MAX)
        answer(attacker, path, &msg.tid);
}

/* --- being introduced ------------------------------------------------------- */

static void fini(struct sim_attacker *attacker)
{
    struct hostile *own = attacker->own;
    auger_stun_key_free(own->key);
    auger_stun_key_free(own->alice_key);
}

static struct auger_stun_key *key_of(const char *password)
{
    struct auger_stun_key *key;

    if (auger_stun_key_new(&key, (const uint8_t *)password, strlen(password)) < 0)
        abort();
    return key;
}

static void tell(struct sim_attacker *attacker, auger_time at, struct auger_addr addr)
{
    struct hostile *own = attacker->own;
    struct auger_cand cand = {.type = AUGER_CAND_HOST,
                              .addr = addr,
                              .priority = (uint32_t)prng_between(&attacker->random, 1, INT32_MAX),
                              .foundation = "1"};
    char line[AUGER_CAND_LINE_MAX];

    if (auger_cand_format(&cand, line, sizeof(line)) > 0)
        sim_tell_candidate(own->alice, at, line);
}

void sim_add_hostile_peer(struct sim *sim, struct sim_peer *alice, bool alice_controls,
                          auger_time delay, const struct sim_attack_options *options)
{
    struct sim_attacker *attacker =
        sim_attacker_new(sim, "mallory", options, sizeof(struct hostile));
    struct hostile *own = attacker->own;
    auger_time at = sim->now + delay;

    own->alice = alice;
    own->key = key_of(HOSTILE_PASSWORD);
    own->alice_key = key_of(auger_ice_password(alice->ice));
    own->said_controlling = !alice_controls;
    own->tie_breaker = prng_next(&attacker->random);
    own->honest_permille = (unsigned)prng_below(&attacker->random, 1001);
    attacker->act = act;
    attacker->fini = fini;
    attacker->host->receive = receive;
    sim_host_attach(attacker->host, sim->internet, AUGER_IPV4, TYPICAL_PORT);
    sim_host_attach(attacker->host, sim->internet, AUGER_IPV6, TYPICAL_PORT);

    monitor_set_remote(alice->monitor, HOSTILE_UFRAG, HOSTILE_PASSWORD);
    sim_peer_begin(alice, alice_controls);
    sim_tell_description(alice, at, HOSTILE_UFRAG, HOSTILE_PASSWORD);
    tell(attacker, at, port_of(attacker, AUGER_IPV4, TYPICAL_PORT));
    tell(attacker, at, port_of(attacker, AUGER_IPV6, TYPICAL_PORT));
    for (uint64_t more = prng_below(&attacker->random, 20); more > 0; more--)
        tell(attacker, at + prng_between(&attacker->random, 0, 5 * AUGER_SEC),
             sim_attack_any_addr(&attacker->random, AUGER_IPV4));
    sim_attacker_begin(attacker);
}
