/* Name resolution: Android's struct addrinfo has its last fields in another order, and flags and errors are BSD's numbers.
   Source: bionic's netdb.h and getaddrinfo.c. */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

struct android_addrinfo {
    int flags, family, socktype, protocol;
    socklen_t length;
    char *canonname;
    struct sockaddr *address;
    struct android_addrinfo *next;
};

static const struct {
    int android, host;
} FLAGS[] = {{0x1, AI_PASSIVE}, {0x2, AI_CANONNAME}, {0x4, AI_NUMERICHOST}, {0x8, AI_NUMERICSERV},
             {0x100, AI_ALL}, {0x400, AI_ADDRCONFIG}, {0x800, AI_V4MAPPED}};

/* Android's errors count from 1, in this order. */
static const struct {
    int host;
    const char *text;
} ERRORS[] = {
    {0, "Success"},
    {EAI_ADDRFAMILY, "Address family for hostname not supported"},
    {EAI_AGAIN, "Temporary failure in name resolution"},
    {EAI_BADFLAGS, "Invalid value for ai_flags"},
    {EAI_FAIL, "Non-recoverable failure in name resolution"},
    {EAI_FAMILY, "ai_family not supported"},
    {EAI_MEMORY, "Memory allocation failure"},
    {EAI_NODATA, "No address associated with hostname"},
    {EAI_NONAME, "hostname nor servname provided, or not known"},
    {EAI_SERVICE, "servname not supported for ai_socktype"},
    {EAI_SOCKTYPE, "ai_socktype not supported"},
    {EAI_SYSTEM, "System error returned in errno"},
};
#define ERROR_COUNT ((int)(sizeof ERRORS / sizeof *ERRORS))
#define ANDROID_EAI_MEMORY 6
#define ANDROID_EAI_FAIL 4

static int error_of(int host) {
    for (int i = 0; i < ERROR_COUNT; i++)
        if (ERRORS[i].host == host) return i;
    return ANDROID_EAI_FAIL;
}

const char *bionic_gai_strerror(int error) {
    return error >= 0 && error < ERROR_COUNT ? ERRORS[error].text : "Unknown error";
}

void bionic_freeaddrinfo(struct android_addrinfo *list) {
    while (list) {
        struct android_addrinfo *next = list->next;
        free(list->canonname);
        free(list);
        list = next;
    }
}

/* One block holds the entry and, behind it, its address. */
static struct android_addrinfo *copy_of(const struct addrinfo *from) {
    struct android_addrinfo *to = calloc(1, sizeof *to + from->ai_addrlen);
    if (!to) return NULL;
    *to = (struct android_addrinfo){from->ai_flags, from->ai_family, from->ai_socktype, from->ai_protocol, from->ai_addrlen,
                                    from->ai_canonname ? strdup(from->ai_canonname) : NULL, (struct sockaddr *)(to + 1), NULL};
    memcpy(to->address, from->ai_addr, from->ai_addrlen);
    return to;
}

int bionic_getaddrinfo(const char *node, const char *service, const struct android_addrinfo *hints,
                       struct android_addrinfo **result) {
    struct addrinfo wanted = {0}, *found = NULL;
    if (hints) {
        wanted.ai_family = hints->family;
        wanted.ai_socktype = hints->socktype;
        wanted.ai_protocol = hints->protocol;
        for (size_t i = 0; i < sizeof FLAGS / sizeof *FLAGS; i++)
            if (hints->flags & FLAGS[i].android) wanted.ai_flags |= FLAGS[i].host;
    }
    int error = error_of(getaddrinfo(node, service, hints ? &wanted : NULL, &found));
    if (error) return error;
    struct android_addrinfo *first = NULL, **last = &first;
    for (const struct addrinfo *each = found; each && !error; each = each->ai_next) {
        *last = copy_of(each);
        if (*last)
            last = &(*last)->next;
        else
            error = ANDROID_EAI_MEMORY;
    }
    freeaddrinfo(found);
    if (error) bionic_freeaddrinfo(first);
    if (!error) *result = first;
    return error;
}
