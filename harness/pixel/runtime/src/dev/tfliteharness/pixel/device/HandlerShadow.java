package dev.tfliteharness.pixel.device;

import android.os.Handler;
import android.os.Message;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.annotation.RealObject;
import org.robolectric.shadow.api.Shadow;
import org.robolectric.util.ReflectionHelpers.ClassParameter;

/** What a message throws ends the process, as on Android; Robolectric's looper would keep it for a test to find. */
@Implements(className = "android.os.Handler", isInAndroidSdk = false)
public class HandlerShadow {
    @RealObject private Handler handler;

    @Implementation
    protected void dispatchMessage(Message message) {
        try {
            Shadow.directlyOn(handler, Handler.class, "dispatchMessage", ClassParameter.from(Message.class, message));
        } catch (Throwable thrown) {
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, thrown);
        }
    }
}
