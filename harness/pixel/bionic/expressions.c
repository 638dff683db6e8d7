/* Regular expressions: Android's regex_t is 32 bytes and keeps a pointer to glibc's of 64; offsets are 64 bits wide, and two
   flags have each other's numbers. Errors are the same. Source: bionic's regex.h, which is NetBSD's. */
#define _GNU_SOURCE
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>

#define ANDROID_NOSUB 4
#define ANDROID_NEWLINE 8
#define ANDROID_KNOWN 0xf
#define ANDROID_INVALID 16 /* REG_INVARG: literal patterns (REG_NOSPEC) and those with an end (REG_PEND) aren't known here */

struct android_regex {
    int magic;
    size_t groups;
    const char *end;
    regex_t *inner;
};
struct android_match {
    int64_t start, end;
};

int bionic_regcomp(struct android_regex *regex, const char *pattern, int flags) {
    if (flags & ~ANDROID_KNOWN) return ANDROID_INVALID;
    int wanted = flags & (REG_EXTENDED | REG_ICASE);
    if (flags & ANDROID_NOSUB) wanted |= REG_NOSUB;
    if (flags & ANDROID_NEWLINE) wanted |= REG_NEWLINE;
    regex->inner = malloc(sizeof *regex->inner);
    if (!regex->inner) return REG_ESPACE;
    int error = regcomp(regex->inner, pattern, wanted);
    if (error) {
        free(regex->inner);
        regex->inner = NULL;
        return error;
    }
    regex->groups = regex->inner->re_nsub;
    return 0;
}

int bionic_regexec(const struct android_regex *regex, const char *text, size_t room, struct android_match *matches, int flags) {
    regmatch_t *found = calloc(room + 1, sizeof *found);
    if (!found) return REG_ESPACE;
    if (flags & REG_STARTEND) found[0] = (regmatch_t){(regoff_t)matches[0].start, (regoff_t)matches[0].end};
    int error = regexec(regex->inner, text, room, found, flags);
    for (size_t i = 0; !error && i < room; i++) matches[i] = (struct android_match){found[i].rm_so, found[i].rm_eo};
    free(found);
    return error;
}

size_t bionic_regerror(int error, const struct android_regex *regex, char *text, size_t room) {
    return regerror(error, regex ? regex->inner : NULL, text, room);
}

void bionic_regfree(struct android_regex *regex) {
    if (!regex->inner) return;
    regfree(regex->inner);
    free(regex->inner);
    regex->inner = NULL;
}
