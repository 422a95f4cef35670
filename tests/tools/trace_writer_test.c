/* The files of --trace and --pcap: their bounds, and who may read them. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/trace_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1024 * 1024L)

struct files {
    char folder[64], trace[80], pcap[80];
};

static struct files make_files(void)
{
    struct files files = {.folder = "trace-writer-XXXXXX"};

    assert_non_null(mkdtemp(files.folder));
    snprintf(files.trace, sizeof(files.trace), "%s/t.jsonl", files.folder);
    snprintf(files.pcap, sizeof(files.pcap), "%s/t.pcapng", files.folder);
    return files;
}

static void remove_files(const struct files *files)
{
    unlink(files->trace);
    unlink(files->pcap);
    rmdir(files->folder);
}

static struct stat stat_of(const char *path)
{
    struct stat found;

    assert_int_equal(stat(path, &found), 0);
    return found;
}

static void leave_record(const struct auger_loop_config *config, auger_time at)
{
    const struct auger_trace_field field = {
        .key = "reason", .type = AUGER_TRACE_TEXT, .text = "a text of some length, as they have"};

    config->env->trace(config->env->user,
                       &(struct auger_trace_record){
                           .at = at, .name = "ice:gathered", .fields = &field, .fields_len = 1});
}

static void show_datagram(const struct auger_loop_config *config, auger_time at)
{
    static const uint8_t data[1200] = {0};
    struct auger_path path;

    assert_int_equal(auger_addr_parse(&path.local, "192.0.2.1:1"), 0);
    assert_int_equal(auger_addr_parse(&path.remote, "192.0.2.2:2"), 0);
    config->tap(config->tap_user,
                &(struct auger_tap){
                    .now = at, .path = &path, .outbound = true, .data = {data, sizeof(data)}});
}

static void both_files_stop_at_their_size_and_the_trace_says_so(void **state)
{
    (void)state;
    struct files files = make_files();
    const struct trace_options options = {.trace = files.trace, .pcap = files.pcap, .max_mib = 1};
    struct auger_loop_config config = {0};
    struct trace_writer *writer = trace_writer_new(&options, "test");
    char last[200] = "", line[200];

    trace_writer_attach(writer, &config);
    for (int i = 0; i < 15000; i++) {
        leave_record(&config, i * AUGER_MS);
        if (i % 10 == 0)
            show_datagram(&config, i * AUGER_MS);
    }
    trace_writer_free(writer);
    assert_in_range(stat_of(files.trace).st_size, MIB - 1000, MIB);
    assert_in_range(stat_of(files.pcap).st_size, MIB - 6000, MIB);

    FILE *file = fopen(files.trace, "r");
    while (fgets(line, sizeof(line), file))
        memcpy(last, line, sizeof(last));
    fclose(file);
    assert_non_null(strstr(last, "\"name\":\"trace:limit\",\"data\":{}}\n"));
    remove_files(&files);
}

static void the_files_are_their_owners_alone(void **state)
{
    (void)state;
    struct files files = make_files();
    const struct trace_options options = {.trace = files.trace, .pcap = files.pcap, .max_mib = 1};
    struct trace_writer *writer = trace_writer_new(&options, "test");

    assert_non_null(writer);
    trace_writer_free(writer);
    assert_int_equal(stat_of(files.trace).st_mode & 0777, 0600);
    assert_int_equal(stat_of(files.pcap).st_mode & 0777, 0600);
    remove_files(&files);
}

static void nothing_is_formatted_when_nothing_is_asked_for(void **state)
{
    (void)state;
    const struct trace_options options = TRACE_OPTIONS_DEFAULT;
    struct auger_loop_config config = {0};
    struct trace_writer *writer = trace_writer_new(&options, "test");

    trace_writer_attach(writer, &config);
    assert_null(config.env->trace);
    assert_null(config.tap);
    trace_writer_free(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_files_stop_at_their_size_and_the_trace_says_so),
        cmocka_unit_test(the_files_are_their_owners_alone),
        cmocka_unit_test(nothing_is_formatted_when_nothing_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
