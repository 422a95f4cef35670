/* fuzz: reaches auger_cand_parse auger_cand_format auger_cand_type_name */
/* Any line is parsed; what parses is written, and reads back as the same. */
#include <auger/ice.h>

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct auger_cand cand, again;
    char line[AUGER_CAND_LINE_MAX], repeated[AUGER_CAND_LINE_MAX];

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
