/* setjmp and longjmp within Android's 80-byte jmp_buf. The signal mask is not kept: nothing here changes it across a jump. */
    .text
    .irp name, bionic_setjmp, bionic__setjmp, bionic_sigsetjmp, bionic_longjmp, bionic__longjmp, bionic_siglongjmp
    .globl \name
    .type \name, @function
    .endr
bionic_setjmp:
bionic__setjmp:
bionic_sigsetjmp:
    movq %rbx, 0(%rdi)
    movq %rbp, 8(%rdi)
    movq %r12, 16(%rdi)
    movq %r13, 24(%rdi)
    movq %r14, 32(%rdi)
    movq %r15, 40(%rdi)
    leaq 8(%rsp), %rdx
    movq %rdx, 48(%rdi)
    movq (%rsp), %rdx
    movq %rdx, 56(%rdi)
    xorl %eax, %eax
    ret
bionic_longjmp:
bionic__longjmp:
bionic_siglongjmp:
    movl %esi, %eax
    testl %eax, %eax
    jnz 1f
    incl %eax
1:  movq 0(%rdi), %rbx
    movq 8(%rdi), %rbp
    movq 16(%rdi), %r12
    movq 24(%rdi), %r13
    movq 32(%rdi), %r14
    movq 40(%rdi), %r15
    movq 48(%rdi), %rsp
    jmpq *56(%rdi)
    .section .note.GNU-stack, "", @progbits
