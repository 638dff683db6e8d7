package dev.tfliteharness.pixel.app;

import android.os.Process;
import android.util.Log;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;

/** An exception that nobody caught: to the log's crash buffer in Android's words, to the device, and the process ends. */
final class Crash implements Thread.UncaughtExceptionHandler {
    private static final int CRASH_BUFFER = 4;
    private static final List<String> RUNTIME_PACKAGES =
            List.of("org.robolectric.", "dev.tfliteharness.pixel.", "jdk.internal.reflect.", "java.util.concurrent.FutureTask");
    private final Events events;
    private final String packageName;
    private static volatile Long command;
    private boolean crashing;

    Crash(Events events, String packageName) {
        this.events = events;
        this.packageName = packageName;
    }

    /** Names the command whose work a crash from now on is part of. */
    static void belongsTo(long id) {
        command = id;
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
                    "id", command,
                    "thread", name,
                    "class", rootOf(thrown).getClass().getName(),
                    "message", messageOf(thrown),
                    "stack", stack);
            Log.i("Process", "Sending signal. PID: " + Process.myPid() + " SIG: 9");
        } finally {
            Runtime.getRuntime().halt(Main.CRASHED); // at once, as a killed process: no hooks, and no other status wins
        }
    }

    /** The innermost cause that has a stack (ApplicationErrorReport.CrashInfo). */
    private static Throwable rootOf(Throwable thrown) {
        Throwable root = thrown;
        for (Throwable each = thrown.getCause(); each != null; each = each.getCause()) {
            root = each.getStackTrace().length > 0 ? each : root;
        }
        return root;
    }

    /** The innermost message that says something. */
    private static String messageOf(Throwable thrown) {
        String message = thrown.getMessage();
        for (Throwable each = thrown.getCause(); each != null; each = each.getCause()) {
            message = each.getMessage() == null || each.getMessage().isEmpty() ? message : each.getMessage();
        }
        return message;
    }

    /** The stack as Android prints it: without the frames by which this runtime called the framework or the app. */
    static String stackOf(Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause()) {
            each.setStackTrace(Arrays.stream(each.getStackTrace())
                    .filter(frame -> RUNTIME_PACKAGES.stream().noneMatch(frame.getClassName()::startsWith))
                    .toArray(StackTraceElement[]::new));
        }
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }
}
