package androidx.test.espresso;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public interface IdlingResource {
    String getName();

    boolean isIdleNow();

    void registerIdleTransitionCallback(ResourceCallback callback);

    interface ResourceCallback {
        void onTransitionToIdle();
    }
}
