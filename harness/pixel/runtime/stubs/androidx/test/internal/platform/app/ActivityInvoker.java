package androidx.test.internal.platform.app;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public interface ActivityInvoker {}
