/* tools/turn_host.c - the TURN server of `auger serve`. */
#define _POSIX_C_SOURCE 200809L
#include "tools/turn_host.h"
#include "tools/output.h"
#include "tools/turn_load.h"
#include "tools/turn_metrics.h"
#include "tools/turn_thread.h"
#include "tools/turn_told.h"

#include <auger/crypto.h>

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOOK_EVERY (2 * AUGER_SEC)   /* at the users' file */
#define COUNT_EVERY (100 * AUGER_MS) /* what lives in all threads, while it drains */

struct turn_host {
    struct turn_options options;
    struct auger_loop *loop;
    struct auger_turn_service *service;                /* of the main thread */
    struct turn_thread *threads[TURN_THREADS_MAX - 1]; /* the others */
    struct auger_turn_team *team;                      /* NULL: there are none */
    size_t threads_len;
    auger_time count_at; /* while it drains */
    uint64_t counted;
    struct turn_users users;
    struct timespec users_changed; /* the file's time when it was read */
    off_t users_size;
    auger_time look_at, status_at;
    struct turn_told told;
};

static bool failed(const char *what, const char *why)
{
    fputs("auger serve: ", stderr);
    print_words(stderr, what, 240);
    fprintf(stderr, ": %s\n", why);
    return false;
}

static const char *error_text(int err)
{
    return err == AUGER_ERR_SYSTEM ? strerror(errno) : auger_strerror(err);
}

/* --- told again ------------------------------------------------------------------------------ */

static void remember_time(struct turn_host *host, const char *users_file)
{
    struct stat seen = {0};

    if (users_file && stat(users_file, &seen) == 0) {
        host->users_changed = seen.st_mtim;
        host->users_size = seen.st_size;
    }
}

/* In each thread, one after the other. */
static void do_in_all(struct turn_host *host, turn_thread_work *work, void *arg)
{
    work(host->service, arg);
    for (size_t i = 0; i < host->threads_len; i++)
        turn_thread_do(host->threads[i], work, arg);
}

struct applying {
    const struct turn_load *load;
    const struct turn_options *options;
    const struct turn_users *before;
    enum turn_applied applied;
    bool has_begun;
};

static void apply(struct auger_turn_service *service, void *arg)
{
    struct applying *a = arg;

    enum turn_applied applied = turn_load_apply(a->load, a->options, a->before, service);
    if (a->has_begun && applied != a->applied)
        applied = TURN_APPLIED_IN_PART; /* in some threads alone */
    a->applied = applied;
    a->has_begun = true;
}

static enum turn_applied apply_to_all(struct turn_host *host, const struct turn_load *load,
                                      const struct turn_options *options,
                                      const struct turn_users *before)
{
    struct applying applying = {.load = load, .options = options, .before = before};

    do_in_all(host, apply, &applying);
    return applying.applied;
}

/* false: what that means for who is served was said. */
static bool load_again(struct turn_host *host, const struct turn_options *options)
{
    struct turn_load load = {0};
    enum turn_applied applied = TURN_APPLIED_NOTHING;

    remember_time(host, options->users_file);
    if (turn_load_read(&load, options))
        applied = apply_to_all(host, &load, options, &host->users);
    if (applied == TURN_APPLIED_NOTHING)
        fputs("auger serve: nothing has changed\n", stderr);
    if (applied == TURN_APPLIED_IN_PART)
        fputs("auger serve: users, secrets and rules are in force in part, as far as memory went; "
              "start it anew\n",
              stderr);
    if (applied == TURN_APPLIED) {
        /* To know next time who is gone. */
        struct turn_users before = host->users;
        host->users = load.users;
        load.users = before;
    }
    turn_load_fini(&load);
    return applied == TURN_APPLIED;
}

