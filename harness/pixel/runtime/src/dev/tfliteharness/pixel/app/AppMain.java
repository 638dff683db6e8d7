package dev.tfliteharness.pixel.app;

import android.app.Application;
import android.os.Looper;
import android.os.Process;
import com.android.internal.logging.AndroidHandler;
import com.android.internal.os.RuntimeInit;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.Logger;
import org.robolectric.RuntimeEnvironment;

/** The app process from the inside: the framework is up, the app's Application exists; commands are served. */
public final class AppMain {
    private static Events events;

    private AppMain() {}

    /** Called before any of the app's own code runs: what that code may need is there, and what it throws is a crash. */
    public static void begin(Application app) {
        events = new Events(new PrintStream(new FileOutputStream(FileDescriptor.out), false));
        NativeLog.setProcess(app.getPackageName());
        Thread.setDefaultUncaughtExceptionHandler(new Crash(events, app.getPackageName()));
        Looper.getMainLooper().getThread().setName("main");
        Outside.through(events);
        new ActivityStack(events);
        new Services(app);
        new Broadcasts(app);
    }

    /** Called by the launcher, through the sandbox's class loader. Returns the status to exit with. */
    public static int serve(PrintStream out, List<String> settings) throws Exception {
        Map<String, String> facts = new HashMap<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            facts.put(setting.substring(0, equals), setting.substring(equals + 1));
        }
        Application app = RuntimeEnvironment.getApplication();
        Hardware.describe(app, facts);
        RuntimeInit.redirectLogStreams();
        logLikeAndroid();
        app.getCodeCacheDir(); // the graphics drivers keep what they compile in there, and make no parents
        events.send("ready", "pid", Process.myPid());
        FileInputStream commands = new FileInputStream(FileDescriptor.in);
        new Control(events, app).serve(new BufferedReader(new InputStreamReader(commands, StandardCharsets.UTF_8)));
        return 0;
    }

    /** {@code java.util.logging} ends up in the device's log, as Android's logging.properties has it. */
    private static void logLikeAndroid() {
        Logger root = Logger.getLogger("");
        for (Handler console : root.getHandlers()) {
            root.removeHandler(console);
        }
        root.addHandler(new AndroidHandler());
    }
}
