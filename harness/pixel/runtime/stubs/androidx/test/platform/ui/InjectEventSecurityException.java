package androidx.test.platform.ui;

/** Stands in for androidx.test's, which Robolectric names and this runtime has no use for. */
public class InjectEventSecurityException extends Exception {
    public InjectEventSecurityException(String message) {
        super(message);
    }

    public InjectEventSecurityException(Throwable cause) {
        super(cause);
    }
}