/* What sockets and tables are made by cannot change while they are in use. */
static bool is_made_alike(const struct turn_options *a, const struct turn_options *b)
{
    return a->listen_len == b->listen_len &&
           memcmp(a->listen, b->listen, a->listen_len * sizeof(a->listen[0])) == 0 &&
           a->tls_listen_len == b->tls_listen_len &&
           memcmp(a->tls_listen, b->tls_listen, a->tls_listen_len * sizeof(a->listen[0])) == 0 &&
           strcmp(a->realm, b->realm) == 0 && a->relay_ips_len == b->relay_ips_len &&
           memcmp(a->relay_ips, b->relay_ips, sizeof(a->relay_ips)) == 0 &&
           a->port_min == b->port_min && a->port_max == b->port_max &&
           a->user_allocations == b->user_allocations && a->ip_allocations == b->ip_allocations &&
           a->allocations == b->allocations && a->user_rate == b->user_rate &&
           a->ip_rate == b->ip_rate && a->rate == b->rate &&
           a->nonce_lifetime_s == b->nonce_lifetime_s && a->mobility == b->mobility &&
           a->relay_to_relay == b->relay_to_relay && a->old_channels == b->old_channels &&
           a->loopback_unlimited == b->loopback_unlimited && a->no_gso == b->no_gso &&
           a->tcp_relay == b->tcp_relay && a->threads == b->threads;
}

static void keep_texts(struct turn_host *host, const struct turn_options *options)
{
    host->options.users = options->users;
    host->options.users_file = options->users_file;
    host->options.secrets = options->secrets;
    host->options.secret_file = options->secret_file;
    host->options.allow = options->allow;
    host->options.deny = options->deny;
    host->options.cert = options->cert;
    host->options.key = options->key;
}

bool turn_host_reload(struct turn_host *host, const struct turn_options *options)
{
    if (!is_made_alike(&host->options, options))
        fputs("auger serve: users, secrets and rules are read again; all else that has changed of "
              "the TURN server needs a restart\n",
              stderr);
    struct turn_options made = *options;
    made.realm = host->options.realm;
    if (!load_again(host, &made))
        return false;
    keep_texts(host, options);
    turn_told_loaded(&host->told, host->users.len);
    return true;
}

static bool has_users_changed(const struct turn_host *host)
{
    struct stat seen;

    return host->options.users_file && stat(host->options.users_file, &seen) == 0 &&
           (seen.st_size != host->users_size || seen.st_mtim.tv_sec != host->users_changed.tv_sec ||
            seen.st_mtim.tv_nsec != host->users_changed.tv_nsec);
}

void turn_host_take(struct turn_host *host, const struct auger_loop_event *event)
{
    if (event->turn_event->type != AUGER_TURN_SERVICE_EVENT_NEEDS_KEY)
        turn_told_allocation(&host->told, auger_loop_now(host->loop), event->turn_event);
}

/* What happened in the other threads. */
void turn_host_wake(struct turn_host *host)
{
    unsigned left_out[AUGER_TURN_SERVICE_EVENT_NEEDS_KEY];
    auger_time now = auger_loop_now(host->loop);
    struct turn_thread_told told;

    for (size_t i = 0; i < host->threads_len; i++) {
        bool more = true;
        while (more) {
            more = turn_thread_take(host->threads[i], &told, left_out);
            const struct auger_turn_service_event event = {.type = told.type,
                                                           .allocation = &told.event};
            if (more)
                turn_told_allocation(&host->told, now, &event);
            turn_told_leave_out(&host->told, left_out);
        }
    }
}

struct sums {
    struct auger_turn_server_stats server;
    struct auger_turn_service_stats service;
    size_t services;
};

static void add_words(void *sums, const void *more, size_t size)
{
    uint64_t *to = sums;
    const uint64_t *from = more;

    for (size_t i = 0; i < size / sizeof(*to); i++)
        to[i] += from[i];
}

static void add_stats(struct auger_turn_service *service, void *arg)
{
    struct auger_turn_server_stats server;
    struct auger_turn_service_stats its;
    struct sums *sums = arg;

    auger_turn_server_get_stats(auger_turn_service_server(service), &server);
    auger_turn_service_get_stats(service, &its);
    add_words(&sums->server, &server, sizeof(server));
    add_words(&sums->service, &its, sizeof(its));
    sums->services++;
}

_Static_assert(sizeof(struct auger_turn_server_stats) % sizeof(uint64_t) == 0 &&
                   sizeof(struct auger_turn_service_stats) % sizeof(uint64_t) == 0,
               "counters alone");

