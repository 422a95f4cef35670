/* tools/turn_users.c - users of a TURN server by the keys of their passwords. */
#define _POSIX_C_SOURCE 200809L
#include "tools/turn_users.h"
#include "tools/output.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- keys ------------------------------------------------------------------------------------ */

/* "username ":" OpaqueString(realm) ":" OpaqueString(password)" (8489, 9.2.2): of printable ASCII
 * that is what it is. */
static bool hash(const EVP_MD *md, const char *name, const char *realm, const char *password,
                 uint8_t *out)
{
    const char *pieces[] = {name, ":", realm, ":", password};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;

    for (size_t i = 0; good && i < sizeof(pieces) / sizeof(pieces[0]); i++)
        good = EVP_DigestUpdate(ctx, pieces[i], strlen(pieces[i])) == 1;
    good = good && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

bool turn_user_make(struct turn_user *user, const char *name, const char *realm,
                    const char *password)
{
    *user = (struct turn_user){.name = strdup(name)};
    if (user->name && hash(EVP_md5(), name, realm, password, user->md5) &&
        hash(EVP_sha256(), name, realm, password, user->sha256))
        return true;
    turn_user_fini(user);
    return false;
}

void turn_user_fini(struct turn_user *user)
{
    free(user->name);
    OPENSSL_cleanse(user, sizeof(*user));
}

static char *print_hex(char *at, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = '\0';
    return at;
}

void turn_user_print(const struct turn_user *user, const char *realm, char line[TURN_USER_LINE_MAX])
{
    int n = snprintf(line, TURN_USER_LINE_MAX, "%s:%s:", user->name, realm);
    char *at = print_hex(line + n, user->md5, sizeof(user->md5));

    *at++ = ':';
    print_hex(at, user->sha256, sizeof(user->sha256));
}

/* --- the file -------------------------------------------------------------------------------- */

static bool wrong(const char *path, unsigned line, const char *why)
{
    fputs("auger serve: ", stderr);
    print_words(stderr, path, 240);
    fprintf(stderr, ":%u: %s\n", line, why);
    return false;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hex(const char *text, uint8_t *bytes, size_t len)
{
    if (!text || strlen(text) != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* What stands before the next colon; NULL: nothing is left. */
static char *cut(char **rest)
{
    char *field = *rest, *colon = field ? strchr(field, ':') : NULL;

    if (colon)
        *colon = '\0';
    *rest = colon ? colon + 1 : NULL;
    return field;
}

/* NULL, or what is wrong with it. */
static const char *read_line(char *line, const char *realm, struct turn_user *user)
{
    char *name = cut(&line), *its_realm = cut(&line), *md5 = cut(&line), *sha256 = cut(&line);

    if (line || !read_hex(md5, user->md5, sizeof(user->md5)) ||
        !read_hex(sha256, user->sha256, sizeof(user->sha256)))
        return "takes NAME:REALM:MD5:SHA256, as `auger turn-user` prints it";
    if (!*name || strlen(name) > AUGER_TURN_USERNAME_MAX)
        return "takes a name of 1 to 508 characters";
    for (const char *c = name; *c; c++)
        if (*c < 0x20 || *c > 0x7E)
            return "takes a name of printable ASCII";
    if (strcmp(its_realm, realm) != 0)
        return "is made for another realm than --realm, so that no password would fit";
    user->name = strdup(name);
    return user->name ? NULL : "takes more memory than there is";
}

static bool take_line(struct turn_users *users, char *line, const char *realm, const char *path,
                      unsigned number)
{
    struct turn_user user = {0};

    line[strcspn(line, "\r\n")] = '\0';
    if (!*line || *line == '#')
        return true;
    const char *why = read_line(line, realm, &user);
    if (why)
        return wrong(path, number, why);
    return turn_users_add(users, &user) || wrong(path, number, "is one user too many");
}

bool turn_users_read(struct turn_users *users, const char *path, const char *realm)
{
    FILE *in = fopen(path, "r");
    char line[TURN_USER_LINE_MAX + 2];
    unsigned number = 0;
    bool good = true;

    if (!in) {
        fputs("auger serve: --users ", stderr);
        print_words(stderr, path, 240);
        fprintf(stderr, ": %s\n", strerror(errno));
        return false;
    }
    while (good && fgets(line, sizeof(line), in)) {
        number++;
        good = strchr(line, '\n') || feof(in) ? take_line(users, line, realm, path, number)
                                              : wrong(path, number, "is too long");
    }
    if (good && ferror(in))
        good = wrong(path, number, strerror(errno));
    fclose(in);
    OPENSSL_cleanse(line, sizeof(line));
    return good;
}

/* --- the list -------------------------------------------------------------------------------- */

bool turn_users_add(struct turn_users *users, struct turn_user *user)
{
    if (users->len == users->cap) {
        size_t cap = users->cap ? 2 * users->cap : 16;
        struct turn_user *list =
            users->len < TURN_USERS_FILE_MAX ? realloc(users->list, cap * sizeof(*list)) : NULL;
        if (!list) {
            turn_user_fini(user);
            return false;
        }
        users->list = list;
        users->cap = cap;
    }
    users->list[users->len++] = *user;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct turn_user *)a)->name, ((const struct turn_user *)b)->name);
}

bool turn_users_sort(struct turn_users *users)
{
    if (users->len > 1)
        qsort(users->list, users->len, sizeof(*users->list), by_name);
    for (size_t i = 1; i < users->len; i++)
        if (by_name(&users->list[i - 1], &users->list[i]) == 0) {
            print_line("auger serve: there are two users of the name ", users->list[i].name);
            return false;
        }
    return true;
}

void turn_users_fini(struct turn_users *users)
{
    for (size_t i = 0; i < users->len; i++)
        turn_user_fini(&users->list[i]);
    free(users->list);
    *users = (struct turn_users){0};
}

static bool has(const struct turn_users *users, const struct turn_user *user)
{
    return users->len > 0 &&
           bsearch(user, users->list, users->len, sizeof(*users->list), by_name) != NULL;
}

bool turn_users_apply(const struct turn_users *users, const struct turn_users *before,
                      struct auger_turn_server *server)
{
    for (size_t i = 0; i < users->len; i++) {
        const struct turn_user *user = &users->list[i];
        if (auger_turn_server_add_user_key(server, user->name, AUGER_STUN_MD5, user->md5,
                                           sizeof(user->md5)) < 0 ||
            auger_turn_server_add_user_key(server, user->name, AUGER_STUN_SHA256, user->sha256,
                                           sizeof(user->sha256)) < 0)
            return false;
    }
    for (size_t i = 0; before && i < before->len; i++)
        if (!has(users, &before->list[i]))
            (void)!auger_turn_server_remove_user(server, before->list[i].name);
    return true;
}
