/* tools/sim_command.c - auger sim: how two agents meet behind NATs, in the simulated internet. */
#define _POSIX_C_SOURCE 200809L
#include "tools/command.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/tale.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: auger sim ALICE BOB [--predict | --predict-alice | --predict-bob] [--no-turn] [--seed N]\n"
    "                           [--delay MS] [--step | --json] [--svg FILE]\n"
    "\n"
    "Lets two agents meet in a simulated internet, alice behind the NAT ALICE and bob behind BOB,\n"
    "and tells what happens: what each says, the rows that the gateways write into their tables,\n"
    "which datagrams pass and which fall and why, until there is a hole, or a relay.  No socket is\n"
    "opened and no time passes: the same seed tells the same story.\n"
    "\n"
    "  open                a public address             (also: none, public)\n"
    "  firewall            a public address behind a filter\n"
    "  full-cone           one port for all; whoever knows it may come in     (EIM/EIF)\n"
    "  address-restricted  one port for all; in comes whoever was sent to     (EIM/ADF)\n"
    "  port-restricted     the same, and only from the port that was sent to  (EIM/APDF)\n"
    "  symmetric           another port for each destination, any that is free\n"
    "                      (also: random; APDM/APDF/random)\n"
    "  symmetric+1         the next port for each destination; +2, +100 and so on\n"
    "  udp-blocked         no UDP passes                (also: blocked)\n"
    "  MAPPING/FILTERING[/PORTS]\n"
    "                      in the words of docs/nat-matrix.md: EIM, ADM or APDM, then EIF, ADF or\n"
    "                      APDF, then preserve, overload, sequential, random, parity, contiguous\n"
    "  home/carrier        one behind the other, up to three: port-restricted/symmetric\n"
    "\n"
    "  --predict           both guess the next port of a gateway that has another for each\n"
    "                      destination (docs/prediction.md); there are two servers to compare\n"
    "  --predict-alice     she alone does, and --predict-bob he alone\n"
    "  --no-turn           there is no relay\n"
    "  --seed N            another world of the same kind; by default 1\n"
    "  --delay MS          the way across the internet; by default 40\n"
    "  --step              one thing at a time, with the tables: Enter goes on\n"
    "  --json              each thing that happens as a line of JSON\n"
    "  --svg FILE          draws it too, for a page or a browser\n"
    "\n"
    "Exit status: 0 connected, directly or by relay as the last line says, 1 not connected, 2 wrong\n"
    "usage.\n"
    "\n"
    "Try: auger sim port-restricted symmetric, and then auger sim full-cone symmetric --step;\n"
    "symmetric+100 port-restricted, and the same with --predict-alice\n";

struct asked {
    const char *words[2], *svg;
    bool no_turn, step, json, predict, predicts[2];
    long seed, delay;
};

static bool draw(const struct tale *tale, const char *name)
{
    FILE *file = fopen(name, "we");

    if (!file) {
        fprintf(stderr, "auger sim: cannot write %s: %s\n", name, strerror(errno));
        return false;
    }
    tale_draw(tale, file);
    bool is_written = !ferror(file);
    is_written &= fclose(file) == 0;
    if (!is_written)
        fprintf(stderr, "auger sim: cannot write %s\n", name);
    return is_written;
}

/* https://no-color.org */
static bool wants_colours(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

static int show(const struct asked *asked, const struct tale *tale)
{
    const struct tale_manner manner = {.colours = wants_colours(), .steps = asked->step};

    if (asked->svg && !draw(tale, asked->svg))
        return EXIT_FAILED;
    if (asked->json)
        tale_tell_json(tale);
    else
        tale_tell(tale, stdout, &manner);
    return tale->end == TALE_APART ? EXIT_FAILED : EXIT_DONE;
}

static bool read_chains(const struct asked *asked, struct tale_options *options)
{
    for (int side = 0; side < 2; side++) {
        const char *wrong = nat_chain_read(&options->chains[side], asked->words[side]);
        if (!wrong)
            continue;
        print_words(stderr, "auger sim: ", SIZE_MAX);
        print_words(stderr, asked->words[side], 60);
        fprintf(stderr, " %s; see auger help sim\n", wrong);
        return false;
    }
    return true;
}

static int run(int argc, char **argv)
{
    struct asked asked = {.seed = 1, .delay = 40};
    struct tale_options world = {0};
    int status;

    const struct option items[] = {
        {"--predict", OPTION_FLAG, .flag = &asked.predict},
        {"--predict-alice", OPTION_FLAG, .flag = &asked.predicts[0]},
        {"--predict-bob", OPTION_FLAG, .flag = &asked.predicts[1]},
        {"--no-turn", OPTION_FLAG, .flag = &asked.no_turn},
        {"--seed", OPTION_NUMBER, .number = &asked.seed, .min = 0, .max = 1000000000},
        {"--delay", OPTION_NUMBER, .number = &asked.delay, .min = 1, .max = 500},
        {"--step", OPTION_FLAG, .flag = &asked.step},
        {"--json", OPTION_FLAG, .flag = &asked.json},
        {"--svg", OPTION_TEXT, .text = &asked.svg},
    };
    const struct options options = {.items = items,
                                    .len = sizeof(items) / sizeof(items[0]),
                                    .words = asked.words,
                                    .words_max = 2,
                                    .help = help};
    if (!options_read(&options, argc, argv, &status))
        return status;
    if (!asked.words[0] || !asked.words[1]) {
        fputs("auger sim: needs two NATs, alice's and bob's; see auger help sim\n", stderr);
        return EXIT_USAGE;
    }
    if (asked.step && asked.json) {
        fputs("auger sim: --step or --json, not both; see auger help sim\n", stderr);
        return EXIT_USAGE;
    }
    if (!read_chains(&asked, &world))
        return EXIT_USAGE;
    world.no_turn = asked.no_turn;
    for (int side = 0; side < 2; side++)
        world.predicts[side] = asked.predict || asked.predicts[side];
    world.seed = (uint64_t)asked.seed;
    world.delay = asked.delay * AUGER_MS;
    struct tale *tale = tale_new(&world);
    status = show(&asked, tale);
    tale_free(tale);
    return status;
}

const struct command sim_command = {
    .name = "sim",
    .summary = "show how two agents meet behind NATs, in a simulated internet",
    .help = help,
    .run = run,
};
