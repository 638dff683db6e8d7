/* The checked functions that Android's headers call where a buffer's size is known, with bionic's words when it is too small
   (libc/bionic/fortify.cpp): the process ends, as there. */
#define _GNU_SOURCE
#include "bionic.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

_Noreturn __attribute__((format(printf, 1, 2))) static void overflow(const char *format, ...) {
    char text[160] = "FORTIFY: ";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + strlen(text), sizeof text - strlen(text), format, arguments);
    va_end(arguments);
    bionic_die("libc", text);
}

static void check(const char *function, const char *what, size_t count, size_t size) {
    if (count > size) overflow("%s: prevented %zu-byte %s %zu-byte buffer", function, count, what, size);
}

#define WRITE "write into"
#define READ "read from"

void *bionic___memcpy_chk(void *to, const void *from, size_t count, size_t size) {
    check("memcpy", WRITE, count, size);
    return memcpy(to, from, count);
}

void *bionic___memmove_chk(void *to, const void *from, size_t count, size_t size) {
    check("memmove", WRITE, count, size);
    return memmove(to, from, count);
}

void *bionic___memset_chk(void *to, int byte, size_t count, size_t size) {
    check("memset", WRITE, count, size);
    return memset(to, byte, count);
}

char *bionic___strcpy_chk(char *to, const char *from, size_t size) {
    check("strcpy", WRITE, strlen(from) + 1, size);
    return strcpy(to, from);
}

char *bionic___stpcpy_chk(char *to, const char *from, size_t size) {
    check("stpcpy", WRITE, strlen(from) + 1, size);
    return stpcpy(to, from);
}

char *bionic___strcat_chk(char *to, const char *from, size_t size) {
    check("strcat", WRITE, strnlen(to, size) + strlen(from) + 1, size);
    return strcat(to, from);
}

char *bionic___strncat_chk(char *to, const char *from, size_t count, size_t size) {
    check("strncat", WRITE, strnlen(to, size) + strnlen(from, count) + 1, size);
    return strncat(to, from, count);
}

char *bionic___strncpy_chk(char *to, const char *from, size_t count, size_t size) {
    check("strncpy", WRITE, count, size);
    return strncpy(to, from, count);
}

char *bionic___stpncpy_chk(char *to, const char *from, size_t count, size_t size) {
    check("stpncpy", WRITE, count, size);
    return stpncpy(to, from, count);
}

/* How much of `from` may be read is known, too. */
char *bionic___strncpy_chk2(char *to, const char *from, size_t count, size_t size, size_t from_size) {
    check("strncpy", WRITE, count, size);
    if (strnlen(from, from_size) == from_size && count > from_size)
        overflow("strncpy: detected read past end of %zu-byte buffer", from_size);
    return strncpy(to, from, count);
}

size_t bionic_strlcpy(char *to, const char *from, size_t size) {
    size_t length = strlen(from);
    if (size) {
        size_t kept = length < size ? length : size - 1;
        memcpy(to, from, kept);
        to[kept] = 0;
    }
    return length;
}

size_t bionic_strlcat(char *to, const char *from, size_t size) {
    size_t there = strnlen(to, size);
    return there + (there == size ? strlen(from) : bionic_strlcpy(to + there, from, size - there));
}

size_t bionic___strlcpy_chk(char *to, const char *from, size_t size, size_t room) {
    check("strlcpy", WRITE, size, room);
    return bionic_strlcpy(to, from, size);
}

size_t bionic___strlcat_chk(char *to, const char *from, size_t size, size_t room) {
    check("strlcat", WRITE, size, room);
    return bionic_strlcat(to, from, size);
}

size_t bionic___strlen_chk(const char *text, size_t size) {
    size_t length = strlen(text);
    if (length >= size) overflow("strlen: detected read past end of buffer");
    return length;
}

char *bionic___strchr_chk(const char *text, int wanted, size_t size) {
    if (strnlen(text, size) == size && !memchr(text, wanted, size)) overflow("strchr: prevented read past end of buffer");
    return strchr(text, wanted);
}

char *bionic___strrchr_chk(const char *text, int wanted, size_t size) {
    if (strnlen(text, size) == size) overflow("strrchr: prevented read past end of buffer");
    return strrchr(text, wanted);
}

void *bionic___memchr_chk(const void *block, int byte, size_t count, size_t size) {
    check("memchr", READ, count, size);
    return memchr(block, byte, count);
}

ssize_t bionic___read_chk(int fd, void *buffer, size_t count, size_t size) {
    check("read", WRITE, count, size);
    return read(fd, buffer, count);
}

ssize_t bionic___write_chk(int fd, const void *data, size_t count, size_t size) {
    check("write", READ, count, size);
    return write(fd, data, count);
}

/* Like stdio's own, but the count of the buffer's bytes comes last; streams are glibc's when they come here. */
char *bionic___fgets_chk(char *to, int count, FILE *stream, size_t size) {
    if (count < 0) overflow("fgets: buffer size %d < 0", count);
    check("fgets", WRITE, (size_t)count, size);
    return fgets(to, count, stream);
}

static void check_items(const char *function, const char *what, size_t size, size_t count, size_t room) {
    size_t total;
    if (__builtin_mul_overflow(size, count, &total)) overflow("%s: size * count overflows", function);
    check(function, what, total, room);
}

size_t bionic___fread_chk(void *to, size_t size, size_t count, FILE *stream, size_t room) {
    check_items("fread", WRITE, size, count, room);
    return fread(to, size, count, stream);
}

size_t bionic___fwrite_chk(const void *from, size_t size, size_t count, FILE *stream, size_t room) {
    check_items("fwrite", READ, size, count, room);
    return fwrite(from, size, count, stream);
}

static void check_set(const char *function, int fd, size_t size) {
    if (fd < 0) overflow("%s: file descriptor %d < 0", function, fd);
    if (fd >= FD_SETSIZE) overflow("%s: file descriptor %d >= FD_SETSIZE %d", function, fd, FD_SETSIZE);
    if (size < sizeof(fd_set)) overflow("%s: set size %zu is too small to be an fd_set", function, size);
}

void bionic___FD_SET_chk(int fd, fd_set *set, size_t size) {
    check_set("FD_SET", fd, size);
    FD_SET(fd, set);
}

void bionic___FD_CLR_chk(int fd, fd_set *set, size_t size) {
    check_set("FD_CLR", fd, size);
    FD_CLR(fd, set);
}

int bionic___FD_ISSET_chk(int fd, const fd_set *set, size_t size) {
    check_set("FD_ISSET", fd, size);
    return FD_ISSET(fd, set) != 0;
}
