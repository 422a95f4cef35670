/* tools/main.c - the program auger: finds the command and runs it. */
#define _POSIX_C_SOURCE 200809L
#include "tools/command.h"
#include "tools/output.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VERSION "0.1.0"

static const struct command *const commands[] = {
    &serve_command,    &connect_command,   &gather_command,         &nat_command,
    &peer_command,     &trace_command,     &replay_command,         &sim_command,
    &turnload_command, &turn_user_command, &turn_credential_command};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_overview(FILE *out)
{
    fputs("auger finds a path between two programs, or a program and a browser, through NATs.\n\n"
          "usage: auger COMMAND [OPTION]...\n\n",
          out);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(out, "  %-15s  %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help             what a command does and takes: auger help serve\n\n"
          "To see it work, on one machine: run `auger serve`, open the page that it names, press\n"
          "Connect.  To talk to a shell instead: `auger connect demo`.\n\n"
          "Exit status: 0 done, 1 failed, 2 wrong usage, 130 after Ctrl-C.\n",
          out);
}

static int unknown(const char *name)
{
    fputs("auger: there is no command ", stderr);
    print_words(stderr, name, 40);
    fputs("; see auger help\n", stderr);
    return EXIT_USAGE;
}

/* What was printed has to have arrived. */
static int finish(int status)
{
    if (status == EXIT_DONE && (fflush(stdout) != 0 || ferror(stdout))) {
        fputs("auger: standard output was closed\n", stderr);
        return EXIT_FAILED;
    }
    return status;
}

static int help(int argc, char **argv)
{
    if (argc < 2) {
        print_overview(stdout);
        return EXIT_DONE;
    }
    const struct command *command = find_command(argv[1]);
    if (!command)
        return unknown(argv[1]);
    fputs(command->help, stdout);
    return EXIT_DONE;
}

/* What was closed before we began must not become one of our sockets: input that ended, output
 * that cannot be written. */
static bool open_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    if (!open_standard_descriptors())
        return EXIT_FAILED;
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return finish(help(argc - 1, argv + 1));
    if (strcmp(name, "--version") == 0) {
        puts("auger " VERSION);
        return finish(EXIT_DONE);
    }
    const struct command *command = find_command(name);
    if (!command)
        return unknown(name);
    return finish(command->run(argc - 1, argv + 1));
}
