/* base/trace.h - leaving a trace record where a decision falls:
 *
 *     auger_trace(env, now, "ice:check_succeeded", AUGER_F_TIME("rtt", now - sent_at));
 *
 * Nothing is built when nobody listens. */
#ifndef AUGER_BASE_TRACE_H
#define AUGER_BASE_TRACE_H

#include <auger/base.h>

#define AUGER_F_INT(key_, value)                                                                   \
    ((struct auger_trace_field){.key = (key_), .type = AUGER_TRACE_INT, .i = (int64_t)(value)})
#define AUGER_F_TIME(key_, value)                                                                  \
    ((struct auger_trace_field){.key = (key_), .type = AUGER_TRACE_TIME, .i = (value)})
#define AUGER_F_TEXT(key_, value)                                                                  \
    ((struct auger_trace_field){.key = (key_), .type = AUGER_TRACE_TEXT, .text = (value)})
#define AUGER_F_ADDR(key_, value)                                                                  \
    ((struct auger_trace_field){.key = (key_), .type = AUGER_TRACE_ADDR, .addr = (value)})

#define auger_trace(env_, now_, name_, ...)                                                        \
    do {                                                                                           \
        const struct auger_env *trace_env = (env_);                                                \
        if (trace_env->trace) {                                                                    \
            const struct auger_trace_field trace_fields[] = {__VA_ARGS__};                         \
            trace_env->trace(trace_env->user,                                                      \
                             &(struct auger_trace_record){.at = (now_),                            \
                                                          .name = (name_),                         \
                                                          .fields = trace_fields,                  \
                                                          .fields_len = sizeof(trace_fields) /     \
                                                                        sizeof(trace_fields[0])}); \
        }                                                                                          \
    } while (0)

#endif /* AUGER_BASE_TRACE_H */
