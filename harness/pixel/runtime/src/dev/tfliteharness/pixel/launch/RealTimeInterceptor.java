package dev.tfliteharness.pixel.launch;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.robolectric.internal.bytecode.Interceptor;
import org.robolectric.internal.bytecode.MethodRef;
import org.robolectric.internal.bytecode.MethodSignature;
import org.robolectric.util.Function;

/** {@code System.nanoTime} and {@code currentTimeMillis} as they are; Robolectric would give a test's fake clock. */
public final class RealTimeInterceptor extends Interceptor {
    public RealTimeInterceptor() {
        super(new MethodRef(System.class, "nanoTime"), new MethodRef(System.class, "currentTimeMillis"));
    }

    @Override
    public Function<Object, Object> handle(MethodSignature method) {
        return (type, receiver, parameters) ->
                method.methodName.equals("nanoTime") ? System.nanoTime() : (Object) System.currentTimeMillis();
    }

    @Override
    public MethodHandle getMethodHandle(String name, MethodType type)
            throws NoSuchMethodException, IllegalAccessException {
        return MethodHandles.lookup().findStatic(System.class, name, MethodType.methodType(long.class));
    }
}
