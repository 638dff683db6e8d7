package dev.tfliteharness.pixel.app;

import android.app.ActivityThread;
import android.app.IInstrumentationWatcher;
import android.app.IUiAutomationConnection;
import android.app.Instrumentation;
import android.content.ComponentName;
import android.content.Context;
import android.os.Bundle;
import android.os.IBinder;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.util.ReflectionHelpers;
import org.robolectric.util.ReflectionHelpers.ClassParameter;

/** One {@code am instrument}: the app's Instrumentation, its lifecycle, and what it reports. */
public final class InstrumentationRun {
    private static volatile InstrumentationRun running;

    private final Events events;
    private final long id;
    private final ComponentName component;

    private InstrumentationRun(Events events, long id, ComponentName component) {
        this.events = events;
        this.id = id;
        this.component = component;
    }

    /** Begins a run: {@code onCreate} is called on the main thread, and starts the rest if it likes. */
    static void begin(Events events, long id, ComponentName component, Bundle arguments, Context app) {
        Crash.belongsTo(id);
        running = new InstrumentationRun(events, id, component);
        Main.post(() -> {
            Instrumentation instrumentation = running.create(app);
            instrumentation.onCreate(arguments);
        });
    }

    private Instrumentation create(Context app) {
        Instrumentation instrumentation;
        try {
            instrumentation = app.getClassLoader()
                    .loadClass(component.getClassName())
                    .asSubclass(Instrumentation.class)
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException | ClassCastException problem) {
            throw new RuntimeException("Unable to instantiate instrumentation " + component + ": " + problem, problem);
        }
        ActivityThread process = (ActivityThread) RuntimeEnvironment.getActivityThread();
        ReflectionHelpers.callInstanceMethod(
                Instrumentation.class,
                instrumentation,
                "init",
                ClassParameter.from(ActivityThread.class, process),
                ClassParameter.from(Context.class, app),
                ClassParameter.from(Context.class, app),
                ClassParameter.from(ComponentName.class, component),
                ClassParameter.from(IInstrumentationWatcher.class, new Watcher()),
                ClassParameter.from(IUiAutomationConnection.class, null));
        return instrumentation;
    }

    /** Where the framework reports that an instrumentation is through. */
    public static void finished(int code, Bundle results) {
        InstrumentationRun run = running;
        running = null;
        if (run != null) {
            run.events.send("finish", "id", run.id, "code", code, "values", Events.values(results));
        }
    }

    private final class Watcher implements IInstrumentationWatcher {
        @Override
        public void instrumentationStatus(ComponentName name, int code, Bundle results) {
            events.send("status", "id", id, "code", code, "values", Events.values(results));
        }

        @Override
        public void instrumentationFinished(ComponentName name, int code, Bundle results) {
            finished(code, results);
        }

        @Override
        public IBinder asBinder() {
            return null; // nobody is in another process
        }
    }
}
