package dev.tfliteharness.pixel.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.shadows.ShadowDebug;

/** Memory of this process as Linux counts it. */
@Implements(className = "android.os.Debug", isInAndroidSdk = false)
public class DebugShadow extends ShadowDebug {
    /** Proportional set size, in KiB. */
    @Implementation
    protected static long getPss() {
        return kibibytes("/proc/self/smaps_rollup", "Pss:");
    }

    /** Resident anonymous memory outside the Java heap, in bytes: what Android's native heap comes closest to. */
    @Implementation
    protected static long getNativeHeapAllocatedSize() {
        Runtime java = Runtime.getRuntime();
        return Math.max(0, kibibytes("/proc/self/status", "RssAnon:") * 1024 - java.totalMemory());
    }

    @Implementation
    protected static long getNativeHeapSize() {
        return getNativeHeapAllocatedSize();
    }

    @Implementation
    protected static long getNativeHeapFreeSize() {
        return 0;
    }

    private static long kibibytes(String file, String field) {
        try {
            for (String line : Files.readAllLines(Path.of(file))) {
                if (line.startsWith(field)) {
                    return Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
            return 0;
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }
}
