/* Strings, memory, and the functions that check a buffer's size. */
#include "android.h"

extern size_t strlcpy(char *, const char *, size_t), strlcat(char *, const char *, size_t);
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
extern int strerror_r(int, char *, size_t);
extern char *__gnu_strerror_r(int, char *, size_t);
extern char *basename(const char *);
extern const char *__gnu_basename(const char *);
extern void arc4random_buf(void *, size_t);
extern unsigned arc4random(void);
extern int pipe(int *), fclose(void *), fflush(void *), rewind(void *);
extern void *tmpfile(void), *memalign(size_t, size_t);
extern int posix_memalign(void **, size_t, size_t);
struct mallinfo { size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost; };
extern struct mallinfo mallinfo(void);
struct regex { int magic; size_t groups; const char *end; void *guts; };
struct match { off64 start, end; };
extern int regcomp(struct regex *, const char *, int), regexec(const struct regex *, const char *, size_t, struct match *, int);
extern size_t regerror(int, const struct regex *, char *, size_t);
extern void regfree(struct regex *);

int probe_copies_within_their_buffers(void) {
    char to[8] = "zzzzzzz";
    CHECK(__memcpy_chk(to, "ab", 3, 8) == to && !strcmp(to, "ab"));
    CHECK(__memmove_chk(to + 1, to, 3, 7) == to + 1 && !strcmp(to, "aab"));
    CHECK(__memset_chk(to, 'x', 2, 8) == to && !strcmp(to, "xxb"));
    CHECK(__memchr_chk(to, 'b', 4, 8) == to + 2);
    CHECK(__strcpy_chk(to, "1234567", 8) == to && !strcmp(to, "1234567"));
    CHECK(__stpcpy_chk(to, "ab", 8) == to + 2);
    CHECK(__strcat_chk(to, "cd", 8) == to && !strcmp(to, "abcd"));
    CHECK(__strncat_chk(to, "efgh", 2, 8) == to && !strcmp(to, "abcdef"));
    CHECK(__strncpy_chk(to, "x", 3, 8) == to && !memcmp(to, "x\0\0def", 6));
    CHECK(__stpncpy_chk(to, "yy", 4, 8) == to + 2 && !memcmp(to, "yy\0\0ef", 6));
    CHECK(__strncpy_chk2(to, "q", 2, 8, 2) == to && !strcmp(to, "q"));
    CHECK(__strlen_chk("abc", 4) == 3 && __strlen_chk("abc", 100) == 3);
    const char *text = "abcabc";
    CHECK(__strchr_chk(text, 'b', 7) == text + 1 && !__strchr_chk(text, 'x', 7) && __strchr_chk(text, 'b', 2) == text + 1);
    CHECK(__strrchr_chk(text, 'b', 7) == text + 4 && !__strrchr_chk(text, 'x', 7));
    return 0;
}

int probe_strlcpy_and_strlcat(void) {
    char to[6] = "zzzzz";
    CHECK(strlcpy(to, "abcdef", 4) == 6 && !strcmp(to, "abc"));
    CHECK(strlcat(to, "defg", 6) == 7 && !strcmp(to, "abcde"));
    CHECK(strlcat(to, "x", 3) == 4 && !strcmp(to, "abcde"));
    CHECK(__strlcpy_chk(to, "ab", 6, 6) == 2 && !strcmp(to, "ab"));
    CHECK(__strlcat_chk(to, "cd", 6, 6) == 4 && !strcmp(to, "abcd"));
    CHECK(strlcpy(to, "abc", 0) == 3 && !strcmp(to, "abcd"));
    return 0;
}

