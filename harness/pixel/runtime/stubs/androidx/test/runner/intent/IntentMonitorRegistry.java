package androidx.test.runner.intent;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public final class IntentMonitorRegistry {
    private IntentMonitorRegistry() {}

    public static void registerInstance(IntentMonitor monitor) {}
}
