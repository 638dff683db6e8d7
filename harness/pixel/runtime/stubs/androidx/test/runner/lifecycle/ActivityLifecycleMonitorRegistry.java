package androidx.test.runner.lifecycle;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public final class ActivityLifecycleMonitorRegistry {
    private static volatile ActivityLifecycleMonitor instance;

    private ActivityLifecycleMonitorRegistry() {}

    public static ActivityLifecycleMonitor getInstance() {
        if (instance == null) {
            throw new IllegalStateException("no lifecycle monitor is registered yet");
        }
        return instance;
    }

    public static void registerInstance(ActivityLifecycleMonitor monitor) {
        instance = monitor;
    }
}
