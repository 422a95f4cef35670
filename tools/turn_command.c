/* tools/turn_command.c - auger turn-user and auger turn-credential: what a TURN server is given to
 * know its users by, and what a user is given.  Passwords and secrets are read, not passed as
 * arguments, which everybody on a machine can see. */
#define _POSIX_C_SOURCE 200809L
#include "tools/command.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/turn_users.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SECRET_MAX 1024

static int failed(const char *command, const char *what, const char *why)
{
    fprintf(stderr, "auger %s: ", command);
    print_words(stderr, what, 240);
    fprintf(stderr, ": %s\n", why);
    return EXIT_FAILED;
}

/* --- reading what nobody should see ---------------------------------------------------------- */

static struct termios terminal; /* as it was before the prompt */

/* A signal at the prompt ends the program as ever, and the terminal shows again what is typed. */
static void give_back(int number)
{
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal);
    (void)raise(number); /* once more, when this has returned: SA_RESETHAND */
}

static bool hide_typing(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    const struct sigaction action = {.sa_handler = give_back, .sa_flags = SA_RESETHAND};

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &terminal) < 0)
        return false;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        (void)sigaction(numbers[i], &action, NULL);
    struct termios hidden = terminal;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
}

/* The first line; false: there is none, or it is empty or too long. */
static bool read_line(FILE *in, char line[SECRET_MAX])
{
    if (!fgets(line, SECRET_MAX, in))
        return false;
    size_t len = strcspn(line, "\r\n");
    bool whole = line[len] || feof(in);
    line[len] = '\0';
    return whole && len > 0;
}

static bool ask(const char *prompt, char line[SECRET_MAX])
{
    bool is_hidden = hide_typing();

    if (is_hidden)
        fputs(prompt, stderr);
    bool good = read_line(stdin, line);
    if (is_hidden) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal);
        fputc('\n', stderr);
    }
    return good;
}

/* --- turn-user ------------------------------------------------------------------------------- */

static const char user_help[] =
    "usage: auger turn-user NAME [--realm NAME]\n"
    "\n"
    "Prints the line that lets NAME use a TURN server: `auger serve --users FILE` takes a file of\n"
    "such lines.  The password is read from standard input, one line; the line that is printed\n"
    "has the keys that RFC 8489 makes of name, realm and password, not the password itself.  Who\n"
    "has the line can pass for NAME at a server of that realm, so that it is kept as a password is.\n"
    "\n"
    "  --realm NAME      the realm of the server; default auger\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.\n"
    "\n"
    "To try it: `echo secret | auger turn-user ann >> users`, then\n"
    "`auger serve --turn 127.0.0.1:3478 --users users`.\n";

static bool is_plain(const char *text, const char *without)
{
    for (const char *c = text; *c; c++)
        if (*c < 0x20 || *c > 0x7E || strchr(without, *c))
            return false;
    return *text != '\0';
}

static int print_user(const char *name, const char *realm)
{
    char password[SECRET_MAX], line[TURN_USER_LINE_MAX];
    struct turn_user user;

    if (!ask("Password: ", password))
        return failed("turn-user", "standard input", "there is no line with a password");
    if (strlen(password) > AUGER_TURN_PASSWORD_MAX || !is_plain(password, ""))
        return failed("turn-user", "the password", "takes up to 508 characters of printable ASCII");
    bool good = turn_user_make(&user, name, realm, password);
    OPENSSL_cleanse(password, sizeof(password));
    if (!good)
        return failed("turn-user", "the keys", "no memory, or OpenSSL refuses MD5 or SHA-256");
    turn_user_print(&user, realm, line);
    puts(line);
    OPENSSL_cleanse(line, sizeof(line));
    turn_user_fini(&user);
    return EXIT_DONE;
}

