package dev.tfliteharness.pixel.app;

import java.lang.management.LockInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MonitorInfo;
import java.lang.management.ThreadInfo;

/** The stacks of all threads, in the form in which ART writes them for an ANR, as far as a JVM can tell. */
final class Traces {
    private Traces() {}

    static String dump() {
        ThreadInfo[] threads = ManagementFactory.getThreadMXBean().dumpAllThreads(true, false);
        StringBuilder text = new StringBuilder("DALVIK THREADS (" + threads.length + "):\n");
        for (ThreadInfo thread : threads) {
            if (isMain(thread)) {
                describe(thread, text);
            }
        }
        for (ThreadInfo thread : threads) {
            if (!isMain(thread)) {
                describe(thread, text);
            }
        }
        return text.toString();
    }

    private static boolean isMain(ThreadInfo thread) {
        return thread.getThreadId() == android.os.Looper.getMainLooper().getThread().getId();
    }

    private static void describe(ThreadInfo thread, StringBuilder text) {
        String daemon = thread.isDaemon() ? " daemon" : "";
        text.append('"').append(isMain(thread) ? "main" : thread.getThreadName()).append('"').append(daemon)
                .append(" prio=").append(thread.getPriority())
                .append(" tid=").append(isMain(thread) ? 1 : thread.getThreadId() + 1)
                .append(' ').append(state(thread)).append('\n');
        StackTraceElement[] frames = thread.getStackTrace();
        for (int i = 0; i < frames.length; i++) {
            String source = frames[i].isNativeMethod()
                    ? "Native method"
                    : frames[i].getFileName() + (frames[i].getLineNumber() < 0 ? "" : ":" + frames[i].getLineNumber());
            text.append("  at ").append(frames[i].getClassName()).append('.').append(frames[i].getMethodName())
                    .append('(').append(source).append(")\n");
            LockInfo waits = thread.getLockInfo();
            if (i == 0 && waits != null) {
                String how = thread.getThreadState() == Thread.State.BLOCKED ? "waiting to lock" : "waiting on";
                String holder = thread.getLockOwnerId() < 0 ? "" : " held by thread " + (thread.getLockOwnerId() + 1);
                text.append("  - ").append(how).append(' ').append(lock(waits)).append(holder).append('\n');
            }
            for (MonitorInfo monitor : thread.getLockedMonitors()) {
                if (monitor.getLockedStackDepth() == i) {
                    text.append("  - locked ").append(lock(monitor)).append('\n');
                }
            }
        }
        text.append('\n');
    }

    private static String lock(LockInfo lock) {
        return String.format("<0x%08x> (a %s)", lock.getIdentityHashCode(), lock.getClassName());
    }

    /** ART's names of the states. */
    private static String state(ThreadInfo thread) {
        boolean sleeps = thread.getStackTrace().length > 0
                && thread.getStackTrace()[0].getClassName().equals("java.lang.Thread")
                && thread.getStackTrace()[0].getMethodName().equals("sleep");
        return switch (thread.getThreadState()) {
            case NEW -> "Starting";
            case RUNNABLE -> thread.isInNative() ? "Native" : "Runnable";
            case BLOCKED -> "Blocked";
            case WAITING -> "Waiting";
            case TIMED_WAITING -> sleeps ? "Sleeping" : "TimedWaiting";
            case TERMINATED -> "Terminated";
        };
    }
}
