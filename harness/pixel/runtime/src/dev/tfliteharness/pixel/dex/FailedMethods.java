package dev.tfliteharness.pixel.dex;

import com.googlecode.d2j.Method;
import com.googlecode.d2j.dex.DexExceptionHandler;
import com.googlecode.d2j.node.DexMethodNode;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Methods that dex2jar can't translate: named on standard error, and thrown from when the app calls them. */
final class FailedMethods implements DexExceptionHandler {
    private int count;

    int count() {
        return count;
    }

    @Override
    public void handleFileException(Exception problem) {
        throw new IllegalArgumentException("not a dex file that can be read", problem);
    }

    @Override
    public void handleMethodTranslateException(Method method, DexMethodNode node, MethodVisitor code, Exception problem) {
        count++;
        String what = "the virtual Pixel can't translate " + method + ": " + problem;
        System.err.println(what);
        code.visitTypeInsn(Opcodes.NEW, "java/lang/VerifyError");
        code.visitInsn(Opcodes.DUP);
        code.visitLdcInsn(what);
        code.visitMethodInsn(
                Opcodes.INVOKESPECIAL, "java/lang/VerifyError", "<init>", "(Ljava/lang/String;)V", false);
        code.visitInsn(Opcodes.ATHROW);
        code.visitMaxs(0, 0);
    }
}
