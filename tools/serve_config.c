/* tools/serve_config.c - what `auger serve` is told. */
#define _POSIX_C_SOURCE 200809L
#include "tools/serve_config.h"
#include "tools/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STUN_PORT 3478

const char serve_help[] =
    "usage: auger serve [--config FILE] [--listen IP:PORT] [--stun IP:PORT] [--turn IP:PORT]...\n"
    "                   [--cert FILE --key FILE] [--mux PORT] [--json] [OPTION]...\n"
    "\n"
    "Serves, in one process, what two peers need to meet: a page to connect with, rooms in which\n"
    "peers find each other (docs/signalling.md), and a STUN server.  In the room `demo` a native\n"
    "peer answers: it echoes messages and gives files back with their SHA-256.  With --turn it is\n"
    "a TURN server, beside all that or alone.\n"
    "\n"
    "  --config FILE     options, one a line: the name without its dashes, blanks, the value; # at\n"
    "                    its beginning makes a line a comment.  What stands on the command line\n"
    "                    counts more; on SIGHUP the file is read again, and if it is wrong all\n"
    "                    stays as it is.  There is one with comments: share/serve.conf\n"
    "  --listen IP:PORT  of HTTP and WebSocket; default 127.0.0.1:8080, port 0 takes any;\n"
    "                    0.0.0.0:8080 is for every machine that reaches this one\n"
    "  --stun IP:PORT    of STUN; default is the address of --listen, port 3478\n"
    "  --cert FILE       a certificate chain in PEM: HTTPS, which browsers on other machines\n"
    "  --key FILE        need, and its key\n"
    "  --mux PORT        all sessions of the native peer share this UDP port of each address, 0 takes\n"
    "                    any; else each session has ports of its own.  With --json a check that\n"
    "                    names nobody is told: {\"ev\":\"unknown\",\"ours\":...,\"theirs\":...}\n"
    "  --unpaced         each session of the native peer keeps its own pace alone: together they may\n"
    "                    begin more than a transaction in 5 ms (RFC 8445 section 14.2), as a server\n"
    "                    has to where more than 200 sessions begin in a second\n"
    "  --json            one JSON object a line, first {\"ev\":\"serving\",\"url\":...,\"stun\":...,\n"
    "                    \"turn\":[...]}\n" TRACE_HELP "\n" TURN_HELP "\n"
    "Of the native peer in the room `demo` (browsers do not use loopback addresses); not in a file:\n"
    "\n" NET_HELP ICE_HELP "\n"
    "Exit status: 0 after SIGTERM, if it is a TURN server that has drained, 1 failed, 2 wrong\n"
    "usage, 130 after Ctrl-C.\n"
    "\n"
    "To try it: run `auger serve`, open the page that it names, press Connect; or, in another\n"
    "terminal, `echo hello | auger connect demo`.  A relay for this machine alone:\n"
    "`auger serve --turn 127.0.0.1:3478 --user ann:secret --allow-peer 127.0.0.1`.\n";

static bool failed(const char *what, const char *why)
{
    fprintf(stderr, "auger serve: %s: %s\n", what, why);
    return false;
}

static bool is_readable(const char *option, const char *path)
{
    char what[300];

    if (!path || access(path, R_OK) == 0)
        return true;
    snprintf(what, sizeof(what), "%s %.200s", option, path);
    return failed(what, strerror(errno));
}

bool serve_config_has_turn(const struct serve_config *config)
{
    return config->turn.listen_len + config->turn.tls_listen_len > 0;
}

/* The first option that was given and that nobody but a TURN server has a use for. */
static const char *for_turn_alone(const struct turn_options *turn)
{
    return turn->users.len > 0     ? "--user"
           : turn->users_file      ? "--users"
           : turn->secrets.len > 0 ? "--secret"
           : turn->secret_file     ? "--secret-file"
           : turn->allow.len > 0   ? "--allow-peer"
           : turn->deny.len > 0    ? "--deny-peer"
           : turn->relay_ips_len   ? "--relay-ip or --external"
           : turn->threads > 1     ? "--threads"
                                   : NULL;
}

