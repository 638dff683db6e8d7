/* What a library of an APK believes of Android: bionic's names, layouts and numbers, from its headers at API level 34. */
#ifndef ANDROID_H
#define ANDROID_H

typedef unsigned long size_t;
typedef unsigned long sigset;
typedef long off64;

/* A probe returns 0, or the line of the first of these that doesn't hold. */
#define CHECK(truth) \
    do { \
        if (!(truth)) return __LINE__; \
    } while (0)

extern int *__errno(void);
#define errno (*__errno())
enum { ENOENT = 2, EAGAIN = 11, EINVAL = 22, EDEADLK = 35, EPERM = 1, EBADF = 9, EBUSY = 16, ETIMEDOUT = 110 };

extern size_t strlen(const char *), strnlen(const char *, size_t);
extern int strcmp(const char *, const char *), strncmp(const char *, const char *, size_t), memcmp(const void *, const void *, size_t);
extern void *memset(void *, int, size_t), *malloc(size_t), *dlsym(void *, const char *);
extern void free(void *);

#endif
