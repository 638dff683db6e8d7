package org.bouncycastle.jce.provider;

import java.security.Provider;

/** Stands in for Bouncy Castle's, which Robolectric registers; the JDK's own providers do the work here. */
public final class BouncyCastleProvider extends Provider {
    public static final String PROVIDER_NAME = "BC";

    public BouncyCastleProvider() {
        super(PROVIDER_NAME, "1.0", "no algorithms");
    }
}
