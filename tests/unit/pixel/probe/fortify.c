/* One step too far over the end of a buffer, for each function that checks. */
#include "android.h"

extern size_t __strlen_chk(const char *, size_t), __strlcpy_chk(char *, const char *, size_t, size_t);
extern size_t __strlcat_chk(char *, const char *, size_t, size_t);
extern void *__memcpy_chk(void *, const void *, size_t, size_t), *__memmove_chk(void *, const void *, size_t, size_t);
extern void *__memset_chk(void *, int, size_t, size_t), *__memchr_chk(const void *, int, size_t, size_t);
extern char *__strcpy_chk(char *, const char *, size_t), *__stpcpy_chk(char *, const char *, size_t);
extern char *__strcat_chk(char *, const char *, size_t), *__strncat_chk(char *, const char *, size_t, size_t);
extern char *__strncpy_chk(char *, const char *, size_t, size_t), *__stpncpy_chk(char *, const char *, size_t, size_t);
extern char *__strncpy_chk2(char *, const char *, size_t, size_t, size_t);
extern char *__strchr_chk(const char *, int, size_t), *__strrchr_chk(const char *, int, size_t);
extern long __read_chk(int, void *, size_t, size_t), __write_chk(int, const void *, size_t, size_t);
extern char *__fgets_chk(char *, int, void *, size_t);
extern size_t __fread_chk(void *, size_t, size_t, void *, size_t), __fwrite_chk(const void *, size_t, size_t, void *, size_t);
extern void __FD_SET_chk(int, void *, size_t), __FD_CLR_chk(int, void *, size_t);
extern int __FD_ISSET_chk(int, const void *, size_t);
extern void *stdin;

void probe_overflow(int which) {
    char to[64] = "ab";
    unsigned long set[16] = {0};
    void *file = stdin;
    switch (which) {
        case 0: __memcpy_chk(to, "abc", 4, 3); break;
        case 1: __memmove_chk(to, "abc", 4, 3); break;
        case 2: __memset_chk(to, 0, 4, 3); break;
        case 3: __memchr_chk(to, 'x', 4, 3); break;
        case 4: __strcpy_chk(to, "abc", 3); break;
        case 5: __stpcpy_chk(to, "abc", 3); break;
        case 6: __strcat_chk(to, "cd", 4); break;
        case 7: __strncat_chk(to, "cdef", 2, 4); break;
        case 8: __strncpy_chk(to, "a", 4, 3); break;
        case 9: __stpncpy_chk(to, "a", 4, 3); break;
        case 10: __strncpy_chk2(to, "abcdef", 4, 8, 3); break;
        case 11: __strlcpy_chk(to, "a", 4, 3); break;
        case 12: __strlcat_chk(to, "a", 4, 3); break;
        case 13: __strlen_chk("abcdef", 3); break;
        case 14: __strchr_chk("abcdef", 'x', 3); break;
        case 15: __strrchr_chk("abcdef", 'a', 3); break;
        case 16: __read_chk(0, to, 4, 3); break;
        case 17: __write_chk(1, to, 4, 3); break;
        case 18: __fgets_chk(to, 4, file, 3); break;
        case 19: __fread_chk(to, 2, 2, file, 3); break;
        case 20: __fwrite_chk(to, 2, 2, file, 3); break;
        case 21: __FD_SET_chk(1024, set, sizeof set); break;
        case 22: __FD_CLR_chk(-1, set, sizeof set); break;
        case 23: __FD_ISSET_chk(1, set, 8); break;
    }
}
