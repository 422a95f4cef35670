/* tools/turn_users.h - users of a TURN server by the keys of their passwords, as a file of `auger
 * serve --users` holds them: NAME:REALM:MD5:SHA256 a line, the keys of RFC 8489 sections 9.2.2 and
 * 18.5.1 in hexadecimal. */
#ifndef AUGER_TOOLS_TURN_USERS_H
#define AUGER_TOOLS_TURN_USERS_H

#include <auger/turn_server.h>

#define TURN_USERS_FILE_MAX 100000
#define TURN_MD5_LEN 16
#define TURN_SHA256_LEN 32
/* NAME:REALM:MD5:SHA256 and a NUL */
#define TURN_USER_LINE_MAX (AUGER_TURN_USERNAME_MAX + 1 + 127 + 1 + 32 + 1 + 64 + 1)

struct turn_user {
    char *name;
    uint8_t md5[TURN_MD5_LEN], sha256[TURN_SHA256_LEN];
};

/* In the order of their names, each once. */
struct turn_users {
    struct turn_user *list;
    size_t len, cap;
};

/* The keys of a password.  false: no memory, or OpenSSL refuses. */
bool turn_user_make(struct turn_user *user, const char *name, const char *realm,
                    const char *password);
void turn_user_fini(struct turn_user *user);
void turn_user_print(const struct turn_user *user, const char *realm,
                     char line[TURN_USER_LINE_MAX]);

/* Takes `user` over, whatever comes of it; false: no memory, or there are too many. */
bool turn_users_add(struct turn_users *users, struct turn_user *user);
/* Reads the lines of a file into `users`; false: what is wrong was said on standard error, with
 * the line. */
bool turn_users_read(struct turn_users *users, const char *path, const char *realm);
/* Puts them in order; false: a name is there twice, which was said. */
bool turn_users_sort(struct turn_users *users);
void turn_users_fini(struct turn_users *users);

/* The server knows `users` from now on, and of `before` none that is not among them.  false: no
 * memory; what it knew before it may know still. */
bool turn_users_apply(const struct turn_users *users, const struct turn_users *before,
                      struct auger_turn_server *server);

#endif /* AUGER_TOOLS_TURN_USERS_H */
