/* What the linker wants to know of a 64-bit library before it is loaded. */
#ifndef HARNESS_ELF_H
#define HARNESS_ELF_H

#include <elf.h>
#include <stddef.h>

struct elf {
    const char *path;
    const unsigned char *data; /* the file, mapped */
    size_t size;
    const Elf64_Dyn *dynamic;
    size_t dynamic_count;
    const char *strings; /* ends with a zero */
    size_t strings_size;
    const Elf64_Sym *symbols;
    size_t symbol_count;
};

/* Maps and checks the library as bionic does; NULL, or bionic's words for what is wrong, which are the caller's to free. */
char *elf_open(struct elf *elf, const char *path);
void elf_close(struct elf *elf);

/* The name of the `number`-th library that it needs, or NULL after the last. */
const char *elf_needed(const struct elf *elf, size_t number);

/* The symbol's name if others must give it and the library can't be without it, else NULL; `version` is what it asks for or NULL. */
const char *elf_wanted(const struct elf *elf, size_t symbol, const char **version);

#endif
