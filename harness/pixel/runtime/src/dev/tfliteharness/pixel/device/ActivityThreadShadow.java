package dev.tfliteharness.pixel.device;

import android.os.Bundle;
import dev.tfliteharness.pixel.app.InstrumentationRun;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.shadows.ShadowActivityThread;

/** Where {@code Instrumentation.finish} ends up on Android, too. */
@Implements(className = "android.app.ActivityThread", isInAndroidSdk = false)
public class ActivityThreadShadow extends ShadowActivityThread {
    @Implementation
    protected void finishInstrumentation(int code, Bundle results) {
        InstrumentationRun.finished(code, results);
    }
}
