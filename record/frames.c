/* record/frames.c - from a file to a stream of ops: every byte of it is what it was. */
#include "base/crc32.h"
#include "base/env.h"
#include "record/ops.h"
#include "record/replay.h"

struct frames {
    struct auger_reader in;
    uint8_t *ops; /* room for all of them */
    size_t ops_len;
    const char *what;
};

static bool take_head(struct frames *f, int *err)
{
    const uint8_t *magic = auger_read_bytes(&f->in, AUGER_RECORD_MAGIC_LEN);

    *err = AUGER_ERR_MALFORMED;
    f->what = "this is no recording";
    if (!magic || memcmp(magic, AUGER_RECORD_MAGIC, AUGER_RECORD_MAGIC_LEN) != 0)
        return false;
    *err = AUGER_ERR_UNSUPPORTED;
    f->what = "a recording of another version";
    return auger_read_u8(&f->in) == AUGER_RECORD_VERSION;
}

static bool take_frame(struct frames *f)
{
    size_t len = auger_read_u16(&f->in);
    const uint8_t *ops = auger_read_bytes(&f->in, len);
    uint32_t crc = auger_read_u32(&f->in);

    if (f->in.failed || len == 0 || len > AUGER_RECORD_FRAME_MAX) {
        f->what = "it is cut off, or a length in it has changed";
        return false;
    }
    if (auger_crc32(ops, len) != crc) {
        f->what = "a byte of it has changed";
        return false;
    }
    memcpy(f->ops + f->ops_len, ops, len);
    f->ops_len += len;
    return true;
}

static int unwrap(struct frames *f, size_t *offset)
{
    const uint8_t *start = f->in.at;
    int err;

    *offset = 0;
    if (!take_head(f, &err))
        return err;
    while (f->in.left > 0) {
        *offset = (size_t)(f->in.at - start);
        if (!take_frame(f))
            return AUGER_ERR_MALFORMED;
    }
    f->what = NULL;
    return 0;
}

static int run(const uint8_t *recording, size_t len, const struct auger_env *env,
               struct auger_replay_result *result)
{
    struct frames f = {.in = auger_reader(recording, len),
                       .ops = auger_env_alloc(env, len ? len : 1, 1)};

    if (!f.ops) {
        result->what = "out of memory";
        return AUGER_ERR_NO_MEMORY;
    }
    int err = unwrap(&f, &result->offset);
    result->what = f.what;
    if (err == 0)
        err = auger_replay_ops(f.ops, f.ops_len, env, result);
    auger_env_release(env, f.ops);
    return err;
}

int auger_replay_sized(const uint8_t *recording, size_t len, const struct auger_env *env,
                       struct auger_replay_result *result, size_t size)
{
    struct auger_replay_result all = {0};
    int err = run(recording, len, env, &all);

    memset(result, 0, size);
    memcpy(result, &all, size < sizeof(all) ? size : sizeof(all));
    return err;
}
