/* tools/turn_host.c - the TURN server of `auger serve`. */
#define _POSIX_C_SOURCE 200809L
#include "tools/turn_host.h"
#include "tools/log_lines.h"
#include "tools/output.h"
#include "tools/turn_users.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOOK_EVERY (2 * AUGER_SEC) /* at the users' file */
#define SECRET_LINE_MAX 1024

enum { LOG_BEGUN, LOG_ENDED, LOG_KINDS };

struct turn_host {
    struct turn_options options;
    struct auger_loop *loop;
    bool json;
    struct auger_turn_service *service;
    struct turn_users users;
    struct timespec users_changed; /* the file's time when it was read */
    off_t users_size;
    auger_time look_at, status_at;
    struct log_lines lines[LOG_KINDS];
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

/* --- users, secrets and rules ---------------------------------------------------------------- */

/* NAME:PASSWORD, which was looked at when it was taken. */
static bool add_user(struct turn_users *users, const char *text, const char *realm)
{
    char name[AUGER_TURN_USERNAME_MAX + 1];
    size_t len = strcspn(text, ":");
    struct turn_user user;

    memcpy(name, text, len);
    name[len] = '\0';
    return turn_user_make(&user, name, realm, text + len + 1) && turn_users_add(users, &user);
}

static bool read_users(const struct turn_options *options, struct turn_users *users)
{
    for (size_t i = 0; i < options->users.len; i++)
        if (!add_user(users, options->users.items[i], options->realm))
            return failed("--user", "no memory");
    return (!options->users_file || turn_users_read(users, options->users_file, options->realm)) &&
           turn_users_sort(users);
}

static void remember_time(struct turn_host *host)
{
    struct stat seen = {0};

    if (host->options.users_file && stat(host->options.users_file, &seen) == 0) {
        host->users_changed = seen.st_mtim;
        host->users_size = seen.st_size;
    }
}

/* All that may change while it serves, read and found good before anything is changed. */
struct loaded {
    struct turn_users users;
    char *secrets[TURN_SECRETS_MAX];
    size_t secrets_len;
};

static void free_loaded(struct loaded *loaded)
{
    turn_users_fini(&loaded->users);
    for (size_t i = 0; i < loaded->secrets_len; i++) {
        OPENSSL_cleanse(loaded->secrets[i], strlen(loaded->secrets[i]));
        free(loaded->secrets[i]);
    }
}

static bool add_secret(struct loaded *loaded, const char *secret)
{
    if (loaded->secrets_len == TURN_SECRETS_MAX)
        return failed("--secret and --secret-file", "4 secrets at the most");
    char *copy = strdup(secret);
    if (!copy)
        return failed("--secret", "no memory");
    loaded->secrets[loaded->secrets_len++] = copy;
    return true;
}

static bool read_secrets_file(struct loaded *loaded, const char *path)
{
    FILE *in = fopen(path, "r");
    char line[SECRET_LINE_MAX];
    bool good = true;

    if (!in)
        return failed(path, strerror(errno));
    while (good && fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\r\n")] = '\0';
        good = !*line || add_secret(loaded, line);
    }
    if (good && ferror(in))
        good = failed(path, strerror(errno));
    fclose(in);
    OPENSSL_cleanse(line, sizeof(line));
    return good;
}

static bool read_secrets(const struct turn_options *options, struct loaded *loaded)
{
    for (size_t i = 0; i < options->secrets.len; i++)
        if (!add_secret(loaded, options->secrets.items[i]))
            return false;
    return !options->secret_file || read_secrets_file(loaded, options->secret_file);
}

static int apply_secrets(struct auger_turn_server *server, const struct loaded *loaded)
{
    int err = 0;

    auger_turn_server_remove_secrets(server);
    for (size_t i = 0; err == 0 && i < loaded->secrets_len; i++) {
        const uint8_t *secret = (const uint8_t *)loaded->secrets[i];
        size_t len = strlen(loaded->secrets[i]);
        err = auger_turn_server_add_secret(server, AUGER_TURN_REST_SHA1, secret, len);
        if (err == 0)
            err = auger_turn_server_add_secret(server, AUGER_TURN_REST_SHA256, secret, len);
    }
    return err;
}

static int apply_rules(struct auger_turn_server *server, const struct turn_options *options)
{
    int err = 0;

    auger_turn_server_forget_peer_rules(server);
    for (size_t i = 0; err == 0 && i < options->allow.len; i++)
        err = auger_turn_server_allow_peers(server, options->allow.items[i]);
    for (size_t i = 0; err == 0 && i < options->deny.len; i++)
        err = auger_turn_server_deny_peers(server, options->deny.items[i]);
    return err;
}

/* Keeps the users that were applied, to tell those that go. */
static bool apply(struct turn_host *host, const struct turn_options *options, struct loaded *loaded)
{
    struct auger_turn_server *server = auger_turn_service_server(host->service);

    if (!turn_users_apply(&loaded->users, &host->users, server))
        return failed("--users", "no memory");
    struct turn_users before = host->users;
    host->users = loaded->users;
    loaded->users = before;
    int err = apply_secrets(server, loaded);
    if (err == 0)
        err = apply_rules(server, options);
    return err == 0 || failed("secrets and rules", error_text(err));
}

static bool load(struct turn_host *host, const struct turn_options *options)
{
    struct loaded loaded = {0};

    remember_time(host);
    bool good = read_users(options, &loaded.users) && read_secrets(options, &loaded) &&
                apply(host, options, &loaded);
    free_loaded(&loaded);
    return good;
}

/* What sockets and tables are made by cannot change while they are in use. */
static bool is_made_alike(const struct turn_options *a, const struct turn_options *b)
{
    return a->listen_len == b->listen_len &&
           memcmp(a->listen, b->listen, a->listen_len * sizeof(a->listen[0])) == 0 &&
           strcmp(a->realm, b->realm) == 0 && a->relay_ips_len == b->relay_ips_len &&
           memcmp(a->relay_ips, b->relay_ips, sizeof(a->relay_ips)) == 0 &&
           a->port_min == b->port_min && a->port_max == b->port_max &&
           a->user_allocations == b->user_allocations && a->ip_allocations == b->ip_allocations &&
           a->allocations == b->allocations && a->user_rate == b->user_rate &&
           a->ip_rate == b->ip_rate && a->rate == b->rate && a->mobility == b->mobility &&
           a->relay_to_relay == b->relay_to_relay && a->loopback_unlimited == b->loopback_unlimited;
}

static void say_loaded(const struct turn_host *host)
{
    if (host->json)
        output_line(json_pack("{ss sI}", "ev", "reloaded", "users", (json_int_t)host->users.len));
    else
        printf("auger serve: read again; %zu users\n", host->users.len);
    fflush(stdout);
}

static void keep_texts(struct turn_host *host, const struct turn_options *options)
{
    host->options.users = options->users;
    host->options.users_file = options->users_file;
    host->options.secrets = options->secrets;
    host->options.secret_file = options->secret_file;
    host->options.allow = options->allow;
    host->options.deny = options->deny;
}

bool turn_host_reload(struct turn_host *host, const struct turn_options *options)
{
    if (!is_made_alike(&host->options, options))
        fputs("auger serve: users, secrets and rules are read again; all else that has changed of "
              "the TURN server needs a restart\n",
              stderr);
    struct turn_options made = *options;
    made.realm = host->options.realm;
    if (!load(host, &made)) {
        fputs("auger serve: nothing has changed\n", stderr);
        return false;
    }
    keep_texts(host, options);
    say_loaded(host);
    return true;
}

static bool has_users_changed(const struct turn_host *host)
{
    struct stat seen;

    return host->options.users_file && stat(host->options.users_file, &seen) == 0 &&
           (seen.st_size != host->users_size || seen.st_mtim.tv_sec != host->users_changed.tv_sec ||
            seen.st_mtim.tv_nsec != host->users_changed.tv_nsec);
}

/* --- what is told ---------------------------------------------------------------------------- */

static const char *const ends[] = {
    [AUGER_TURN_SERVER_END_NONE] = "",
    [AUGER_TURN_SERVER_END_RELEASED] = "released",
    [AUGER_TURN_SERVER_END_EXPIRED] = "expired",
    [AUGER_TURN_SERVER_END_STREAM] = "stream closed",
    [AUGER_TURN_SERVER_END_CLOSED] = "server closed",
};

static void print_allocation(const struct auger_turn_server_event *event)
{
    char user[4 * AUGER_TURN_USERNAME_MAX + 1];
    char client[AUGER_ADDR_TEXT_MAX], relayed[AUGER_ADDR_TEXT_MAX];

    log_escape(event->allocation.user.data, event->allocation.user.len, user, sizeof(user));
    auger_addr_format(&event->allocation.client.remote, client, sizeof(client));
    auger_addr_format(&event->allocation.relayed[0], relayed, sizeof(relayed));
    const char *transport = event->allocation.client.remote.transport == AUGER_TCP ? "tcp" : "udp";
    if (event->type == AUGER_TURN_SERVER_EVENT_ALLOCATED)
        printf("allocated user=\"%s\" client=%s/%s relayed=%s\n", user, client, transport, relayed);
    else
        printf("ended user=\"%s\" client=%s/%s relayed=%s why=\"%s\" seconds=%" PRId64
               " to_peers=%" PRIu64 " to_client=%" PRIu64 "\n",
               user, client, transport, relayed, ends[event->allocation.end],
               event->allocation.lifetime / AUGER_SEC, event->allocation.bytes_to_peers,
               event->allocation.bytes_to_client);
}

static json_t *allocation_json(const struct auger_turn_server_event *event)
{
    char client[AUGER_ADDR_TEXT_MAX], relayed[AUGER_ADDR_TEXT_MAX];
    bool begins = event->type == AUGER_TURN_SERVER_EVENT_ALLOCATED;

    auger_addr_format(&event->allocation.client.remote, client, sizeof(client));
    auger_addr_format(&event->allocation.relayed[0], relayed, sizeof(relayed));
    json_t *json = json_pack(
        "{ss so ss ss ss}", "ev", begins ? "allocated" : "ended", "user",
        json_text((const char *)event->allocation.user.data, event->allocation.user.len), "client",
        client, "transport", event->allocation.client.remote.transport == AUGER_TCP ? "tcp" : "udp",
        "relayed", relayed);
    if (json && !begins)
        (void)json_object_update_new(
            json, json_pack("{ss sI sI sI}", "why", ends[event->allocation.end], "seconds",
                            (json_int_t)(event->allocation.lifetime / AUGER_SEC), "to_peers",
                            (json_int_t)event->allocation.bytes_to_peers, "to_client",
                            (json_int_t)event->allocation.bytes_to_client));
    return json;
}

void turn_host_take(struct turn_host *host, const struct auger_loop_event *event)
{
    const struct auger_turn_service_event *told = event->turn_event;
    int kind = told->type == AUGER_TURN_SERVICE_EVENT_ALLOCATED ? LOG_BEGUN : LOG_ENDED;

    if (told->type == AUGER_TURN_SERVICE_EVENT_NEEDS_KEY ||
        !log_lines_may(&host->lines[kind], auger_loop_now(host->loop)))
        return;
    if (host->json)
        output_line(allocation_json(told->allocation));
    else
        print_allocation(told->allocation);
    fflush(stdout);
}

static void tell_left_out(struct turn_host *host, auger_time now)
{
    static const char *const names[] = {[LOG_BEGUN] = "allocated", [LOG_ENDED] = "ended"};

    for (size_t i = 0; i < LOG_KINDS; i++) {
        unsigned left_out = log_lines_left_out(&host->lines[i], now);
        if (left_out == 0)
            continue;
        if (host->json)
            output_line(json_pack("{ss ss sI}", "ev", "left out", "of", names[i], "lines",
                                  (json_int_t)left_out));
        else
            printf("%s: %u more lines were left out\n", names[i], left_out);
        fflush(stdout);
    }
}

static void tell_status(const struct turn_host *host)
{
    struct auger_turn_server_stats stats;
    struct auger_turn_service_stats streams;

    auger_turn_server_get_stats(auger_turn_service_server(host->service), &stats);
    auger_turn_service_get_stats(host->service, &streams);
    if (host->json)
        output_line(json_pack(
            "{ss sI sI sI sI sI sI sI}", "ev", "status", "allocations",
            (json_int_t)stats.allocations, "allocations_made", (json_int_t)stats.allocations_made,
            "streams", (json_int_t)streams.streams, "packets_to_peers",
            (json_int_t)stats.packets_to_peers, "bytes_to_peers", (json_int_t)stats.bytes_to_peers,
            "packets_to_clients", (json_int_t)stats.packets_to_clients, "bytes_to_clients",
            (json_int_t)stats.bytes_to_clients));
    else
        printf("status allocations=%" PRIu64 " made=%" PRIu64 " streams=%" PRIu64
               " packets_to_peers=%" PRIu64 " bytes_to_peers=%" PRIu64
               " packets_to_clients=%" PRIu64 " bytes_to_clients=%" PRIu64 "\n",
               stats.allocations, stats.allocations_made, streams.streams, stats.packets_to_peers,
               stats.bytes_to_peers, stats.packets_to_clients, stats.bytes_to_clients);
    fflush(stdout);
}

void turn_host_handle_timeout(struct turn_host *host, auger_time now)
{
    if (now >= host->look_at) {
        host->look_at = now + LOOK_EVERY;
        if (has_users_changed(host) && load(host, &host->options))
            say_loaded(host);
    }
    if (now >= host->status_at) {
        host->status_at = now + host->options.status_s * AUGER_SEC;
        tell_status(host);
    }
    tell_left_out(host, now);
}

auger_time turn_host_next_timeout(const struct turn_host *host)
{
    auger_time at = host->look_at < host->status_at ? host->look_at : host->status_at;

    for (size_t i = 0; i < LOG_KINDS; i++) {
        auger_time lines = log_lines_next_timeout(&host->lines[i]);
        at = lines < at ? lines : at;
    }
    return at;
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
    config->mobility = options->mobility;
    config->relay_to_relay = options->relay_to_relay;
    config->loopback_unlimited = options->loopback_unlimited;
}

static bool open_service(struct turn_host *host)
{
    struct auger_turn_server_config server;
    struct auger_turn_service_config config;
    struct auger_addr at;
    char what[AUGER_ADDR_TEXT_MAX + 40], addr[AUGER_ADDR_TEXT_MAX];

    fill_server(&server, &host->options);
    auger_turn_service_config_init(&config);
    config.listen = host->options.listen;
    config.listen_len = host->options.listen_len;
    int err = auger_loop_turn_new(host->loop, &server, &config, &host->service, &at);
    if (err == 0)
        return true;
    if (at.family == AUGER_FAMILY_NONE)
        return failed("cannot serve TURN", error_text(err));
    snprintf(what, sizeof(what), "cannot serve TURN at %s by %s",
             auger_addr_format(&at, addr, sizeof(addr)), at.transport == AUGER_TCP ? "TCP" : "UDP");
    return failed(what, error_text(err));
}

struct turn_host *turn_host_new(const struct turn_options *options, struct auger_loop *loop,
                                bool json)
{
    struct turn_host *host = calloc(1, sizeof(*host));

    if (!host)
        return NULL;
    *host = (struct turn_host){.options = *options, .loop = loop, .json = json};
    host->look_at = options->users_file ? auger_loop_now(loop) + LOOK_EVERY : AUGER_NEVER;
    host->status_at =
        options->status_s ? auger_loop_now(loop) + options->status_s * AUGER_SEC : AUGER_NEVER;
    if (open_service(host) && load(host, options))
        return host;
    turn_host_free(host);
    return NULL;
}

void turn_host_free(struct turn_host *host)
{
    if (!host)
        return;
    auger_loop_turn_free(host->loop, host->service);
    turn_users_fini(&host->users);
    free(host);
}

void turn_host_drain(struct turn_host *host)
{
    auger_turn_server_drain(auger_turn_service_server(host->service), NULL);
}

uint64_t turn_host_allocations(const struct turn_host *host)
{
    struct auger_turn_server_stats stats;

    auger_turn_server_get_stats(auger_turn_service_server(host->service), &stats);
    return stats.allocations;
}

json_t *turn_host_addrs_json(const struct turn_host *host)
{
    struct auger_addr addrs[AUGER_TURN_SERVICE_LISTENERS_MAX];
    size_t len = auger_turn_service_addrs(host->service, addrs, AUGER_TURN_SERVICE_LISTENERS_MAX);
    json_t *list = json_array();
    char addr[AUGER_ADDR_TEXT_MAX];

    for (size_t i = 0; list && i < len; i++)
        if (addrs[i].transport == AUGER_UDP)
            (void)json_array_append_new(
                list, json_string(auger_addr_format(&addrs[i], addr, sizeof(addr))));
    return list;
}

const char *turn_host_where(const struct turn_host *host, char *buf, size_t cap)
{
    struct auger_addr addrs[AUGER_TURN_SERVICE_LISTENERS_MAX];
    size_t len = auger_turn_service_addrs(host->service, addrs, AUGER_TURN_SERVICE_LISTENERS_MAX);
    char addr[AUGER_ADDR_TEXT_MAX];
    size_t at = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < len && at < cap; i++)
        if (addrs[i].transport == AUGER_UDP)
            at += (size_t)snprintf(buf + at, cap - at, "%s%s", at ? ", " : "",
                                   auger_addr_format(&addrs[i], addr, sizeof(addr)));
    return buf;
}

uint16_t turn_host_port(const struct turn_host *host)
{
    struct auger_addr addr = {0};

    return auger_turn_service_addrs(host->service, &addr, 1) ? addr.port : 0;
}
