package dev.tfliteharness.pixel.device;

import android.app.Activity;
import android.app.Instrumentation;
import android.content.Intent;
import android.os.Handler;
import android.os.Looper;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.shadows.ShadowInstrumentation;

/** The app's own instrumentation; starting activities is left to the one that Robolectric keeps for the process. */
@Implements(className = "android.app.Instrumentation", isInAndroidSdk = false)
public class InstrumentationShadow extends ShadowInstrumentation {
    @Implementation
    protected Activity startActivitySync(Intent intent) {
        Instrumentation process = ShadowInstrumentation.getInstrumentation();
        Activity[] started = new Activity[1];
        VsyncShadow.whileStarting(() -> started[0] = process.startActivitySync(intent));
        return started[0];
    }

    @Implementation
    protected void runOnMainSync(Runnable work) {
        if (Looper.myLooper() == Looper.getMainLooper()) {
            throw new RuntimeException("This method can not be called from the main application thread");
        }
        FutureTask<Void> task = new FutureTask<>(work, null);
        new Handler(Looper.getMainLooper()).post(task);
        try {
            task.get();
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException thrown) {
            throw new RuntimeException(thrown.getCause());
        }
    }
}
