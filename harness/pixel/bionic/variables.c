/* libc's variables, which stand in libc.so (table.S): kept like glibc's own, whose places differ. */
#define _GNU_SOURCE
#include "bionic.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static struct variables *shown;

static void show_zone(void) {
    shown->timezone = timezone;
    shown->daylight = daylight;
    shown->tzname[0] = tzname[0];
    shown->tzname[1] = tzname[1];
}

void variables_start(struct variables *variables) {
    shown = variables;
    shown->in = stdin;
    shown->out = stdout;
    shown->err = stderr;
    shown->environ = environ;
    show_zone();
}

void bionic_tzset(void) {
    tzset();
    show_zone();
}

struct tm *bionic_localtime(const time_t *time) {
    struct tm *broken = localtime(time);
    show_zone();
    return broken;
}

time_t bionic_mktime(struct tm *broken) {
    time_t time = mktime(broken);
    show_zone();
    return time;
}

/* glibc moves the environment when it grows. */
static int show_environment(int result) {
    shown->environ = environ;
    return result;
}

int bionic_setenv(const char *name, const char *value, int overwrite) { return show_environment(setenv(name, value, overwrite)); }
int bionic_unsetenv(const char *name) { return show_environment(unsetenv(name)); }
int bionic_putenv(char *text) { return show_environment(putenv(text)); }
int bionic_clearenv(void) { return show_environment(clearenv()); }