int probe_checked_files(void) {
    char buffer[8] = {0};
    int ends[2];
    CHECK(pipe(ends) == 0 && __write_chk(ends[1], "hello", 5, 6) == 5 && __read_chk(ends[0], buffer, 8, 8) == 5);
    CHECK(!strcmp(buffer, "hello"));
    CHECK(__read_chk(-1, buffer, 8, 8) == -1 && errno == EBADF);
    CHECK(__write_chk(-1, buffer, 8, 8) == -1 && errno == EBADF);
    void *file = tmpfile();
    CHECK(file && __fwrite_chk("ab\ncd", 1, 5, file, 6) == 5);
    rewind(file);
    CHECK(__fgets_chk(buffer, 8, file, 8) == buffer && !strcmp(buffer, "ab\n"));
    CHECK(__fread_chk(buffer, 1, 8, file, 8) == 2 && !memcmp(buffer, "cd", 2));
    CHECK(fclose(file) == 0);
    unsigned long set[16] = {0};
    __FD_SET_chk(65, set, sizeof set);
    CHECK(set[1] == 2 && __FD_ISSET_chk(65, set, sizeof set) == 1 && __FD_ISSET_chk(64, set, sizeof set) == 0);
    __FD_CLR_chk(65, set, sizeof set);
    CHECK(set[1] == 0);
    return 0;
}

int probe_error_texts(void) {
    char text[64];
    CHECK(strerror_r(ENOENT, text, sizeof text) == 0 && !strcmp(text, "No such file or directory"));
    CHECK(__gnu_strerror_r(ENOENT, text, sizeof text) == text && !strcmp(text, "No such file or directory"));
    return 0;
}

int probe_basenames(void) {
    const char *path = "/a/b/";
    CHECK(!strcmp(basename("/a/b"), "b") && !strcmp(basename(path), "b") && !strcmp(basename(""), ".") && !strcmp(basename(0), "."));
    CHECK(!strcmp(path, "/a/b/")); /* Android's leaves its argument alone */
    CHECK(__gnu_basename(path) == path + 5 && !strcmp(__gnu_basename("x"), "x"));
    return 0;
}

int probe_random(void) {
    unsigned char one[600] = {0}, other[600] = {0};
    arc4random_buf(one, 599);
    arc4random_buf(other, 599);
    CHECK(memcmp(one, other, 599) && memcmp(one + 300, other + 300, 299) && one[599] == 0);
    CHECK(arc4random() != arc4random() || arc4random() != arc4random());
    return 0;
}

int probe_allocation(void) { /* XNNPACK's kernels for AVX-512 load from what it asked at 32 bytes */
    for (int block = 0; block < 16; block++) {
        void *other = 0;
        CHECK((unsigned long)memalign(32, 100) % 64 == 0);
        CHECK(!posix_memalign(&other, 32, 100) && (unsigned long)other % 64 == 0);
        CHECK((unsigned long)memalign(4096, 100) % 4096 == 0);
    }
    void *place;
    CHECK(posix_memalign(&place, 24, 100) == EINVAL);
    struct { struct mallinfo info; } before = {mallinfo()};
    void *volatile kept = malloc(100000);
    CHECK(mallinfo().uordblks >= before.info.uordblks + 100000);
    free(kept);
    return 0;
}

int probe_regular_expressions(void) {
    struct { struct regex regex; long guard; } here = {{0}, 7};
    struct match found[3];
    CHECK(regcomp(&here.regex, "b(c+)(x)?", 1 | 2) == 0 && here.guard == 7 && here.regex.groups == 2);
    CHECK(regexec(&here.regex, "aBCCd", 3, found, 0) == 0);
    CHECK(found[0].start == 1 && found[0].end == 4 && found[1].start == 2 && found[1].end == 4 && found[2].start == -1);
    CHECK(regexec(&here.regex, "xyz", 0, 0, 0) == 1);
    found[0] = (struct match){3, 6};
    CHECK(regexec(&here.regex, "bc bcc", 1, found, 4) == 0 && found[0].start == 3 && found[0].end == 6);
    char text[64];
    CHECK(regerror(1, &here.regex, text, sizeof text) > 1 && strlen(text) > 0);
    regfree(&here.regex);
    CHECK(regcomp(&here.regex, "^b$", 1 | 8) == 0 && regexec(&here.regex, "a\nb", 0, 0, 0) == 0); /* REG_NEWLINE is 8 */
    regfree(&here.regex);
    CHECK(regcomp(&here.regex, "^b$", 1 | 4) == 0 && regexec(&here.regex, "a\nb", 0, 0, 0) == 1); /* REG_NOSUB is 4 */
    regfree(&here.regex);
    regfree(&here.regex);
    CHECK(regcomp(&here.regex, "(", 1) == 8 && regcomp(&here.regex, "a", 16) == 16);
    return 0;
}
