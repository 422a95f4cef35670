/* fuzz: reaches auger_cand_parse auger_cand_format auger_cand_type_name take_name */
/* Any line is parsed; what parses is written, and reads back as the same. */
#include <auger/ice.h>

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* A line with a name in place of the address is taken by this alone, and in the room there is. */
static void read_name(const char *line, size_t len)
{
    size_t cap = 1 + len % 64;
    char *name = malloc(cap);
    struct auger_cand named, plain;

    require(name != NULL);
    int err = auger_cand_parse_named(&named, name, cap, line, len);
    int without = auger_cand_parse(&plain, line, len);
    if (err == 0 && name[0] != '\0')
        require(strlen(name) < cap && named.hidden && without == AUGER_ERR_UNSUPPORTED);
    else
        require(err == without);
    free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct auger_cand cand, again;
    char line[AUGER_CAND_LINE_MAX], repeated[AUGER_CAND_LINE_MAX];

    read_name((const char *)data, size);
    if (auger_cand_parse(&cand, (const char *)data, size) < 0)
        return 0;
    require(cand.priority > 0 && cand.priority <= INT32_MAX);
    int len = auger_cand_format(&cand, line, sizeof(line));
    require(len > 0 && strlen(line) == (size_t)len);
    require(auger_cand_parse(&again, line, (size_t)len) == 0);
    require(auger_addr_equal(&cand.addr, &again.addr) && cand.type == again.type);
    require(auger_cand_format(&again, repeated, sizeof(repeated)) == len);
    require(memcmp(line, repeated, (size_t)len) == 0);
    return 0;
}
