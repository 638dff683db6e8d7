package dev.tfliteharness.pixel.device;

import android.util.Log;
import dev.tfliteharness.pixel.app.NativeLog;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;

/** {@code android.util.Log} as it is, on the device's log; native code writes there by the same way, so order is kept. */
@Implements(className = "android.util.Log", isInAndroidSdk = false)
public class LogShadow {
    @Implementation
    protected static int println_native(int buffer, int priority, String tag, String message) {
        return NativeLog.line(buffer, priority, tag, message);
    }

    @Implementation
    protected static boolean isLoggable(String tag, int level) {
        return level >= Log.INFO;
    }

    @Implementation
    protected static int logger_entry_max_payload_native() {
        return NativeLog.PAYLOAD_MAX;
    }
}
