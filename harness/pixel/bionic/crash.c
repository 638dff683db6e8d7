/* How a process ends on Android when native code ends it: the reason to the crash buffer of the log, the stack to who writes
   the tombstone. A JVM uses some of the signals for itself, so its handlers have the last word. */
#define _GNU_SOURCE
#include "bionic.h"

#include <dlfcn.h>
#include <elf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include <unistd.h>

#define FRAMES_MAX 64
#define GUARD_SIZE (128 << 10)

_Noreturn void bionic_abort(void);

static char abort_message[1024];
static char process_name[128] = "app_process";
static struct sigaction before[NSIG];

void bionic_android_set_abort_message(const char *message) {
    snprintf(abort_message, sizeof abort_message, "%s", message ? message : "");
}

static const char *code_name(int number, int code) {
    static const char *const SEGV[] = {"?", "SEGV_MAPERR", "SEGV_ACCERR"}, *const BUS[] = {"?", "BUS_ADRALN", "BUS_ADRERR"};
    static const char *const FPE[] = {"?", "FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV"};
    static const char *const ILL[] = {"?", "ILL_ILLOPC", "ILL_ILLOPN"};
    if (code == SI_USER) return "SI_USER";
    if (code == SI_TKILL) return "SI_TKILL";
    if (code == SI_KERNEL) return "SI_KERNEL";
    if (number == SIGSEGV && code > 0 && code < 3) return SEGV[code];
    if (number == SIGBUS && code > 0 && code < 3) return BUS[code];
    if (number == SIGFPE && code > 0 && code < 4) return FPE[code];
    if (number == SIGILL && code > 0 && code < 3) return ILL[code];
    return "?";
}

/* Allocates nothing: the signal may have struck in malloc, with its lock held. */
__attribute__((format(printf, 2, 3))) static void say(int file, const char *format, ...) {
    char text[1400];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0) (void)!write(file, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static void print_build_id(int file, const char *base) {
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)base;
    const Elf64_Phdr *program = (const Elf64_Phdr *)(base + head->e_phoff);
    for (int i = 0; i < head->e_phnum; i++) {
        const char *note = base + program[i].p_vaddr, *end = note + program[i].p_memsz;
        while (program[i].p_type == PT_NOTE && note + sizeof(Elf64_Nhdr) < end) {
            const Elf64_Nhdr *entry = (const Elf64_Nhdr *)note;
            const unsigned char *text = (const unsigned char *)(entry + 1) + ((entry->n_namesz + 3) & ~3u);
            if (entry->n_type == NT_GNU_BUILD_ID) {
                say(file, " (BuildId: ");
                for (unsigned byte = 0; byte < entry->n_descsz; byte++) say(file, "%02x", text[byte]);
                say(file, ")");
                return;
            }
            note = (const char *)text + ((entry->n_descsz + 3) & ~3u);
        }
    }
}

static void print_frame(int file, int number, const char *address) {
    Dl_info info;
    if (!dladdr(address, &info) || !info.dli_fname) {
        say(file, "frame #%02d pc %016lx  <unknown>\n", number, (unsigned long)address);
        return;
    }
    say(file, "frame #%02d pc %016lx  %s", number, (unsigned long)(address - (char *)info.dli_fbase), info.dli_fname);
    if (info.dli_sname) say(file, " (%s+%lu)", info.dli_sname, (unsigned long)(address - (char *)info.dli_saddr));
    print_build_id(file, info.dli_fbase);
    say(file, "\n");
}

static int is_ours(const void *address) {
    Dl_info here, there;
    return dladdr((void *)bionic_abort, &here) && dladdr(address, &there) && here.dli_fbase == there.dli_fbase;
}

/* The stack from where the signal struck, or from who called abort. What is on a stack is where a call returns to; the call
   itself, which may be a function's last word, lies before it. */
static void print_stack(int file, const ucontext_t *context) {
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX), first = 0, number = 0;
    if (context) {
        const char *struck = (const char *)context->uc_mcontext.gregs[REG_RIP];
        print_frame(file, number++, struck);
        while (first < count && frames[first] != struck) first++;
        if (first++ == count) { /* a jump to nowhere: its caller is on top of the stack */
            print_frame(file, number, *(const char **)context->uc_mcontext.gregs[REG_RSP] - 1);
            return;
        }
    } else {
        while (first < count && is_ours(frames[first])) first++;
    }
    for (; first < count; first++) print_frame(file, number++, (const char *)frames[first] - 1);
}

/* To the log's crash buffer, and for who started the process and writes the tombstone: `signal`, `thread`, `message`, and one
   `frame` a line. */
