package androidx.test.platform.app;

import android.app.Instrumentation;
import android.os.Bundle;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public final class InstrumentationRegistry {
    private static volatile Instrumentation instance;
    private static volatile Bundle arguments = new Bundle();

    private InstrumentationRegistry() {}

    public static Instrumentation getInstrumentation() {
        if (instance == null) {
            throw new IllegalStateException("no instrumentation is registered yet");
        }
        return instance;
    }

    public static Bundle getArguments() {
        return new Bundle(arguments);
    }

    public static void registerInstance(Instrumentation instrumentation, Bundle given) {
        instance = instrumentation;
        arguments = given;
    }
}
