/* The process and its surroundings: streams, variables, properties, names, log, linker, hardware buffers. */
#include "android.h"

extern char __sF[3][152];
extern void *stdout, *stderr, *stdin;
extern int fprintf(void *, const char *, ...), fflush(void *), fputs(const char *, void *), fileno(void *);
extern size_t fwrite(const void *, size_t, size_t, void *);
extern long sysconf(int), timezone;
extern int daylight, setenv(const char *, const char *, int), unsetenv(const char *), putenv(char *), clearenv(void);
extern char *tzname[2], **environ, *getenv(const char *);
extern void tzset(void);
struct tm { int sec, min, hour, mday, mon, year, wday, yday, isdst; long gmtoff; const char *zone; };
extern struct tm *localtime(const long *);
extern long mktime(struct tm *);
extern int __system_property_get(const char *, char *), __system_property_read(const void *, char *, char *);
extern const void *__system_property_find(const char *);
extern void __system_property_read_callback(const void *, void (*)(void *, const char *, const char *, unsigned), void *);
extern int android_get_device_api_level(void), android_get_application_target_sdk_version(void);
extern void *dlopen(const char *, int);
extern char *dlerror(void);
struct addrinfo { int flags, family, socktype, protocol; unsigned length; char *name; unsigned char *address; struct addrinfo *next; };
extern int getaddrinfo(const char *, const char *, const struct addrinfo *, struct addrinfo **);
extern void freeaddrinfo(struct addrinfo *);
extern const char *gai_strerror(int);
extern int __android_log_print(int, const char *, const char *, ...), __android_log_write(int, const char *, const char *);
extern int __android_log_buf_write(int, int, const char *, const char *), __android_log_is_loggable(int, const char *, int);
extern int __android_log_buf_print(int, int, const char *, const char *, ...);
extern int __android_log_vprint(int, const char *, const char *, __builtin_va_list);
extern int __android_log_set_minimum_priority(int), __android_log_get_minimum_priority(void);
extern void __android_log_assert(const char *, const char *, const char *, ...);
extern void openlog(const char *, int, int), closelog(void), syslog(int, const char *, ...);
extern void android_set_abort_message(const char *), abort(void), __assert(const char *, int, const char *);
extern void __assert2(const char *, int, const char *, const char *);
extern size_t __strlen_chk(const char *, size_t);
extern int *__errno(void);
extern int strcmp(const char *, const char *);

int probe_streams_of_old_android(void) {
    CHECK(fileno(&__sF[0]) == 0 && fileno(&__sF[1]) == 1 && fileno(&__sF[2]) == 2);
    CHECK(fprintf(&__sF[1], "fprintf %d\n", 7) == 10 && fputs("fputs\n", &__sF[1]) >= 0);
    CHECK(fwrite("fwrite\n", 1, 7, &__sF[1]) == 7 && fflush(&__sF[1]) == 0);
    return 0;
}

int probe_streams_of_new_android(void) {
    CHECK(fileno(stdin) == 0 && fileno(stdout) == 1 && fileno(stderr) == 2);
    CHECK(fprintf(stdout, "stream\n") == 7 && fflush(stdout) == 0);
    return 0;
}

long probe_sysconf(int name) { return sysconf(name); }

static const char *in_environment(const char *text) {
    for (char **each = environ; *each; each++)
        if (!strcmp(*each, text)) return *each;
    return 0;
}

int probe_the_environment_is_shown(void) {
    static char mine[] = "PROBE_THREE=3";
    CHECK(environ && setenv("PROBE_ONE", "1", 1) == 0 && in_environment("PROBE_ONE=1"));
    CHECK(setenv("", "1", 1) == -1 && errno == EINVAL);
    CHECK(putenv(mine) == 0 && in_environment("PROBE_THREE=3") == mine);
    CHECK(unsetenv("PROBE_ONE") == 0 && !in_environment("PROBE_ONE=1") && unsetenv("") == -1 && errno == EINVAL);
    CHECK(clearenv() == 0 && (!environ || !*environ) && !getenv("PROBE_THREE"));
    return 0;
}

