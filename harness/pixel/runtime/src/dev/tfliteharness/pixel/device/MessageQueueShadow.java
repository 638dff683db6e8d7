package dev.tfliteharness.pixel.device;

import android.os.MessageQueue;
import java.lang.invoke.VarHandle;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.annotation.RealObject;
import org.robolectric.shadows.ShadowPausedMessageQueue;

/** Waits in real time, for as long as the queue itself computed; Robolectric's waits for its fake clock to be moved. */
@Implements(className = "android.os.MessageQueue", isInAndroidSdk = false)
public class MessageQueueShadow extends ShadowPausedMessageQueue {
    private static final VarHandle POLLING = FieldOf.named(ShadowPausedMessageQueue.class, "isPolling");
    private static final VarHandle WOKEN = FieldOf.named(ShadowPausedMessageQueue.class, "pendingWake");

    @RealObject private MessageQueue queue;

    @Implementation
    @Override
    protected void nativePollOnce(long pointer, int timeoutMilliseconds) {
        synchronized (queue) {
            POLLING.set(this, true);
            try {
                if (timeoutMilliseconds != 0 && !(boolean) WOKEN.get(this)) {
                    queue.wait(Math.max(0, timeoutMilliseconds));
                }
            } catch (InterruptedException interrupt) {
                Thread.currentThread().interrupt();
            } finally {
                POLLING.set(this, false);
                WOKEN.set(this, false);
            }
        }
    }
}