static int run_user(int argc, char **argv)
{
    const char *name = NULL, *realm = "auger";
    const struct option items[] = {{"--realm", OPTION_TEXT, .text = &realm}};
    const struct options options = {
        .items = items, .len = 1, .words = &name, .words_max = 1, .help = user_help};
    int status;

    if (!options_read(&options, argc, argv, &status))
        return status;
    if (!name || strlen(name) > AUGER_TURN_USERNAME_MAX || !is_plain(name, ":")) {
        options_wrong("turn-user", "NAME", "is 1 to 508 characters of printable ASCII, no colon");
        return EXIT_USAGE;
    }
    if (strlen(realm) > 127 || !is_plain(realm, ":\"\\")) {
        options_wrong("turn-user", "--realm",
                      "takes up to 127 characters of printable ASCII, no quotes and no colon");
        return EXIT_USAGE;
    }
    return print_user(name, realm);
}

const struct command turn_user_command = {
    .name = "turn-user",
    .summary = "a line for `auger serve --users`: a name and the keys of its password",
    .help = user_help,
    .run = run_user,
};

/* --- turn-credential ------------------------------------------------------------------------- */

static const char credential_help[] =
    "usage: auger turn-credential [NAME] [--secret-file FILE] [--for SECONDS] [--sha256] [--json]\n"
    "\n"
    "Prints a user name and a password that a TURN server takes for a while: one that was given\n"
    "the same secret, `auger serve --secret-file FILE` or any other that knows the TURN REST API.\n"
    "The user name holds the time at which it ends, the password proves it.  NAME, if there is\n"
    "one, only tells users apart.\n"
    "\n"
    "  --secret-file FILE  its first line is the secret; else that of standard input\n"
    "  --for SECONDS       how long new allocations may be made with it; default 3600\n"
    "  --sha256            the password is made with SHA-256; most servers know SHA-1 alone\n"
    "  --json              {\"username\":...,\"password\":...,\"ttl\":SECONDS} in place of two lines\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.\n";

struct credential_options {
    const char *name, *secret_file;
    long seconds;
    bool sha256, json;
};

static bool read_secret(const struct credential_options *options, char secret[SECRET_MAX])
{
    if (!options->secret_file && ask("Secret: ", secret))
        return true;
    if (!options->secret_file) {
        failed("turn-credential", "standard input", "there is no line with a secret");
        return false;
    }
    FILE *in = fopen(options->secret_file, "r");
    bool good = in && read_line(in, secret);
    if (!good)
        failed("turn-credential", options->secret_file,
               in ? "its first line is no secret" : strerror(errno));
    if (in)
        fclose(in);
    return good;
}

static int print_credential(const struct credential_options *options, const char *secret)
{
    struct auger_turn_rest rest;
    int64_t until = (int64_t)time(NULL) + options->seconds;
    int err =
        auger_turn_rest_make(&rest, options->sha256 ? AUGER_TURN_REST_SHA256 : AUGER_TURN_REST_SHA1,
                             (const uint8_t *)secret, strlen(secret), until, options->name);

    if (err < 0)
        return failed("turn-credential", "NAME", auger_strerror(err));
    if (options->json)
        output_line(json_pack("{ss ss sI}", "username", rest.username, "password", rest.password,
                              "ttl", (json_int_t)options->seconds));
    else
        printf("%s\n%s\n", rest.username, rest.password);
    return EXIT_DONE;
}

static int run_credential(int argc, char **argv)
{
    struct credential_options given = {.seconds = 3600};
    const struct option items[] = {
        {"--secret-file", OPTION_TEXT, .text = &given.secret_file},
        {"--for", OPTION_NUMBER, .number = &given.seconds, .min = 1, .max = 1000000000},
        {"--sha256", OPTION_FLAG, .flag = &given.sha256},
        {"--json", OPTION_FLAG, .flag = &given.json},
    };
    const struct options options = {.items = items,
                                    .len = sizeof(items) / sizeof(items[0]),
                                    .words = &given.name,
                                    .words_max = 1,
                                    .help = credential_help};
    char secret[SECRET_MAX];
    int status;

    if (!options_read(&options, argc, argv, &status))
        return status;
    if (!read_secret(&given, secret))
        return EXIT_FAILED;
    status = print_credential(&given, secret);
    OPENSSL_cleanse(secret, sizeof(secret));
    return status;
}

const struct command turn_credential_command = {
    .name = "turn-credential",
    .summary = "a user name and password that a TURN server takes for a while",
    .help = credential_help,
    .run = run_credential,
};
