/* What the parts of the layer share. Each bionic_<name> answers Android's <name>; symbols.txt says which those are. */
#ifndef HARNESS_BIONIC_H
#define HARNESS_BIONIC_H

#include <stdint.h>

#define PROPERTY_VALUE_MAX 92
#ifndef PROPERTY_FILE
#define PROPERTY_FILE "/dev/__properties__/properties"
#endif
#ifndef LOG_SOCKET
#define LOG_SOCKET "/dev/socket/logdw"
#endif

/* Android's log buffers and priorities (android/log.h). */
enum log_id { LOG_ID_MAIN = 0, LOG_ID_CRASH = 4 };
enum log_priority { LOG_DEFAULT = 1, LOG_VERBOSE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL, LOG_SILENT };

/* One record to the device's logd; a message that is too long for a datagram is cut. Drops the record when no logd listens. */
void device_log(enum log_id id, int priority, const char *tag, const char *message);

/* How crash reports name this process. The JVM's launcher sets it; crashes are reported from then on. */
void device_set_process(const char *name);

/* Lets the running thread tell of a stack that it runs out of. */
void crash_guard_thread(void);

/* Ends the process as Android's libc does when it finds a mistake: logged, and kept as the abort message. */
_Noreturn void bionic_die(const char *tag, const char *message);

/* The device's property, or 0 and an empty value: copies at most PROPERTY_VALUE_MAX bytes, terminator included. */
int bionic___system_property_get(const char *name, char *value);

/* What stands in libc.so as variables, in table.S's order. */
struct variables {
    void *in, *out, *err;
    long timezone;
    long daylight; /* an int, and what fills up to the next */
    char *tzname[2];
    char **environ;
};
void variables_start(struct variables *variables);

/* Whether the layer publishes the name, but this host's C library is too old to have it. */
int resolve_lacks(const char *name);

/* Where the app's own libraries lie. */
void linker_set_folder(const char *folder);

/* As Android's dlfcn.h has them. */
void *bionic_dlopen(const char *name, int flags);
char *bionic_dlerror(void);

#endif
