package dev.tfliteharness.pixel.device;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.io.UncheckedIOException;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.shadows.ShadowSystemProperties;

/** System properties of the device, read from its property file at each question; then those of the framework's build. */
@Implements(className = "android.os.SystemProperties", isInAndroidSdk = false)
public class SystemPropertiesShadow extends ShadowSystemProperties {
    private static final Path FILE = Path.of("/dev/__properties__/properties");

    @Implementation
    protected static String native_get(String name) {
        return native_get(name, "");
    }

    @Implementation
    protected static String native_get(String name, String fallback) {
        String value = fromDevice(name);
        return value != null ? value : ShadowSystemProperties.native_get(name, fallback);
    }

    @Implementation
    protected static int native_get_int(String name, int fallback) {
        return (int) native_get_long(name, fallback);
    }

    @Implementation
    protected static long native_get_long(String name, long fallback) {
        String value = fromDevice(name);
        if (value == null) {
            return ShadowSystemProperties.native_get_long(name, fallback);
        }
        try {
            return Long.decode(value);
        } catch (NumberFormatException notANumber) {
            return fallback;
        }
    }

    @Implementation
    protected static boolean native_get_boolean(String name, boolean fallback) {
        String value = fromDevice(name);
        if (value == null) {
            return ShadowSystemProperties.native_get_boolean(name, fallback);
        }
        return switch (value) {
            case "1", "y", "yes", "on", "true" -> true;
            case "0", "n", "no", "off", "false" -> false;
            default -> fallback;
        };
    }

    private static String fromDevice(String name) {
        try {
            String found = null;
            for (String line : Files.readString(FILE, StandardCharsets.UTF_8).split("\n")) {
                if (line.startsWith(name) && line.startsWith("=", name.length())) {
                    found = line.substring(name.length() + 1);
                }
            }
            return found;
        } catch (NoSuchFileException none) {
            return null;
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }
}
