package dev.tfliteharness.pixel.app;

import android.os.Process;
import android.util.Log;
import java.io.PrintWriter;
import java.io.StringWriter;

/** An exception that nobody caught: to the log's crash buffer in Android's words, to the device, and the process ends. */
final class Crash implements Thread.UncaughtExceptionHandler {
    private static final int CRASH_BUFFER = 4;
    private final Events events;
    private final String packageName;
    private boolean crashing;

    Crash(Events events, String packageName) {
        this.events = events;
        this.packageName = packageName;
    }

    @Override
    public void uncaughtException(Thread thread, Throwable thrown) {
        synchronized (this) {
            if (crashing) {
                return;
            }
            crashing = true;
        }
        try {
            String name = Main.isMain(thread) ? "main" : thread.getName();
            String stack = stackOf(thrown);
            String head = "FATAL EXCEPTION: " + name + "\nProcess: " + packageName + ", PID: " + Process.myPid() + "\n";
            for (String line : (head + stack).stripTrailing().split("\n")) {
                NativeLog.line(CRASH_BUFFER, Log.ERROR, "AndroidRuntime", line);
            }
            events.send(
                    "crash",
                    "id", InstrumentationRun.runningId(),
                    "thread", name,
                    "class", thrown.getClass().getName(),
                    "message", thrown.getMessage(),
                    "stack", stack);
            Log.i("Process", "Sending signal. PID: " + Process.myPid() + " SIG: 9");
        } finally {
            Runtime.getRuntime().exit(Main.CRASHED);
        }
    }

    /** As the JVM prints it, without the frames by which this runtime called the app. */
    static String stackOf(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }
}
