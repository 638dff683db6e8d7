package dev.tfliteharness.pixel.dex;

import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/**
 * Adds to a translated class what dex doesn't store and a JVM wants: stack map frames, and the mark on calls that go to
 * an interface's own static or private methods. Names of local variables, which dex keeps in another form, are left out.
 * Calls that load a library go to where Android's linker is asked, with the caller's class.
 */
final class ClassFixer {
    private static final String LOADER = "dev/tfliteharness/pixel/device/NativeLibraries";
    private final ClassTree tree;

    ClassFixer(ClassTree tree) {
        this.tree = tree;
    }

    /** The class, fit for a JVM; {@code source} names its source file and may be null. */
    byte[] fix(byte[] translated, String source) {
        ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_FRAMES | ClassWriter.COMPUTE_MAXS) {
            @Override
            protected String getCommonSuperClass(String one, String other) {
                return tree.commonParent(one, other);
            }
        };
        new ClassReader(translated).accept(new Marks(writer), ClassReader.SKIP_FRAMES);
        if (source != null) {
            writer.visitSource(source, null);
        }
        return writer.toByteArray();
    }

    private final class Marks extends ClassVisitor {
        private Type self;

        Marks(ClassVisitor next) {
            super(Opcodes.ASM9, next);
        }

        @Override
        public void visit(int version, int access, String name, String generic, String parent, String[] interfaces) {
            self = Type.getObjectType(name);
            super.visit(Opcodes.V1_8, access, name, generic, parent, interfaces);
        }

        @Override
        public MethodVisitor visitMethod(int access, String name, String type, String generic, String[] thrown) {
            return new MethodVisitor(Opcodes.ASM9, super.visitMethod(access, name, type, generic, thrown)) {
                @Override
                public void visitMethodInsn(int code, String owner, String called, String signature, boolean marked) {
                    if (loadsLibrary(owner, called, signature)) {
                        String receiver = code == Opcodes.INVOKESTATIC ? "" : "Ljava/lang/Runtime;";
                        String taken = "(" + receiver + "Ljava/lang/String;Ljava/lang/Class;)V";
                        super.visitLdcInsn(self);
                        super.visitMethodInsn(Opcodes.INVOKESTATIC, LOADER, called, taken, false);
                        return;
                    }
                    boolean direct = code == Opcodes.INVOKESTATIC || code == Opcodes.INVOKESPECIAL;
                    super.visitMethodInsn(code, owner, called, signature, marked || direct && tree.isInterface(owner));
                }

                @Override
                public void visitLocalVariable(
                        String variable, String type, String generic, Label from, Label to, int index) {}
            };
        }
    }

    private static boolean loadsLibrary(String owner, String called, String signature) {
        return (owner.equals("java/lang/System") || owner.equals("java/lang/Runtime"))
                && (called.equals("load") || called.equals("loadLibrary"))
                && signature.equals("(Ljava/lang/String;)V");
    }
}
