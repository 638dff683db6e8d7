package dev.tfliteharness.pixel.app;

import android.os.Handler;
import android.os.Looper;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** The app's main thread. */
final class Main {
    /** Exit status of a process that an uncaught exception ended. */
    static final int CRASHED = 10;

    private Main() {}

    static boolean isMain(Thread thread) {
        return Looper.getMainLooper().getThread() == thread;
    }

    /** Treats {@code thrown} as what nobody caught on the main thread. */
    static void crash(Throwable thrown) {
        Thread.getDefaultUncaughtExceptionHandler().uncaughtException(Looper.getMainLooper().getThread(), thrown);
    }

    /** The exception inside those that only carry it from thread to thread. */
    static Throwable whatTheAppThrew(Throwable thrown) {
        Throwable inner = thrown;
        while (inner.getCause() != null
                && (inner instanceof ExecutionException
                        || inner.getClass() == RuntimeException.class
                                && inner.getCause().toString().equals(inner.getMessage()))) {
            inner = inner.getCause();
        }
        return inner;
    }

    static void post(Runnable work) {
        new Handler(Looper.getMainLooper()).post(work);
    }

    /** Runs {@code work} on the main thread and waits for its end; what it throws is that thread's, and ends the process. */
    static void run(Runnable work) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        post(() -> {
            work.run();
            done.countDown();
        });
        done.await();
    }

    /** Runs {@code work} on the main thread and waits for its value. */
    static <T> T call(Callable<T> work) throws Exception {
        FutureTask<T> task = new FutureTask<>(work);
        post(task);
        try {
            return task.get();
        } catch (ExecutionException wrapped) {
            if (wrapped.getCause() instanceof Exception thrown) {
                throw thrown;
            }
            throw wrapped;
        }
    }
}
