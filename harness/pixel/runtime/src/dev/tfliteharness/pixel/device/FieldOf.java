package dev.tfliteharness.pixel.device;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Handles on fields that a class of Robolectric or of the framework keeps to itself. */
final class FieldOf {
    private FieldOf() {}

    /** The declared field {@code name}; a missing one is a mismatch of versions, and fails the class that asks. */
    static VarHandle named(Class<?> type, String name) {
        try {
            MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
            return lookup.unreflectVarHandle(type.getDeclaredField(name));
        } catch (ReflectiveOperationException problem) {
            throw new ExceptionInInitializerError(problem);
        }
    }
}