int probe_the_time_zone_is_shown(void) {
    long summer = 1720000000;
    CHECK(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1) == 0);
    tzset();
    CHECK(timezone == -3600 && daylight == 1 && !strcmp(tzname[0], "CET") && !strcmp(tzname[1], "CEST"));
    CHECK(setenv("TZ", "EST5", 1) == 0);
    struct tm *broken = localtime(&summer);
    CHECK(broken->hour == 4 && broken->gmtoff == -18000 && timezone == 18000 && !strcmp(tzname[0], "EST"));
    struct tm copy = *broken;
    CHECK(setenv("TZ", "UTC0", 1) == 0 && mktime(&copy) == summer - 18000 && timezone == 0);
    return 0;
}

int probe_property(const char *name, char *value) { return __system_property_get(name, value); }
int probe_api_level(void) { return android_get_device_api_level(); }

static unsigned called;
static void take(void *cookie, const char *name, const char *value, unsigned serial) {
    called = !strcmp(name, cookie) && !strcmp(value, "Pixel 3 XL") ? 1 + serial : 0;
}

int probe_properties_by_handle(void) { /* the file has ro.product.model=Pixel 3 XL */
    char name[32], value[92];
    const void *model = __system_property_find("ro.product.model");
    CHECK(model && model == __system_property_find("ro.product.model") && !__system_property_find("ro.none"));
    CHECK(__system_property_read(model, name, value) == 10 && !strcmp(name, "ro.product.model") && !strcmp(value, "Pixel 3 XL"));
    __system_property_read_callback(model, take, "ro.product.model");
    CHECK(called);
    CHECK(android_get_application_target_sdk_version() == android_get_device_api_level());
    return 0;
}

int probe_own_symbol(void) { return 41; }

int probe_lookups(void) {
    int (*own)(void) = dlsym(0, "probe_own_symbol");
    CHECK(own && own() == 41); /* though the library was loaded locally */
    CHECK(dlsym(0, "malloc") == dlsym(dlopen("libc.so", 2), "malloc"));
    CHECK(!dlerror() && !dlsym(0, "gnu_get_libc_version")); /* glibc's, which Android hasn't */
    CHECK(!strcmp(dlerror(), "undefined symbol: gnu_get_libc_version") && !dlerror());
    CHECK(dlsym(dlopen("libm.so", 2), "cosf") && !dlsym(dlopen("liblog.so", 2), "device_log"));
    return 0;
}

void *probe_symbol(const char *name) { return dlsym(0, name); }
int probe_opens(const char *name) { return dlopen(name, 2) != 0; }
int probe_is_there(const char *name) { return dlopen(name, 4) != 0; }
const char *probe_refusal(void) { return dlerror(); }

int probe_addresses(void) {
    struct addrinfo wanted = {0x4 | 0x8 | 0x2, 2, 1, 0, 0, 0, 0, 0}, *found = 0; /* AI_NUMERICHOST, NUMERICSERV, CANONNAME */
    CHECK(getaddrinfo("127.0.0.1", "80", &wanted, &found) == 0 && found->family == 2 && found->socktype == 1 && !found->next);
    CHECK(found->length == 16 && !memcmp(found->address, "\2\0\0\x50\x7f\0\0\1", 8) && !strcmp(found->name, "127.0.0.1"));
    freeaddrinfo(found);
    CHECK(getaddrinfo("no.such.name.invalid", 0, &wanted, &found) == 8); /* EAI_NONAME: not a number */
    CHECK(!strcmp(gai_strerror(8), "hostname nor servname provided, or not known") && !strcmp(gai_strerror(99), "Unknown error"));
    wanted.flags = 0;
    wanted.family = 77;
    CHECK(getaddrinfo("127.0.0.1", 0, &wanted, &found) == 5 && !strcmp(gai_strerror(5), "ai_family not supported"));
    return 0;
}

