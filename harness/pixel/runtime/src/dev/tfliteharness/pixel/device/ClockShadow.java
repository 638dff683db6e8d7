package dev.tfliteharness.pixel.device;

import java.lang.invoke.VarHandle;
import java.lang.management.ManagementFactory;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.shadows.ShadowPausedSystemClock;

/** Android's clocks on the host's monotonic one; Robolectric's own clock, which parts of it read, is kept in step. */
@Implements(className = "android.os.SystemClock", isInAndroidSdk = false)
public class ClockShadow {
    private static final VarHandle UPTIME = FieldOf.named(ShadowPausedSystemClock.class, "currentUptimeNs");
    private static final VarHandle REALTIME = FieldOf.named(ShadowPausedSystemClock.class, "currentRealtimeNs");

    static long now() {
        long now = System.nanoTime();
        UPTIME.setVolatile(now);
        REALTIME.setVolatile(now);
        return now;
    }

    @Implementation
    protected static void sleep(long milliseconds) {
        long end = System.nanoTime() + milliseconds * 1_000_000;
        boolean interrupted = false;
        for (long left = milliseconds; left > 0; left = (end - System.nanoTime()) / 1_000_000) {
            try {
                Thread.sleep(left);
            } catch (InterruptedException ignored) {
                interrupted = true; // SystemClock.sleep sleeps on, and hands the interrupt to its caller
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Implementation
    protected static boolean setCurrentTimeMillis(long milliseconds) {
        return false;
    }

    @Implementation
    protected static long uptimeMillis() {
        return now() / 1_000_000;
    }

    @Implementation
    protected static long uptimeNanos() {
        return now();
    }

    @Implementation
    protected static long elapsedRealtime() {
        return now() / 1_000_000;
    }

    @Implementation
    protected static long elapsedRealtimeNanos() {
        return now();
    }

    @Implementation
    protected static long currentThreadTimeMillis() {
        return currentThreadTimeMicro() / 1000;
    }

    @Implementation
    protected static long currentThreadTimeMicro() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1000;
    }

    @Implementation
    protected static long currentTimeMicro() {
        return System.currentTimeMillis() * 1000;
    }
}
