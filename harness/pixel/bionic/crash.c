/* How a process ends itself on Android: the reason to the crash buffer of the log, the stack to who writes the tombstone. */
#define _GNU_SOURCE
#include "bionic.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAMES_MAX 64

_Noreturn void bionic_abort(void);

static char abort_message[1024];
static char process_name[128] = "app_process";

static void on_host_abort(int number);

void device_set_process(const char *name) {
    snprintf(process_name, sizeof process_name, "%s", name);
    signal(SIGABRT, on_host_abort);
}

void bionic_android_set_abort_message(const char *message) {
    snprintf(abort_message, sizeof abort_message, "%s", message ? message : "");
}

/* `address` is where a call returns to; the call itself, which may be a function's last word, lies before it. */
static void print_frame(FILE *file, int number, char *address) {
    Dl_info info;
    address--;
    if (!dladdr(address, &info) || !info.dli_fname) {
        fprintf(file, "frame #%02d pc %016lx  <unknown>\n", number, (unsigned long)address);
        return;
    }
    unsigned long offset = (unsigned long)address - (unsigned long)info.dli_fbase;
    fprintf(file, "frame #%02d pc %016lx  %s", number, offset, info.dli_fname);
    if (info.dli_sname)
        fprintf(file, " (%s+%lu)", info.dli_sname, (unsigned long)address - (unsigned long)info.dli_saddr);
    fputc('\n', file);
}

static int is_ours(void *address) {
    Dl_info here, there;
    return dladdr((void *)bionic_abort, &here) && dladdr(address, &there) && here.dli_fbase == there.dli_fbase;
}

/* For who started the process, and writes the tombstone: `thread`, `message` and one `frame` a line. */
static void leave_report(int tid, const char *thread) {
    const char *path = getenv("PIXEL_CRASH_REPORT");
    FILE *file = path ? fopen(path, "we") : NULL;
    if (!file) return;
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX);
    fprintf(file, "thread %d %s\n", tid, thread);
    if (abort_message[0]) fprintf(file, "message %s\n", abort_message);
    int first = 0;
    while (first < count && is_ours(frames[first])) first++;
    for (int i = first; i < count; i++) print_frame(file, i - first, frames[i]);
    fclose(file);
}

static void report_abort(void) {
    char line[256], thread[16] = "";
    int tid = gettid();
    pthread_getname_np(pthread_self(), thread, sizeof thread);
    snprintf(line, sizeof line, "Fatal signal 6 (SIGABRT), code -1 (SI_QUEUE) in tid %d (%s), pid %d (%s)", tid, thread,
             getpid(), process_name);
    device_log(LOG_ID_CRASH, LOG_FATAL, "libc", line);
    leave_report(tid, thread);
    signal(SIGABRT, SIG_DFL);
}

_Noreturn void bionic_abort(void) {
    report_abort();
    abort();
}

/* A library of the host, a driver say, calls its own abort: reported like the app's. */
static void on_host_abort(int number) {
    report_abort();
    raise(number);
}

_Noreturn void bionic___assert2(const char *file, int line, const char *function, const char *expression) {
    char text[512];
    snprintf(text, sizeof text, "%s:%d: %s: assertion \"%s\" failed", file, line, function, expression);
    bionic_android_set_abort_message(text);
    device_log(LOG_ID_MAIN, LOG_FATAL, "libc", text);
    bionic_abort();
}

_Noreturn void bionic___assert(const char *file, int line, const char *expression) {
    bionic___assert2(file, line, "", expression);
}