/* Of all threads together. */
static void sum_up(struct turn_host *host, struct sums *sums)
{
    *sums = (struct sums){0};
    do_in_all(host, add_stats, sums);
    sums->service.gro = sums->service.gro == sums->services;
    sums->service.gso = sums->service.gso == sums->services;
}

static void tell_status(struct turn_host *host)
{
    struct sums sums;

    sum_up(host, &sums);
    turn_told_status(&host->told, &sums.server, &sums.service);
}

void turn_host_handle_timeout(struct turn_host *host, auger_time now)
{
    if (now >= host->look_at) {
        host->look_at = now + LOOK_EVERY;
        if (has_users_changed(host) && load_again(host, &host->options))
            turn_told_loaded(&host->told, host->users.len);
    }
    if (now >= host->status_at) {
        host->status_at = now + host->options.status_s * AUGER_SEC;
        tell_status(host);
    }
    if (now >= host->count_at) {
        struct sums sums;
        host->count_at = now + COUNT_EVERY;
        sum_up(host, &sums);
        host->counted = sums.server.allocations;
    }
    turn_told_handle_timeout(&host->told, now);
}

auger_time turn_host_next_timeout(const struct turn_host *host)
{
    auger_time at = turn_told_next_timeout(&host->told);

    at = host->look_at < at ? host->look_at : at;
    at = host->count_at < at ? host->count_at : at;
    return host->status_at < at ? host->status_at : at;
}

/* --- life ------------------------------------------------------------------------------------ */

static void fill_server(struct auger_turn_server_config *config, const struct turn_options *options)
{
    auger_turn_server_config_init(config);
    config->realm = options->realm;
    config->relay_ips = options->relay_ips;
    config->relay_ips_len = options->relay_ips_len;
    config->port_min = options->port_min;
    config->port_max = options->port_max;
    config->user_allocations_max = (uint32_t)options->user_allocations;
    config->ip_allocations_max = (uint32_t)options->ip_allocations;
    config->allocations_max = (uint32_t)options->allocations;
    config->user_bytes_per_s = (uint64_t)options->user_rate;
    config->ip_bytes_per_s = (uint64_t)options->ip_rate;
    config->bytes_per_s = (uint64_t)options->rate;
    config->nonce_lifetime_s = (uint32_t)options->nonce_lifetime_s;
    config->mobility = options->mobility;
    config->relay_to_relay = options->relay_to_relay;
    config->old_channels = options->old_channels;
    config->tcp_relay = options->tcp_relay;
    config->loopback_unlimited = options->loopback_unlimited;
}

/* What of all that the nth thread has: a part of the ports, and of what all together may have. */
static void give_part(struct auger_turn_server_config *config, const struct turn_options *options,
                      size_t nth)
{
    uint32_t threads = (uint32_t)options->threads;
    uint32_t ports = (uint32_t)(options->port_max - options->port_min) + 1;
    uint32_t width = ports / threads;

    if (threads == 1)
        return;
    config->port_min = (uint16_t)(options->port_min + nth * width);
    if (nth + 1 < threads)
        config->port_max = (uint16_t)(config->port_min + width - 1);
    config->allocations_max = (config->allocations_max + threads - 1) / threads;
    config->bytes_per_s = (config->bytes_per_s + threads - 1) / threads;
}

static bool cannot_serve(int err, const struct auger_addr *at)
{
    char what[AUGER_ADDR_TEXT_MAX + 40], addr[AUGER_ADDR_TEXT_MAX];

    if (at->family == AUGER_FAMILY_NONE)
        return failed("cannot serve TURN", error_text(err));
    snprintf(what, sizeof(what), "cannot serve TURN at %s by %s",
             auger_addr_format(at, addr, sizeof(addr)), at->transport == AUGER_TCP ? "TCP" : "UDP");
    return failed(what, error_text(err));
}

