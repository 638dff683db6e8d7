package androidx.test.runner.lifecycle;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public enum ApplicationStage {
    PRE_ON_CREATE,
    CREATED
}
