#include "sim/link.h"
#include "tests/sim/scenario.h"

#define DATAGRAMS 20000

/* What became of many datagrams, one a millisecond. */
struct tally {
    unsigned lost, twice, overtaken, longest_burst;
    auger_time least, most; /* on the way */
};

static struct tally carry_many(const struct link_quality *quality)
{
    struct tally tally = {.least = AUGER_NEVER};
    struct link link;
    unsigned burst = 0;
    auger_time last = 0;

    link_init(&link, quality, 7, "wire");
    for (int i = 0; i < DATAGRAMS; i++) {
        auger_time now = i * AUGER_MS, arrivals[LINK_COPIES_MAX];
        size_t copies = link_carry(&link, now, 100, arrivals);
        burst = copies == 0 ? burst + 1 : 0;
        tally.lost += copies == 0;
        tally.twice += copies == 2;
        tally.longest_burst = burst > tally.longest_burst ? burst : tally.longest_burst;
        for (size_t j = 0; j < copies; j++) {
            auger_time way = arrivals[j] - now;
            tally.least = way < tally.least ? way : tally.least;
            tally.most = way > tally.most ? way : tally.most;
            tally.overtaken += arrivals[j] < last;
            last = arrivals[j] > last ? arrivals[j] : last;
        }
    }
    return tally;
}

static void a_perfect_wire_delivers_at_once(void **state)
{
    struct tally tally = carry_many(&(struct link_quality){0});
    (void)state;
    assert_int_equal(tally.lost + tally.twice + tally.overtaken, 0);
    assert_int_equal(tally.most, 0);
}

static void jitter_lies_on_top_of_the_delay_and_keeps_the_order(void **state)
{
    struct tally tally =
        carry_many(&(struct link_quality){.delay = 40 * AUGER_MS, .jitter = 10 * AUGER_MS});
    (void)state;
    assert_in_range(tally.least, 40 * AUGER_MS, 41 * AUGER_MS);
    assert_in_range(tally.most, 49 * AUGER_MS, 50 * AUGER_MS);
    assert_int_equal(tally.overtaken, 0);
}

static void loss_and_duplication_come_as_often_as_they_should(void **state)
{
    struct tally tally =
        carry_many(&(struct link_quality){.loss_permille = 100, .duplicate_permille = 50});
    (void)state;
    assert_in_range(tally.lost, 1850, 2150);
    assert_in_range(tally.twice, 800, 1000);
}

/* Gilbert-Elliott: bursts of 1/0.1 datagrams, in 1/11 of the time, and as many losses
 * one by one would not stand so close. */
static void bursts_lose_datagrams_in_a_row(void **state)
{
    struct tally bursty = carry_many(&(struct link_quality){
        .burst_begins_permille = 10, .burst_ends_permille = 100, .burst_loss_permille = 1000});
    struct tally even = carry_many(&(struct link_quality){.loss_permille = 91});
    (void)state;
    assert_in_range(bursty.lost, 1400, 2300);
    assert_true(bursty.longest_burst > 20);
    assert_true(even.longest_burst < 10);
}

static void held_back_datagrams_are_overtaken(void **state)
{
    struct tally tally =
        carry_many(&(struct link_quality){.reorder_permille = 100, .reorder_by = 20 * AUGER_MS});
    (void)state;
    assert_true(tally.overtaken > 2000);
    assert_true(tally.most <= 20 * AUGER_MS);
}

/* 100 bytes a millisecond are 800 kbit/s. */
static void a_slow_wire_makes_wait_and_then_drops(void **state)
{
    struct tally enough = carry_many(&(struct link_quality){.bits_per_second = 800000});
    struct tally half =
        carry_many(&(struct link_quality){.bits_per_second = 400000, .queue = 50 * AUGER_MS});
    (void)state;
    assert_int_equal(enough.lost, 0);
    assert_int_equal(enough.most, AUGER_MS);
    assert_in_range(half.lost, DATAGRAMS / 2 - 100, DATAGRAMS / 2 + 100);
    assert_in_range(half.most, 50 * AUGER_MS, 53 * AUGER_MS);
}

/* 548 and 1232 bytes behind the headers are one packet on the narrowest path of each family. */
static void long_datagrams_go_in_fragments_or_nowhere(void **state)
{
    const struct link_quality pieces = {.mtu = 576, .loss_permille = 500},
                              hole = {.mtu = 576, .drops_fragments = true}, wide = {0};
    struct link link;
    int taken = 0;

    (void)state;
    assert_int_equal(link_count_fragments(&pieces, false, 548), 1);
    assert_int_equal(link_count_fragments(&pieces, false, 549), 2);
    assert_int_equal(link_count_fragments(&pieces, false, 1200), 3);
    assert_int_equal(link_count_fragments(&pieces, true, 1232), 1);
    assert_int_equal(link_count_fragments(&pieces, true, 1233), 2);
    assert_int_equal(link_count_fragments(&wide, false, 9000), 1);
    link_init(&link, &hole, 1, "hole");
    assert_true(link_takes_fragments(&link, 1));
    assert_false(link_takes_fragments(&link, 2));
    link_init(&link, &pieces, 1, "pieces");
    for (int i = 0; i < 1000; i++)
        taken += link_takes_fragments(&link, 3);
    assert_in_range(taken, 200, 300); /* the first is lost with the datagram */
}

SCENARIOS(cmocka_unit_test(a_perfect_wire_delivers_at_once),
          cmocka_unit_test(jitter_lies_on_top_of_the_delay_and_keeps_the_order),
          cmocka_unit_test(loss_and_duplication_come_as_often_as_they_should),
          cmocka_unit_test(bursts_lose_datagrams_in_a_row),
          cmocka_unit_test(held_back_datagrams_are_overtaken),
          cmocka_unit_test(long_datagrams_go_in_fragments_or_nowhere),
          cmocka_unit_test(a_slow_wire_makes_wait_and_then_drops))
