/* Reads a library's file, trusting nothing in it. Refusals: bionic's linker_phdr.cpp and linker.cpp, Android 14. */
#define _GNU_SOURCE
#include "elf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DT_ANDROID_REL 0x6000000f
#define DT_ANDROID_RELA 0x60000011

/* Message of `format`, whose first argument is the path. */
#define REFUSE(elf, format, ...)                                                       \
    do {                                                                               \
        char *refusal = NULL;                                                          \
        if (asprintf(&refusal, format, (elf)->path, ##__VA_ARGS__) < 0) refusal = NULL; \
        return refusal;                                                                \
    } while (0)

static const char *machine_name(unsigned machine) {
    switch (machine) {
        case EM_386: return "EM_386";
        case EM_AARCH64: return "EM_AARCH64";
        case EM_ARM: return "EM_ARM";
        case EM_RISCV: return "EM_RISCV";
        case EM_X86_64: return "EM_X86_64";
        default: return "EM_???";
    }
}

static const void *at_offset(const struct elf *elf, uint64_t offset, uint64_t size) {
    return offset <= elf->size && size <= elf->size - offset && offset % 2 == 0 ? elf->data + offset : NULL;
}

static const Elf64_Phdr *programs(const struct elf *elf, size_t *count) {
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)elf->data;
    *count = head->e_phnum;
    return at_offset(elf, head->e_phoff, head->e_phnum * sizeof(Elf64_Phdr));
}

/* Where in the file lies what is loaded at `address`; NULL where `size` bytes of it don't, and for 0, an entry that is absent. */
static const void *at_address(const struct elf *elf, uint64_t address, uint64_t size) {
    size_t count;
    const Elf64_Phdr *program = programs(elf, &count);
    for (size_t i = 0; address && i < count; i++, program++) {
        uint64_t inside = address - program->p_vaddr;
        if (program->p_type != PT_LOAD || address < program->p_vaddr || inside >= program->p_filesz) continue;
        return size <= program->p_filesz - inside ? at_offset(elf, program->p_offset + inside, size) : NULL;
    }
    return NULL;
}

static uint64_t value_of(const struct elf *elf, int64_t tag) {
    for (size_t i = 0; i < elf->dynamic_count; i++)
        if (elf->dynamic[i].d_tag == tag) return elf->dynamic[i].d_un.d_val;
    return 0;
}

static const char *text(const struct elf *elf, uint64_t index) {
    return index < elf->strings_size ? elf->strings + index : "";
}

static char *check_header(const struct elf *elf) {
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)elf->data;
    if (elf->size < sizeof *head)
        REFUSE(elf, "\"%s\" is too small to be an ELF executable: only found %zd bytes", (ssize_t)elf->size);
    const unsigned char *id = head->e_ident;
    if (memcmp(id, ELFMAG, SELFMAG) != 0)
        REFUSE(elf, "\"%s\" has bad ELF magic: %02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
    if (id[EI_CLASS] == ELFCLASS32) REFUSE(elf, "\"%s\" is 32-bit instead of 64-bit");
    if (id[EI_CLASS] != ELFCLASS64) REFUSE(elf, "\"%s\" has unknown ELF class: %d", id[EI_CLASS]);
    if (id[EI_DATA] != ELFDATA2LSB) REFUSE(elf, "\"%s\" not little-endian: %d", id[EI_DATA]);
    if (head->e_type != ET_DYN) REFUSE(elf, "\"%s\" has unexpected e_type: %d", head->e_type);
    if (head->e_version != EV_CURRENT) REFUSE(elf, "\"%s\" has unexpected e_version: %u", head->e_version);
    if (head->e_machine != EM_X86_64)
        REFUSE(elf, "\"%s\" is for %s (%d) instead of EM_X86_64 (62)", machine_name(head->e_machine), head->e_machine);
    if (head->e_shentsize != sizeof(Elf64_Shdr))
        REFUSE(elf, "\"%s\" has unsupported e_shentsize: 0x%x (expected 0x%zx)", head->e_shentsize, sizeof(Elf64_Shdr));
    if (head->e_shstrndx == 0) REFUSE(elf, "\"%s\" has invalid e_shstrndx");
    if (head->e_phnum < 1 || head->e_phnum > 65536 / sizeof(Elf64_Phdr))
        REFUSE(elf, "\"%s\" has invalid e_phnum: %u", head->e_phnum);
    size_t count;
    if (!programs(elf, &count))
        REFUSE(elf, "\"%s\" has invalid phdr offset/size: %zu/%zu", (size_t)head->e_phoff, count * sizeof(Elf64_Phdr));
    return NULL;
}

static char *check_segments(const struct elf *elf) {
    size_t count, loaded = 0;
    const Elf64_Phdr *program = programs(elf, &count);
    for (size_t i = 0; i < count; i++) {
        if (program[i].p_type != PT_LOAD) continue;
        loaded++;
        if ((program[i].p_flags & (PF_W | PF_X)) == (PF_W | PF_X)) REFUSE(elf, "\"%s\": W+E load segments are not allowed");
        uint64_t end = program[i].p_offset + program[i].p_filesz;
        if (program[i].p_filesz && (end < program[i].p_offset || end > elf->size))
            REFUSE(elf,
                   "invalid ELF file \"%s\" load segment[%zu]: p_offset (0x%lx) + p_filesz (0x%lx) ( = 0x%lx) past end of "
                   "file (0x%zx)",
                   i, program[i].p_offset, program[i].p_filesz, end, elf->size);
    }
    if (!loaded) REFUSE(elf, "\"%s\" has no loadable segments");
    return NULL;
}

static int find_dynamic(struct elf *elf) {
    size_t count;
    const Elf64_Phdr *program = programs(elf, &count);
    for (size_t i = 0; i < count; i++) {
        if (program[i].p_type != PT_DYNAMIC) continue;
        elf->dynamic = at_offset(elf, program[i].p_offset, program[i].p_filesz);
        if (!elf->dynamic) return 0;
        for (size_t room = program[i].p_filesz / sizeof(Elf64_Dyn); elf->dynamic_count < room; elf->dynamic_count++)
            if (elf->dynamic[elf->dynamic_count].d_tag == DT_NULL) break;
        return 1;
    }
    return 0;
}

static size_t count_by_gnu_hash(const struct elf *elf) {
    uint64_t place = value_of(elf, DT_GNU_HASH);
    const uint32_t *head = at_address(elf, place, 4 * sizeof *head);
    if (!head) return 0;
    uint32_t buckets = head[0], first = head[1], highest = 0;
    place += 4 * sizeof *head + (uint64_t)head[2] * 8;
    const uint32_t *bucket = at_address(elf, place, (uint64_t)buckets * sizeof *bucket);
    for (uint32_t i = 0; bucket && i < buckets; i++)
        if (bucket[i] > highest) highest = bucket[i];
    if (!bucket || highest < first) return bucket ? first : 0;
    for (place += (uint64_t)buckets * sizeof *bucket;; highest++) {
        const uint32_t *chain = at_address(elf, place + (uint64_t)(highest - first) * sizeof *chain, sizeof *chain);
        if (!chain) return 0;
        if (*chain & 1) return (size_t)highest + 1;
    }
}

static char *check_dynamic(struct elf *elf) {
    if (!find_dynamic(elf)) REFUSE(elf, "\"%s\" .dynamic section header was not found");
    for (size_t i = 0; i < elf->dynamic_count; i++)
        if (elf->dynamic[i].d_tag == DT_TEXTREL ||
            (elf->dynamic[i].d_tag == DT_FLAGS && elf->dynamic[i].d_un.d_val & DF_TEXTREL))
            REFUSE(elf, "\"%s\" has text relocations");
    if (value_of(elf, DT_ANDROID_REL) || value_of(elf, DT_ANDROID_RELA))
        REFUSE(elf, "\"%s\" has packed relocations (DT_ANDROID_RELA), which this virtual device's linker lacks");
    elf->strings_size = value_of(elf, DT_STRSZ);
    elf->strings = at_address(elf, value_of(elf, DT_STRTAB), elf->strings_size);
    if (!elf->strings || !elf->strings_size || elf->strings[elf->strings_size - 1]) REFUSE(elf, "empty/missing DT_STRTAB in \"%s\"");
    const uint32_t *hash = at_address(elf, value_of(elf, DT_HASH), 2 * sizeof *hash);
    elf->symbol_count = hash ? hash[1] : count_by_gnu_hash(elf);
    if (!elf->symbol_count)
        REFUSE(elf, "empty/missing DT_HASH/DT_GNU_HASH in \"%s\" (new hash type from the future?)");
    elf->symbols = at_address(elf, value_of(elf, DT_SYMTAB), elf->symbol_count * sizeof(Elf64_Sym));
    if (!elf->symbols) REFUSE(elf, "empty/missing DT_SYMTAB in \"%s\"");
    return NULL;
}

char *elf_open(struct elf *elf, const char *path) {
    struct stat status;
    *elf = (struct elf){.path = path};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        if (file >= 0) close(file);
        REFUSE(elf, "library \"%s\" not found");
    }
    elf->size = (size_t)status.st_size;
    void *data = elf->size ? mmap(NULL, elf->size, PROT_READ, MAP_PRIVATE, file, 0) : NULL;
    close(file);
    if (data == MAP_FAILED) REFUSE(elf, "couldn't map \"%s\": %s", strerror(errno));
    elf->data = data;
    char *refusal = check_header(elf);
    if (!refusal) refusal = check_segments(elf);
    if (!refusal) refusal = check_dynamic(elf);
    if (refusal) elf_close(elf);
    return refusal;
}

