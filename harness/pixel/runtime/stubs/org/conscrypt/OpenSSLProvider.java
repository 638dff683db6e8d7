package org.conscrypt;

import java.security.Provider;

/** Stands in for Conscrypt's, which Robolectric names and, with Conscrypt off, doesn't use. */
public final class OpenSSLProvider extends Provider {
    public OpenSSLProvider() {
        super("AndroidOpenSSL", "1.0", "no algorithms");
    }
}
