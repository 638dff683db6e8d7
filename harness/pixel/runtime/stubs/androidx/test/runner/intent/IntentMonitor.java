package androidx.test.runner.intent;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public interface IntentMonitor {}
