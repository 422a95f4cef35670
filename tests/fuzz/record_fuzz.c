/* fuzz: reaches auger_replay_sized take_head take_frame auger_replay_ops take_op make call_of_ours
 */
/* fuzz: reaches call_at_no_time give_random compare compare_trace add_remote_cand handle_datagram
 */
/* fuzz: reaches set_remote_credentials poll_transmit poll_event write_data get_config call_of_peers
 */
/* fuzz: reaches call_of_network auger_field_text */
/* A recording is anybody's file: whatever stands in it, a replay ends and gives all back. */
#include "record/replay.h"

#include <auger/crypto.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static long blocks;

static void *take(void *user, size_t size)
{
    void *block = calloc(1, size ? size : 1);

    (void)user;
    blocks += block != NULL;
    return block;
}

static void give_back(void *user, void *block)
{
    (void)user;
    blocks--;
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct auger_env env = {.alloc = take, .release = give_back};
    struct auger_replay_result result = {0};
    int err = auger_replay(data, size, &env, &result);

    if ((err < 0) != (result.what != NULL))
        abort();
    result = (struct auger_replay_result){0};
    err = auger_replay_ops(data, size, &env, &result);
    if ((err < 0) != (result.what != NULL) || result.offset > size || blocks != 0)
        abort();
    return 0;
}
