package dev.tfliteharness.pixel.launch;

import java.nio.file.Path;
import org.robolectric.pluginapi.Sdk;

/** The device's Android as the runtime ships it: one jar of classes that are instrumented already. */
final class FrameworkSdk extends Sdk {
    private static final Path JAR = Path.of(System.getProperty("pixel.framework"));

    FrameworkSdk() {
        super(Integer.getInteger("pixel.sdk"));
    }

    @Override
    public Path getJarPath() {
        return JAR;
    }

    @Override
    public String getAndroidVersion() {
        return System.getProperty("pixel.release");
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