static bool check(const struct serve_config *config, const struct options *options)
{
    if (!config->cert != !config->key)
        return options_wrong_in(options, "serve", config->cert ? "--cert" : "--key",
                                "takes --cert and --key together");
    bool has_turn = serve_config_has_turn(config);

    if (config->unpaced && has_turn && config->listen.family == AUGER_FAMILY_NONE)
        return options_wrong_in(options, "serve", "--unpaced", "is of no use without --listen");
    if (config->turn.tls_listen_len > 0 && !config->cert)
        return options_wrong_in(options, "serve", "--tls", "takes --cert and --key as well");
    if (!has_turn && config->metrics.family != AUGER_FAMILY_NONE)
        return options_wrong_in(options, "serve", "--metrics", "is of no use without --turn");
    if (config->turn.threads > 1 && (config->trace.trace || config->trace.pcap))
        return options_wrong_in(options, "serve", config->trace.trace ? "--trace" : "--pcap",
                                "takes one thread: what several do has no order");
    if (config->turn.port_max - config->turn.port_min + 1 < 2 * config->turn.threads)
        return options_wrong_in(options, "serve", "--relay-ports",
                                "takes two ports at least for each of --threads");
    const char *useless = !has_turn ? for_turn_alone(&config->turn) : NULL;
    if (useless)
        return options_wrong_in(options, "serve", useless, "is of no use without --turn");
    return is_readable("--cert", config->cert) && is_readable("--key", config->key);
}

/* What is served that was not spoken of. */
static void choose(struct serve_config *config)
{
    bool has_turn = serve_config_has_turn(config);
    bool is_turn_alone = has_turn && config->listen.family == AUGER_FAMILY_NONE;

    if (!is_turn_alone && config->listen.family == AUGER_FAMILY_NONE)
        (void)!auger_addr_parse(&config->listen, "127.0.0.1:8080");
    if (config->stun.family == AUGER_FAMILY_NONE && !has_turn) {
        config->stun = config->listen;
        config->stun.port = STUN_PORT;
    }
    config->turn.cert = config->cert;
    config->turn.key = config->key;
}

static bool read_options(struct serve_config *config, int argc, char **argv, int *status)
{
    const struct option items[] = {
        {"--listen", OPTION_ADDRESS, .address = &config->listen},
        {"--stun", OPTION_ADDRESS, .address = &config->stun},
        {"--metrics", OPTION_ADDRESS, .address = &config->metrics},
        {"--cert", OPTION_TEXT, .text = &config->cert},
        {"--key", OPTION_TEXT, .text = &config->key},
        {"--json", OPTION_FLAG, .flag = &config->json},
        {"--unpaced", OPTION_FLAG, .flag = &config->unpaced},
        TRACE_OPTION_ROWS(config->trace),
        TURN_OPTION_ROWS(config->turn),
        {"--config", OPTION_TEXT, .text = &config->file.path}, /* from here on: not in a file */
        {"--mux", OPTION_NUMBER, .number = &config->mux_port, .min = 0, .max = 65535},
        NET_OPTION_ROWS(config->net_options),
        ICE_OPTION_ROWS(config->ice_options),
    };
    const struct options options = {.items = items,
                                    .len = sizeof(items) / sizeof(items[0]),
                                    .help = serve_help,
                                    .file = &config->file,
                                    .file_len = options_place(items, "--config")};

    if (!options_read(&options, argc, argv, status))
        return false;
    *status = EXIT_USAGE;
    return check(config, &options);
}

/* Who is on this machine sees the arguments of every process. */
static void warn_of_passwords(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        for (const char *const *name = (const char *const[]){"--user", "--secret", NULL}; *name;
             name++) {
            size_t len = strlen(*name);
            if (strncmp(argv[i], *name, len) != 0 || (argv[i][len] != '=' && argv[i][len] != '\0'))
                continue;
            fprintf(stderr,
                    "auger serve: everybody on this machine can read what follows %s; "
                    "--users, --secret-file and --config keep it in files\n",
                    *name);
            return;
        }
}

bool serve_config_read(struct serve_config *config, int argc, char **argv, int *status)
{
    const struct turn_options turn = TURN_OPTIONS_DEFAULT;
    const struct trace_options trace = TRACE_OPTIONS_DEFAULT;

    *config = (struct serve_config){.mux_port = -1, .turn = turn, .trace = trace};
    auger_net_config_init(&config->net);
    auger_peer_config_init(&config->peer);
    if (!read_options(config, argc, argv, status))
        return false;
    if (!net_options_apply(&config->net_options, "serve", &config->net, &config->peer.ice) ||
        !ice_options_apply(&config->ice_options, "serve", &config->peer))
        return false;
    choose(config);
    warn_of_passwords(argc, argv);
    return true;
}

void serve_config_fini(struct serve_config *config)
{
    option_file_fini(&config->file);
}