static void fill_service(struct auger_turn_service_config *config, const struct turn_host *host,
                         const struct turn_load *load)
{
    auger_turn_service_config_init(config);
    config->listen = host->options.listen;
    config->listen_len = host->options.listen_len;
    config->tls_listen = host->options.tls_listen;
    config->tls_listen_len = host->options.tls_listen_len;
    config->certificate_pem = turn_load_certificate(load);
    config->key_pem = turn_load_key(load);
    config->no_gso = host->options.no_gso;
    config->team = host->team;
}

/* The others listen where the first one does, whose ports the system may have chosen. */
static void listen_as_the_first(struct auger_turn_service_config *config,
                                const struct turn_host *host, struct auger_addr *addrs)
{
    size_t len = auger_turn_service_addrs(host->service, addrs, AUGER_TURN_SERVICE_LISTENERS_MAX);

    config->listen = addrs;
    config->listen_len = 0;
    while (config->listen_len < len &&
           !auger_turn_service_is_tls(host->service, config->listen_len))
        config->listen_len++;
    config->tls_listen = addrs + config->listen_len;
    config->tls_listen_len = len - config->listen_len;
}

static bool open_threads(struct turn_host *host, struct auger_turn_server_config *server,
                         struct auger_turn_service_config *service)
{
    struct auger_addr addrs[AUGER_TURN_SERVICE_LISTENERS_MAX], at;

    listen_as_the_first(service, host, addrs);
    while (host->threads_len + 1 < (size_t)host->options.threads) {
        const uint8_t *secret = server->nonce_secret;
        fill_server(server, &host->options);
        server->nonce_secret = secret;
        give_part(server, &host->options, host->threads_len + 1);
        service->member = (uint16_t)(host->threads_len + 1);
        int err =
            turn_thread_new(&host->threads[host->threads_len], host->loop, server, service, &at);
        if (err < 0)
            return cannot_serve(err, &at);
        host->threads_len++;
    }
    return true;
}

/* With several threads others of this user could listen beside us, and share our clients. */
static bool are_free(const struct turn_host *host)
{
    for (size_t i = 0; i < host->options.listen_len + host->options.tls_listen_len; i++) {
        const struct auger_addr *at = i < host->options.listen_len
                                          ? &host->options.listen[i]
                                          : &host->options.tls_listen[i - host->options.listen_len];
        if (host->options.threads > 1 && at->port != 0 && !turn_thread_is_free(at))
            return cannot_serve(AUGER_ERR_SYSTEM, at);
    }
    return true;
}

static bool open_service(struct turn_host *host, const struct turn_load *load)
{
    uint8_t secret[AUGER_TURN_SERVER_NONCE_SECRET_LEN];
    const struct auger_env *env = auger_env_system();
    struct auger_turn_server_config server;
    struct auger_turn_service_config config;
    struct auger_addr at;

    if (host->options.threads > 1 &&
        auger_turn_team_new(&host->team, (uint16_t)host->options.threads) < 0)
        return failed("cannot serve TURN", "no memory for --threads, or no descriptors");
    fill_server(&server, &host->options);
    give_part(&server, &host->options, 0);
    fill_service(&config, host, load);
    if (env->random(env->user, secret, sizeof(secret)) < 0)
        return failed("cannot serve TURN", "no random bytes");
    server.nonce_secret = secret;
    if (!are_free(host))
        return false;
    int err = auger_loop_turn_new(host->loop, &server, &config, &host->service, &at);
    bool good = err == 0 ? open_threads(host, &server, &config) : cannot_serve(err, &at);
    OPENSSL_cleanse(secret, sizeof(secret));
    return good;
}

static bool start_threads(struct turn_host *host)
{
    for (size_t i = 0; i < host->threads_len; i++)
        if (!turn_thread_start(host->threads[i]))
            return failed("--threads", strerror(errno));
    return true;
}

static bool begin(struct turn_host *host)
{
    struct turn_load load = {0};

    remember_time(host, host->options.users_file);
    bool good = turn_load_read(&load, &host->options) && open_service(host, &load) &&
                apply_to_all(host, &load, &host->options, NULL) == TURN_APPLIED &&
                start_threads(host);
    if (good) {
        host->users = load.users;
        load.users = (struct turn_users){0};
    }
    turn_load_fini(&load);
    return good;
}

