package androidx.test.runner.lifecycle;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public enum Stage {
    PRE_ON_CREATE,
    CREATED,
    STARTED,
    RESUMED,
    PAUSED,
    STOPPED,
    RESTARTED,
    DESTROYED
}
