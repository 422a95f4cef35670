/* Letters between two threads arrive whole, once and in order, and what has no room is not taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/mailbox.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS 20000
#define LONGEST (AUGER_MAILBOX_ROOM / 2)

struct letter {
    size_t number, len;
    uint8_t bytes[];
};

/* Mostly short ones, and some as long as may be. */
static size_t len_of(size_t number)
{
    size_t drawn = number * 2654435761u % 1000;

    return drawn == 0 ? LONGEST - sizeof(struct letter) : drawn % 97 == 0 ? drawn * 60 : drawn;
}

static bool send_letter(struct auger_mailbox *box, size_t number)
{
    size_t len = len_of(number);
    struct letter *letter = auger_mailbox_begin(box, sizeof(*letter) + len);

    if (!letter)
        return false;
    *letter = (struct letter){.number = number, .len = len};
    memset(letter->bytes, (int)number, len);
    auger_mailbox_send(box);
    return true;
}

/* How many there were; each is that which comes next. */
static size_t take_letters(struct auger_mailbox *box, size_t next)
{
    size_t mark = auger_mailbox_mark(box), count = 0;
    struct letter *letter;

    for (; (letter = auger_mailbox_front(box, mark)); count++) {
        size_t number = next + count;
        assert_int_equal((uintptr_t)letter % 16, 0);
        assert_int_equal(letter->number, number);
        assert_int_equal(letter->len, len_of(number));
        for (size_t i = 0; i < letter->len; i++)
            assert_int_equal(letter->bytes[i], (uint8_t)number);
        memset(letter->bytes, 0, letter->len); /* the receiver's */
        auger_mailbox_take(box);
    }
    return count;
}

static void *send_all(void *arg)
{
    for (size_t number = 0; number < LETTERS; number++)
        while (!send_letter(arg, number))
            sched_yield();
    return NULL;
}

static void letters_of_another_thread_come_in_order(void **state)
{
    struct auger_mailbox *box = calloc(1, sizeof(*box));
    pthread_t sender;
    size_t taken = 0;

    (void)state;
    assert_int_equal(pthread_create(&sender, NULL, send_all, box), 0);
    while (taken < LETTERS) {
        size_t count = take_letters(box, taken);
        taken += count;
        if (count == 0)
            sched_yield();
    }
    assert_int_equal(pthread_join(sender, NULL), 0);
    assert_int_equal(take_letters(box, taken), 0);
    free(box);
}

static void what_has_no_room_is_not_taken(void **state)
{
    struct auger_mailbox *box = calloc(1, sizeof(*box));

    (void)state;
    assert_null(auger_mailbox_begin(box, LONGEST + 1));
    for (size_t begin = 0; begin < 10 * LETTERS;) { /* it is full at every place of the ring */
        size_t sent = 0;
        while (send_letter(box, begin + sent))
            sent++;
        assert_true(sent > 0);
        assert_int_equal(take_letters(box, begin), sent);
        begin += sent;
    }
    free(box);
}

/* Wherever the ring is. */
static void an_empty_box_has_room_for_the_longest(void **state)
{
    struct auger_mailbox *box = calloc(1, sizeof(*box));

    (void)state;
    for (size_t number = 0; number < 2 * LETTERS; number += 61) {
        assert_non_null(auger_mailbox_begin(box, LONGEST)); /* and is forgotten */
        assert_true(send_letter(box, number));
        assert_int_equal(take_letters(box, number), 1);
    }
    free(box);
}

static void what_comes_while_one_reads_is_behind_the_mark(void **state)
{
    struct auger_mailbox *box = calloc(1, sizeof(*box));

    (void)state;
    assert_true(send_letter(box, 1));
    size_t mark = auger_mailbox_mark(box);
    assert_true(send_letter(box, 2));
    assert_non_null(auger_mailbox_front(box, mark));
    auger_mailbox_take(box);
    assert_null(auger_mailbox_front(box, mark));
    assert_int_equal(take_letters(box, 2), 1);
    free(box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_of_another_thread_come_in_order),
        cmocka_unit_test(what_has_no_room_is_not_taken),
        cmocka_unit_test(an_empty_box_has_room_for_the_longest),
        cmocka_unit_test(what_comes_while_one_reads_is_behind_the_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
