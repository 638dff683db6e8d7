package dev.tfliteharness.pixel.device;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.robolectric.annotation.Implementation;
import org.robolectric.annotation.Implements;
import org.robolectric.shadows.ShadowDisplayEventReceiver;

/** Frames at the display's pace: a vsync comes a sixtieth of a second after the one before, or at once if that is past. */
@Implements(className = "android.view.DisplayEventReceiver", isInAndroidSdk = false)
public class VsyncShadow extends ShadowDisplayEventReceiver {
    private static final long PERIOD_NS = (long) (1e9 / Float.parseFloat(System.getProperty("pixel.refresh_hz")));
    private static final AtomicLong LAST = new AtomicLong(System.nanoTime() - PERIOD_NS);
    private static final AtomicInteger STARTING = new AtomicInteger();
    private static final ScheduledExecutorService DISPLAY = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "vsync");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Runs {@code work}, which starts an activity, with every frame at once: Robolectric's way of starting one takes it
     * for granted that the first frame is laid out by then.
     */
    public static void whileStarting(Runnable work) {
        STARTING.incrementAndGet();
        try {
            work.run();
        } finally {
            STARTING.decrementAndGet();
        }
    }

    @Implementation
    protected static void nativeScheduleVsync(long receiver) {
        long wait = LAST.get() + PERIOD_NS - System.nanoTime();
        if (wait <= 0 || STARTING.get() > 0) {
            vsync(receiver);
        } else {
            DISPLAY.schedule(() -> vsync(receiver), wait, TimeUnit.NANOSECONDS);
        }
    }

    private static void vsync(long receiver) {
        LAST.set(ClockShadow.now());
        ShadowDisplayEventReceiver.nativeScheduleVsync(receiver);
    }
}