static int by_vprint(int priority, const char *format, ...) {
    __builtin_va_list arguments;
    __builtin_va_start(arguments, format);
    int result = __android_log_vprint(priority, "probe", format, arguments);
    __builtin_va_end(arguments);
    return result;
}

int probe_log(void) {
    CHECK(__android_log_print(4, "probe", "print %d", 7) == 1 && __android_log_write(5, "probe", "write") == 1);
    CHECK(__android_log_buf_write(3, 6, "probe", "buffer") == 1 && __android_log_buf_print(4, 6, "probe", "to %s", "crash") == 1);
    CHECK(by_vprint(3, "list %d", 8) == 1);
    openlog("ignored", 0, 0);
    syslog(3 | 8, "syslog %d", 9);
    closelog();
    return 0;
}

int probe_loggable(void) { /* the file has log.tag.quiet=W */
    CHECK(__android_log_is_loggable(4, "loud", 2) && !__android_log_is_loggable(3, "loud", 4));
    CHECK(!__android_log_is_loggable(4, "quiet", 2) && __android_log_is_loggable(5, "quiet", 7));
    CHECK(__android_log_write(4, "quiet", "lost") == -EPERM);
    CHECK(__android_log_get_minimum_priority() == 1 && __android_log_set_minimum_priority(6) == 1);
    CHECK(__android_log_get_minimum_priority() == 6 && __android_log_write(5, "loud", "lost") == -EPERM);
    CHECK(__android_log_is_loggable(5, "quiet", 2) && !__android_log_is_loggable(5, "loud", 2));
    return 0;
}

void probe_end(int how) {
    switch (how) {
        case 0: android_set_abort_message("told to"); abort(); break;
        case 1: __assert("file.c", 7, "a == b"); break;
        case 2: __assert2("file.c", 7, "f", "a == b"); break;
        case 3: __android_log_assert("a == b", "probe", "%d is not %d", 1, 2); break;
        case 4: __android_log_assert("a == b", "probe", 0); break;
        case 5: __android_log_assert(0, "probe", 0); break;
    }
}

struct buffer { unsigned width, height, layers, format; unsigned long usage; unsigned stride, zero; unsigned long last; };
extern int AHardwareBuffer_allocate(const struct buffer *, void **), AHardwareBuffer_isSupported(const struct buffer *);
extern void AHardwareBuffer_acquire(void *), AHardwareBuffer_release(void *), AHardwareBuffer_describe(void *, struct buffer *);
extern int AHardwareBuffer_lock(void *, unsigned long, int, const void *, void **), AHardwareBuffer_unlock(void *, int *);

int probe_hardware_buffers(void) {
    struct buffer wanted = {8, 4, 1, 1, 0x33, 0, 0, 0}, told;
    void *buffer, *pixels;
    int fence = 5;
    CHECK(AHardwareBuffer_isSupported(&wanted) == 1 && AHardwareBuffer_allocate(&wanted, &buffer) == 0);
    AHardwareBuffer_describe(buffer, &told);
    CHECK(told.width == 8 && told.height == 4 && told.format == 1 && told.stride == 8 && told.usage == 0x33);
    AHardwareBuffer_acquire(buffer);
    AHardwareBuffer_release(buffer);
    CHECK(AHardwareBuffer_lock(buffer, 0x30, -1, 0, &pixels) == 0);
    memset(pixels, 7, 8 * 4 * 4);
    CHECK(AHardwareBuffer_unlock(buffer, &fence) == 0 && fence == -1 && AHardwareBuffer_unlock(buffer, 0) == 0);
    AHardwareBuffer_release(buffer);
    wanted.format = 0x999;
    CHECK(AHardwareBuffer_isSupported(&wanted) == 0 && AHardwareBuffer_allocate(&wanted, &buffer) == -EINVAL);
    wanted = (struct buffer){~0u, ~0u, ~0u, 0x16, 0, 0, 0, 0};
    CHECK(AHardwareBuffer_allocate(&wanted, &buffer) == -12);
    return 0;
}
