/* tools/turn_load.c - users, secrets, rules and the certificate of a TURN server. */
#define _POSIX_C_SOURCE 200809L
#include "tools/turn_load.h"
#include "tools/output.h"

#include <auger/crypto.h>
#include <auger/tls.h>

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_LINE_MAX 1024
#define PEM_MAX (256 * 1024)

static bool failed(const char *what, const char *why)
{
    fputs("auger serve: ", stderr);
    print_words(stderr, what, 240);
    fprintf(stderr, ": %s\n", why);
    return false;
}

struct auger_bytes turn_load_certificate(const struct turn_load *load)
{
    return (struct auger_bytes){(const uint8_t *)load->certificate, load->certificate_len};
}

struct auger_bytes turn_load_key(const struct turn_load *load)
{
    return (struct auger_bytes){(const uint8_t *)load->key, load->key_len};
}

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

/* A PEM file; NULL: why was said. */
static char *read_pem(const char *path, size_t *len)
{
    FILE *in = fopen(path, "rb");
    char *text = in ? malloc(PEM_MAX) : NULL;

    *len = text ? fread(text, 1, PEM_MAX, in) : 0;
    bool good = text && !ferror(in) && *len < PEM_MAX;
    if (!good)
        failed(path, !in ? strerror(errno) : "cannot be read, or is longer than 256 KiB");
    if (in)
        fclose(in);
    if (good)
        return text;
    free(text);
    return NULL;
}

static bool read_certificate(struct turn_load *load, const struct turn_options *options)
{
    struct auger_tls_context *context = NULL;
    struct auger_tls_config config;
    char why[AUGER_TLS_WHY_MAX] = "";

    if (options->tls_listen_len == 0)
        return true;
    load->certificate = read_pem(options->cert, &load->certificate_len);
    load->key = load->certificate ? read_pem(options->key, &load->key_len) : NULL;
    if (!load->key)
        return false;
    auger_tls_config_init(&config);
    config.role = AUGER_TLS_SERVER;
    config.certificate_pem = turn_load_certificate(load);
    config.key_pem = turn_load_key(load);
    int err = auger_tls_context_new(&context, auger_env_system(), &config, why);
    auger_tls_context_free(context);
    return err == 0 || failed("--cert and --key", *why ? why : auger_strerror(err));
}

static bool add_secret(struct turn_load *load, const char *secret)
{
    if (load->secrets_len == TURN_SECRETS_MAX)
        return failed("--secret and --secret-file", "4 secrets at the most");
    char *copy = strdup(secret);
    if (!copy)
        return failed("--secret", "no memory");
    load->secrets[load->secrets_len++] = copy;
    return true;
}

static bool read_secrets_file(struct turn_load *load, const char *path)
{
    FILE *in = fopen(path, "r");
    char line[SECRET_LINE_MAX];
    bool good = true;

    if (!in)
        return failed(path, strerror(errno));
    while (good && fgets(line, sizeof(line), in)) {
        bool whole = strchr(line, '\n') || feof(in);
        line[strcspn(line, "\r\n")] = '\0';
        good = whole ? !*line || add_secret(load, line) : failed(path, "a line is too long");
    }
    if (good && ferror(in))
        good = failed(path, strerror(errno));
    fclose(in);
    OPENSSL_cleanse(line, sizeof(line));
    return good;
}

static bool read_secrets(const struct turn_options *options, struct turn_load *load)
{
    for (size_t i = 0; i < options->secrets.len; i++)
        if (!add_secret(load, options->secrets.items[i]))
            return false;
    return !options->secret_file || read_secrets_file(load, options->secret_file);
}

static int apply_secrets(struct auger_turn_server *server, const struct turn_load *load)
{
    int err = 0;

    auger_turn_server_remove_secrets(server);
    for (size_t i = 0; err == 0 && i < load->secrets_len; i++) {
        const uint8_t *secret = (const uint8_t *)load->secrets[i];
        size_t len = strlen(load->secrets[i]);
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

bool turn_load_read(struct turn_load *load, const struct turn_options *options)
{
    return read_users(options, &load->users) && read_secrets(options, load) &&
           read_certificate(load, options);
}

enum turn_applied turn_load_apply(const struct turn_load *load, const struct turn_options *options,
                                  const struct turn_users *before,
                                  struct auger_turn_service *service)
{
    struct auger_turn_server *server = auger_turn_service_server(service);
    int err = 0;

    if (load->key)
        err = auger_turn_service_set_certificate(service, turn_load_certificate(load),
                                                 turn_load_key(load), NULL);
    if (err < 0) {
        failed("--cert and --key", auger_strerror(err));
        return TURN_APPLIED_NOTHING;
    }
    if (!turn_users_apply(&load->users, before, server)) {
        failed("--users", "no memory");
        return TURN_APPLIED_IN_PART;
    }
    err = apply_secrets(server, load);
    if (err == 0)
        err = apply_rules(server, options);
    if (err == 0)
        return TURN_APPLIED;
    failed("secrets and rules", auger_strerror(err));
    return TURN_APPLIED_IN_PART;
}

void turn_load_fini(struct turn_load *load)
{
    turn_users_fini(&load->users);
    for (size_t i = 0; i < load->secrets_len; i++) {
        OPENSSL_cleanse(load->secrets[i], strlen(load->secrets[i]));
        free(load->secrets[i]);
    }
    if (load->key)
        OPENSSL_cleanse(load->key, load->key_len);
    free(load->certificate);
    free(load->key);
    *load = (struct turn_load){0};
}