void elf_close(struct elf *elf) {
    if (elf->data) munmap((void *)elf->data, elf->size);
    elf->data = NULL;
}

const char *elf_needed(const struct elf *elf, size_t number) {
    for (size_t i = 0; i < elf->dynamic_count; i++)
        if (elf->dynamic[i].d_tag == DT_NEEDED && number-- == 0) return text(elf, elf->dynamic[i].d_un.d_val);
    return NULL;
}

static const char *version_of(const struct elf *elf, size_t symbol) {
    const uint16_t *marks = at_address(elf, value_of(elf, DT_VERSYM), elf->symbol_count * sizeof *marks);
    unsigned wanted = marks ? marks[symbol] & 0x7fff : 0;
    uint64_t place = value_of(elf, DT_VERNEED);
    for (uint64_t left = wanted > 1 ? value_of(elf, DT_VERNEEDNUM) : 0; left; left--) {
        const Elf64_Verneed *library = at_address(elf, place, sizeof *library);
        if (!library) return NULL;
        uint64_t inner = place + library->vn_aux;
        for (unsigned count = library->vn_cnt; count; count--) {
            const Elf64_Vernaux *version = at_address(elf, inner, sizeof *version);
            if (!version) return NULL;
            if (version->vna_other == wanted) return text(elf, version->vna_name);
            inner += version->vna_next;
        }
        place += library->vn_next;
    }
    return NULL;
}

const char *elf_wanted(const struct elf *elf, size_t symbol, const char **version) {
    const Elf64_Sym *entry = &elf->symbols[symbol];
    if (symbol == 0 || entry->st_shndx != SHN_UNDEF || ELF64_ST_BIND(entry->st_info) == STB_WEAK) return NULL;
    const char *name = text(elf, entry->st_name);
    *version = version_of(elf, symbol);
    return *name ? name : NULL;
}
