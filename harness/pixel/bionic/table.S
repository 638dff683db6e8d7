/* libc.so: Android's names, each a jump. forwards.inc, generated from symbols.txt, invokes these macros once a symbol.
   %r10 and %r11 are free at a call; %rax holds the count of vector arguments of a variadic one and stays. */
    .macro NAME name, target, stream
    .globl \name
    .type \name, @function
\name:
    .ifnb \stream
    STREAM \stream
    .endif
    jmpq \target
    .endm

/* A FILE* may be a slot of __sF, three streams of 152 bytes as Android had them before API level 23. */
    .macro STREAM register
    leaq .Lstreams(%rip), %r11
    cmpq %r11, \register
    jne 1f
    movq .Lstdin(%rip), \register
    jmp 3f
1:  leaq 152(%r11), %r11
    cmpq %r11, \register
    jne 2f
    movq .Lstdout(%rip), \register
    jmp 3f
2:  leaq 152(%r11), %r11
    cmpq %r11, \register
    jne 3f
    movq .Lstderr(%rip), \register
3:
    .endm

    .text
#include "forwards.inc"

    .section .text.start, "ax", @progbits
start:
    subq $8, %rsp
    leaq names(%rip), %rdi
    leaq targets(%rip), %rsi
    movl $COUNT, %edx
    leaq .Lstdin(%rip), %rcx
    call bionic_resolve@PLT
    addq $8, %rsp
    ret
    .section .init_array, "aw"
    .quad start

    .bss
    .balign 16
    .globl __sF
    .type __sF, @object
    .size __sF, 3 * 152
__sF:
.Lstreams: .zero 3 * 152
    .macro VARIABLE name, size
    .globl \name
    .type \name, @object
    .size \name, \size
    .balign 8
\name:
.L\name: .zero \size
    .endm
/* struct variables of bionic.h */
    VARIABLE stdin, 8
    VARIABLE stdout, 8
    VARIABLE stderr, 8
    VARIABLE timezone, 8
    VARIABLE daylight, 4
    VARIABLE tzname, 16
    VARIABLE environ, 8
    .balign 8
targets: .zero 8 * COUNT
    .section .note.GNU-stack, "", @progbits
