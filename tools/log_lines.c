/* tools/log_lines.c - lines about what strangers do. */
#include "tools/log_lines.h"

#include <stdio.h>

bool log_lines_may(struct log_lines *lines, auger_time now)
{
    if (lines->left_out == 0 && now >= lines->second + AUGER_SEC) {
        lines->second = now;
        lines->told = 0;
    }
    if (lines->told == LOG_LINES_PER_S || lines->left_out > 0) {
        lines->left_out++;
        return false;
    }
    lines->told++;
    return true;
}

void log_lines_leave_out(struct log_lines *lines, unsigned n)
{
    lines->left_out += n;
}

unsigned log_lines_left_out(struct log_lines *lines, auger_time now)
{
    unsigned left_out = lines->left_out;

    if (left_out == 0 || now < lines->second + AUGER_SEC)
        return 0;
    lines->second = now;
    lines->told = lines->left_out = 0;
    return left_out;
}

auger_time log_lines_next_timeout(const struct log_lines *lines)
{
    return lines->left_out > 0 ? lines->second + AUGER_SEC : AUGER_NEVER;
}

const char *log_escape(const uint8_t *text, size_t len, char *buf, size_t cap)
{
    size_t at = 0;

    for (size_t i = 0; i < len; i++) {
        uint8_t c = text[i];
        bool is_plain = c >= 0x20 && c <= 0x7E && c != '"' && c != '\\';
        if (at + (is_plain ? 1 : 4) >= cap)
            break;
        if (is_plain)
            buf[at++] = (char)c;
        else
            at += (size_t)snprintf(buf + at, cap - at, "\\x%02x", c);
    }
    if (cap > 0)
        buf[at] = '\0';
    return buf;
}