struct turn_host *turn_host_new(const struct turn_options *options, struct auger_loop *loop,
                                bool json)
{
    struct turn_host *host = calloc(1, sizeof(*host));

    if (!host)
        return NULL;
    *host = (struct turn_host){
        .options = *options, .loop = loop, .told = {.json = json}, .count_at = AUGER_NEVER};
    host->look_at = options->users_file ? auger_loop_now(loop) + LOOK_EVERY : AUGER_NEVER;
    host->status_at =
        options->status_s ? auger_loop_now(loop) + options->status_s * AUGER_SEC : AUGER_NEVER;
    if (begin(host))
        return host;
    turn_host_free(host);
    return NULL;
}

void turn_host_free(struct turn_host *host)
{
    if (!host)
        return;
    for (size_t i = 0; i < host->threads_len; i++)
        turn_thread_free(host->threads[i]);
    auger_loop_turn_free(host->loop, host->service);
    auger_turn_team_free(host->team);
    turn_users_fini(&host->users);
    free(host);
}

static void drain(struct auger_turn_service *service, void *arg)
{
    (void)arg;
    auger_turn_server_drain(auger_turn_service_server(service), NULL);
}

void turn_host_drain(struct turn_host *host)
{
    do_in_all(host, drain, NULL);
    host->count_at = 0;
    turn_host_handle_timeout(host, auger_loop_now(host->loop));
}

char *turn_host_metrics(void *user)
{
    struct sums sums;

    sum_up(user, &sums);
    return turn_metrics(&sums.server, &sums.service);
}

uint64_t turn_host_allocations(const struct turn_host *host)
{
    return host->counted;
}

/* Whether it is the first of an address: with UDP and TCP there are two. */
static bool is_first(const struct auger_addr *addrs, size_t i)
{
    for (size_t before = 0; before < i; before++)
        if (auger_addr_ip_equal(&addrs[before], &addrs[i]) && addrs[before].port == addrs[i].port)
            return false;
    return true;
}

static bool has(const struct auger_addr *addrs, size_t len, const struct auger_addr *addr,
                enum auger_transport transport)
{
    for (size_t i = 0; i < len; i++)
        if (auger_addr_ip_equal(&addrs[i], addr) && addrs[i].port == addr->port &&
            addrs[i].transport == transport)
            return true;
    return false;
}

json_t *turn_host_addrs_json(const struct turn_host *host, bool with_tls)
{
    struct auger_addr addrs[AUGER_TURN_SERVICE_LISTENERS_MAX];
    size_t len = auger_turn_service_addrs(host->service, addrs, AUGER_TURN_SERVICE_LISTENERS_MAX);
    json_t *list = json_array();
    char addr[AUGER_ADDR_TEXT_MAX];

    for (size_t i = 0; list && i < len; i++)
        if (is_first(addrs, i) && auger_turn_service_is_tls(host->service, i) == with_tls)
            (void)json_array_append_new(
                list, json_string(auger_addr_format(&addrs[i], addr, sizeof(addr))));
    return list;
}

void turn_host_print_where(const struct turn_host *host)
{
    struct auger_addr addrs[AUGER_TURN_SERVICE_LISTENERS_MAX];
    size_t len = auger_turn_service_addrs(host->service, addrs, AUGER_TURN_SERVICE_LISTENERS_MAX);
    char addr[AUGER_ADDR_TEXT_MAX];

    for (size_t i = 0; i < len; i++) {
        bool udp = has(addrs, len, &addrs[i], AUGER_UDP),
             tcp = has(addrs, len, &addrs[i], AUGER_TCP),
             tls = auger_turn_service_is_tls(host->service, i);
        if (is_first(addrs, i))
            printf("TURN:       %s by %s%s%s\n", auger_addr_format(&addrs[i], addr, sizeof(addr)),
                   udp ? (tls ? "DTLS" : "UDP") : "", udp && tcp ? " and " : "",
                   tcp ? (tls ? "TLS" : "TCP") : "");
    }
}

uint16_t turn_host_port(const struct turn_host *host)
{
    struct auger_addr addr = {0};

    return auger_turn_service_addrs(host->service, &addr, 1) ? addr.port : 0;
}
