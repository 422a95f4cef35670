/* tools/command.h - one command of the program; each has a file of its own. */
#ifndef AUGER_TOOLS_COMMAND_H
#define AUGER_TOOLS_COMMAND_H

enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
};

struct command {
    const char *name;
    const char *summary; /* one line */
    const char *help;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

extern const struct command connect_command, gather_command, nat_command, peer_command,
    replay_command, serve_command, sim_command, trace_command, turnload_command, turn_user_command,
    turn_credential_command;

#endif /* AUGER_TOOLS_COMMAND_H */
