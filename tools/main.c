/* tools/main.c - the program auger: finds the command and runs it. */
#include "tools/command.h"

#include <stdio.h>
#include <string.h>

#define VERSION "0.1.0"

static const struct command *const commands[] = {&serve_command, &connect_command, &gather_command,
                                                 &peer_command, &trace_command};

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
        fprintf(out, "  %-8s  %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help      what a command does and takes: auger help serve\n\n"
          "To see it work, on one machine: run `auger serve`, open the page that it names, press\n"
          "Connect.  To talk to a shell instead: `auger connect demo`.\n\n"
          "Exit status: 0 done, 1 failed, 2 wrong usage, 130 after Ctrl-C.\n",
          out);
}

static int unknown(const char *name)
{
    fprintf(stderr, "auger: there is no command %.40s; see auger help\n", name);
    return EXIT_USAGE;
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

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0) {
        puts("auger " VERSION);
        return EXIT_DONE;
    }
    const struct command *command = find_command(name);
    if (!command)
        return unknown(name);
    int status = command->run(argc - 1, argv + 1);
    if (status == EXIT_DONE && (fflush(stdout) != 0 || ferror(stdout))) {
        fputs("auger: standard output was closed\n", stderr);
        return EXIT_FAILED;
    }
    return status;
}
