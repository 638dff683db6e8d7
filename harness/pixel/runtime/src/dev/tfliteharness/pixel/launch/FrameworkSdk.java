package dev.tfliteharness.pixel.launch;

import java.nio.file.Path;
import org.robolectric.pluginapi.Sdk;

/** Android 14 as the runtime ships it: one jar of classes that are instrumented already. */
final class FrameworkSdk extends Sdk {
    private static final Path JAR = Path.of(System.getProperty("pixel.framework"));

    FrameworkSdk() {
        super(34);
    }

    @Override
    public Path getJarPath() {
        return JAR;
    }

    @Override
    public String getAndroidVersion() {
        return "14";
    }

    @Override
    public String getAndroidCodeName() {
        return "REL";
    }

    @Override
    public boolean isSupported() {
        return true;
    }

    @Override
    public String getUnsupportedMessage() {
        return "";
    }

    @Override
    public void verifySupportedSdk(String name) {}
}
