package androidx.test.runner.lifecycle;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public final class ApplicationLifecycleMonitorRegistry {
    private ApplicationLifecycleMonitorRegistry() {}

    public static void registerInstance(ApplicationLifecycleMonitor monitor) {}
}
