package androidx.test.runner.intent;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public final class IntentStubberRegistry {
    private IntentStubberRegistry() {}

    public static boolean isLoaded() {
        return false;
    }

    public static IntentStubber getInstance() {
        throw new IllegalStateException("no intents are stubbed here");
    }
}
