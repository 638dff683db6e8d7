package androidx.test.internal.platform.util;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public final class TestOutputEmitter {
    private TestOutputEmitter() {}

    public static void dumpThreadStates(String fileName) {}
}