static void report(int number, const siginfo_t *info, const ucontext_t *context) {
    char line[320], thread[16] = "", code[48], fault[32] = "--------", where[48] = "";
    int tid = gettid();
    pthread_getname_np(pthread_self(), thread, sizeof thread);
    snprintf(code, sizeof code, "%d (%s)", info ? info->si_code : SI_TKILL, info ? code_name(number, info->si_code) : "SI_TKILL");
    if (info && info->si_code > 0) {
        snprintf(fault, sizeof fault, "0x%016lx", (unsigned long)info->si_addr);
        snprintf(where, sizeof where, ", fault addr 0x%lx", (unsigned long)info->si_addr);
    }
    snprintf(line, sizeof line, "Fatal signal %d (SIG%s), code %s%s in tid %d (%s), pid %d (%s)", number, sigabbrev_np(number),
             code, where, tid, thread, getpid(), process_name);
    device_log(LOG_ID_CRASH, LOG_FATAL, "libc", line);
    const char *path = getenv("PIXEL_CRASH_REPORT");
    int file = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (file < 0) return;
    say(file, "signal %d %s %s\nthread %d %s\n", number, fault, code, tid, thread);
    if (abort_message[0]) say(file, "message %s\n", abort_message);
    print_stack(file, context);
    close(file);
}

/* Whether a signal that struck there is the process' end: in the JVM's own code, and in what it compiles, it may be none. */
static int is_fatal_at(const void *address) {
    Dl_info place;
    return !address || (dladdr(address, &place) && place.dli_fname && !strstr(place.dli_fname, "/libjvm.so"));
}

static void on_fault(int number, siginfo_t *info, void *context) {
    const ucontext_t *state = context;
    int fatal = is_fatal_at((const void *)state->uc_mcontext.gregs[REG_RIP]);
    if (fatal) report(number, info, state);
    if (before[number].sa_flags & SA_SIGINFO) {
        before[number].sa_sigaction(number, info, context); /* the JVM's, which adds the Java part of the stack, and ends */
        if (fatal && getenv("PIXEL_CRASH_REPORT")) unlink(getenv("PIXEL_CRASH_REPORT")); /* or could go on after all */
    } else {
        sigaction(number, &before[number], NULL); /* the same instruction strikes again */
    }
}

/* Gives this thread a second stack, so that running out of the first can be told. */
void crash_guard_thread(void) {
    stack_t there;
    if (sigaltstack(NULL, &there) != 0 || !(there.ss_flags & SS_DISABLE)) return;
    void *place = mmap(NULL, GUARD_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (place == MAP_FAILED) return;
    stack_t guard = {.ss_sp = place, .ss_size = GUARD_SIZE};
    sigaltstack(&guard, NULL);
}

struct started {
    void *(*work)(void *);
    void *argument;
};

static void unguard(void *unused) {
    (void)unused;
    stack_t there, none = {.ss_flags = SS_DISABLE};
    if (sigaltstack(&none, &there) == 0 && !(there.ss_flags & SS_DISABLE)) munmap(there.ss_sp, there.ss_size);
}

static void *guarded(void *given) {
    struct started started = *(struct started *)given;
    free(given);
    void *result;
    crash_guard_thread();
    pthread_cleanup_push(unguard, NULL);
    result = started.work(started.argument);
    pthread_cleanup_pop(1);
    return result;
}

int bionic_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*work)(void *), void *argument) {
    struct started *started = malloc(sizeof *started);
    if (!started) return 11; /* EAGAIN */
    *started = (struct started){work, argument};
    int error = pthread_create(thread, attributes, guarded, started);
    if (error) free(started);
    return error;
}

/* A library of the host, a driver say, calls its own abort: reported like the app's. */
static void on_host_abort(int number) {
    report(number, NULL, NULL);
    signal(number, SIG_DFL);
    raise(number);
}

void device_set_process(const char *name) {
    static const int FAULTS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    snprintf(process_name, sizeof process_name, "%s", name);
    void *warm[1];
    backtrace(warm, 1); /* loads what it needs now, and not in a handler */
    signal(SIGABRT, on_host_abort);
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
        struct sigaction found;
        sigaction(FAULTS[i], NULL, &found);
        if ((found.sa_flags & SA_SIGINFO) && found.sa_sigaction == on_fault) continue; /* the process has only got another name */
        before[FAULTS[i]] = found;
        sigaction(FAULTS[i], &action, NULL);
    }
    crash_guard_thread();
}

_Noreturn void bionic_abort(void) {
    report(SIGABRT, NULL, NULL);
    signal(SIGABRT, SIG_DFL);
    abort();
}

_Noreturn void bionic_die(const char *tag, const char *message) {
    bionic_android_set_abort_message(message);
    device_log(LOG_ID_MAIN, LOG_FATAL, tag, message);
    bionic_abort();
}

_Noreturn void bionic___assert2(const char *file, int line, const char *function, const char *expression) {
    char text[512];
    snprintf(text, sizeof text, "%s:%d: %s: assertion \"%s\" failed", file, line, function, expression);
    bionic_die("libc", text);
}

_Noreturn void bionic___assert(const char *file, int line, const char *expression) {
    char text[512];
    snprintf(text, sizeof text, "%s:%d: assertion \"%s\" failed", file, line, expression);
    bionic_die("libc", text);
}
